//! `monthname`: the three letters of the English name of the month.

use arrow::array::Date32Array;
use arrow::datatypes::DataType;
use floe_base::Result;

use super::_civil::Date;
use super::_names::MONTHS;
use crate::rows::{Column, texts};
use crate::{Call, Function, Typed};

pub(crate) const FUNCTIONS: &[Function] = &[Function::scalar("monthname", bind)
    .usage("monthname(date) - Returns the three-letter abbreviated month name from the given date.")];

fn bind(call: &Call<'_>) -> Result<Typed> {
    let [_] = call.exactly()?;
    let date = call.coerced(0, &DataType::Date32, "\"DATE\"")?;
    let nullable = date.nullable;
    Ok(call.kernel("", vec![date], DataType::Utf8, nullable, |arguments| {
        let dates = Column::<Date32Array>::of(arguments, 0)?;
        texts(arguments, |row, out| {
            let Some(days) = dates.at(row) else { return Ok(false) };
            let name = MONTHS.get(Date::of_days(days.into()).month as usize - 1);
            out.push_str(name.and_then(|name| name.get(..3)).unwrap_or_default());
            Ok(true)
        })
    }))
}
