//! `spark_partition_id()`: the number of the partition a row is in on Spark, where that is known.

use arrow::datatypes::DataType;
use datafusion::logical_expr::ColumnarValue;
use floe_base::Result;

use crate::{Call, Function, Kernel, Typed};

pub(crate) const FUNCTIONS: &[Function] = &[Function::scalar("spark_partition_id", bind)
    .usage("spark_partition_id() - Returns the number of the partition a row is in.")];

/// The partition is its one argument, which no call has of its own.
fn bind(call: &Call<'_>) -> Result<Typed> {
    let [] = call.exactly()?;
    let body = |arguments: &crate::Arguments<'_>| Ok(ColumnarValue::Array(arguments.array(0)?));
    let kernel = Kernel::new(call.name, "", DataType::Int32, false, body);
    Ok(kernel.of_partition(0).at(call.origin).call(Vec::new()))
}
