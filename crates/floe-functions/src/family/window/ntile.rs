//! `ntile(n)`: the rows of the partition dealt into `n` buckets, as even as they go, counted from 1.

use arrow::datatypes::DataType;
use datafusion::functions_window::ntile::ntile_udwf;
use datafusion::scalar::ScalarValue;
use floe_base::Result;

use super::_window::{int, over};
use crate::family::aggregate::_constant::{constant, out_of_range, unexpected_null};
use crate::{Call, Function, Typed};

pub(crate) const FUNCTIONS: &[Function] = &[Function::window("ntile", bind)
    .usage("ntile(n) - Divides the rows for each window partition into `n` buckets ranging from 1 to at most `n`.")];

fn bind(call: &Call<'_>) -> Result<Typed> {
    call.between(0, 1)?;
    if call.arguments.is_empty() {
        return Ok(int(over(call, ntile_udwf(), vec![Typed::constant(ScalarValue::from(1i64))])));
    }
    if !matches!(call.argument(0)?.data_type, DataType::Int8 | DataType::Int16 | DataType::Int32 | DataType::Null) {
        return Err(call.unexpected_type(0, "\"INT\""));
    }
    let ScalarValue::Int32(Some(buckets)) = constant(call, 0, &DataType::Int32, "buckets", "INT")? else {
        return Err(unexpected_null(call, "buckets"));
    };
    if buckets < 1 {
        return Err(out_of_range(call, "buckets", "(0, 2147483647]", buckets.to_string()));
    }
    Ok(int(over(call, ntile_udwf(), vec![Typed::constant(ScalarValue::from(i64::from(buckets)))])))
}
