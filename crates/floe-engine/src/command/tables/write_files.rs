//! `df.write.parquet(path)`, `.csv`, `.json`, `.text`: files by path, as Spark lays them out.
//!
//! CSV, JSON and text are written as lines that `to_csv` and `to_json` make, so that a value looks the same in a file and
//! in a query. With `partitionBy` the rows come sorted by partition, and one file is open at a time. The files themselves
//! are `write_files/part.rs`. Tables are not written here: their files are `floe-iceberg`'s.

mod part;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::datatypes::{Field, Schema};
use floe_base::{Error, Kind, Result};
use floe_plan::Planned;
use floe_syntax::command::{SaveMode, WriteFiles};
use floe_syntax::expression::{CastMode, SortOrder};
use floe_syntax::{DataType, Expression, ExpressionKind, Literal, Origin, Relation, RelationKind};
use futures::StreamExt;

pub(super) use self::part::for_writing;
pub(crate) use self::part::{Format, Parts};
use super::save_as_table;
use crate::session::Running;
use crate::{Execution, Session, query, threads};

pub(super) async fn run(session: &Arc<Session>, write: WriteFiles, running: &Running) -> Result<Execution> {
    let name = write.format.clone().unwrap_or_else(|| "parquet".into()).to_lowercase();
    if name == "iceberg" {
        return save_as_table::by_path(session, write, running).await;
    }
    if name == "noop" {
        let planned = query::lower_to_run(session, write.input).await?;
        query::collect(session, &planned).await?;
        return Ok(Execution::empty());
    }
    if write.buckets.is_some() || !write.sort_by.is_empty() {
        return Err(Error::unsupported("bucketBy and sortBy of files"));
    }
    let folder = folder(write.path.as_deref())?;
    let columns = columns(session, &write.input).await?;
    let is_partition = |name: &str| write.partition_by.iter().any(|column| column.eq_ignore_ascii_case(name));
    let kept: Vec<Field> = columns.iter().filter(|field| !is_partition(field.name())).cloned().collect();
    if kept.is_empty() && !write.partition_by.is_empty() {
        return Err(Error::analysis("ALL_PARTITION_COLUMNS_NOT_ALLOWED"));
    }
    let format = Format::of(&name, &write.options, &kept)?;
    let keys = write.partition_by.iter().map(|name| column(name)).collect();
    let rows = rows(&format, write.input, &write.options, &kept, keys);
    let planned = query::lower_to_run(session, rows).await?;
    if write.mode == SaveMode::Overwrite {
        refuse_own_files(session, &planned, &folder).await?;
    }
    let (place, mode) = (folder.clone(), write.mode);
    if !threads::blocking(move || make_room(&place, mode)).await? {
        return Ok(Execution::empty());
    }
    let partitions = write.partition_by.into_iter().map(|name| own_name(&columns, &name)).collect();
    let parts = Parts::new(folder.clone(), format, partitions);
    write_rows(session, &planned, parts, running).await?;
    tokio::fs::write(folder.join("_SUCCESS"), b"").await.map_err(|error| cannot(&folder, error))?;
    Ok(Execution::empty())
}

/// Runs a plan made by [`rows`] and writes what comes.
pub(super) async fn write_rows(
    session: &Session,
    planned: &Planned,
    mut parts: Parts,
    running: &Running,
) -> Result<()> {
    let decision = query::decided_here(session, planned, &running.operation).await?;
    let (mut batches, _) = query::execute(session, planned, decision, running).await?;
    let schema = planned.schema();
    while let Some(batch) = running.operation.unless_interrupted(async { Ok(batches.next().await) }).await? {
        parts = parts.write(query::rename(batch?, &schema)?).await?;
    }
    parts.finish(schema).await
}

pub(super) fn folder(path: Option<&str>) -> Result<PathBuf> {
    let path = path.ok_or_else(|| Error::new(Kind::IllegalArgument, "_LEGACY_ERROR_TEMP_2047"))?;
    let local = floe_catalog::files::local(path);
    if local.contains("://") {
        return Err(Error::unsupported(format!("writing files to {path}; local paths only")));
    }
    Ok(Path::new(local).to_path_buf())
}

/// A folder is emptied before rows come: those that are read from it would be lost.
///
/// # Errors
/// Spark's `UNSUPPORTED_OVERWRITE.PATH`. Spark compares the paths that were given; here it is every file that is read.
async fn refuse_own_files(session: &Session, planned: &Planned, folder: &Path) -> Result<()> {
    match reads(session, planned, folder).await? {
        true => Err(Error::analysis("UNSUPPORTED_OVERWRITE.PATH").with("path", format!("file:{}", folder.display()))),
        false => Ok(()),
    }
}

/// Does a plan read a file below a folder?
pub(super) async fn reads(session: &Session, planned: &Planned, folder: &Path) -> Result<bool> {
    let Ok(folder) = folder.canonicalize() else { return Ok(false) };
    let read = floe_catalog::files::listed::local_of_plan(&planned.plan, session.engine().datafusion().state()).await?;
    Ok(read.iter().any(|file| file.starts_with(&folder)))
}

/// The columns to write; files cannot hold two of one name.
async fn columns(session: &Arc<Session>, input: &Relation) -> Result<Vec<Field>> {
    let planned = query::lower(session, input.clone()).await?;
    let mut seen = BTreeSet::new();
    if let Some(twice) = planned.fields.iter().find(|field| !seen.insert(field.name().to_lowercase())) {
        let error = Error::analysis("COLUMN_ALREADY_EXISTS");
        return Err(error.with("columnName", format!("`{}`", twice.name().to_lowercase())));
    }
    Ok(planned.fields.iter().map(|field| field.as_ref().clone()).collect())
}

/// A partition column as the frame writes its name.
fn own_name(columns: &[Field], name: &str) -> String {
    let own = columns.iter().map(Field::name).find(|column| column.eq_ignore_ascii_case(name));
    own.cloned().unwrap_or_else(|| name.to_string())
}

/// The rows as they go into files: the columns, or one column of lines; behind them the partition values as texts, sorted.
pub(super) fn rows(
    format: &Format,
    input: Relation,
    options: &[(String, String)],
    kept: &[Field],
    values: Vec<Expression>,
) -> Relation {
    let kept: Vec<Expression> = kept.iter().map(|field| column(field.name())).collect();
    let mut expressions = match format.line_function() {
        None => kept,
        Some(name) => vec![line(name, kept, options)],
    };
    let keys: Vec<String> = (0..values.len()).map(|index| format!("partition {index}")).collect();
    for (key, value) in keys.iter().zip(values) {
        let text = ExpressionKind::Cast { child: Box::new(value), to: DataType::String, mode: CastMode::Session };
        expressions.push(alias(Expression::new(text, Origin::Unknown), key));
    }
    let rows = Relation::new(RelationKind::Project { input, expressions }, Origin::Unknown);
    if keys.is_empty() {
        return rows;
    }
    let order = |key: &String| SortOrder { child: column(key), ascending: true, nulls_first: true };
    let sort = RelationKind::Sort { input: rows, orders: keys.iter().map(order).collect(), global: true };
    Relation::new(sort, Origin::Unknown)
}

/// One line of text a row: `to_json(struct(a, b), map('dateFormat', …))`; of a text file the only column.
fn line(function: &str, columns: Vec<Expression>, options: &[(String, String)]) -> Expression {
    let call = |name: &str, arguments| Expression::call(name, arguments, Origin::Unknown);
    let text = |text: &String| Expression::literal(Literal::String(text.clone()), Origin::Unknown);
    let line = match (function, columns) {
        ("", mut columns) if columns.len() == 1 => columns.remove(0),
        (function, columns) => {
            let mut arguments = vec![call("struct", columns)];
            if !options.is_empty() {
                arguments.push(call("map", options.iter().flat_map(|(key, value)| [text(key), text(value)]).collect()));
            }
            call(function, arguments)
        }
    };
    alias(line, "value")
}

pub(super) fn column(name: &str) -> Expression {
    Expression::column(vec![name.to_string()], Origin::Unknown)
}

fn alias(child: Expression, name: &str) -> Expression {
    let kind = ExpressionKind::Alias { child: Box::new(child), names: vec![name.into()], metadata: None };
    Expression::new(kind, Origin::Unknown)
}

/// Empties or refuses the folder as the mode says; false where nothing is to be written.
fn make_room(folder: &Path, mode: SaveMode) -> Result<bool> {
    if folder.exists() {
        match mode {
            SaveMode::Append => {}
            SaveMode::Ignore => return Ok(false),
            SaveMode::ErrorIfExists => {
                let shown = format!("file:{}", folder.display());
                return Err(Error::analysis("PATH_ALREADY_EXISTS").with("outputPath", shown));
            }
            SaveMode::Overwrite => std::fs::remove_dir_all(folder).map_err(|error| cannot(folder, error))?,
        }
    }
    std::fs::create_dir_all(folder).map_err(|error| cannot(folder, error))?;
    Ok(true)
}

pub(super) fn cannot(path: &Path, error: std::io::Error) -> Error {
    Error::message(Kind::Operation, format!("cannot write to {}: {error}", path.display())).caused_by(error)
}

/// The columns of a file: those of the rows before the partition values.
fn file_schema(rows: &Schema, partitions: usize) -> Schema {
    let kept = rows.fields().len().saturating_sub(partitions);
    Schema::new(rows.fields().iter().take(kept).cloned().collect::<Vec<_>>())
}
