//! `schema_of_csv(csv[, options])`: the schema of a constant line, as DDL.

use arrow::array::Array;
use datafusion::scalar::ScalarValue;
use floe_base::{Error, Result};
use floe_syntax::DataType;
use floe_syntax::data_type::Field;

use super::_record::Format;
use crate::cast::parse::double;
use crate::family::json::_options::Options;
use crate::family::json::_read::Values;
use crate::family::string::_text::text_only;
use crate::{Call, Function, Typed};

pub(crate) const FUNCTIONS: &[Function] = &[Function::scalar("schema_of_csv", bind)
    .usage("schema_of_csv(csv[, options]) - Returns the schema of the constant line of CSV, as DDL.")];

fn bind(call: &Call<'_>) -> Result<Typed> {
    call.between(1, 2)?;
    let value = text_only(call, 0)?;
    let sample = match value.literal() {
        Some(ScalarValue::Utf8(Some(sample))) => sample.clone(),
        Some(_) => {
            return Err(Error::analysis("DATATYPE_MISMATCH.UNEXPECTED_NULL")
                .with("sqlExpr", format!("\"{}\"", (call.text)(None)))
                .with("exprName", "csv")
                .at(call.origin));
        }
        None => {
            return Err(Error::analysis("DATATYPE_MISMATCH.NON_FOLDABLE_INPUT")
                .with("sqlExpr", format!("\"{}\"", (call.text)(None)))
                .with("inputName", "`csv`")
                .with("inputType", "\"STRING\"")
                .with("inputExpr", format!("\"{}\"", (call.text)(Some(0))))
                .at(call.origin));
        }
    };
    let options = Options::of(call, 1)?;
    let values = Values::of(&options, call)?;
    let fields = Format::of(&options, true)?.split(&sample);
    let member = |(index, field): (usize, &Option<String>)| {
        Ok(Field::new(format!("_c{index}"), infer(field.as_deref(), &values)?, true))
    };
    let members = fields.iter().enumerate().map(member).collect::<Result<Vec<_>>>()?;
    Ok(Typed::constant(ScalarValue::from(DataType::Struct(members).sql().as_str())))
}

/// The first type that reads the field (Spark 4.1 `CSVInferSchema`); what is NULL is text.
fn infer(field: Option<&str>, values: &Values) -> Result<DataType> {
    let Some(field) = field else { return Ok(DataType::String) };
    if field.parse::<i32>().is_ok() {
        return Ok(DataType::Int);
    }
    if field.parse::<i64>().is_ok() {
        return Ok(DataType::Long);
    }
    let digits = field.strip_prefix('-').unwrap_or(field);
    if digits.len() <= 38 && !digits.is_empty() && digits.bytes().all(|digit| digit.is_ascii_digit()) {
        let precision = u8::try_from(digits.trim_start_matches('0').len().max(1)).unwrap_or(38);
        return Ok(DataType::Decimal { precision, scale: 0 });
    }
    if double(field).is_some() || matches!(field, "NaN" | "Inf" | "-Inf") {
        return Ok(DataType::Double);
    }
    for candidate in [DataType::Date, DataType::Timestamp] {
        // A date alone is a date; a text that a date's reader takes though it has a time is a timestamp.
        let is_short = candidate != DataType::Date || !field.contains(['T', ' ', ':']);
        if is_short && values.of_texts(vec![Some(field)], &candidate)?.is_valid(0) {
            return Ok(candidate);
        }
    }
    let is_boolean = field.eq_ignore_ascii_case("true") || field.eq_ignore_ascii_case("false");
    Ok(if is_boolean { DataType::Boolean } else { DataType::String })
}
