//! Rows into tables over files: new files beside the old, or in their place, and the partitions that come to be known.
//!
//! Which row goes where is `floe_plan::write`'s, how it looks in a file `write_files.rs`'s, what the table is
//! `over_files.rs`'s. An overwrite removes the old files when the new ones are whole, so a failed one changes nothing.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::datatypes::{Field, Schema};
use datafusion::common::Column;
use datafusion::datasource::ViewTable;
use datafusion::logical_expr::{Expr, LogicalPlan, Projection};
use floe_base::error::quoted;
use floe_base::{Error, Kind, Result};
use floe_catalog::files::registered::Registered;
use floe_catalog::{Found, Statistics, Table};
use floe_plan::Planned;
use floe_plan::write::{align, align_by_name};
use floe_syntax::command::Insert;
use floe_syntax::expression::CastMode;
use floe_syntax::relation::TableName;
use floe_syntax::{DataType, Expression, ExpressionKind, Origin, Relation, RelationKind};

use super::insert::null_defaults;
use super::write_files::{self, Format, Parts, column, for_writing};
use crate::command::lookup::Named;
use crate::session::{Located, Running};
use crate::{Execution, Session, query, threads};

/// One statement at a time changes what is known of partitions: they are kept in one text.
static PARTITIONS: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());

/// A table over files that a statement writes.
pub(super) struct Filed {
    pub(super) located: Located,
    pub(super) kept: Registered,
    pub(super) table: Table,
}

/// The values of `PARTITION (a = 1, b)`, by column; `None` where the rows say it.
type Fixed = Vec<(String, Option<Expression>)>;

impl Session {
    /// The table of a name, where it is one over files.
    pub(super) async fn filed(&self, name: &TableName) -> Result<Option<Filed>> {
        match self.named(name).await? {
            Some(Named::Object { located, found: Found::Table(table) }) if table.iceberg.is_none() => {
                let kept = located.catalog.files(&located.namespace, &located.name).await?;
                Ok(kept.map(|kept| Filed { located, kept, table: *table }))
            }
            _ => Ok(None),
        }
    }
}

impl Filed {
    pub(super) async fn insert(self, session: &Arc<Session>, insert: Insert, running: &Running) -> Result<Execution> {
        if insert.replace_where.is_some() {
            return Err(self.not_by_name());
        }
        let fixed = self.fixed(&insert.partition)?;
        if insert.if_not_exists {
            if fixed.is_empty() || fixed.iter().any(|(_, value)| value.is_none()) {
                return Err(Error::unsupported(
                    "INSERT OVERWRITE … IF NOT EXISTS without the values of all partitions",
                ));
            }
            if self.kept.partitions.contains(&folders(session, &self.typed(&fixed)).await?.join("/")) {
                return Ok(Execution::empty());
            }
        }
        let mut source = insert.source;
        null_defaults(&mut source);
        let planned = query::lower_to_run(session, source).await?;
        let target = self.without_fixed(&fixed);
        let (whole, context) = (self.located.whole(), session.context()?);
        let rows = match insert.by_name {
            true => align_by_name(planned, &target, &whole, &context)?,
            false => align(planned, &target, insert.columns.as_deref(), &whole, &context)?,
        };
        self.put(session, rows, fixed, insert.overwrite, running).await
    }

    /// The rows of a frame by position: `df.write.insertInto`.
    pub(super) async fn by_position(
        self,
        session: &Arc<Session>,
        input: Relation,
        overwrites: bool,
        running: &Running,
    ) -> Result<Execution> {
        let planned = query::lower_to_run(session, input).await?;
        let rows = align(planned, &self.table.schema, None, &self.located.whole(), &session.context()?)?;
        self.put(session, rows, Vec::new(), overwrites, running).await
    }

    /// What Spark 4.1 says of `df.writeTo` and `REPLACE WHERE` into such a table.
    pub(super) fn not_by_name(&self) -> Error {
        Error::message(Kind::Analysis, format!("Cannot write into v1 table: {}.", quoted(&self.located.whole())))
    }

    fn is_key(&self, name: &str) -> bool {
        self.kept.partitioned_by.iter().any(|key| key.eq_ignore_ascii_case(name))
    }

    /// The values of the statement's PARTITION for the table's columns, in the table's order.
    fn fixed(&self, partition: &[(String, Option<Expression>)]) -> Result<Fixed> {
        let unknown: Vec<_> =
            partition.iter().filter(|(name, _)| !self.is_key(name)).map(|(name, _)| format!("`{name}`")).collect();
        if !unknown.is_empty() {
            return Err(Error::analysis("PARTITIONS_NOT_FOUND")
                .with("partitionList", unknown.join(", "))
                .with("tableName", quoted(&self.located.whole())));
        }
        let given = |key: &String| {
            let given = partition.iter().find(|(name, _)| name.eq_ignore_ascii_case(key));
            (key.clone(), given.and_then(|(_, value)| value.clone()))
        };
        if partition.is_empty() {
            return Ok(Vec::new());
        }
        let fixed: Fixed = self.kept.partitioned_by.iter().map(given).collect();
        if fixed.iter().skip_while(|(_, value)| value.is_some()).any(|(_, value)| value.is_some()) {
            let order = self.kept.partitioned_by.join(",");
            return Err(Error::message(
                Kind::Analysis,
                format!(
                    "The ordering of partition columns is [{order}]. All partition columns having constant values need to \
                     appear before other partition columns that do not have an assigned constant value."
                ),
            ));
        }
        Ok(fixed)
    }

    /// The fixed values in the types of their columns.
    fn typed(&self, fixed: &Fixed) -> Vec<(String, Expression)> {
        let typed = |(name, value): &(String, Option<Expression>)| {
            let field = self.table.schema.fields().iter().find(|field| field.name().eq_ignore_ascii_case(name))?;
            let (child, to) = (Box::new(value.clone()?), DataType::from_field(field));
            let cast = ExpressionKind::Cast { child, to, mode: CastMode::Session };
            Some((name.clone(), Expression::new(cast, Origin::Unknown)))
        };
        fixed.iter().filter_map(typed).collect()
    }

    /// The columns whose values are the rows'.
    fn without_fixed(&self, fixed: &Fixed) -> Schema {
        let is_fixed =
            |name: &str| fixed.iter().any(|(column, value)| value.is_some() && column.eq_ignore_ascii_case(name));
        let fields = self.table.schema.fields().iter().filter(|field| !is_fixed(field.name()));
        Schema::new(fields.map(|field| field.as_ref().clone().with_nullable(true)).collect::<Vec<Field>>())
    }

    /// Writes rows that are aligned with the columns, and lets the table know of them.
    async fn put(
        self,
        session: &Arc<Session>,
        aligned: Planned,
        fixed: Fixed,
        overwrites: bool,
        running: &Running,
    ) -> Result<Execution> {
        let folder = write_files::folder(Some(&self.kept.path))?;
        let own: Vec<Field> = self.table.schema.fields().iter().map(|field| field.as_ref().clone()).collect();
        let own: Vec<Field> = own.into_iter().filter(|field| !self.is_key(field.name())).collect();
        let options = for_writing(&self.kept.format, &self.kept.options)?;
        let format = Format::of(&self.kept.format, &options, &own)?;
        let values = self.typed(&fixed);
        let static_folders = folders(session, &values).await?;
        let is_dynamic = overwrites && self.is_dynamic(session, &static_folders)?;
        if overwrites && !is_dynamic && write_files::reads(session, &aligned, &folder).await? {
            return Err(Error::analysis("UNSUPPORTED_OVERWRITE.TABLE").with("table", quoted(&self.located.whole())));
        }
        let keys = self.kept.partitioned_by.iter().map(|key| {
            let fixed = values.iter().find(|(name, _)| name == key).map(|(_, value)| value.clone());
            fixed.unwrap_or_else(|| column(key))
        });
        let (plan, hints) = (aligned.tables.clone(), aligned.hints.clone());
        let id = session.keep(view(&aligned)?, None);
        let input = Relation::new(RelationKind::Cached { relation_id: id.clone() }, Origin::Unknown);
        let rows = write_files::rows(&format, input, &options, &own, keys.collect());
        let lowered = query::lower(session, rows).await;
        session.forget(&id);
        let planned = Planned { tables: plan, hints, observations: aligned.observations.clone(), ..lowered? };
        let replaced = folder.join(static_folders.iter().collect::<PathBuf>());
        let place = folder.clone();
        threads::blocking(move || std::fs::create_dir_all(&place).map_err(|error| write_files::cannot(&place, error)))
            .await?;
        let old = if overwrites { files_below(replaced).await? } else { Vec::new() };
        let parts = Parts::new(folder.clone(), format, self.kept.partitioned_by.clone());
        let written = parts.written();
        let done = write_files::write_rows(session, &planned, parts, running).await;
        let written = written.lock().clone();
        if let Err(error) = done {
            remove(written.files).await?;
            return Err(error);
        }
        let of_written = |file: &PathBuf| {
            file.parent().is_some_and(|parent| written.files.iter().any(|new| new.parent() == Some(parent)))
        };
        remove(if is_dynamic { old.into_iter().filter(of_written).collect() } else { old }).await?;
        let success = folder.join("_SUCCESS");
        tokio::fs::write(&success, b"").await.map_err(|error| write_files::cannot(&success, error))?;
        if !self.kept.partitioned_by.is_empty() {
            let is_replaced = overwrites && !is_dynamic;
            self.know(written.partitions, static_folders, is_replaced).await?;
        }
        Ok(Execution::empty())
    }

    /// In dynamic mode only the partitions that get rows are replaced.
    fn is_dynamic(&self, session: &Session, fixed: &[String]) -> Result<bool> {
        let mode = session.conf().get("spark.sql.sources.partitionOverwriteMode")?;
        Ok(mode.eq_ignore_ascii_case("dynamic") && fixed.len() < self.kept.partitioned_by.len())
    }

    /// Adds the partitions that were written. A partition that was named with all its values is one also without rows.
    async fn know(&self, mut new: BTreeSet<String>, fixed: Vec<String>, is_replaced: bool) -> Result<()> {
        let prefix = fixed.join("/");
        if fixed.len() == self.kept.partitioned_by.len() {
            new.insert(prefix.clone());
        }
        self.change_partitions(|known| {
            if is_replaced {
                known.retain(|partition| !is_below(partition, &prefix));
            }
            known.extend(new);
        })
        .await
    }

    /// Changes the partitions that are known by now.
    pub(super) async fn change_partitions(&self, change: impl FnOnce(&mut BTreeSet<String>)) -> Result<()> {
        let Located { catalog, namespace, name } = &self.located;
        let _turn = PARTITIONS.lock().await;
        // Who dropped the table meanwhile had the last word.
        let Some(mut kept) = catalog.files(namespace, name).await? else { return Ok(()) };
        let before = kept.partitions.clone();
        change(&mut kept.partitions);
        if kept.partitions == before {
            return Ok(());
        }
        catalog.put_files(namespace, name, kept).await
    }
}

/// Is a partition the one of these folders, or below them?
fn is_below(partition: &str, prefix: &str) -> bool {
    match partition.strip_prefix(prefix) {
        Some(rest) => prefix.is_empty() || rest.is_empty() || rest.starts_with('/'),
        None => false,
    }
}

/// The folders of fixed values, whose texts are found by running them.
async fn folders(session: &Arc<Session>, values: &[(String, Expression)]) -> Result<Vec<String>> {
    let text = |(_, value): &(String, Expression)| {
        let child = Box::new(value.clone());
        Expression::new(
            ExpressionKind::Cast { child, to: DataType::String, mode: CastMode::Session },
            value.origin.clone(),
        )
    };
    if values.is_empty() {
        return Ok(Vec::new());
    }
    let input = Relation::new(RelationKind::OneRow, Origin::Unknown);
    let project = RelationKind::Project { input, expressions: values.iter().map(text).collect() };
    let planned = query::lower(session, Relation::new(project, Origin::Unknown)).await?;
    let batches = query::collect(session, &planned).await?;
    let row = arrow::compute::concat_batches(&planned.schema(), &batches)?;
    let mut folders = Vec::new();
    for ((name, _), column) in values.iter().zip(row.columns()) {
        let texts = arrow::compute::cast(column, &arrow::datatypes::DataType::Utf8)?;
        let text = arrow::array::AsArray::as_string::<i32>(&texts).iter().next().flatten().map(str::to_string);
        folders.push(floe_catalog::files::partition_folder::named(name, text.as_deref()));
    }
    Ok(folders)
}

/// Aligned rows as a table of their columns' names.
fn view(aligned: &Planned) -> Result<Table> {
    let labels = aligned.plan.schema().fields().iter().map(|field| Column::new_unqualified(field.name()));
    let named = labels.zip(&aligned.fields).map(|(label, field)| Expr::Column(label).alias(field.name()));
    let plan = Projection::try_new(named.collect(), Arc::new(aligned.plan.clone()))?;
    let view = Arc::new(ViewTable::new(LogicalPlan::Projection(plan), None));
    Ok(Table { schema: aligned.schema(), ..Table::at_hand(view, Statistics::default(), "memory") })
}

/// All files below a folder, hidden ones too.
async fn files_below(folder: PathBuf) -> Result<Vec<PathBuf>> {
    threads::blocking(move || {
        let mut files = Vec::new();
        below(&folder, &mut files).map_err(|error| write_files::cannot(&folder, error))?;
        Ok(files)
    })
    .await
}

fn below(folder: &Path, files: &mut Vec<PathBuf>) -> std::io::Result<()> {
    if !folder.exists() {
        return Ok(());
    }
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            below(&entry.path(), files)?;
        } else {
            files.push(entry.path());
        }
    }
    Ok(())
}

/// Removes files, and the folders that are empty then.
async fn remove(files: Vec<PathBuf>) -> Result<()> {
    threads::blocking(move || {
        for file in files {
            match std::fs::remove_file(&file) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                    return Err(write_files::cannot(&file, error));
                }
                _ => {}
            }
            let is_partition =
                |folder: &&Path| folder.file_name().is_some_and(|name| name.to_string_lossy().contains('='));
            if let Some(folder) = file.parent().filter(is_partition) {
                // A folder with files in it stays, which is no error.
                std::fs::remove_dir(folder).ok();
            }
        }
        Ok(())
    })
    .await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn partitions_are_below_whole_folders_only() {
        assert!(is_below("a=1/b=2", "a=1") && is_below("a=1", "a=1") && is_below("a=1", ""));
        assert!(!is_below("a=12", "a=1") && !is_below("a=1", "a=1/b=2"));
    }
}
