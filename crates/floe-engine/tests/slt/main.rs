//! Runs the SQL truth corpus (`tests/slt`) and holds our answers against real Spark's.
//!
//! `script.rs` reads the files, `rendering.rs` writes answers in their text form (the rules are in `tests/README.md`),
//! `open.rs` keeps the list of cases that are known not to pass. The list is written by this runner and never by hand:
//! `FLOE_SLT_OPEN=write cargo test -p floe-engine --test slt`. A case that is not on it must pass, one that is on it must
//! not: so the list only shrinks, and every step of it shows in a diff. The runner cannot write expected answers.
//!
//! `FLOE_SLT=json` runs only files whose path contains `json` and prints every difference.
//!
//! `FLOE_SLT_BACKEND=duckdb` has every query run there or be refused with the reason. Cases on the list do not count then,
//! nor do refusals; what is printed, and fails, are answers that differ from those the list knows. How each function ran
//! there is evidence (`evidence.rs`), which is held against its file like the list.

mod evidence;
mod open;
mod rendering;
mod script;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use floe_backends::duckdb::Ways;
use floe_base::id::SessionKey;
use floe_engine::{Engine, Request, Session};
use script::{Block, Kind};

/// A case that takes longer than this never ends, as far as we are concerned.
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(20);

/// The backend that all queries are for, where one is named.
fn backend() -> Option<String> {
    std::env::var("FLOE_SLT_BACKEND").ok()
}

/// One case with what became of it.
struct Outcome {
    /// `area/file.slt:12`.
    place: String,
    verdict: Verdict,
    /// The words that may be functions it calls.
    called: BTreeSet<String>,
    /// DataFusion answered in DuckDB's place because a value raised there.
    asked_elsewhere: bool,
    /// Where functions ran, as far as DuckDB answered.
    ways: Ways,
}

enum Verdict {
    Same,
    /// We say that we do not support something; the text names it.
    Refused(String),
    /// Our answer differs.
    Different {
        expected: String,
        found: String,
    },
}

fn main() {
    let wanted = std::env::var("FLOE_SLT").ok();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/slt");
    let mut files = Vec::new();
    find(&root, &mut files);
    files.sort();
    files.retain(|file| wanted.as_ref().is_none_or(|part| file.to_string_lossy().contains(part.as_str())));
    let outcomes: Vec<Outcome> = files.iter().flat_map(|file| run_file(&root, file)).collect();
    let failed = match backend() {
        Some(_) if wanted.is_some() => open::judge_elsewhere(&outcomes),
        Some(_) => open::judge_elsewhere(&outcomes) + evidence::judge(&outcomes),
        None => open::judge(&outcomes, wanted.is_some()),
    };
    let same = outcomes.iter().filter(|outcome| matches!(outcome.verdict, Verdict::Same)).count();
    let refused = outcomes.iter().filter(|outcome| matches!(outcome.verdict, Verdict::Refused(_))).count();
    if backend().is_some() {
        let asked = outcomes.iter().filter(|outcome| outcome.asked_elsewhere).count();
        println!("asked elsewhere because a value raised: {asked}");
    }
    println!("slt: same={same} different={} refused={refused} of {}", outcomes.len() - same - refused, outcomes.len());
    println!(
        "test result: {}. {} passed; {failed} failed",
        if failed == 0 { "ok" } else { "FAILED" },
        outcomes.len() - failed
    );
    std::process::exit(i32::from(failed > 0));
}

fn find(folder: &Path, into: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("the corpus is in the repository").flatten() {
        let path = entry.path();
        if path.is_dir() {
            find(&path, into);
        } else if path.extension().is_some_and(|end| end == "slt") {
            into.push(path);
        }
    }
}

/// Runs a file in one fresh session of one fresh engine.
fn run_file(root: &Path, file: &Path) -> Vec<Outcome> {
    let name = file.strip_prefix(root).unwrap_or(file).display().to_string();
    let text = std::fs::read_to_string(file).expect("a case file can be read");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let engine = Engine::in_memory().expect("an engine");
    let key = SessionKey { user_id: "slt".into(), session_id: floe_base::id::fresh() };
    let session = engine.session(&key).expect("a session");
    if let Some(backend) = backend() {
        session.conf().set("floe.route", &backend).expect("a route");
    }
    let run = |block: Block| {
        let asked_before = engine.duckdb().asked_elsewhere();
        let verdict = runtime.block_on(run_block(&session, &block));
        Outcome {
            place: format!("{name}:{}", block.line),
            verdict,
            called: block.called(),
            asked_elsewhere: engine.duckdb().asked_elsewhere() > asked_before,
            ways: engine.duckdb().take_ways(),
        }
    };
    let outcomes = script::blocks(&text).into_iter().map(run).collect();
    engine.end();
    outcomes
}

async fn run_block(session: &Arc<Session>, block: &Block) -> Verdict {
    let restore: Vec<(String, Option<String>)> =
        block.settings.iter().map(|(key, _)| (key.clone(), session.conf().entries(false).get(key).cloned())).collect();
    for (key, value) in &block.settings {
        session.conf().set(key, value).expect("a setting of a case");
    }
    let found = match tokio::time::timeout(PATIENCE, answer(session, block)).await {
        Ok(found) => found,
        Err(_) => {
            session.interrupt_all();
            let text = format!("no answer in {} s", PATIENCE.as_secs());
            Err(floe_base::Error::message(floe_base::Kind::Operation, text))
        }
    };
    for (key, value) in restore {
        match value {
            Some(value) => session.conf().set(&key, &value),
            None => session.conf().unset(&key),
        }
        .expect("a setting goes back");
    }
    judge(block, found)
}

async fn answer(session: &Arc<Session>, block: &Block) -> Result<Vec<String>, floe_base::Error> {
    let rows = session.run(Request::sql(session, &block.sql)?).await?.collect_one().await?;
    let warehouse = session.conf().get("spark.sql.warehouse.dir")?;
    let mut lines: Vec<String> =
        rendering::rows(&rows).iter().map(|line| rendering::masked(line, &warehouse)).collect();
    if block.unordered {
        lines.sort();
    }
    lines.insert(0, rendering::schema(&rows.schema()));
    Ok(lines)
}

/// The class a Python client raises for an error without a condition, as the recorder writes it.
fn exception(kind: floe_base::Kind) -> &'static str {
    use floe_base::Kind;
    match kind {
        Kind::Parse => "ParseException",
        Kind::Analysis => "AnalysisException",
        Kind::IllegalArgument => "IllegalArgumentException",
        Kind::Unsupported => "UnsupportedOperationException",
        Kind::Operation => "SparkException",
        _ => "UnknownException",
    }
}

fn judge(block: &Block, found: Result<Vec<String>, floe_base::Error>) -> Verdict {
    let expected = block.answer.clone();
    let found = match found {
        Ok(_) if block.kind == Kind::Statement && expected.is_empty() => return Verdict::Same,
        Ok(lines) => lines,
        Err(error) if error.condition() == "UNSUPPORTED_FEATURE.FLOE" => return Verdict::Refused(error.sentence()),
        Err(error) if backend().is_some() && error.sentence().starts_with("route ") => {
            return Verdict::Refused(error.sentence());
        }
        Err(error) => {
            let state = error.sql_state().map(|state| format!(" {state}")).unwrap_or_default();
            let line = match error.condition() {
                "" => format!("error: {}", exception(error.kind())),
                condition => format!("error: {condition}{state}"),
            };
            if expected.first() == Some(&line) {
                return Verdict::Same;
            }
            vec![line, error.to_string()]
        }
    };
    if found == expected {
        return Verdict::Same;
    }
    Verdict::Different { expected: expected.join("\n"), found: found.join("\n") }
}
