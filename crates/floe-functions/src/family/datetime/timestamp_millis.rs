//! `timestamp_millis(milliseconds)`: the timestamp so many milliseconds after 1970 began.

use arrow::datatypes::{DataType, Int64Type, TimestampMicrosecondType};
use floe_base::Result;
use floe_syntax::expression::CastMode;

use super::_error::bare;
use super::_kernel::{one, raises, timestamp};
use crate::cast::cast;
use crate::{Call, Function, Typed};

pub(crate) const FUNCTIONS: &[Function] = &[Function::scalar("timestamp_millis", bind)
    .usage("timestamp_millis(milliseconds) - Creates timestamp from the number of milliseconds since UTC epoch.")];

fn bind(call: &Call<'_>) -> Result<Typed> {
    let [value] = call.exactly()?;
    if !value.data_type.is_integer() && !value.data_type.is_null() {
        return Err(call.unexpected_type(0, "\"INTEGRAL\""));
    }
    let result = raises(timestamp(), value.nullable);
    let long = cast(value, &DataType::Int64, CastMode::Session, call.context, call.origin)?;
    Ok(one::<Int64Type, TimestampMicrosecondType>(call, "", long, result, |milliseconds| {
        milliseconds.checked_mul(1000).map(Some).ok_or_else(|| bare("long overflow"))
    }))
}
