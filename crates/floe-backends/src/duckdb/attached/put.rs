//! Rows into a table of an attached file: one transaction on a thread of its own, which takes the rows as they come.
//!
//! Whoever waits for it may go away; then nothing is committed.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use arrow::datatypes::{Schema, SchemaRef};
use datafusion::catalog::streaming::StreamingTable;
use datafusion::common::DataFusionError;
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::streaming::PartitionStream;
use duckdb::{Connection, InterruptHandle};
use floe_base::{Error, Kind, Result};
use floe_catalog::catalog::Put;
use futures::StreamExt;
use parking_lot::Mutex;
use tokio::sync::oneshot;

use super::super::scan::{ROWS, Streamed};
use super::super::types::{quote, text};
use super::{Attached, AttachedKind, columns, said};

/// Puts the rows into the table of this name, whole and quoted.
pub(super) async fn run(file: &Attached, whole: String, how: Put, rows: SendableRecordBatchStream) -> Result<()> {
    let schema = match &how {
        Put::Create { schema, .. } => schema.clone(),
        Put::Append | Put::Overwrite => rows.schema(),
    };
    let before = before(file.place.kind, &whole, &how, &schema)?;
    let connection = file.connect()?;
    let (given_up, leave) = (Arc::new(AtomicBool::new(false)), oneshot::channel::<()>());
    let guard = Waiting { query: connection.interrupt_handle(), given_up: given_up.clone(), leave: Some(leave.0) };
    let raised = Arc::new(Mutex::new(None));
    let source = Source { schema: schema.clone(), rows: Mutex::new(Some(until(rows, leave.1, raised.clone()))) };
    let table = StreamingTable::try_new(schema.clone(), vec![Arc::new(source)])?;
    let number = file.database.streams().open(Streamed::new(Arc::new(table), &file.datafusion));
    let insert = insert(&whole, &schema, number)?;
    let work = {
        let file = file.clone();
        move || {
            let outcome = transaction(&connection, &before, &insert, &given_up);
            file.database.streams().close(number);
            outcome
        }
    };
    let done = file.threads.spawn_blocking(work).await;
    let outcome = done.map_err(|error| Error::internal(format!("a thread that writes into DuckDB: {error}")))?;
    drop(guard);
    // DuckDB keeps a text of what the rows' query raised; here it is whole.
    outcome.map_err(|error| raised.lock().take().unwrap_or(error))
}

/// What is done to the table before rows come.
fn before(kind: AttachedKind, whole: &str, how: &Put, schema: &Schema) -> Result<String> {
    Ok(match how {
        Put::Append => String::new(),
        Put::Overwrite => format!("DELETE FROM {whole}"),
        Put::Create { replaces, .. } => {
            let column = |field: &Arc<arrow::datatypes::Field>| {
                let not_null = if field.is_nullable() { "" } else { " NOT NULL" };
                Ok(format!("{} {}{not_null}", quote(field.name()), columns::stored(kind, field)?))
            };
            let columns = schema.fields().iter().map(column).collect::<Result<Vec<_>>>()?;
            if let Some(field) = schema.fields().iter().find(|field| field.metadata().contains_key("comment"))
                && !kind.has_comments()
            {
                let what = format!("a comment (of column `{}`) in a table of {}'s", field.name(), kind.title());
                return Err(Error::unsupported(what));
            }
            let replace = if *replaces { "OR REPLACE " } else { "" };
            let comments = schema.fields().iter().filter_map(|field| {
                let comment = text(field.metadata().get("comment")?);
                Some(format!("; COMMENT ON COLUMN {whole}.{} IS {comment}", quote(field.name())))
            });
            format!("CREATE {replace}TABLE {whole} ({}){}", columns.join(", "), comments.collect::<String>())
        }
    })
}

fn insert(whole: &str, schema: &Schema, number: i64) -> Result<String> {
    let columns: Vec<String> = schema.fields().iter().map(|field| quote(field.name())).collect();
    let value = |(index, field): (usize, &Arc<arrow::datatypes::Field>)| {
        Ok(format!("CAST(\"{index}\" AS {})", columns::in_duckdb(field)?))
    };
    let values = schema.fields().iter().enumerate().map(value).collect::<Result<Vec<_>>>()?;
    let (columns, values) = (columns.join(", "), values.join(", "));
    Ok(format!("INSERT INTO {whole} ({columns}) SELECT {values} FROM {ROWS}({number})"))
}

fn transaction(connection: &Connection, before: &str, insert: &str, given_up: &AtomicBool) -> Result<()> {
    connection.execute_batch("BEGIN TRANSACTION").map_err(said)?;
    let work = || {
        if !before.is_empty() {
            connection.execute_batch(before).map_err(said)?;
        }
        connection.execute(insert, []).map_err(said)?;
        match given_up.load(Ordering::Acquire) {
            true => Err(Error::new(Kind::Operation, "OPERATION_CANCELED")),
            false => connection.execute_batch("COMMIT").map_err(said),
        }
    };
    let outcome = work();
    if outcome.is_err() {
        // What failed may have ended the transaction already.
        let _ = connection.execute_batch("ROLLBACK");
    }
    outcome
}

/// The rows until nobody waits any more; what they raise is noted.
fn until(
    rows: SendableRecordBatchStream,
    left: oneshot::Receiver<()>,
    raised: Arc<Mutex<Option<Error>>>,
) -> SendableRecordBatchStream {
    let schema = rows.schema();
    let noted = rows.take_until(left).map(move |batch| {
        batch.map_err(|error| {
            let error = Error::from(error);
            raised.lock().get_or_insert_with(|| error.clone());
            DataFusionError::from(error)
        })
    });
    Box::pin(RecordBatchStreamAdapter::new(schema, noted.boxed()))
}

/// Ends the work of one who waits no more.
struct Waiting {
    query: Arc<InterruptHandle>,
    given_up: Arc<AtomicBool>,
    leave: Option<oneshot::Sender<()>>,
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.given_up.store(true, Ordering::Release);
        self.query.interrupt();
        if let Some(leave) = self.leave.take() {
            let _ = leave.send(());
        }
    }
}

/// Rows that are there once, as a table.
struct Source {
    schema: SchemaRef,
    rows: Mutex<Option<SendableRecordBatchStream>>,
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("rows to write")
    }
}

impl PartitionStream for Source {
    fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    fn execute(&self, _context: Arc<TaskContext>) -> SendableRecordBatchStream {
        match self.rows.lock().take() {
            Some(rows) => rows,
            None => {
                let error = DataFusionError::from(Error::internal("rows to write are read a second time"));
                let nothing = futures::stream::iter([Err(error)]);
                Box::pin(RecordBatchStreamAdapter::new(self.schema.clone(), nothing))
            }
        }
    }
}
