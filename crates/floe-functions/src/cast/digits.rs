//! The decimal digits of floating point numbers as Java 17 finds them, which Spark 4.1 runs on.
//!
//! Digits are drawn one by one until what is left is less than half the distance to the neighbouring numbers. That is not
//! always the shortest text that reads back (Java finds it since 19): `2.0E-3` comes out so, but 2147483648 as a float
//! is `2.14748365E9`. The arithmetic is done in 32, 64 or any number of bits as Java does it, for at the edges they
//! decide differently. How digits become text is in `double.rs`.

use num_bigint::BigUint;

/// Bits behind the leading one of a double.
const FRACTION_BITS: i32 = 52;

/// Digits `d1 d2 d3 …` that mean `0.d1d2d3… · 10^exponent`.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Digits {
    pub(super) digits: Vec<u8>,
    pub(super) exponent: i32,
}

/// A finite number above zero: `fraction · 2^(exponent - 52)`, the leading one at bit 52, and how many of the bits count.
struct Binary {
    fraction: u64,
    exponent: i32,
    significant: i32,
}

/// The digits of a finite double above zero.
pub(super) fn of_double(value: f64) -> Digits {
    let bits = value.to_bits();
    let (exponent, fraction) = ((bits >> FRACTION_BITS & 0x7ff) as i32, bits & ((1 << FRACTION_BITS) - 1));
    find(&Binary::of(fraction, exponent, FRACTION_BITS, 1023))
}

/// The digits of a finite float above zero.
pub(super) fn of_float(value: f32) -> Digits {
    let bits = value.to_bits();
    let (exponent, fraction) = ((bits >> 23 & 0xff) as i32, bits & ((1 << 23) - 1));
    find(&Binary::of(u64::from(fraction), exponent, 23, 127))
}

impl Binary {
    /// From the parts of a number with so many bits of a fraction.
    fn of(fraction: u64, exponent: i32, width: i32, bias: i32) -> Self {
        let leading = 1_u64 << width;
        let (fraction, exponent, significant) = if exponent == 0 {
            let lacking = fraction.leading_zeros() as i32 - leading.leading_zeros() as i32;
            (fraction << lacking, 1 - lacking, width + 1 - lacking)
        } else {
            (fraction | leading, exponent, width + 1)
        };
        Self { fraction: fraction << (FRACTION_BITS - width), exponent: exponent - bias, significant }
    }

    /// The power of ten of the first digit, or one more.
    fn estimate(&self) -> i32 {
        let mantissa = f64::from_bits(0x3ff << FRACTION_BITS | self.fraction & ((1 << FRACTION_BITS) - 1));
        let logarithm =
            (mantissa - 1.5) * 0.289_529_654 + 0.176_091_259 + f64::from(self.exponent) * 0.301_029_995_663_981;
        logarithm.floor() as i32
    }
}

fn find(number: &Binary) -> Digits {
    let trailing = number.fraction.trailing_zeros() as i32;
    let used = FRACTION_BITS + 1 - trailing;
    let behind_point = (used - number.exponent - 1).max(0);
    if behind_point == 0 && (-21..=62).contains(&number.exponent) {
        return whole(number);
    }
    Scaled::of(number, number.fraction >> trailing, used, behind_point).draw()
}

/// A whole number: its digits but for those no bit of it stands for.
fn whole(number: &Binary) -> Digits {
    let shift = number.exponent - FRACTION_BITS;
    let value = if shift >= 0 { number.fraction << shift } else { number.fraction >> -shift };
    let spare = number.exponent - number.significant - 1;
    let dropped = if spare > 1 { (1_u64 << spare).ilog10() } else { 0 };
    let unit = 10_u64.pow(dropped);
    let rounded = value / unit + u64::from(dropped > 0 && value % unit >= unit / 2);
    let digits = rounded.to_string();
    let exponent = digits.len() as i32 + dropped as i32;
    Digits { digits: digits.trim_end_matches('0').into(), exponent }
}

/// A number as `b / s`, and half the distance to its neighbours as `m / s`; each is `5^x · 2^y`, `b` times the fraction.
struct Scaled {
    fraction: u64,
    used: i32,
    exponent: i32,
    fives: (u32, u32),
    twos: (u32, u32, u32),
}

/// What drawing digits has come to.
struct Drawn {
    digits: Vec<u8>,
    exponent: i32,
    /// False before the first digit, which may be a leading nought.
    started: bool,
    low: bool,
    high: bool,
    /// Twice the rest against the unit.
    middle: std::cmp::Ordering,
}

impl Scaled {
    fn of(number: &Binary, fraction: u64, used: i32, behind_point: i32) -> Self {
        let exponent = number.estimate();
        let (b5, s5) = ((-exponent).max(0), exponent.max(0));
        let b2 = b5 + behind_point + number.exponent;
        let (s2, m2) = (s5 + behind_point, b2 - number.significant);
        let b2 = b2 - (used - 1);
        let common = b2.min(s2);
        let (mut b2, mut s2, mut m2) = (b2 - common, s2 - common, m2 - common);
        // Below a power of two the neighbour is half as far.
        if used == 1 {
            m2 -= 1;
        }
        if m2 < 0 {
            (b2, s2, m2) = (b2 - m2, s2 - m2, 0);
        }
        let natural = |value: i32| value.max(0).unsigned_abs();
        Self {
            fraction,
            used,
            exponent,
            fives: (natural(b5), natural(s5)),
            twos: (natural(b2), natural(s2), natural(m2)),
        }
    }

    fn draw(&self) -> Digits {
        let ((b5, s5), (b2, s2, _)) = (self.fives, self.twos);
        let value_bits = self.used.unsigned_abs() + b2 + bits_of_five(b5);
        let unit_bits = s2 + 1 + bits_of_five(s5 + 1);
        let drawn = match value_bits.max(unit_bits) {
            ..32 => self.draw_narrow(|value| i64::from(value as i32)),
            32..64 => self.draw_narrow(|value| value),
            _ => self.draw_wide(),
        };
        drawn.rounded()
    }

    /// In whole numbers of the machine; what overflows is wrapped as Java's does.
    fn draw_narrow(&self, wrapped: fn(i64) -> i64) -> Drawn {
        let ((b5, s5), (b2, s2, m2)) = (self.fives, self.twos);
        let scaled = |value: i64, fives: u32, twos: u32| {
            wrapped(value.wrapping_mul(5_i64.wrapping_pow(fives)).wrapping_shl(twos))
        };
        let mut b = scaled(self.fraction.cast_signed(), b5, b2);
        let (s, mut m) = (scaled(1, s5, s2).max(1), scaled(1, b5, m2));
        let unit = wrapped(s.wrapping_mul(10));
        let mut drawn = Drawn::new(self.exponent);
        loop {
            let digit = b / s;
            b = wrapped((b % s).wrapping_mul(10));
            m = wrapped(m.wrapping_mul(10));
            // What has overflowed is surely more than the rest.
            let overflown = m <= 0 && drawn.started;
            let (low, high) = (overflown || b < m, overflown || b.wrapping_add(m) > unit);
            if drawn.push(digit as u8, low, high) {
                drawn.middle = (b << 1).cmp(&unit);
                return drawn;
            }
        }
    }

    fn draw_wide(&self) -> Drawn {
        let ((b5, s5), (b2, s2, m2)) = (self.fives, self.twos);
        let five = |power: u32| BigUint::from(5_u32).pow(power);
        let mut b = (BigUint::from(self.fraction) * five(b5)) << b2;
        let (s, mut m) = (five(s5) << s2, five(b5 + 1) << (m2 + 1));
        let unit = &s * 10_u32;
        let mut drawn = Drawn::new(self.exponent);
        loop {
            let digit = &b / &s;
            b = (&b % &s) * 10_u32;
            if drawn.started {
                m *= 10_u32;
            }
            let (low, high) = (b < m, &b + &m >= unit);
            if drawn.push(digit.iter_u32_digits().next().unwrap_or(0) as u8, low, high) {
                drawn.middle = (b << 1_u32).cmp(&unit);
                return drawn;
            }
        }
    }
}

impl Drawn {
    fn new(exponent: i32) -> Self {
        let middle = std::cmp::Ordering::Equal;
        Self { digits: Vec::new(), exponent: exponent + 1, started: false, low: false, high: false, middle }
    }

    /// Takes a digit; true where it was the last.
    fn push(&mut self, digit: u8, low: bool, high: bool) -> bool {
        let is_first = !std::mem::replace(&mut self.started, true);
        (self.low, self.high) = (low, high);
        if is_first && digit == 0 && !high {
            self.exponent -= 1;
        } else {
            self.digits.push(b'0' + digit);
        }
        // Where the number is written with an exponent, another digit follows in any case.
        if is_first && !(-2..=8).contains(&self.exponent) {
            return false;
        }
        low || high
    }

    fn rounded(mut self) -> Digits {
        use std::cmp::Ordering::{Equal, Greater};
        let is_odd = self.digits.last().is_some_and(|digit| digit % 2 == 1);
        let up = self.high && (!self.low || self.middle == Greater || (self.middle == Equal && is_odd));
        if up {
            let nines = self.digits.iter().rev().take_while(|digit| **digit == b'9').count();
            let kept = self.digits.len() - nines;
            self.digits.iter_mut().skip(kept).for_each(|digit| *digit = b'0');
            match kept.checked_sub(1).and_then(|last| self.digits.get_mut(last)) {
                Some(last) => *last += 1,
                None => {
                    self.exponent += 1;
                    if let Some(first) = self.digits.first_mut() {
                        *first = b'1';
                    }
                }
            }
        }
        Digits { digits: self.digits, exponent: self.exponent }
    }
}

/// The bits a power of five needs; an estimate where it is large.
fn bits_of_five(power: u32) -> u32 {
    match power {
        0 => 0,
        1..=26 => 5_u64.pow(power).ilog2() + 1,
        _ => 3 * power,
    }
}
