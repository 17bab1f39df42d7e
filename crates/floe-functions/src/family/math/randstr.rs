//! `randstr`: random text of letters and digits.

use std::sync::Arc;

use arrow::array::StringArray;
use arrow::datatypes::DataType;
use datafusion::logical_expr::ColumnarValue;
use datafusion::scalar::ScalarValue;
use floe_base::{Error, Result};

use super::_random::{Random, seed, streams};
use crate::{Call, Function, Kernel, Typed};

pub(crate) const FUNCTIONS: &[Function] = &[Function::scalar("randstr", bind).usage(
    "randstr(length[, seed]) - Returns a string of the specified length whose characters are chosen uniformly at random \
     from the following pool of characters: 0-9, a-z, A-Z.",
)];

const POOL: &[u8] = b"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

fn bind(call: &Call<'_>) -> Result<Typed> {
    call.between(1, 2)?;
    let length = call.coerced(0, &DataType::Int32, "(\"INT\" or \"SMALLINT\")")?;
    let Some(ScalarValue::Int32(Some(length))) = length.literal() else {
        return Err(Error::analysis("DATATYPE_MISMATCH.NON_FOLDABLE_INPUT")
            .with("sqlExpr", format!("\"{}\"", (call.text)(None)))
            .with("inputName", "`length`")
            .with("inputType", "INT or SMALLINT")
            .with("inputExpr", format!("\"{}\"", (call.text)(Some(0))))
            .at(call.origin));
    };
    let length = usize::try_from(*length).map_err(|_| {
        Error::analysis("INVALID_PARAMETER_VALUE.LENGTH")
            .with("parameter", "`length`")
            .with("functionName", "`randstr`")
            .with("length", length.to_string())
            .at(call.origin)
    })?;
    let seed = seed(call, 1)?;
    let streams = streams(seed, 0);
    let kernel = Kernel::new(call.name, format!("{seed} {length}"), DataType::Utf8, false, move |arguments| {
        let text = |stream: &mut Random, _| Ok((0..length).map(|_| letter(stream)).collect::<String>());
        let texts = streams.each(arguments, text)?;
        Ok(ColumnarValue::Array(Arc::new(StringArray::from(texts))))
    });
    Ok(kernel.by_partition(0).call(Vec::new()))
}

fn letter(stream: &mut Random) -> char {
    // Spark 4.1 takes any integer's distance from zero; `nextInt(bound)` would draw others.
    let index = (stream.next_any_int() % POOL.len() as i32).unsigned_abs();
    POOL.get(index as usize).map_or('0', |letter| *letter as char)
}
