//! Which delete files apply to which data file (Iceberg spec, "Scan Planning").

use std::collections::HashMap;
use std::sync::Arc;

use iceberg::spec::{DataContentType, Struct, TableMetadata};

use crate::manifest::FileEntry;

/// Field id of a position delete's `file_path` column.
const FILE_PATH_ID: i32 = 2_147_483_546;

type Partition = (i32, Struct);

/// Live delete files, by where they may apply.
pub(crate) struct DeleteIndex {
    /// Equality deletes of unpartitioned specs hold everywhere.
    everywhere: Vec<Arc<FileEntry>>,
    equality: HashMap<Partition, Vec<Arc<FileEntry>>>,
    positions: HashMap<Partition, Vec<Arc<FileEntry>>>,
    /// Position deletes that name one data file, and deletion vectors.
    by_path: HashMap<String, Vec<Arc<FileEntry>>>,
}

impl DeleteIndex {
    pub(crate) fn new(metadata: &TableMetadata, deletes: Vec<Arc<FileEntry>>) -> Self {
        let mut index = Self {
            everywhere: Vec::new(),
            equality: HashMap::new(),
            positions: HashMap::new(),
            by_path: HashMap::new(),
        };
        for entry in deletes {
            let partition = (entry.spec_id, entry.file.partition().clone());
            let global = metadata.partition_spec_by_id(entry.spec_id).is_none_or(|spec| spec.is_unpartitioned());
            if entry.file.content_type() == DataContentType::EqualityDeletes {
                match global {
                    true => index.everywhere.push(entry),
                    false => index.equality.entry(partition).or_default().push(entry),
                }
            } else if let Some(path) = referenced(&entry) {
                index.by_path.entry(path).or_default().push(entry);
            } else {
                index.positions.entry(partition).or_default().push(entry);
            }
        }
        index
    }

    /// Equality deletes apply to older files only, position deletes to files of their own snapshot too; a deletion vector
    /// stands for all position deletes of its file.
    pub(crate) fn of(&self, data: &FileEntry) -> Vec<Arc<FileEntry>> {
        let partition = (data.spec_id, data.file.partition().clone());
        let equality = self.everywhere.iter().chain(self.equality.get(&partition).into_iter().flatten());
        let mut found: Vec<Arc<FileEntry>> =
            equality.filter(|delete| delete.sequence_number > data.sequence_number).cloned().collect();
        let named = self.by_path.get(data.path()).into_iter().flatten();
        if let Some(vector) = named.clone().find(|delete| delete.is_deletion_vector()) {
            found.push(Arc::clone(vector));
            return found;
        }
        let positions = named.chain(self.positions.get(&partition).into_iter().flatten());
        found.extend(positions.filter(|delete| delete.sequence_number >= data.sequence_number).cloned());
        found
    }
}

/// The one data file a delete file is about: said outright, or shown by equal bounds of its paths.
fn referenced(delete: &FileEntry) -> Option<String> {
    if let Some(path) = delete.file.referenced_data_file() {
        return Some(path);
    }
    let text = |bounds: &HashMap<i32, iceberg::spec::Datum>| match bounds.get(&FILE_PATH_ID)?.literal() {
        iceberg::spec::PrimitiveLiteral::String(text) => Some(text.clone()),
        _ => None,
    };
    let lower = text(delete.file.lower_bounds())?;
    let upper = text(delete.file.upper_bounds())?;
    (lower == upper).then_some(lower)
}
