//! `collate(str, name)` and `collation(str)`: the order of texts. There is one here: by their bytes.

use datafusion::scalar::ScalarValue;
use floe_base::{Error, Result};

use super::_text::{text, text_only};
use crate::{Call, Function, Typed};

pub(crate) const FUNCTIONS: &[Function] = &[
    Function::scalar("collate", collate)
        .usage("collate(expr, collationName) - Returns the text under the collation UTF8_BINARY."),
    Function::scalar("collation", collation).usage("collation(expr) - Returns the name of the collation of the text."),
];

fn collate(call: &Call<'_>) -> Result<Typed> {
    let [_, _] = call.exactly()?;
    let value = text(call, 0)?;
    match text(call, 1)?.literal() {
        Some(ScalarValue::Utf8(Some(name))) if name.eq_ignore_ascii_case("UTF8_BINARY") => Ok(value),
        Some(ScalarValue::Utf8(Some(name))) => Err(Error::unsupported(format!("the collation {name}")).at(call.origin)),
        _ => Err(Error::analysis("DATATYPE_MISMATCH.NON_FOLDABLE_INPUT")
            .with("sqlExpr", format!("\"{}\"", (call.text)(None)))
            .with("inputName", "`collationName`")
            .with("inputType", "\"STRING\"")
            .with("inputExpr", format!("\"{}\"", (call.text)(Some(1))))
            .at(call.origin)),
    }
}

fn collation(call: &Call<'_>) -> Result<Typed> {
    let [_] = call.exactly()?;
    text_only(call, 0)?;
    Ok(Typed::constant(ScalarValue::from("SYSTEM.BUILTIN.UTF8_BINARY")))
}
