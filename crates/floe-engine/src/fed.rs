//! Statements whose rows Spark gives and whose table only this process can write: Spark runs the query inside
//! them, its rows are kept, and the statement runs here over those.
//!
//! Which statements go to Spark as a whole is `elsewhere.rs`'s; how rows are kept, `kept.rs`'s.

use std::sync::Arc;

use arrow::datatypes::{Schema, SchemaRef};
use floe_backends::Batches;
use floe_base::{Error, Result};
use floe_syntax::{Command, Field, Message, Origin, Relation, RelationKind, Statement};
use futures::{StreamExt, TryStreamExt, stream};

use crate::operation::Sent;
use crate::session::Running;
use crate::{Answer, Session, elsewhere, kept, query};

/// The message that asks Spark for the rows of a statement, where it is one of those; nothing has happened yet.
///
/// # Errors
/// When a catalog that a table is looked for in cannot be asked.
pub(crate) async fn source(session: &Arc<Session>, statement: &Statement, sent: &Sent) -> Result<Option<Message>> {
    let targets = &sent.message.targets;
    let is_ours =
        !targets.is_empty() && (is_refused_there(statement) || session.are_written_here_alone(targets).await?);
    if is_ours { sent.wire.source(&sent.message) } else { Ok(None) }
}

/// A table in sorted buckets: no Iceberg of Spark's makes one (1.11 `Spark3Util`), and every catalog is written here.
fn is_refused_there(statement: &Statement) -> bool {
    matches!(statement, Statement::Command(command) if matches!(
        command.as_ref(), Command::SaveAsTable(save) if save.buckets.is_some() && !save.sort_by.is_empty()))
}

/// Runs the statement over Spark's rows.
pub(crate) async fn run(
    session: &Arc<Session>,
    statement: Statement,
    source: Message,
    sent: &Sent,
    running: &Arc<Running>,
) -> Result<Answer> {
    let operation = &running.operation;
    let rows = asked(session, source, sent, running);
    let (schema, rows) = operation.unless_interrupted(rows).await?;
    let keep = kept::keep(session.engine(), schema, rows, false);
    let kept = operation.unless_interrupted(keep).await?;
    let relation_id = session.keep(kept.table()?, Some(kept));
    let kind = RelationKind::Cached { relation_id: relation_id.clone() };
    let statement = over(statement, Relation::new(kind, Origin::Unknown));
    operation.feed();
    let answer = query::here(session, statement, running).await;
    session.forget(&relation_id);
    answer
}

/// Spark's rows, and their columns in the engine's own types.
async fn asked(
    session: &Arc<Session>,
    source: Message,
    sent: &Sent,
    running: &Arc<Running>,
) -> Result<(SchemaRef, Batches)> {
    let sent = Sent { message: Arc::new(source), wire: sent.wire.clone() };
    let answers = elsewhere::answers(session, &sent, running).await?;
    let wire = sent.wire.clone();
    let mut batches = answers.try_filter_map(move |answer| std::future::ready(wire.batch(&answer))).boxed();
    // Spark sends a batch for no rows too.
    let first =
        batches.try_next().await?.ok_or_else(|| Error::internal("Spark answered a query without its columns"))?;
    let fields: Vec<_> = first.schema().fields().iter().map(|field| Field::from_arrow(field).to_arrow()).collect();
    Ok((Arc::new(Schema::new(fields)), stream::iter([Ok(first)]).chain(batches).boxed()))
}

/// The statement over other rows.
fn over(statement: Statement, rows: Relation) -> Statement {
    match statement {
        Statement::Command(mut command) => {
            if let Some(source) = source_of(&mut command) {
                *source = rows;
            }
            Statement::Command(command)
        }
        query => query,
    }
}

/// The rows a statement writes, where they are all that it reads.
fn source_of(command: &mut Command) -> Option<&mut Relation> {
    match command {
        Command::Insert(insert) => Some(&mut insert.source),
        Command::CreateTable(create) => create.query.as_mut(),
        Command::SaveAsTable(save) => Some(&mut save.input),
        Command::WriteTo(write) => Some(&mut write.input),
        _ => None,
    }
}
