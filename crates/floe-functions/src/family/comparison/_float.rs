//! Floating point numbers in comparisons: to Spark NaN equals NaN and is greater than all, and -0.0 equals 0.0.
//!
//! The engine compares by IEEE's total order: two NaNs of different bits differ, a negative one is the least, and -0.0
//! is less than 0.0. With one NaN and one zero the two orders are the same; so numbers are brought to those first,
//! wherever values are compared, grouped, joined or sorted.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, ListArray, MapArray, StructArray};
use arrow::compute::unary;
use arrow::datatypes::{DataType, Float32Type, Float64Type};
use datafusion::logical_expr::{ColumnarValue, Expr};
use datafusion::scalar::ScalarValue;
use floe_base::Result;
use floe_base::id::BackendId;

use crate::{Kernel, Typed};

/// The value with one NaN and one zero, at any depth; as it is where there are no floating point numbers in it.
///
/// For keys of GROUP BY, DISTINCT, joins, windows' partitions and set operations, and for ORDER BY; Spark 4.1 does the
/// same to all of them but ORDER BY, whose comparison has it built in.
pub fn normalise(value: Typed) -> Typed {
    if !has_floats(&value.data_type) || is_normal(&value.expr) {
        return value;
    }
    let (data_type, nullable, written) = (value.data_type.clone(), value.nullable, value.written.clone());
    // DuckDB has one NaN and one zero in comparisons, but gives back the zero it saw.
    let spelling = match data_type {
        DataType::Float32 => Some("({0} + CAST(0 AS FLOAT))"),
        DataType::Float64 => Some("({0} + CAST(0 AS DOUBLE))"),
        _ => None,
    };
    let kernel = Kernel::new("normalise_floats", "", data_type, nullable, |arguments| {
        Ok(match arguments.values.first() {
            Some(ColumnarValue::Scalar(value)) => {
                ColumnarValue::Scalar(ScalarValue::try_from_array(&normal(&value.to_array()?)?, 0)?)
            }
            _ => ColumnarValue::Array(normal(&arguments.array(0)?)?),
        })
    });
    let normal = kernel.call(vec![value]).with_written(written);
    match spelling {
        Some(text) => normal.spelled(BackendId::DuckDb, text),
        None => normal,
    }
}

pub(crate) fn has_floats(data_type: &DataType) -> bool {
    match data_type {
        DataType::Float32 | DataType::Float64 => true,
        DataType::List(field) | DataType::Map(field, _) => has_floats(field.data_type()),
        DataType::Struct(fields) => fields.iter().any(|field| has_floats(field.data_type())),
        _ => false,
    }
}

/// A literal that is neither NaN nor zero, or one that is normal already.
pub(crate) fn is_normal(expr: &Expr) -> bool {
    match expr {
        Expr::Literal(ScalarValue::Float64(value), _) => {
            value.is_none_or(|value| !value.is_nan() && (value != 0.0 || value.is_sign_positive()))
        }
        Expr::Literal(ScalarValue::Float32(value), _) => {
            value.is_none_or(|value| !value.is_nan() && (value != 0.0 || value.is_sign_positive()))
        }
        _ => false,
    }
}

/// The array with one NaN and one zero.
pub(crate) fn normal(array: &ArrayRef) -> Result<ArrayRef> {
    Ok(match array.data_type() {
        // Adding a zero turns -0.0 into 0.0 and nothing else into anything.
        DataType::Float32 => Arc::new(unary::<_, _, Float32Type>(array.as_primitive::<Float32Type>(), |value| {
            if value.is_nan() { f32::NAN } else { value + 0.0 }
        })),
        DataType::Float64 => Arc::new(unary::<_, _, Float64Type>(array.as_primitive::<Float64Type>(), |value| {
            if value.is_nan() { f64::NAN } else { value + 0.0 }
        })),
        DataType::List(field) if has_floats(field.data_type()) => {
            let list = array.as_list::<i32>();
            let values = normal(list.values())?;
            Arc::new(ListArray::try_new(field.clone(), list.offsets().clone(), values, list.nulls().cloned())?)
        }
        DataType::Struct(fields) if has_floats(array.data_type()) => {
            let columns = array.as_struct().columns().iter().map(normal).collect::<Result<_>>()?;
            Arc::new(StructArray::try_new(fields.clone(), columns, array.nulls().cloned())?)
        }
        DataType::Map(field, sorted) if has_floats(field.data_type()) => {
            let map = array.as_map();
            let entries = normal(&(Arc::new(map.entries().clone()) as ArrayRef))?;
            let entries = entries.as_struct().clone();
            let nulls = array.nulls().cloned();
            Arc::new(MapArray::try_new(field.clone(), map.offsets().clone(), entries, nulls, *sorted)?)
        }
        _ => array.clone(),
    })
}
