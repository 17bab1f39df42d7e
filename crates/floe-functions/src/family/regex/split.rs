//! `split(str, regex[, limit])`: the parts of text between matches of a regular expression.

use std::sync::Arc;

use arrow::array::{ListBuilder, StringBuilder};
use arrow::datatypes::{DataType, Field};
use datafusion::scalar::ScalarValue;
use floe_base::Result;

use super::_pattern::Patterns;
use crate::family::array::_list::list_of;
use crate::family::string::_text::{int, nullable, text};
use crate::rows::{self, Ints, Texts};
use crate::{Call, Function, Typed};

pub(crate) const FUNCTIONS: &[Function] = &[Function::scalar("split", bind).usage(
    "split(str, regex[, limit]) - Splits the text at each match; into limit parts at most, where that is above 0.",
)];

fn bind(call: &Call<'_>) -> Result<Typed> {
    call.between(2, 3)?;
    let limit = match call.arguments.len() {
        2 => Typed::constant(ScalarValue::from(-1)),
        _ => int(call, 2)?,
    };
    let arguments = [text(call, 0)?, text(call, 1)?, limit];
    let nullable = nullable(&arguments.each_ref());
    Ok(call.raising("", arguments.into(), list_of(&DataType::Utf8, false), nullable, |arguments| {
        let (values, patterns, limits) = (Texts::of(arguments, 0)?, Texts::of(arguments, 1)?, Ints::of(arguments, 2)?);
        let pattern_texts = &patterns;
        let mut patterns = Patterns::bare(pattern_texts, "split");
        let field = Arc::new(Field::new("element", DataType::Utf8, false));
        let mut builder = ListBuilder::new(StringBuilder::new()).with_field(field);
        for row in rows::each(arguments) {
            let row = row?;
            let (Some(value), Some(text), Some(limit)) = (values.at(row), pattern_texts.at(row), limits.at(row)) else {
                builder.append(false);
                continue;
            };
            let out = builder.values();
            let limit = usize::try_from(limit).ok().filter(|limit| *limit > 0).unwrap_or(usize::MAX);
            if is_plain(text) && !value.is_empty() {
                value.splitn(limit, text).for_each(|part| out.append_value(part));
            } else if let Some(pattern) = patterns.at(row)? {
                pattern.split(value, limit)?.into_iter().for_each(|part| out.append_value(part));
            }
            builder.append(true);
        }
        rows::finish(arguments, Arc::new(builder.finish()))
    }))
}

/// A pattern that means just its text, as most separators are.
fn is_plain(pattern: &str) -> bool {
    !pattern.is_empty() && !pattern.contains(|letter: char| r"\^$.|?*+()[]{}".contains(letter))
}
