//! What DuckDB's errors mean.

use floe_base::{Error, Kind};

/// What can be done about an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Failure {
    /// A value raised, by DuckDB's rules or ours: what Spark would say of it is asked elsewhere.
    Value,
    /// The text is not one that DuckDB takes: the writer knows less than it should.
    Text,
    /// It was interrupted.
    Interrupted,
    /// Memory, disk, files: there is no use in asking anybody else.
    Resources,
}

/// How DuckDB begins when it has no memory left.
const OUT_OF_MEMORY: &str = "Out of Memory";

/// How it tells, somewhere in an error of input and output, that a disk is full.
const DISK_FULL: &str = "No space left on device";

/// What DuckDB itself says.
pub(super) fn text(error: &duckdb::Error) -> String {
    match error {
        duckdb::Error::DuckDBFailure(_, Some(text)) => text.clone(),
        other => other.to_string(),
    }
}

/// DuckDB's errors begin with their kind.
pub(super) fn of(text: &str) -> Failure {
    let begins = |kinds: &[&str]| kinds.iter().any(|kind| text.starts_with(kind));
    if begins(&["INTERRUPT"]) {
        Failure::Interrupted
    } else if begins(&[OUT_OF_MEMORY, "IO Error", "HTTP Error"]) {
        Failure::Resources
    } else if begins(&["Parser", "Binder", "Catalog", "Syntax", "Not implemented", "INTERNAL"]) {
        Failure::Text
    } else {
        Failure::Value
    }
}

/// What DuckDB says of memory or disk, without its advice about settings that are not its user's here.
fn first_sentence(text: &str) -> String {
    let first = text.lines().next().unwrap_or_default();
    format!("DuckDB: {}", first.trim_end_matches('.'))
}

/// The error a client gets.
pub(super) fn error(text: &str) -> Error {
    match of(text) {
        Failure::Interrupted => Error::new(Kind::Operation, "OPERATION_CANCELED"),
        Failure::Text => Error::unsupported(format!("what DuckDB says `{text}` of")),
        Failure::Resources if text.starts_with(OUT_OF_MEMORY) => Error::out_of_memory(first_sentence(text)),
        Failure::Resources if text.contains(DISK_FULL) => Error::out_of_disk(first_sentence(text)),
        Failure::Resources | Failure::Value => Error::message(Kind::Operation, format!("DuckDB: {text}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_is_told_with_what_to_do() {
        let told = error("IO Error: Could not write file \"x.tmp\": No space left on device.\nSet temp_directory");
        assert_eq!(
            told.sentence(),
            "a disk is full (DuckDB: IO Error: Could not write file \"x.tmp\": No space left on device). Free some of it, or \
             name another folder for what does not fit in memory with --spill-dir."
        );
    }
}
