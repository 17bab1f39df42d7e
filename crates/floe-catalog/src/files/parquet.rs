//! Parquet files.

use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use datafusion::catalog::TableProvider;
use datafusion::datasource::file_format::parquet::ParquetFormat;
use datafusion::datasource::listing::ListingTableUrl;
use datafusion::execution::session_state::SessionState;
use floe_base::Result;

use super::{listing, only};

pub(super) async fn open(
    urls: &[ListingTableUrl],
    schema: Option<SchemaRef>,
    options: &[(String, String)],
    state: &SessionState,
) -> Result<Arc<dyn TableProvider>> {
    only("parquet", options, &["mergeSchema", "compression", "datetimeRebaseMode", "int96RebaseMode"])?;
    let format = ParquetFormat::new().with_force_view_types(false).with_coerce_int96(Some("us".into()));
    Ok(listing(Arc::new(format), urls, schema, state).await?)
}
