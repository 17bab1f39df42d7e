//! Arguments that must be constants: percentages, offsets, bucket counts.

use std::sync::Arc;

use arrow::array::{RecordBatch, RecordBatchOptions};
use arrow::datatypes::{DataType, Schema};
use datafusion::common::DFSchema;
use datafusion::logical_expr::ColumnarValue;
use datafusion::logical_expr::execution_props::ExecutionProps;
use datafusion::physical_expr::create_physical_expr;
use datafusion::scalar::ScalarValue;
use floe_base::{Error, Result};
use floe_syntax::expression::CastMode;

use crate::cast::cast;
use crate::{Call, Typed};

/// The value of an expression without columns; `None` where it has some, or changes from call to call.
pub(crate) fn folded(value: &Typed) -> Option<Result<ScalarValue>> {
    if let Some(literal) = value.literal() {
        return Some(Ok(literal.clone()));
    }
    if !value.expr.column_refs().is_empty() || value.expr.is_volatile() {
        return None;
    }
    Some(evaluate(value))
}

fn evaluate(value: &Typed) -> Result<ScalarValue> {
    let physical = create_physical_expr(&value.expr, &DFSchema::empty(), &ExecutionProps::new())?;
    let one_row = RecordBatchOptions::new().with_row_count(Some(1));
    let batch = RecordBatch::try_new_with_options(Arc::new(Schema::empty()), vec![], &one_row)?;
    match physical.evaluate(&batch)? {
        ColumnarValue::Scalar(scalar) => Ok(scalar),
        ColumnarValue::Array(array) => Ok(ScalarValue::try_from_array(&array, 0)?),
    }
}

/// The nth argument as a constant of a type, or Spark's NON_FOLDABLE_INPUT; `name` and `type_name` as Spark names them.
pub(crate) fn constant(
    call: &Call<'_>,
    index: usize,
    to: &DataType,
    name: &str,
    type_name: &str,
) -> Result<ScalarValue> {
    let argument = cast(call.argument(index)?.clone(), to, CastMode::Session, call.context, call.origin)?;
    folded(&argument).unwrap_or_else(|| {
        Err(Error::analysis("DATATYPE_MISMATCH.NON_FOLDABLE_INPUT")
            .with("sqlExpr", format!("\"{}\"", (call.text)(None)))
            .with("inputName", format!("`{name}`"))
            .with("inputType", format!("\"{type_name}\""))
            .with("inputExpr", format!("\"{}\"", (call.text)(Some(index))))
            .at(call.origin))
    })
}

/// Spark 4.1 `DATATYPE_MISMATCH.VALUE_OUT_OF_RANGE`.
pub(crate) fn out_of_range(call: &Call<'_>, name: &str, range: &str, current: String) -> Error {
    Error::analysis("DATATYPE_MISMATCH.VALUE_OUT_OF_RANGE")
        .with("sqlExpr", format!("\"{}\"", (call.text)(None)))
        .with("exprName", name)
        .with("valueRange", range)
        .with("currentValue", current)
        .at(call.origin)
}

/// Spark 4.1 `DATATYPE_MISMATCH.UNEXPECTED_NULL`.
pub(crate) fn unexpected_null(call: &Call<'_>, name: &str) -> Error {
    Error::analysis("DATATYPE_MISMATCH.UNEXPECTED_NULL")
        .with("sqlExpr", format!("\"{}\"", (call.text)(None)))
        .with("exprName", name)
        .at(call.origin)
}
