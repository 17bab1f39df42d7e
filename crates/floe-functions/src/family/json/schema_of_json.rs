//! `schema_of_json(json[, options])`: the schema of a constant text, as DDL.

use datafusion::scalar::ScalarValue;
use floe_base::{Error, Result};
use floe_syntax::DataType;

use super::_infer::{Rules, settled};
use super::_json::parse;
use super::_options::Options;
use super::_read::syntax;
use crate::family::string::_text::text;
use crate::{Call, Function, Typed};

pub(crate) const FUNCTIONS: &[Function] = &[Function::scalar("schema_of_json", bind)
    .usage("schema_of_json(json[, options]) - Returns the schema of the constant JSON text, as DDL.")];

fn bind(call: &Call<'_>) -> Result<Typed> {
    call.between(1, 2)?;
    let value = text(call, 0)?;
    let sample = match value.literal() {
        Some(ScalarValue::Utf8(Some(sample))) => sample.clone(),
        Some(_) => {
            return Err(Error::analysis("DATATYPE_MISMATCH.UNEXPECTED_NULL")
                .with("sqlExpr", format!("\"{}\"", (call.text)(None)))
                .with("exprName", "json")
                .at(call.origin));
        }
        None => {
            return Err(Error::analysis("DATATYPE_MISMATCH.NON_FOLDABLE_INPUT")
                .with("sqlExpr", format!("\"{}\"", (call.text)(None)))
                .with("inputName", "`json`")
                .with("inputType", "\"STRING\"")
                .with("inputExpr", format!("\"{}\"", (call.text)(Some(0))))
                .at(call.origin));
        }
    };
    let options = Options::of(call, 1)?;
    let rules = Rules::of(&options, call.context, call.origin)?;
    let schema = match parse(&sample, syntax(&options)) {
        Ok(Some(json)) => rules.infer(&json)?,
        Ok(None) => DataType::String,
        Err(_) => {
            let kind = floe_base::Kind::Runtime;
            return Err(Error::message(kind, format!("{sample} is no JSON")).at(call.origin));
        }
    };
    let shown = settled(schema).sql();
    Ok(Typed::constant(ScalarValue::from(shown.as_str())))
}
