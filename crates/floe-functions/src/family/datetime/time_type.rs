//! The functions of `TIME`, a type that Spark 4.1 has but refuses unless it is turned on; it is not turned on here.

use floe_base::{Error, Result};

use crate::{Call, Function, Typed};

pub(crate) const FUNCTIONS: &[Function] = &[
    Function::scalar("current_time", bind).usage("current_time([precision]) - Returns the current time."),
    Function::scalar("make_time", bind).usage("make_time(hour, minute, second) - Create time from its fields."),
    Function::scalar("to_time", bind).usage("to_time(str[, format]) - Parses the text to a time."),
    Function::scalar("try_to_time", bind).usage("try_to_time(str[, format]) - Parses the text to a time, or NULL."),
    Function::scalar("time_diff", bind).usage("time_diff(unit, start, end) - Gets the difference between the times."),
    Function::scalar("time_trunc", bind).usage("time_trunc(unit, time) - Returns the time truncated to the unit."),
];

fn bind(call: &Call<'_>) -> Result<Typed> {
    Err(Error::analysis("UNSUPPORTED_TIME_TYPE").at(call.origin))
}
