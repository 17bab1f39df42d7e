//! `regr_r2(y, x)`: how well the line fits the pairs, from 0 to 1.

use floe_base::Result;

use super::_both::two_doubles;
use super::_statistics::{joint, statistic};
use crate::{Call, Function, Typed};

pub(crate) const FUNCTIONS: &[Function] = &[Function::aggregate("regr_r2", bind)
    .usage("regr_r2(y, x) - Returns the coefficient of determination for non-null pairs in a group.")];

fn bind(call: &Call<'_>) -> Result<Typed> {
    let (y, x) = two_doubles(call)?;
    Ok(statistic(
        call,
        vec![y, x],
        joint(|[_, _, _, both, of_y, of_x]| match (*of_x == 0.0, *of_y == 0.0) {
            (true, _) => None,
            (false, true) => Some(1.0),
            _ => {
                let corr = both / (of_y * of_x).sqrt();
                Some(corr * corr)
            }
        }),
    ))
}
