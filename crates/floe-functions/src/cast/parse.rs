//! Numbers and booleans out of text, by Spark's own grammars (`UTF8String.toLong`, `Double.parseDouble`, …).

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, ArrowPrimitiveType, BooleanBuilder, PrimitiveBuilder, StringArray};
use arrow::datatypes::{Float32Type, Float64Type};
use floe_base::error::Kind;
use floe_base::{Error, Result};

use super::{Rules, decimal};

/// Spark 4.1 `CAST_INVALID_INPUT`.
pub fn invalid(text: &str, to: &str, kind: Kind) -> Error {
    Error::new(kind, "CAST_INVALID_INPUT")
        .with("expression", quoted(text))
        .with("sourceType", "\"STRING\"")
        .with("targetType", format!("\"{to}\""))
}

/// A text as a literal: in quotes, quotes and backslashes in it escaped.
pub fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\\', "\\\\").replace('\'', "\\'"))
}

/// Without the blanks and control characters around it (`UTF8String.trimAll`).
pub fn trimmed(text: &str) -> &str {
    text.trim_matches(|letter: char| letter <= ' ' || letter == '\u{7f}')
}

/// A whole number. `with_fraction`: `1.9` is read too, as 1 (without ANSI).
pub fn integer(text: &str, with_fraction: bool) -> Option<i64> {
    let text = trimmed(text);
    let negative = text.starts_with('-');
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    let (whole, fraction) = match digits.split_once('.') {
        Some((whole, fraction)) if with_fraction => (whole, fraction),
        Some(_) => return None,
        None => (digits, ""),
    };
    if digits.is_empty() || !fraction.bytes().all(|letter| letter.is_ascii_digit()) {
        return None;
    }
    // Counted downwards, for the least number has no positive counterpart.
    let mut number = 0i64;
    for letter in whole.bytes() {
        if !letter.is_ascii_digit() {
            return None;
        }
        number = number.checked_mul(10)?.checked_sub(i64::from(letter - b'0'))?;
    }
    if negative { Some(number) } else { number.checked_neg() }
}

/// A double, as Java reads it: blanks around, `1e3`, `1.5d`, `NaN`, and `inf` in any case.
pub fn double(text: &str) -> Option<f64> {
    floating(text, |plain| plain.parse().ok(), [f64::INFINITY, f64::NEG_INFINITY, f64::NAN])
}

pub fn float(text: &str) -> Option<f32> {
    floating(text, |plain| plain.parse().ok(), [f32::INFINITY, f32::NEG_INFINITY, f32::NAN])
}

fn floating<F: Copy>(text: &str, parse: impl Fn(&str) -> Option<F>, special: [F; 3]) -> Option<F> {
    let text = text.trim_matches(|letter: char| letter <= ' ');
    let plain = text.strip_suffix(['d', 'D', 'f', 'F']).unwrap_or(text);
    let is_number = plain.bytes().all(|letter| letter.is_ascii_digit() || b"+-.eE".contains(&letter));
    if is_number && plain.bytes().any(|letter| letter.is_ascii_digit()) {
        return parse(plain);
    }
    let [infinity, negative_infinity, nan] = special;
    match text.to_ascii_lowercase().as_str() {
        "inf" | "+inf" | "infinity" | "+infinity" => Some(infinity),
        "-inf" | "-infinity" => Some(negative_infinity),
        "nan" => Some(nan),
        _ if text == "+NaN" || text == "-NaN" => Some(nan),
        _ => None,
    }
}

pub fn boolean(text: &str) -> Option<bool> {
    match trimmed(text).to_ascii_lowercase().as_str() {
        "t" | "true" | "y" | "yes" | "1" => Some(true),
        "f" | "false" | "n" | "no" | "0" => Some(false),
        _ => None,
    }
}

pub(super) fn integers<T: ArrowPrimitiveType>(array: &StringArray, name: &str, rules: &Rules) -> Result<ArrayRef>
where
    T::Native: TryFrom<i64>,
{
    let read = |text: &str| T::Native::try_from(integer(text, rules.legacy())?).ok();
    numbers::<T>(array, read, |text| invalid(text, name, Kind::NumberFormat), rules)
}

pub(super) fn doubles(array: &StringArray, rules: &Rules) -> Result<ArrayRef> {
    numbers::<Float64Type>(array, double, |text| invalid(text, "DOUBLE", Kind::NumberFormat), rules)
}

pub(super) fn floats(array: &StringArray, rules: &Rules) -> Result<ArrayRef> {
    numbers::<Float32Type>(array, float, |text| invalid(text, "FLOAT", Kind::NumberFormat), rules)
}

pub(super) fn decimals(array: &StringArray, precision: u8, scale: i8, rules: &Rules) -> Result<ArrayRef> {
    let mut out = Vec::with_capacity(array.len());
    for text in array {
        let Some(text) = text else {
            out.push(None);
            continue;
        };
        let number = decimal::read(text.trim_matches(|letter: char| letter <= ' '));
        match number.map(|number| number.fit(precision, scale)) {
            Some(Some(digits)) => out.push(Some(digits)),
            refused => out.push(rules.refuse(|| match (refused, number) {
                (Some(None), Some(number)) => {
                    decimal::out_of_range(&number.plain(), precision, scale).at(&rules.origin)
                }
                _ => invalid(text, &format!("DECIMAL({precision},{scale})"), Kind::NumberFormat).at(&rules.origin),
            })?),
        }
    }
    super::convert::decimals(out, precision, scale)
}

pub(super) fn booleans(array: &StringArray, rules: &Rules) -> Result<ArrayRef> {
    let mut out = BooleanBuilder::with_capacity(array.len());
    for text in array {
        let Some(text) = text else {
            out.append_null();
            continue;
        };
        match boolean(text) {
            Some(value) => out.append_value(value),
            None => out.append_option(rules.refuse(|| invalid(text, "BOOLEAN", Kind::Runtime).at(&rules.origin))?),
        }
    }
    Ok(Arc::new(out.finish()))
}

/// Every text through `read`; what it does not take is refused as the rules say.
pub(super) fn numbers<T: ArrowPrimitiveType>(
    array: &StringArray,
    read: impl Fn(&str) -> Option<T::Native>,
    error: impl Fn(&str) -> Error,
    rules: &Rules,
) -> Result<ArrayRef> {
    let mut out = PrimitiveBuilder::<T>::with_capacity(array.len());
    for text in array {
        let Some(text) = text else {
            out.append_null();
            continue;
        };
        match read(text) {
            Some(value) => out.append_value(value),
            None => out.append_option(rules.refuse(|| error(text).at(&rules.origin))?),
        }
    }
    Ok(Arc::new(out.finish()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_numbers_as_spark_does() {
        assert_eq!(integer(" 12 ", false), Some(12));
        assert_eq!(integer("+12", false), Some(12));
        assert_eq!(integer("-9223372036854775808", false), Some(i64::MIN));
        assert_eq!(integer("9223372036854775808", false), None);
        assert_eq!(integer("1.5", false), None);
        assert_eq!(integer("1.5", true), Some(1));
        assert_eq!(integer("1.x", true), None);
        assert_eq!(integer("", true), None);
        assert_eq!(double(" 1e3 "), Some(1000.0));
        assert_eq!(double("-Infinity"), Some(f64::NEG_INFINITY));
        assert_eq!(double("1.5f"), Some(1.5));
        assert_eq!(double("e"), None);
        assert_eq!(boolean(" Yes"), Some(true));
        assert_eq!(boolean("2"), None);
    }
}
