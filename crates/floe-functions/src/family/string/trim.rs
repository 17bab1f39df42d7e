//! `trim`, `ltrim`, `rtrim`, `btrim`: text without the given characters (spaces) at its ends.
//!
//! The text is the first argument and the characters the second for `btrim` and for `trim` as SQL's `TRIM(x FROM y)` is
//! lowered; `ltrim` and `rtrim` as functions take the characters first (Spark 4.1: `ltrim('xya', 'yx')` trims the
//! characters of its first argument).

use arrow::datatypes::DataType;
use datafusion::scalar::ScalarValue;
use floe_base::Result;

use super::_text::{nullable, text};
use crate::rows::{self, Texts};
use crate::{Call, Function, Typed};

pub(crate) const FUNCTIONS: &[Function] = &[
    Function::scalar("trim", both)
        .usage("trim([trimStr, ]str) - Removes spaces, or the characters of trimStr, at both ends."),
    Function::scalar("ltrim", left)
        .usage("ltrim([trimStr, ]str) - Removes spaces, or the characters of trimStr, at the start."),
    Function::scalar("rtrim", right)
        .usage("rtrim([trimStr, ]str) - Removes spaces, or the characters of trimStr, at the end."),
    Function::scalar("btrim", btrim)
        .usage("btrim(str[, trimStr]) - Removes spaces, or the characters of trimStr, at both ends."),
];

fn both(call: &Call<'_>) -> Result<Typed> {
    bind(call, Order::CharactersFirst, |text, set| text.trim_matches(set))
}

fn left(call: &Call<'_>) -> Result<Typed> {
    bind(call, Order::CharactersFirst, |text, set| text.trim_start_matches(set))
}

fn right(call: &Call<'_>) -> Result<Typed> {
    bind(call, Order::CharactersFirst, |text, set| text.trim_end_matches(set))
}

fn btrim(call: &Call<'_>) -> Result<Typed> {
    bind(call, Order::TextFirst, |text, set| text.trim_matches(set))
}

#[derive(PartialEq)]
enum Order {
    CharactersFirst,
    TextFirst,
}

/// `trim_matches` and its like, over a set of characters.
type Trim = for<'a, 'b> fn(&'a str, &'b [char]) -> &'a str;

fn bind(call: &Call<'_>, order: Order, trim: Trim) -> Result<Typed> {
    call.between(1, 2)?;
    let (value, characters) = match (call.arguments.len(), order) {
        (1, _) => (text(call, 0)?, Typed::constant(ScalarValue::from(" "))),
        (_, Order::TextFirst) => (text(call, 0)?, text(call, 1)?),
        (_, Order::CharactersFirst) => (text(call, 1)?, text(call, 0)?),
    };
    let nullable = nullable(&[&value, &characters]);
    Ok(call.kernel("", vec![value, characters], DataType::Utf8, nullable, move |arguments| {
        let (values, sets) = (Texts::of(arguments, 0)?, Texts::of(arguments, 1)?);
        let constant = if sets.constant { sets.at(0).unwrap_or_default() } else { "" };
        let mut set: Vec<char> = constant.chars().collect();
        rows::texts(arguments, |row, out| {
            let (Some(value), Some(characters)) = (values.at(row), sets.at(row)) else { return Ok(false) };
            if !sets.constant {
                set.clear();
                set.extend(characters.chars());
            }
            out.push_str(trim(value, &set));
            Ok(true)
        })
    }))
}
