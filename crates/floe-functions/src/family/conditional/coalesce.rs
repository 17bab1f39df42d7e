//! `coalesce`, and `nvl` and `ifnull` of two: the first value that is not NULL.

use floe_base::Result;

use super::_first::first;
use crate::{Call, Function, Typed};

pub(crate) const FUNCTIONS: &[Function] = &[
    Function::scalar("coalesce", bind)
        .usage("coalesce(expr1, expr2, ...) - Returns the first non-null argument if exists. Otherwise, null."),
    Function::scalar("nvl", bind_two)
        .aliases(&["ifnull"])
        .usage("nvl(expr1, expr2) - Returns `expr2` if `expr1` is null, or `expr1` otherwise."),
];

fn bind(call: &Call<'_>) -> Result<Typed> {
    call.at_least(1)?;
    first(call, call.arguments.clone())
}

fn bind_two(call: &Call<'_>) -> Result<Typed> {
    let values: [Typed; 2] = call.exactly()?;
    first(call, values.into())
}
