//! `ceil`: the smallest number after rounding up that is not smaller than the value.
//!
//! Of one argument a long, or a decimal of a decimal; with a number of places always a decimal.

use arrow::array::AsArray;
use arrow::datatypes::{DataType, Float64Type, Int64Type};
use datafusion::logical_expr::ColumnarValue;
use floe_base::Result;
use floe_syntax::expression::CastMode;

use super::_round::{Rounding, decimal, decimal_type, written_places};
use crate::cast::cast;
use crate::{Call, Function, Typed, coerce};

pub(crate) const FUNCTIONS: &[Function] = &[Function::scalar("ceil", bind)
    .aliases(&["ceiling"])
    .usage("ceil(expr[, scale]) - Returns the smallest number after rounding up that is not smaller than `expr`.")];

fn bind(call: &Call<'_>) -> Result<Typed> {
    call.between(1, 2)?;
    let value = call.argument(0)?.clone();
    if call.arguments.len() == 2 {
        let places = written_places(call, 1)?;
        let as_decimal = match coerce::decimal_for(&value.data_type) {
            Some((precision, scale)) => DataType::Decimal128(precision, scale),
            None => DataType::Decimal128(38, 18),
        };
        let value = call.coerced(0, &as_decimal, "\"DECIMAL\"")?;
        let DataType::Decimal128(precision, scale) = value.data_type else { return Ok(value) };
        return Ok(decimal(call, value, places, Rounding::Up, decimal_type(precision, scale, places)));
    }
    match value.data_type {
        DataType::Decimal128(_, 0) => Ok(value.or_null_if(true)),
        DataType::Decimal128(precision, scale) => {
            let whole = (i16::from(precision) - i16::from(scale) + 1).clamp(1, 38) as u8;
            Ok(decimal(call, value, 0, Rounding::Up, DataType::Decimal128(whole, 0)))
        }
        DataType::Int8 | DataType::Int16 | DataType::Int32 | DataType::Int64 => {
            Ok(cast(value, &DataType::Int64, CastMode::Session, call.context, call.origin)?.or_null_if(true))
        }
        _ => {
            let value = call.coerced(0, &DataType::Float64, "(\"DOUBLE\" or \"DECIMAL\" or \"BIGINT\")")?;
            Ok(call.kernel("", vec![value], DataType::Int64, true, |arguments| {
                let array = arguments.array(0)?;
                // The nearest long where the number is beyond all, as Java casts.
                let whole = |value: f64| f64::ceil(value) as i64;
                let longs = arrow::compute::unary::<_, _, Int64Type>(array.as_primitive::<Float64Type>(), whole);
                Ok(ColumnarValue::Array(std::sync::Arc::new(longs)))
            }))
        }
    }
}
