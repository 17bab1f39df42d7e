//! `zeroifnull`: zero for NULL, else the number.

use datafusion::scalar::ScalarValue;
use floe_base::Result;

use super::_first::first;
use crate::{Call, Function, Typed};

pub(crate) const FUNCTIONS: &[Function] = &[Function::scalar("zeroifnull", bind)
    .usage("zeroifnull(expr) - Returns zero if `expr` is equal to null, or `expr` otherwise.")];

fn bind(call: &Call<'_>) -> Result<Typed> {
    let [value] = call.exactly()?;
    first(call, vec![value, Typed::constant(ScalarValue::Int32(Some(0)))])
}
