//! Whether files store a table's columns as the table has them today: for readers that know columns by name.
//!
//! Readers of other engines plan better over columns by name: by field id DuckDB 1.5 takes no statistics from a file and
//! pushes no filters of joins into its scan. What stands in a file is told by its footer, which is read once and kept.

use arrow_schema::{DataType, Field, Schema};
use datafusion::catalog::Session;
use datafusion::datasource::physical_plan::parquet::metadata::DFParquetMetadata;
use floe_base::Result;
use futures::{StreamExt, TryStreamExt, stream};
use parquet::arrow::parquet_to_arrow_schema;

use super::IcebergTable;
use super::source::object_meta;
use crate::arrow_schema::{field_id, file_schema};
use crate::error::Lift;
use crate::plan::FileTask;

/// Footers read at once.
const CONCURRENCY: usize = 8;
/// With more files than that, looking at each would take longer than it gains.
const FILES_MAX: usize = 256;

impl IcebergTable {
    /// True when each of the files has each of the table's columns under its name, with its id and its type.
    pub async fn are_stored_as_named(&self, state: &dyn Session, tasks: &[FileTask]) -> Result<bool> {
        if tasks.len() > FILES_MAX {
            return Ok(false);
        }
        let columns = file_schema(&self.resolved.schema);
        // Made beforehand: a closure in the stream would have to serve every lifetime.
        let footers: Vec<_> = tasks.iter().map(|task| self.stored(state, task)).collect();
        let mut files = stream::iter(footers).buffered(CONCURRENCY);
        while let Some(stored) = files.try_next().await? {
            if !has_all(&stored, &columns) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// The columns of a file by its footer. What that says of Arrow is for Arrow's readers alone.
    async fn stored(&self, state: &dyn Session, task: &FileTask) -> Result<Schema> {
        let place = self.table.storage.place(task.entry.path())?;
        let meta = object_meta(task, &place);
        let footer = DFParquetMetadata::new(place.store.as_ref(), &meta)
            .with_file_metadata_cache(Some(state.runtime_env().cache_manager.get_file_metadata_cache()))
            .fetch_metadata()
            .await?;
        parquet_to_arrow_schema(footer.file_metadata().schema_descr(), None).lift()
    }
}

/// Whether all columns are there as they would be written today.
fn has_all(stored: &Schema, columns: &Schema) -> bool {
    columns.fields().iter().all(|column| {
        let mut found = stored.fields().iter().filter(|field| field.name().eq_ignore_ascii_case(column.name()));
        // Other readers do not tell names apart by case.
        let (Some(field), None) = (found.next(), found.next()) else { return false };
        is_as_wanted(field, column)
    })
}

fn is_as_wanted(stored: &Field, column: &Field) -> bool {
    let is_same_type = match (stored.data_type(), column.data_type()) {
        // Every zone stands for the same moments.
        (DataType::Timestamp(stored, stored_zone), DataType::Timestamp(wanted, zone)) => {
            stored == wanted && stored_zone.is_some() == zone.is_some()
        }
        (stored, wanted) => stored == wanted,
    };
    stored.name() == column.name() && is_same_type && field_id(stored).is_some() && field_id(stored) == field_id(column)
}

#[cfg(test)]
mod tests {
    use parquet::arrow::PARQUET_FIELD_ID_META_KEY;

    use super::*;

    fn field(name: &str, id: i32, data_type: DataType) -> Field {
        let id = (PARQUET_FIELD_ID_META_KEY.to_string(), id.to_string());
        Field::new(name, data_type, true).with_metadata([id].into())
    }

    #[test]
    fn a_column_is_known_by_name_only_as_long_as_it_kept_name_type_and_id() {
        let table = Schema::new(vec![field("a", 1, DataType::Int64), field("b", 2, DataType::Utf8)]);
        let file = |fields: Vec<Field>| has_all(&Schema::new(fields), &table);
        assert!(file(vec![field("b", 2, DataType::Utf8), field("a", 1, DataType::Int64)]));
        assert!(!file(vec![field("a", 1, DataType::Int64)]), "added later");
        assert!(!file(vec![field("a", 1, DataType::Int32), field("b", 2, DataType::Utf8)]), "widened");
        assert!(!file(vec![field("a", 2, DataType::Int64), field("b", 1, DataType::Utf8)]), "names swapped");
        assert!(!file(vec![field("a", 1, DataType::Int64), field("B", 2, DataType::Utf8)]), "renamed");
        let bare = |name: &str, data_type| Field::new(name, data_type, true);
        assert!(!file(vec![bare("a", DataType::Int64), bare("b", DataType::Utf8)]), "no ids");
    }
}
