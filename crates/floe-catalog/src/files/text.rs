//! Text files: one column `value`, one row a line.

use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, StringArray};
use arrow::datatypes::{DataType, Field, Schema};
use datafusion::catalog::TableProvider;
use datafusion::datasource::MemTable;
use datafusion::datasource::listing::ListingTableUrl;
use datafusion::execution::session_state::SessionState;
use floe_base::{Error, Result};

use super::first_bytes;

/// Text is held in memory while it is read; more than this is refused rather than risked.
const LARGEST_BYTES: u64 = 1 << 30;

pub(super) async fn open(urls: &[ListingTableUrl], state: &SessionState) -> Result<Arc<dyn TableProvider>> {
    let bytes = first_bytes(urls, state, LARGEST_BYTES + 1).await?;
    if bytes.len() as u64 > LARGEST_BYTES {
        return Err(Error::unsupported("text files of more than 1 GiB"));
    }
    let text = String::from_utf8_lossy(&bytes);
    let lines: ArrayRef = Arc::new(text.lines().map(Some).collect::<StringArray>());
    let schema = Arc::new(Schema::new(vec![Field::new("value", DataType::Utf8, true)]));
    let batch = RecordBatch::try_new(schema.clone(), vec![lines])?;
    Ok(Arc::new(MemTable::try_new(schema, vec![vec![batch]])?))
}
