//! One query of a plan, with all that is open for it while it runs.

use std::collections::HashMap;
use std::sync::Arc;

use datafusion::config::ConfigOptions;
use datafusion::logical_expr::LogicalPlan;
use datafusion::logical_expr::execution_props::ExecutionProps;
use floe_base::Error;
use floe_functions::Interrupt;
use floe_sql::write::{self, Refused};
use parking_lot::Mutex;

use super::callback::Call;
use super::copies::Copy;
use super::database::Database;
use super::dialect::DuckDbSql;
use super::scan::{Files, Source, Streamed};
use super::uncounted::Uncounted;
use super::ways::Ways;

/// Bytes of files from which an array of 2^17 groups for each thread is worth what it takes to set up: milliseconds.
const WIDE_GROUPS_BYTES: u64 = 64 << 20;

/// What a statement is written for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    /// To be run, with `false` for each of its parameters.
    Run,
    /// To be read by a person, or weighed.
    Tell,
}

impl Purpose {
    /// `false`, as an option of a function that reads files.
    ///
    /// DuckDB plans a query of files when it is prepared and once more when it runs, for the files may have changed
    /// between (`MultiFileBindData::SupportStatementCache`, 1.5). Of an option that is a parameter nothing is known before
    /// it has its value, so such a query is planned once, when it runs.
    pub(super) fn no(self) -> &'static str {
        match self {
            Self::Run => "$1",
            Self::Tell => "false",
        }
    }
}

/// A plan in DuckDB's words.
#[derive(Debug)]
pub(super) struct Statement {
    pub(super) sql: String,
    pub(super) opened: Opened,
}

impl Statement {
    pub(super) fn write(
        plan: &LogicalPlan,
        database: &Arc<Database>,
        sources: &HashMap<String, Source>,
        counts: &HashMap<String, u64>,
        purpose: Purpose,
    ) -> Result<Self, Refused> {
        let opened = Opened {
            database: database.clone(),
            interrupt: Interrupt::default(),
            calls: Vec::new(),
            called_back: 0,
            streams: Vec::new(),
            copies: Vec::new(),
            ways: Ways::default(),
            uncounted: if purpose == Purpose::Run { Uncounted::of(plan) } else { Uncounted::default() },
            bytes: 0,
            has_wide_groups: false,
        };
        let opened = Mutex::new(opened);
        let dialect = DuckDbSql { database, sources, counts, purpose, opened };
        let sql = write::query(plan, &dialect)?;
        Ok(Self { sql, opened: dialect.opened.into_inner() })
    }
}

/// Foreign expressions, streamed tables and copies of files, closed when this is dropped.
#[derive(Debug)]
pub(super) struct Opened {
    database: Arc<Database>,
    interrupt: Interrupt,
    calls: Vec<(i64, Arc<Call>)>,
    /// About how many values they have computed.
    called_back: u64,
    streams: Vec<i64>,
    /// Held as long as they are read.
    copies: Vec<Arc<Copy>>,
    ways: Ways,
    uncounted: Uncounted,
    /// Bytes of the files behind its tables.
    bytes: u64,
    has_wide_groups: bool,
}

impl Opened {
    pub(super) fn call(&mut self, call: Call, rows: u64) -> i64 {
        self.called_back = self.called_back.saturating_add(rows);
        let (number, call) = self.database.calls().open(call);
        self.calls.push((number, call));
        number
    }

    pub(super) fn stream(&mut self, table: Streamed) -> i64 {
        let number = self.database.streams().open(table);
        self.streams.push(number);
        number
    }

    /// The copy that has these columns of a table, if there is one. The files count as read in either case.
    pub(super) fn copy(&mut self, files: &Files, columns: &[usize], purpose: Purpose) -> Option<Arc<Copy>> {
        self.bytes = self.bytes.saturating_add(files.bytes());
        let copy = self.database.copies().find(files, columns, purpose == Purpose::Run)?;
        self.copies.push(copy.clone());
        Some(copy)
    }

    /// Asks for an array of the groups of a wide key. `false`: it reads so little that this takes longer than its groups.
    pub(super) fn widen_groups(&mut self) -> bool {
        let is_worth_it = self.bytes >= WIDE_GROUPS_BYTES;
        self.has_wide_groups |= is_worth_it;
        is_worth_it
    }

    pub(super) fn has_wide_groups(&self) -> bool {
        self.has_wide_groups
    }

    /// Whether there are foreign expressions.
    pub(super) fn calls_back(&self) -> bool {
        !self.calls.is_empty()
    }

    /// About how many values foreign expressions give.
    pub(super) fn called_back(&self) -> u64 {
        self.called_back
    }

    /// Which of the plan's functions run there, and which here.
    pub(super) fn ways(&mut self) -> &mut Ways {
        &mut self.ways
    }

    /// The memory it holds that DuckDB does not count.
    pub(super) fn uncounted(&self) -> &Uncounted {
        &self.uncounted
    }

    /// What a foreign expression raised, if one did.
    pub(super) fn raised(&self) -> Option<Error> {
        self.calls.iter().find_map(|(_, call)| call.raised())
    }

    /// Ends foreign expressions at work.
    pub(super) fn interrupt(&self) -> &Interrupt {
        &self.interrupt
    }

    /// What foreign expressions are made with: they look at the flag.
    pub(super) fn properties(&self) -> ExecutionProps {
        let mut options = ConfigOptions::new();
        options.extensions.insert(self.interrupt.clone());
        let mut properties = ExecutionProps::new();
        properties.mark_start_execution(Arc::new(options));
        properties
    }

    pub(super) fn database(&self) -> &Arc<Database> {
        &self.database
    }
}

impl Drop for Opened {
    fn drop(&mut self) {
        self.calls.iter().for_each(|(number, _)| self.database.calls().close(*number));
        self.streams.iter().for_each(|number| self.database.streams().close(*number));
    }
}
