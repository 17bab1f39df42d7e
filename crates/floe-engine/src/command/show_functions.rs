//! `SHOW FUNCTIONS`: the built-in ones, by name.

use floe_base::Result;

use super::cells::{matches, texts, told};
use crate::Execution;

pub(super) fn run(scope: Option<&str>, _schema: Option<Vec<String>>, pattern: Option<&str>) -> Result<Execution> {
    let built_in = scope.is_none_or(|scope| !scope.eq_ignore_ascii_case("user"));
    let names = if built_in { names(pattern) } else { Vec::new() };
    told(vec![("function", false, texts(names))])
}

/// Names and aliases, sorted.
pub(super) fn names(pattern: Option<&str>) -> Vec<&'static str> {
    let all = floe_functions::all()
        .flat_map(|(_, function)| std::iter::once(function.name).chain(function.aliases.iter().copied()));
    let mut names: Vec<&str> = all.filter(|name| matches(pattern, name)).collect();
    names.sort_unstable();
    names.dedup();
    names
}
