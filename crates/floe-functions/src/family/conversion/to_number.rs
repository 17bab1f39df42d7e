//! `to_number` and `try_to_number`: a text by a number format as a decimal.

use arrow::datatypes::{DataType, Decimal128Type};
use datafusion::scalar::ScalarValue;
use floe_base::error::Kind;
use floe_base::{Error, Result};

use super::_number_format::NumberFormat;
use crate::rows::{Texts, numbers};
use crate::{Call, Function, Kernel, Typed};

pub(crate) const FUNCTIONS: &[Function] = &[
    Function::scalar("to_number", bind)
        .usage("to_number(expr, fmt) - Convert string 'expr' to a number based on the string format 'fmt'."),
    Function::scalar("try_to_number", bind).usage(
        "try_to_number(expr, fmt) - Convert string 'expr' to a number based on the string format `fmt`. Returns NULL if \
         the string 'expr' does not match the expected format.",
    ),
];

fn bind(call: &Call<'_>) -> Result<Typed> {
    let [_, _] = call.exactly()?;
    let tries = call.name == "try_to_number";
    let text = call.coerced(0, &DataType::Utf8, "\"STRING\"")?;
    let Some(format) = constant(call)? else { return Ok(Typed::null(&DataType::Decimal128(10, 0))) };
    let (precision, scale) = format.size();
    let data_type = DataType::Decimal128(precision, scale);
    let nullable = tries || text.nullable;
    let key = format!("{} {tries}", format.written());
    let target = data_type.clone();
    // The error has no place in the query.
    let kernel = Kernel::new(call.name, key, data_type, nullable, move |arguments| {
        let texts = Texts::of(arguments, 0)?;
        let out = numbers::<Decimal128Type>(arguments, |row| match texts.at(row) {
            None => Ok(None),
            Some(text) => match format.read(text) {
                None if !tries => Err(Error::new(Kind::IllegalArgument, "INVALID_FORMAT.MISMATCH_INPUT")
                    .with("format", format.written())
                    .with("inputType", "\"STRING\"")
                    .with("input", text)),
                found => Ok(found),
            },
        })?;
        Ok(match out {
            datafusion::logical_expr::ColumnarValue::Array(array) => {
                use arrow::array::AsArray;
                let decimals = array.as_primitive::<Decimal128Type>().clone().with_data_type(target.clone());
                datafusion::logical_expr::ColumnarValue::Array(std::sync::Arc::new(decimals))
            }
            datafusion::logical_expr::ColumnarValue::Scalar(ScalarValue::Decimal128(digits, ..)) => {
                let value = ScalarValue::Decimal128(digits, precision, scale);
                datafusion::logical_expr::ColumnarValue::Scalar(value)
            }
            other => other,
        })
    });
    let kernel = if tries { kernel } else { kernel.fallible() };
    Ok(kernel.call(vec![text]))
}

/// The second argument as a format; `None` where it is NULL.
pub(crate) fn constant(call: &Call<'_>) -> Result<Option<NumberFormat>> {
    let format = call.coerced(1, &DataType::Utf8, "\"STRING\"")?;
    match format.literal() {
        Some(ScalarValue::Utf8(Some(written))) => {
            NumberFormat::parse(written).map(Some).map_err(|error| error.at(call.origin))
        }
        Some(value) if value.is_null() => Ok(None),
        _ => Err(Error::analysis("DATATYPE_MISMATCH.NON_FOLDABLE_INPUT")
            .with("sqlExpr", format!("\"{}\"", (call.text)(None)))
            .with("inputName", "`format`")
            .with("inputType", "\"STRING\"")
            .with("inputExpr", format!("\"{}\"", (call.text)(Some(1))))
            .at(call.origin)),
    }
}
