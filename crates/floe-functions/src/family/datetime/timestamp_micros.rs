//! `timestamp_micros(microseconds)`: the timestamp so many microseconds after 1970 began.

use arrow::datatypes::{DataType, Int64Type, TimestampMicrosecondType};
use floe_base::Result;
use floe_syntax::expression::CastMode;

use super::_kernel::{gives, one, timestamp};
use crate::cast::cast;
use crate::{Call, Function, Typed};

pub(crate) const FUNCTIONS: &[Function] = &[Function::scalar("timestamp_micros", bind)
    .usage("timestamp_micros(microseconds) - Creates timestamp from the number of microseconds since UTC epoch.")];

fn bind(call: &Call<'_>) -> Result<Typed> {
    let [value] = call.exactly()?;
    if !value.data_type.is_integer() && !value.data_type.is_null() {
        return Err(call.unexpected_type(0, "\"INTEGRAL\""));
    }
    let result = gives(timestamp(), value.nullable);
    let long = cast(value, &DataType::Int64, CastMode::Session, call.context, call.origin)?;
    Ok(one::<Int64Type, TimestampMicrosecondType>(call, "", long, result, |microseconds| Ok(Some(microseconds))))
}
