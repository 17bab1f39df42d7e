//! `to_char`, also `to_varchar`: a number by a number format, a date or time by a pattern, bytes by an encoding.

use arrow::array::{AsArray, Decimal128Array};
use arrow::datatypes::{DataType, Decimal128Type};
use datafusion::scalar::ScalarValue;
use floe_base::{Error, Result};

use super::to_number::constant;
use crate::rows::{Column, any, texts};
use crate::{Call, Function, Typed, coerce};

pub(crate) const FUNCTIONS: &[Function] = &[Function::scalar("to_char", bind)
    .aliases(&["to_varchar"])
    .usage("to_char(expr, format) - Convert `expr` to a string based on the `format`.")];

fn bind(call: &Call<'_>) -> Result<Typed> {
    let [value, format] = call.exactly()?;
    match &value.data_type {
        data_type if coerce::is_datetime(data_type) => return other(call, "date_format", vec![value, format]),
        DataType::Binary => return encoded(call, value, &format),
        _ => {}
    }
    let as_decimal = match coerce::decimal_for(&value.data_type) {
        Some((precision, scale)) => DataType::Decimal128(precision, scale),
        None => DataType::Decimal128(38, 18),
    };
    let number = call.coerced(0, &as_decimal, "\"DECIMAL\"")?;
    let Some(format) = constant(call)? else { return Ok(Typed::null(&DataType::Utf8)) };
    let nullable = number.nullable;
    let DataType::Decimal128(_, scale) = number.data_type else { return Err(call.unexpected_type(0, "\"DECIMAL\"")) };
    let key = format!("{} {scale}", format.written());
    Ok(call.kernel(key, vec![number], DataType::Utf8, nullable, move |arguments| {
        let Column { array, constant } = any(arguments, 0)?;
        let numbers: Column<Decimal128Array> =
            Column { array: array.as_primitive::<Decimal128Type>().clone(), constant };
        texts(arguments, |row, out| {
            let Some(digits) = numbers.at(row) else { return Ok(false) };
            format.write(digits, scale, out);
            Ok(true)
        })
    }))
}

fn encoded(call: &Call<'_>, value: Typed, format: &Typed) -> Result<Typed> {
    let Some(ScalarValue::Utf8(Some(name))) = format.literal() else {
        return Err(call.unexpected_type(1, "\"STRING\""));
    };
    match name.to_ascii_lowercase().trim() {
        "base64" => other(call, "base64", vec![value]),
        "hex" => other(call, "hex", vec![value]),
        "utf-8" => other(call, "decode", vec![value, Typed::constant(ScalarValue::from("UTF-8"))]),
        _ => Err(Error::analysis("INVALID_PARAMETER_VALUE.BINARY_FORMAT")
            .with("parameter", "`format`")
            .with("functionName", format!("`{}`", call.name))
            .with("invalidFormat", format!("'{name}'"))
            .at(call.origin)),
    }
}

/// The call is one of another function.
fn other(call: &Call<'_>, name: &'static str, arguments: Vec<Typed>) -> Result<Typed> {
    let function = crate::find(name).ok_or_else(|| Error::unsupported(format!("function `{name}`")).at(call.origin))?;
    (function.bind)(&Call { name, arguments, within_group: Vec::new(), ..*call })
}
