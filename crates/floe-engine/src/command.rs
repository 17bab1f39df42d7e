//! Statements that do something: one file each under `command/`, named after the statement.
//!
//! [`run`] is a flat list. A command has done its work when it returns; what it tells is in memory.

mod alter_schema;
mod alter_view;
mod cache;
mod catalog_call;
mod cells;
mod checkpoint;
mod comment_on;
mod create_function;
mod create_schema;
mod create_view;
mod describe_function;
mod describe_query;
mod describe_schema;
mod describe_table;
mod drop_function;
mod drop_schema;
mod drop_table;
mod drop_view;
mod execute_immediate;
mod explain;
mod identifier;
mod lookup;
mod rename;
mod set;
mod show_catalogs;
mod show_columns;
mod show_create_table;
mod show_functions;
mod show_schemas;
mod show_table_extended;
mod show_table_properties;
mod show_tables;
mod show_views;
mod tables;
mod use_schema;
mod variable;

use std::sync::Arc;

use floe_base::{Error, Result};
use floe_syntax::Command;
use floe_syntax::command::{Describe, Show};

use crate::session::Running;
use crate::{Execution, Session};

pub(crate) use catalog_call::{name_of, run as catalog, schema as catalog_schema};
pub(crate) use execute_immediate::spelled;
pub(crate) use lookup::missing_catalog;
pub(crate) use tables::{FileFormat, FileParts, open_files};

/// Carries a statement out.
pub(crate) async fn run(session: &Arc<Session>, command: Command, running: &Running) -> Result<Execution> {
    match identifier::written_out(session, command).await? {
        Command::Use { name, is_catalog } => use_schema::run(session, &name, is_catalog).await,
        Command::Set { key, value } => set::run(session, &key, &value),
        Command::ShowSettings { key, verbose } => set::show(session, key.as_deref(), verbose),
        Command::Reset { key } => set::reset(session, key.as_deref()),
        Command::SetTimeZone { zone } => set::time_zone(session, zone).await,
        Command::CreateSchema { name, if_not_exists, comment, location, properties } => {
            create_schema::run(session, &name, if_not_exists, comment, location, properties).await
        }
        Command::DropSchema { name, if_exists, cascade } => drop_schema::run(session, &name, if_exists, cascade).await,
        Command::AlterSchema { name, properties } => alter_schema::run(session, &name, &properties).await,
        Command::CreateView(view) => create_view::run(session, view, running).await,
        Command::AlterView { name, action } => alter_view::run(session, &name, action).await,
        Command::DropView { name, if_exists } => drop_view::run(session, &name, if_exists).await,
        Command::DropTable { table, if_exists, purge } => drop_table::run(session, &table, if_exists, purge).await,
        Command::Rename { kind, name, to } => rename::run(session, kind, &name, &to).await,
        Command::CommentOn { kind, name, comment } => comment_on::run(session, kind, &name, comment).await,
        Command::DeclareVariable { names, or_replace, data_type, default } => {
            variable::declare(session, &names, or_replace, data_type, default).await
        }
        Command::SetVariable { names, source } => variable::set(session, &names, source).await,
        Command::DropVariable { name, if_exists } => variable::drop(session, &name, if_exists),
        Command::CreateFunction(create) => create_function::run(session, *create).await,
        Command::DropFunction { name, if_exists, temporary } => {
            drop_function::run(session, &name, if_exists, temporary).await
        }
        Command::Cache { name, query, .. } => cache::cache(session, &name, query, running).await,
        Command::Uncache { name, if_exists } => cache::uncache(session, &name, if_exists).await,
        Command::ClearCache => cache::clear(session),
        Command::Refresh { name } => cache::refresh(session, &name).await,
        Command::RefreshPath { path } => cache::refresh_path(session, &path),
        Command::Analyze { name } => cache::analyze(session, &name).await,
        Command::Checkpoint { input, eager, .. } => checkpoint::run(session, input, eager, running).await,
        Command::RemoveCheckpoint { relation_id } => checkpoint::remove(session, &relation_id),
        Command::Show(show) => self::show(session, show).await,
        Command::Describe(describe) => self::describe(session, describe).await,
        Command::Explain { mode, statement } => explain::run(session, mode, *statement, running).await,
        Command::Unsupported { what, origin } => Err(Error::unsupported(what).at(&origin)),
        tables => tables::run(session, tables, running).await,
    }
}

async fn show(session: &Arc<Session>, show: Show) -> Result<Execution> {
    match show {
        Show::Schemas { catalog, pattern } => show_schemas::run(session, catalog, pattern.as_deref()).await,
        Show::Tables { schema, pattern } => show_tables::run(session, schema, pattern.as_deref()).await,
        Show::TableExtended { schema, pattern, partition } => {
            show_table_extended::run(session, schema, &pattern, partition).await
        }
        Show::Views { schema, pattern } => show_views::run(session, schema, pattern.as_deref()).await,
        Show::Columns { table, schema } => show_columns::run(session, table, schema).await,
        Show::TableProperties { table, key } => show_table_properties::run(session, &table, key.as_deref()).await,
        Show::CreateTable { table, as_serde } => show_create_table::run(session, &table, as_serde).await,
        Show::Functions { scope, schema, pattern } => {
            show_functions::run(session, scope.as_deref(), schema, pattern.as_deref()).await
        }
        Show::Catalogs { pattern } => show_catalogs::run(session, pattern.as_deref()),
        Show::CurrentNamespace => use_schema::current(session),
        Show::Partitions { table } => tables::show_partitions(session, &table).await,
    }
}

async fn describe(session: &Arc<Session>, describe: Describe) -> Result<Execution> {
    match describe {
        Describe::Table { partition: true, .. } => Err(Error::unsupported("statement DESCRIBE TABLE … PARTITION")),
        Describe::Table { table, as_json: true, .. } => describe_table::as_json(session, &table).await,
        Describe::Table { table, column: Some(column), extended, .. } => {
            describe_table::column(session, &table, &column, extended).await
        }
        Describe::Table { table, extended, .. } => describe_table::run(session, &table, extended).await,
        Describe::Query { query } => describe_query::run(session, query).await,
        Describe::Schema { name, extended } => describe_schema::run(session, &name, extended).await,
        Describe::Function { name, extended } => describe_function::run(session, &name, extended).await,
        Describe::Catalog { name } => show_catalogs::describe(session, &name).await,
    }
}
