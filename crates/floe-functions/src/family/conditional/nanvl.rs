//! `nanvl`: a floating point number, or another where it is NaN.

use arrow::datatypes::DataType;
use floe_base::Result;
use floe_syntax::expression::CastMode;

use crate::cast::cast;
use crate::{Call, Function, Typed, condition};

pub(crate) const FUNCTIONS: &[Function] = &[Function::scalar("nanvl", bind)
    .usage("nanvl(expr1, expr2) - Returns `expr1` if it's not NaN, or `expr2` otherwise.")];

fn bind(call: &Call<'_>) -> Result<Typed> {
    let [value, otherwise] = call.exactly()?;
    let (value, otherwise) = match (&value.data_type, &otherwise.data_type) {
        (DataType::Float32, DataType::Float32) => (value, otherwise),
        _ => {
            let double = |index| call.coerced(index, &DataType::Float64, "(\"DOUBLE\" or \"FLOAT\")");
            (double(0)?, double(1)?)
        }
    };
    let is_nan = crate::find("isnan").ok_or_else(|| call.wrong_count("2"))?;
    let test =
        (is_nan.bind)(&Call { name: "isnan", arguments: vec![value.clone()], within_group: Vec::new(), ..*call })?;
    let otherwise = cast(otherwise, &value.data_type, CastMode::Session, call.context, call.origin)?;
    Ok(condition::choose_if(test, otherwise, value))
}
