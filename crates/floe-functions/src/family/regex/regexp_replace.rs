//! `regexp_replace(str, regexp, rep[, position])`: every match by a text with `$1` and `${name}` for groups.

use arrow::datatypes::DataType;
use datafusion::scalar::ScalarValue;
use floe_base::error::Kind;
use floe_base::{Error, Result};

use super::_pattern::{Groups, Pattern, Patterns, next_start};
use crate::family::string::_text::{int, nullable, offset, text};
use crate::rows::{self, Ints, Texts};
use crate::{Call, Function, Typed};

pub(crate) const FUNCTIONS: &[Function] = &[Function::scalar("regexp_replace", bind)
    .usage("regexp_replace(str, regexp, rep[, position]) - Replaces every match from position on by rep.")];

fn bind(call: &Call<'_>) -> Result<Typed> {
    call.between(3, 4)?;
    let position = match call.arguments.len() {
        3 => Typed::constant(ScalarValue::from(1)),
        _ => int(call, 3)?,
    };
    match position.literal() {
        Some(ScalarValue::Int32(Some(position))) if *position <= 0 => return Err(out_of_range(call, *position)),
        Some(_) => {}
        None => return Err(not_constant(call)),
    }
    let arguments = [text(call, 0)?, text(call, 1)?, text(call, 2)?, position];
    let nullable = nullable(&arguments.each_ref());
    Ok(call.raising("", arguments.into(), DataType::Utf8, nullable, |arguments| {
        let (values, patterns, replacements) =
            (Texts::of(arguments, 0)?, Texts::of(arguments, 1)?, Texts::of(arguments, 2)?);
        let positions = Ints::of(arguments, 3)?;
        let pattern_texts = &patterns;
        let mut patterns = Patterns::new(pattern_texts, "regexp_replace");
        rows::texts(arguments, |row, out| {
            let (Some(value), Some(pattern), Some(replacement), Some(position)) =
                (values.at(row), patterns.at(row)?, replacements.at(row), positions.at(row))
            else {
                return Ok(false);
            };
            let skipped = usize::try_from(position - 1).unwrap_or(0);
            let start = offset(value, skipped);
            // A position at or behind the end changes nothing, except that the first is always one.
            if start >= value.len() && skipped > 0 {
                out.push_str(value);
                return Ok(true);
            }
            replace(value, pattern, replacement, start, out)
                .ok_or_else(|| failed(value, pattern_texts.at(row).unwrap_or_default(), replacement, position))??;
            Ok(true)
        })
    }))
}

/// `None` where the replacement names a group that is not there.
fn replace(value: &str, pattern: &Pattern, replacement: &str, start: usize, out: &mut String) -> Option<Result<()>> {
    let mut written = 0;
    let mut from = Some(start);
    while let Some(at) = from {
        let found = match pattern.captures_at(value, at) {
            Ok(Some(found)) => found,
            Ok(None) => break,
            Err(error) => return Some(Err(error)),
        };
        let whole = found.first().copied().flatten()?;
        out.push_str(value.get(written..whole.0).unwrap_or_default());
        expand(value, &found, pattern, replacement, out)?;
        written = whole.1;
        from = next_start(value, whole);
    }
    out.push_str(value.get(written..).unwrap_or_default());
    Some(Ok(()))
}

/// Java's `Matcher.appendReplacement`: `\x` is `x`, `$n` takes as many digits as still name a group.
fn expand(value: &str, found: &Groups, pattern: &Pattern, replacement: &str, out: &mut String) -> Option<()> {
    let mut letters = replacement.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '\\' => out.push(letters.next()?),
            '$' if letters.peek() == Some(&'{') => {
                letters.next();
                let name: String = std::iter::from_fn(|| letters.next_if(|letter| *letter != '}')).collect();
                letters.next()?;
                push_group(value, found, pattern.named(&name)?, out);
            }
            '$' => {
                let mut group = usize::try_from(letters.next()?.to_digit(10)?).ok()?;
                if group > pattern.groups() {
                    return None;
                }
                while let Some(digit) = letters.peek().and_then(|letter| letter.to_digit(10)) {
                    let longer = group * 10 + usize::try_from(digit).ok()?;
                    if longer > pattern.groups() {
                        break;
                    }
                    group = longer;
                    letters.next();
                }
                push_group(value, found, group, out);
            }
            letter => out.push(letter),
        }
    }
    Some(())
}

fn push_group(value: &str, found: &Groups, group: usize, out: &mut String) {
    if let Some((start, end)) = found.get(group).copied().flatten() {
        out.push_str(value.get(start..end).unwrap_or_default());
    }
}

fn failed(source: &str, pattern: &str, replacement: &str, position: i32) -> Error {
    Error::new(Kind::Runtime, "INVALID_REGEXP_REPLACE")
        .with("source", source)
        .with("pattern", pattern)
        .with("replacement", replacement)
        .with("position", position.to_string())
}

fn out_of_range(call: &Call<'_>, position: i32) -> Error {
    Error::analysis("DATATYPE_MISMATCH.VALUE_OUT_OF_RANGE")
        .with("sqlExpr", format!("\"{}\"", (call.text)(None)))
        .with("exprName", "position")
        .with("valueRange", "(0, 2147483647]")
        .with("currentValue", position.to_string())
        .at(call.origin)
}

fn not_constant(call: &Call<'_>) -> Error {
    Error::analysis("DATATYPE_MISMATCH.NON_FOLDABLE_INPUT")
        .with("sqlExpr", format!("\"{}\"", (call.text)(None)))
        .with("inputName", "`position`")
        .with("inputType", "\"INT\"")
        .with("inputExpr", format!("\"{}\"", (call.text)(Some(3))))
        .at(call.origin)
}
