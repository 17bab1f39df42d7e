//! Completion: words of Spark SQL, functions, and the names of tables.

use std::sync::Arc;

use parking_lot::RwLock;
use reedline::{Completer, Span, Suggestion};

/// Words of Spark SQL that are offered beside functions.
const WORDS: &[&str] = &[
    "ALTER TABLE",
    "CREATE OR REPLACE TABLE",
    "CREATE OR REPLACE VIEW",
    "CREATE SCHEMA",
    "CREATE TABLE",
    "CREATE VIEW",
    "DELETE FROM",
    "DESCRIBE",
    "DROP TABLE",
    "DROP VIEW",
    "EXPLAIN ROUTE",
    "FROM",
    "GROUP BY",
    "HAVING",
    "INSERT INTO",
    "JOIN",
    "LEFT JOIN",
    "LIMIT",
    "MERGE INTO",
    "ORDER BY",
    "SELECT",
    "SET",
    "SHOW SCHEMAS",
    "SHOW TABLES",
    "UNION ALL",
    "UPDATE",
    "USE",
    "VALUES",
    "WHERE",
    "WITH",
];

/// Names that come and go with the session; the shell fills them in.
pub(super) type Names = Arc<RwLock<Vec<String>>>;

/// Offers what the word before the cursor may become.
pub(super) struct Words {
    functions: Vec<&'static str>,
    names: Names,
}

impl Words {
    pub(super) fn new(names: Names) -> Self {
        let is_word = |name: &&str| name.starts_with(|first: char| first.is_ascii_alphabetic());
        Self { functions: floe_engine::functions().into_iter().filter(is_word).collect(), names }
    }
}

impl Completer for Words {
    fn complete(&mut self, line: &str, position: usize) -> Vec<Suggestion> {
        let before = &line[..position];
        let start = before.rfind(|letter: char| !letter.is_alphanumeric() && !"_.".contains(letter));
        let start = start.map_or(0, |at| at + before[at..].chars().next().map_or(1, char::len_utf8));
        let word = before[start..].to_lowercase();
        if word.is_empty() {
            return Vec::new();
        }
        let names = self.names.read();
        let all = names.iter().map(String::as_str).chain(WORDS.iter().copied()).chain(self.functions.iter().copied());
        let fits = all.filter(|name| name.to_lowercase().starts_with(&word));
        let span = Span::new(start, position);
        fits.map(|name| Suggestion { value: name.into(), span, ..Suggestion::default() }).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_word_before_the_cursor_is_completed_in_any_case() {
        let mut words = Words::new(Arc::new(RwLock::new(vec!["shop.orders".into()])));
        let mut offered = |line: &str| -> Vec<String> {
            words.complete(line, line.len()).into_iter().map(|found| found.value).collect()
        };
        assert_eq!(offered("sele"), ["SELECT"]);
        assert_eq!(offered("SELECT Date_Tr"), ["date_trunc"]);
        assert_eq!(offered("SELECT * FROM shop.o"), ["shop.orders"]);
        assert!(offered("SELECT ").is_empty());
        assert!(offered("SELECT 'ü' ").is_empty());
    }
}
