//! `date_part(field, source)`, `datepart` and `extract(field FROM source)`: a field of a date, timestamp or interval by
//! its name, which is a constant.

use arrow::datatypes::DataType;
use datafusion::scalar::ScalarValue;
use floe_base::{Error, Result};

use super::_field::{Field, interval_part, is_interval, part};
use super::_kernel::timestamp;
use crate::family::aggregate::_constant::folded;
use crate::{Call, Function, Typed};

pub(crate) const FUNCTIONS: &[Function] = &[
    Function::scalar("date_part", bind)
        .aliases(&["datepart"])
        .usage("date_part(field, source) - Extracts a part of the date/timestamp or interval source."),
    Function::scalar("extract", bind)
        .usage("extract(field FROM source) - Extracts a part of the date or timestamp or interval source."),
];

fn bind(call: &Call<'_>) -> Result<Typed> {
    let [field, source] = call.exactly()?;
    let name = match folded(&field).transpose()? {
        Some(ScalarValue::Utf8(Some(name))) => name,
        Some(ScalarValue::Utf8(None) | ScalarValue::Null) => return Ok(Typed::null(&DataType::Float64)),
        Some(_) => return Err(call.unexpected_type(0, "\"STRING\"")),
        None => {
            return Err(Error::analysis("NON_FOLDABLE_ARGUMENT")
                .with("funcName", format!("`{}`", call.name))
                .with("paramName", "`field`")
                .with("paramType", "\"STRING\"")
                .at(call.origin));
        }
    };
    let unknown = || {
        Error::analysis("INVALID_EXTRACT_FIELD")
            .with("field", floe_base::error::quoted(&[&name]))
            .with("expr", format!("\"{}\"", (call.text)(Some(1))))
            .at(call.origin)
    };
    let field = Field::named(&name).ok_or_else(unknown)?;
    if is_interval(&source.data_type) {
        return interval_part(call, &source, field).ok_or_else(unknown);
    }
    let source = match &source.data_type {
        DataType::Date32 | DataType::Timestamp(..) => source,
        // Text is read as the field needs it.
        _ if field.is_of_day() => call.coerced(1, &timestamp(), "(\"TIMESTAMP\" or \"TIMESTAMP_NTZ\")")?,
        _ => call.coerced(1, &DataType::Date32, "\"DATE\"")?,
    };
    part(call, source, field)
}
