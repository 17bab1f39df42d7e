//! `floe-engine doctor`: looks for what would keep the engine from working here. One line a finding.

use std::net::TcpListener;
use std::path::Path;

use floe_base::settings::Settings;
use floe_base::{Result, machine};

use crate::flags::invalid;

/// A finding: what was looked at, whether it is well, and what to know or do.
struct Finding {
    what: &'static str,
    well: bool,
    text: String,
}

pub(crate) fn run(settings: &Settings) -> Result<()> {
    let findings = [memory(settings)?, data(settings), port(settings), exposure(settings)];
    for finding in &findings {
        println!("{} {:<8} {}", if finding.well { "ok  " } else { "FAIL" }, finding.what, finding.text);
    }
    match findings.iter().filter(|finding| !finding.well).count() {
        0 => Ok(()),
        failed => Err(invalid(format!("{failed} of {} checks failed", findings.len()))),
    }
}

fn memory(settings: &Settings) -> Result<Finding> {
    let machine = machine::memory().unwrap_or(0);
    let limit = settings.bytes("memory-limit", machine)?;
    let text = format!("{} MiB for queries of {} MiB, {} cores", limit >> 20, machine >> 20, machine::cores());
    let well = limit > 0 && (machine == 0 || limit <= machine);
    Ok(Finding { what: "memory", well, text })
}

fn data(settings: &Settings) -> Finding {
    let folder = settings.text("data");
    if folder == ":memory:" {
        return Finding { what: "data", well: true, text: "nothing is kept on disk".into() };
    }
    let probe = Path::new(folder).join(".doctor");
    let written = std::fs::create_dir_all(folder)
        .and_then(|()| std::fs::write(&probe, b""))
        .and_then(|()| std::fs::remove_file(&probe));
    match written {
        Ok(()) => Finding { what: "data", well: true, text: format!("{folder} can be written") },
        Err(error) => {
            Finding { what: "data", well: false, text: format!("{folder}: {error}; choose another with --data") }
        }
    }
}

fn port(settings: &Settings) -> Finding {
    let address = format!("{}:{}", settings.text("host"), settings.text("port"));
    match TcpListener::bind(&address) {
        Ok(_) => Finding { what: "port", well: true, text: format!("{address} is free") },
        Err(error) => {
            Finding { what: "port", well: false, text: format!("{address}: {error}; choose another with --port") }
        }
    }
}

fn exposure(settings: &Settings) -> Finding {
    let loopback = matches!(settings.text("host"), "127.0.0.1" | "::1" | "localhost");
    let text = match (loopback, settings.token().is_some()) {
        (true, false) => "only this machine can connect",
        (_, true) => "clients must send the token",
        (false, false) => "other machines could connect without a token; set --token",
    };
    Finding { what: "access", well: loopback || settings.token().is_some(), text: text.into() }
}
