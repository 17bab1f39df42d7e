//! Unary minus: the negated number or interval.

use arrow::datatypes::DataType;
use floe_base::Result;

use super::_operands::NUMBERS_AND_INTERVALS;
use super::_unary::{Unary, operate};
use crate::{Call, Function, Typed, coerce};

pub(crate) const FUNCTIONS: &[Function] =
    &[Function::scalar("negative", bind).usage("negative(expr) - Returns the negated value of `expr`.")];

fn bind(call: &Call<'_>) -> Result<Typed> {
    let [value] = call.exactly()?;
    if coerce::is_interval(&value.data_type) {
        return Ok(operate(call, value, Negative));
    }
    let value = coerce::numeric(value, call.context, call.origin)
        .unwrap_or_else(|| Err(call.unexpected_type(0, NUMBERS_AND_INTERVALS)))?;
    if value.data_type == DataType::Null {
        return Ok(Typed::null(&DataType::Float64));
    }
    Ok(operate(call, value, Negative))
}

#[derive(Clone, Copy)]
struct Negative;

impl Unary for Negative {
    fn long(self, value: i64) -> (i64, bool) {
        value.overflowing_neg()
    }
    fn int(self, value: i32) -> (i32, bool) {
        value.overflowing_neg()
    }
    fn short(self, value: i16) -> (i16, bool) {
        value.overflowing_neg()
    }
    fn byte(self, value: i8) -> (i8, bool) {
        value.overflowing_neg()
    }
    fn double(self, value: f64) -> f64 {
        -value
    }
    fn float(self, value: f32) -> f32 {
        -value
    }
    fn decimal(self, value: i128) -> i128 {
        value.wrapping_neg()
    }
}
