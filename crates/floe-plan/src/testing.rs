//! SQL in, rows out: a session of a few tables, and DataFusion to run what the resolver makes.

use std::sync::Arc;

use arrow::array::{Float64Array, Int32Array, Int64Array, RecordBatch, StringArray};
use arrow::datatypes::{DataType, Field, Schema};
use async_trait::async_trait;
use datafusion::catalog::MemTable;
use datafusion::execution::SessionStateBuilder;
use datafusion::optimizer::Analyzer;
use datafusion::prelude::{SessionConfig, SessionContext};
use floe_base::origin::SqlSource;
use floe_base::{Error, Result};
use floe_catalog::catalog::Version;
use floe_catalog::{Found, Statistics, Table};
use floe_functions::Context;
use floe_syntax::relation::Files;

use crate::{Lookup, Planned, lower_query};

pub(crate) struct Session {
    context: Context,
    tables: Vec<(String, RecordBatch)>,
}

impl Session {
    /// `t(a INT, b STRING, c DOUBLE)` and `u(a INT, d BIGINT)`.
    pub(crate) fn new() -> Self {
        let t = RecordBatch::try_new(
            Arc::new(Schema::new(vec![
                Field::new("a", DataType::Int32, true),
                Field::new("b", DataType::Utf8, true),
                Field::new("c", DataType::Float64, true),
            ])),
            vec![
                Arc::new(Int32Array::from(vec![Some(1), Some(2), Some(3), None])),
                Arc::new(StringArray::from(vec![Some("x"), Some("y"), Some("x"), None])),
                Arc::new(Float64Array::from(vec![Some(1.5), Some(2.5), None, Some(0.5)])),
            ],
        );
        let u = RecordBatch::try_new(
            Arc::new(Schema::new(vec![
                Field::new("a", DataType::Int32, true),
                Field::new("d", DataType::Int64, false),
            ])),
            vec![
                Arc::new(Int32Array::from(vec![Some(1), Some(2), Some(2), None])),
                Arc::new(Int64Array::from(vec![10, 20, 21, 30])),
            ],
        );
        let tables = [("t", t), ("u", u)];
        let tables = tables.into_iter().filter_map(|(name, batch)| Some((name.to_string(), batch.ok()?)));
        Self { context: Context::default(), tables: tables.collect() }
    }

    pub(crate) async fn lower(&self, sql: &str) -> Result<Planned> {
        lower_query(floe_sql::parse_query(&SqlSource::new(sql))?, self).await
    }

    pub(crate) async fn run(&self, planned: &Planned) -> Result<Vec<RecordBatch>> {
        let config = SessionConfig::new().with_target_partitions(2);
        let state = SessionStateBuilder::new()
            .with_config(config)
            .with_default_features()
            .with_analyzer_rules(
                Analyzer::new().rules.into_iter().filter(|rule| rule.name() != "type_coercion").collect(),
            )
            .build();
        let frame = SessionContext::new_with_state(state).execute_logical_plan(planned.plan.clone()).await?;
        Ok(frame.collect().await?)
    }
}

#[async_trait]
impl Lookup for Session {
    fn context(&self) -> &Context {
        &self.context
    }

    async fn find(
        &self,
        name: &[String],
        _version: Option<&Version>,
        _options: &[(String, String)],
        _under: Option<&crate::Under>,
    ) -> Result<Option<Found>> {
        let [name] = name else { return Ok(None) };
        let Some((_, batch)) = self.tables.iter().find(|(known, _)| known == name) else { return Ok(None) };
        let provider = MemTable::try_new(batch.schema(), vec![vec![batch.clone()]])?;
        Ok(Some(Found::Table(Box::new(Table {
            name: Some(floe_catalog::ObjectName::new("spark_catalog", vec!["default".into()], name.as_str())),
            schema: batch.schema(),
            provider: Arc::new(provider),
            statistics: Statistics::default(),
            reachable: Vec::new(),
            format: "memory".into(),
            iceberg: None,
            metadata_columns: Arc::new(Schema::empty()),
        }))))
    }

    async fn files(&self, _files: &Files) -> Result<Table> {
        Err(Error::unsupported("files"))
    }

    fn cached(&self, _relation_id: &str) -> Result<Table> {
        Err(Error::unsupported("cached frames"))
    }

    async fn collect(&self, planned: Planned) -> Result<Vec<RecordBatch>> {
        self.run(&planned).await
    }
}

/// The names of the columns and the rows, or the error.
pub(crate) fn answer(sql: &str) -> String {
    on_big_stack(sql.to_string(), |session, sql| async move { session.lower(&sql).await })
}

fn on_big_stack<T, F>(input: T, lower: impl FnOnce(Arc<Session>, T) -> F + Send + 'static) -> String
where
    T: Send + 'static,
    F: Future<Output = Result<Planned>>,
{
    let work = move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let Ok(runtime) = runtime else { return "no runtime".into() };
        runtime.block_on(async move {
            let session = Arc::new(Session::new());
            match lower(session.clone(), input).await {
                Err(error) => format!("{}: {}", error.condition(), error.sentence()),
                Ok(planned) => match session.run(&planned).await {
                    Ok(batches) => shown(&planned, &batches),
                    Err(error) => format!("{error}\n{}", planned.plan.display_indent()),
                },
            }
        })
    };
    let thread = std::thread::Builder::new().stack_size(64 * 1024 * 1024).spawn(work);
    thread.ok().and_then(|thread| thread.join().ok()).unwrap_or_else(|| "panic".into())
}

fn shown(planned: &Planned, batches: &[RecordBatch]) -> String {
    let names: Vec<String> = planned
        .fields
        .iter()
        .map(|field| {
            let spark = floe_syntax::DataType::from_field(field);
            format!("{} {spark}{}", field.name(), if field.is_nullable() { "" } else { " not null" })
        })
        .collect();
    let mut text = names.join(", ");
    for batch in batches {
        for (index, field) in planned.fields.iter().enumerate() {
            let given = batch.schema().field(index).data_type().clone();
            if given != *field.data_type() {
                text.push_str(&format!("\n!! {} is {given} not {}", field.name(), field.data_type()));
            }
        }
        for row in 0..batch.num_rows() {
            let cells = batch.columns().iter().map(|column| {
                if column.is_null(row) {
                    return "NULL".to_string();
                }
                arrow::util::display::array_value_to_string(column, row).unwrap_or_default()
            });
            text.push('\n');
            text.push_str(&cells.collect::<Vec<_>>().join(" | "));
        }
    }
    text
}

/// Runs the statements of a file and prints the answers: for looking, not for testing.
#[test]
#[ignore = "prints answers to the statements of $FLOE_PLAN_SQL"]
fn prints_answers() {
    let Ok(path) = std::env::var("FLOE_PLAN_SQL") else { return };
    let text = std::fs::read_to_string(path).unwrap_or_default();
    for sql in text.split(";\n").map(str::trim).filter(|sql| !sql.is_empty()) {
        println!(">> {sql}\n{}\n", answer(sql));
    }
}
