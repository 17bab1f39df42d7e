//! `trunc(date, unit)`: the first day of the date's week, month, quarter or year; NULL for any other unit.

use arrow::array::{Date32Array, StringArray};
use arrow::datatypes::{DataType, Date32Type};
use floe_base::Result;

use super::_civil::date32;
use super::_kernel::{filled, gives, kernel};
use super::_truncate::Unit;
use crate::rows::Column;
use crate::{Call, Function, Typed};

pub(crate) const FUNCTIONS: &[Function] = &[Function::scalar("trunc", bind)
    .usage("trunc(date, fmt) - Returns `date` with the time portion of the day truncated to the unit specified by the format model `fmt`.")];

fn bind(call: &Call<'_>) -> Result<Typed> {
    let [_, _] = call.exactly()?;
    let date = call.coerced(0, &DataType::Date32, "\"DATE\"")?;
    let unit = call.coerced(1, &DataType::Utf8, "\"STRING\"")?;
    Ok(kernel(call, "", vec![date, unit], gives(DataType::Date32, true), |arguments| {
        let dates = Column::<Date32Array>::of(arguments, 0)?;
        let units = Column::<StringArray>::of(arguments, 1)?;
        let constant = units.constant.then(|| units.at(0).and_then(Unit::named));
        filled::<Date32Type>(arguments, &DataType::Date32, |row| {
            let unit = constant.unwrap_or_else(|| units.at(row).and_then(Unit::named));
            let (Some(days), Some(unit)) = (dates.at(row), unit) else { return Ok(None) };
            Ok(unit.of_date(days.into()).and_then(date32))
        })
    }))
}
