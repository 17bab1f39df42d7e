//! `abs`: the number or interval without its sign.

use arrow::datatypes::DataType;
use floe_base::Result;

use super::_unary::{Unary, operate};
use crate::{Call, Function, Typed, coerce};

pub(crate) const FUNCTIONS: &[Function] =
    &[Function::scalar("abs", bind).usage("abs(expr) - Returns the absolute value of the numeric or interval value.")];

fn bind(call: &Call<'_>) -> Result<Typed> {
    let [value] = call.exactly()?;
    if coerce::is_ansi_interval(&value.data_type) {
        return Ok(operate(call, value, Absolute));
    }
    let value = coerce::numeric(value, call.context, call.origin).unwrap_or_else(|| {
        Err(call.unexpected_type(0, "(\"NUMERIC\" or \"INTERVAL DAY TO SECOND\" or \"INTERVAL YEAR TO MONTH\")"))
    })?;
    if value.data_type == DataType::Null {
        return Ok(Typed::null(&DataType::Float64));
    }
    Ok(operate(call, value, Absolute))
}

#[derive(Clone, Copy)]
struct Absolute;

impl Unary for Absolute {
    fn long(self, value: i64) -> (i64, bool) {
        value.overflowing_abs()
    }
    fn int(self, value: i32) -> (i32, bool) {
        value.overflowing_abs()
    }
    fn short(self, value: i16) -> (i16, bool) {
        value.overflowing_abs()
    }
    fn byte(self, value: i8) -> (i8, bool) {
        value.overflowing_abs()
    }
    fn double(self, value: f64) -> f64 {
        value.abs()
    }
    fn float(self, value: f32) -> f32 {
        value.abs()
    }
    fn decimal(self, value: i128) -> i128 {
        value.wrapping_abs()
    }
}
