//! `slice(array, start, length)`: a part of an array, from 1 or, negative, from the end.

use arrow::datatypes::DataType;
use floe_base::error::Kind;
use floe_base::{Error, Result};

use super::_list::{Gather, list};
use crate::family::string::_text::int;
use crate::rows::{self, Ints, Lists};
use crate::{Call, Function, Typed};

pub(crate) const FUNCTIONS: &[Function] = &[Function::scalar("slice", bind)
    .usage("slice(array, start, length) - Returns length elements from start (from 1; negative: from the end).")];

fn bind(call: &Call<'_>) -> Result<Typed> {
    let [_, _, _] = call.exactly()?;
    let (array, element) = list(call, 0)?;
    let (start, length) = (int(call, 1)?, int(call, 2)?);
    let nullable = array.nullable || start.nullable || length.nullable;
    Ok(call.raising("", vec![array, start, length], DataType::List(element.clone()), nullable, move |arguments| {
        let lists = Lists::of(arguments, 0)?;
        let (starts, lengths) = (Ints::of(arguments, 1)?, Ints::of(arguments, 2)?);
        let rows = rows::count(arguments);
        let mut gather = Gather::new(vec![lists.array.values().clone()], rows);
        for row in 0..rows {
            let (Some(range), Some(start), Some(length)) = (lists.range(row), starts.at(row), lengths.at(row)) else {
                gather.end_row(false)?;
                continue;
            };
            if start == 0 {
                return Err(invalid("START", "start", start));
            }
            let length = usize::try_from(length).map_err(|_| invalid("LENGTH", "length", length))?;
            let distance = usize::try_from(start.unsigned_abs()).unwrap_or(usize::MAX);
            let first = if start > 0 { Some(distance - 1) } else { range.len().checked_sub(distance) };
            if let Some(first) = first.filter(|first| *first < range.len()) {
                let from = range.start + first;
                gather.pick_all(0, from..from.saturating_add(length).min(range.end));
            }
            gather.end_row(true)?;
        }
        rows::finish(arguments, gather.finish(&element)?)
    }))
}

/// Spark 4.1 `INVALID_PARAMETER_VALUE.START` and `.LENGTH`.
fn invalid(condition: &str, parameter: &str, value: i32) -> Error {
    Error::new(Kind::Runtime, format!("INVALID_PARAMETER_VALUE.{condition}"))
        .with("parameter", format!("`{parameter}`"))
        .with(parameter, value.to_string())
        .with("functionName", "`slice`")
}
