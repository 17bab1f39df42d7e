//! The operands of AND and OR: booleans, or refused as those of any binary operator.

use arrow::datatypes::DataType;
use floe_base::Result;
use floe_syntax::expression::CastMode;

use crate::cast::cast;
use crate::family::arithmetic::_operands::{different, refused};
use crate::{Call, Typed, coerce};

pub(crate) fn operands(call: &Call<'_>) -> Result<(Typed, Typed)> {
    let [left, right] = call.exactly()?;
    let given = (left.clone(), right.clone());
    let (left, right) = coerce::operands(left, right, call.context, call.origin)?;
    let boolean = |value: Typed| cast(value, &DataType::Boolean, CastMode::Session, call.context, call.origin);
    if left.data_type == DataType::Null && right.data_type == DataType::Null {
        return Ok((boolean(left)?, boolean(right)?));
    }
    if left.data_type != right.data_type {
        return Err(different(call, &left, &right));
    }
    if left.data_type != DataType::Boolean {
        return Err(refused(call, &given, &left, "\"BOOLEAN\""));
    }
    Ok((left, right))
}
