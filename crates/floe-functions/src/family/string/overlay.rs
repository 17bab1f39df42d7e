//! `overlay(input, replace, pos[, len])`: a part of text or binary by another.

use arrow::datatypes::DataType;
use datafusion::scalar::ScalarValue;
use floe_base::Result;

use super::_text::{characters, int, nullable, offset, substring_range, text, text_or_binary};
use crate::rows::{self, Binaries, Ints, Texts};
use crate::{Call, Function, Typed};

pub(crate) const FUNCTIONS: &[Function] = &[Function::scalar("overlay", bind).usage(
    "overlay(input, replace, pos[, len]) - Replaces len characters from pos on; by default as many as replace has.",
)];

fn bind(call: &Call<'_>) -> Result<Typed> {
    call.between(3, 4)?;
    let binary = [0, 1].iter().all(|index| call.arguments.get(*index).is_some_and(|a| a.data_type == DataType::Binary));
    let value = if binary { text_or_binary(call, 0)? } else { text(call, 0)? };
    let by = if binary { text_or_binary(call, 1)? } else { text(call, 1)? };
    let length = match call.arguments.len() {
        3 => Typed::constant(ScalarValue::from(-1)),
        _ => int(call, 3)?,
    };
    let arguments = [value, by, int(call, 2)?, length];
    let nullable = nullable(&arguments.each_ref());
    let data_type = if binary { DataType::Binary } else { DataType::Utf8 };
    Ok(call.kernel("", arguments.into(), data_type, nullable, move |arguments| {
        let (positions, lengths) = (Ints::of(arguments, 2)?, Ints::of(arguments, 3)?);
        if binary {
            let (values, bys) = (Binaries::of(arguments, 0)?, Binaries::of(arguments, 1)?);
            return rows::binaries(arguments, |row, out| {
                let (Some(value), Some(by), Some(position), Some(length)) =
                    (values.at(row), bys.at(row), positions.at(row), lengths.at(row))
                else {
                    return Ok(false);
                };
                let (head, tail) = ends(value.len(), by.len(), position, length);
                out.extend_from_slice(value.get(..head).unwrap_or_default());
                out.extend_from_slice(by);
                out.extend_from_slice(value.get(tail..).unwrap_or_default());
                Ok(true)
            });
        }
        let (values, bys) = (Texts::of(arguments, 0)?, Texts::of(arguments, 1)?);
        rows::texts(arguments, |row, out| {
            let (Some(value), Some(by), Some(position), Some(length)) =
                (values.at(row), bys.at(row), positions.at(row), lengths.at(row))
            else {
                return Ok(false);
            };
            let (head, tail) = ends(characters(value), characters(by), position, length);
            out.push_str(value.get(..offset(value, head)).unwrap_or_default());
            out.push_str(by);
            out.push_str(value.get(offset(value, tail)..).unwrap_or_default());
            Ok(true)
        })
    }))
}

/// Where the kept head ends and the kept tail starts: `substring(1, pos - 1)` and `substring(pos + length)`, with their
/// rules for positions before the start (Spark 4.1 `Overlay.calculate`).
fn ends(size: usize, by: usize, position: i32, length: i32) -> (usize, usize) {
    let length = if length >= 0 { length } else { i32::try_from(by).unwrap_or(i32::MAX) };
    let head = substring_range(size, 1, position.saturating_sub(1)).end;
    let tail = substring_range(size, position.saturating_add(length), i32::MAX).start;
    (head, tail)
}
