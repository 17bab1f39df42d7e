//! What the people in charge want: the server's settings and rules, the session's, the query's own.

use floe_base::id::BackendId;
use floe_base::settings::RouteRule;
use floe_base::{Error, Kind, Result};

/// A route asked for, and who asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wish {
    pub backend: BackendId,
    /// `hint`, `tag`, `conf floe.route`, `route 2 of floe.toml`, `setting route`: printed in the reasons.
    pub asked_by: String,
}

/// The rules of one decision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    /// Routes asked for, strongest first; the first one counts.
    pub wishes: Vec<Wish>,
    /// Bytes a query may scan in process before a larger engine is wanted.
    pub local_max_bytes: u64,
}

/// What a rule may look at.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Subject<'a> {
    /// The tables the statement reads or writes: catalog, schemas and name, with dots between.
    pub tables: Vec<String>,
    pub user: &'a str,
    pub tags: &'a [String],
    /// The dbt node it runs for, such as `model.shop.orders`.
    pub model: Option<&'a str>,
}

/// Reads a route's name; `auto` is no wish.
pub fn parse_wish(text: &str, asked_by: &str) -> Result<Option<Wish>> {
    if text.trim().eq_ignore_ascii_case("auto") {
        return Ok(None);
    }
    let names = BackendId::ALL.map(BackendId::name).join(", ");
    let unknown = || {
        let text = format!("no route is called `{text}`; there are auto, {names}");
        Error::message(Kind::IllegalArgument, text)
    };
    let backend = BackendId::parse(text.trim()).ok_or_else(unknown)?;
    Ok(Some(Wish { backend, asked_by: asked_by.into() }))
}

/// What the first rule that matches wants; nothing where it says `auto`.
pub fn ruled(rules: &[RouteRule], subject: &Subject<'_>) -> Option<Wish> {
    let rule = rules.iter().find(|rule| is_met(rule, subject))?;
    Some(Wish { backend: rule.backend?, asked_by: rule.to_string() })
}

/// True when everything that a rule gives matches; of the tables one is enough.
fn is_met(rule: &RouteRule, subject: &Subject<'_>) -> bool {
    let met = |pattern: &Option<String>, matches: &dyn Fn(&str) -> bool| pattern.as_deref().is_none_or(matches);
    let schemas = || subject.tables.iter().filter_map(|table| table.rsplit_once('.').map(|(schema, _)| schema));
    met(&rule.table, &|pattern| subject.tables.iter().any(|table| names(pattern, table)))
        && met(&rule.schema, &|pattern| schemas().any(|schema| names(pattern, schema)))
        && met(&rule.user, &|pattern| is_like(pattern, subject.user))
        && met(&rule.tag, &|pattern| subject.tags.iter().any(|tag| is_like(pattern, tag)))
        && met(&rule.model, &|pattern| subject.model.is_some_and(|model| names(pattern, model)))
}

/// True when a pattern is for a name of several parts: for all of it, or for its last parts.
fn names(pattern: &str, name: &str) -> bool {
    let ends = name.match_indices('.').map(|(at, _)| &name[at + 1..]);
    std::iter::once(name).chain(ends).any(|name| is_like(pattern, name))
}

/// True when the text is the pattern's, in which `*` stands for any letters, dots among them. Case does not count, as
/// in Spark's names.
fn is_like(pattern: &str, text: &str) -> bool {
    let (pattern, text) = (pattern.trim().to_lowercase(), text.to_lowercase());
    let mut pieces = pattern.split('*');
    let Some(mut rest) = text.strip_prefix(pieces.next().unwrap_or_default()) else { return false };
    let mut pieces: Vec<&str> = pieces.collect();
    let Some(last) = pieces.pop() else { return rest.is_empty() };
    for piece in pieces {
        match rest.find(piece) {
            Some(at) => rest = &rest[at + piece.len()..],
            None => return false,
        }
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn subject(tables: &[&str]) -> Subject<'static> {
        let tables = tables.iter().map(|table| (*table).to_string()).collect();
        Subject { tables, user: "ann", tags: &[], model: Some("model.shop.big_orders") }
    }

    fn rule(number: usize, backend: Option<BackendId>) -> RouteRule {
        RouteRule { number, file: "floe.toml".into(), backend, ..RouteRule::default() }
    }

    #[test]
    fn stars_stand_for_any_letters_and_case_does_not_count() {
        for (pattern, text) in
            [("*", ""), ("a*", "A.b"), ("*.Orders", "lake.sales.orders"), ("a*b*c", "a1b2bc"), ("x", "X")]
        {
            assert!(is_like(pattern, text), "{pattern} {text}");
        }
        for (pattern, text) in [("", "a"), ("a", "ab"), ("a*b", "ba"), ("ab*b", "ab"), ("*x*", "aby")] {
            assert!(!is_like(pattern, text), "{pattern} {text}");
        }
    }

    #[test]
    fn a_name_may_be_given_by_its_last_parts() {
        assert!(names("sales.orders", "lake.sales.orders") && names("orders", "lake.sales.orders"));
        assert!(!names("sales", "lake.sales.orders") && !names("ders", "lake.sales.orders"));
    }

    #[test]
    fn all_that_is_given_must_match_and_one_table_is_enough() {
        let both = RouteRule { table: Some("lake.sales.*".into()), user: Some("ann".into()), ..rule(1, None) };
        assert!(is_met(&both, &subject(&["duck.main.t", "lake.sales.orders"])));
        assert!(!is_met(&RouteRule { user: Some("bob".into()), ..both.clone() }, &subject(&["lake.sales.orders"])));
        assert!(!is_met(&both, &subject(&["lake.hr.staff"])));
        let schema = RouteRule { schema: Some("sales".into()), ..rule(1, None) };
        assert!(is_met(&schema, &subject(&["lake.sales.orders"])) && !is_met(&schema, &subject(&["lake.hr.sales"])));
        let tags = ["nightly".to_string()];
        let tagged = RouteRule { tag: Some("night*".into()), ..rule(1, None) };
        assert!(is_met(&tagged, &Subject { tags: &tags, ..subject(&[]) }) && !is_met(&tagged, &subject(&[])));
        let model = RouteRule { model: Some("big_*".into()), ..rule(1, None) };
        assert!(is_met(&model, &subject(&[])) && !is_met(&model, &Subject { model: None, ..subject(&[]) }));
    }

    #[test]
    fn the_first_rule_that_matches_counts_and_auto_ends_the_search() {
        let bob = RouteRule { user: Some("bob".into()), ..rule(1, Some(BackendId::Spark)) };
        let rules = [bob.clone(), rule(2, Some(BackendId::DuckDb)), rule(3, Some(BackendId::Spark))];
        let wish = ruled(&rules, &subject(&[]));
        assert_eq!(wish, Some(Wish { backend: BackendId::DuckDb, asked_by: "route 2 of floe.toml".into() }));
        assert_eq!(ruled(&[rule(1, None), rule(2, Some(BackendId::DuckDb))], &subject(&[])), None);
        assert_eq!(ruled(&[bob], &subject(&[])), None);
    }
}
