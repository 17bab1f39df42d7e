//! `localtimestamp()`: what the session's clocks showed when the statement began.

use datafusion::scalar::ScalarValue;
use floe_base::Result;

use super::_zone::Zone;
use crate::{Call, Function, Typed};

pub(crate) const FUNCTIONS: &[Function] = &[Function::scalar("localtimestamp", bind)
    .usage("localtimestamp() - Returns the current timestamp without time zone at the start of query evaluation.")];

fn bind(call: &Call<'_>) -> Result<Typed> {
    let [] = call.exactly()?;
    let local = Zone::of_session(call.context)?.to_local(call.context.now);
    Ok(Typed::constant(ScalarValue::TimestampMicrosecond(Some(local), None)))
}
