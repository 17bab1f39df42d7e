//! Parquet files that DuckDB reads itself, or the copy it has of them.

use datafusion::common::DFSchema;
use floe_base::secret::Fingerprint;
use floe_sql::write::Refused;

use super::super::statement::{Opened, Purpose};
use super::super::types::{quote, text};
use super::renamed;

/// Stands for a column that no file has and nobody asks for.
pub(super) const ABSENT: &str = "NULL";

/// Files of one table.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(in crate::duckdb) struct Files {
    /// Where the table is: the same for all of its versions.
    pub(in crate::duckdb) table: String,
    pub(in crate::duckdb) files: Vec<File>,
    /// For each column of the table its name in what is read, quoted; or an expression in its place.
    pub(in crate::duckdb) columns: Vec<String>,
    /// Further parameters of `read_parquet`.
    pub(in crate::duckdb) options: String,
    /// The keys to files in object storage: with others there is no copy of them.
    pub(in crate::duckdb) keys: Option<Fingerprint>,
}

/// One of them. Written anew it is another.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(in crate::duckdb) struct File {
    /// Its path on this machine.
    pub(in crate::duckdb) path: String,
    pub(in crate::duckdb) bytes: u64,
    /// When it was written, in nanoseconds; 0 where files are never written anew.
    pub(in crate::duckdb) written: i64,
}

impl Files {
    /// What tells these rows from others: which files, and how they are read.
    pub(super) fn rows(&self) -> String {
        format!("{:?} {:?} {}", self.files, self.columns, self.options)
    }

    pub(in crate::duckdb) fn count(&self) -> usize {
        self.files.len()
    }

    pub(in crate::duckdb) fn bytes(&self) -> u64 {
        self.files.iter().map(|file| file.bytes).sum()
    }

    /// The columns the files have, by their places.
    pub(in crate::duckdb) fn present(&self) -> impl Iterator<Item = usize> {
        let columns = self.columns.iter().enumerate();
        columns.filter(|(_, column)| *column != ABSENT).map(|(index, _)| index)
    }

    pub(super) fn query(
        &self,
        schema: &DFSchema,
        columns: &[(usize, String)],
        purpose: Purpose,
        opened: &mut Opened,
    ) -> Result<String, Refused> {
        if self.files.is_empty() {
            return Ok(format!("SELECT {} WHERE FALSE", renamed(schema, |_| "NULL".into(), columns)?));
        }
        let places: Vec<usize> =
            self.present().filter(|place| columns.iter().any(|(index, _)| index == place)).collect();
        if let Some(copy) = opened.copy(self, &places, purpose) {
            return Ok(format!("SELECT {} FROM {}", renamed(schema, |index| copy.column(index), columns)?, copy.name));
        }
        let list = renamed(schema, |index| self.columns[index].clone(), columns)?;
        Ok(format!("SELECT {list} FROM {}", self.reading(purpose)))
    }

    /// A query for columns as the files have them, by their places, under these names.
    pub(in crate::duckdb) fn whole(&self, columns: &[(usize, String)]) -> String {
        let list: Vec<String> = columns.iter().map(|(index, to)| format!("{} AS {to}", self.columns[*index])).collect();
        format!("SELECT {} FROM {}", list.join(", "), self.reading(Purpose::Tell))
    }

    fn reading(&self, purpose: Purpose) -> String {
        let paths: Vec<String> = self.files.iter().map(|file| text(&file.path)).collect();
        let fixed = format!("hive_partitioning = {}, binary_as_string = false", purpose.no());
        format!("read_parquet([{}], {fixed}{})", paths.join(", "), self.options)
    }
}

/// Whether DuckDB would take the path for a pattern; one with letters that mean something there is not ours to give.
pub(super) fn is_pattern(path: &str) -> bool {
    path.contains(['*', '?', '[', ']', '{', '}'])
}

/// Names that differ by more than the case of their letters: DuckDB tells no others apart.
pub(super) fn are_distinct<'a>(names: impl Iterator<Item = &'a String>) -> bool {
    let mut seen = std::collections::HashSet::new();
    names.into_iter().all(|name| seen.insert(name.to_lowercase()))
}

/// Columns by the names they have in the files.
pub(super) fn by_name<'a>(names: impl Iterator<Item = &'a String>) -> Vec<String> {
    names.map(|name| quote(name)).collect()
}
