//! `monotonically_increasing_id()`: a number for each row, growing within a partition, never twice in a query.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use arrow::array::Int64Array;
use arrow::datatypes::DataType;
use datafusion::logical_expr::ColumnarValue;
use floe_base::Result;

use crate::{Call, Function, Kernel, Typed};

pub(crate) const FUNCTIONS: &[Function] = &[Function::scalar("monotonically_increasing_id", bind)
    .usage("monotonically_increasing_id() - Returns growing numbers, unique within the query but not consecutive.")];

/// One counter for all partitions keeps what Spark promises; its own numbers begin at partition × 2^33.
pub(crate) fn bind(call: &Call<'_>) -> Result<Typed> {
    let [] = call.exactly()?;
    let next = Arc::new(AtomicI64::new(0));
    // The address tells calls apart, so that each has a counter of its own: two columns of ids are equal, as in Spark.
    let key = format!("{:p}", Arc::as_ptr(&next));
    let body = move |arguments: &crate::Arguments<'_>| {
        let count = i64::try_from(arguments.rows).unwrap_or(i64::MAX);
        let first = next.fetch_add(count, Ordering::Relaxed);
        Ok(ColumnarValue::Array(Arc::new(Int64Array::from_iter_values(first..first + count))))
    };
    Ok(Kernel::new(call.name, key, DataType::Int64, false, body).volatile().at(call.origin).call(Vec::new()))
}
