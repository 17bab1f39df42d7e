//! `monotonically_increasing_id()`: a number for each row, growing within a partition, never twice in a query.

use std::sync::Arc;

use arrow::array::Int64Array;
use arrow::datatypes::DataType;
use datafusion::logical_expr::ColumnarValue;
use floe_base::Result;

use crate::partition::Kept;
use crate::{Call, Function, Kernel, Typed};

pub(crate) const FUNCTIONS: &[Function] = &[Function::scalar("monotonically_increasing_id", bind)
    .usage("monotonically_increasing_id() - Returns growing numbers, unique within the query but not consecutive.")];

/// Each partition counts from its number × 2^33, as on Spark; rows whose partition is not known count as one.
pub(crate) fn bind(call: &Call<'_>) -> Result<Typed> {
    let [] = call.exactly()?;
    let counters = Arc::new(Kept::new(0, |partition| i64::from(partition) << 33));
    // The address tells calls apart, so that each has a counter of its own: two columns of ids are equal, as in Spark.
    let key = format!("{:p}", Arc::as_ptr(&counters));
    let body = move |arguments: &crate::Arguments<'_>| {
        let ids = counters.each(arguments, |next, _| {
            let id = *next;
            *next += 1;
            Ok(id)
        })?;
        Ok(ColumnarValue::Array(Arc::new(Int64Array::from(ids))))
    };
    let kernel = Kernel::new(call.name, key, DataType::Int64, false, body);
    Ok(kernel.by_partition(0).at(call.origin).call(Vec::new()))
}
