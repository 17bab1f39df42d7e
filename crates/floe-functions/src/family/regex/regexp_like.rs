//! `regexp_like(str, regexp)`, as `rlike` and `regexp`: does a regular expression find something in the text.

use arrow::datatypes::DataType;
use floe_base::Result;

use super::_pattern::Patterns;
use crate::family::string::_text::{nullable, text};
use crate::rows::{self, Texts};
use crate::{Call, Function, Typed};

pub(crate) const FUNCTIONS: &[Function] = &[Function::scalar("rlike", bind)
    .aliases(&["regexp_like", "regexp"])
    .usage("rlike(str, regexp) - Returns true where the regular expression finds something in str.")];

fn bind(call: &Call<'_>) -> Result<Typed> {
    let [_, _] = call.exactly()?;
    let (value, pattern) = (text(call, 0)?, text(call, 1)?);
    let nullable = nullable(&[&value, &pattern]);
    Ok(call.raising("", vec![value, pattern], DataType::Boolean, nullable, |arguments| {
        let (values, patterns) = (Texts::of(arguments, 0)?, Texts::of(arguments, 1)?);
        let mut patterns = Patterns::new(&patterns, "rlike");
        rows::booleans(arguments, |row| match (values.at(row), patterns.at(row)?) {
            (Some(value), Some(pattern)) => pattern.is_match(value).map(Some),
            _ => Ok(None),
        })
    }))
}
