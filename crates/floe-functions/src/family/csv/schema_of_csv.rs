//! `schema_of_csv(csv[, options])`: the schema of a constant line, as DDL.

use datafusion::scalar::ScalarValue;
use floe_base::{Error, Result};
use floe_syntax::DataType;
use floe_syntax::data_type::Field;

use super::_fields::Fields;
use super::_record::Format;
use crate::family::json::_options::Options;
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
    let known = Fields::of(&options, call.context, call.origin)?;
    let fields = Format::of(&options, true)?.split(&sample);
    let member = |(index, field): (usize, &Option<String>)| {
        let data_type = match field {
            Some(field) => known.infer(&DataType::Null, field)?,
            None => DataType::String,
        };
        Ok(Field::new(format!("_c{index}"), data_type, true))
    };
    let members = fields.iter().enumerate().map(member).collect::<Result<Vec<_>>>()?;
    Ok(Typed::constant(ScalarValue::from(DataType::Struct(members).sql().as_str())))
}
