//! `regexp_count`, `regexp_instr`, `regexp_substr`: how many matches, where the first stands, and its text.

use arrow::datatypes::{DataType, Int32Type};
use floe_base::Result;

use super::_pattern::Patterns;
use crate::family::string::_text::{characters, int, nullable, text};
use crate::rows::{self, Texts};
use crate::{Call, Function, Typed};

pub(crate) const FUNCTIONS: &[Function] = &[
    Function::scalar("regexp_count", count).usage("regexp_count(str, regexp) - Returns the number of matches."),
    Function::scalar("regexp_instr", instr).usage(
        "regexp_instr(str, regexp[, idx]) - Returns the place (from 1) of the first match, 0 where there is none.",
    ),
    Function::scalar("regexp_substr", substr)
        .usage("regexp_substr(str, regexp) - Returns the first match, NULL where there is none."),
];

fn count(call: &Call<'_>) -> Result<Typed> {
    let [_, _] = call.exactly()?;
    let (value, pattern) = (text(call, 0)?, text(call, 1)?);
    let nullable = nullable(&[&value, &pattern]);
    Ok(call.raising("", vec![value, pattern], DataType::Int32, nullable, |arguments| {
        let (values, patterns) = (Texts::of(arguments, 0)?, Texts::of(arguments, 1)?);
        // Spark 4.1 counts by way of regexp_extract_all, and names that in its errors.
        let mut patterns = Patterns::new(&patterns, "regexp_extract_all");
        rows::numbers::<Int32Type>(arguments, |row| {
            let (Some(value), Some(pattern)) = (values.at(row), patterns.at(row)?) else { return Ok(None) };
            Ok(Some(i32::try_from(pattern.matches(value)?.len()).unwrap_or(i32::MAX)))
        })
    }))
}

/// The group index of `regexp_instr` is taken and, as in Spark, has no effect beyond its NULL.
fn instr(call: &Call<'_>) -> Result<Typed> {
    call.between(2, 3)?;
    let mut arguments = vec![text(call, 0)?, text(call, 1)?];
    if call.arguments.len() == 3 {
        arguments.push(int(call, 2)?);
    }
    let nullable = nullable(&arguments.iter().collect::<Vec<_>>());
    Ok(call.raising("", arguments, DataType::Int32, nullable, |arguments| {
        let (values, patterns) = (Texts::of(arguments, 0)?, Texts::of(arguments, 1)?);
        let groups = if arguments.values.len() == 3 { Some(rows::Ints::of(arguments, 2)?) } else { None };
        let mut patterns = Patterns::new(&patterns, "regexp_instr");
        rows::numbers::<Int32Type>(arguments, |row| {
            let (Some(value), Some(pattern)) = (values.at(row), patterns.at(row)?) else { return Ok(None) };
            if groups.as_ref().is_some_and(|groups| groups.at(row).is_none()) {
                return Ok(None);
            }
            let found = pattern.find_at(value, 0)?.and_then(|(start, _)| value.get(..start));
            Ok(Some(found.map_or(0, |before| i32::try_from(characters(before) + 1).unwrap_or(i32::MAX))))
        })
    }))
}

/// Spark 4.1 makes it of regexp_extract and nullif, so that an empty match is NULL too.
fn substr(call: &Call<'_>) -> Result<Typed> {
    let [_, _] = call.exactly()?;
    let arguments = vec![text(call, 0)?, text(call, 1)?];
    Ok(call.raising("", arguments, DataType::Utf8, true, |arguments| {
        let (values, patterns) = (Texts::of(arguments, 0)?, Texts::of(arguments, 1)?);
        let mut patterns = Patterns::new(&patterns, "regexp_extract");
        rows::texts(arguments, |row, out| {
            let (Some(value), Some(pattern)) = (values.at(row), patterns.at(row)?) else { return Ok(false) };
            let found = pattern.find_at(value, 0)?.and_then(|(start, end)| value.get(start..end)).unwrap_or_default();
            out.push_str(found);
            Ok(!found.is_empty())
        })
    }))
}
