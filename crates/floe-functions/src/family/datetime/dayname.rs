//! `dayname`: the three letters of the English name of the day of the week.

use arrow::array::Date32Array;
use arrow::datatypes::DataType;
use floe_base::Result;

use super::_civil::weekday;
use super::_names::DAYS;
use crate::rows::{Column, texts};
use crate::{Call, Function, Typed};

pub(crate) const FUNCTIONS: &[Function] = &[Function::scalar("dayname", bind)
    .usage("dayname(date) - Returns the three-letter abbreviated day name from the given date.")];

fn bind(call: &Call<'_>) -> Result<Typed> {
    let [_] = call.exactly()?;
    let date = call.coerced(0, &DataType::Date32, "\"DATE\"")?;
    let nullable = date.nullable;
    Ok(call.kernel("", vec![date], DataType::Utf8, nullable, |arguments| {
        let dates = Column::<Date32Array>::of(arguments, 0)?;
        texts(arguments, |row, out| {
            let Some(days) = dates.at(row) else { return Ok(false) };
            let name = DAYS.get(weekday(days.into()) as usize);
            out.push_str(name.and_then(|name| name.get(..3)).unwrap_or_default());
            Ok(true)
        })
    }))
}
