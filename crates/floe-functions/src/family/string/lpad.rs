//! `lpad` and `rpad`: text or binary filled up, or cut, to a length.

use arrow::datatypes::DataType;
use datafusion::scalar::ScalarValue;
use floe_base::Result;

use super::_text::{characters, int, nullable, offset, text, text_or_binary};
use crate::rows::{self, Binaries, Ints, Texts};
use crate::{Call, Function, Typed};

pub(crate) const FUNCTIONS: &[Function] = &[
    Function::scalar("lpad", left)
        .usage("lpad(str, len[, pad]) - Fills the text with pad on the left, or cuts it, to len."),
    Function::scalar("rpad", right)
        .usage("rpad(str, len[, pad]) - Fills the text with pad on the right, or cuts it, to len."),
];

fn left(call: &Call<'_>) -> Result<Typed> {
    bind(call, true)
}

fn right(call: &Call<'_>) -> Result<Typed> {
    bind(call, false)
}

fn bind(call: &Call<'_>, on_left: bool) -> Result<Typed> {
    call.between(2, 3)?;
    let value = text_or_binary(call, 0)?;
    let binary = value.data_type == DataType::Binary
        && call.arguments.get(2).is_none_or(|pad| pad.data_type == DataType::Binary);
    let value = if binary { value } else { text(call, 0)? };
    let length = int(call, 1)?;
    let pad = match (call.arguments.get(2), binary) {
        (Some(pad), true) => pad.clone(),
        (Some(_), false) => text(call, 2)?,
        (None, true) => Typed::constant(ScalarValue::Binary(Some(vec![0]))),
        (None, false) => Typed::constant(ScalarValue::from(" ")),
    };
    let nullable = nullable(&[&value, &length, &pad]);
    let data_type = value.data_type.clone();
    Ok(call.kernel("", vec![value, length, pad], data_type, nullable, move |arguments| {
        let lengths = Ints::of(arguments, 1)?;
        let length = |row| lengths.at(row).map(|length| usize::try_from(length).unwrap_or(0));
        if binary {
            let (values, pads) = (Binaries::of(arguments, 0)?, Binaries::of(arguments, 2)?);
            return rows::binaries(arguments, |row, out| {
                let (Some(value), Some(length), Some(pad)) = (values.at(row), length(row), pads.at(row)) else {
                    return Ok(false);
                };
                let fill = pad.iter().copied().cycle().take(length.saturating_sub(value.len()));
                let kept = value.iter().copied().take(length);
                if on_left {
                    out.extend(fill.chain(kept))
                } else {
                    out.extend(kept.chain(fill))
                }
                Ok(true)
            });
        }
        let (values, pads) = (Texts::of(arguments, 0)?, Texts::of(arguments, 2)?);
        rows::texts(arguments, |row, out| {
            let (Some(value), Some(length), Some(pad)) = (values.at(row), length(row), pads.at(row)) else {
                return Ok(false);
            };
            let missing = length.saturating_sub(characters(value));
            let kept = value.get(..offset(value, length)).unwrap_or(value);
            if on_left {
                out.extend(pad.chars().cycle().take(missing));
            }
            out.push_str(kept);
            if !on_left {
                out.extend(pad.chars().cycle().take(missing));
            }
            Ok(true)
        })
    }))
}
