//! Parquet files that DuckDB reads itself.

use datafusion::common::DFSchema;
use floe_sql::write::Refused;

use super::super::statement::Purpose;
use super::super::types::quote;
use super::renamed;

/// Files of one table.
#[derive(Debug)]
pub(crate) struct Files {
    /// Paths on this machine.
    pub(super) paths: Vec<String>,
    /// For each column of the table its name in what is read, quoted; or an expression in its place.
    pub(super) columns: Vec<String>,
    /// Further parameters of `read_parquet`.
    pub(super) options: String,
}

impl Files {
    /// What tells these rows from others: which files, and how they are read.
    pub(super) fn rows(&self) -> String {
        format!("{:?} {:?} {}", self.paths, self.columns, self.options)
    }

    pub(super) fn query(
        &self,
        schema: &DFSchema,
        columns: &[(usize, String)],
        purpose: Purpose,
    ) -> Result<String, Refused> {
        let list = renamed(schema, |index| self.columns[index].clone(), columns)?;
        if self.paths.is_empty() {
            return Ok(format!("SELECT {} WHERE FALSE", renamed(schema, |_| "NULL".into(), columns)?));
        }
        let paths: Vec<String> = self.paths.iter().map(|path| text(path)).collect();
        let fixed = format!("hive_partitioning = {}, binary_as_string = false", purpose.no());
        Ok(format!("SELECT {list} FROM read_parquet([{}], {fixed}{})", paths.join(", "), self.options))
    }
}

/// A text for DuckDB. Paths are taken as patterns; one with letters that mean something there is not ours to give.
pub(super) fn text(value: &str) -> String {
    format!("'{}'", value.replace('\'', "''"))
}

/// Whether DuckDB would take the path for a pattern.
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
