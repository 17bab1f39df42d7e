//! `current_date()` (`curdate`): the day in the session's zone when the statement began.

use datafusion::scalar::ScalarValue;
use floe_base::Result;

use super::_civil::date32;
use super::_zone::Zone;
use crate::{Call, Function, Typed};

pub(crate) const FUNCTIONS: &[Function] = &[Function::scalar("current_date", bind)
    .aliases(&["curdate"])
    .usage("current_date() - Returns the current date at the start of query evaluation.")];

fn bind(call: &Call<'_>) -> Result<Typed> {
    let [] = call.exactly()?;
    let days = Zone::of_session(call.context)?.days(call.context.now);
    Ok(Typed::constant(ScalarValue::Date32(date32(days))))
}
