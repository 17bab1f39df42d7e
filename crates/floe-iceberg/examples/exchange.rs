//! Makes tables other engines shall read, and shows tables other engines made: the other half of `tests/iceberg/`.
//!
//! ```text
//! exchange make <database> <warehouse>           every sort of table we write, in namespace `floe`
//! exchange show <database> <warehouse> <table> [<columns>]   its rows as JSON lines, sorted by the first column
//! exchange delete <database> <warehouse> <table> <id>     copy-on-write: the row of that `id` goes
//! ```

use std::collections::HashSet;
use std::sync::Arc;

use arrow::array::{
    ArrayRef, BinaryArray, BooleanArray, Date32Array, Decimal128Array, Float64Array, Int32Array, Int64Array,
    ListBuilder, RecordBatch, StringArray, StringBuilder, StructArray, TimestampMicrosecondArray,
};
use arrow::json::LineDelimitedWriter;
use arrow_schema::{DataType, Field, Fields, Schema, TimeUnit};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::prelude::{SessionContext, col, lit};
use floe_base::{Error, Kind, Result};
use floe_iceberg::alter::{ColumnChange, alter_columns};
use floe_iceberg::catalog::{IcebergCatalog, Ident, open};
use floe_iceberg::commit::{self, RowLevel, isolation};
use floe_iceberg::config::CatalogConfig;
use floe_iceberg::scan::ScanOptions;
use floe_iceberg::table::{CreateTable, IfExists, PartitionBy, Table, create_table, stage_table};
use floe_iceberg::view::{NewView, create_view};
use floe_iceberg::write::{WriteOptions, write_files};
use futures::StreamExt;
use iceberg::spec::Transform;

#[tokio::main]
async fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["make", database, warehouse] => make(&catalog(database, warehouse).await?).await,
        ["show", database, warehouse, table, rest @ ..] => {
            let table = Table::load(&catalog(database, warehouse).await?, &ident(table)).await?;
            show(&table, rest.first().copied().unwrap_or("*")).await
        }
        ["delete", database, warehouse, table, id] => {
            let table = Table::load(&catalog(database, warehouse).await?, &ident(table)).await?;
            let id = id.parse().map_err(|_| Error::message(Kind::IllegalArgument, "the id is no number"))?;
            delete(&table, id).await
        }
        _ => Err(Error::message(Kind::IllegalArgument, "make | show | delete, see the file's first lines")),
    }
}

async fn catalog(database: &str, warehouse: &str) -> Result<Arc<dyn IcebergCatalog>> {
    // `jdbc:sqlite:<file>#<name>`: one database may hold several catalogs.
    let (database, name) = database.split_once('#').unwrap_or((database, "floe"));
    let pairs = [("type", "embedded"), ("uri", database), ("warehouse", warehouse), ("catalog-name", name)];
    let properties = pairs.into_iter().map(|(key, value)| (key.to_string(), value.to_string()));
    open(CatalogConfig::from_properties("floe", properties.collect())?).await
}

fn ident(name: &str) -> Ident {
    let mut parts: Vec<String> = name.split('.').map(str::to_string).collect();
    let name = parts.pop().unwrap_or_default();
    Ident { namespace: if parts.is_empty() { vec!["floe".into()] } else { parts }, name }
}

async fn make(catalog: &Arc<dyn IcebergCatalog>) -> Result<()> {
    catalog.create_namespace(&["floe".to_string()], Default::default()).await?;
    // By version: all types, nulls in every column.
    for version in ["1", "2", "3"] {
        let mut create = CreateTable::new(schema());
        create.properties.insert("format-version".into(), version.into());
        let staged = stage_table(catalog, &ident(&format!("types_v{version}")), create, IfExists::Fail).await?;
        let table = append(&staged, rows(0, 50)?).await?;
        append(&table, rows(50, 20)?).await?;
    }
    // Every transform.
    let transforms = [
        ("id", Transform::Bucket(4)),
        ("text", Transform::Truncate(2)),
        ("day", Transform::Month),
        ("instant", Transform::Day),
        ("local", Transform::Hour),
        ("flag", Transform::Identity),
        ("amount", Transform::Truncate(10)),
        ("day", Transform::Year),
    ];
    for (column, transform) in transforms {
        let mut create = CreateTable::new(schema());
        create.partitioning = vec![PartitionBy { column: column.into(), transform, name: None }];
        let name = ident(&format!("by_{}", floe_iceberg::table::partition_name(column, transform)));
        let table = create_table(catalog, &name, create, IfExists::Fail).await?;
        append(&table, rows(0, 60)?).await?;
    }
    // Copy-on-write and evolved columns.
    for version in ["2", "3"] {
        let mut create = CreateTable::new(schema());
        create.properties.insert("format-version".into(), version.into());
        let table = create_table(catalog, &ident(&format!("changed_v{version}")), create, IfExists::Fail).await?;
        let table = append(&table, rows(0, 10)?).await?;
        append(&table, rows(10, 10)?).await?;
        let table = Table::load(catalog, &table.ident).await?;
        delete(&table, 7).await?;
        let table = table.refresh().await?;
        let changes = [
            ColumnChange::Rename { path: vec!["text".into()], to: "label".into() },
            ColumnChange::Retype { path: vec!["small".into()], data_type: DataType::Int64 },
            ColumnChange::Drop { path: vec!["raw".into()] },
            ColumnChange::Add {
                path: vec!["added".into()],
                data_type: DataType::Utf8,
                nullable: true,
                comment: None,
                place: None,
            },
        ];
        alter_columns(&table, &changes).await?;
    }
    let view = NewView {
        sql: "SELECT id, text FROM types_v2 WHERE id < 3".into(),
        schema: schema().project(&[0, 3]).map_err(Error::from)?,
        query_columns: vec!["id".into(), "text".into()],
        default_catalog: None,
        default_namespace: vec!["floe".into()],
        comment: Some("few".into()),
        properties: Default::default(),
    };
    create_view(catalog, &ident("few"), view, false).await?;
    Ok(())
}

async fn append(table: &Table, batch: RecordBatch) -> Result<Table> {
    let stream = RecordBatchStreamAdapter::new(batch.schema(), futures::stream::iter([Ok(batch)]));
    let files = write_files(table, vec![Box::pin(stream)], &WriteOptions::default()).await?;
    commit::append(table, files, None).await
}

/// Copy-on-write, as the engine does it: find the files, write what is left of them, swap.
async fn delete(table: &Table, id: i64) -> Result<()> {
    let context = SessionContext::new();
    let options = ScanOptions { row_identity: true, ..ScanOptions::default() };
    let found = context.read_table(table.provider(options)?)?.filter(col("id").eq(lit(id)))?;
    let mut touched = HashSet::new();
    for batch in found.select_columns(&["_file"])?.distinct()?.collect().await? {
        touched.extend(
            batch.column(0).as_any().downcast_ref::<StringArray>().into_iter().flatten().flatten().map(str::to_string),
        );
    }
    let options = ScanOptions { files: Some(Arc::new(touched.clone())), ..ScanOptions::default() };
    let kept =
        context.read_table(table.provider(options)?)?.filter(col("id").not_eq(lit(id)).or(col("id").is_null()))?;
    let files = write_files(table, vec![kept.execute_stream().await?], &WriteOptions::default()).await?;
    let level = isolation(table, RowLevel::Delete)?;
    commit::overwrite_files(table, touched, files, vec![col("id").eq(lit(id))], level, None).await?;
    Ok(())
}

async fn show(table: &Table, columns: &str) -> Result<()> {
    let mut frame = SessionContext::new().read_table(table.provider(ScanOptions::default())?)?;
    if columns != "*" {
        frame = frame.select_columns(&columns.split(',').collect::<Vec<_>>())?;
    }
    let first = frame.schema().field(0).name().clone();
    frame = frame.sort(vec![col(format!("\"{first}\"")).sort(true, true)])?;
    let mut stream = frame.execute_stream().await?;
    let mut writer = LineDelimitedWriter::new(std::io::stdout());
    while let Some(batch) = stream.next().await {
        writer.write(&batch?)?;
    }
    writer.finish()?;
    Ok(())
}

fn schema() -> Schema {
    let element = Field::new("element", DataType::Utf8, true);
    let point = Fields::from(vec![Field::new("x", DataType::Float64, true), Field::new("y", DataType::Int32, true)]);
    Schema::new(vec![
        Field::new("id", DataType::Int64, true),
        Field::new("small", DataType::Int32, true),
        Field::new("flag", DataType::Boolean, true),
        Field::new("text", DataType::Utf8, true),
        Field::new("raw", DataType::Binary, true),
        Field::new("real", DataType::Float64, true),
        Field::new("amount", DataType::Decimal128(12, 3), true),
        Field::new("wide", DataType::Decimal128(38, 10), true),
        Field::new("day", DataType::Date32, true),
        Field::new("instant", DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())), true),
        Field::new("local", DataType::Timestamp(TimeUnit::Microsecond, None), true),
        Field::new("tags", DataType::List(Arc::new(element)), true),
        Field::new("point", DataType::Struct(point), true),
    ])
}

/// Rows whose values follow from their number; every seventh has nulls in place of values.
fn rows(start: i64, count: i64) -> Result<RecordBatch> {
    let numbers: Vec<i64> = (start..start + count).collect();
    let each = |value: &dyn Fn(i64) -> i64| -> Vec<Option<i64>> {
        numbers.iter().map(|number| (number % 7 != 6).then(|| value(*number))).collect()
    };
    let small = |value: Option<i64>| value.and_then(|value| i32::try_from(value).ok());
    let text = |number: i64| format!("t{}-\u{e4}\u{1f600} {number}", number % 5);
    let mut tags = ListBuilder::new(StringBuilder::new()).with_field(Field::new("element", DataType::Utf8, true));
    for number in each(&|number| number) {
        match number {
            None => tags.append_null(),
            Some(number) => {
                for tag in 0..number % 3 {
                    tags.values().append_value(format!("tag {tag}"));
                }
                tags.append(true);
            }
        }
    }
    let amounts = Decimal128Array::from(
        each(&|number| number * 1_001 - 20_000).into_iter().map(|value| value.map(i128::from)).collect::<Vec<_>>(),
    );
    let wides = Decimal128Array::from(
        each(&|number| number - 30)
            .into_iter()
            .map(|value| value.map(|value| i128::from(value) * 10_i128.pow(27)))
            .collect::<Vec<_>>(),
    );
    let point = StructArray::try_from(vec![
        (
            "x",
            Arc::new(Float64Array::from(
                each(&|number| number)
                    .into_iter()
                    .map(|value| value.map(|value| value as f64 / 4.0))
                    .collect::<Vec<_>>(),
            )) as ArrayRef,
        ),
        (
            "y",
            Arc::new(Int32Array::from(each(&|number| number).into_iter().map(small).collect::<Vec<_>>())) as ArrayRef,
        ),
    ])?;
    let columns: Vec<ArrayRef> = vec![
        Arc::new(Int64Array::from(numbers.clone())),
        Arc::new(Int32Array::from(each(&|number| number * 3).into_iter().map(small).collect::<Vec<_>>())),
        Arc::new(BooleanArray::from(
            each(&|number| number % 2).into_iter().map(|value| value.map(|value| value == 1)).collect::<Vec<_>>(),
        )),
        Arc::new(StringArray::from(
            each(&|number| number).into_iter().map(|value| value.map(text)).collect::<Vec<_>>(),
        )),
        Arc::new(BinaryArray::from_iter(
            each(&|number| number).into_iter().map(|value| value.map(|value| value.to_be_bytes().to_vec())),
        )),
        Arc::new(Float64Array::from(
            each(&|number| number)
                .into_iter()
                .map(|value| value.map(|value| if value == 3 { f64::NAN } else { value as f64 / 8.0 }))
                .collect::<Vec<_>>(),
        )),
        Arc::new(amounts.with_precision_and_scale(12, 3)?),
        Arc::new(wides.with_precision_and_scale(38, 10)?),
        Arc::new(Date32Array::from(each(&|number| number * 17 - 300).into_iter().map(small).collect::<Vec<_>>())),
        Arc::new(
            TimestampMicrosecondArray::from(each(&|number| number * 3_600_000_001 - 50_000_000_000))
                .with_timezone("UTC"),
        ),
        Arc::new(TimestampMicrosecondArray::from(each(&|number| number * 1_800_000_000 + 1))),
        Arc::new(tags.finish()),
        Arc::new(point),
    ];
    Ok(RecordBatch::try_new(Arc::new(schema()), columns)?)
}
