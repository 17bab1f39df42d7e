//! Statements about tables: what they are, and the rows in them. One file each under `tables/`. Nearly all are about
//! Iceberg's; what can be done with the tables of other catalogs is in `stored.rs`.

mod alter;
mod call;
mod create;
mod insert;
mod insert_files;
mod over_files;
mod repair;
mod rewrite;
mod save_as_table;
mod stored;
mod truncate;
mod write_files;
mod write_to;

use std::sync::Arc;

use datafusion::common::Column;
use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::logical_expr::{Expr, LogicalPlan};
use floe_base::error::quoted;
use floe_base::{Error, Kind, Result};
use floe_catalog::{Found, Table};
use floe_iceberg::catalog::{IcebergCatalog, Ident};
use floe_iceberg::write::WriteOptions;
use floe_syntax::relation::TableName;
use floe_syntax::{Command, DataType};

use super::lookup::{Named, missing};
use crate::session::{Located, Running};
use crate::{Execution, Session};

pub(super) use alter::run as alter;
pub(crate) use over_files::open as open_files;
pub(super) use repair::show as show_partitions;
pub(crate) use write_files::{Format as FileFormat, Parts as FileParts};

pub(super) async fn run(session: &Arc<Session>, command: Command, running: &Running) -> Result<Execution> {
    let done = match command {
        Command::CreateTable(table) => create::run(session, table, running).await,
        Command::Insert(insert) => insert::run(session, insert, running).await,
        Command::Delete { table, alias, condition } => {
            rewrite::delete(session, &table, alias.as_deref(), condition, running).await
        }
        Command::Update { table, alias, assignments, condition } => {
            rewrite::update(session, &table, alias.as_deref(), &assignments, condition, running).await
        }
        Command::Merge(merge) => rewrite::merge(session, *merge, running).await,
        Command::RepairTable { table, add, drop, is_alter } => repair::run(session, &table, add, drop, is_alter).await,
        Command::Truncate { table } => truncate::run(session, &table, running).await,
        Command::AlterTable { table, action } => alter::run(session, &table, action).await,
        Command::SaveAsTable(save) => save_as_table::run(session, save, running).await,
        Command::WriteTo(write) => write_to::run(session, write, running).await,
        Command::WriteFiles(write) => write_files::run(session, write, running).await,
        Command::Call { name, arguments } => call::run(session, &name, arguments).await,
        other => Err(Error::internal(format!("no file carries out {other:?}"))),
    };
    // Whatever was kept in memory may be out of date now.
    session.engine().cache().written();
    done
}

/// `spark.catalog.createTable` as the statement it is.
pub(super) fn from_catalog_call(
    table: String,
    path: Option<String>,
    source: Option<String>,
    description: Option<String>,
    schema: Option<DataType>,
    options: Vec<(String, String)>,
) -> Result<Command> {
    create::from_catalog_call(table, path, source, description, schema, options)
}

/// An existing Iceberg table that a statement writes.
pub(super) struct Target {
    pub(super) located: Located,
    pub(super) table: Table,
    pub(super) iceberg: Arc<floe_iceberg::table::Table>,
    /// How its new files are encoded.
    pub(super) files: WriteOptions,
}

/// Options of a writer that would change what is written, and that we do not know (Iceberg 1.11 `SparkWriteOptions`). Of
/// those that shape files alone the codec and the size are as asked, the others ours to decide.
const REFUSED_OPTIONS: [&str; 4] = ["isolation-level", "validate-from-snapshot-id", "merge-schema", "mergeschema"];

impl Target {
    /// The table as a writer's options mean it: one of its branches.
    pub(super) fn with_options(mut self, options: &[(String, String)]) -> Result<Self> {
        for (key, value) in options {
            let key = key.to_lowercase();
            let is_off = value.eq_ignore_ascii_case("false");
            if key == "branch" {
                self.iceberg = Arc::new(self.iceberg.on_branch(value)?);
            } else if key == "compression-codec" {
                self.files.compression = Some(value.clone());
            } else if key == "compression-level" {
                self.files.compression_level = Some(value.clone());
            } else if key == "target-file-size-bytes" {
                let bytes = value.trim().parse();
                let wrong = |_| Error::message(Kind::IllegalArgument, format!("option {key} is no number: {value}"));
                self.files.target_file_bytes = Some(bytes.map_err(wrong)?);
            } else if REFUSED_OPTIONS.contains(&key.as_str()) && !is_off {
                return Err(Error::unsupported(format!("option `{key}` when writing a table")));
            }
        }
        Ok(self)
    }

    /// Its whole name in parts, for errors.
    pub(super) fn whole(&self) -> Vec<String> {
        self.located.whole()
    }
}

impl Session {
    /// The table a statement writes, at its current version.
    pub(super) async fn target(&self, name: &TableName) -> Result<Target> {
        match self.named(name).await? {
            Some(Named::Object { located, found: Found::Table(table) }) => match table.iceberg.clone() {
                Some(iceberg) => {
                    self.refuse_staged_writes(&iceberg)?;
                    Ok(Target { located, table: *table, iceberg, files: crate::write::options(self) })
                }
                None if table.format == "iceberg" => {
                    let text = format!("Cannot write to table at a specific snapshot: {}", name.parts.join("."));
                    Err(Error::message(Kind::IllegalArgument, text))
                }
                None => Err(Error::unsupported(format!("writing into a table of format {}", table.format))),
            },
            Some(Named::Temporary { .. }) => {
                let error = Error::analysis("EXPECT_TABLE_NOT_VIEW.NO_ALTERNATIVE");
                Err(error.with("viewName", quoted(&name.parts)).with("operation", "INSERT"))
            }
            // Spark looks among the tables of a catalog that has views apart, and finds none.
            Some(Named::Object { .. }) | None => Err(missing(&name.parts).at(&name.origin)),
        }
    }

    /// Write, audit, publish: a session that asks for it must not find its rows in `main`.
    fn refuse_staged_writes(&self, table: &floe_iceberg::table::Table) -> Result<()> {
        let enabled = table.metadata.properties().get("write.wap.enabled").is_some_and(|value| value == "true");
        match ["spark.wap.branch", "spark.wap.id"].into_iter().find(|key| self.conf().option(key).is_some()) {
            Some(key) if enabled => Err(Error::unsupported(format!("{key} (of a table with write.wap.enabled)"))),
            _ => Ok(()),
        }
    }
}

/// The Iceberg catalog behind a place.
pub(super) fn iceberg(located: &Located) -> Result<Arc<dyn IcebergCatalog>> {
    let name = located.catalog.name();
    located.catalog.iceberg().ok_or_else(|| Error::unsupported(format!("tables in catalog {name}")))
}

pub(super) fn ident(located: &Located) -> Ident {
    Ident::new(located.namespace.iter().cloned(), located.name.clone())
}

/// A condition on a table's rows in the engine's words, its columns named as in the table.
pub(super) async fn condition(
    session: &Arc<Session>,
    table: &TableName,
    condition: floe_syntax::Expression,
) -> Result<Expr> {
    use floe_syntax::{Origin, Relation, RelationKind};
    let input = Relation::new(RelationKind::Table(table.clone()), Origin::Unknown);
    let project = RelationKind::Project { input, expressions: vec![condition] };
    let planned = crate::query::lower(session, Relation::new(project, Origin::Unknown)).await?;
    let too_much = || Error::unsupported("a condition on a table that is more than its columns and functions");
    let LogicalPlan::Projection(outer) = &planned.plan else { return Err(too_much()) };
    let LogicalPlan::Projection(inner) = outer.input.as_ref() else { return Err(too_much()) };
    // Between the two a subquery would put a join, and columns that are not the table's.
    let LogicalPlan::TableScan(_) = inner.input.as_ref() else { return Err(too_much()) };
    let written = |label: &str| {
        let found = inner.schema.fields().iter().zip(&inner.expr).find(|(field, _)| field.name() == label);
        match found.map(|(_, expr)| expr.clone().unalias()) {
            Some(Expr::Column(column)) => Some(Expr::Column(Column::new_unqualified(column.name))),
            _ => None,
        }
    };
    let expr = outer.expr.first().cloned().ok_or_else(too_much)?.unalias();
    let renamed = expr.transform(|expr| match &expr {
        Expr::Column(column) => Ok(written(&column.name).map_or(Transformed::no(expr), Transformed::yes)),
        _ => Ok(Transformed::no(expr)),
    });
    Ok(renamed?.data)
}
