//! What the text of a string or number token means: escapes, types of numbers, their ranges.

use floe_syntax::{DataType, Literal};

/// The value of a string token, quotes and all (Spark 4.1 `unescapeSQLString`): backslash escapes, octal `\012`,
/// `\u0041`, `\U00000041`, and a doubled quote for one. In `r'…'` everything stands for itself.
pub(crate) fn unescape(token: &str) -> String {
    if let Some(raw) = token.strip_prefix(['r', 'R']) {
        return inner(raw).to_string();
    }
    let quote = token.chars().next().unwrap_or('\'');
    let body = inner(token);
    if !body.bytes().any(|byte| byte == b'\\' || byte == quote as u8) {
        return body.to_string();
    }
    let mut out = String::with_capacity(body.len());
    let mut rest = body;
    while let Some(next) = rest.chars().next() {
        let used = if next == '\\' {
            escape(rest, &mut out)
        } else {
            out.push(next);
            // Inside the token a quote only ever stands doubled.
            if next == quote { 2 } else { next.len_utf8() }
        };
        rest = rest.get(used..).unwrap_or("");
    }
    out
}

/// A string token without its first and its last letter. For `r'…'` that is not what stands between the quotes, but what
/// Spark 4.1 takes where strings are as written (`stringWithoutUnescape`).
pub(crate) fn inner(token: &str) -> &str {
    token.get(1..token.len().saturating_sub(1)).unwrap_or("")
}

/// Writes what the escape at the start of `rest` stands for; how many bytes it took.
fn escape(rest: &str, out: &mut String) -> usize {
    let body = rest.get(1..).unwrap_or("");
    if let Some((letter, used)) = unicode(body, 'u', 4).or_else(|| unicode(body, 'U', 8)).or_else(|| octal(body)) {
        out.push(letter);
        return 1 + used;
    }
    let Some(letter) = body.chars().next() else {
        // The lexer gives no token that ends so; keep it as it stands.
        out.push('\\');
        return 1;
    };
    match letter {
        '0' => out.push('\0'),
        'b' => out.push('\u{8}'),
        'n' => out.push('\n'),
        'r' => out.push('\r'),
        't' => out.push('\t'),
        'Z' => out.push('\u{1A}'),
        // LIKE patterns need to tell `\%` from `%`.
        '%' => out.push_str("\\%"),
        '_' => out.push_str("\\_"),
        other => out.push(other),
    }
    1 + letter.len_utf8()
}

fn unicode(body: &str, letter: char, digits: usize) -> Option<(char, usize)> {
    let hex = body.strip_prefix(letter)?.get(..digits)?;
    if !hex.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    let code = u32::from_str_radix(hex, 16).ok()?;
    Some((char::from_u32(code).unwrap_or('\u{FFFD}'), 1 + digits))
}

/// `\012`: three digits, the first 0 or 1.
fn octal(body: &str) -> Option<(char, usize)> {
    let digits = body.get(..3)?;
    let fits = digits.bytes().all(|byte| matches!(byte, b'0'..=b'7'))
        && matches!(digits.as_bytes().first(), Some(b'0' | b'1'));
    let code = fits.then(|| u8::from_str_radix(digits, 8).ok())??;
    Some((char::from(code), 3))
}

/// The text of a decimal number to a literal with the precision and scale it is written with.
/// `None` where more than 38 digits would be needed; the first part of the pair is then the precision.
pub(crate) fn decimal(text: &str) -> Result<Literal, u32> {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let (mantissa, exponent) = match digits.find(['e', 'E']) {
        Some(at) => {
            (digits.get(..at).unwrap_or(""), digits.get(at + 1..).unwrap_or("").parse::<i64>().unwrap_or(i64::MAX))
        }
        None => (digits, 0),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let significant: String = [whole, fraction].concat().trim_start_matches('0').to_string();
    let scale = (fraction.len() as i64).saturating_sub(exponent);
    // A negative scale is written out; the precision covers at least the scale.
    let (significant, scale) = if scale < 0 {
        let zeros = scale.unsigned_abs().min(100) as usize;
        (if significant.is_empty() { significant } else { significant + &"0".repeat(zeros) }, 0)
    } else {
        (significant, scale)
    };
    let precision = (significant.len() as i64).max(scale).max(1);
    if precision > 38 {
        return Err(u32::try_from(precision).unwrap_or(u32::MAX));
    }
    let value: i128 = if significant.is_empty() { 0 } else { significant.parse().map_err(|_| 39_u32)? };
    let unscaled = if negative { -value } else { value };
    Ok(Literal::Decimal { unscaled, precision: precision as u8, scale: scale as i8 })
}

/// An integer without a letter: INT, else BIGINT, else DECIMAL.
pub(crate) fn integer(text: &str) -> Result<Literal, u32> {
    if let Ok(value) = text.parse::<i32>() {
        return Ok(Literal::Int(value));
    }
    if let Ok(value) = text.parse::<i64>() {
        return Ok(Literal::Long(value));
    }
    decimal(text)
}

/// The bytes of `X'1F'`; an odd number of digits gets a zero in front.
pub(crate) fn hex(text: &str) -> Option<Vec<u8>> {
    let padded = if text.len() % 2 == 1 { format!("0{text}") } else { text.to_string() };
    if !padded.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    padded.as_bytes().chunks(2).map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()).collect()
}

/// NULL as it is written.
pub(crate) fn null() -> Literal {
    Literal::Null(DataType::Null)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_are_sparks() {
        assert_eq!(unescape(r"'a\nb'"), "a\nb");
        assert_eq!(unescape(r"'it\'s'"), "it's");
        assert_eq!(unescape("'it''s'"), "it's");
        assert_eq!(unescape(r"'\%\_\\'"), r"\%\_\");
        assert_eq!(unescape(r"'\u0041\101\d'"), "AAd");
        assert_eq!(unescape(r"r'\n'"), r"\n");
        assert_eq!(unescape("\"a'b\""), "a'b");
    }

    #[test]
    fn numbers_take_the_smallest_type_that_holds_them() {
        assert_eq!(integer("1"), Ok(Literal::Int(1)));
        assert_eq!(integer("2147483648"), Ok(Literal::Long(2_147_483_648)));
        assert_eq!(
            integer("9223372036854775808"),
            Ok(Literal::Decimal { unscaled: 9_223_372_036_854_775_808, precision: 19, scale: 0 })
        );
        assert_eq!(decimal("-0.010"), Ok(Literal::Decimal { unscaled: -10, precision: 3, scale: 3 }));
        assert_eq!(decimal("1e2"), Ok(Literal::Decimal { unscaled: 100, precision: 3, scale: 0 }));
        assert!(integer(&"9".repeat(39)).is_err());
    }
}
