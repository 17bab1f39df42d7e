//! `format_number(expr, d)` and `format_number(expr, pattern)`: a number with grouped thousands, as Java's
//! `DecimalFormat` writes it in the US locale: rounded half to even on its exact value.

use arrow::array::{Array, ArrayRef, AsArray};
use arrow::datatypes::{DataType, Decimal128Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type};
use floe_base::{Error, Result};

use super::_text::text;
use crate::cast::decimal::Decimal;
use crate::family::array::_list::to;
use crate::rows::{self, Ints, Texts};
use crate::{Call, Function, Typed, coerce};

pub(crate) const FUNCTIONS: &[Function] = &[Function::scalar("format_number", bind).usage(
    "format_number(expr1, expr2) - Returns the number as #,###,###.##, rounded to expr2 places or by that pattern.",
)];

fn bind(call: &Call<'_>) -> Result<Typed> {
    let [value, format] = call.exactly()?;
    if !value.data_type.is_numeric() && value.data_type != DataType::Null {
        return Err(call.unexpected_type(0, "\"NUMERIC\""));
    }
    let value = if value.data_type == DataType::Null { to(call, value, &DataType::Float64)? } else { value };
    if format.data_type == DataType::Utf8 {
        let format = text(call, 1)?;
        return Ok(call.raising("pattern", vec![value, format], DataType::Utf8, true, |arguments| {
            let (values, formats) = (rows::any(arguments, 0)?, Texts::of(arguments, 1)?);
            let mut last: Option<(String, Pattern)> = None;
            rows::texts(arguments, |row, out| {
                let Some(format) = formats.at(row) else { return Ok(false) };
                if last.as_ref().is_none_or(|(known, _)| known != format) {
                    last = Some((format.into(), Pattern::parse(format)?));
                }
                let Some((_, pattern)) = &last else { return Ok(false) };
                write(&values.array, values.place(row), pattern, out)
            })
        }));
    }
    const REQUIRED: &str = "(\"INT\" or \"STRING\")";
    if !coerce::is_integral(&format.data_type) && format.data_type != DataType::Null {
        return Err(call.unexpected_type(1, REQUIRED));
    }
    let places = call.coerced(1, &DataType::Int32, REQUIRED)?;
    Ok(call.kernel("places", vec![value, places], DataType::Utf8, true, |arguments| {
        let (values, places) = (rows::any(arguments, 0)?, Ints::of(arguments, 1)?);
        rows::texts(arguments, |row, out| {
            let Some(Ok(places)) = places.at(row).map(usize::try_from) else { return Ok(false) };
            write(&values.array, values.place(row), &Pattern::of_places(places), out)
        })
    }))
}

/// The parts of a `DecimalFormat` pattern.
struct Pattern {
    positive: (String, String),
    negative: (String, String),
    whole_min: usize,
    places_min: usize,
    places_max: usize,
    /// Digits of a group; 0 is none.
    group: usize,
    /// 2 for per cent, 3 for per mille.
    shift: usize,
}

impl Pattern {
    fn of_places(places: usize) -> Self {
        let plain = (String::new(), String::new());
        let negative = ("-".into(), String::new());
        Self { positive: plain, negative, whole_min: 1, places_min: places, places_max: places, group: 3, shift: 0 }
    }

    /// An empty pattern is the default one without places (Spark 4.1 `FormatNumber`).
    fn parse(pattern: &str) -> Result<Self> {
        if pattern.is_empty() {
            return Ok(Self::of_places(0));
        }
        let (positive, negative) = match pattern.split_once(';') {
            Some((positive, negative)) => (positive, Some(negative)),
            None => (pattern, None),
        };
        if pattern.contains('\'') || pattern.contains('E') {
            return Err(Error::unsupported(format!("quotes and exponents in the number format '{pattern}'")));
        }
        let (before, number, after) = affixes(positive);
        let (whole, places) = number.split_once('.').unwrap_or((number, ""));
        let zeros = |text: &str| text.matches('0').count();
        let negative = match negative {
            Some(negative) => {
                let (before, _, after) = affixes(negative);
                (before.to_string(), after.to_string())
            }
            None => (format!("-{before}"), after.to_string()),
        };
        // Without any nought the digit next to the point is one: Java reads `#.##` as `0.##`.
        let is_bare = number.contains('.') && !number.contains('0');
        let shift = if positive.contains('%') {
            2
        } else if positive.contains('‰') {
            3
        } else {
            0
        };
        Ok(Self {
            positive: (before.to_string(), after.to_string()),
            negative,
            whole_min: zeros(whole) + usize::from(is_bare && !whole.is_empty()),
            places_min: zeros(places) + usize::from(is_bare && whole.is_empty()),
            places_max: places.matches(['0', '#']).count(),
            group: whole.rfind(',').map_or(0, |at| whole.len() - at - 1),
            shift,
        })
    }
}

/// What stands before the number, the number, and what stands after it.
fn affixes(pattern: &str) -> (&str, &str, &str) {
    let is_number = |letter: char| matches!(letter, '#' | '0' | ',' | '.');
    let start = pattern.find(is_number).unwrap_or(pattern.len());
    let end = pattern.rfind(is_number).map_or(start, |at| at + 1);
    (
        pattern.get(..start).unwrap_or_default(),
        pattern.get(start..end).unwrap_or_default(),
        pattern.get(end..).unwrap_or_default(),
    )
}

fn write(array: &ArrayRef, row: usize, pattern: &Pattern, out: &mut String) -> Result<bool> {
    if array.is_null(row) {
        return Ok(false);
    }
    let (negative, exact) = match array.data_type() {
        DataType::Int8 => whole(array.as_primitive::<Int8Type>().value(row).into()),
        DataType::Int16 => whole(array.as_primitive::<Int16Type>().value(row).into()),
        DataType::Int32 => whole(array.as_primitive::<Int32Type>().value(row).into()),
        DataType::Int64 => whole(array.as_primitive::<Int64Type>().value(row)),
        DataType::Decimal128(_, scale) => {
            let value = array.as_primitive::<Decimal128Type>().value(row);
            let text = Decimal::new(value, *scale).plain();
            (value < 0, text.trim_start_matches('-').to_string())
        }
        DataType::Float32 => real(array.as_primitive::<Float32Type>().value(row).into()),
        DataType::Float64 => real(array.as_primitive::<Float64Type>().value(row)),
        other => return Err(Error::internal(format!("format_number met {other}"))),
    };
    if exact == "NaN" {
        out.push_str("NaN");
        return Ok(true);
    }
    let (before, after) = if negative { &pattern.negative } else { &pattern.positive };
    out.push_str(before);
    match exact.as_str() {
        "inf" => out.push('∞'),
        exact => digits(exact, pattern, out),
    }
    out.push_str(after);
    Ok(true)
}

fn whole(value: i64) -> (bool, String) {
    (value < 0, value.unsigned_abs().to_string())
}

/// Every digit of the binary value: the longest has 1074 places, written out only where they are there.
fn real(value: f64) -> (bool, String) {
    if value.is_nan() {
        return (false, "NaN".into());
    }
    if value.is_infinite() {
        return (value < 0.0, "inf".into());
    }
    let text = format!("{:.1074}", value.abs());
    (value.is_sign_negative(), text.trim_end_matches('0').to_string())
}

/// Rounds the exact digits half to even and groups them.
fn digits(exact: &str, pattern: &Pattern, out: &mut String) {
    let (whole, places) = exact.split_once('.').unwrap_or((exact, ""));
    let mut digits: Vec<u8> = whole.bytes().chain(places.bytes()).map(|digit| digit - b'0').collect();
    let mut point = whole.len() + pattern.shift;
    if digits.len() < point {
        digits.resize(point, 0);
    }
    let keep = point + pattern.places_max;
    let rest = digits.get(keep..).unwrap_or_default();
    let up = match rest.split_first() {
        None => false,
        Some((5, after)) if after.iter().all(|digit| *digit == 0) => {
            keep.checked_sub(1).and_then(|last| digits.get(last)).is_some_and(|last| last % 2 == 1)
        }
        Some((first, _)) => *first >= 5,
    };
    digits.truncate(keep);
    if up && carry(&mut digits) {
        point += 1;
    }
    let whole = digits.get(..point).unwrap_or_default();
    let whole = whole.get(whole.iter().take_while(|digit| **digit == 0).count()..).unwrap_or_default();
    let zeros = pattern.whole_min.saturating_sub(whole.len());
    let length = zeros + whole.len();
    for (index, digit) in std::iter::repeat_n(&0, zeros).chain(whole).enumerate() {
        if pattern.group > 0 && index > 0 && (length - index) % pattern.group == 0 {
            out.push(',');
        }
        out.push(char::from(b'0' + digit));
    }
    let places = digits.get(point..).unwrap_or_default();
    let used = places.len() - places.iter().rev().take_while(|digit| **digit == 0).count();
    let shown = used.max(pattern.places_min);
    if length == 0 && shown == 0 {
        out.push('0');
    }
    if shown > 0 {
        out.push('.');
        out.extend((0..shown).map(|place| char::from(b'0' + places.get(place).copied().unwrap_or(0))));
    }
}

/// One more in the last place; true where that makes one more digit in front.
fn carry(digits: &mut Vec<u8>) -> bool {
    for digit in digits.iter_mut().rev() {
        *digit += 1;
        if *digit < 10 {
            return false;
        }
        *digit = 0;
    }
    digits.insert(0, 1);
    true
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{ArrayRef, Float64Array, Int64Array};

    use super::{Pattern, write};

    fn shown(array: ArrayRef, pattern: &str) -> String {
        let pattern = match pattern.parse() {
            Ok(places) => Pattern::of_places(places),
            Err(_) => Pattern::parse(pattern).expect("a pattern"),
        };
        let mut out = String::new();
        write(&array, 0, &pattern, &mut out).expect("a number");
        out
    }

    /// Real Spark 4.1.4's answers; a pattern that is a number is a number of places.
    #[test]
    fn writes_as_decimal_format_does() {
        let cases = [
            (12332.123456, "4", "12,332.1235"),
            (-1234567.891, "2", "-1,234,567.89"),
            (0.5, "#", "0"),
            (2.5, "0 ", "2 "),
            (0.5, "#.##", "0.5"),
            (1.45, "1", "1.4"),
            (0.125, "2", "0.12"),
            (0.005, "2", "0.01"),
            (0.015, "2", "0.01"),
            (1.005, "2", "1.00"),
            (2.675, "2", "2.67"),
            (1e20, "2", "100,000,000,000,000,000,000.00"),
            (-0.001, "2", "-0.00"),
            (12345.6789, "#,##0.00;(#)", "12,345.68"),
            (-1234.0, "#,##0.00;(#)", "(1,234.00)"),
            (0.256, "0.0%", "25.6%"),
            (1234.5, "$#,##0.00", "$1,234.50"),
            (1234567.891, "", "1,234,568"),
            (12.5, "000.0", "012.5"),
            (12332.123456, "##################.###", "12332.123"),
            (f64::NAN, "2", "NaN"),
            (f64::INFINITY, "1", "∞"),
        ];
        for (value, pattern, expected) in cases {
            assert_eq!(shown(Arc::new(Float64Array::from(vec![value])), pattern), expected, "{value} {pattern}");
        }
        assert_eq!(shown(Arc::new(Int64Array::from(vec![12345])), "#,#"), "1,2,3,4,5");
        assert_eq!(shown(Arc::new(Int64Array::from(vec![123_456_789])), "#,###.00"), "123,456,789.00");
    }
}
