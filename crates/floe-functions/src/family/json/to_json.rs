//! `to_json(expr[, options])`: a struct, array or map as JSON text.

use floe_base::{Error, Result};

use super::_options::Options;
use super::_write::Writer;
use crate::rows;
use crate::{Call, Function, Typed};
use arrow::array::Array;
use arrow::datatypes::DataType;

pub(crate) const FUNCTIONS: &[Function] = &[Function::scalar("to_json", bind)
    .usage("to_json(expr[, options]) - Returns the struct, array or map as JSON text.")];

fn bind(call: &Call<'_>) -> Result<Typed> {
    call.between(1, 2)?;
    let value = call.argument(0)?.clone();
    if value.data_type == DataType::Null {
        return Ok(Typed::null(&DataType::Utf8));
    }
    if !matches!(value.data_type, DataType::Struct(_) | DataType::List(_) | DataType::Map(..)) {
        return Err(Error::analysis("DATATYPE_MISMATCH.INVALID_JSON_SCHEMA")
            .with("sqlExpr", format!("\"{}\"", (call.text)(None)))
            .with("schema", format!("\"{}\"", value.spark_type().sql()))
            .at(call.origin));
    }
    let options = Options::of(call, 1)?;
    let data_type = value.spark_type();
    let writer = Writer::new(&data_type, &options, call)?;
    let pretty = options.is_true("pretty", false);
    let key = format!("{data_type} {} {}", options.key(), call.context.time_zone_name);
    Ok(call.kernel(key, vec![value], DataType::Utf8, true, move |arguments| {
        let values = rows::any(arguments, 0)?;
        let column = writer.column(&values.array)?;
        rows::texts(arguments, |row, out| {
            let row = values.place(row);
            if values.array.is_null(row) {
                return Ok(false);
            }
            column.write(row, if pretty { Some(0) } else { None }, out);
            Ok(true)
        })
    }))
}
