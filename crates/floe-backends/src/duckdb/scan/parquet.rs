//! Tables that are Parquet files by path.

use std::sync::Arc;

use datafusion::datasource::file_format::parquet::ParquetFormat;
use datafusion::datasource::listing::ListingTable;
use datafusion::logical_expr::TableScan;
use floe_base::Result;
use futures::TryStreamExt;

use super::files::{File, Files, are_distinct, by_name, is_pattern};
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
    let mut files = Vec::new();
    for url in listing.table_paths() {
        if url.scheme() != "file" {
            return Ok(None);
        }
        let store = state.runtime_env().object_store(url)?;
        let listed: Vec<_> = url.list_all_files(state, store.as_ref(), "").await?.try_collect().await?;
        files.extend(listed.into_iter().filter(|file| file.size > 0).map(|file| File {
            path: format!("/{}", file.location),
            bytes: file.size,
            written: file.last_modified.timestamp_nanos_opt().unwrap_or_default(),
        }));
    }
    // As DataFusion reads them, whatever the order of a folder; and the same files are the same to those who keep copies.
    files.sort_by(|one, other| one.path.cmp(&other.path));
    let schema = scan.source.schema();
    let names = || schema.fields().iter().map(|field| field.name());
    if files.iter().any(|file| is_pattern(&file.path)) || !are_distinct(names()) {
        return Ok(None);
    }
    let options = if files.len() > 1 { ", union_by_name = true".into() } else { String::new() };
    let table = place(listing);
    Ok(Some(Files { table, files, columns: by_name(names()), options, keys: None }))
}

/// Where the table is.
pub(super) fn place(listing: &ListingTable) -> String {
    let paths: Vec<&str> = listing.table_paths().iter().map(AsRef::as_ref).collect();
    paths.join(" ")
}
