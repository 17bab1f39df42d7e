//! `df.write.parquet(path)`, `.csv`, `.json`: files by path, as Spark lays them out.

use std::path::Path;
use std::sync::Arc;

use datafusion::common::config::{CsvOptions, JsonOptions, TableParquetOptions};
use datafusion::common::file_options::file_type::FileType;
use datafusion::datasource::file_format::FileFormatFactory;
use datafusion::datasource::file_format::csv::CsvFormatFactory;
use datafusion::datasource::file_format::format_as_file_type;
use datafusion::datasource::file_format::json::JsonFormatFactory;
use datafusion::datasource::file_format::parquet::ParquetFormatFactory;
use datafusion::logical_expr::dml::CopyTo;
use datafusion::logical_expr::{LogicalPlan, Projection, ident};
use floe_base::{Error, Result};
use floe_plan::Planned;
use floe_syntax::command::{SaveMode, WriteFiles};

use crate::{Execution, Session, query};

pub(super) async fn run(session: &Arc<Session>, write: WriteFiles) -> Result<Execution> {
    let format = write.format.clone().unwrap_or_else(|| "parquet".into()).to_lowercase();
    if format == "noop" {
        let planned = query::lower(session, write.input).await?;
        query::collect(session, &planned).await?;
        return Ok(Execution::empty());
    }
    if write.buckets.is_some() || !write.sort_by.is_empty() {
        return Err(Error::unsupported("bucketBy and sortBy of files"));
    }
    let path =
        write.path.clone().ok_or_else(|| Error::message(floe_base::Kind::Analysis, "there is no path to write to"))?;
    let local = path.strip_prefix("file://").or_else(|| path.strip_prefix("file:")).unwrap_or(&path).to_string();
    if local.contains("://") {
        return Err(Error::unsupported(format!("writing files to {path}; local paths only")));
    }
    if !make_room(Path::new(&local), write.mode)? {
        return Ok(Execution::empty());
    }
    let planned = query::lower(session, write.input).await?;
    let factory = factory(&format, &write.options)?;
    let plan = copy(planned, &local, factory, write.partition_by)?;
    query::collect(session, &plan).await?;
    std::fs::write(Path::new(&local).join("_SUCCESS"), b"").map_err(|error| cannot(&local, error))?;
    Ok(Execution::empty())
}

/// Empties or refuses the folder as the mode says; false where nothing is to be written.
fn make_room(folder: &Path, mode: SaveMode) -> Result<bool> {
    let shown = folder.display().to_string();
    if folder.exists() {
        match mode {
            SaveMode::Append => {}
            SaveMode::Ignore => return Ok(false),
            SaveMode::ErrorIfExists => {
                return Err(Error::analysis("PATH_ALREADY_EXISTS").with("outputPath", format!("file:{shown}")));
            }
            SaveMode::Overwrite => std::fs::remove_dir_all(folder).map_err(|error| cannot(&shown, error))?,
        }
    }
    std::fs::create_dir_all(folder).map_err(|error| cannot(&shown, error))?;
    Ok(true)
}

fn cannot(path: &str, error: std::io::Error) -> Error {
    Error::message(floe_base::Kind::Operation, format!("cannot write to {path}: {error}")).caused_by(error)
}

fn factory(format: &str, options: &[(String, String)]) -> Result<Arc<dyn FileFormatFactory>> {
    let option =
        |name: &str| options.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str());
    let known: &[&str] = match format {
        "parquet" => &["compression", "path"],
        "csv" => &["header", "sep", "delimiter", "nullValue", "path"],
        "json" => &["path"],
        other => return Err(Error::unsupported(format!("writing files of format {other}"))),
    };
    if let Some((key, _)) = options.iter().find(|(key, _)| !known.iter().any(|name| name.eq_ignore_ascii_case(key))) {
        return Err(Error::unsupported(format!("option `{key}` when writing {format} files")));
    }
    Ok(match format {
        "parquet" => {
            let mut parquet = TableParquetOptions::default();
            parquet.global.compression =
                Some(option("compression").unwrap_or("zstd(3)").replace("none", "uncompressed"));
            Arc::new(ParquetFormatFactory::new_with_options(parquet))
        }
        "csv" => {
            let header = option("header").is_some_and(|value| value.eq_ignore_ascii_case("true"));
            let separator = option("sep").or(option("delimiter")).unwrap_or(",");
            let [letter] = separator.as_bytes() else {
                return Err(Error::unsupported("a separator of csv files with more than one letter"));
            };
            let csv = CsvOptions::default().with_has_header(header).with_delimiter(*letter);
            let csv = CsvOptions { null_value: Some(option("nullValue").unwrap_or_default().into()), ..csv };
            Arc::new(CsvFormatFactory::new_with_options(csv))
        }
        _ => Arc::new(JsonFormatFactory::new_with_options(JsonOptions::default())),
    })
}

/// The plan that writes: DataFusion's, over the query under the client's names.
fn copy(
    planned: Planned,
    folder: &str,
    factory: Arc<dyn FileFormatFactory>,
    partition_by: Vec<String>,
) -> Result<Planned> {
    let labels: Vec<String> = planned.plan.schema().fields().iter().map(|field| field.name().clone()).collect();
    let named = labels.iter().zip(&planned.fields).map(|(label, field)| ident(label).alias(field.name()));
    let input = LogicalPlan::Projection(Projection::try_new(named.collect(), Arc::new(planned.plan.clone()))?);
    let file_type: Arc<dyn FileType> = format_as_file_type(factory);
    let target = format!("{}/", folder.trim_end_matches('/'));
    let options =
        std::collections::HashMap::from([("execution.keep_partition_by_columns".to_string(), "false".to_string())]);
    let plan = LogicalPlan::Copy(CopyTo::new(Arc::new(input), target, partition_by, file_type, options));
    let fields = plan.schema().fields().iter().cloned().collect();
    Ok(Planned { plan, fields, ..planned })
}
