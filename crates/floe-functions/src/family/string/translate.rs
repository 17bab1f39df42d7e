//! `translate(str, from, to)`: single characters by others.

use std::collections::HashMap;

use arrow::datatypes::DataType;
use floe_base::Result;

use super::_text::text;
use crate::rows::{self, Texts};
use crate::{Call, Function, Typed};

pub(crate) const FUNCTIONS: &[Function] = &[Function::scalar("translate", bind)
    .usage("translate(str, from, to) - Replaces each character of from by the one at its place in to, or removes it.")];

fn bind(call: &Call<'_>) -> Result<Typed> {
    let [_, _, _] = call.exactly()?;
    let arguments = vec![text(call, 0)?, text(call, 1)?, text(call, 2)?];
    Ok(call.kernel("", arguments, DataType::Utf8, call.any_nullable(), |arguments| {
        let (values, froms, tos) = (Texts::of(arguments, 0)?, Texts::of(arguments, 1)?, Texts::of(arguments, 2)?);
        let constant = froms.constant && tos.constant;
        let mut table = None;
        rows::texts(arguments, |row, out| {
            let (Some(value), Some(from), Some(to)) = (values.at(row), froms.at(row), tos.at(row)) else {
                return Ok(false);
            };
            if !constant {
                table = None;
            }
            let table = table.get_or_insert_with(|| dictionary(from, to));
            out.extend(value.chars().filter_map(|letter| *table.get(&letter).unwrap_or(&Some(letter))));
            Ok(true)
        })
    }))
}

/// `None` removes; of a character that `from` names twice the first place counts.
fn dictionary(from: &str, to: &str) -> HashMap<char, Option<char>> {
    let mut table = HashMap::new();
    let mut to = to.chars();
    for letter in from.chars() {
        let target = to.next();
        table.entry(letter).or_insert(target);
    }
    table
}
