//! What the scans of a plan read: which columns anybody looks at, how wide they are, and whether the files behind them
//! are such that any engine can open them.

use std::collections::HashSet;
use std::sync::Arc;

use arrow::datatypes::{DataType, Schema};
use datafusion::catalog::TableProvider;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::datasource::file_format::parquet::ParquetFormat;
use datafusion::datasource::listing::ListingTable;
use datafusion::datasource::source_as_provider;
use datafusion::logical_expr::LogicalPlan;
use floe_iceberg::scan::{IcebergTable, identity_fields};
use floe_iceberg::storage::location_is_local;
use floe_sql::write::Needed;

/// Bytes a text, a list or the like is taken for: nobody knows before they are read.
const TEXT_BYTES: u64 = 20;
const NESTED_BYTES: u64 = 64;

/// One scan.
pub(crate) struct Scan {
    pub(crate) provider: Arc<dyn TableProvider>,
    /// The columns that are looked at.
    columns: HashSet<String>,
}

/// The scans of a plan, those of subqueries included.
pub(crate) fn scans(plan: &LogicalPlan) -> Vec<Scan> {
    let needed = Needed::of(plan);
    let mut scans = Vec::new();
    let _ = plan.apply_with_subqueries(|node| {
        if let LogicalPlan::TableScan(scan) = node
            && let Ok(provider) = source_as_provider(&scan.source)
        {
            let names = scan.projected_schema.iter().map(|(relation, field)| (relation, field.name()));
            let looked_at = names.filter(|(relation, name)| needed.has(*relation, name));
            let columns = looked_at.map(|(_, name)| name.clone()).collect();
            scans.push(Scan { provider, columns });
        }
        Ok(TreeNodeRecursion::Continue)
    });
    scans
}

/// True where a plan reads files by path: nothing in it tells which version of them.
pub fn reads_files(plan: &LogicalPlan) -> bool {
    scans(plan).iter().any(|scan| match scan.provider.get_logical_plan() {
        Some(inner) => reads_files(&inner),
        None => scan.provider.as_any().is::<ListingTable>(),
    })
}

impl Scan {
    /// Bytes of one row in memory, of the columns that are looked at; one at least is read to count rows.
    pub(crate) fn row_bytes(&self) -> u64 {
        let schema = self.provider.schema();
        let looked_at = |name: &str| self.columns.contains(name);
        let narrowest = schema.fields().iter().map(|field| width(field.data_type())).min().unwrap_or(1);
        row_bytes(&schema, looked_at).max(narrowest)
    }

    /// The part of a table's bytes that are read for these columns.
    pub(crate) fn share_of(&self, bytes: u64) -> u64 {
        let identity = identity_fields();
        let whole = row_bytes(&self.provider.schema(), |name| identity.iter().all(|field| field.name() != name));
        let share = u128::from(bytes) * u128::from(self.row_bytes()) / u128::from(whole.max(1));
        u64::try_from(share).unwrap_or(u64::MAX).min(bytes)
    }

    /// Whether these are plain files on this machine that hold just the table's rows. An engine may still know better.
    pub(crate) fn is_in_place(&self) -> bool {
        let provider = self.provider.as_any();
        if let Some(listing) = provider.downcast_ref::<ListingTable>() {
            let options = listing.options();
            return options.format.as_any().is::<ParquetFormat>()
                && options.table_partition_cols.is_empty()
                && listing.table_paths().iter().all(|path| path.scheme() == "file");
        }
        self.plain_place().is_some_and(location_is_local)
    }

    /// The same in object storage.
    pub(crate) fn is_remote(&self) -> bool {
        self.plain_place().is_some_and(|place| !location_is_local(place))
    }

    /// Where an Iceberg table is whose files hold just its rows.
    fn plain_place(&self) -> Option<&str> {
        let iceberg = self.provider.as_any().downcast_ref::<IcebergTable>()?;
        let tells_rows_apart = identity_fields().iter().any(|field| self.columns.contains(field.name()));
        let is_plain = !iceberg.is_logged() && !tells_rows_apart && !has_deletes(iceberg);
        is_plain.then(|| iceberg.table().metadata.location())
    }

    /// What a person would call a source that is no table: it has an order of its own.
    pub(crate) fn is_stored(&self) -> bool {
        let provider = self.provider.as_any();
        provider.is::<ListingTable>() || provider.is::<IcebergTable>()
    }
}

/// As the snapshot tells; one that tells nothing is taken for one without.
fn has_deletes(table: &IcebergTable) -> bool {
    let Some(snapshot) = &table.version().snapshot else { return false };
    let told = snapshot.summary().additional_properties.get("total-delete-files");
    told.is_some_and(|count| count != "0")
}

fn row_bytes(schema: &Schema, counts: impl Fn(&str) -> bool) -> u64 {
    schema.fields().iter().filter(|field| counts(field.name())).map(|field| width(field.data_type())).sum()
}

fn width(data_type: &DataType) -> u64 {
    match data_type.primitive_width() {
        Some(bytes) => bytes as u64,
        None if data_type.is_nested() => NESTED_BYTES,
        None if matches!(data_type, DataType::Boolean | DataType::Null) => 1,
        None => TEXT_BYTES,
    }
}
