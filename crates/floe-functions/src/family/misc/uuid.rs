//! `uuid()`: a random identifier for each row.

use std::sync::Arc;

use arrow::array::StringArray;
use arrow::datatypes::DataType;
use datafusion::logical_expr::ColumnarValue;
use datafusion::scalar::ScalarValue;
use floe_base::Result;
use rand::rngs::StdRng;
use rand::{RngCore, SeedableRng};

use crate::{Call, Function, Kernel, Typed};

pub(crate) const FUNCTIONS: &[Function] =
    &[Function::scalar("uuid", bind)
        .usage("uuid([seed]) - Returns a random identifier (UUID version 4) for each row.")];

/// With a seed the identifiers are the same at each run, but not those Spark's generator gives.
fn bind(call: &Call<'_>) -> Result<Typed> {
    call.between(0, 1)?;
    let seed = match call.arguments.len() {
        0 => None,
        _ => match call.coerced(0, &DataType::Int64, "\"BIGINT\"")?.literal() {
            Some(ScalarValue::Int64(seed)) => *seed,
            _ => None,
        },
    };
    let body = move |arguments: &crate::Arguments<'_>| {
        let mut random = match seed {
            Some(seed) => StdRng::seed_from_u64(seed.cast_unsigned()),
            None => StdRng::from_os_rng(),
        };
        let one = |_| {
            let mut bytes = [0_u8; 16];
            random.fill_bytes(&mut bytes);
            written(u128::from_be_bytes(bytes))
        };
        Ok(ColumnarValue::Array(Arc::new(StringArray::from_iter_values((0..arguments.rows).map(one)))))
    };
    let kernel = Kernel::new(call.name, format!("{seed:?}"), DataType::Utf8, false, body);
    Ok(kernel.volatile().at(call.origin).call(Vec::new()))
}

/// Version 4, variant 1, in the usual five groups.
fn written(random: u128) -> String {
    let bits = (random & !(0xf << 76) & !(0x3 << 62)) | (0x4 << 76) | (0x2 << 62);
    let digits = format!("{bits:032x}");
    let group = |from: usize, to: usize| digits.get(from..to).unwrap_or_default();
    format!("{}-{}-{}-{}-{}", group(0, 8), group(8, 12), group(12, 16), group(16, 20), group(20, 32))
}
