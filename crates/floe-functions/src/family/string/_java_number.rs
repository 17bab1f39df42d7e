//! Decimal digits rounded as Java's formatters round them.

/// A number without sign, as `12.5` or `1.25E-7`, taken apart: its digits, and how many of them stand before the point.
fn digits_of(number: &str) -> (Vec<u8>, i32) {
    let (mantissa, exponent) = match number.split_once(['E', 'e']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse().unwrap_or(0)),
        None => (number, 0),
    };
    let whole = mantissa.split('.').next().unwrap_or_default().len();
    let digits: Vec<u8> = mantissa.bytes().filter(u8::is_ascii_digit).map(|digit| digit - b'0').collect();
    let zeros = digits.iter().take_while(|digit| **digit == 0).count();
    let point = i32::try_from(whole).unwrap_or(i32::MAX).saturating_add(exponent);
    if zeros == digits.len() {
        return (vec![0], 1);
    }
    (digits.get(zeros..).unwrap_or_default().to_vec(), point - i32::try_from(zeros).unwrap_or(0))
}

/// Cuts after so many digits, half up; a carry may make one more before the point.
fn round_half_up(digits: &mut Vec<u8>, keep: usize) -> bool {
    let up = digits.get(keep).is_some_and(|next| *next >= 5);
    digits.truncate(keep);
    if !up {
        return false;
    }
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

fn push(out: &mut String, digits: impl IntoIterator<Item = u8>) {
    out.extend(digits.into_iter().map(|digit| char::from(b'0' + digit)));
}

/// With so many digits behind the point.
pub(crate) fn fixed(number: &str, places: usize) -> String {
    let (mut digits, mut point) = digits_of(number);
    let keep = i64::from(point) + i64::try_from(places).unwrap_or(i64::MAX);
    match usize::try_from(keep) {
        Ok(keep) => point += i32::from(round_half_up(&mut digits, keep)),
        Err(_) => digits.clear(),
    }
    let mut out = String::new();
    let whole = usize::try_from(point).unwrap_or(0);
    if whole == 0 {
        out.push('0');
    }
    let at = |index: i64| usize::try_from(index).ok().and_then(|index| digits.get(index)).copied().unwrap_or(0);
    push(&mut out, (0..whole).map(|index| at(index as i64)));
    if places > 0 {
        out.push('.');
        push(&mut out, (0..places).map(|place| at(i64::from(point) + place as i64)));
    }
    out
}

/// With one digit before the point, so many behind it, and an exponent of two digits at least.
pub(crate) fn scientific(number: &str, places: usize) -> String {
    let (mut digits, mut point) = digits_of(number);
    if round_half_up(&mut digits, places + 1) {
        point += 1;
    }
    let is_zero = digits.iter().all(|digit| *digit == 0);
    let mut out = String::new();
    let padded = digits.into_iter().chain(std::iter::repeat(0));
    for (index, digit) in padded.take(places + 1).enumerate() {
        if index == 1 {
            out.push('.');
        }
        out.push(char::from(b'0' + digit));
    }
    let exponent = if is_zero { 0 } else { point - 1 };
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{out}e{sign}{:02}", exponent.abs())
}
