//! `e()`: the base of the natural logarithm.

use datafusion::scalar::ScalarValue;
use floe_base::Result;

use crate::{Call, Function, Typed};

pub(crate) const FUNCTIONS: &[Function] = &[Function::scalar("e", bind).usage("e() - Returns Euler's number, e.")];

fn bind(call: &Call<'_>) -> Result<Typed> {
    let [] = call.exactly()?;
    Ok(Typed::constant(ScalarValue::from(std::f64::consts::E)))
}
