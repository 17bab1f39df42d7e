//! Tables of catalogs that keep rows themselves (`floe_catalog::catalog::Store`): made, filled, and filled anew. What else
//! is done to Iceberg's tables is refused for them by name.

use std::collections::BTreeSet;
use std::sync::Arc;

use arrow::datatypes::{Field, Schema};
use datafusion::execution::SendableRecordBatchStream;
use datafusion::physical_plan::EmptyRecordBatchStream;
use floe_base::{Error, Result};
use floe_catalog::catalog::{Put, Store};
use floe_catalog::{Found, Table};
use floe_plan::Planned;
use floe_plan::write::{align, align_by_name};
use floe_syntax::command::{CreateTable, Insert};
use floe_syntax::relation::TableName;

use super::create::{column, columns};
use super::insert::{Over, null_defaults};
use crate::command::lookup::Named;
use crate::session::{Located, Running};
use crate::{Execution, Session, query};

/// A table of such a catalog that a statement writes.
pub(super) struct Stored {
    located: Located,
    table: Table,
}

impl Session {
    /// The table of a name, where it is one of such a catalog.
    pub(super) async fn stored(&self, name: &TableName) -> Result<Option<Stored>> {
        match self.named(name).await? {
            Some(Named::Object { located, found: Found::Table(table) }) if located.catalog.store().is_some() => {
                Ok(Some(Stored { located, table: *table }))
            }
            _ => Ok(None),
        }
    }
}

impl Stored {
    /// Rows by name from a frame.
    pub(super) async fn by_name(
        self,
        session: &Arc<Session>,
        planned: Planned,
        over: Over,
        running: &Running,
    ) -> Result<Execution> {
        let rows = align_by_name(planned, &self.table.schema, &self.located.whole(), &session.context()?)?;
        put(session, &self.located, replaced(&over)?, &rows, running).await
    }

    /// Rows by position.
    pub(super) async fn by_position(
        self,
        session: &Arc<Session>,
        planned: Planned,
        over: Over,
        running: &Running,
    ) -> Result<Execution> {
        let rows = align(planned, &self.table.schema, None, &self.located.whole(), &session.context()?)?;
        put(session, &self.located, replaced(&over)?, &rows, running).await
    }
}

pub(super) async fn insert(
    session: &Arc<Session>,
    stored: Stored,
    insert: Insert,
    running: &Running,
) -> Result<Execution> {
    for (is_there, what) in [
        (!insert.partition.is_empty(), "PARTITION"),
        (insert.replace_where.is_some(), "REPLACE WHERE"),
        (insert.if_not_exists, "IF NOT EXISTS"),
    ] {
        refuse(is_there, &format!("INSERT with {what}"), &stored.table.format)?;
    }
    let how = if insert.overwrite { Put::Overwrite } else { Put::Append };
    let mut source = insert.source;
    null_defaults(&mut source);
    let planned = query::lower_to_run(session, source).await?;
    let (schema, whole, context) = (&stored.table.schema, stored.located.whole(), session.context()?);
    let rows = match insert.by_name {
        true => align_by_name(planned, schema, &whole, &context)?,
        false => align(planned, schema, insert.columns.as_deref(), &whole, &context)?,
    };
    put(session, &stored.located, how, &rows, running).await
}

/// `CREATE TABLE`, with columns or a query; `replaces` when one of the name goes.
pub(super) async fn create(
    session: &Arc<Session>,
    located: &Located,
    create: CreateTable,
    replaces: bool,
    running: &Running,
) -> Result<Execution> {
    let format = store(located)?.format();
    let other = create.provider.as_deref().filter(|provider| !provider.eq_ignore_ascii_case(format));
    for (is_there, what) in [
        (other.is_some(), "another format in USING"),
        (!create.partitioning.is_empty(), "PARTITIONED BY"),
        (create.buckets.is_some() || !create.cluster_by.is_empty(), "CLUSTERED BY"),
        (!create.properties.is_empty() || !create.options.is_empty(), "properties or options"),
        (create.location.is_some(), "LOCATION"),
        (create.comment.is_some(), "COMMENT"),
        (create.like.is_some(), "LIKE"),
    ] {
        refuse(is_there, &format!("CREATE TABLE with {what}"), format)?;
    }
    let Some(source) = create.query.clone() else {
        let schema = Arc::new(columns(session, &create).await?);
        let nothing: SendableRecordBatchStream = Box::pin(EmptyRecordBatchStream::new(schema.clone()));
        return put_rows(located, Put::Create { schema, replaces }, nothing, running).await;
    };
    let planned = query::lower_to_run(session, source).await?;
    let schema = Schema::new(planned.fields.iter().map(|field| column(field)).collect::<Result<Vec<Field>>>()?);
    refuse_duplicates(&schema)?;
    let rows = align(planned, &schema, None, &located.whole(), &session.context()?)?;
    put(session, located, Put::Create { schema: Arc::new(schema), replaces }, &rows, running).await
}

fn refuse_duplicates(schema: &Schema) -> Result<()> {
    let mut seen = BTreeSet::new();
    match schema.fields().iter().find(|field| !seen.insert(field.name().to_lowercase())) {
        None => Ok(()),
        Some(twice) => {
            let error = Error::analysis("COLUMN_ALREADY_EXISTS");
            Err(error.with("columnName", format!("`{}`", twice.name().to_lowercase())))
        }
    }
}

async fn put(
    session: &Arc<Session>,
    located: &Located,
    how: Put,
    planned: &Planned,
    running: &Running,
) -> Result<Execution> {
    put_rows(located, how, crate::write::stream(session, planned, running).await?, running).await
}

async fn put_rows(
    located: &Located,
    how: Put,
    rows: SendableRecordBatchStream,
    running: &Running,
) -> Result<Execution> {
    let work = store(located)?.put(&located.namespace, &located.name, how, rows);
    running.operation.unless_interrupted(work).await?;
    Ok(Execution::empty())
}

fn store(located: &Located) -> Result<&dyn Store> {
    let name = located.catalog.name();
    located.catalog.store().ok_or_else(|| Error::unsupported(format!("tables in catalog {name}")))
}

fn replaced(over: &Over) -> Result<Put> {
    match over {
        Over::Append => Ok(Put::Append),
        Over::Rows(filter) if filter.is_empty() => Ok(Put::Overwrite),
        Over::Rows(_) | Over::Partitions => {
            Err(Error::unsupported("overwriting a part of a table that is not Iceberg's"))
        }
    }
}

fn refuse(is_there: bool, what: &str, format: &str) -> Result<()> {
    match is_there {
        true => Err(Error::unsupported(format!("{what} for a table of format {format}"))),
        false => Ok(()),
    }
}
