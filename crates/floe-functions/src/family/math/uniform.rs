//! `uniform`: random numbers from one bound to another, of the bounds' type.

use std::sync::Arc;

use arrow::array::{ArrayRef, Float64Array};
use arrow::datatypes::DataType;
use datafusion::logical_expr::ColumnarValue;
use datafusion::scalar::ScalarValue;
use floe_base::{Error, Result};
use floe_syntax::DataType as SparkType;
use floe_syntax::expression::CastMode;

use super::_random::{seed, streams};
use crate::cast::{Rules, cast, convert};
use crate::{Call, Function, Kernel, Typed, coerce};

pub(crate) const FUNCTIONS: &[Function] = &[Function::scalar("uniform", bind).usage(
    "uniform(min, max[, seed]) - Returns a random value with independent and identically distributed (i.i.d.) values \
     with the specified range of numbers.",
)];

fn bind(call: &Call<'_>) -> Result<Typed> {
    call.between(2, 3)?;
    let (low, high) = (call.argument(0)?.clone(), call.argument(1)?.clone());
    if low.data_type == DataType::Null || high.data_type == DataType::Null {
        return Ok(Typed::null(&DataType::Float64));
    }
    let data_type = result_type(&low, &high);
    let (low, high) = (bound(call, 0, low, "min")?, bound(call, 1, high, "max")?);
    let (Some(low), Some(high)) = (low, high) else { return Ok(Typed::null(&data_type)) };
    let seed = seed(call, 2)?;
    let streams = streams(seed, 0);
    let rules = Rules::new(CastMode::Legacy, call.context, call.origin);
    let key = format!("{seed} {low} {high} {data_type}");
    let kernel = Kernel::new(call.name, key, data_type.clone(), false, move |arguments| {
        let drawn = streams.each(arguments, |stream, _| Ok(low + (high - low) * stream.next_double()))?;
        let drawn: ArrayRef = Arc::new(Float64Array::from(drawn));
        let target = SparkType::from_arrow(&data_type);
        Ok(ColumnarValue::Array(convert(&drawn, &SparkType::Double, &target, &data_type, &rules)?))
    });
    Ok(kernel.by_partition(0).call(Vec::new()))
}

/// The wider of two whole-number types; a decimal, float or double where either bound is one.
fn result_type(low: &Typed, high: &Typed) -> DataType {
    match (&low.data_type, &high.data_type) {
        (DataType::Float64, _) | (_, DataType::Float64) => DataType::Float64,
        (DataType::Float32, _) | (_, DataType::Float32) => DataType::Float32,
        (DataType::Decimal128(a, b), DataType::Decimal128(c, d)) => {
            if a >= c {
                DataType::Decimal128(*a, *b)
            } else {
                DataType::Decimal128(*c, *d)
            }
        }
        (DataType::Decimal128(..), _) => low.data_type.clone(),
        (_, DataType::Decimal128(..)) => high.data_type.clone(),
        (left, right) => if coerce::number_rank(left) >= coerce::number_rank(right) { left } else { right }.clone(),
    }
}

fn bound(call: &Call<'_>, index: usize, value: Typed, name: &str) -> Result<Option<f64>> {
    if !coerce::is_numeric(&value.data_type) {
        return Err(call.unexpected_type(index, "integer or floating-point"));
    }
    match cast(value, &DataType::Float64, CastMode::Session, call.context, call.origin)?.literal() {
        Some(ScalarValue::Float64(bound)) => Ok(*bound),
        _ => Err(Error::analysis("DATATYPE_MISMATCH.NON_FOLDABLE_INPUT")
            .with("sqlExpr", format!("\"{}\"", (call.text)(None)))
            .with("inputName", format!("`{name}`"))
            .with("inputType", "integer or floating-point")
            .with("inputExpr", format!("\"{}\"", (call.text)(Some(index))))
            .at(call.origin)),
    }
}
