//! `mask(input[, upperChar[, lowerChar[, digitChar[, otherChar]]]])`: characters by others of their class.

use arrow::datatypes::DataType;
use datafusion::scalar::ScalarValue;
use floe_base::{Error, Result};

use super::_text::text_only;
use crate::rows::{self, Texts};
use crate::{Call, Function, Typed};

pub(crate) const FUNCTIONS: &[Function] = &[Function::scalar("mask", bind).usage(
    "mask(input[, upperChar[, lowerChar[, digitChar[, otherChar]]]]) - Replaces letters and digits (X, x, n); NULL keeps a class.",
)];

fn bind(call: &Call<'_>) -> Result<Typed> {
    const DEFAULTS: [(&str, Option<&str>); 4] =
        [("upperChar", Some("X")), ("lowerChar", Some("x")), ("digitChar", Some("n")), ("otherChar", None)];
    call.between(1, 5)?;
    let mut arguments = vec![text_only(call, 0)?];
    for (index, (name, default)) in DEFAULTS.into_iter().enumerate() {
        let by = match call.arguments.len() > index + 1 {
            true => text_only(call, index + 1)?,
            false => Typed::constant(ScalarValue::from(default)),
        };
        check(call, name, index + 1, &by)?;
        arguments.push(by);
    }
    Ok(call.kernel("", arguments, DataType::Utf8, true, |arguments| {
        let values = Texts::of(arguments, 0)?;
        let by = (1..5).map(|index| Texts::of(arguments, index)).collect::<Result<Vec<_>>>()?;
        rows::texts(arguments, |row, out| {
            let Some(value) = values.at(row) else { return Ok(false) };
            let by = |class: usize| by.get(class).and_then(|column| column.at(row)).and_then(|by| by.chars().next());
            let by = [by(0), by(1), by(2), by(3)];
            out.extend(value.chars().map(|letter| masked(letter, by)));
            Ok(true)
        })
    }))
}

fn masked(letter: char, [upper, lower, digit, other]: [Option<char>; 4]) -> char {
    let by = match letter {
        letter if letter.is_uppercase() => upper,
        letter if letter.is_lowercase() => lower,
        letter if letter.is_numeric() => digit,
        _ => other,
    };
    by.unwrap_or(letter)
}

/// Spark 4.1: a replacement is a constant of one character, or NULL.
fn check(call: &Call<'_>, name: &str, index: usize, by: &Typed) -> Result<()> {
    let condition = match by.literal() {
        Some(ScalarValue::Utf8(Some(by))) if by.chars().count() != 1 => "INPUT_SIZE_NOT_ONE",
        Some(_) => return Ok(()),
        None => "NON_FOLDABLE_INPUT",
    };
    Err(Error::analysis(format!("DATATYPE_MISMATCH.{condition}"))
        .with("sqlExpr", format!("\"{}\"", (call.text)(None)))
        .with("exprName", name)
        .with("inputName", format!("`{name}`"))
        .with("inputType", "\"STRING\"")
        .with("inputExpr", format!("\"{}\"", (call.text)(Some(index))))
        .at(call.origin))
}
