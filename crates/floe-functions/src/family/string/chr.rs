//! `chr(n)`: the character of a code, modulo 256; empty text for a negative one.

use arrow::datatypes::DataType;
use floe_base::Result;

use crate::rows::{self, Longs};
use crate::{Call, Function, Typed};

pub(crate) const FUNCTIONS: &[Function] = &[Function::scalar("chr", bind)
    .aliases(&["char"])
    .usage("chr(expr) - Returns the character of that code modulo 256; empty text where it is negative.")];

fn bind(call: &Call<'_>) -> Result<Typed> {
    let [_] = call.exactly()?;
    let code = call.coerced(0, &DataType::Int64, "\"BIGINT\"")?;
    let nullable = code.nullable;
    Ok(call.kernel("", vec![code], DataType::Utf8, nullable, |arguments| {
        let codes = Longs::of(arguments, 0)?;
        rows::texts(arguments, |row, out| {
            let Some(code) = codes.at(row) else { return Ok(false) };
            if let Ok(code) = u64::try_from(code) {
                out.extend(u8::try_from(code % 256).map(char::from));
            }
            Ok(true)
        })
    }))
}
