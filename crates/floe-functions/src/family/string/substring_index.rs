//! `substring_index(str, delim, count)`: the text before the count-th delimiter, from either end.

use arrow::datatypes::DataType;
use floe_base::Result;

use super::_text::{int, nullable, text};
use crate::rows::{self, Ints, Texts};
use crate::{Call, Function, Typed};

pub(crate) const FUNCTIONS: &[Function] = &[Function::scalar("substring_index", bind).usage(
    "substring_index(str, delim, count) - Returns what stands before the count-th delim (negative: after it, from the right).",
)];

fn bind(call: &Call<'_>) -> Result<Typed> {
    let [_, _, _] = call.exactly()?;
    let arguments = [text(call, 0)?, text(call, 1)?, int(call, 2)?];
    let nullable = nullable(&arguments.each_ref());
    Ok(call.kernel("", arguments.into(), DataType::Utf8, nullable, |arguments| {
        let (values, delimiters) = (Texts::of(arguments, 0)?, Texts::of(arguments, 1)?);
        let counts = Ints::of(arguments, 2)?;
        rows::texts(arguments, |row, out| {
            let (Some(value), Some(delimiter), Some(count)) = (values.at(row), delimiters.at(row), counts.at(row))
            else {
                return Ok(false);
            };
            out.push_str(part(value, delimiter, count));
            Ok(true)
        })
    }))
}

/// Delimiters may overlap (Spark 4.1 `UTF8String.subStringIndex`): each search goes on one byte further.
fn part<'a>(value: &'a str, delimiter: &str, count: i32) -> &'a str {
    if delimiter.is_empty() || count == 0 {
        return "";
    }
    let (bytes, needle) = (value.as_bytes(), delimiter.as_bytes());
    let hit = |at: &usize| bytes.get(*at..).is_some_and(|rest| rest.starts_with(needle));
    let nth = usize::try_from(count.unsigned_abs() - 1).unwrap_or(usize::MAX);
    let found = if count > 0 {
        (0..bytes.len()).filter(hit).nth(nth).map(|at| 0..at)
    } else {
        (0..bytes.len()).rev().filter(hit).nth(nth).map(|at| at + needle.len()..bytes.len())
    };
    found.and_then(|range| value.get(range)).unwrap_or(value)
}
