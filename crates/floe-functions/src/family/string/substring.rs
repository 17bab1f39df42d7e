//! `substring(str, pos[, len])` and `left(str, len)`: a part of text, or of binary.

use arrow::datatypes::DataType;
use datafusion::scalar::ScalarValue;
use floe_base::Result;
use floe_base::id::BackendId;

use super::_text::{characters, int, nullable, offset, substring_range, text_or_binary};
use crate::rows::{self, Binaries, Ints, Texts};
use crate::{Call, Function, Typed};

pub(crate) const FUNCTIONS: &[Function] = &[
    Function::scalar("substring", substring)
        .aliases(&["substr"])
        .usage("substring(str, pos[, len]) - Returns the part that starts at pos (from 1; negative: from the end)."),
    Function::scalar("left", left).usage("left(str, len) - Returns the first len characters."),
];

fn substring(call: &Call<'_>) -> Result<Typed> {
    call.between(2, 3)?;
    let start = int(call, 1)?;
    let count = match call.arguments.len() {
        2 => Typed::constant(ScalarValue::from(i32::MAX)),
        _ => int(call, 2)?,
    };
    bind(call, start, count)
}

fn left(call: &Call<'_>) -> Result<Typed> {
    let [_, _] = call.exactly()?;
    bind(call, Typed::constant(ScalarValue::from(1)), int(call, 1)?)
}

fn bind(call: &Call<'_>, start: Typed, count: Typed) -> Result<Typed> {
    let value = text_or_binary(call, 0)?;
    let nullable = nullable(&[&value, &start, &count]);
    let data_type = value.data_type.clone();
    let binary = data_type == DataType::Binary;
    let spelling = in_duckdb(&start, &count).filter(|_| !binary);
    let part = call.kernel("", vec![value, start, count], data_type, nullable, move |arguments| {
        let (starts, counts) = (Ints::of(arguments, 1)?, Ints::of(arguments, 2)?);
        if binary {
            let values = Binaries::of(arguments, 0)?;
            return rows::binaries(arguments, |row, out| {
                let (Some(value), Some(start), Some(count)) = (values.at(row), starts.at(row), counts.at(row)) else {
                    return Ok(false);
                };
                out.extend_from_slice(value.get(substring_range(value.len(), start, count)).unwrap_or_default());
                Ok(true)
            });
        }
        let values = Texts::of(arguments, 0)?;
        rows::texts(arguments, |row, out| {
            let (Some(value), Some(start), Some(count)) = (values.at(row), starts.at(row), counts.at(row)) else {
                return Ok(false);
            };
            out.push_str(part(value, start, count));
            Ok(true)
        })
    });
    Ok(match spelling {
        Some(text) => part.spelled(BackendId::DuckDb, text),
        None => part,
    })
}

/// Places from 1 on and counts from 0 on mean the same there; others do not.
fn in_duckdb(start: &Typed, count: &Typed) -> Option<&'static str> {
    let (Some(ScalarValue::Int32(Some(start))), Some(ScalarValue::Int32(Some(count)))) =
        (start.literal(), count.literal())
    else {
        return None;
    };
    (*start >= 1 && *count >= 0).then_some("substring({0}, {1}, {2})")
}

/// Counted from the start, the text's length in characters need not be known.
fn part(value: &str, start: i32, count: i32) -> &str {
    let length = if start < 0 { characters(value) } else { value.len() };
    let range = substring_range(length, start, count);
    let rest = value.get(offset(value, range.start)..).unwrap_or_default();
    rest.get(..offset(rest, range.len())).unwrap_or_default()
}
