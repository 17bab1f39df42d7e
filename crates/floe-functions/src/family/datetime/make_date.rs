//! `make_date(year, month, day)`; a date that does not exist raises under ANSI, else is NULL.

use arrow::array::Int32Array;
use arrow::datatypes::{DataType, Date32Type};
use floe_base::Result;

use super::_error::{integer_overflow, out_of_bounds};
use super::_kernel::{filled, gives, kernel, raises};
use super::{_check, _civil};
use crate::rows::Column;
use crate::{Call, Function, Typed};

pub(crate) const FUNCTIONS: &[Function] = &[Function::scalar("make_date", bind)
    .usage("make_date(year, month, day) - Create date from year, month and day fields.")];

fn bind(call: &Call<'_>) -> Result<Typed> {
    let [_, _, _] = call.exactly()?;
    let values = (0..3).map(|index| call.coerced(index, &DataType::Int32, "\"INT\"")).collect::<Result<Vec<_>>>()?;
    let ansi = call.context.ansi;
    let nullable = values.iter().any(|value| value.nullable);
    let result = if ansi { raises(DataType::Date32, nullable) } else { gives(DataType::Date32, true) };
    Ok(kernel(call, ansi, values, result, move |arguments| {
        let [years, months, days] = [0, 1, 2].map(|index| Column::<Int32Array>::of(arguments, index));
        let (years, months, days) = (years?, months?, days?);
        filled::<Date32Type>(arguments, &DataType::Date32, |row| {
            let (Some(year), Some(month), Some(day)) = (years.at(row), months.at(row), days.at(row)) else {
                return Ok(None);
            };
            match _check::date(year.into(), month.into(), day.into()) {
                Ok(date) => match _civil::date32(date.days()) {
                    None if ansi => Err(integer_overflow()),
                    days => Ok(days),
                },
                Err(message) if ansi => Err(out_of_bounds(message)),
                Err(_) => Ok(None),
            }
        })
    }))
}
