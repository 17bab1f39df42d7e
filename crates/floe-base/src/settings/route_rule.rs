//! `[[route]]` in `floe.toml`: the rules by which the server sends statements somewhere, as they were written.
//!
//! Which rule a statement falls under is `floe-route`'s business (`policy.rs`).

use std::fmt;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::error::{Error, Kind, Result};
use crate::id::BackendId;

const KEYS: &str = "schema, table, user, tag, model, backend";

/// One `[[route]]`. All that is given must match; a rule that gives nothing matches every statement.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RouteRule {
    /// Its place in the file, from 1.
    pub number: usize,
    pub file: String,
    pub schema: Option<String>,
    pub table: Option<String>,
    pub user: Option<String>,
    pub tag: Option<String>,
    pub model: Option<String>,
    /// `None`: `auto`, which keeps a statement from the rules below.
    pub backend: Option<BackendId>,
}

/// As people are told of it.
impl fmt::Display for RouteRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "route {} of {}", self.number, self.file)
    }
}

/// The rules of a file's text.
///
/// # Errors
/// With file and line: a key or a backend that nobody knows, a value that is no text, a rule without a backend.
pub(crate) fn read(file: &str, text: &str) -> Result<Vec<RouteRule>> {
    let at = |from: usize| text.get(..from).unwrap_or_default().matches('\n').count() + 1;
    let refused =
        |from: usize, what: String| Error::message(Kind::IllegalArgument, format!("{file}: line {}: {what}", at(from)));
    let table = DeTable::parse(text).map_err(|error| refused(0, error.message().to_string()))?;
    let found = table.get_ref().iter().find(|(key, _)| key.get_ref() == "route");
    let Some(DeValue::Array(tables)) = found.map(|(_, value)| value.get_ref()) else { return Ok(Vec::new()) };
    let rules = tables.iter().enumerate().map(|(at, table)| {
        let rule = RouteRule { number: at + 1, file: short(file), ..RouteRule::default() };
        one(rule, table, &refused)
    });
    rules.collect()
}

fn one(
    mut rule: RouteRule,
    table: &Spanned<DeValue<'_>>,
    refused: &impl Fn(usize, String) -> Error,
) -> Result<RouteRule> {
    let DeValue::Table(entries) = table.get_ref() else {
        return Err(refused(table.span().start, format!("{rule} must be a table of {KEYS}")));
    };
    let mut has_backend = false;
    for (key, value) in entries {
        let (from, key) = (key.span().start, key.get_ref().as_ref());
        let slot = match key {
            "schema" => Some(&mut rule.schema),
            "table" => Some(&mut rule.table),
            "user" => Some(&mut rule.user),
            "tag" => Some(&mut rule.tag),
            "model" => Some(&mut rule.model),
            "backend" => None,
            other => return Err(refused(from, format!("{rule} has no key `{other}`; it may have {KEYS}"))),
        };
        let Some(text) = value.get_ref().as_str() else {
            return Err(refused(from, format!("`{key}` of a route must be a text")));
        };
        match slot {
            Some(slot) => *slot = Some(text.into()),
            None => {
                has_backend = true;
                rule.backend = backend(text).map_err(|what| refused(from, format!("{rule}: {what}")))?;
            }
        }
    }
    if has_backend { Ok(rule) } else { Err(refused(table.span().start, format!("{rule} lacks its backend"))) }
}

fn backend(text: &str) -> std::result::Result<Option<BackendId>, String> {
    if text.eq_ignore_ascii_case("auto") {
        return Ok(None);
    }
    let names = BackendId::ALL.map(BackendId::name).join(", ");
    BackendId::parse(text).map(Some).ok_or_else(|| format!("no backend is called `{text}`; there are auto, {names}"))
}

/// A file's name without its folder.
fn short(file: &str) -> String {
    let name = std::path::Path::new(file).file_name();
    name.map_or_else(|| file.to_string(), |name| name.to_string_lossy().into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_keep_their_order_and_know_their_place() -> Result<()> {
        let text = "port = 1\n[[route]]\ntable = \"lake.*.orders\"\nuser = \"ann\"\nbackend = \"DuckDB\"\n\
                    [[route]]\nbackend = \"auto\"\n";
        let rules = read("/etc/floe.toml", text)?;
        assert_eq!(rules.len(), 2);
        assert_eq!(rules[0].table.as_deref(), Some("lake.*.orders"));
        assert_eq!((rules[0].backend, rules[1].backend), (Some(BackendId::DuckDb), None));
        assert_eq!(rules[1].to_string(), "route 2 of floe.toml");
        Ok(())
    }

    #[test]
    fn mistakes_are_told_with_their_line_and_what_would_be_allowed() {
        for (rule, wanted) in [
            (
                "tabel = \"a\"\nbackend = \"duckdb\"",
                "f.toml: line 3: route 1 of f.toml has no key `tabel`; it may have schema, table",
            ),
            (
                "tag = \"a\"\nbackend = \"duck\"",
                "f.toml: line 4: route 1 of f.toml: no backend is called `duck`; there are auto, datafusion",
            ),
            ("user = 7\nbackend = \"duckdb\"", "f.toml: line 3: `user` of a route must be a text"),
            ("user = \"ann\"", "line 2: route 1 of f.toml lacks its backend"),
        ] {
            let error = read("f.toml", &format!("\n[[route]]\n{rule}\n")).expect_err(rule).to_string();
            assert!(error.contains(wanted), "{error}");
        }
    }
}
