//! `conv`: a number from one base to another, as Hive and Spark know it: 64 bits, signed where the base is negative.

use arrow::datatypes::DataType;
use floe_base::Result;

use crate::family::arithmetic::_number::arithmetic_overflow;
use crate::rows::{Ints, Texts, texts};
use crate::{Call, Function, Kernel, Typed};

pub(crate) const FUNCTIONS: &[Function] = &[Function::scalar("conv", bind)
    .usage("conv(num, from_base, to_base) - Convert `num` from `from_base` to `to_base`.")];

fn bind(call: &Call<'_>) -> Result<Typed> {
    let [_, _, _] = call.exactly()?;
    let operands = vec![
        call.coerced(0, &DataType::Utf8, "\"STRING\"")?,
        call.coerced(1, &DataType::Int32, "\"INT\"")?,
        call.coerced(2, &DataType::Int32, "\"INT\"")?,
    ];
    let ansi = call.context.ansi;
    let kernel = Kernel::new(call.name, format!("{ansi}"), DataType::Utf8, true, move |arguments| {
        let (numbers, from, to) = (Texts::of(arguments, 0)?, Ints::of(arguments, 1)?, Ints::of(arguments, 2)?);
        texts(arguments, |row, out| {
            let (Some(number), Some(from), Some(to)) = (numbers.at(row), from.at(row), to.at(row)) else {
                return Ok(false);
            };
            convert(number.trim_matches(' '), from, to, ansi, out)
        })
    });
    let kernel = kernel.at(call.origin);
    let kernel = if ansi { kernel.fallible() } else { kernel };
    Ok(kernel.call(operands))
}

/// False is NULL: a base there is not, or no text.
fn convert(number: &str, from: i32, to: i32, ansi: bool, out: &mut String) -> Result<bool> {
    let bases = 2..=36;
    let (Ok(base), Ok(to_base)) = (u32::try_from(from), u32::try_from(to.unsigned_abs())) else { return Ok(false) };
    if !bases.contains(&base) || !bases.contains(&to_base) || number.is_empty() {
        return Ok(false);
    }
    let negative = number.starts_with('-');
    let digits = number.strip_prefix('-').unwrap_or(number);
    let (mut value, mut overflowed) = (0u64, false);
    // Whatever is no digit of the base ends the number.
    for digit in digits.chars().map_while(|letter| letter.to_digit(base)) {
        let next = value.checked_mul(u64::from(base)).and_then(|value| value.checked_add(u64::from(digit)));
        match next {
            Some(next) => value = next,
            None => {
                overflowed = true;
                break;
            }
        }
    }
    if overflowed {
        if ansi {
            return Err(arithmetic_overflow("Overflow in function conv()", ""));
        }
        value = u64::MAX;
    }
    let mut sign = "";
    if negative && to > 0 && !overflowed {
        // The unsigned reading of a negative number; what is out of its range is the largest there is.
        value = if (value as i64) < 0 { u64::MAX } else { value.wrapping_neg() };
    }
    if to < 0 && !negative && (value as i64) < 0 {
        value = value.wrapping_neg();
        sign = "-";
    }
    if to < 0 && negative {
        sign = "-";
    }
    out.push_str(sign);
    write_in_base(value, to_base, out);
    Ok(true)
}

fn write_in_base(mut value: u64, base: u32, out: &mut String) {
    let mut digits = Vec::new();
    loop {
        let digit = (value % u64::from(base)) as u32;
        digits.push(char::from_digit(digit, base).unwrap_or('0').to_ascii_uppercase());
        value /= u64::from(base);
        if value == 0 {
            break;
        }
    }
    out.extend(digits.iter().rev());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn converts_as_spark_does() {
        let check = |number: &str, from, to, expected: Option<&str>| {
            let mut out = String::new();
            let found = convert(number, from, to, false, &mut out).is_ok_and(|found| found);
            assert_eq!(found.then_some(out.as_str()), expected, "{number}");
        };
        check("100", 2, 10, Some("4"));
        check("-10", 16, -10, Some("-16"));
        check("ff", 16, 10, Some("255"));
        check("9223372036854775808", 10, 16, Some("8000000000000000"));
        check("-1", 10, 16, Some("FFFFFFFFFFFFFFFF"));
        check("1x", 10, 16, Some("1"));
        check("", 10, 16, None);
        check("11", 1, 10, None);
        check("18446744073709551616", 10, 16, Some("FFFFFFFFFFFFFFFF"));
    }
}
