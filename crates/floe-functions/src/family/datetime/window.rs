//! `window`, `session_window` and `window_time`: the resolver builds them into the plan; a call that comes here stands
//! where no window can.

use floe_base::{Error, Result};

use crate::{Call, Function, Typed};

pub(crate) const FUNCTIONS: &[Function] = &[
    Function::scalar("window", bind)
        .usage("window(time_column, window_duration[, slide_duration[, start_time]]) - Bucketize rows into one or more time windows."),
    Function::scalar("session_window", bind)
        .usage("session_window(time_column, gap_duration) - Generates session window given a timestamp specifying column and gap duration."),
    Function::scalar("window_time", bind)
        .usage("window_time(window_column) - Extract the time value from time/session window column."),
];

fn bind(call: &Call<'_>) -> Result<Typed> {
    Err(Error::unsupported(format!("`{}` in this place", call.name)).at(call.origin))
}
