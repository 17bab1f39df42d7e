//! `regr_avgy(y, x)`: the mean of y where x is present too.

use floe_base::Result;

use super::_both::{two_doubles, where_both};
use super::avg::mean_of_doubles;
use crate::{Call, Function, Typed};

pub(crate) const FUNCTIONS: &[Function] = &[Function::aggregate("regr_avgy", bind)
    .usage("regr_avgy(y, x) - Returns the average of the dependent variable for non-null pairs in a group.")];

fn bind(call: &Call<'_>) -> Result<Typed> {
    let (y, x) = two_doubles(call)?;
    Ok(mean_of_doubles(call, where_both(&y, &x)?))
}
