//! `to_csv(struct[, options])`: a struct as a line of CSV.

use arrow::array::{Array, AsArray, StringArray};
use arrow::datatypes::DataType;
use floe_base::{Error, Result};
use floe_syntax::DataType as SparkType;

use super::_record::Format;
use crate::family::json::_options::Options;
use crate::family::json::_write::Style;
use crate::rows;
use crate::{Call, Function, Typed};

pub(crate) const FUNCTIONS: &[Function] =
    &[Function::scalar("to_csv", bind).usage("to_csv(expr[, options]) - Returns the struct as a line of CSV.")];

fn bind(call: &Call<'_>) -> Result<Typed> {
    call.between(1, 2)?;
    let value = call.argument(0)?.clone();
    if value.data_type == DataType::Null {
        return Ok(Typed::null(&DataType::Utf8));
    }
    let SparkType::Struct(members) = value.spark_type() else {
        return Err(Error::analysis("DATATYPE_MISMATCH.UNSUPPORTED_INPUT_TYPE")
            .with("sqlExpr", format!("\"{}\"", (call.text)(None)))
            .with("functionName", "`to_csv`")
            .with("dataType", format!("\"{}\"", value.spark_type().sql()))
            .at(call.origin));
    };
    if let Some(binary) = members.iter().find(|member| member.data_type == SparkType::Binary) {
        return Err(Error::unsupported(format!("the binary field {} in to_csv", binary.name)).at(call.origin));
    }
    let options = Options::of(call, 1)?;
    let format = Format::of(&options, false)?;
    let style = Style::of(&options, call)?;
    let key = format!("{members:?} {} {}", options.key(), call.context.time_zone_name);
    Ok(call.kernel(key, vec![value], DataType::Utf8, true, move |arguments| {
        let values = rows::any(arguments, 0)?;
        let structs = values.array.as_struct();
        let columns = structs.columns().iter().zip(&members).map(|(column, member)| match style.times(column) {
            Some(times) => Ok(times),
            None => style.texts(column, &member.data_type),
        });
        let columns: Vec<StringArray> = columns.collect::<Result<_>>()?;
        rows::texts(arguments, |row, out| {
            let row = values.place(row);
            if structs.is_null(row) {
                return Ok(false);
            }
            for (index, column) in columns.iter().enumerate() {
                if index > 0 {
                    out.push_str(&format.separator);
                }
                format.write(column.is_valid(row).then(|| column.value(row)), out);
            }
            Ok(true)
        })
    }))
}
