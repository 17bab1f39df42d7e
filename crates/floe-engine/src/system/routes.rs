//! `system.routes`: the latest decisions, newest last.

use std::collections::VecDeque;
use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Array, RecordBatch, StringArray, TimestampMicrosecondArray};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimeUnit};
use floe_base::Result;
use floe_route::{Decision, Facts};
use parking_lot::Mutex;

use crate::Session;
use crate::operation::Operation;

/// Decisions kept; older ones are forgotten.
const KEPT: usize = 10_000;

/// One decision with what it was about.
#[derive(Clone, Debug)]
pub struct Routed {
    pub micros: i64,
    pub session_id: String,
    pub user_id: String,
    pub operation_id: String,
    /// The dbt node it was for, where one is known.
    pub node_id: Option<String>,
    pub tables: Vec<String>,
    pub decision: Arc<Decision>,
}

impl Routed {
    pub(crate) fn now(session: &Session, operation: &Operation, facts: &Facts, decision: Arc<Decision>) -> Self {
        Self {
            micros: session.engine().clock().micros(),
            session_id: session.key().session_id.clone(),
            user_id: session.key().user_id.clone(),
            operation_id: operation.id.clone(),
            node_id: operation.node_id.clone(),
            tables: facts.tables.iter().map(|table| table.name.clone()).collect(),
            decision,
        }
    }
}

/// The latest decisions of all sessions.
#[derive(Debug, Default)]
pub struct RouteLog(Mutex<VecDeque<Routed>>);

impl RouteLog {
    pub(crate) fn add(&self, routed: Routed) {
        let mut log = self.0.lock();
        if log.len() == KEPT {
            log.pop_front();
        }
        log.push_back(routed);
    }

    /// A decision that ended elsewhere takes the place of the one it was.
    pub(crate) fn moved(&self, operation_id: &str, from: &Arc<Decision>, to: &Arc<Decision>) {
        let mut log = self.0.lock();
        let is_it = |routed: &&mut Routed| routed.operation_id == operation_id && Arc::ptr_eq(&routed.decision, from);
        if let Some(routed) = log.iter_mut().rev().find(is_it) {
            routed.decision = to.clone();
        }
    }

    /// The decisions as rows.
    pub fn rows(&self) -> Result<RecordBatch> {
        let log = self.0.lock();
        let text = |of: &dyn Fn(&Routed) -> String| {
            Arc::new(log.iter().map(|row| Some(of(row))).collect::<StringArray>()) as ArrayRef
        };
        let number = |of: &dyn Fn(&Routed) -> u64| {
            let values = log.iter().map(|row| i64::try_from(of(row)).unwrap_or(i64::MAX));
            Arc::new(Int64Array::from_iter_values(values)) as ArrayRef
        };
        let times = TimestampMicrosecondArray::from_iter_values(log.iter().map(|row| row.micros)).with_timezone("UTC");
        let rejected = |row: &Routed| {
            row.decision
                .rejected
                .iter()
                .map(|(backend, why)| format!("{backend}: {why}"))
                .collect::<Vec<_>>()
                .join("; ")
        };
        let columns = vec![
            Arc::new(times) as ArrayRef,
            text(&|row| row.session_id.clone()),
            text(&|row| row.user_id.clone()),
            text(&|row| row.operation_id.clone()),
            Arc::new(log.iter().map(|row| row.node_id.as_deref()).collect::<StringArray>()),
            text(&|row| row.decision.backend.to_string()),
            text(&|row| row.decision.reasons.join("; ")),
            text(&rejected),
            text(&|row| row.tables.join(", ")),
            number(&|row| row.decision.bytes),
            number(&|row| row.decision.rows),
            text(&|row| row.decision.cost_of_all()),
        ];
        Ok(RecordBatch::try_new(schema(), columns)?)
    }
}

/// The columns of `system.routes`.
pub fn schema() -> SchemaRef {
    let text = |name: &str| Field::new(name, DataType::Utf8, false);
    Arc::new(Schema::new(vec![
        Field::new("time", DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())), false),
        text("session_id"),
        text("user_id"),
        text("operation_id"),
        Field::new("node_id", DataType::Utf8, true),
        text("backend"),
        text("reason"),
        text("rejected"),
        text("tables"),
        Field::new("estimated_bytes", DataType::Int64, false),
        Field::new("estimated_rows", DataType::Int64, false),
        text("costs"),
    ]))
}
