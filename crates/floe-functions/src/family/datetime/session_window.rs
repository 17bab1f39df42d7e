//! `session_window(time, gap)`: the session a time belongs to, which rows around it lengthen. The plan makes sessions
//! (`floe-plan`, `relation/time_window.rs`) in SELECT and GROUP BY; elsewhere there are none.

use floe_base::{Error, Result};

use crate::{Call, Function, Typed};

pub(crate) const FUNCTIONS: &[Function] = &[Function::scalar("session_window", bind)
    .usage("session_window(time_column, gap_duration) - Generates session window given a timestamp specifying column and gap duration.")];

fn bind(call: &Call<'_>) -> Result<Typed> {
    let [_, _] = call.exactly()?;
    Err(Error::unsupported("`session_window` outside SELECT and GROUP BY").at(call.origin))
}
