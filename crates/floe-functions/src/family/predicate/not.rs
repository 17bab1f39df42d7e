//! `not`: true becomes false and false true; NULL stays NULL.

use arrow::datatypes::DataType;
use floe_base::Result;

use crate::{Call, Function, Typed, condition};

pub(crate) const FUNCTIONS: &[Function] =
    &[Function::scalar("not", bind).aliases(&["!"]).usage("not expr - Logical not.")];

fn bind(call: &Call<'_>) -> Result<Typed> {
    let [_] = call.exactly()?;
    Ok(condition::not(call.coerced(0, &DataType::Boolean, "\"BOOLEAN\"")?))
}
