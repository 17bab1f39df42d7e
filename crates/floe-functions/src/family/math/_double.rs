//! Functions of one or two doubles: the operands read as doubles, the loop, NULL where the function has no value.
//!
//! Where Spark computes with Java's `StrictMath`, which is FDLIBM, these call `libm`, which is FDLIBM too; elsewhere the
//! machine's own functions come nearer to Java's. Either was chosen by counting equal answers of real Spark 4.1.4.

use arrow::array::PrimitiveArray;
use arrow::datatypes::{DataType, Float64Type};
use datafusion::logical_expr::ColumnarValue;
use floe_base::Result;

use crate::rows::{Column, numbers};
use crate::{Arguments, Call, Typed};

type Doubles = Column<PrimitiveArray<Float64Type>>;

/// The nth argument as a double.
pub(crate) fn double(call: &Call<'_>, index: usize) -> Result<Typed> {
    call.coerced(index, &DataType::Float64, "\"DOUBLE\"")
}

/// A function defined for every double. Spark declares all of them nullable.
pub(crate) fn unary(call: &Call<'_>, function: fn(f64) -> f64) -> Result<Typed> {
    let [_] = call.exactly()?;
    let value = double(call, 0)?;
    Ok(call.kernel("", vec![value], DataType::Float64, true, move |arguments| map(arguments, function)))
}

/// A function that is NULL where it has no value.
pub(crate) fn partial(call: &Call<'_>, function: fn(f64) -> Option<f64>) -> Result<Typed> {
    let [_] = call.exactly()?;
    let value = double(call, 0)?;
    Ok(call.kernel("", vec![value], DataType::Float64, true, move |arguments| {
        let values = Doubles::of(arguments, 0)?;
        numbers::<Float64Type>(arguments, |row| Ok(values.at(row).and_then(function)))
    }))
}

/// A function of two doubles; nullable where they are.
pub(crate) fn binary(call: &Call<'_>, function: fn(f64, f64) -> f64) -> Result<Typed> {
    let [_, _] = call.exactly()?;
    let (left, right) = (double(call, 0)?, double(call, 1)?);
    let nullable = left.nullable || right.nullable;
    Ok(call.kernel("", vec![left, right], DataType::Float64, nullable, move |arguments| {
        let (left, right) = (Doubles::of(arguments, 0)?, Doubles::of(arguments, 1)?);
        numbers::<Float64Type>(arguments, |row| Ok(left.at(row).zip(right.at(row)).map(|(a, b)| function(a, b))))
    }))
}

fn map(arguments: &Arguments<'_>, function: fn(f64) -> f64) -> Result<ColumnarValue> {
    let values = Doubles::of(arguments, 0)?;
    if values.constant {
        return numbers::<Float64Type>(arguments, |row| Ok(values.at(row).map(function)));
    }
    let out = arrow::compute::unary::<_, _, Float64Type>(&values.array, function);
    Ok(ColumnarValue::Array(std::sync::Arc::new(out)))
}
