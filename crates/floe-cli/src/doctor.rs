//! `floe-engine doctor`: looks for what would keep the engine from working here. One line a finding.

use std::io::Write;
use std::net::TcpListener;
use std::path::Path;

use floe_base::id::{SessionKey, fresh};
use floe_base::settings::{Settings, parse_bytes};
use floe_base::{Result, machine};
use floe_engine::{Engine, Request, Session, spark};
use tokio::runtime::Runtime;

use crate::flags::{invalid, io};

/// A finding: what was looked at, whether it is well, and what to know or do.
struct Finding {
    what: String,
    well: bool,
    text: String,
}

impl Finding {
    fn ok(what: &str, text: impl Into<String>) -> Self {
        Self { what: what.into(), well: true, text: text.into() }
    }

    fn fail(what: &str, text: impl Into<String>) -> Self {
        Self { what: what.into(), well: false, text: text.into() }
    }
}

pub(crate) fn run(settings: Settings, file: Option<String>) -> Result<()> {
    let spill = settings.path("spill-dir").unwrap_or_else(std::env::temp_dir);
    let mut findings =
        vec![given(&settings, file), memory(&settings), data(&settings), folder("spill", &spill, "--spill-dir")];
    findings.push(port(&settings, "port"));
    if !settings.text("rest").is_empty() {
        findings.push(port(&settings, "rest"));
    }
    findings.extend([exposure(&settings), spark(&settings)]);
    findings.extend(queries(settings)?);
    let mut out = std::io::stdout().lock();
    for finding in &findings {
        let verdict = if finding.well { "ok  " } else { "FAIL" };
        writeln!(out, "{verdict} {:<8} {}", finding.what, finding.text).map_err(io)?;
    }
    match findings.iter().filter(|finding| !finding.well).count() {
        0 => Ok(()),
        failed => Err(invalid(format!("{failed} of {} checks failed", findings.len()))),
    }
}

/// Which settings are not the defaults. (What only looks like one was told already.)
fn given(settings: &Settings, file: Option<String>) -> Finding {
    let file = file.map_or("there is no floe.toml here".to_string(), |file| format!("{file} is read"));
    let names: Vec<&str> = settings.given().collect();
    if names.is_empty() {
        return Finding::ok("settings", format!("{file}; all settings have their defaults"));
    }
    Finding::ok("settings", format!("{file}; set: {}", names.join(", ")))
}

fn memory(settings: &Settings) -> Finding {
    let machine = machine::memory().unwrap_or(0);
    let Some(limit) = parse_bytes(settings.text("memory-limit"), machine) else {
        return Finding::fail("memory", "memory-limit is no size; write it as 2GB or 75%");
    };
    let text = format!("{} MiB for queries of {} MiB, {} cores", limit >> 20, machine >> 20, machine::cores());
    if machine > 0 && limit > machine {
        return Finding::fail("memory", format!("{text}; choose less with --memory-limit"));
    }
    Finding::ok("memory", text)
}

fn data(settings: &Settings) -> Finding {
    match settings.text("data") {
        ":memory:" => Finding::ok("data", "nothing is kept on disk"),
        path => folder("data", Path::new(path), "--data"),
    }
}

/// Can a file be written there? Nothing is left behind, not even a folder made for the question.
fn folder(what: &str, path: &Path, flag: &str) -> Finding {
    let existed = path.exists();
    // Another doctor may look at the same folder at this moment.
    let probe = path.join(format!(".doctor-{}", std::process::id()));
    let written = std::fs::create_dir_all(path)
        .and_then(|()| std::fs::write(&probe, b""))
        .and_then(|()| std::fs::remove_file(&probe))
        .and_then(|()| if existed { Ok(()) } else { std::fs::remove_dir(path) });
    match written {
        Ok(()) => Finding::ok(what, format!("{} can be written", path.display())),
        Err(error) => Finding::fail(what, format!("{}: {error}; choose another with {flag}", path.display())),
    }
}

/// `name` is the setting that holds the port.
fn port(settings: &Settings, name: &str) -> Finding {
    let address = format!("{}:{}", settings.text("host"), settings.text(name));
    match TcpListener::bind(&address) {
        Ok(_) => Finding::ok(name, format!("{address} is free")),
        Err(error) => Finding::fail(name, format!("{address}: {error}; choose another with --{name}")),
    }
}

fn exposure(settings: &Settings) -> Finding {
    let loopback = matches!(settings.text("host"), "127.0.0.1" | "::1" | "localhost");
    match (loopback, settings.token().is_some()) {
        (true, false) => Finding::ok("access", "only this machine can connect"),
        (_, true) => Finding::ok("access", "clients must send the token"),
        (false, false) => Finding::fail("access", "other machines could connect without a token; set --token"),
    }
}

/// The real Spark behind this server. That none is configured is no fault; then it is told what could be.
fn spark(settings: &Settings) -> Finding {
    let found = |found: spark::Installation| {
        let iceberg = match &found.iceberg {
            Ok(jar) => format!("Iceberg in {}", jar.display()),
            Err(why) => why.clone(),
        };
        format!("pyspark {} in {}, Java at {}, {iceberg}", found.version, found.home.display(), found.java.display())
    };
    match (spark::Target::parse(settings.text("spark"), &settings.clusters), spark::find(settings)) {
        (Err(error), _) => Finding::fail("spark", error.to_string()),
        (Ok(None), Ok(one)) => {
            Finding::ok("spark", format!("none is configured; --spark local would use {}", found(one)))
        }
        (Ok(None), Err(why)) => Finding::ok("spark", format!("none is configured, and {why}")),
        (Ok(Some(spark::Target::Local)), Ok(one)) => Finding::ok("spark", found(one)),
        (Ok(Some(spark::Target::Local)), Err(why)) => Finding::fail("spark", why.to_string()),
        (Ok(Some(spark::Target::Remote(address))), _) => {
            let shown = address.shown();
            match std::net::TcpStream::connect((address.host.as_str(), address.port)) {
                Ok(_) => Finding::ok("spark", format!("{shown} listens")),
                Err(error) => {
                    Finding::fail("spark", format!("{shown}: {error}; start it, or name another with --spark"))
                }
            }
        }
    }
}

/// A query, and every catalog the settings name. The data folder is left alone: the engine keeps nothing.
fn queries(mut settings: Settings) -> Result<Vec<Finding>> {
    settings.set("data", ":memory:")?;
    let mut catalogs: Vec<String> = settings.spark.keys().filter_map(|key| catalog(key)).map(str::to_string).collect();
    catalogs.dedup();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(io)?;
    let engine = Engine::open(settings)?;
    let session = engine.session(&SessionKey { user_id: "doctor".into(), session_id: fresh() })?;
    let mut findings = vec![ask(&runtime, &session, "query", "SELECT 1")];
    for name in catalogs {
        findings.push(ask(&runtime, &session, &name, &format!("SHOW SCHEMAS IN `{name}`")));
    }
    engine.end();
    Ok(findings)
}

/// `lake` in `spark.sql.catalog.lake`.
fn catalog(key: &str) -> Option<&str> {
    key.strip_prefix("spark.sql.catalog.").and_then(|rest| rest.split('.').next())
}

fn ask(runtime: &Runtime, session: &std::sync::Arc<Session>, what: &str, statement: &str) -> Finding {
    let asked = async { session.run(Request::sql(session, statement)?).await?.collect_one().await };
    match runtime.block_on(asked) {
        Ok(rows) => Finding::ok(what, format!("{statement}: {} rows", rows.num_rows())),
        Err(error) => Finding::fail(what, format!("{statement}: {}", error.to_string().replace('\n', " "))),
    }
}
