//! `floe-engine sql`: statements in this process. `print.rs` shows rows, `shell.rs` is the interactive part.

mod complete;
mod print;
mod shell;

use std::io::{IsTerminal, Read};
use std::sync::Arc;
use std::time::{Duration, Instant};

use clap::ArgMatches;
use floe_base::id::fresh;
use floe_base::settings::Settings;
use floe_base::{Result, machine};
use floe_engine::{Engine, Request, Session, SessionKey};
use futures::StreamExt;
use indicatif::{ProgressBar, ProgressStyle};
use tokio::runtime::Runtime;

use crate::flags::{invalid, io};
pub(crate) use print::Output;
use print::Printer;

/// A query that takes longer than this shows that it is still at work.
const PATIENCE: Duration = Duration::from_millis(700);

pub(crate) fn run(settings: Settings, matches: &ArgMatches) -> Result<()> {
    let text = script(matches)?;
    let terminal = Terminal::open(settings, Output::of(matches))?;
    match text {
        Some(text) => terminal.script(&text),
        None => shell::run(&terminal),
    }
}

/// The statements to run; `None` where somebody sits at the keyboard.
pub(crate) fn script(matches: &ArgMatches) -> Result<Option<String>> {
    if let Some(text) = matches.get_one::<String>("command") {
        return Ok(Some(text.clone()));
    }
    if let Some(file) = matches.get_one::<String>("file") {
        return std::fs::read_to_string(file).map(Some).map_err(|error| invalid(format!("{file}: {error}")));
    }
    if std::io::stdin().is_terminal() {
        return Ok(None);
    }
    let mut text = String::new();
    std::io::stdin().read_to_string(&mut text).map_err(io)?;
    Ok(Some(text))
}

/// One session of an engine in this process, and how its answers are shown.
pub(crate) struct Terminal {
    runtime: Runtime,
    session: Arc<Session>,
    output: Output,
}

/// What became of a statement.
pub(crate) struct Done {
    /// `None` where the statement has no rows to show.
    rows: Option<usize>,
    is_command: bool,
    took: Duration,
}

impl Drop for Terminal {
    fn drop(&mut self) {
        self.session.engine().end();
    }
}

impl Terminal {
    pub(crate) fn open(settings: Settings, output: Output) -> Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(io)?;
        let key = SessionKey { user_id: machine::user().into(), session_id: fresh() };
        let session = Engine::open(settings)?.session(&key)?;
        Ok(Self { runtime, session, output })
    }

    /// Runs statements one after another and stops at the first that fails.
    fn script(&self, text: &str) -> Result<()> {
        floe_engine::query::statements(text).iter().try_for_each(|statement| self.statement(statement).map(drop))
    }

    /// Runs one statement and prints its rows as they come.
    pub(crate) fn statement(&self, text: &str) -> Result<Done> {
        let request = Request::sql(&self.session, text)?;
        let bar = patience();
        let done = self.runtime.block_on(async {
            tokio::select! {
                biased;
                _ = tokio::signal::ctrl_c() => {
                    self.session.interrupt_all();
                    Err(invalid("interrupted".into()))
                }
                done = self.print(request, &bar) => done,
            }
        });
        bar.finish_and_clear();
        done
    }

    async fn print(&self, request: Request, bar: &ProgressBar) -> Result<Done> {
        let started = Instant::now();
        let mut execution = self.session.run(request).await?;
        let mut printer = Printer::new(self.output, &self.session, execution.schema.clone(), bar);
        while let Some(batch) = execution.rows.next().await {
            if !printer.push(batch?)? {
                break;
            }
        }
        Ok(Done { rows: printer.finish()?, is_command: execution.is_command, took: started.elapsed() })
    }

    /// The texts in a column of a statement's answer, for completion.
    fn texts(&self, statement: &str, column: &str) -> Result<Vec<String>> {
        let request = Request::sql(&self.session, statement)?;
        let rows = self.runtime.block_on(async { self.session.run(request).await?.collect_one().await })?;
        let Ok(at) = rows.schema().index_of(column) else { return Ok(Vec::new()) };
        let columns = self.session.shown(&rows)?;
        Ok(columns[at].iter().flatten().map(str::to_string).collect())
    }
}

/// A spinner that only shows once the wait is worth mentioning.
fn patience() -> ProgressBar {
    let bar = ProgressBar::new_spinner();
    if let Ok(style) = ProgressStyle::with_template("{spinner} {elapsed} {msg} (Ctrl-C stops it)") {
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
