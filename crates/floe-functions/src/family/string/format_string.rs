//! `format_string(format, …)`, also `printf`: Java's `String.format` in the US locale.
//!
//! Values arrive as Spark hands them to Java: dates as days and timestamps as microseconds, so that `%s` prints numbers;
//! a decimal and a text go with `%s` alone.

use arrow::array::{Array, ArrayRef, AsArray};
use arrow::datatypes::{
    DataType, Date32Type, Decimal128Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type,
    TimestampMicrosecondType,
};
use floe_base::error::Kind;
use floe_base::{Error, Result};

use super::_java_number::{fixed, scientific};
use super::_text::text;
use crate::cast::decimal::Decimal;
use crate::cast::double::{double_text, float_text};
use crate::rows::{self, Texts};
use crate::{Call, Function, Typed};

pub(crate) const FUNCTIONS: &[Function] = &[Function::scalar("format_string", bind)
    .aliases(&["printf"])
    .usage("format_string(strfmt, obj, …) - Returns the text with the values in the places of %s, %d, …")];

fn bind(call: &Call<'_>) -> Result<Typed> {
    call.at_least(1)?;
    let format = text(call, 0)?;
    let values = call.arguments.get(1..).unwrap_or_default();
    if let Some(other) = values.iter().find(|value| !is_printable(&value.data_type)) {
        return Err(Error::unsupported(format!("format_string of {}", other.spark_type().sql())).at(call.origin));
    }
    let nullable = format.nullable;
    let arguments = [format].into_iter().chain(values.iter().cloned()).collect();
    Ok(call.raising("", arguments, DataType::Utf8, nullable, |arguments| {
        let formats = Texts::of(arguments, 0)?;
        let columns = (1..arguments.values.len()).map(|index| rows::any(arguments, index));
        let columns = columns.collect::<Result<Vec<_>>>()?;
        rows::texts(arguments, |row, out| {
            let Some(format) = formats.at(row) else { return Ok(false) };
            let values = columns.iter().map(|column| Value::of(&column.array, column.place(row)));
            let values = values.collect::<Result<Vec<_>>>()?;
            write(format, &values, out)?;
            Ok(true)
        })
    }))
}

fn is_printable(data_type: &DataType) -> bool {
    matches!(
        data_type,
        DataType::Null
            | DataType::Boolean
            | DataType::Int8
            | DataType::Int16
            | DataType::Int32
            | DataType::Int64
            | DataType::Float32
            | DataType::Float64
            | DataType::Decimal128(..)
            | DataType::Utf8
            | DataType::Date32
            | DataType::Timestamp(..)
    )
}

/// What Java's formatter gets.
enum Value<'a> {
    Null,
    Boolean(bool),
    /// A whole number and its width in bits, for its unsigned form.
    Whole(i64, u32),
    Real(f64),
    /// A float prints its own digits, not those of the double it becomes.
    Float(f32),
    Decimal(String),
    Text(&'a str),
}

impl<'a> Value<'a> {
    fn of(array: &'a ArrayRef, row: usize) -> Result<Self> {
        if array.is_null(row) || array.data_type() == &DataType::Null {
            return Ok(Self::Null);
        }
        Ok(match array.data_type() {
            DataType::Boolean => Self::Boolean(array.as_boolean().value(row)),
            DataType::Int8 => Self::Whole(array.as_primitive::<Int8Type>().value(row).into(), 8),
            DataType::Int16 => Self::Whole(array.as_primitive::<Int16Type>().value(row).into(), 16),
            DataType::Int32 => Self::Whole(array.as_primitive::<Int32Type>().value(row).into(), 32),
            DataType::Date32 => Self::Whole(array.as_primitive::<Date32Type>().value(row).into(), 32),
            DataType::Int64 => Self::Whole(array.as_primitive::<Int64Type>().value(row), 64),
            DataType::Timestamp(..) => Self::Whole(array.as_primitive::<TimestampMicrosecondType>().value(row), 64),
            DataType::Float32 => Self::Float(array.as_primitive::<Float32Type>().value(row)),
            DataType::Float64 => Self::Real(array.as_primitive::<Float64Type>().value(row)),
            DataType::Decimal128(_, scale) => {
                let mut text = String::new();
                Decimal::new(array.as_primitive::<Decimal128Type>().value(row), *scale).write_java(&mut text);
                Self::Decimal(text)
            }
            DataType::Utf8 => Self::Text(array.as_string::<i32>().value(row)),
            other => return Err(Error::internal(format!("format_string met {other}"))),
        })
    }

    /// Its class, as Java's errors name it.
    fn class(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Boolean(_) => "java.lang.Boolean",
            Self::Whole(_, 64) => "java.lang.Long",
            Self::Whole(_, 16) => "java.lang.Short",
            Self::Whole(_, 8) => "java.lang.Byte",
            Self::Whole(..) => "java.lang.Integer",
            Self::Real(_) => "java.lang.Double",
            Self::Float(_) => "java.lang.Float",
            Self::Decimal(_) => "org.apache.spark.sql.types.Decimal",
            Self::Text(_) => "org.apache.spark.unsafe.types.UTF8String",
        }
    }

    fn text(&self) -> String {
        match self {
            Self::Null => "null".into(),
            Self::Boolean(value) => value.to_string(),
            Self::Whole(value, _) => value.to_string(),
            Self::Real(value) => double_text(*value),
            Self::Float(value) => float_text(*value),
            Self::Decimal(value) => value.clone(),
            Self::Text(value) => (*value).to_string(),
        }
    }
}

/// `%[argument$][flags][width][.precision]conversion`.
#[derive(Default)]
struct Specifier {
    written: String,
    argument: Option<usize>,
    previous: bool,
    left: bool,
    plus: bool,
    space: bool,
    zero: bool,
    group: bool,
    parentheses: bool,
    alternate: bool,
    width: usize,
    precision: Option<usize>,
    conversion: char,
}

fn write(format: &str, values: &[Value<'_>], out: &mut String) -> Result<()> {
    let (mut next, mut last) = (0, None);
    let mut rest = format;
    while let Some(at) = rest.find('%') {
        out.push_str(rest.get(..at).unwrap_or_default());
        let (specifier, after) = parse(rest.get(at + 1..).unwrap_or_default())?;
        rest = after;
        match specifier.conversion {
            '%' => {
                pad("%", &specifier, out);
                continue;
            }
            'n' => {
                out.push('\n');
                continue;
            }
            _ => {}
        }
        let index = match (specifier.argument, specifier.previous) {
            (Some(number), _) => number.checked_sub(1),
            (None, true) => last,
            (None, false) => {
                next += 1;
                Some(next - 1)
            }
        };
        let missing = || illegal(format!("Format specifier '{}'", specifier.written));
        let value = index.and_then(|index| values.get(index)).ok_or_else(missing)?;
        last = index;
        convert(value, &specifier, out)?;
    }
    out.push_str(rest);
    Ok(())
}

fn parse(text: &str) -> Result<(Specifier, &str)> {
    let mut specifier = Specifier::default();
    let unfinished = || illegal(format!("Conversion = '{}'", text.chars().next().unwrap_or('%')));
    let mut rest = text;
    let digits = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
    let count = digits(rest);
    if count > 0 && rest.get(count..).is_some_and(|after| after.starts_with('$')) {
        specifier.argument = rest.get(..count).and_then(|number| number.parse().ok());
        rest = rest.get(count + 1..).unwrap_or_default();
    }
    while let Some(flag) = rest.chars().next() {
        let known = match flag {
            '-' => &mut specifier.left,
            '+' => &mut specifier.plus,
            ' ' => &mut specifier.space,
            '0' => &mut specifier.zero,
            ',' => &mut specifier.group,
            '(' => &mut specifier.parentheses,
            '#' => &mut specifier.alternate,
            '<' => &mut specifier.previous,
            _ => break,
        };
        *known = true;
        rest = rest.get(1..).unwrap_or_default();
    }
    let count = digits(rest);
    specifier.width = rest.get(..count).and_then(|width| width.parse().ok()).unwrap_or(0);
    rest = rest.get(count..).unwrap_or_default();
    if let Some(after) = rest.strip_prefix('.') {
        let count = digits(after);
        specifier.precision = Some(after.get(..count).and_then(|width| width.parse().ok()).ok_or_else(unfinished)?);
        rest = after.get(count..).unwrap_or_default();
    }
    specifier.conversion = rest.chars().next().ok_or_else(unfinished)?;
    let after = rest.get(specifier.conversion.len_utf8()..).unwrap_or_default();
    specifier.written = format!("%{}", text.get(..text.len() - after.len()).unwrap_or_default());
    Ok((specifier, after))
}

fn convert(value: &Value<'_>, specifier: &Specifier, out: &mut String) -> Result<()> {
    let upper = specifier.conversion.is_ascii_uppercase();
    let mismatch = || illegal(format!("{} != {}", specifier.conversion, value.class()));
    let text = match (specifier.conversion.to_ascii_lowercase(), value) {
        ('b', Value::Null) => cut("false".into(), specifier),
        ('b', Value::Boolean(value)) => cut(value.to_string(), specifier),
        ('b', _) => cut("true".into(), specifier),
        ('s', value) => cut(value.text(), specifier),
        ('h', Value::Text(_)) | ('a', _) => {
            return Err(Error::unsupported(format!("format_string with {}", specifier.written)));
        }
        ('d' | 'x' | 'o' | 'c' | 'e' | 'f' | 'g' | 'h', Value::Null) => cut("null".into(), specifier),
        ('d', Value::Whole(value, _)) => {
            let digits = value.unsigned_abs().to_string();
            let digits = if specifier.group { grouped(&digits) } else { digits };
            signed(*value < 0, digits, specifier)
        }
        ('x' | 'o', Value::Whole(value, bits)) => {
            let mask = u64::MAX >> (64 - bits);
            let unsigned = value.cast_unsigned() & mask;
            let (prefix, digits) = match specifier.conversion.to_ascii_lowercase() {
                'x' => ("0x", format!("{unsigned:x}")),
                _ => ("0", format!("{unsigned:o}")),
            };
            let prefix = if specifier.alternate { prefix } else { "" };
            zero_filled(prefix, digits, specifier)
        }
        ('c', Value::Whole(value, 8 | 16 | 32)) => {
            let letter = u32::try_from(*value).ok().and_then(char::from_u32);
            letter.ok_or_else(|| illegal(format!("Code point = 0x{value:x}")))?.to_string()
        }
        ('e' | 'f' | 'g', Value::Real(number)) => real(*number, double_text(number.abs()), specifier),
        ('e' | 'f' | 'g', Value::Float(number)) => real(f64::from(*number), float_text(number.abs()), specifier),
        ('h', Value::Whole(value, 8 | 16 | 32)) => format!("{:x}", u32::try_from(value & 0xffff_ffff).unwrap_or(0)),
        ('d' | 'x' | 'o' | 'c' | 'e' | 'f' | 'g', _) => return Err(mismatch()),
        _ => return Err(illegal(format!("Conversion = '{}'", specifier.conversion))),
    };
    let text = if upper { text.to_uppercase() } else { text };
    pad(&text, specifier, out);
    Ok(())
}

fn cut(text: String, specifier: &Specifier) -> String {
    match specifier.precision {
        Some(most) => text.chars().take(most).collect(),
        None => text,
    }
}

fn real(number: f64, shortest: String, specifier: &Specifier) -> String {
    if number.is_nan() {
        return "NaN".into();
    }
    if number.is_infinite() {
        let plain = Specifier { plus: specifier.plus, parentheses: specifier.parentheses, ..Specifier::default() };
        return signed(number < 0.0, "Infinity".into(), &plain);
    }
    let precision = specifier.precision.unwrap_or(6);
    let digits = match specifier.conversion.to_ascii_lowercase() {
        'e' => scientific(&shortest, precision),
        'f' => fixed(&shortest, precision),
        _ => {
            // The general form is plain from 10^-4 to 10^precision, once rounded to so many digits.
            let precision = precision.max(1);
            let rounded = scientific(&shortest, precision - 1);
            let exponent: i32 = rounded.split('e').nth(1).and_then(|exponent| exponent.parse().ok()).unwrap_or(0);
            let most = i32::try_from(precision).unwrap_or(i32::MAX);
            match (-4..most).contains(&exponent) || number == 0.0 {
                true => fixed(&shortest, usize::try_from(most - 1 - exponent).unwrap_or(0)),
                false => rounded,
            }
        }
    };
    let digits = if specifier.group { grouped(&digits) } else { digits };
    signed(number.is_sign_negative(), digits, specifier)
}

/// The sign by the flags, and noughts up to the width behind it.
fn signed(negative: bool, digits: String, specifier: &Specifier) -> String {
    let (before, after) = match (negative, specifier) {
        (true, Specifier { parentheses: true, .. }) => ("(", ")"),
        (true, _) => ("-", ""),
        (false, Specifier { plus: true, .. }) => ("+", ""),
        (false, Specifier { space: true, .. }) => (" ", ""),
        _ => ("", ""),
    };
    zero_filled(before, digits + after, specifier)
}

fn zero_filled(before: &str, digits: String, specifier: &Specifier) -> String {
    let length = before.len() + digits.len();
    let zeros = if specifier.zero { specifier.width.saturating_sub(length) } else { 0 };
    format!("{before}{}{digits}", "0".repeat(zeros))
}

/// Commas between groups of three digits before the point.
fn grouped(digits: &str) -> String {
    let (whole, rest) = digits.find('.').map_or((digits, ""), |at| digits.split_at(at));
    let mut out = String::with_capacity(digits.len() + whole.len() / 3);
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index) % 3 == 0 {
            out.push(',');
        }
        out.push(digit);
    }
    out + rest
}

fn pad(text: &str, specifier: &Specifier, out: &mut String) {
    let missing = specifier.width.saturating_sub(text.chars().count());
    let spaces = std::iter::repeat_n(' ', missing);
    if specifier.left {
        out.push_str(text);
        out.extend(spaces);
    } else {
        out.extend(spaces);
        out.push_str(text);
    }
}

/// Java's formatter has no conditions of Spark's.
fn illegal(text: String) -> Error {
    Error::message(Kind::IllegalArgument, text)
}

#[cfg(test)]
mod tests {
    use super::{Value, write};

    fn format(format: &str, values: &[Value<'_>]) -> String {
        let mut out = String::new();
        match write(format, values, &mut out) {
            Ok(()) => out,
            Err(error) => error.to_string(),
        }
    }

    /// Real Spark 4.1.4's answers.
    #[test]
    fn formats_as_java_does() {
        let cases = [
            ("%5.2f", Value::Real(3.14159), " 3.14"),
            ("%-5s|", Value::Text("ab"), "ab   |"),
            ("%05d", Value::Whole(42, 32), "00042"),
            ("%,d", Value::Whole(1_234_567, 32), "1,234,567"),
            ("%e", Value::Real(12345.678), "1.234568e+04"),
            ("%(d", Value::Whole(-5, 32), "(5)"),
            ("%x", Value::Whole(-1, 32), "ffffffff"),
            ("%o", Value::Whole(-8, 32), "37777777770"),
            ("%.1f", Value::Real(0.25), "0.3"),
            ("%.0f", Value::Real(0.5), "1"),
            ("%.0f", Value::Real(1.5), "2"),
            ("%010.2f", Value::Real(-3.14159), "-000003.14"),
            ("%+.1f", Value::Real(2.35), "+2.4"),
            ("%#x", Value::Whole(255, 32), "0xff"),
            ("%g", Value::Real(0.0001), "0.000100000"),
            ("%g", Value::Real(123_456.0), "123456"),
            ("%g", Value::Real(1e10), "1.00000e+10"),
            ("%g", Value::Real(0.00001), "1.00000e-05"),
            ("%.3f", Value::Real(2.0005), "2.001"),
            ("%08d", Value::Whole(-42, 32), "-0000042"),
            ("%.20f", Value::Real(0.1), "0.10000000000000000000"),
            ("%f", Value::Float(0.1), "0.100000"),
            ("%d%%", Value::Whole(5, 32), "5%"),
            ("%e", Value::Real(0.0), "0.000000e+00"),
            ("%.2e", Value::Real(123_456.0), "1.23e+05"),
            ("%5d|", Value::Null, " null|"),
            ("%d", Value::Text("a"), "d != org.apache.spark.unsafe.types.UTF8String"),
            ("%q", Value::Text("a"), "Conversion = 'q'"),
            ("%s %s", Value::Text("a"), "Format specifier '%s'"),
            ("%S", Value::Text("up"), "UP"),
            ("%,.2f", Value::Real(12345.678), "12,345.68"),
        ];
        for (pattern, value, expected) in cases {
            assert_eq!(format(pattern, &[value]), expected, "{pattern}");
        }
    }
}
