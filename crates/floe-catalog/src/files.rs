//! Files by path, as tables: `spark.read.parquet(…)`, `` SELECT * FROM csv.`/data/x` ``.
//!
//! One file per format under `files/`. Folders are read with their Hive partitions (`day=2024-01-01/`) as columns.

mod csv;
mod json;
pub mod listed;
mod parquet;
mod partitions;
pub mod registered;
mod text;
pub mod visible;

pub use csv::{Fields, FieldsOf};

use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::catalog::{Session, TableProvider};
use datafusion::datasource::file_format::FileFormat;
use datafusion::datasource::listing::{ListingOptions, ListingTable, ListingTableConfig, ListingTableUrl};
use datafusion::execution::session_state::SessionState;
use floe_base::error::quoted;
use floe_base::id::BackendId;
use floe_base::{Error, Result};
use floe_syntax::data_type;
use floe_syntax::relation::Files;
use futures::TryStreamExt;

use crate::{Statistics, Table};

/// Formats that can stand before a path.
const FORMATS: [&str; 4] = ["parquet", "csv", "json", "text"];

/// True for the name of a format that files can be read as.
pub fn is_format(name: &str) -> bool {
    FORMATS.contains(&name.to_lowercase().as_str())
}

/// Opens files as one table. The options are those of Spark's reader for the format; one we do not know is refused.
pub async fn open(format: &str, files: &Files, state: &SessionState, fields: FieldsOf<'_>) -> Result<Table> {
    let format = format.to_lowercase();
    let urls = files.paths.iter().map(|path| url(path)).collect::<Result<Vec<_>>>()?;
    if urls.is_empty() {
        return Err(Error::analysis("UNABLE_TO_INFER_SCHEMA").with("format", shown_format(&format)));
    }
    let statistics = size(&urls, &files.paths, state).await?;
    let schema = files.schema.as_ref().map(columns).transpose()?;
    let provider = match format.as_str() {
        "parquet" => parquet::open(&urls, schema.clone(), &files.options, state).await?,
        "csv" => csv::open(&urls, schema.clone(), &files.options, state, fields).await?,
        "json" => json::open(&urls, schema.clone(), &files.options, state).await?,
        "text" => text::open(&urls, state).await?,
        other => return Err(unknown_format(other)),
    };
    let provider = partitions::typed(provider, schema.as_ref(), &urls, state).await?;
    Ok(Table {
        name: None,
        schema: provider.schema(),
        provider,
        statistics,
        reachable: vec![BackendId::DataFusion, BackendId::DuckDb],
        format,
        iceberg: None,
        metadata_columns: Arc::new(Schema::empty()),
    })
}

/// A path or URL as DataFusion lists it; a folder ends in a slash.
pub(crate) fn url(path: &str) -> Result<ListingTableUrl> {
    let local = path.strip_prefix("file://").or_else(|| path.strip_prefix("file:")).unwrap_or(path);
    let is_folder = std::path::Path::new(local).is_dir() && !local.ends_with('/');
    let whole = if is_folder { format!("{local}/") } else { local.to_string() };
    Ok(ListingTableUrl::parse(whole)?)
}

/// Bytes behind the paths; a path with nothing behind it is Spark's `PATH_NOT_FOUND`.
async fn size(urls: &[ListingTableUrl], paths: &[String], state: &SessionState) -> Result<Statistics> {
    let mut bytes = 0;
    for (url, path) in urls.iter().zip(paths) {
        let store = state.runtime_env().object_store(url)?;
        let listed: Vec<_> =
            url.list_all_files(state, store.as_ref(), "").await?.try_collect().await.unwrap_or_default();
        if listed.is_empty() {
            let shown = if path.contains(':') { path.clone() } else { format!("file:{path}") };
            return Err(Error::analysis("PATH_NOT_FOUND").with("path", shown));
        }
        bytes += listed.iter().map(|file| file.size).sum::<u64>();
    }
    Ok(Statistics { rows: None, bytes: Some(bytes) })
}

/// The listing of files of one format, partition folders included.
async fn listing(
    format: Arc<dyn FileFormat>,
    urls: &[ListingTableUrl],
    schema: Option<SchemaRef>,
    state: &SessionState,
) -> Result<Arc<ListingTable>> {
    let mut options = ListingOptions::new(format).with_session_config_options(state.config()).with_collect_stat(true);
    options.file_extension = String::new();
    let mut partitions = Vec::new();
    for url in urls {
        for column in options.infer_partitions(state, url).await.unwrap_or_default() {
            if !partitions.contains(&column) {
                partitions.push(column);
            }
        }
    }
    let file_schema = match schema {
        Some(schema) => without(&schema, &partitions),
        None => normalised(options.infer_schema(state, urls.first().ok_or_else(no_path)?).await?.as_ref()),
    };
    let columns = partitions.into_iter().map(|name| (name, DataType::Utf8)).collect();
    let options = options.with_table_partition_cols(columns);
    let config =
        ListingTableConfig::new_with_multi_paths(urls.to_vec()).with_listing_options(options).with_schema(file_schema);
    let cache = state.runtime_env().cache_manager.get_file_statistic_cache();
    Ok(Arc::new(ListingTable::try_new(config)?.with_cache(cache)))
}

fn no_path() -> Error {
    Error::internal("a listing without a path")
}

/// The schema with the types of the engine: strings are `Utf8`, times are in microseconds, nothing is unsigned.
fn normalised(schema: &Schema) -> SchemaRef {
    let field = |field: &Arc<Field>| {
        let data_type = data_type::DataType::from_arrow(field.data_type()).to_arrow();
        Field::new(field.name(), data_type, true)
    };
    Arc::new(Schema::new(schema.fields().iter().map(field).collect::<Vec<_>>()))
}

/// A schema the reader was given, all columns nullable as Spark reads files.
fn columns(schema: &data_type::DataType) -> Result<SchemaRef> {
    let data_type::DataType::Struct(fields) = schema else {
        return Err(Error::message(floe_base::Kind::Analysis, "the schema of files must be a struct"));
    };
    let fields: Vec<Field> = fields.iter().map(|field| field.to_arrow().with_nullable(true)).collect();
    Ok(Arc::new(Schema::new(fields)))
}

fn without(schema: &Schema, names: &[String]) -> SchemaRef {
    let kept = schema.fields().iter().filter(|field| !names.contains(field.name())).cloned().collect::<Vec<_>>();
    Arc::new(Schema::new(kept))
}

/// The value of an option, whatever the case of its name.
fn option<'a>(options: &'a [(String, String)], name: &str) -> Option<&'a str> {
    options.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
}

fn flag(options: &[(String, String)], name: &str) -> bool {
    option(options, name).is_some_and(|value| value.eq_ignore_ascii_case("true"))
}

/// Refuses options the format's reader does not know: an ignored option is a wrong answer.
fn only(format: &str, options: &[(String, String)], known: &[&str]) -> Result<()> {
    let is_known =
        |key: &str| known.iter().any(|name| name.eq_ignore_ascii_case(key)) || key.eq_ignore_ascii_case("path");
    match options.iter().find(|(key, _)| !is_known(key)) {
        Some((key, _)) => Err(Error::unsupported(format!("option `{key}` of {format} files"))),
        None => Ok(()),
    }
}

/// A format as Spark's errors print it (`FileFormat.toString`, 4.1).
fn shown_format(format: &str) -> String {
    match format {
        "parquet" => "Parquet".into(),
        "text" => "Text".into(),
        other => other.to_uppercase(),
    }
}

fn unknown_format(format: &str) -> Error {
    Error::analysis("DATA_SOURCE_NOT_FOUND").with("provider", quoted(&[format]).replace('`', ""))
}

/// A view of a provider with other columns, for formats whose columns are read as text first.
fn projected(
    provider: Arc<dyn TableProvider>,
    expressions: Vec<datafusion::logical_expr::Expr>,
) -> Result<Arc<dyn TableProvider>> {
    use datafusion::datasource::{ViewTable, provider_as_source};
    use datafusion::logical_expr::LogicalPlanBuilder;
    let scan = LogicalPlanBuilder::scan("files", provider_as_source(provider), None)?;
    Ok(Arc::new(ViewTable::new(scan.project(expressions)?.build()?, None)))
}

/// The whole of the files, in order, for formats that are read in one go to find their columns.
async fn first_bytes(urls: &[ListingTableUrl], state: &dyn Session, limit: u64) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    for url in urls {
        let store = state.runtime_env().object_store(url)?;
        let files: Vec<_> = url.list_all_files(state, store.as_ref(), "").await?.try_collect().await?;
        for file in files {
            let take = file.size.min(limit.saturating_sub(bytes.len() as u64));
            if take == 0 {
                return Ok(bytes);
            }
            let part = object_store::ObjectStoreExt::get_range(store.as_ref(), &file.location, 0..take).await;
            bytes.extend_from_slice(&part.map_err(|error| Error::internal(error.to_string()).caused_by(error))?);
            if !bytes.ends_with(b"\n") {
                bytes.push(b'\n');
            }
        }
    }
    Ok(bytes)
}
