//! Files by path, as tables: `spark.read.parquet(…)`, `` SELECT * FROM csv.`/data/x` ``.
//!
//! One file per format under `files/`. Folders are read with their Hive partitions (`day=2024-01-01/`) as columns.

mod codec;
mod csv;
mod json;
mod lines;
pub mod listed;
mod merge;
mod parquet;
pub mod partition_folder;
mod partitions;
pub mod registered;
pub mod table;
mod text;
pub mod visible;

pub use csv::{Fields, FieldsOf};
pub use json::{Records, RecordsOf};

use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::catalog::TableProvider;
use datafusion::datasource::file_format::FileFormat;
use datafusion::datasource::listing::{ListingOptions, ListingTable, ListingTableConfig, ListingTableUrl};
use datafusion::execution::session_state::SessionState;
use floe_base::error::quoted;
use floe_base::id::BackendId;
use floe_base::{Error, Result};
use floe_syntax::data_type;
use floe_syntax::relation::Files;
use futures::TryStreamExt;
use listed::{Below, Listed};

use crate::{Statistics, Table};

/// Formats that can stand before a path.
const FORMATS: [&str; 4] = ["parquet", "csv", "json", "text"];

/// True for the name of a format that files can be read as.
pub fn is_format(name: &str) -> bool {
    FORMATS.contains(&name.to_lowercase().as_str())
}

/// What a session says about files: what texts mean is decided by crates above this one.
pub struct Readers<'a> {
    pub fields: FieldsOf<'a>,
    pub records: RecordsOf<'a>,
    /// `spark.sql.parquet.mergeSchema`.
    pub merges_schemas: bool,
}

/// Opens files as one table. The options are those of Spark's reader for the format; one we do not know is refused.
pub async fn open(format: &str, files: &Files, state: &SessionState, readers: &Readers<'_>) -> Result<Table> {
    let format = format.to_lowercase();
    let urls = files.paths.iter().map(|path| url(path)).collect::<Result<Vec<_>>>()?;
    if urls.is_empty() {
        return Err(no_columns(&format));
    }
    let below = Below::list(urls, state).await?;
    are_there(&below, &files.paths)?;
    let schema = files.schema.as_ref().map(columns).transpose()?;
    if below.all().next().is_none() && schema.is_none() && matches!(format.as_str(), "csv" | "json") {
        return Err(no_columns(&format));
    }
    let provider = rows(&format, &below, schema.clone(), &files.options, state, readers).await?;
    let provider = partitions::typed(provider, schema.as_ref(), &below)?;
    Ok(opened(format, provider, below.bytes()))
}

/// The rows of a format's files below the paths.
async fn rows(
    format: &str,
    below: &Below,
    schema: Option<SchemaRef>,
    options: &[(String, String)],
    state: &SessionState,
    readers: &Readers<'_>,
) -> Result<Arc<dyn TableProvider>> {
    match format {
        "parquet" => parquet::open(below, schema, options, state, readers.merges_schemas).await,
        "csv" => csv::open(below, schema, options, state, readers.fields).await,
        "json" => json::open(below, schema, options, state, readers.records).await,
        "text" => text::open(below, schema, options, state),
        other => Err(unknown_format(other)),
    }
}

fn opened(format: String, provider: Arc<dyn TableProvider>, bytes: u64) -> Table {
    Table {
        name: None,
        schema: provider.schema(),
        provider,
        statistics: Statistics { rows: None, bytes: Some(bytes) },
        reachable: vec![BackendId::DataFusion, BackendId::DuckDb],
        format,
        iceberg: None,
        metadata_columns: Arc::new(Schema::empty()),
    }
}

/// A path without the scheme of local files; one of another scheme stays as it is.
pub fn local(path: &str) -> &str {
    path.strip_prefix("file://").or_else(|| path.strip_prefix("file:")).unwrap_or(path)
}

/// A path or URL as DataFusion lists it; a folder ends in a slash.
pub(crate) fn url(path: &str) -> Result<ListingTableUrl> {
    let local = local(path);
    let is_folder = std::path::Path::new(local).is_dir() && !local.ends_with('/');
    let whole = if is_folder { format!("{local}/") } else { local.to_string() };
    Ok(ListingTableUrl::parse(whole)?)
}

/// A path with nothing behind it, not even an empty folder, is Spark's `PATH_NOT_FOUND`.
fn are_there(below: &Below, paths: &[String]) -> Result<()> {
    let missing = |((url, files), _): &((&ListingTableUrl, &[Listed]), &String)| files.is_empty() && !is_folder(url);
    match below.by_path().zip(paths).find(missing) {
        None => Ok(()),
        Some((_, path)) => {
            let shown = if path.contains(':') { path.clone() } else { format!("file:{path}") };
            Err(Error::analysis("PATH_NOT_FOUND").with("path", shown))
        }
    }
}

/// Is it a local folder? Object stores have no folders without files.
fn is_folder(url: &ListingTableUrl) -> bool {
    url.scheme() == "file" && std::path::Path::new(&format!("/{}", url.prefix())).is_dir()
}

/// Files below a path whose folders tell what its partition columns are called.
const FILES_LOOKED_AT: usize = 10;

/// The columns in the names of folders below the paths. A path whose files stand in different ones has none.
fn partition_names(below: &Below) -> Vec<String> {
    let mut names = Vec::new();
    for (_, files) in below.by_path() {
        let name = |folder: &String| folder.split('=').next().unwrap_or_default().to_string();
        let of_file = |file: &Listed| file.folders.iter().map(name).collect::<Vec<_>>();
        let mut looked_at = files.iter().take(FILES_LOOKED_AT).map(of_file);
        let Some(first) = looked_at.next() else { continue };
        if looked_at.all(|other| other == first) {
            for name in first {
                if !names.contains(&name) {
                    names.push(name);
                }
            }
        }
    }
    names
}

/// The listing of files of one format, partition folders included.
fn listing(
    format: Arc<dyn FileFormat>,
    below: &Below,
    schema: SchemaRef,
    state: &SessionState,
) -> Result<Arc<ListingTable>> {
    let mut options = ListingOptions::new(format).with_session_config_options(state.config()).with_collect_stat(true);
    options.file_extension = String::new();
    let partitions = partition_names(below);
    let file_schema = without(&schema, &partitions);
    let columns = partitions.into_iter().map(|name| (name, DataType::Utf8)).collect();
    let options = options.with_table_partition_cols(columns);
    let config = ListingTableConfig::new_with_multi_paths(below.paths.clone())
        .with_listing_options(options)
        .with_schema(file_schema);
    let cache = state.runtime_env().cache_manager.get_file_statistic_cache();
    Ok(Arc::new(ListingTable::try_new(config)?.with_cache(cache)))
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

/// Refuses texts in another encoding than UTF-8.
fn utf8_only(format: &str, options: &[(String, String)]) -> Result<()> {
    let other = |name: &&str| !name.eq_ignore_ascii_case("UTF-8") && !name.eq_ignore_ascii_case("US-ASCII");
    match option(options, "encoding").or(option(options, "charset")).filter(other) {
        Some(encoding) => Err(Error::unsupported(format!("encoding {encoding} of {format} files"))),
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

/// There is no file to find columns in.
fn no_columns(format: &str) -> Error {
    Error::analysis("UNABLE_TO_INFER_SCHEMA").with("format", shown_format(format))
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

/// The beginning of the files' text, in order, for formats that look at it to find their columns.
async fn first_bytes(below: &Below, limit: usize) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    for file in below.read() {
        let mut text = codec::text(file.store.as_ref(), &file.meta.location).await?;
        while let Some(part) = text.try_next().await? {
            bytes.extend(part.iter().take(limit.saturating_sub(bytes.len())));
            if bytes.len() == limit {
                return Ok(bytes);
            }
        }
        if !bytes.ends_with(b"\n") {
            bytes.push(b'\n');
        }
    }
    Ok(bytes)
}
