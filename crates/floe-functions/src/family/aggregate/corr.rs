//! `corr`: Pearson's coefficient of correlation between pairs; NULL for fewer than two.
//!
//! Where one side never varies Spark 4.1 divides by zero: an error under ANSI, NULL without.

use floe_base::{Error, Kind, Result};

use super::_both::two_doubles;
use super::_statistics::{joint, quotient, statistic};
use crate::{Call, Function, Typed};

pub(crate) const FUNCTIONS: &[Function] = &[Function::aggregate("corr", bind)
    .usage("corr(expr1, expr2) - Returns Pearson coefficient of correlation between a set of number pairs.")];

fn bind(call: &Call<'_>) -> Result<Typed> {
    let (x, y) = two_doubles(call)?;
    let coefficient = joint(|state| {
        let [count, _, _, both, a, b] = state;
        (*count > 1.0 && !is_flat(state)).then(|| both / (a * b).sqrt())
    });
    if !call.context.ansi {
        return Ok(statistic(call, vec![x, y], coefficient));
    }
    let by_zero =
        Error::new(Kind::Arithmetic, "DIVIDE_BY_ZERO").with("config", "\"spark.sql.ansi.enabled\"").at(call.origin);
    Ok(quotient(call, vec![x, y], coefficient, |state| state[0] > 1.0 && is_flat(state), by_zero))
}

fn is_flat([_, _, _, _, a, b]: &[f64; 6]) -> bool {
    (a * b).sqrt() == 0.0
}
