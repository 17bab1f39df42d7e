//! The calls of `spark.catalog`. Most are a statement under another name; their result shapes are Connect's own.

use std::sync::Arc;

use arrow::array::{ArrayRef, BooleanArray, ListArray, RecordBatch, StringArray};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use floe_base::{Error, Result, SqlSource};
use floe_catalog::{Found, FoundFunction};
use floe_syntax::command::CatalogCall;
use floe_syntax::relation::TableName;
use floe_syntax::routine::RoutineBody;
use floe_syntax::{Command, DataType as SparkType};

use super::cells::matches;
use super::describe_table::{columns_of, transforms};
use super::lookup::{Named, missing_routine, missing_schema};
use super::{cells, show_functions};
use crate::catalogs;
use crate::operation::Operation;
use crate::session::Running;
use crate::{Execution, Session};

/// Carries a call out.
pub(crate) async fn run(session: &Arc<Session>, call: CatalogCall) -> Result<Execution> {
    let schema = schema(&call);
    let batch = match call {
        CatalogCall::CurrentDatabase => value(&schema, session.current().1.join("."))?,
        CatalogCall::CurrentCatalog => value(&schema, session.current().0)?,
        CatalogCall::SetCurrentDatabase(name) => nothing(super::use_schema::run(session, &split(&name)?, false).await?),
        CatalogCall::SetCurrentCatalog(name) => nothing(super::use_schema::run(session, &[name], true).await?),
        CatalogCall::ListCatalogs { pattern } => catalogs(session, &schema, pattern.as_deref())?,
        CatalogCall::ListDatabases { pattern } => databases(session, &schema, pattern.as_deref()).await?,
        CatalogCall::GetDatabase(name) => database(session, &schema, &name).await?,
        CatalogCall::DatabaseExists(name) => truth(&schema, schema_exists(session, &name).await?)?,
        CatalogCall::ListTables { database, pattern } => {
            tables(session, &schema, database, pattern.as_deref(), None).await?
        }
        CatalogCall::ListViews { database, pattern } => {
            tables(session, &schema, database, pattern.as_deref(), Some(true)).await?
        }
        CatalogCall::GetTable { table, database } => one_table(session, &schema, &name_of(&table, database)?).await?,
        CatalogCall::TableExists { table, database } => {
            truth(&schema, session.named(&name_of(&table, database)?).await?.is_some())?
        }
        CatalogCall::ListColumns { table, database } => columns(session, &schema, &name_of(&table, database)?).await?,
        CatalogCall::ListFunctions { database, pattern } => {
            list_functions(session, &schema, database, pattern.as_deref()).await?
        }
        CatalogCall::GetFunction { function, database } => {
            let name = name_of(&function, database)?.parts;
            let found = one_function(session, &name).await?.ok_or_else(|| missing_routine(session, &name))?;
            functions(&schema, vec![found])?
        }
        CatalogCall::FunctionExists { function, database } => {
            truth(&schema, one_function(session, &name_of(&function, database)?.parts).await?.is_some())?
        }
        CatalogCall::DropTempView(name) => truth(&schema, session.drop_temp_view(&name, false))?,
        CatalogCall::DropGlobalTempView(name) => truth(&schema, session.drop_temp_view(&name, true))?,
        CatalogCall::IsCached(name) => {
            let named = session.existing_object(&name_of(&name, None)?).await?;
            truth(&schema, session.engine().cache().get(&session.cache_name(&named)).is_some())?
        }
        other => return statement(session, other).await,
    };
    Ok(Execution::command(schema, batch.into_iter().collect()))
}

/// Calls that are a statement by another name, and tell nothing or what the statement tells.
async fn statement(session: &Arc<Session>, call: CatalogCall) -> Result<Execution> {
    let command = match call {
        CatalogCall::CacheTable(name) => {
            Command::Cache { name: name_of(&name, None)?, lazy: false, query: None, options: Vec::new() }
        }
        CatalogCall::UncacheTable(name) => Command::Uncache { name: name_of(&name, None)?, if_exists: false },
        CatalogCall::ClearCache => Command::ClearCache,
        CatalogCall::RefreshTable(name) => Command::Refresh { name: name_of(&name, None)? },
        CatalogCall::RefreshByPath(path) => Command::RefreshPath { path },
        CatalogCall::RecoverPartitions(name) => {
            Command::RepairTable { table: name_of(&name, None)?, add: true, drop: false, is_alter: true }
        }
        CatalogCall::DropTable { table, if_exists, purge } => {
            Command::DropTable { table: name_of(&table, None)?, if_exists, purge }
        }
        CatalogCall::DropView { view, if_exists } => Command::DropView { name: name_of(&view, None)?, if_exists },
        CatalogCall::CreateDatabase { name, if_not_exists, properties } => {
            let name = split(&name)?;
            Command::CreateSchema { name, if_not_exists, comment: None, location: None, properties }
        }
        CatalogCall::DropDatabase { name, if_exists, cascade } => {
            Command::DropSchema { name: split(&name)?, if_exists, cascade }
        }
        CatalogCall::GetTableProperties { table } => {
            return super::show_table_properties::run(session, &name_of(&table, None)?, None).await;
        }
        CatalogCall::GetCreateTableString { table, as_serde } => {
            return super::show_create_table::run(session, &name_of(&table, None)?, as_serde).await;
        }
        CatalogCall::TruncateTable { table } => Command::Truncate { table: name_of(&table, None)? },
        CatalogCall::AnalyzeTable { table } => Command::Analyze { name: name_of(&table, None)? },
        CatalogCall::CreateTable { table, path, source, description, schema, options } => {
            super::tables::from_catalog_call(table, path, source, description, schema, options)?
        }
        other => return Err(Error::unsupported(format!("catalog call {other:?}"))),
    };
    let running: Running = session.begin(Operation::new(floe_base::id::fresh(), Vec::new(), None, None));
    Box::pin(super::run(session, command, &running)).await
}

/// The columns of a call's result, as Connect fixes them.
pub(crate) fn schema(call: &CatalogCall) -> SchemaRef {
    let text = |name: &str, nullable: bool| Field::new(name, DataType::Utf8, nullable);
    let flag = |name: &str| Field::new(name, DataType::Boolean, false);
    let namespace = Field::new("namespace", namespace_type(), true);
    let fields = match call {
        CatalogCall::CurrentDatabase | CatalogCall::CurrentCatalog => vec![text("value", false)],
        CatalogCall::ListCatalogs { .. } => vec![text("name", false), text("description", true)],
        CatalogCall::ListDatabases { .. } | CatalogCall::GetDatabase(_) => {
            vec![text("name", false), text("catalog", true), text("description", true), text("locationUri", false)]
        }
        CatalogCall::ListTables { .. } | CatalogCall::GetTable { .. } | CatalogCall::ListViews { .. } => vec![
            text("name", false),
            text("catalog", true),
            namespace,
            text("description", true),
            text("tableType", false),
            flag("isTemporary"),
        ],
        CatalogCall::ListColumns { .. } => vec![
            text("name", false),
            text("description", true),
            text("dataType", false),
            flag("nullable"),
            flag("isPartition"),
            flag("isBucket"),
            flag("isCluster"),
        ],
        CatalogCall::ListFunctions { .. } | CatalogCall::GetFunction { .. } => vec![
            text("name", false),
            text("catalog", true),
            namespace,
            text("description", true),
            text("className", false),
            flag("isTemporary"),
        ],
        CatalogCall::DatabaseExists(_)
        | CatalogCall::TableExists { .. }
        | CatalogCall::FunctionExists { .. }
        | CatalogCall::DropTempView(_)
        | CatalogCall::DropGlobalTempView(_)
        | CatalogCall::IsCached(_) => vec![flag("value")],
        _ => Vec::new(),
    };
    Arc::new(Schema::new(fields))
}

fn namespace_type() -> DataType {
    DataType::List(Arc::new(Field::new("element", DataType::Utf8, true)))
}

fn split(name: &str) -> Result<Vec<String>> {
    floe_sql::parse_multipart_identifier(name)
}

/// A name with the database it is looked for in.
pub(crate) fn name_of(table: &str, database: Option<String>) -> Result<TableName> {
    let mut parts = database.map(|database| split(&database)).transpose()?.unwrap_or_default();
    parts.extend(split(table)?);
    Ok(TableName { parts, ..TableName::default() })
}

fn nothing(_: Execution) -> Option<RecordBatch> {
    None
}

fn value(schema: &SchemaRef, text: String) -> Result<Option<RecordBatch>> {
    Ok(Some(RecordBatch::try_new(schema.clone(), vec![cells::texts([text])])?))
}

fn truth(schema: &SchemaRef, value: bool) -> Result<Option<RecordBatch>> {
    Ok(Some(RecordBatch::try_new(schema.clone(), vec![Arc::new(BooleanArray::from(vec![value]))])?))
}

fn catalogs(session: &Session, schema: &SchemaRef, pattern: Option<&str>) -> Result<Option<RecordBatch>> {
    let names: Vec<String> = session.catalog_names().into_iter().filter(|name| matches(pattern, name)).collect();
    let none: ArrayRef = Arc::new(StringArray::new_null(names.len()));
    Ok(Some(RecordBatch::try_new(schema.clone(), vec![cells::texts(names), none])?))
}

async fn schema_exists(session: &Session, name: &str) -> Result<bool> {
    let (catalog, namespace) = session.locate_namespace(&split(name)?).await?;
    Ok(catalog.namespace(&namespace).await?.is_some())
}

async fn databases(session: &Session, schema: &SchemaRef, pattern: Option<&str>) -> Result<Option<RecordBatch>> {
    let (current, _) = session.current();
    let (catalog, _) = session.locate_namespace(&[current, "default".into()]).await?;
    let mut rows = Vec::new();
    for name in catalog.namespaces(&[]).await? {
        if matches(pattern, &name.join(".")) {
            rows.push(catalog.namespace(&name).await?.unwrap_or_default());
        }
    }
    describe_databases(schema, catalog.name(), rows)
}

async fn database(session: &Session, schema: &SchemaRef, name: &str) -> Result<Option<RecordBatch>> {
    let (catalog, namespace) = session.locate_namespace(&split(name)?).await?;
    let found = catalog.namespace(&namespace).await?;
    let found = found.ok_or_else(|| missing_schema(catalog.name(), &namespace))?;
    describe_databases(schema, catalog.name(), vec![found])
}

fn describe_databases(
    schema: &SchemaRef,
    catalog: &str,
    rows: Vec<floe_catalog::catalog::Namespace>,
) -> Result<Option<RecordBatch>> {
    let columns = vec![
        cells::texts(rows.iter().map(|row| row.name.join("."))),
        cells::texts(rows.iter().map(|_| catalog)),
        cells::optional(rows.iter().map(|row| row.comment.clone().or_else(|| usual(catalog, row)))),
        cells::texts(rows.iter().map(|row| row.location.clone().unwrap_or_default())),
    ];
    Ok(Some(RecordBatch::try_new(schema.clone(), columns)?))
}

/// How Spark describes the schema that its own catalog begins with (4.1 `SharedState`).
fn usual(catalog: &str, row: &floe_catalog::catalog::Namespace) -> Option<String> {
    (catalog == catalogs::DEFAULT && row.name == ["default"]).then(|| "default database".into())
}

/// A table or view as `spark.catalog` tells of it.
struct Told {
    name: String,
    catalog: Option<String>,
    namespace: Option<Vec<String>>,
    description: Option<String>,
    table_type: &'static str,
    is_temporary: bool,
}

async fn tables(
    session: &Session,
    schema: &SchemaRef,
    database: Option<String>,
    pattern: Option<&str>,
    views: Option<bool>,
) -> Result<Option<RecordBatch>> {
    let within = database.map(|database| split(&database)).transpose()?.unwrap_or_default();
    let (catalog, namespace) = session.locate_namespace(&within).await?;
    if catalog.namespace(&namespace).await?.is_none() {
        return Err(missing_schema(catalog.name(), &namespace));
    }
    let objects = catalog.list(&namespace).await?.into_iter();
    let meant =
        objects.filter(|object| matches(pattern, &object.name) && views.is_none_or(|views| views == object.is_view));
    let mut rows: Vec<Told> = meant
        .map(|object| Told {
            name: object.name,
            catalog: Some(catalog.name().to_string()),
            namespace: Some(namespace.clone()),
            description: None,
            table_type: if object.is_view { "VIEW" } else { "MANAGED" },
            is_temporary: false,
        })
        .collect();
    rows.extend(
        session.temp_views().iter().filter(|view| matches(pattern, &view.name.name)).map(|view| temporary(view)),
    );
    told(schema, rows)
}

fn temporary(view: &floe_catalog::View) -> Told {
    Told {
        name: view.name.name.clone(),
        catalog: None,
        namespace: Some(Vec::new()),
        description: None,
        table_type: "TEMPORARY",
        is_temporary: true,
    }
}

async fn one_table(session: &Session, schema: &SchemaRef, name: &TableName) -> Result<Option<RecordBatch>> {
    let row = match session.existing_object(name).await? {
        Named::Temporary { view, .. } => temporary(&view),
        Named::Object { located, found } => Told {
            name: located.name,
            catalog: Some(located.catalog.name().to_string()),
            namespace: Some(located.namespace),
            description: match &found {
                Found::Table(table) => {
                    table.iceberg.as_ref().and_then(|table| table.metadata.properties().get("comment").cloned())
                }
                Found::View(view) => view.comment.clone(),
            },
            table_type: if matches!(found, Found::View(_)) { "VIEW" } else { "MANAGED" },
            is_temporary: false,
        },
    };
    told(schema, vec![row])
}

fn told(schema: &SchemaRef, rows: Vec<Told>) -> Result<Option<RecordBatch>> {
    let columns = vec![
        cells::texts(rows.iter().map(|row| row.name.as_str())),
        cells::optional(rows.iter().map(|row| row.catalog.clone())),
        namespaces(rows.iter().map(|row| row.namespace.clone())),
        cells::optional(rows.iter().map(|row| row.description.clone())),
        cells::texts(rows.iter().map(|row| row.table_type)),
        cells::booleans(rows.iter().map(|row| row.is_temporary)),
    ];
    Ok(Some(RecordBatch::try_new(schema.clone(), columns)?))
}

fn namespaces(rows: impl Iterator<Item = Option<Vec<String>>>) -> ArrayRef {
    use arrow::array::{ListBuilder, StringBuilder};
    let element = Field::new("element", DataType::Utf8, true);
    let mut builder = ListBuilder::new(StringBuilder::new()).with_field(element);
    for row in rows {
        match row {
            Some(parts) => builder.append_value(parts.into_iter().map(Some)),
            None => builder.append_null(),
        }
    }
    let lists: ListArray = builder.finish();
    Arc::new(lists)
}

async fn columns(session: &Arc<Session>, schema: &SchemaRef, name: &TableName) -> Result<Option<RecordBatch>> {
    let named = session.existing_object(name).await?;
    let partitions = match &named {
        Named::Object { found: Found::Table(table), .. } => transforms(table),
        _ => Vec::new(),
    };
    let found = columns_of(session, &named).await?;
    let fields = found.fields();
    let columns = vec![
        cells::texts(fields.iter().map(|field| field.name().as_str())),
        cells::optional(fields.iter().map(|field| field.metadata().get("comment").cloned())),
        cells::texts(fields.iter().map(|field| SparkType::from_field(field).simple())),
        cells::booleans(fields.iter().map(|field| field.is_nullable())),
        cells::booleans(fields.iter().map(|field| partitions.iter().any(|part| part == field.name()))),
        cells::booleans(fields.iter().map(|_| false)),
        cells::booleans(fields.iter().map(|_| false)),
    ];
    Ok(Some(RecordBatch::try_new(schema.clone(), columns)?))
}

/// A function as `spark.catalog` tells of it.
struct ToldFunction {
    name: String,
    place: Option<(String, Vec<String>)>,
    description: String,
    class: String,
    is_temporary: bool,
}

async fn list_functions(
    session: &Session,
    schema: &SchemaRef,
    database: Option<String>,
    pattern: Option<&str>,
) -> Result<Option<RecordBatch>> {
    let within = database.map(|database| split(&database)).transpose()?.unwrap_or_default();
    let mut rows: Vec<ToldFunction> = Vec::new();
    for found in show_functions::of_users(session, &within, pattern).await? {
        rows.push(of_user(found)?);
    }
    rows.extend(show_functions::built_in(pattern).into_iter().filter_map(built_in));
    functions(schema, rows)
}

async fn one_function(session: &Session, name: &[String]) -> Result<Option<ToldFunction>> {
    if let [single] = name
        && let Some(function) = floe_functions::find(single)
    {
        return Ok(built_in(function.name));
    }
    session.function(name, None).await?.map(of_user).transpose()
}

fn of_user(found: FoundFunction) -> Result<ToldFunction> {
    let routine = floe_sql::parse_routine(&SqlSource::new(found.function.text.as_str()))?;
    let class = match &routine.body {
        RoutineBody::Class(class) => class.clone(),
        _ => "sqlFunction.".into(),
    };
    let place = match found.name.as_slice() {
        [catalog, namespace @ .., _] => Some((catalog.clone(), namespace.to_vec())),
        _ => None,
    };
    Ok(ToldFunction {
        name: found.name.last().cloned().unwrap_or_default(),
        place,
        description: routine.comment.unwrap_or_else(|| "N/A.".into()),
        class,
        is_temporary: found.is_temporary,
    })
}

fn built_in(name: &'static str) -> Option<ToldFunction> {
    let description = floe_functions::find(name)?.usage.to_string();
    Some(ToldFunction {
        name: name.into(),
        place: None,
        description,
        class: format!("floe.{name}"),
        is_temporary: true,
    })
}

fn functions(schema: &SchemaRef, rows: Vec<ToldFunction>) -> Result<Option<RecordBatch>> {
    let columns = vec![
        cells::texts(rows.iter().map(|row| row.name.as_str())),
        cells::optional(rows.iter().map(|row| row.place.as_ref().map(|(catalog, _)| catalog.clone()))),
        namespaces(rows.iter().map(|row| row.place.as_ref().map(|(_, namespace)| namespace.clone()))),
        cells::optional(rows.iter().map(|row| Some(row.description.as_str()))),
        cells::texts(rows.iter().map(|row| row.class.as_str())),
        cells::booleans(rows.iter().map(|row| row.is_temporary)),
    ];
    Ok(Some(RecordBatch::try_new(schema.clone(), columns)?))
}
