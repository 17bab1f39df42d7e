//! `startswith`, `endswith`, `contains`: does text (or binary) hold another, and where.
//!
//! Over a constant pattern they are LIKE, which the engine prunes files and row groups with.

use arrow::datatypes::DataType;
use datafusion::logical_expr::expr::Like;
use datafusion::logical_expr::{Expr, lit};
use datafusion::scalar::ScalarValue;
use floe_base::Result;

use super::_text::{nullable, text};
use crate::rows::{self, Binaries, Texts};
use crate::{Call, Function, Typed};

pub(crate) const FUNCTIONS: &[Function] = &[
    Function::scalar("startswith", starts)
        .usage("startswith(left, right) - Returns true where left starts with right."),
    Function::scalar("endswith", ends).usage("endswith(left, right) - Returns true where left ends with right."),
    Function::scalar("contains", contains).usage("contains(left, right) - Returns true where right stands in left."),
];

fn starts(call: &Call<'_>) -> Result<Typed> {
    bind(call, ("", "%"), |value, part| value.starts_with(part))
}

fn ends(call: &Call<'_>) -> Result<Typed> {
    bind(call, ("%", ""), |value, part| value.ends_with(part))
}

fn contains(call: &Call<'_>) -> Result<Typed> {
    bind(call, ("%", "%"), |value, part| part.is_empty() || value.windows(part.len()).any(|window| window == part))
}

fn bind(call: &Call<'_>, around: (&str, &str), test: fn(&[u8], &[u8]) -> bool) -> Result<Typed> {
    let [left, right] = call.exactly()?;
    if left.data_type == DataType::Binary && right.data_type == DataType::Binary {
        // Spark 4.1 declares the binary form nullable whatever its arguments are.
        return Ok(call.kernel("binary", vec![left, right], DataType::Boolean, true, move |arguments| {
            let (values, parts) = (Binaries::of(arguments, 0)?, Binaries::of(arguments, 1)?);
            rows::booleans(arguments, |row| {
                Ok(values.at(row).zip(parts.at(row)).map(|(value, part)| test(value, part)))
            })
        }));
    }
    let (value, part) = (text(call, 0)?, text(call, 1)?);
    let nullable = nullable(&[&value, &part]);
    if let Some(ScalarValue::Utf8(Some(constant))) = part.literal() {
        let pattern = format!("{}{}{}", around.0, escaped(constant), around.1);
        let like = Like::new(false, Box::new(value.expr), Box::new(lit(pattern)), None, false);
        return Ok(Typed::new(Expr::Like(like), DataType::Boolean, nullable).with_fallible(value.fallible));
    }
    Ok(call.kernel("", vec![value, part], DataType::Boolean, nullable, move |arguments| {
        let (values, parts) = (Texts::of(arguments, 0)?, Texts::of(arguments, 1)?);
        rows::booleans(arguments, |row| {
            Ok(values.at(row).zip(parts.at(row)).map(|(value, part)| test(value.as_bytes(), part.as_bytes())))
        })
    }))
}

/// A text as a LIKE pattern that means just it.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        if matches!(letter, '%' | '_' | '\\') {
            out.push('\\');
        }
        out.push(letter);
    }
    out
}
