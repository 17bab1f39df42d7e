//! Parquet files.

use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use datafusion::catalog::TableProvider;
use datafusion::datasource::file_format::FileFormat;
use datafusion::datasource::file_format::parquet::ParquetFormat;
use datafusion::execution::session_state::SessionState;
use floe_base::{Error, Kind, Result};
use floe_syntax::data_type::DataType;

use super::listed::Below;
use super::merge::merged;
use super::{listing, no_columns, only, option};

/// `merges` is the session's word (`spark.sql.parquet.mergeSchema`), which an option overrides.
pub(super) async fn open(
    below: &Below,
    schema: Option<SchemaRef>,
    options: &[(String, String)],
    state: &SessionState,
    merges: bool,
) -> Result<Arc<dyn TableProvider>> {
    // The reader of Spark 4.1 takes a compression and does nothing with it: the files say it themselves.
    only("parquet", options, &["mergeSchema", "compression", "datetimeRebaseMode", "int96RebaseMode"])?;
    for name in ["datetimeRebaseMode", "int96RebaseMode"] {
        // Dates before 1582 are read as they are written, which is what the other modes do with files of our time.
        if option(options, name).is_some_and(|mode| mode.eq_ignore_ascii_case("LEGACY")) {
            return Err(Error::unsupported(format!("{name} LEGACY of parquet files")));
        }
    }
    let merges = match option(options, "mergeSchema").map(str::to_lowercase).as_deref() {
        None => merges,
        Some("true") => true,
        Some("false") => false,
        Some(other) => return Err(Error::message(Kind::IllegalArgument, format!("For input string: \"{other}\""))),
    };
    let format = ParquetFormat::new().with_force_view_types(false).with_coerce_int96(Some("us".into()));
    let schema = match schema {
        Some(schema) => schema,
        None => found(&format, below, state, merges).await?,
    };
    Ok(listing(Arc::new(format), below, schema, state)?)
}

/// The columns of the first file by name (Spark 4.1 `ParquetUtils.inferSchema`), or of all.
async fn found(format: &ParquetFormat, below: &Below, state: &SessionState, merges: bool) -> Result<SchemaRef> {
    let mut files = below.read().map(|file| Ok((file.shown()?, file))).collect::<Result<Vec<_>>>()?;
    files.sort_by(|(left, _), (right, _)| left.cmp(right));
    let mut schema: Option<DataType> = None;
    for (_, file) in files.iter().take(if merges { files.len() } else { 1 }) {
        let of_file = format.infer_schema(state, &file.store, std::slice::from_ref(&file.meta)).await?;
        let of_file = DataType::from_arrow(&arrow::datatypes::DataType::Struct(of_file.fields().clone()));
        schema = Some(match schema {
            None => of_file,
            Some(known) => merged(known, of_file)?,
        });
    }
    super::columns(&schema.ok_or_else(|| no_columns("parquet"))?)
}
