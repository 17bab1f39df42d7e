//! LIKE's patterns: `%` any text, `_` one character, and an escape before either, or before itself.

use arrow::datatypes::DataType;
use datafusion::logical_expr::{Expr, Like};
use datafusion::scalar::ScalarValue;
use floe_base::error::Kind;
use floe_base::{Error, Result};
use regex::Regex;

use crate::rows::{Texts, booleans};
use crate::{Call, Typed, coerce};

/// The text and the pattern as strings, or Spark's complaint.
pub(crate) fn texts(call: &Call<'_>, text: Typed, pattern: Typed, index: usize) -> Result<(Typed, Typed)> {
    let string = |value: Typed, index: usize| {
        coerce::implicit(value, &DataType::Utf8, call.context, call.origin)
            .unwrap_or_else(|| Err(call.unexpected_type(index, "\"STRING\"")))
    };
    Ok((string(text, 0)?, string(pattern, index)?))
}

/// The match. A constant pattern becomes the engine's own LIKE, which it turns into equality, prefixes and pruning.
pub(crate) fn matches(call: &Call<'_>, text: Typed, pattern: Typed, escape: char, insensitive: bool) -> Result<Typed> {
    let nullable = text.nullable || pattern.nullable;
    let fallible = text.fallible || pattern.fallible;
    if let Some(ScalarValue::Utf8(constant)) = pattern.literal() {
        let constant = match constant {
            Some(written) => Some(with_backslash(written, escape).map_err(|error| error.at(call.origin))?),
            None => None,
        };
        let pattern = Expr::Literal(ScalarValue::Utf8(constant), None);
        let like = Like::new(false, Box::new(text.expr), Box::new(pattern), None, insensitive);
        return Ok(Typed::new(Expr::Like(like), DataType::Boolean, nullable).with_fallible(fallible));
    }
    let key = format!("{escape} {insensitive}");
    Ok(call.raising(key, vec![text, pattern], DataType::Boolean, nullable, move |arguments| {
        let (texts, patterns) = (Texts::of(arguments, 0)?, Texts::of(arguments, 1)?);
        // Patterns of a column repeat; the last one compiled is kept.
        let mut last: Option<(String, Regex)> = None;
        booleans(arguments, |row| {
            let (Some(text), Some(pattern)) = (texts.at(row), patterns.at(row)) else { return Ok(None) };
            if last.as_ref().is_none_or(|(known, _)| known != pattern) {
                last = Some((pattern.into(), compiled(pattern, escape, insensitive)?));
            }
            Ok(last.as_ref().map(|(_, regex)| regex.is_match(text)))
        })
    }))
}

/// One step of a pattern.
enum Step {
    Any,
    One,
    Letter(char),
}

/// The steps of a pattern; an escape before anything but `%`, `_` and itself is an error, as is one at the end.
fn steps(pattern: &str, escape: char) -> Result<Vec<Step>> {
    let mut steps = Vec::with_capacity(pattern.len());
    let mut letters = pattern.chars();
    while let Some(letter) = letters.next() {
        steps.push(match letter {
            letter if letter == escape => match letters.next() {
                Some(next) if next == escape || next == '%' || next == '_' => Step::Letter(next),
                Some(next) => {
                    return Err(Error::new(Kind::Analysis, "INVALID_FORMAT.ESC_IN_THE_MIDDLE")
                        .with("format", format!("'{pattern}'"))
                        .with("char", format!("'{next}'")));
                }
                None => {
                    return Err(Error::new(Kind::Analysis, "INVALID_FORMAT.ESC_AT_THE_END")
                        .with("format", format!("'{pattern}'")));
                }
            },
            '%' => Step::Any,
            '_' => Step::One,
            letter => Step::Letter(letter),
        });
    }
    Ok(steps)
}

/// The pattern with a backslash for its escape, as the engine's LIKE has it.
fn with_backslash(pattern: &str, escape: char) -> Result<String> {
    let mut out = String::with_capacity(pattern.len());
    for step in steps(pattern, escape)? {
        match step {
            Step::Any => out.push('%'),
            Step::One => out.push('_'),
            Step::Letter(letter) => {
                if matches!(letter, '%' | '_' | '\\') {
                    out.push('\\');
                }
                out.push(letter);
            }
        }
    }
    Ok(out)
}

fn compiled(pattern: &str, escape: char, insensitive: bool) -> Result<Regex> {
    let mut out = String::from(if insensitive { "(?si)^" } else { "(?s)^" });
    for step in steps(pattern, escape)? {
        match step {
            Step::Any => out.push_str(".*"),
            Step::One => out.push('.'),
            Step::Letter(letter) => out.push_str(&regex::escape(letter.encode_utf8(&mut [0; 4]))),
        }
    }
    out.push('$');
    // `$` without multi-line matches at the very end only.
    Regex::new(&out).map_err(|error| Error::internal(error.to_string()))
}
