//! `nvl2`: one value where the first is not NULL, another where it is.

use floe_base::Result;

use crate::{Call, Function, Typed, condition};

pub(crate) const FUNCTIONS: &[Function] = &[Function::scalar("nvl2", bind)
    .usage("nvl2(expr1, expr2, expr3) - Returns `expr2` if `expr1` is not null, or `expr3` otherwise.")];

fn bind(call: &Call<'_>) -> Result<Typed> {
    let [test, value, otherwise] = call.exactly()?;
    let branches = vec![(condition::is_not_null(test), value)];
    condition::case(branches, Some(otherwise), call.context, call.origin, &|| (call.text)(None))
}
