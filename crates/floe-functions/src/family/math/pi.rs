//! `pi()`: the ratio of a circle.

use datafusion::scalar::ScalarValue;
use floe_base::Result;

use crate::{Call, Function, Typed};

pub(crate) const FUNCTIONS: &[Function] = &[Function::scalar("pi", bind).usage("pi() - Returns pi.")];

fn bind(call: &Call<'_>) -> Result<Typed> {
    let [] = call.exactly()?;
    Ok(Typed::constant(ScalarValue::from(std::f64::consts::PI)))
}
