//! `regr_avgx(y, x)`: the mean of x where y is present too.

use floe_base::Result;

use super::_both::{two_doubles, where_both};
use super::avg::mean_of_doubles;
use crate::{Call, Function, Typed};

pub(crate) const FUNCTIONS: &[Function] = &[Function::aggregate("regr_avgx", bind)
    .usage("regr_avgx(y, x) - Returns the average of the independent variable for non-null pairs in a group.")];

fn bind(call: &Call<'_>) -> Result<Typed> {
    let (y, x) = two_doubles(call)?;
    Ok(mean_of_doubles(call, where_both(&x, &y)?))
}
