//! Decimals digit by digit: scaling, rounding half up, reading and writing.

use std::fmt::Write as _;

use arrow::datatypes::i256;
use floe_base::Error;
use floe_base::error::Kind;
use num_bigint::BigInt;

/// A decimal number: `digits` over ten to the power of `scale`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decimal {
    digits: i256,
    scale: i32,
}

/// The most digits an [`i256`] surely holds.
const WIDE_DIGITS: u32 = 76;

impl Decimal {
    pub fn new(digits: i128, scale: i8) -> Self {
        Self { digits: i256::from_i128(digits), scale: i32::from(scale) }
    }

    pub fn wide(digits: i256, scale: i32) -> Self {
        Self { digits, scale }
    }

    /// The digits at another scale, rounded half up; `None` where they are more than `precision`.
    pub fn fit(self, precision: u8, scale: i8) -> Option<i128> {
        let digits = self.at_scale(i32::from(scale))?.to_i128()?;
        digits_fit(digits, precision).then_some(digits)
    }

    pub fn digits(self) -> i256 {
        self.digits
    }

    pub fn scale(self) -> i32 {
        self.scale
    }

    /// The digits at a scale no smaller; `None` where that overflows.
    pub fn digits_at(self, scale: i32) -> Option<i256> {
        self.at_scale(scale)
    }

    /// The digits at another scale, rounded half up; `None` where that overflows.
    fn at_scale(self, scale: i32) -> Option<i256> {
        if self.digits == i256::ZERO || scale == self.scale {
            return Some(self.digits);
        }
        if scale > self.scale {
            return self.digits.checked_mul(wide_power((scale - self.scale) as u32)?);
        }
        let Some(unit) = wide_power((self.scale - scale) as u32) else { return Some(i256::ZERO) };
        Some(divide_half_up(self.digits, unit))
    }

    /// A multiple, as a whole number rounded half up; `None` where that overflows.
    pub fn times(self, factor: i128) -> Option<i128> {
        let digits = self.digits.checked_mul(i256::from_i128(factor))?;
        Self { digits, scale: self.scale }.at_scale(0)?.to_i128()
    }

    /// Without an exponent, with all digits of its scale (`BigDecimal.toPlainString`).
    pub fn plain(self) -> String {
        let mut out = String::new();
        self.write_plain(&mut out);
        out
    }

    pub fn write_plain(self, out: &mut String) {
        let digits = self.digits.to_string();
        let unsigned = digits.strip_prefix('-').unwrap_or(&digits);
        if unsigned.len() < digits.len() {
            out.push('-');
        }
        if self.scale <= 0 {
            out.push_str(unsigned);
            if unsigned != "0" {
                out.extend(std::iter::repeat_n('0', -self.scale as usize));
            }
            return;
        }
        let scale = self.scale as usize;
        if unsigned.len() > scale {
            let (whole, fraction) = unsigned.split_at(unsigned.len() - scale);
            let _ = write!(out, "{whole}.{fraction}");
        } else {
            let _ = write!(out, "0.{unsigned:0>scale$}");
        }
    }

    /// With an exponent where Java writes one (`BigDecimal.toString`): `1E-8`, `0E-10`.
    pub fn write_java(self, out: &mut String) {
        let digits = self.digits.to_string();
        let unsigned = digits.strip_prefix('-').unwrap_or(&digits);
        let exponent = unsigned.len() as i32 - 1 - self.scale;
        if self.scale >= 0 && exponent >= -6 {
            return self.write_plain(out);
        }
        if unsigned.len() < digits.len() {
            out.push('-');
        }
        let (first, rest) = unsigned.split_at(1);
        let point = if rest.is_empty() { "" } else { "." };
        let _ = write!(out, "{first}{point}{rest}E{exponent:+}");
    }

    /// The nearest double.
    pub fn to_f64(self) -> f64 {
        match (self.digits.to_i128(), self.scale) {
            // Both parts are exact as doubles, and so the quotient is rounded once.
            (Some(digits), 0..=22) if digits.unsigned_abs() < 1 << 53 => digits as f64 / 10f64.powi(self.scale),
            _ => self.scientific().parse().unwrap_or(f64::NAN),
        }
    }

    /// The nearest float.
    pub fn to_f32(self) -> f32 {
        self.scientific().parse().unwrap_or(f32::NAN)
    }

    fn scientific(self) -> String {
        format!("{}e{}", self.digits, -self.scale)
    }
}

/// A number's text, as Java's `BigDecimal` reads it: `-12.50`, `1e10`, `.5`; no blanks. Digits after the 76th are dropped.
pub fn read(text: &str) -> Option<Decimal> {
    let (mantissa, exponent) = match text.find(['e', 'E']) {
        Some(at) => (&text[..at], text[at + 1..].parse::<i32>().ok()?),
        None => (text, 0),
    };
    let negative = mantissa.starts_with('-');
    let unsigned = mantissa.strip_prefix(['-', '+']).unwrap_or(mantissa);
    let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, ""));
    if whole.is_empty() && fraction.is_empty() {
        return None;
    }
    let (mut narrow, mut wide, mut kept, mut scale) = (0i128, i256::ZERO, 0u32, 0i32);
    for (part, after_point) in [(whole, 0), (fraction, 1)] {
        for letter in part.bytes() {
            if !letter.is_ascii_digit() {
                return None;
            }
            let digit = i128::from(letter - b'0');
            if kept >= WIDE_DIGITS {
                scale -= 1 - after_point;
                continue;
            }
            if kept < 38 {
                narrow = narrow * 10 + digit;
                wide = i256::from_i128(narrow);
            } else {
                wide = wide.wrapping_mul(i256::from_i128(10)).wrapping_add(i256::from_i128(digit));
            }
            if kept > 0 || digit != 0 {
                kept += 1;
            }
            scale += after_point;
        }
    }
    let digits = if negative { wide.wrapping_neg() } else { wide };
    Some(Decimal { digits, scale: scale.checked_sub(exponent)? })
}

/// Whether a number has no more digits than a precision allows.
pub fn digits_fit(digits: i128, precision: u8) -> bool {
    power(u32::from(precision)).is_some_and(|limit| digits.unsigned_abs() < limit.unsigned_abs())
}

/// Ten to a power, where an `i128` holds it.
pub fn power(exponent: u32) -> Option<i128> {
    10i128.checked_pow(exponent)
}

/// Ten to a power, where an `i256` holds it.
pub fn wide_power(exponent: u32) -> Option<i256> {
    if exponent <= 38 {
        return power(exponent).map(i256::from_i128);
    }
    (exponent <= WIDE_DIGITS).then(|| i256::from_i128(10).wrapping_pow(exponent))
}

/// The quotient rounded half up, away from zero.
pub fn divide_half_up(digits: i256, unit: i256) -> i256 {
    if let (Some(digits), Some(unit)) = (digits.to_i128(), unit.to_i128()) {
        return i256::from_i128(narrow_divide_half_up(digits, unit));
    }
    let quotient = digits.wrapping_div(unit);
    let rest = digits.wrapping_rem(unit).wrapping_abs();
    if rest >= unit.wrapping_sub(rest) {
        let one = if digits.is_negative() { i256::MINUS_ONE } else { i256::ONE };
        return quotient.wrapping_add(one);
    }
    quotient
}

/// The same for what an `i128` holds; `unit` is positive.
pub fn narrow_divide_half_up(digits: i128, unit: i128) -> i128 {
    let (quotient, rest) = (digits / unit, (digits % unit).abs());
    if rest >= unit - rest { quotient + digits.signum() } else { quotient }
}

/// A quotient of decimals to so many places, rounded half up, where 256 bits are not enough.
pub fn divide_exactly(dividend: &BigInt, divisor: &BigInt) -> Option<i128> {
    let quotient = dividend / divisor;
    let rest: BigInt = dividend % divisor;
    let twice = rest.magnitude() * 2u32;
    let up = &twice >= divisor.magnitude();
    let negative = (dividend.sign() == num_bigint::Sign::Minus) != (divisor.sign() == num_bigint::Sign::Minus);
    let rounded = match (up, negative) {
        (false, _) => quotient,
        (true, true) => quotient - 1,
        (true, false) => quotient + 1,
    };
    i128::try_from(rounded).ok()
}

/// Spark 4.1 `NUMERIC_VALUE_OUT_OF_RANGE.WITH_SUGGESTION`.
pub fn out_of_range(value: &str, precision: u8, scale: i8) -> Error {
    Error::new(Kind::Arithmetic, "NUMERIC_VALUE_OUT_OF_RANGE.WITH_SUGGESTION")
        .with("value", value)
        .with("precision", precision.to_string())
        .with("scale", scale.to_string())
        .with("config", "\"spark.sql.ansi.enabled\"")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_rounds_and_writes() {
        let fit = |text: &str, precision, scale| read(text).and_then(|number| number.fit(precision, scale));
        assert_eq!(fit("12.345", 5, 2), Some(1235));
        assert_eq!(fit("-12.345", 5, 2), Some(-1235));
        assert_eq!(fit("1234.5", 5, 2), None);
        assert_eq!(fit("1e2", 5, 2), Some(10000));
        assert_eq!(fit("1e-300", 5, 2), Some(0));
        assert_eq!(fit("1e300", 5, 2), None);
        assert_eq!(fit(".5", 1, 0), Some(1));
        assert_eq!(read("."), None);
        assert_eq!(read("1.2.3"), None);
        assert_eq!(Decimal::new(-5, 3).plain(), "-0.005");
        let mut java = String::new();
        Decimal::new(1, 8).write_java(&mut java);
        assert_eq!(java, "1E-8");
    }
}
