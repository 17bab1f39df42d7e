//! `pandas_stddev(value, ddof)` and `pandas_var`: with so many degrees of freedom taken off; NULL where none is left.

use arrow::datatypes::DataType;
use floe_base::Result;

use super::_pandas::by_degrees;
use crate::family::aggregate::_statistics::{second, told_statistic};
use crate::{Call, Function, Typed};

pub(crate) const FUNCTIONS: &[Function] = &[
    Function::aggregate("pandas_stddev", deviation).internal(),
    Function::aggregate("pandas_var", variance).internal(),
];

type Finish = fn(&[f64; 3]) -> Option<f64>;

fn deviation(call: &Call<'_>) -> Result<Typed> {
    bind(
        call,
        [
            |state| of::<0>(state).map(f64::sqrt),
            |state| of::<1>(state).map(f64::sqrt),
            |state| of::<2>(state).map(f64::sqrt),
        ],
    )
}

fn variance(call: &Call<'_>) -> Result<Typed> {
    bind(call, [of::<0>, of::<1>, of::<2>])
}

fn bind(call: &Call<'_>, finishes: [Finish; 3]) -> Result<Typed> {
    let [_, _] = call.exactly()?;
    let value = call.coerced(0, &DataType::Float64, "\"DOUBLE\"")?;
    let finish = by_degrees(call, 1, finishes)?;
    Ok(told_statistic(call, &(call.text)(Some(1)), vec![value], second(finish)))
}

fn of<const DEGREES: u8>([n, _, moment]: &[f64; 3]) -> Option<f64> {
    let left = n - f64::from(DEGREES);
    (*n > 0.0 && left != 0.0).then(|| moment / left)
}
