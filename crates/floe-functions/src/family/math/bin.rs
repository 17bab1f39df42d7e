//! `bin`: a whole number in binary digits.

use std::fmt::Write as _;

use arrow::datatypes::DataType;
use floe_base::Result;

use crate::rows::{Longs, texts};
use crate::{Call, Function, Typed};

pub(crate) const FUNCTIONS: &[Function] = &[Function::scalar("bin", bind)
    .usage("bin(expr) - Returns the string representation of the long value `expr` represented in binary.")];

fn bind(call: &Call<'_>) -> Result<Typed> {
    let [_] = call.exactly()?;
    let value = call.coerced(0, &DataType::Int64, "\"BIGINT\"")?;
    let nullable = value.nullable;
    Ok(call.kernel("", vec![value], DataType::Utf8, nullable, |arguments| {
        let values = Longs::of(arguments, 0)?;
        texts(arguments, |row, out| {
            let Some(number) = values.at(row) else { return Ok(false) };
            let _ = write!(out, "{number:b}");
            Ok(true)
        })
    }))
}
