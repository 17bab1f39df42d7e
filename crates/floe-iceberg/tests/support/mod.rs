//! Rows, tables and queries the suites share.
#![allow(dead_code, unreachable_pub, reason = "each suite uses its part")]

use std::ops::Range;
use std::sync::{Arc, LazyLock};

use arrow::array::{
    ArrayRef, Date32Array, Decimal128Array, Int32Array, ListBuilder, RecordBatch, StringArray, StringBuilder,
    TimestampMicrosecondArray,
};
use arrow_schema::{DataType, Field, Schema, TimeUnit};
use datafusion::common::ScalarValue;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::prelude::{SessionConfig, SessionContext};
use floe_base::{Error, Result};
use floe_iceberg::catalog::{IcebergCatalog, Ident, open};
use floe_iceberg::commit;
use floe_iceberg::config::CatalogConfig;
use floe_iceberg::inspect::{MetadataTable, inspect};
use floe_iceberg::scan::ScanOptions;
use floe_iceberg::table::Table;
use floe_iceberg::write::{NewFile, WriteOptions, write_files};

/// Every catalog there is to test against, each with the namespace `default`: the embedded one, one over a REST server when
/// `FLOE_TEST_REST_URI` names one, and one with its files in S3 when `FLOE_TEST_S3_ENDPOINT` does.
pub async fn catalogs() -> Result<Vec<Arc<dyn IcebergCatalog>>> {
    let mut found = vec![open(CatalogConfig::in_memory("test")).await?];
    if let Ok(uri) = std::env::var("FLOE_TEST_REST_URI") {
        let given = |name: &str, default: &str| std::env::var(name).unwrap_or_else(|_| default.to_string());
        let credential = given("FLOE_TEST_REST_CREDENTIAL", "user:secret");
        let scope = given("FLOE_TEST_REST_SCOPE", "catalog");
        let pairs = [("type", "rest"), ("uri", &uri), ("credential", &credential), ("scope", &scope)];
        let rest = open(configured("rest", &pairs)?).await?;
        let default = vec!["default".to_string()];
        // Tests run side by side: whoever comes second finds it there, or finds the server still busy with it.
        for _ in 0..20 {
            if rest.namespace(&default).await?.is_some()
                || rest.create_namespace(&default, Default::default()).await.is_ok()
            {
                break;
            }
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        }
        found.push(rest);
    }
    if let Ok(endpoint) = std::env::var("FLOE_TEST_S3_ENDPOINT") {
        // The bucket `lake` must be there; keys are whatever the server takes (moto takes any).
        let pairs = [
            ("type", "embedded"),
            ("uri", ":memory:"),
            ("warehouse", "s3://lake/warehouse"),
            ("s3.endpoint", &endpoint),
            ("s3.path-style-access", "true"),
            ("s3.access-key-id", "key"),
            ("s3.secret-access-key", "secret"),
        ];
        found.push(open(configured("s3", &pairs)?).await?);
    }
    Ok(found)
}

fn configured(name: &str, pairs: &[(&str, &str)]) -> Result<CatalogConfig> {
    let properties = pairs.iter().map(|(key, value)| (key.to_string(), value.to_string()));
    CatalogConfig::from_properties(name, properties.collect())
}

/// A name no other run of the suite uses: a server keeps its tables.
pub fn ident(name: &str) -> Ident {
    static RUN: LazyLock<String> = LazyLock::new(|| floe_base::id::fresh().replace('-', ""));
    Ident::new(["default"], format!("{name}_{}", *RUN))
}

pub fn date(days: i32) -> ScalarValue {
    ScalarValue::Date32(Some(days))
}

pub fn people_schema() -> Schema {
    let element = Arc::new(Field::new("element", DataType::Utf8, true));
    Schema::new(vec![
        Field::new("id", DataType::Int32, false),
        Field::new("name", DataType::Utf8, true),
        Field::new("born", DataType::Date32, true),
        Field::new("seen", DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())), true),
        Field::new("price", DataType::Decimal128(10, 2), true),
        Field::new("tags", DataType::List(element), true),
    ])
}

/// One row per number: everything about a person follows from it.
pub fn people(numbers: Range<i32>) -> RecordBatch {
    let ids: Vec<i32> = numbers.collect();
    let mut tags = ListBuilder::new(StringBuilder::new()).with_field(Field::new("element", DataType::Utf8, true));
    for id in &ids {
        tags.values().append_value("a");
        tags.values().append_value(format!("b{id}"));
        tags.append(true);
    }
    let seen = ids.iter().map(|id| i64::from(*id) * 1000).collect::<Vec<_>>();
    let prices = Decimal128Array::from_iter_values(ids.iter().map(|id| i128::from(*id)));
    let columns: Vec<ArrayRef> = vec![
        Arc::new(Int32Array::from(ids.clone())),
        Arc::new(StringArray::from_iter_values(ids.iter().map(|id| format!("name {id}")))),
        Arc::new(Date32Array::from(ids.clone())),
        Arc::new(TimestampMicrosecondArray::from(seen).with_timezone("UTC")),
        Arc::new(prices.with_precision_and_scale(10, 2).unwrap_or_else(|_| Decimal128Array::from(Vec::<i128>::new()))),
        Arc::new(tags.finish()),
    ];
    RecordBatch::try_new(Arc::new(people_schema()), columns).unwrap_or_else(|error| panic!("{error}"))
}

pub async fn write(table: &Table, batch: RecordBatch) -> Result<Vec<NewFile>> {
    let schema = batch.schema();
    let stream = RecordBatchStreamAdapter::new(schema, futures::stream::iter([Ok(batch)]));
    write_files(table, vec![Box::pin(stream)], &WriteOptions::default()).await
}

pub async fn append(table: &Table, batch: RecordBatch) -> Result<Table> {
    commit::append(table, write(table, batch).await?, None).await
}

pub async fn query(table: &Table, sql: &str) -> Result<String> {
    query_with(table, ScanOptions::default(), sql).await
}

pub async fn query_with(table: &Table, options: ScanOptions, sql: &str) -> Result<String> {
    let batches = batches(table, options, sql).await?;
    Ok(arrow::util::pretty::pretty_format_batches(&batches)?.to_string())
}

pub async fn batches(table: &Table, options: ScanOptions, sql: &str) -> Result<Vec<RecordBatch>> {
    let context = SessionContext::new_with_config(SessionConfig::new().with_target_partitions(3));
    context.register_table("t", table.provider(options)?)?;
    Ok(context.sql(sql).await?.collect().await?)
}

pub async fn count(table: &Table) -> Result<i64> {
    count_with(table, ScanOptions::default()).await
}

pub async fn count_with(table: &Table, options: ScanOptions) -> Result<i64> {
    let batches = batches(table, options, "SELECT count(*) AS n FROM t").await?;
    let first = batches.first().ok_or_else(|| Error::internal("no rows"))?;
    let value = ScalarValue::try_from_array(first.column(0), 0)?;
    match value {
        ScalarValue::Int64(Some(count)) => Ok(count),
        other => Err(Error::internal(format!("count is {other}"))),
    }
}

/// The data file a person stands in.
pub async fn file_of(table: &Table, id: i32) -> Result<String> {
    let options = ScanOptions { row_identity: true, ..ScanOptions::default() };
    let batches = batches(table, options, &format!("SELECT _file FROM t WHERE id = {id}")).await?;
    let found = batches.iter().find(|batch| batch.num_rows() > 0).ok_or_else(|| Error::internal("nobody"))?;
    Ok(ScalarValue::try_from_array(found.column(0), 0)?.to_string())
}

/// A query over one of the table's metadata tables, as `t`.
pub async fn inspected(table: &Table, which: &str, sql: &str) -> Result<String> {
    let which = MetadataTable::parse(which).ok_or_else(|| Error::internal("no such metadata table"))?;
    let context = SessionContext::new();
    context.register_table("t", inspect(table, which, None).await?)?;
    let batches = context.sql(sql).await?.collect().await?;
    Ok(arrow::util::pretty::pretty_format_batches(&batches)?.to_string())
}
