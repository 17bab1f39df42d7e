//! What the window functions share. They are the engine's own: their results are cast to Spark's types.

use std::sync::Arc;

use arrow::datatypes::DataType;
use datafusion::logical_expr::expr::{NullTreatment, WindowFunction, WindowFunctionParams};
use datafusion::logical_expr::{Expr, WindowUDF};

use crate::{Call, Typed};

/// A call of a window function of the engine's over these arguments.
pub(crate) fn over(call: &Call<'_>, function: Arc<WindowUDF>, arguments: Vec<Typed>) -> Expr {
    let arguments = arguments.into_iter().map(|argument| argument.expr).collect();
    let mut node = WindowFunction::new(function, arguments);
    node.params = WindowFunctionParams {
        null_treatment: call.ignore_nulls.filter(|ignores| *ignores).map(|_| NullTreatment::IgnoreNulls),
        ..node.params
    };
    Expr::WindowFunction(Box::new(node))
}

/// A number of rows: the engine counts in unsigned longs, Spark in ints.
pub(crate) fn int(expr: Expr) -> Typed {
    Typed::new(datafusion::logical_expr::cast(expr, DataType::Int32), DataType::Int32, false)
}
