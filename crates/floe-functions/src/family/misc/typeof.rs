//! `typeof(expr)`: the name of a value's type.

use datafusion::scalar::ScalarValue;
use floe_base::Result;

use crate::{Call, Function, Typed};

pub(crate) const FUNCTIONS: &[Function] =
    &[Function::scalar("typeof", bind).usage("typeof(expr) - Returns the name of the type of the value.")];

fn bind(call: &Call<'_>) -> Result<Typed> {
    let [value] = call.exactly()?;
    Ok(Typed::constant(ScalarValue::from(value.spark_type().simple().as_str())))
}
