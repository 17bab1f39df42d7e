//! Floating point numbers as Java writes them (`Double.toString`, JDK 19 and later: the shortest that reads back).

use std::fmt::{LowerExp, Write as _};

/// `1.0`, `2.147483648E9`, `-0.0`, `NaN`, `Infinity`.
pub fn write_double(value: f64, out: &mut String) {
    write(value, value.is_finite(), value == 0.0, value.is_sign_negative(), value.is_nan(), out, |text| {
        text.parse::<f64>().is_ok_and(|read| read == value.abs())
    });
}

/// The same for a float, whose digits are fewer.
pub fn write_float(value: f32, out: &mut String) {
    write(value, value.is_finite(), value == 0.0, value.is_sign_negative(), value.is_nan(), out, |text| {
        text.parse::<f32>().is_ok_and(|read| read == value.abs())
    });
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

fn write<F: LowerExp>(
    value: F,
    finite: bool,
    zero: bool,
    negative: bool,
    nan: bool,
    out: &mut String,
    reads_back: impl Fn(&str) -> bool,
) {
    if nan {
        out.push_str("NaN");
        return;
    }
    if negative {
        out.push('-');
    }
    if !finite {
        out.push_str("Infinity");
        return;
    }
    if zero {
        out.push_str("0.0");
        return;
    }
    let shortest = format!("{value:e}");
    let shortest = shortest.trim_start_matches('-');
    // Java wants two digits at least, and of all with two the nearest: 4.9E-324, though 5E-324 reads back too.
    let two = format!("{value:.1e}");
    let two = two.trim_start_matches('-');
    let scientific = if !shortest.contains('.') && reads_back(two) { two } else { shortest };
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let (first, rest) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let rest = if rest == "0" { "" } else { rest };
    match exponent {
        0..=6 => {
            let whole = exponent as usize;
            let digits = format!("{rest:0<whole$}");
            let (before, after) = digits.split_at(whole);
            let after = if after.is_empty() { "0" } else { after };
            let _ = write!(out, "{first}{before}.{after}");
        }
        -3..=-1 => {
            let zeros = (-exponent - 1) as usize;
            let _ = write!(out, "0.{:0<zeros$}{first}{rest}", "");
        }
        _ => {
            let rest = if rest.is_empty() { "0" } else { rest };
            let _ = write!(out, "{first}.{rest}E{exponent}");
        }
    }
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
            (2e23, "2.0E23"),
            (0.0123, "0.0123"),
            (f64::NEG_INFINITY, "-Infinity"),
            (f64::NAN, "NaN"),
        ];
        for (value, text) in cases {
            assert_eq!(double_text(value), text);
        }
        assert_eq!(float_text(1.1), "1.1");
    }
}
