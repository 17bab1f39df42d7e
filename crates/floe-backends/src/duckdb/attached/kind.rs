//! Whose databases are attached, and in what they differ: DuckDB's own files, files of SQLite's, servers of PostgreSQL's.
//! The last two need an extension of DuckDB's (`../extension.rs`).

use arrow::datatypes::DataType;

/// The program that made a database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AttachedKind {
    DuckDb,
    Sqlite,
    Postgres,
}

const ALL: [AttachedKind; 3] = [AttachedKind::DuckDb, AttachedKind::Sqlite, AttachedKind::Postgres];

impl AttachedKind {
    /// The kind that the `type` of a catalog names, if it names one.
    pub fn of(type_name: &str) -> Option<Self> {
        ALL.into_iter().find(|kind| kind.type_name().eq_ignore_ascii_case(type_name))
    }

    /// The `type` of such a catalog.
    pub fn type_name(self) -> &'static str {
        match self {
            Self::DuckDb => "floe.duckdb",
            Self::Sqlite => "floe.sqlite",
            Self::Postgres => "floe.postgres",
        }
    }

    /// The schema that is always there, in which a session starts.
    pub fn main_schema(self) -> &'static str {
        match self {
            Self::DuckDb | Self::Sqlite => "main",
            Self::Postgres => "public",
        }
    }

    /// The format that statements name a table's by, and the `TYPE` of DuckDB's ATTACH.
    pub(super) fn format(self) -> &'static str {
        match self {
            Self::DuckDb => "duckdb",
            Self::Sqlite => "sqlite",
            Self::Postgres => "postgres",
        }
    }

    /// What it is called in a sentence.
    pub(super) fn title(self) -> &'static str {
        match self {
            Self::DuckDb => "DuckDB",
            Self::Sqlite => "SQLite",
            Self::Postgres => "PostgreSQL",
        }
    }

    /// DuckDB's extension that reads it.
    pub(in crate::duckdb) fn extension(self) -> Option<&'static str> {
        match self {
            Self::DuckDb => None,
            Self::Sqlite => Some("sqlite_scanner"),
            Self::Postgres => Some("postgres_scanner"),
        }
    }

    /// What is set once the extension is there. PostgreSQL compares texts by its collation and pads CHAR(n), so that a
    /// condition it judged would not have Spark's answer; DuckDB judges it.
    pub(super) fn setting(self) -> Option<&'static str> {
        match self {
            Self::DuckDb | Self::Sqlite => None,
            Self::Postgres => Some("SET GLOBAL pg_experimental_filter_pushdown = false"),
        }
    }

    /// The statement after which DuckDB asks the other side anew which names there are.
    pub(super) fn forget(self) -> Option<&'static str> {
        match self {
            Self::DuckDb | Self::Sqlite => None,
            Self::Postgres => Some("CALL pg_clear_cache()"),
        }
    }

    /// Whether its columns have comments that DuckDB can set.
    pub(super) fn has_comments(self) -> bool {
        self == Self::DuckDb
    }

    /// Whether a new column of the type would have it, or a wider one. SQLite would make texts or numbers of the others,
    /// and PostgreSQL has no structs without a name.
    pub(super) fn stores(self, data_type: &DataType) -> bool {
        match (self, data_type) {
            (Self::DuckDb, _) => true,
            (Self::Sqlite, _) => {
                data_type.is_signed_integer()
                    || matches!(data_type, DataType::Float32 | DataType::Float64 | DataType::Utf8 | DataType::Binary)
            }
            (Self::Postgres, DataType::List(element)) => {
                !matches!(element.data_type(), DataType::List(_)) && self.stores(element.data_type())
            }
            (Self::Postgres, data_type) => !data_type.is_nested(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_that_would_become_others_are_not_stored() {
        let decimal = DataType::Decimal128(10, 2);
        assert!(AttachedKind::DuckDb.stores(&decimal) && AttachedKind::Postgres.stores(&decimal));
        assert!(!AttachedKind::Sqlite.stores(&decimal) && AttachedKind::Sqlite.stores(&DataType::Int8));
        let list = DataType::new_list(DataType::Int32, true);
        assert!(AttachedKind::Postgres.stores(&list));
        assert!(!AttachedKind::Postgres.stores(&DataType::new_list(list, true)), "its dimensions are not in its type");
    }

    #[test]
    fn a_catalogs_type_names_its_kind_in_any_case() {
        assert_eq!(AttachedKind::of("Floe.SQLite"), Some(AttachedKind::Sqlite));
        assert_eq!(AttachedKind::of("rest"), None);
    }
}
