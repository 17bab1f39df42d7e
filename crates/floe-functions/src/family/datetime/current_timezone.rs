//! `current_timezone()`: the session's zone as it was set.

use datafusion::scalar::ScalarValue;
use floe_base::Result;

use crate::{Call, Function, Typed};

pub(crate) const FUNCTIONS: &[Function] = &[Function::scalar("current_timezone", bind)
    .usage("current_timezone() - Returns the current session local timezone.")];

fn bind(call: &Call<'_>) -> Result<Typed> {
    let [] = call.exactly()?;
    Ok(Typed::constant(ScalarValue::from(call.context.time_zone_name.as_ref())))
}
