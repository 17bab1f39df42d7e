//! `str_to_map(text[, pairDelim[, keyValueDelim]])`: a map from text such as `a:1,b:2`.

use std::sync::Arc;

use arrow::array::{ArrayRef, StringArray};
use arrow::datatypes::DataType;
use datafusion::scalar::ScalarValue;
use floe_base::Result;

use super::_entries::{Entries, Keys, last_wins, map_type};
use crate::family::regex::_pattern::Patterns;
use crate::family::string::_text::{nullable, text_only};
use crate::rows::{self, Texts};
use crate::{Call, Function, Typed};

pub(crate) const FUNCTIONS: &[Function] = &[Function::scalar("str_to_map", bind).usage(
    "str_to_map(text[, pairDelim[, keyValueDelim]]) - Returns a map of the text's pairs; both delimiters are patterns.",
)];

fn bind(call: &Call<'_>) -> Result<Typed> {
    call.between(1, 3)?;
    let delimiter = |index: usize, default: &str| match call.arguments.len() > index {
        true => text_only(call, index),
        false => Ok(Typed::constant(ScalarValue::from(default))),
    };
    let arguments = [text_only(call, 0)?, delimiter(1, ",")?, delimiter(2, ":")?];
    let nullable = nullable(&arguments.each_ref());
    let data_type = map_type(&DataType::Utf8, &DataType::Utf8, true);
    let (last_wins, result) = (last_wins(call), data_type.clone());
    Ok(call.raising(format!("{last_wins}"), arguments.into(), data_type, nullable, move |arguments| {
        let values = Texts::of(arguments, 0)?;
        let (pairs, middles) = (Texts::of(arguments, 1)?, Texts::of(arguments, 2)?);
        let (mut pairs, mut middles) = (Patterns::bare(&pairs, "str_to_map"), Patterns::bare(&middles, "str_to_map"));
        let (mut found, mut ends) = (Vec::new(), Vec::new());
        let rows = rows::count(arguments);
        for row in rows::each(arguments) {
            let row = row?;
            let (Some(value), Some(pair), Some(middle)) = (values.at(row), pairs.at(row)?, middles.at(row)?) else {
                ends.push(None);
                continue;
            };
            for entry in pair.split(value, usize::MAX)? {
                let parts = middle.split(entry, 2)?;
                found.push((parts.first().copied().unwrap_or_default(), parts.get(1).copied()));
            }
            ends.push(Some(found.len()));
        }
        let (keys, values): (Vec<&str>, Vec<Option<&str>>) = found.into_iter().unzip();
        let keys = Keys::new(vec![Arc::new(StringArray::from(keys)) as ArrayRef])?;
        let mut maps = Entries::new(&keys, vec![Arc::new(StringArray::from(values))], rows, last_wins);
        let mut start = 0;
        for end in ends {
            for index in start..end.unwrap_or(start) {
                maps.push((0, index), Some((0, index)))?;
            }
            start = end.unwrap_or(start);
            maps.end_row(end.is_some())?;
        }
        rows::finish(arguments, maps.finish(&result)?)
    }))
}
