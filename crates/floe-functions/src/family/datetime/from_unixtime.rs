//! `from_unixtime(seconds [, pattern])`: seconds since 1970 as text in the session's zone.

use arrow::array::Int64Array;
use arrow::datatypes::DataType;
use datafusion::scalar::ScalarValue;
use floe_base::Result;

use super::_civil::MICROS_PER_SECOND;
use super::_compiled::{Patterns, check_policy};
use super::_error::long_overflow;
use super::_kernel::{kernel, raises};
use super::_written::written;
use super::_zone::Zone;
use super::unix_timestamp::PATTERN;
use crate::rows::{Column, texts};
use crate::{Call, Function, Typed};

pub(crate) const FUNCTIONS: &[Function] = &[Function::scalar("from_unixtime", bind)
    .usage("from_unixtime(unix_time[, fmt]) - Returns `unix_time` in the specified `fmt`.")];

fn bind(call: &Call<'_>) -> Result<Typed> {
    call.between(1, 2)?;
    let seconds = call.coerced(0, &DataType::Int64, "\"BIGINT\"")?;
    let pattern = match call.arguments.len() {
        1 => Typed::constant(ScalarValue::from(PATTERN)),
        _ => call.coerced(1, &DataType::Utf8, "\"STRING\"")?,
    };
    check_policy(call)?;
    let zone = Zone::of_session(call.context)?;
    Ok(kernel(call, zone, vec![seconds, pattern], raises(DataType::Utf8, true), move |arguments| {
        let seconds = Column::<Int64Array>::of(arguments, 0)?;
        let mut patterns = Patterns::of(arguments, 1, false)?;
        texts(arguments, |row, out| {
            let Some(seconds) = seconds.at(row) else { return Ok(false) };
            let Some(pattern) = patterns.at(row)? else { return Ok(false) };
            let micros = seconds.checked_mul(MICROS_PER_SECOND).ok_or_else(long_overflow)?;
            written(pattern, micros, zone, out)
        })
    }))
}
