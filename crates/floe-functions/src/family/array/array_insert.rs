//! `array_insert(array, pos, element)`: an array with one element more at a place, from 1 or from the end.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field};
use floe_base::error::Kind;
use floe_base::{Error, Result};

use super::_list::{Gather, list_and_value};
use crate::family::string::_text::int;
use crate::rows::{self, Ints, Lists};
use crate::{Call, Function, Typed};

pub(crate) const FUNCTIONS: &[Function] = &[Function::scalar("array_insert", bind)
    .usage("array_insert(array, pos, element) - Puts the element at pos; places between are filled with NULL.")];

/// Spark 4.1 declares the elements nullable whatever they are. A negative place counts the new element itself, so that
/// -1 is the end, unless `spark.sql.legacy.negativeIndexInArrayInsert` is set.
fn bind(call: &Call<'_>) -> Result<Typed> {
    let [_, _, _] = call.exactly()?;
    let (array, value, element) = list_and_value(call, 0, 2)?;
    let place = int(call, 1)?;
    let element = Arc::new(Field::new("element", element.data_type().clone(), true));
    let nullable = array.nullable || place.nullable;
    let legacy = call.context.conf("spark.sql.legacy.negativeIndexInArrayInsert", "false") == "true";
    let data_type = DataType::List(element.clone());
    Ok(call.raising(format!("{legacy}"), vec![array, place, value], data_type, nullable, move |arguments| {
        let (lists, places) = (Lists::of(arguments, 0)?, Ints::of(arguments, 1)?);
        let values = rows::any(arguments, 2)?;
        let rows = rows::count(arguments);
        let mut gather = Gather::new(vec![lists.array.values().clone(), values.array.clone()], rows);
        for row in 0..rows {
            let (Some(range), Some(place)) = (lists.range(row), places.at(row)) else {
                gather.end_row(false)?;
                continue;
            };
            if place == 0 {
                return Err(Error::new(Kind::Runtime, "INVALID_INDEX_OF_ZERO"));
            }
            let distance = usize::try_from(place.unsigned_abs()).unwrap_or(usize::MAX);
            if place > 0 {
                let before = (distance - 1).min(range.len());
                gather.pick_all(0, range.start..range.start + before);
                (before..distance - 1).for_each(|_| gather.pick_null());
                gather.pick(1, values.place(row));
                gather.pick_all(0, range.start + before..range.end);
            } else {
                let after = if legacy { distance } else { distance - 1 };
                let kept = after.min(range.len());
                gather.pick_all(0, range.start..range.end - kept);
                gather.pick(1, values.place(row));
                (kept..after).for_each(|_| gather.pick_null());
                gather.pick_all(0, range.end - kept..range.end);
            }
            gather.end_row(true)?;
        }
        rows::finish(arguments, gather.finish(&element)?)
    }))
}
