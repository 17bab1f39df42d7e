//! Sort orders, and functions over a window.

use floe_base::Result;
use floe_proto::connect::expression as proto;
use floe_proto::connect::expression::sort_order::{NullOrdering, SortDirection};
use floe_proto::connect::expression::window::WindowFrame as ProtoFrame;
use floe_proto::connect::expression::window::window_frame::frame_boundary::Boundary;
use floe_proto::connect::expression::window::window_frame::{FrameBoundary, FrameType};
use floe_syntax::ExpressionKind;
use floe_syntax::expression::{FrameBound, SortOrder, WindowFrame, WindowSpec};

use super::{Scope, expression, not_set, unspecified};

pub(super) fn decode(scope: &Scope<'_>, window: proto::Window) -> Result<ExpressionKind> {
    let function = expression::boxed(scope, window.window_function, "Window.window_function")?;
    let frame = match window.frame_spec {
        Some(frame) => Some(self::frame(scope, *frame)?),
        None => None,
    };
    let window = WindowSpec {
        base: None,
        partition_by: expression::list(scope, window.partition_spec)?,
        order_by: sort_orders(scope, window.order_spec)?,
        frame,
    };
    Ok(ExpressionKind::Window { function: Box::new(function), window: Box::new(window) })
}

fn frame(scope: &Scope<'_>, frame: ProtoFrame) -> Result<WindowFrame> {
    let rows = match frame.frame_type() {
        FrameType::Row => true,
        FrameType::Range => false,
        FrameType::Undefined => {
            return Err(unspecified("spark.connect.Expression.Window.WindowFrame.FrameType", "FRAME_TYPE_UNDEFINED"));
        }
    };
    let start = bound(scope, frame.lower, FrameBound::UnboundedPreceding)?;
    let end = bound(scope, frame.upper, FrameBound::UnboundedFollowing)?;
    Ok(WindowFrame { rows, start, end })
}

/// `unbounded` means preceding on the lower side and following on the upper.
fn bound(scope: &Scope<'_>, boundary: Option<Box<FrameBoundary>>, unbounded: FrameBound) -> Result<FrameBound> {
    match boundary.and_then(|boundary| boundary.boundary) {
        Some(Boundary::CurrentRow(_)) => Ok(FrameBound::CurrentRow),
        Some(Boundary::Unbounded(_)) => Ok(unbounded),
        Some(Boundary::Value(offset)) => Ok(FrameBound::Offset(Box::new(expression::decode(scope, *offset)?))),
        None => Err(not_set("spark.connect.Expression.Window.WindowFrame.FrameBoundary.boundary")),
    }
}

pub(super) fn sort_orders(scope: &Scope<'_>, orders: Vec<proto::SortOrder>) -> Result<Vec<SortOrder>> {
    orders.into_iter().map(|order| sort_order(scope, order)).collect()
}

/// Without a word on NULLs they come first when ascending and last when descending.
fn sort_order(scope: &Scope<'_>, order: proto::SortOrder) -> Result<SortOrder> {
    let ascending = order.direction() != SortDirection::Descending;
    let nulls_first = match order.null_ordering() {
        NullOrdering::SortNullsFirst => true,
        NullOrdering::SortNullsLast => false,
        NullOrdering::SortNullsUnspecified => ascending,
    };
    let child = expression::boxed(scope, order.child, "SortOrder.child")?;
    Ok(SortOrder { child, ascending, nulls_first })
}
