//! `timestamp_seconds(seconds)`: the timestamp so many seconds, which may have a fraction, after 1970 began.

use arrow::datatypes::{DataType, Decimal128Type, Float64Type, Int64Type, TimestampMicrosecondType};
use floe_base::Result;
use floe_syntax::expression::CastMode;

use super::_civil::MICROS_PER_SECOND;
use super::_error::bare;
use super::_kernel::{gives, one, raises, timestamp};
use crate::cast::cast;
use crate::{Call, Function, Typed};

pub(crate) const FUNCTIONS: &[Function] = &[Function::scalar("timestamp_seconds", bind).usage(
    "timestamp_seconds(seconds) - Creates timestamp from the number of seconds (can be fractional) since UTC epoch.",
)];

fn bind(call: &Call<'_>) -> Result<Typed> {
    let [value] = call.exactly()?;
    let nullable = value.nullable;
    let as_type = |to: DataType| cast(value.clone(), &to, CastMode::Session, call.context, call.origin);
    match &value.data_type {
        DataType::Int8 | DataType::Int16 | DataType::Int32 | DataType::Int64 => {
            let long = as_type(DataType::Int64)?;
            let result = raises(timestamp(), nullable);
            Ok(one::<Int64Type, TimestampMicrosecondType>(call, "", long, result, |seconds| {
                seconds.checked_mul(MICROS_PER_SECOND).map(Some).ok_or_else(|| bare("long overflow"))
            }))
        }
        DataType::Decimal128(_, scale) => {
            let scale = u32::from(scale.unsigned_abs());
            let result = raises(timestamp(), nullable);
            Ok(one::<Decimal128Type, TimestampMicrosecondType>(call, "", value, result, move |unscaled| {
                of_decimal(unscaled, scale).map(Some)
            }))
        }
        DataType::Float32 | DataType::Float64 => {
            let double = as_type(DataType::Float64)?;
            Ok(one::<Float64Type, TimestampMicrosecondType>(call, "", double, gives(timestamp(), true), |seconds| {
                // The product is cut to a long, at its ends where it lies beyond.
                Ok(seconds.is_finite().then_some((seconds * 1e6) as i64))
            }))
        }
        DataType::Null => Ok(Typed::null(&timestamp())),
        _ => Err(call.unexpected_type(0, "\"NUMERIC\"")),
    }
}

fn of_decimal(unscaled: i128, scale: u32) -> Result<i64> {
    let micros = match scale {
        ..=6 => unscaled.checked_mul(10i128.pow(6 - scale)).ok_or_else(|| bare("Overflow"))?,
        _ => {
            let divisor = 10i128.pow(scale - 6);
            if unscaled % divisor != 0 {
                return Err(bare("Rounding necessary"));
            }
            unscaled / divisor
        }
    };
    i64::try_from(micros).map_err(|_| bare("Overflow"))
}
