//! `factorial`: of 0 to 20; NULL beyond.

use arrow::datatypes::{DataType, Int64Type};
use floe_base::Result;

use crate::rows::{Ints, numbers};
use crate::{Call, Function, Typed};

pub(crate) const FUNCTIONS: &[Function] = &[Function::scalar("factorial", bind)
    .usage("factorial(expr) - Returns the factorial of `expr`. `expr` is [0..20]. Otherwise, null.")];

fn bind(call: &Call<'_>) -> Result<Typed> {
    let [_] = call.exactly()?;
    let value = call.coerced(0, &DataType::Int32, "\"INT\"")?;
    Ok(call.kernel("", vec![value], DataType::Int64, true, |arguments| {
        let values = Ints::of(arguments, 0)?;
        numbers::<Int64Type>(arguments, |row| {
            let value = values.at(row).filter(|value| (0..=20).contains(value));
            Ok(value.map(|value| (1..=i64::from(value)).product()))
        })
    }))
}
