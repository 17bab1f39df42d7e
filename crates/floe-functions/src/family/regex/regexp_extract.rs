//! `regexp_extract` and `regexp_extract_all`: a group of the first match, or of every match.

use std::sync::Arc;

use arrow::array::{ListBuilder, StringBuilder};
use arrow::datatypes::{DataType, Field};
use datafusion::scalar::ScalarValue;
use floe_base::error::Kind;
use floe_base::{Error, Result};

use super::_pattern::{Pattern, Patterns, next_start};
use crate::family::array::_list::list_of;
use crate::family::string::_text::{int, nullable, text};
use crate::rows::{self, Ints, Texts};
use crate::{Call, Function, Typed};

pub(crate) const FUNCTIONS: &[Function] = &[
    Function::scalar("regexp_extract", first).usage(
        "regexp_extract(str, regexp[, idx]) - Returns a group (1; 0 is the whole) of the first match, or empty text.",
    ),
    Function::scalar("regexp_extract_all", all)
        .usage("regexp_extract_all(str, regexp[, idx]) - Returns a group (1; 0 is the whole) of every match."),
];

fn arguments_of(call: &Call<'_>) -> Result<[Typed; 3]> {
    call.between(2, 3)?;
    let group = match call.arguments.len() {
        2 => Typed::constant(ScalarValue::from(1)),
        _ => int(call, 2)?,
    };
    Ok([text(call, 0)?, text(call, 1)?, group])
}

fn first(call: &Call<'_>) -> Result<Typed> {
    let arguments = arguments_of(call)?;
    let nullable = nullable(&arguments.each_ref());
    Ok(call.raising("", arguments.into(), DataType::Utf8, nullable, |arguments| {
        let (values, patterns, groups) = (Texts::of(arguments, 0)?, Texts::of(arguments, 1)?, Ints::of(arguments, 2)?);
        let mut patterns = Patterns::new(&patterns, "regexp_extract");
        rows::texts(arguments, |row, out| {
            let (Some(value), Some(pattern), Some(group)) = (values.at(row), patterns.at(row)?, groups.at(row)) else {
                return Ok(false);
            };
            let Some(found) = pattern.captures_at(value, 0)? else { return Ok(true) };
            let group = checked(group, pattern, "regexp_extract")?;
            if let Some((start, end)) = found.get(group).copied().flatten() {
                out.push_str(value.get(start..end).unwrap_or_default());
            }
            Ok(true)
        })
    }))
}

fn all(call: &Call<'_>) -> Result<Typed> {
    let arguments = arguments_of(call)?;
    let nullable = nullable(&arguments.each_ref());
    Ok(call.raising("", arguments.into(), list_of(&DataType::Utf8, true), nullable, |arguments| {
        let (values, patterns, groups) = (Texts::of(arguments, 0)?, Texts::of(arguments, 1)?, Ints::of(arguments, 2)?);
        let mut patterns = Patterns::new(&patterns, "regexp_extract_all");
        let field = Arc::new(Field::new("element", DataType::Utf8, true));
        let mut builder = ListBuilder::new(StringBuilder::new()).with_field(field);
        for row in rows::each(arguments) {
            let row = row?;
            let (Some(value), Some(pattern), Some(group)) = (values.at(row), patterns.at(row)?, groups.at(row)) else {
                builder.append(false);
                continue;
            };
            let mut from = Some(0);
            while let Some(start) = from
                && let Some(found) = pattern.captures_at(value, start)?
            {
                let group = checked(group, pattern, "regexp_extract_all")?;
                let (start, end) = found.get(group).copied().flatten().unwrap_or((0, 0));
                builder.values().append_value(value.get(start..end).unwrap_or_default());
                from = found.first().copied().flatten().and_then(|whole| next_start(value, whole));
            }
            builder.append(true);
        }
        rows::finish(arguments, Arc::new(builder.finish()))
    }))
}

/// Spark 4.1 `INVALID_PARAMETER_VALUE.REGEX_GROUP_INDEX`, which it raises only where the pattern matches.
fn checked(group: i32, pattern: &Pattern, function: &str) -> Result<usize> {
    let groups = pattern.groups();
    usize::try_from(group).ok().filter(|group| *group <= groups).ok_or_else(|| {
        Error::new(Kind::Runtime, "INVALID_PARAMETER_VALUE.REGEX_GROUP_INDEX")
            .with("parameter", "`idx`")
            .with("functionName", format!("`{function}`"))
            .with("groupCount", groups.to_string())
            .with("groupIndex", group.to_string())
    })
}
