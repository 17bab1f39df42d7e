//! `SHOW FUNCTIONS`: Spark's own and those of users, by name.

use floe_base::Result;
use floe_catalog::{FoundFunction, UserFunction};

use super::cells::{matches, texts, told};
use super::lookup::missing_schema;
use crate::{Execution, Session};

pub(super) async fn run(
    session: &Session,
    scope: Option<&str>,
    schema: Option<Vec<String>>,
    pattern: Option<&str>,
) -> Result<Execution> {
    let is = |wanted: &str| scope.is_some_and(|scope| scope.eq_ignore_ascii_case(wanted));
    let mut names: Vec<String> = Vec::new();
    if !is("user") {
        names.extend(built_in(pattern).into_iter().map(str::to_string));
    }
    if !is("system") {
        let found = of_users(session, &schema.unwrap_or_default(), pattern).await?;
        names.extend(found.into_iter().map(|found| found.name.join(".")));
    }
    names.sort_unstable();
    told(vec![("function", false, texts(names))])
}

/// Names and aliases, sorted.
pub(super) fn built_in(pattern: Option<&str>) -> Vec<&'static str> {
    let all = floe_functions::all()
        .flat_map(|(_, function)| std::iter::once(function.name).chain(function.aliases.iter().copied()));
    let mut names: Vec<&str> = all.filter(|name| matches(pattern, name)).collect();
    names.sort_unstable();
    names.dedup();
    names
}

/// The session's own, and those of a schema.
pub(super) async fn of_users(
    session: &Session,
    schema: &[String],
    pattern: Option<&str>,
) -> Result<Vec<FoundFunction>> {
    let (catalog, namespace) = session.locate_namespace(schema).await?;
    if catalog.namespace(&namespace).await?.is_none() {
        return Err(missing_schema(catalog.name(), &namespace));
    }
    let kept = |(name, function): (String, UserFunction)| {
        let place = std::iter::once(catalog.name().to_string()).chain(namespace.iter().cloned());
        FoundFunction { name: place.chain([name]).collect(), function, is_temporary: false }
    };
    let kept = catalog.functions(&namespace).await?.into_iter().map(kept);
    let is_meant = |found: &FoundFunction| found.name.last().is_some_and(|name| matches(pattern, name));
    Ok(session.temp_functions().into_iter().chain(kept).filter(is_meant).collect())
}
