//! A resolved table: everything a query needs to know of it, at one version.

use std::sync::Arc;

use arrow::datatypes::{Schema, SchemaRef};
use datafusion::catalog::TableProvider;
use floe_base::id::BackendId;

use crate::ObjectName;

/// A table as one statement sees it.
#[derive(Clone, Debug)]
pub struct Table {
    /// `None` for files by path and for frames kept by the server.
    pub name: Option<ObjectName>,
    /// The columns as Spark shows them: names as written, types inside the engine, comments in field metadata.
    pub schema: SchemaRef,
    /// The scan, in process.
    pub provider: Arc<dyn TableProvider>,
    pub statistics: Statistics,
    /// The backends that can reach it under the same name or path.
    pub reachable: Vec<BackendId>,
    /// `iceberg`, `parquet`, `csv`, `memory`, …
    pub format: String,
    /// The Iceberg table behind it: what writes and time travel need.
    pub iceberg: Option<Arc<floe_iceberg::table::Table>>,
    /// Columns that a query may name but `*` does not show: `_file`, `_pos`, …
    pub metadata_columns: SchemaRef,
}

impl Table {
    /// Rows that only this process has, under no name.
    pub fn at_hand(provider: Arc<dyn TableProvider>, statistics: Statistics, format: &str) -> Self {
        Self {
            name: None,
            schema: provider.schema(),
            provider,
            statistics,
            reachable: vec![BackendId::DataFusion],
            format: format.into(),
            iceberg: None,
            metadata_columns: Arc::new(Schema::empty()),
        }
    }
}

/// What is known of a table's size without reading it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Statistics {
    pub rows: Option<u64>,
    pub bytes: Option<u64>,
}
