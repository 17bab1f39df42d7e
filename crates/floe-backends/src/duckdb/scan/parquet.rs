//! Tables that are Parquet files by path.

use std::sync::Arc;

use datafusion::datasource::file_format::parquet::ParquetFormat;
use datafusion::datasource::listing::ListingTable;
use datafusion::logical_expr::TableScan;
use floe_base::Result;
use futures::TryStreamExt;

use super::files::{Files, are_distinct, by_name, is_pattern};
use super::provider;
use crate::datafusion::DataFusion;

/// The files behind a scan of local Parquet files without partition columns; `None` for any other table.
pub(super) async fn files(scan: &TableScan, datafusion: &Arc<DataFusion>) -> Result<Option<Files>> {
    let provider = provider(scan)?;
    let Some(listing) = provider.as_any().downcast_ref::<ListingTable>() else { return Ok(None) };
    let is_parquet = listing.options().format.as_any().is::<ParquetFormat>();
    if !is_parquet || !listing.options().table_partition_cols.is_empty() {
        return Ok(None);
    }
    let state = datafusion.state();
    let mut paths = Vec::new();
    for url in listing.table_paths() {
        if url.scheme() != "file" {
            return Ok(None);
        }
        let store = state.runtime_env().object_store(url)?;
        let listed: Vec<_> = url.list_all_files(state, store.as_ref(), "").await?.try_collect().await?;
        paths.extend(listed.into_iter().filter(|file| file.size > 0).map(|file| format!("/{}", file.location)));
    }
    let schema = scan.source.schema();
    let names = || schema.fields().iter().map(|field| field.name());
    if paths.iter().any(|path| is_pattern(path)) || !are_distinct(names()) {
        return Ok(None);
    }
    let options = if paths.len() > 1 { ", union_by_name = true".into() } else { String::new() };
    Ok(Some(Files { paths, columns: by_name(names()), options }))
}
