//! Floating point numbers as Java writes them (`Double.toString`); which digits they have is in `digits.rs`.

use std::fmt::Write as _;

use super::digits::{Digits, of_double, of_float};

/// `1.0`, `2.147483648E9`, `-0.0`, `NaN`, `Infinity`.
pub fn write_double(value: f64, out: &mut String) {
    write(value, || of_double(value.abs()), out);
}

/// The same for a float, whose digits are fewer.
pub fn write_float(value: f32, out: &mut String) {
    write(f64::from(value), || of_float(value.abs()), out);
}

pub fn double_text(value: f64) -> String {
    let mut out = String::new();
    write_double(value, &mut out);
    out
}

pub fn float_text(value: f32) -> String {
    let mut out = String::new();
    write_float(value, &mut out);
    out
}

fn write(value: f64, digits: impl FnOnce() -> Digits, out: &mut String) {
    if value.is_nan() {
        out.push_str("NaN");
        return;
    }
    if value.is_sign_negative() {
        out.push('-');
    }
    if value.is_infinite() {
        out.push_str("Infinity");
        return;
    }
    if value == 0.0 {
        out.push_str("0.0");
        return;
    }
    let Digits { digits, exponent } = digits();
    let digits: String = digits.iter().map(|digit| char::from(*digit)).collect();
    let parted = |at: usize| digits.split_at_checked(at).unwrap_or((&digits, ""));
    let or_nought = |digits: &str| if digits.is_empty() { "0".to_string() } else { digits.to_string() };
    let _ = match exponent {
        1..=7 => {
            let whole = exponent.unsigned_abs() as usize;
            let (before, after) = parted(whole);
            write!(out, "{before:0<whole$}.{}", or_nought(after))
        }
        -2..=0 => write!(out, "0.{:0<1$}{digits}", "", exponent.unsigned_abs() as usize),
        _ => {
            let (first, rest) = parted(1);
            write!(out, "{first}.{}E{}", or_nought(rest), exponent - 1)
        }
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_as_java_does() {
        let cases = [
            (2147483648.0, "2.147483648E9"),
            (1.0, "1.0"),
            (-0.0, "-0.0"),
            (0.001, "0.001"),
            (0.0001, "1.0E-4"),
            (1e7, "1.0E7"),
            (9999999.0, "9999999.0"),
            (123456.125, "123456.125"),
            (f64::from_bits(1), "4.9E-324"),
            (2e23, "1.9999999999999998E23"),
            (0.0123, "0.0123"),
            (f64::NEG_INFINITY, "-Infinity"),
            (f64::NAN, "NaN"),
            (1e-5, "1.0E-5"),
            (1.1e-5, "1.1E-5"),
            (2f64.powi(-44), "5.6843418860808015E-14"),
            (1.0 / 3.0, "0.3333333333333333"),
            (f64::MAX, "1.7976931348623157E308"),
            (f64::MIN_POSITIVE, "2.2250738585072014E-308"),
            (9007199254740993.0, "9.007199254740992E15"),
            (1e22, "1.0E22"),
            (1e23, "9.999999999999999E22"),
        ];
        for (value, text) in cases {
            assert_eq!(double_text(value), text);
        }
        let floats = [
            (1.1, "1.1"),
            (2147483648.0, "2.14748365E9"),
            (f32::MAX, "3.4028235E38"),
            (f32::from_bits(1), "1.4E-45"),
            (16777216.0, "1.6777216E7"),
            (0.3, "0.3"),
        ];
        for (value, text) in floats {
            assert_eq!(float_text(value), text);
        }
    }
}
