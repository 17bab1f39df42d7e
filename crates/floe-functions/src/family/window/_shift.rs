//! `lag` and `lead`: the value of another row of the partition, so many rows away.

use std::sync::Arc;

use arrow::datatypes::DataType;
use datafusion::logical_expr::WindowUDF;
use datafusion::scalar::ScalarValue;
use floe_base::{Error, Result};
use floe_syntax::expression::CastMode;

use super::_window::over;
use crate::cast::cast;
use crate::family::aggregate::_constant::{constant, folded, unexpected_null};
use crate::{Call, Typed, coerce};

/// A call `lag(value [, offset [, default]])`.
pub(crate) fn shift(call: &Call<'_>, function: Arc<WindowUDF>) -> Result<Typed> {
    call.between(1, 3)?;
    let value = call.argument(0)?.clone();
    let offset = match call.arguments.len() {
        1 => 1,
        _ => match constant(call, 1, &DataType::Int32, "offset", "INT")? {
            ScalarValue::Int32(Some(offset)) => offset,
            _ => return Err(unexpected_null(call, "offset")),
        },
    };
    let default = default(call, &value)?;
    let (data_type, written) = (value.data_type.clone(), value.written.clone());
    let nullable = value.nullable || default.is_null();
    let arguments = vec![value, Typed::constant(ScalarValue::from(i64::from(offset))), Typed::constant(default)];
    Ok(Typed::new(over(call, function, arguments), data_type, nullable).with_written(written))
}

/// What stands where there is no such row, as a constant of the value's type.
fn default(call: &Call<'_>, value: &Typed) -> Result<ScalarValue> {
    let Some(written) = call.arguments.get(2) else { return Ok(ScalarValue::try_from(&value.data_type)?) };
    let coerced = match coerce::implicit(written.clone(), &value.data_type, call.context, call.origin) {
        Some(coerced) => coerced?,
        None => cast(written.clone(), &value.data_type, CastMode::Session, call.context, call.origin)?,
    };
    folded(&coerced).unwrap_or_else(|| {
        Err(Error::unsupported(format!("`{}` with a default that is not a constant", call.name)).at(call.origin))
    })
}
