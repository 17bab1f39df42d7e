//! A plan with the client's names beside its column ids.

use std::sync::Arc;

use arrow::datatypes::{Field, Schema, SchemaRef};
use datafusion::logical_expr::LogicalPlan;
use floe_syntax::relation::Hint;

use crate::Loaded;

/// A resolved query. The plan's columns are opaque ids (`#12`); the client's names, which may repeat, stand here.
#[derive(Clone, Debug)]
pub struct Planned {
    pub plan: LogicalPlan,
    /// One for each column of the plan, in order: the client's name, the type inside the engine, nullability, metadata.
    pub fields: Vec<Arc<Field>>,
    /// Hints of the statement itself, outermost first (`ROUTE(duckdb)` among them).
    pub hints: Vec<Hint>,
    /// The tables it reads, with what is known of their sizes.
    pub tables: Vec<Loaded>,
    /// `observe`: name of the observation, and the plan of its metrics beside the names of its columns.
    pub observations: Vec<Observation>,
    /// It tells what the session's catalog is called; to a Spark our own has another name.
    pub names_catalog: bool,
}

/// Metrics a client asked to be collected while a query runs.
#[derive(Clone, Debug)]
pub struct Observation {
    pub name: String,
    pub plan_id: Option<i64>,
    /// One row: the metrics over the observed relation.
    pub metrics: Box<Planned>,
}

impl Planned {
    /// The schema the client sees.
    pub fn schema(&self) -> SchemaRef {
        Arc::new(Schema::new(self.fields.clone()))
    }
}
