//! `next_day(start, weekday)`: the first such weekday after the date. A name that is none raises under ANSI, else is NULL.

use arrow::array::{Date32Array, StringArray};
use arrow::datatypes::{DataType, Date32Type};
use floe_base::{Error, Kind, Result};

use super::_civil::weekday;
use super::_kernel::{filled, gives, kernel, raises};
use crate::rows::Column;
use crate::{Call, Function, Typed};

pub(crate) const FUNCTIONS: &[Function] = &[Function::scalar("next_day", bind)
    .usage("next_day(start_date, day_of_week) - Returns the first date which is later than `start_date` and named as indicated.")];

fn bind(call: &Call<'_>) -> Result<Typed> {
    let [_, _] = call.exactly()?;
    let start = call.coerced(0, &DataType::Date32, "\"DATE\"")?;
    let name = call.coerced(1, &DataType::Utf8, "\"STRING\"")?;
    let ansi = call.context.ansi;
    let result = if ansi { raises(DataType::Date32, true) } else { gives(DataType::Date32, true) };
    Ok(kernel(call, ansi, vec![start, name], result, move |arguments| {
        let starts = Column::<Date32Array>::of(arguments, 0)?;
        let names = Column::<StringArray>::of(arguments, 1)?;
        filled::<Date32Type>(arguments, &DataType::Date32, |row| {
            let (Some(start), Some(name)) = (starts.at(row), names.at(row)) else { return Ok(None) };
            let Some(wanted) = day_of_week(name) else {
                return if ansi { Err(illegal(name)) } else { Ok(None) };
            };
            let ahead = (wanted as i32 - weekday(start.into()) as i32 - 1).rem_euclid(7) + 1;
            Ok(Some(start.wrapping_add(ahead)))
        })
    }))
}

/// Monday is 0; two letters, three, or the whole name.
fn day_of_week(name: &str) -> Option<u32> {
    let upper = name.to_uppercase();
    let is = |day: &&str| {
        let day = day.to_uppercase();
        upper == day || Some(upper.as_str()) == day.get(..2) || Some(upper.as_str()) == day.get(..3)
    };
    super::_names::DAYS.iter().position(|day| is(&day)).map(|day| day as u32)
}

fn illegal(name: &str) -> Error {
    Error::new(Kind::IllegalArgument, "ILLEGAL_DAY_OF_WEEK").with("string", name)
}
