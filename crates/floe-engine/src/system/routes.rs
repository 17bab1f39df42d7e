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
    /// How long it waited for its turn.
    pub waited_ms: u64,
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
            waited_ms: 0,
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
        self.change(operation_id, from, |routed| routed.decision = to.clone());
    }

    /// A query waited for its turn.
    pub(crate) fn waited(&self, operation_id: &str, decision: &Arc<Decision>, waited_ms: u64) {
        self.change(operation_id, decision, |routed| routed.waited_ms = waited_ms);
    }

    fn change(&self, operation_id: &str, decision: &Arc<Decision>, change: impl FnOnce(&mut Routed)) {
        let mut log = self.0.lock();
        let is_it =
            |routed: &&mut Routed| routed.operation_id == operation_id && Arc::ptr_eq(&routed.decision, decision);
        if let Some(routed) = log.iter_mut().rev().find(is_it) {
            change(routed);
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
            number(&|row| row.waited_ms),
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
        Field::new("waited_ms", DataType::Int64, false),
    ]))
}

#[cfg(test)]
mod tests {
    use floe_base::id::SessionKey;
    use floe_base::settings::Settings;

    use super::*;
    use crate::{Engine, Request};

    const RULES: &str = "[[route]]\nmodel = \"big_*\"\nbackend = \"duckdb\"\n[[route]]\nuser = \"far\"\n\
                         backend = \"spark\"\n[[route]]\ntag = \"nightly\"\nbackend = \"duckdb\"\n";
    const MODEL: &str = r#"/* {"app": "dbt", "node_id": "model.shop.big_orders"} */"#;

    fn session(file: &str, user: &str) -> Result<Arc<Session>> {
        let mut settings = Settings::default().with_file("floe.toml", file)?;
        settings.set("data", ":memory:")?;
        Engine::open(settings)?.session(&SessionKey { user_id: user.into(), session_id: floe_base::id::fresh() })
    }

    /// What `system.routes` tells of a statement, as `backend: reason`, or its error.
    async fn told(session: &Arc<Session>, sql: &str, tags: &[&str]) -> String {
        let tags = tags.iter().map(|tag| (*tag).to_string()).collect();
        let request = Request::sql(session, sql).map(|request| Request { tags, ..request });
        let run = match request {
            Ok(request) => session.run(request).await.map(drop),
            Err(error) => Err(error),
        };
        if let Err(error) = run {
            return error.to_string();
        }
        let log = session.engine().routes().0.lock();
        let decision = log.back().map(|routed| routed.decision.clone());
        decision.map_or_else(String::new, |found| format!("{}: {}", found.backend, found.reasons[0]))
    }

    #[tokio::test]
    async fn a_stronger_word_counts_before_a_weaker_one_and_each_is_told() -> Result<()> {
        let session = session(RULES, "ann")?;
        let by_model = format!("{MODEL} SELECT 1");
        assert_eq!(told(&session, &by_model, &[]).await, "duckdb: asked for by route 1 of floe.toml");
        assert_eq!(told(&session, "SELECT 1", &["nightly"]).await, "duckdb: asked for by route 3 of floe.toml");
        session.set_address_route(Some("datafusion".into()));
        assert_eq!(told(&session, &by_model, &[]).await, "datafusion: asked for by x-floe-route in the address");
        session.conf().set("floe.route", "duckdb")?;
        assert_eq!(told(&session, "SELECT 1", &[]).await, "duckdb: asked for by conf floe.route");
        let hinted = "SELECT /*+ ROUTE(datafusion) */ 1";
        assert_eq!(told(&session, hinted, &[]).await, "datafusion: asked for by hint");
        assert_eq!(told(&session, hinted, &["floe:route=duckdb"]).await, "duckdb: asked for by tag");
        session.engine().end();
        Ok(())
    }

    #[tokio::test]
    async fn a_route_that_cannot_be_is_refused_with_who_asked_and_what_would_allow_it() -> Result<()> {
        let far = session(RULES, "far")?;
        let error = told(&far, "SELECT 1", &[]).await;
        assert!(error.contains("route 2 of floe.toml") && error.contains("serve --spark"), "{error}");
        let error = told(&far, "SELECT 1", &["floe:route=snowflake"]).await;
        assert!(error.contains("tag") && error.contains("no Snowflake account"), "{error}");
        far.engine().end();
        let set = session("route = \"duckdb\"", "ann")?;
        assert_eq!(told(&set, "SELECT 1", &[]).await, "duckdb: asked for by setting route");
        set.engine().end();
        Ok(())
    }

    #[tokio::test]
    async fn a_rule_for_a_table_holds_for_queries_and_for_the_rows_of_statements_that_write() -> Result<()> {
        let file = "[[route]]\ntable = \"*.orders\"\nbackend = \"duckdb\"\n";
        let session = session(file, "ann")?;
        told(&session, "CREATE TABLE orders (id INT)", &[]).await;
        let ruled = "duckdb: asked for by route 1 of floe.toml";
        assert_eq!(told(&session, "SELECT * FROM orders", &[]).await, ruled);
        assert_eq!(told(&session, "CREATE TABLE copy AS SELECT * FROM orders", &[]).await, ruled);
        assert!(told(&session, "SELECT * FROM copy", &[]).await.starts_with("datafusion: "));
        session.engine().end();
        Ok(())
    }
}
