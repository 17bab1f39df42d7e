//! `CREATE TABLE`, `REPLACE TABLE`, and both with AS: rows and table come to be in one commit.

use std::collections::BTreeSet;
use std::sync::Arc;

use arrow::datatypes::{Field, Schema};
use floe_base::error::quoted;
use floe_base::{Error, Result};
use floe_catalog::Found;
use floe_iceberg::table::{CreateTable as NewTable, IfExists, OrderBy, PartitionBy, create_table, stage_table};
use floe_plan::write::align;
use floe_syntax::command::{CreateMode, CreateTable, Transform};
use floe_syntax::relation::TableName;
use floe_syntax::{Command, DataType, Relation};

use super::insert::{Over, put};
use super::{iceberg, ident, over_files, stored};
use crate::command::lookup::{missing_schema, parts};
use crate::session::{Located, Running};
use crate::{Execution, Session, query};

pub(super) async fn run(session: &Arc<Session>, create: CreateTable, running: &Running) -> Result<Execution> {
    let files = over_files::wanted(&create)?;
    let located = session.locate(parts(&create.name)?).await;
    let is_stored = located.as_ref().is_ok_and(|located| located.catalog.store().is_some());
    if files.is_none() && !is_stored {
        refuse_unknown(&create)?;
    }
    let located = located?;
    if located.catalog.namespace(&located.namespace).await?.is_none() {
        return Err(missing_schema(located.catalog.name(), &located.namespace));
    }
    let Some(if_exists) = decide(&located, &create).await? else { return Ok(Execution::empty()) };
    if let Some(files) = files {
        return over_files::create(session, &located, &create, files).await;
    }
    if is_stored {
        return stored::create(session, &located, create, matches!(if_exists, IfExists::Replace), running).await;
    }
    match create.query.clone() {
        Some(source) => create_as(session, &located, create, source, if_exists, running).await,
        None => {
            let new = described(session, &create).await?;
            create_table(&iceberg(&located)?, &ident(&located), new, if_exists).await?;
            Ok(Execution::empty())
        }
    }
}

/// What happens to a name that is taken; `None` where there is nothing to do.
async fn decide(located: &Located, create: &CreateTable) -> Result<Option<IfExists>> {
    let found = located.catalog.load(&located.namespace, &located.name, None).await?;
    let whole = || quoted(&located.whole());
    let taken = || Error::analysis("TABLE_OR_VIEW_ALREADY_EXISTS").with("relationName", whole());
    let over_files = located.catalog.files(&located.namespace, &located.name).await?.is_some();
    match (found, create.mode) {
        (None, CreateMode::Create) if over_files && create.if_not_exists => Ok(None),
        (None, CreateMode::Create) if over_files => Err(taken()),
        (None, _) if over_files => {
            located.catalog.drop_table(&located.namespace, &located.name, false).await?;
            Ok(Some(IfExists::Fail))
        }
        (Some(_), CreateMode::Create) if create.if_not_exists => Ok(None),
        (Some(_), CreateMode::Create) => Err(taken()),
        (Some(Found::View(_)), _) => {
            let error = Error::analysis("EXPECT_TABLE_NOT_VIEW.NO_ALTERNATIVE");
            Err(error.with("viewName", whole()).with("operation", "CREATE OR REPLACE TABLE"))
        }
        (None, CreateMode::Replace) => Err(Error::analysis("TABLE_OR_VIEW_NOT_FOUND").with("relationName", whole())),
        (None, _) => Ok(Some(IfExists::Fail)),
        (Some(Found::Table(_)), _) => Ok(Some(IfExists::Replace)),
    }
}

/// `… AS query`: the table is staged, its rows written, and one commit makes both visible.
async fn create_as(
    session: &Arc<Session>,
    located: &Located,
    create: CreateTable,
    source: Relation,
    if_exists: IfExists,
    running: &Running,
) -> Result<Execution> {
    let planned = query::lower_to_run(session, source).await?;
    let fields: Vec<Field> = planned.fields.iter().map(|field| column(field)).collect::<Result<_>>()?;
    let mut new = NewTable::new(Schema::new(fields));
    fill(&mut new, &create)?;
    let staged = stage_table(&iceberg(located)?, &ident(located), new, if_exists).await?;
    let rows = align(planned, &staged.schema(), None, &located.whole(), &session.context()?)?;
    let added = crate::write::rows(session, &rows, &staged, &crate::write::options(session), running).await?;
    put(&staged, added, Over::Append, running).await?;
    Ok(Execution::empty())
}

/// A column of a table made from a query: nullable, as Spark makes it (`CTAS` does not keep NOT NULL), with a type that
/// can be stored.
pub(super) fn column(field: &Field) -> Result<Field> {
    let stored = match field.data_type() {
        arrow::datatypes::DataType::Null => return Err(unstorable(field)),
        other => other.clone(),
    };
    let comment = field.metadata().get("comment").map(|comment| ("comment".to_string(), comment.clone()));
    Ok(Field::new(field.name(), stored, true).with_metadata(comment.into_iter().collect()))
}

fn unstorable(field: &Field) -> Error {
    let text = format!("column `{}` has the type VOID, which no table stores; cast it to a type", field.name());
    Error::message(floe_base::Kind::Analysis, text)
}

/// The table that a statement without a query describes.
async fn described(session: &Arc<Session>, create: &CreateTable) -> Result<NewTable> {
    if let Some((like, _)) = &create.like {
        let source = session.target(like).await?;
        let mut new = NewTable::new(source.table.schema.as_ref().clone());
        new.partitioning = floe_iceberg::alter::partitioning(&source.iceberg);
        fill(&mut new, create)?;
        return Ok(new);
    }
    let mut new = NewTable::new(columns(session, create).await?);
    fill(&mut new, create)?;
    Ok(new)
}

/// The columns that a statement lists.
pub(super) async fn columns(session: &Arc<Session>, create: &CreateTable) -> Result<Schema> {
    let mut fields = Vec::with_capacity(create.columns.len());
    let mut seen = BTreeSet::new();
    for column in &create.columns {
        if !seen.insert(column.field.name.to_lowercase()) {
            let error = Error::analysis("COLUMN_ALREADY_EXISTS").at(&column.origin);
            return Err(error.with("columnName", format!("`{}`", column.field.name.to_lowercase())));
        }
        if let Some(generated) = &column.generated {
            return Err(Error::unsupported(format!("generated column {generated}")).at(&column.origin));
        }
        if column.default.is_some() {
            let whole = session.whole_name(parts(&create.name)?).await?;
            return Err(no_operation(&whole, "column default value").at(&column.origin));
        }
        fields.push(column.field.to_arrow());
    }
    fields.extend(
        create.partitioning.iter().filter_map(|transform| transform.definition.as_ref()).map(|field| field.to_arrow()),
    );
    Ok(Schema::new(fields))
}

/// What Iceberg's tables cannot do in Spark 4.1.
pub(super) fn no_operation(table: &[String], operation: &str) -> Error {
    let error = Error::analysis("UNSUPPORTED_FEATURE.TABLE_OPERATION");
    error.with("tableName", quoted(table)).with("operation", operation)
}

/// Partitions, properties, comment and location, as the statement says them.
fn fill(new: &mut NewTable, create: &CreateTable) -> Result<()> {
    if !create.partitioning.is_empty() {
        new.partitioning = create.partitioning.iter().map(partition_by).collect::<Result<_>>()?;
    }
    if let Some((columns, sorted_by, count)) = &create.buckets {
        let [column] = columns.as_slice() else {
            return Err(Error::unsupported("buckets by several columns: Iceberg's are by one"));
        };
        let transform = floe_iceberg::Transform::Bucket(*count);
        new.partitioning.push(PartitionBy { column: column.clone(), transform, name: None });
        // Spark's own tables sort inside each bucket, NULL first; a file of ours holds one bucket.
        let ascending = |column: &String| OrderBy {
            column: column.clone(),
            transform: floe_iceberg::Transform::Identity,
            descending: false,
            nulls_first: true,
        };
        new.order.extend(sorted_by.iter().map(ascending));
    }
    new.properties.extend(create.properties.iter().cloned());
    new.properties.extend(create.options.iter().map(|(key, value)| (format!("option.{key}"), value.clone())));
    new.comment = create.comment.clone();
    new.location = create.location.clone();
    Ok(())
}

/// A transform of DDL as Iceberg's.
pub(super) fn partition_by(transform: &Transform) -> Result<PartitionBy> {
    use floe_iceberg::Transform as Iceberg;
    let width = || {
        let number = transform.argument.and_then(|number| u32::try_from(number).ok());
        number
            .ok_or_else(|| Error::unsupported(format!("partition transform {} without a whole number", transform.name)))
    };
    let iceberg = match transform.name.to_lowercase().as_str() {
        "identity" => Iceberg::Identity,
        "year" | "years" => Iceberg::Year,
        "month" | "months" => Iceberg::Month,
        "day" | "days" | "date" => Iceberg::Day,
        "hour" | "hours" | "date_hour" => Iceberg::Hour,
        "bucket" => Iceberg::Bucket(width()?),
        "truncate" => Iceberg::Truncate(width()?),
        other => return Err(Error::unsupported(format!("partition transform {other}"))),
    };
    Ok(PartitionBy { column: transform.column.join("."), transform: iceberg, name: None })
}

/// What no Iceberg table can be asked for is refused by name.
fn refuse_unknown(create: &CreateTable) -> Result<()> {
    if let Some(provider) = create.provider.as_deref().filter(|provider| !is_iceberg(provider)) {
        return Err(over_files::unknown_format(provider));
    }
    if !create.cluster_by.is_empty() {
        return Err(Error::unsupported("CLUSTER BY of a table"));
    }
    if create.like.as_ref().is_some_and(|(_, kind)| *kind == floe_syntax::command::LikeKind::ShallowClone) {
        return Err(Error::unsupported("SHALLOW CLONE"));
    }
    Ok(())
}

/// Every table of the catalogs is Iceberg; file formats name how its data files are written, and that is Parquet. Spark's
/// own Iceberg catalog reads `USING parquet` the same way.
fn is_iceberg(provider: &str) -> bool {
    matches!(provider.to_lowercase().as_str(), "iceberg" | "parquet")
}

/// `spark.catalog.createTable`.
pub(super) fn from_catalog_call(
    table: String,
    path: Option<String>,
    source: Option<String>,
    description: Option<String>,
    schema: Option<DataType>,
    options: Vec<(String, String)>,
) -> Result<Command> {
    let Some(DataType::Struct(fields)) = schema else {
        return Err(Error::unsupported("spark.catalog.createTable without a schema"));
    };
    let definition = |field| floe_syntax::command::ColumnDefinition {
        field,
        default: None,
        generated: None,
        origin: floe_syntax::Origin::Unknown,
    };
    Ok(Command::CreateTable(CreateTable {
        name: TableName { parts: floe_sql::parse_multipart_identifier(&table)?, ..TableName::default() },
        if_not_exists: false,
        mode: CreateMode::Create,
        columns: fields.into_iter().map(definition).collect(),
        partitioning: Vec::new(),
        buckets: None,
        cluster_by: Vec::new(),
        provider: source,
        options,
        properties: Vec::new(),
        location: path,
        comment: description,
        external: false,
        query: None,
        like: None,
    }))
}
