//! `pandas_covar(x, y, ddof)`: with so many degrees of freedom taken off; NULL where none is left.

use arrow::datatypes::DataType;
use floe_base::Result;

use super::_pandas::by_degrees;
use crate::family::aggregate::_statistics::{joint, told_statistic};
use crate::{Call, Function, Typed};

pub(crate) const FUNCTIONS: &[Function] = &[Function::aggregate("pandas_covar", bind).internal()];

fn bind(call: &Call<'_>) -> Result<Typed> {
    let [_, _, _] = call.exactly()?;
    let double = |index| call.coerced(index, &DataType::Float64, "\"DOUBLE\"");
    let finishes: [fn(&[f64; 6]) -> Option<f64>; 3] = [of::<0>, of::<1>, of::<2>];
    let finish = by_degrees(call, 2, finishes)?;
    Ok(told_statistic(call, &(call.text)(Some(2)), vec![double(0)?, double(1)?], joint(finish)))
}

fn of<const DEGREES: u8>([n, _, _, both, ..]: &[f64; 6]) -> Option<f64> {
    let left = n - f64::from(DEGREES);
    (*n > 0.0 && left != 0.0).then(|| both / left)
}
