//! One row per partition that has live files.

use std::sync::Arc;

use arrow::array::{Int32Array, Int64Array, RecordBatch};
use arrow_schema::Field;
use floe_base::Result;
use iceberg::spec::{DataContentType, Snapshot, Struct};
use indexmap::IndexMap;

use super::files::{Contents, Reach, batch, column, partition_column, read};
use super::history::timestamps;
use crate::manifest::FileEntry;
use crate::table::Table;

#[derive(Default)]
struct Totals {
    records: i64,
    files: i32,
    bytes: i64,
    position_records: i64,
    position_files: i32,
    equality_records: i64,
    equality_files: i32,
    /// When the newest file came, and the snapshot that brought it.
    updated: Option<(i64, i64)>,
}

impl Totals {
    fn count(&mut self, entry: &FileEntry, at: Option<i64>) {
        let records = i64::try_from(entry.file.record_count()).unwrap_or(i64::MAX);
        match entry.file.content_type() {
            DataContentType::Data => {
                self.records += records;
                self.files += 1;
                self.bytes += i64::try_from(entry.file.file_size_in_bytes()).unwrap_or(i64::MAX);
            }
            DataContentType::PositionDeletes => {
                self.position_records += records;
                self.position_files += 1;
            }
            DataContentType::EqualityDeletes => {
                self.equality_records += records;
                self.equality_files += 1;
            }
        }
        let seen = at.map(|at| (at, entry.snapshot_id));
        self.updated = self.updated.max(seen);
    }
}

pub(super) async fn partitions(table: &Table, snapshot: Option<&Snapshot>) -> Result<RecordBatch> {
    let mut groups: IndexMap<(i32, Struct), (Arc<FileEntry>, Totals)> = IndexMap::new();
    for entry in read(table, Reach::One(snapshot), Contents::All).await?.into_iter().filter(|entry| entry.is_live()) {
        let at = table.metadata.snapshot_by_id(entry.snapshot_id).map(|snapshot| snapshot.timestamp_ms());
        let key = (entry.spec_id, entry.file.partition().clone());
        let group = groups.entry(key).or_insert_with(|| (Arc::clone(&entry), Totals::default()));
        group.1.count(&entry, at);
    }
    let examples: Vec<Arc<FileEntry>> = groups.values().map(|(entry, _)| Arc::clone(entry)).collect();
    let totals = || groups.values().map(|(_, totals)| totals);
    let mut columns = Vec::new();
    if let Some(partition) = partition_column(&table.metadata, &examples)? {
        columns.push(partition);
        columns.push(column(
            "spec_id",
            false,
            Int32Array::from_iter_values(groups.keys().map(|(spec_id, _)| *spec_id)),
        ));
    }
    let long = |name, of: fn(&Totals) -> i64| column(name, false, Int64Array::from_iter_values(totals().map(of)));
    let int = |name, of: fn(&Totals) -> i32| column(name, false, Int32Array::from_iter_values(totals().map(of)));
    columns.extend([
        long("record_count", |totals| totals.records),
        int("file_count", |totals| totals.files),
        long("total_data_file_size_in_bytes", |totals| totals.bytes),
        long("position_delete_record_count", |totals| totals.position_records),
        int("position_delete_file_count", |totals| totals.position_files),
        long("equality_delete_record_count", |totals| totals.equality_records),
        int("equality_delete_file_count", |totals| totals.equality_files),
    ]);
    let updated = timestamps(totals().map(|totals| totals.updated.map(|(at, _)| at)));
    columns.push((Arc::new(Field::new("last_updated_at", updated.data_type().clone(), true)), updated));
    let ids = totals().map(|totals| totals.updated.map(|(_, id)| id));
    columns.push(column("last_updated_snapshot_id", true, ids.collect::<Int64Array>()));
    let rows = groups.len();
    batch(columns, rows)
}
