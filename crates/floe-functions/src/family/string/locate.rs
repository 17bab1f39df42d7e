//! `locate(substr, str[, pos])` and `instr(str, substr)`: where text stands in text, from 1; 0 when it does not.

use arrow::datatypes::{DataType, Int32Type};
use datafusion::scalar::ScalarValue;
use floe_base::Result;

use super::_text::{characters, int, nullable, offset, text};
use crate::rows::{self, Ints, Texts};
use crate::{Call, Function, Typed};

pub(crate) const FUNCTIONS: &[Function] = &[
    Function::scalar("locate", locate).aliases(&["position"]).usage(
        "locate(substr, str[, pos]) - Returns the place of substr in str at or after pos, 0 when it is not there.",
    ),
    Function::scalar("instr", instr)
        .usage("instr(str, substr) - Returns the place of substr in str, 0 when it is not there."),
];

fn locate(call: &Call<'_>) -> Result<Typed> {
    call.between(2, 3)?;
    let start = match call.arguments.len() {
        2 => Typed::constant(ScalarValue::from(1)),
        _ => int(call, 2)?,
    };
    bind(call, text(call, 1)?, text(call, 0)?, start)
}

fn instr(call: &Call<'_>) -> Result<Typed> {
    let [_, _] = call.exactly()?;
    bind(call, text(call, 0)?, text(call, 1)?, Typed::constant(ScalarValue::from(1)))
}

/// A NULL start counts as 0, which finds nothing (Spark 4.1 `StringLocate.eval`).
fn bind(call: &Call<'_>, value: Typed, part: Typed, start: Typed) -> Result<Typed> {
    let nullable = nullable(&[&value, &part]);
    Ok(call.kernel("", vec![value, part, start], DataType::Int32, nullable, |arguments| {
        let (values, parts) = (Texts::of(arguments, 0)?, Texts::of(arguments, 1)?);
        let starts = Ints::of(arguments, 2)?;
        rows::numbers::<Int32Type>(arguments, |row| {
            let Some(start) = starts.at(row) else { return Ok(Some(0)) };
            let (Some(value), Some(part)) = (values.at(row), parts.at(row)) else { return Ok(None) };
            Ok(Some(place(value, part, start)))
        })
    }))
}

fn place(value: &str, part: &str, start: i32) -> i32 {
    let Some(skipped) = usize::try_from(start).ok().and_then(|start| start.checked_sub(1)) else { return 0 };
    if part.is_empty() {
        return 1;
    }
    let from = offset(value, skipped);
    let found = value
        .get(from..)
        .and_then(|rest| rest.find(part))
        .map(|at| characters(value.get(..from + at).unwrap_or_default()));
    found.map_or(0, |before| i32::try_from(before + 1).unwrap_or(i32::MAX))
}
