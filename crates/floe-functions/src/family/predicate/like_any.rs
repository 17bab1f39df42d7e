//! `like_any`, `like_all` and their kin: a text against several patterns.

use datafusion::scalar::ScalarValue;
use floe_base::Result;

use super::_like::{matches, texts};
use crate::{Call, Function, Typed, condition};

pub(crate) const FUNCTIONS: &[Function] = &[
    Function::scalar("like_any", bind).usage("str like any (pattern, ...) - Returns true if str matches any pattern."),
    Function::scalar("like_all", bind).usage("str like all (pattern, ...) - Returns true if str matches all patterns."),
    Function::scalar("not_like_any", bind)
        .usage("str not like any (pattern, ...) - Returns true if str does not match some pattern."),
    Function::scalar("not_like_all", bind)
        .usage("str not like all (pattern, ...) - Returns true if str matches no pattern."),
    Function::scalar("ilike_any", bind).usage("str ilike any (pattern, ...) - like_any in any case."),
    Function::scalar("ilike_all", bind).usage("str ilike all (pattern, ...) - like_all in any case."),
    Function::scalar("not_ilike_any", bind).usage("str not ilike any (pattern, ...) - not_like_any in any case."),
    Function::scalar("not_ilike_all", bind).usage("str not ilike all (pattern, ...) - not_like_all in any case."),
];

fn bind(call: &Call<'_>) -> Result<Typed> {
    call.at_least(2)?;
    let negated = call.name.starts_with("not_");
    let insensitive = call.name.contains("ilike");
    let value = call.argument(0)?;
    let mut results = Vec::with_capacity(call.arguments.len());
    for (index, pattern) in call.arguments.iter().enumerate().skip(1) {
        let (text, pattern) = texts(call, value.clone(), pattern.clone(), index)?;
        let matched = matches(call, text, pattern, '\\', insensitive)?;
        results.push(if negated { condition::not(matched) } else { matched });
    }
    // Spark 4.1 declares these nullable where every pattern is a constant text, and writes them out as LIKEs elsewhere.
    let constant = |pattern: &Typed| matches!(pattern.literal(), Some(ScalarValue::Utf8(Some(_))));
    let all_constant = call.arguments.iter().skip(1).all(constant);
    let found = if call.name.ends_with("_any") { condition::any(results) } else { condition::all(results) };
    Ok(found.or_null_if(all_constant))
}
