//! `like` and `ilike`: whether a text matches a pattern of `%` and `_`.

use floe_base::Result;

use super::_like::{matches, texts};
use crate::{Call, Function, Typed};

pub(crate) const FUNCTIONS: &[Function] = &[
    Function::scalar("like", bind).usage(
        "str like pattern[ ESCAPE escape] - Returns true if str matches `pattern` with `escape`, null if any arguments \
         are null, false otherwise.",
    ),
    Function::scalar("ilike", bind).usage(
        "str ilike pattern[ ESCAPE escape] - Returns true if str matches `pattern` with `escape` case-insensitively, \
         null if any arguments are null, false otherwise.",
    ),
];

fn bind(call: &Call<'_>) -> Result<Typed> {
    call.between(2, 3)?;
    let escape = match call.arguments.get(2).and_then(Typed::literal) {
        Some(datafusion::scalar::ScalarValue::Utf8(Some(text))) => text.chars().next().unwrap_or('\\'),
        _ => '\\',
    };
    let (text, pattern) = texts(call, call.argument(0)?.clone(), call.argument(1)?.clone(), 1)?;
    matches(call, text, pattern, escape, call.name == "ilike")
}
