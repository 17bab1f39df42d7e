//! `window_time(window)`: the last moment in a window that `window` or `session_window` made.

use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray};
use arrow::compute::unary;
use arrow::datatypes::{DataType, TimestampMicrosecondType};
use floe_base::{Error, Result};

use super::_kernel::{gives, kernel};
use crate::rows::{any, finish};
use crate::{Call, Function, Typed};

pub(crate) const FUNCTIONS: &[Function] = &[Function::scalar("window_time", bind)
    .usage("window_time(window_column) - Extract the time value from time/session window column.")];

fn bind(call: &Call<'_>) -> Result<Typed> {
    let [window] = call.exactly()?;
    if is_window(&window.data_type) { last_moment(call) } else { Err(call.unexpected_type(0, "\"STRUCT\"")) }
}

/// A struct of a start and an end.
pub(crate) fn is_window(data_type: &DataType) -> bool {
    let DataType::Struct(fields) = data_type else { return false };
    matches!(fields.as_ref(), [start, end]
        if start.name() == "start" && end.name() == "end"
            && matches!(end.data_type(), DataType::Timestamp(..)) && start.data_type() == end.data_type())
}

/// The moment before the end of the window that is the first argument.
pub(crate) fn last_moment(call: &Call<'_>) -> Result<Typed> {
    let window = call.argument(0)?.clone();
    let DataType::Struct(fields) = &window.data_type else { return Err(Error::internal("a window is no struct")) };
    let data_type = fields.last().map_or(DataType::Null, |end| end.data_type().clone());
    Ok(kernel(call, "", vec![window], gives(data_type.clone(), true), move |arguments| {
        let windows = any(arguments, 0)?.array;
        let windows = windows.as_struct();
        let ends = windows.column(1).as_primitive::<TimestampMicrosecondType>();
        let moments = unary::<_, _, TimestampMicrosecondType>(ends, |end| end.saturating_sub(1));
        let moments: ArrayRef = Arc::new(moments.with_data_type(data_type.clone()));
        let hidden = arrow::compute::nullif(&moments, &arrow::compute::is_null(windows)?)?;
        finish(arguments, hidden)
    }))
}
