//! Kernels over dates and times: one or two primitive values in, one out.

use std::fmt::Display;
use std::sync::Arc;

use arrow::array::{Array, ArrowPrimitiveType, PrimitiveArray, PrimitiveBuilder};
use arrow::datatypes::{DataType, TimeUnit};
use floe_base::Result;

use crate::rows::{Column, count, each, finish};
use crate::{Arguments, Call, Kernel, Typed};

/// What a kernel gives, whether that can be NULL, and whether it may raise.
pub(crate) struct Outcome {
    pub(crate) data_type: DataType,
    pub(crate) nullable: bool,
    pub(crate) fallible: bool,
}

/// A kernel's result that never raises.
pub(crate) fn gives(data_type: DataType, nullable: bool) -> Outcome {
    Outcome { data_type, nullable, fallible: false }
}

/// A kernel's result that may raise.
pub(crate) fn raises(data_type: DataType, nullable: bool) -> Outcome {
    Outcome { data_type, nullable, fallible: true }
}

pub(crate) const TIMESTAMP_NTZ: DataType = DataType::Timestamp(TimeUnit::Microsecond, None);

pub(crate) fn timestamp() -> DataType {
    DataType::Timestamp(TimeUnit::Microsecond, Some(floe_syntax::data_type::ZONE.into()))
}

/// From one value to one; `None` is NULL.
pub(crate) fn one<I: ArrowPrimitiveType, O: ArrowPrimitiveType>(
    call: &Call<'_>,
    key: impl Display,
    value: Typed,
    result: Outcome,
    body: impl Fn(I::Native) -> Result<Option<O::Native>> + Send + Sync + 'static,
) -> Typed {
    let data_type = result.data_type.clone();
    kernel(call, key, vec![value], result, move |arguments| {
        let values = Column::<PrimitiveArray<I>>::of(arguments, 0)?;
        filled::<O>(arguments, &data_type, |row| match values.at(row) {
            Some(value) => body(value),
            None => Ok(None),
        })
    })
}

/// From two values to one; NULL where either is.
pub(crate) fn two<I: ArrowPrimitiveType, J: ArrowPrimitiveType, O: ArrowPrimitiveType>(
    call: &Call<'_>,
    key: impl Display,
    values: [Typed; 2],
    result: Outcome,
    body: impl Fn(I::Native, J::Native) -> Result<Option<O::Native>> + Send + Sync + 'static,
) -> Typed {
    let data_type = result.data_type.clone();
    kernel(call, key, values.into(), result, move |arguments| {
        let left = Column::<PrimitiveArray<I>>::of(arguments, 0)?;
        let right = Column::<PrimitiveArray<J>>::of(arguments, 1)?;
        filled::<O>(arguments, &data_type, |row| match (left.at(row), right.at(row)) {
            (Some(left), Some(right)) => body(left, right),
            _ => Ok(None),
        })
    })
}

/// A kernel with its types in the key.
pub(crate) fn kernel(
    call: &Call<'_>,
    key: impl Display,
    values: Vec<Typed>,
    result: Outcome,
    body: impl Fn(&Arguments<'_>) -> Result<datafusion::logical_expr::ColumnarValue> + Send + Sync + 'static,
) -> Typed {
    let types: Vec<String> = values.iter().map(|value| value.data_type.to_string()).collect();
    let key = format!("{key} {} {}", types.join(" "), result.fallible);
    // No place is set: Spark 4.1 gives its datetime errors no query context, except where a body adds it.
    let kernel = Kernel::new(call.name, key, result.data_type, result.nullable, body);
    if result.fallible { kernel.fallible().call(values) } else { kernel.call(values) }
}

/// Numbers row by row as an array of exactly this type.
pub(crate) fn filled<O: ArrowPrimitiveType>(
    arguments: &Arguments<'_>,
    data_type: &DataType,
    mut value: impl FnMut(usize) -> Result<Option<O::Native>>,
) -> Result<datafusion::logical_expr::ColumnarValue> {
    let mut builder = PrimitiveBuilder::<O>::with_capacity(count(arguments)).with_data_type(data_type.clone());
    for row in each(arguments) {
        builder.append_option(value(row?)?);
    }
    let array = builder.finish();
    debug_assert_eq!(array.data_type(), data_type);
    finish(arguments, Arc::new(array))
}
