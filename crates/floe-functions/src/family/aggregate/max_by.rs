//! `max_by(x, y)`: the value of `x` beside the greatest `y`.

use floe_base::Result;

use super::_best::{best, orderable};
use crate::{Call, Function, Typed};

pub(crate) const FUNCTIONS: &[Function] = &[Function::aggregate("max_by", bind)
    .usage("max_by(x, y) - Returns the value of `x` associated with the maximum value of `y`.")];

fn bind(call: &Call<'_>) -> Result<Typed> {
    let [value, ordering] = call.exactly()?;
    orderable(call, &ordering.data_type)?;
    Ok(best(call, value, ordering, true))
}
