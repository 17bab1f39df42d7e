//! `grouping` and `grouping_id`: the resolver gives them their meaning under ROLLUP, CUBE and GROUPING SETS; a call that
//! comes here stands anywhere else.

use floe_base::{Error, Result};

use crate::{Call, Function, Typed};

pub(crate) const FUNCTIONS: &[Function] = &[
    Function::aggregate("grouping", bind)
        .usage("grouping(col) - indicates whether a specified column in a GROUP BY is aggregated or not."),
    Function::aggregate("grouping_id", bind).usage("grouping_id([col1[, col2 ..]]) - returns the level of grouping."),
];

fn bind(call: &Call<'_>) -> Result<Typed> {
    Err(Error::analysis("UNSUPPORTED_GROUPING_EXPRESSION").at(call.origin))
}
