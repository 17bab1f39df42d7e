//! `current_timestamp()` and `now()`: when the statement began.

use datafusion::scalar::ScalarValue;
use floe_base::Result;

use crate::{Call, Function, Typed};

pub(crate) const FUNCTIONS: &[Function] = &[
    Function::scalar("current_timestamp", bind)
        .usage("current_timestamp() - Returns the current timestamp at the start of query evaluation."),
    Function::scalar("now", bind).usage("now() - Returns the current timestamp at the start of query evaluation."),
];

fn bind(call: &Call<'_>) -> Result<Typed> {
    let [] = call.exactly()?;
    let zone = floe_syntax::data_type::ZONE.into();
    Ok(Typed::constant(ScalarValue::TimestampMicrosecond(Some(call.context.now), Some(zone))))
}
