//! `localCheckpoint` and `checkpoint`: a frame's rows, kept by the server under an id.

use std::sync::Arc;

use arrow::array::StringArray;
use arrow::datatypes::{DataType, Field, Schema};
use floe_base::Result;
use floe_syntax::Relation;

use crate::kept::keep;
use crate::session::Running;
use crate::{Execution, Session, query};

/// Computes the rows and keeps them. The result is one row, the relation id. A lazy checkpoint is computed at once too:
/// its rows are the same.
pub(super) async fn run(session: &Arc<Session>, input: Relation, _eager: bool, running: &Running) -> Result<Execution> {
    let planned = query::lower_to_run(session, input).await?;
    let decision = query::decided_here(session, &planned, &running.operation).await?;
    let rows = query::run_as(session, &planned, &decision).await?;
    let rows = keep(session.engine(), planned.schema(), rows, false).await?;
    let id = session.keep(rows.table()?, Some(rows));
    let schema = Arc::new(Schema::new(vec![Field::new("relation_id", DataType::Utf8, false)]));
    let ids = Arc::new(StringArray::from(vec![id]));
    Ok(Execution::batch(arrow::array::RecordBatch::try_new(schema, vec![ids])?))
}

pub(super) fn remove(session: &Session, relation_id: &str) -> Result<Execution> {
    session.forget(relation_id);
    Ok(Execution::empty())
}
