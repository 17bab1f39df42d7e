//! `luhn_check(str)`: is the last digit of a number the check digit of the others.

use arrow::datatypes::DataType;
use floe_base::Result;

use super::_text::text;
use crate::rows::{self, Texts};
use crate::{Call, Function, Typed};

pub(crate) const FUNCTIONS: &[Function] =
    &[Function::scalar("luhn_check", bind)
        .usage("luhn_check(str) - Returns true where the digits pass the Luhn check.")];

fn bind(call: &Call<'_>) -> Result<Typed> {
    let [_] = call.exactly()?;
    let value = text(call, 0)?;
    Ok(call.kernel("", vec![value], DataType::Boolean, true, |arguments| {
        let values = Texts::of(arguments, 0)?;
        rows::booleans(arguments, |row| Ok(values.at(row).map(passes)))
    }))
}

fn passes(number: &str) -> bool {
    let mut sum = 0;
    for (place, byte) in number.bytes().rev().enumerate() {
        if !byte.is_ascii_digit() {
            return false;
        }
        let digit = u32::from(byte - b'0');
        let doubled = if place % 2 == 1 { digit * 2 } else { digit };
        sum += if doubled > 9 { doubled - 9 } else { doubled };
    }
    !number.is_empty() && sum % 10 == 0
}
