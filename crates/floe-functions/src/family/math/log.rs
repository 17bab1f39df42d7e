//! `log`: the logarithm to a base, or the natural one; NULL where there is none.

use arrow::array::Float64Array;
use arrow::datatypes::{DataType, Float64Type};
use floe_base::Result;

use super::_double::{double, partial};
use crate::rows::{Column, numbers};
use crate::{Call, Function, Typed};

pub(crate) const FUNCTIONS: &[Function] =
    &[Function::scalar("log", bind).usage("log(base, expr) - Returns the logarithm of `expr` with `base`.")];

fn bind(call: &Call<'_>) -> Result<Typed> {
    call.between(1, 2)?;
    if call.arguments.len() == 1 {
        return partial(call, |value| (value > 0.0 || value.is_nan()).then(|| libm::log(value)));
    }
    let operands = vec![double(call, 0)?, double(call, 1)?];
    Ok(call.kernel("base", operands, DataType::Float64, true, |arguments| {
        let (bases, values) = (Column::<Float64Array>::of(arguments, 0)?, Column::<Float64Array>::of(arguments, 1)?);
        numbers::<Float64Type>(arguments, |row| {
            let Some((base, value)) = bases.at(row).zip(values.at(row)) else { return Ok(None) };
            // Written so that NaN goes through.
            let none = value <= 0.0 || base <= 0.0;
            Ok((!none).then(|| libm::log(value) / libm::log(base)))
        })
    }))
}
