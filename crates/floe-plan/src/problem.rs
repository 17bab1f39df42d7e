//! Spark's errors about names, with the parameters Spark gives them (4.1).

use std::sync::Arc;

use floe_base::error::quoted;
use floe_base::{Error, Origin};

use crate::scope::{Column, Scope};

/// How many names a suggestion lists.
const SUGGESTIONS_MAX: usize = 5;

/// `UNRESOLVED_COLUMN`, with the nearest names first.
pub(crate) fn unresolved_column(
    parts: &[String],
    scope: &Arc<Scope>,
    fallback: Option<&Arc<Scope>>,
    origin: &Origin,
) -> Error {
    let candidates: Vec<Vec<&str>> = scope.shown().map(Column::path).collect();
    let candidates = if candidates.is_empty() {
        fallback.map(|scope| scope.shown().map(Column::path).collect()).unwrap_or_default()
    } else {
        candidates
    };
    if candidates.is_empty() {
        return Error::analysis("UNRESOLVED_COLUMN.WITHOUT_SUGGESTION").with("objectName", quoted(parts)).at(origin);
    }
    Error::analysis("UNRESOLVED_COLUMN.WITH_SUGGESTION")
        .with("objectName", quoted(parts))
        .with("proposal", proposal(parts, candidates))
        .at(origin)
}

/// Names by their distance from the one written; a qualifier all of them share is left out.
fn proposal(parts: &[String], candidates: Vec<Vec<&str>>) -> String {
    let shares = |tail: usize| {
        let mut heads = candidates.iter().map(|path| path.get(..path.len().saturating_sub(tail)).unwrap_or_default());
        let first = heads.next();
        heads.all(|head| Some(head) == first)
    };
    let keep = if parts.len() == 1 && shares(1) {
        1
    } else if parts.len() <= 2 && shares(2) {
        2
    } else {
        usize::MAX
    };
    let written = parts.join(".");
    let mut names: Vec<String> =
        candidates.iter().map(|path| quoted(path.get(path.len().saturating_sub(keep)..).unwrap_or_default())).collect();
    names.sort_by_cached_key(|name| strsim::levenshtein(name, &written));
    names.truncate(SUGGESTIONS_MAX);
    names.join(", ")
}

/// `AMBIGUOUS_REFERENCE`.
pub(crate) fn ambiguous(parts: &[String], found: &[&Column], origin: &Origin) -> Error {
    let names: Vec<String> = found.iter().map(|column| quoted(&column.path())).collect();
    Error::analysis("AMBIGUOUS_REFERENCE")
        .with("name", quoted(parts))
        .with("referenceNames", format!("[{}]", names.join(", ")))
        .at(origin)
}

/// A frame's column that occurs twice here, as after a self-join.
pub(crate) fn ambiguous_frame_column(parts: &[String], origin: &Origin) -> Error {
    Error::analysis("AMBIGUOUS_COLUMN_REFERENCE").with("name", quoted(parts)).at(origin)
}

/// A frame's column that is not to be found here.
pub(crate) fn foreign_column(parts: &[String], origin: &Origin) -> Error {
    Error::analysis("CANNOT_RESOLVE_DATAFRAME_COLUMN").with("name", quoted(parts)).at(origin)
}

/// `TABLE_OR_VIEW_NOT_FOUND`.
pub(crate) fn table_not_found(parts: &[String], origin: &Origin) -> Error {
    Error::analysis("TABLE_OR_VIEW_NOT_FOUND").with("relationName", quoted(parts)).at(origin)
}

/// `UNRESOLVED_ROUTINE`.
pub(crate) fn routine_not_found(parts: &[String], catalog: &str, database: &str, origin: &Origin) -> Error {
    Error::analysis("UNRESOLVED_ROUTINE")
        .with("routineName", quoted(parts))
        .with("searchPath", format!("[`system`.`builtin`, `system`.`session`, `{catalog}`.`{database}`]"))
        .at(origin)
}
