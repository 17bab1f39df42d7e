//! `split_part(str, delimiter, partNum)`: one part of text between delimiters, counted from 1 or from the end.

use arrow::datatypes::DataType;
use floe_base::error::Kind;
use floe_base::{Error, Result};

use super::_text::{int, text};
use crate::rows::{self, Ints, Texts};
use crate::{Call, Function, Typed};

pub(crate) const FUNCTIONS: &[Function] = &[Function::scalar("split_part", bind)
    .usage("split_part(str, delimiter, partNum) - Returns the part of that number, empty where there is none.")];

fn bind(call: &Call<'_>) -> Result<Typed> {
    let [_, _, _] = call.exactly()?;
    let arguments = vec![text(call, 0)?, text(call, 1)?, int(call, 2)?];
    Ok(call.raising("", arguments, DataType::Utf8, true, |arguments| {
        let (values, delimiters) = (Texts::of(arguments, 0)?, Texts::of(arguments, 1)?);
        let numbers = Ints::of(arguments, 2)?;
        rows::texts(arguments, |row, out| {
            let (Some(value), Some(delimiter), Some(number)) = (values.at(row), delimiters.at(row), numbers.at(row))
            else {
                return Ok(false);
            };
            if number == 0 {
                return Err(Error::new(Kind::Runtime, "INVALID_INDEX_OF_ZERO"));
            }
            out.push_str(part(value, delimiter, number));
            Ok(true)
        })
    }))
}

fn part<'a>(value: &'a str, delimiter: &str, number: i32) -> &'a str {
    let nth = usize::try_from(number.unsigned_abs() - 1).unwrap_or(usize::MAX);
    if delimiter.is_empty() {
        return if nth == 0 { value } else { "" };
    }
    if number > 0 { value.split(delimiter).nth(nth) } else { value.rsplit(delimiter).nth(nth) }.unwrap_or_default()
}
