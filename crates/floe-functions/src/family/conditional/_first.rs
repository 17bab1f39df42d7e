//! The first value that is not NULL, of values made alike.

use floe_base::{Error, Result};

use crate::{Call, Typed, coerce, condition};

pub(crate) fn first(call: &Call<'_>, values: Vec<Typed>) -> Result<Typed> {
    let types: Vec<String> = values.iter().map(|value| format!("\"{}\"", value.spark_type().sql())).collect();
    match coerce::unify(values, call.context, call.origin) {
        Some(values) => Ok(condition::coalesce(values?)),
        None => Err(Error::analysis("DATATYPE_MISMATCH.DATA_DIFF_TYPES")
            .with("sqlExpr", format!("\"{}\"", (call.text)(None)))
            .with("functionName", "`coalesce`")
            .with("dataType", format!("[{}]", types.join(", ")))
            .at(call.origin)),
    }
}
