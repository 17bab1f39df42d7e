//! `floe-engine sql`: statements in this process. `print.rs` shows rows, `shell.rs` is the interactive part.

mod print;
mod shell;

use std::sync::Arc;
use std::time::Duration;

use clap::ArgMatches;
use floe_base::id::fresh;
use floe_base::settings::Settings;
use floe_base::{Error, Result};
use floe_engine::{Engine, Request, Session, SessionKey};
use indicatif::{ProgressBar, ProgressStyle};
use tokio::runtime::Runtime;

use crate::flags::{invalid, io};
pub(crate) use print::Output;

/// A query that takes longer than this shows that it is still at work.
const PATIENCE: Duration = Duration::from_millis(700);

pub(crate) fn run(settings: Settings, matches: &ArgMatches) -> Result<()> {
    let output = Output::parse(matches.get_one::<String>("output").map_or("table", String::as_str));
    let terminal = Terminal::open(settings, output)?;
    if let Some(text) = matches.get_one::<String>("command") {
        return terminal.script(text);
    }
    if let Some(file) = matches.get_one::<String>("file") {
        let text = std::fs::read_to_string(file).map_err(|error| invalid(format!("{file}: {error}")))?;
        return terminal.script(&text);
    }
    shell::run(&terminal)
}

/// One session of an engine in this process, and how its answers are shown.
pub(crate) struct Terminal {
    runtime: Runtime,
    session: Arc<Session>,
    output: Output,
}

impl Terminal {
    pub(crate) fn open(settings: Settings, output: Output) -> Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(io)?;
        let key = SessionKey { user_id: user(), session_id: fresh() };
        let session = Engine::open(settings)?.session(&key)?;
        Ok(Self { runtime, session, output })
    }

    /// Runs statements one after another and stops at the first that fails.
    pub(crate) fn script(&self, text: &str) -> Result<()> {
        floe_engine::query::statements(text).iter().try_for_each(|statement| self.statement(statement))
    }

    /// Runs one statement and prints its rows.
    pub(crate) fn statement(&self, text: &str) -> Result<()> {
        let request = Request::sql(text)?;
        let bar = patience();
        let done = self.runtime.block_on(async {
            tokio::select! {
                biased;
                _ = tokio::signal::ctrl_c() => {
                    self.session.interrupt_all();
                    Err(invalid("interrupted".into()))
                }
                done = async { self.session.run(request).await?.collect_one().await } => done,
            }
        });
        bar.finish_and_clear();
        self.output.print(&done?)
    }

    /// The session, for completion.
    pub(crate) fn session(&self) -> &Arc<Session> {
        &self.session
    }

    /// What `EXPLAIN ROUTE` says of a query.
    pub(crate) fn explain_route(&self, query: &str) -> Result<()> {
        self.statement(&format!("EXPLAIN ROUTE {query}"))
    }
}

/// A spinner that only shows once the wait is worth mentioning.
fn patience() -> ProgressBar {
    let bar = ProgressBar::new_spinner();
    if let Ok(style) = ProgressStyle::with_template("{spinner} {elapsed}") {
        bar.set_style(style);
    }
    let late = bar.clone();
    std::thread::spawn(move || {
        std::thread::sleep(PATIENCE);
        if !late.is_finished() {
            late.enable_steady_tick(Duration::from_millis(100));
        }
    });
    bar
}

fn user() -> String {
    std::env::var("USER").unwrap_or_else(|_| "floe".into())
}

/// A line for people: the error, and nothing of our insides.
pub(crate) fn tell(error: &Error) {
    eprintln!("{error}");
}
