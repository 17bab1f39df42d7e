//! `lag` and `lead`: the value of another row of the partition, so many rows away.

use std::sync::Arc;

use arrow::datatypes::DataType;
use datafusion::logical_expr::{WindowUDF, when};
use datafusion::scalar::ScalarValue;
use floe_base::Result;
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
    if value.data_type.is_null() && call.arguments.get(2).is_some_and(|default| !default.data_type.is_null()) {
        return Err(call.unexpected_type(2, "(\"VOID\" or \"VOID\")"));
    }
    let (data_type, written) = (value.data_type.clone(), value.written.clone());
    let default = default(call, &value)?;
    let nullable = value.nullable || default.nullable;
    let at = |value: Typed, default: ScalarValue| {
        let offset = Typed::constant(ScalarValue::from(i64::from(offset)));
        over(call, function.clone(), vec![value, offset, Typed::constant(default)])
    };
    let expr = match folded(&default).transpose()? {
        Some(constant) => at(value, constant),
        None => {
            let none = ScalarValue::try_from(&data_type)?;
            let ignores_nulls = call.ignore_nulls == Some(true);
            let found = at(value, none);
            // The engine takes constants only: whether there is such a row is asked for by itself. Where NULLs are passed
            // over, a NULL says that there is none.
            let marker = Typed::constant(ScalarValue::from(true));
            let there = if ignores_nulls { found.clone() } else { at(marker, ScalarValue::Boolean(None)) };
            when(there.is_null(), default.expr).otherwise(found)?
        }
    };
    Ok(Typed::new(expr, data_type, nullable).with_written(written))
}

/// What stands where there is no such row, as the value's type.
fn default(call: &Call<'_>, value: &Typed) -> Result<Typed> {
    let Some(written) = call.arguments.get(2) else { return Ok(Typed::null(&value.data_type)) };
    coerce::implicit(written.clone(), &value.data_type, call.context, call.origin)
        .unwrap_or_else(|| cast(written.clone(), &value.data_type, CastMode::Session, call.context, call.origin))
}
