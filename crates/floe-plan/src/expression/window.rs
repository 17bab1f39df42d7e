//! `OVER`: a function over the rows around a row.

use arrow::datatypes::DataType;
use datafusion::common::tree_node::{Transformed, TreeNode, TreeNodeRecursion};
use datafusion::logical_expr::expr::WindowFunction;
use datafusion::logical_expr::{
    Expr, SortExpr, WindowFrame, WindowFrameBound, WindowFrameUnits, WindowFunctionDefinition,
};
use datafusion::scalar::ScalarValue;
use floe_base::{Error, Origin, Result};
use floe_functions::{FunctionKind, Typed};
use floe_syntax::expression::{Expression, ExpressionKind, FrameBound, WindowFrame as WrittenFrame, WindowSpec};

use super::aggregate::{Modifiers, conjunction, taken};
use super::call::function_name;
use super::{Inside, Names};
use crate::resolver::Resolver;

/// Functions whose frame is their own whatever is written (Spark 4.1 `AggregateWindowFunction`, `OffsetWindowFunction`).
const RANKING: [&str; 6] = ["row_number", "rank", "dense_rank", "percent_rank", "cume_dist", "ntile"];
const OFFSET: [&str; 2] = ["lag", "lead"];

impl Resolver<'_> {
    pub(crate) fn window(
        &self,
        function: &Expression,
        window: &WindowSpec,
        names: &Names<'_>,
        origin: &Origin,
    ) -> Result<Typed> {
        let Some(collector) = names.collector.filter(|collector| collector.allows.windows) else {
            let text = self.text(function, names);
            return Err(match names.clause {
                super::Clause::Where => Error::analysis("INVALID_WHERE_CONDITION")
                    .with("condition", format!("\"{text}\""))
                    .with("expressionList", text),
                _ => Error::message(
                    floe_base::Kind::Analysis,
                    "It is not allowed to use window functions inside this clause.",
                ),
            }
            .at(origin));
        };
        if names.inside == Inside::Window {
            return Err(Error::message(
                floe_base::Kind::Analysis,
                "It is not allowed to use a window function inside another window function.",
            )
            .at(origin));
        }
        if names.inside == Inside::Aggregate {
            return Err(Error::message(
                floe_base::Kind::Analysis,
                "It is not allowed to use a window function inside an aggregate function. Please use the inner window function in a sub-query.",
            )
            .at(origin));
        }
        let ExpressionKind::Call(call) = &function.kind else {
            return Err(self.not_for_windows(function, names, origin));
        };
        let spec = named(window, names.windows, origin)?;
        let inner = names.inside(Inside::Window);
        let bound = self.bind(function, call, &inner)?;
        if !matches!(bound.kind, FunctionKind::Aggregate | FunctionKind::Window) {
            return Err(self.not_for_windows(function, names, origin));
        }
        if call.distinct {
            return Err(Error::analysis("DISTINCT_WINDOW_FUNCTION_UNSUPPORTED")
                .with("windowExpr", format!("\"{}\"", self.text(function, names)))
                .at(origin));
        }
        let modifiers = self.modifiers(call, names)?;
        let partition_by =
            spec.partition_by.iter().map(|value| self.window_key(value, &inner)).collect::<Result<Vec<_>>>()?;
        let mut orders = Vec::with_capacity(spec.order_by.len());
        for order in &spec.order_by {
            let value = self.expression(&order.child, &inner)?;
            orders.push((value, order.ascending, order.nulls_first));
        }
        let name = function_name(call);
        let frame = self.frame_of(&name, &spec, &orders, names, origin)?;
        let order_by: Vec<SortExpr> = orders
            .into_iter()
            .map(|(value, ascending, nulls_first)| {
                SortExpr::new(crate::relation::sort::key(value), ascending, nulls_first)
            })
            .collect();
        if order_by.is_empty() && bound.kind == FunctionKind::Window && name != "nth_value" {
            return Err(Error::message(
                floe_base::Kind::Analysis,
                format!("Window function {name}() requires window to be ordered, please add ORDER BY clause. For example SELECT {name}()(value_expr) OVER (PARTITION BY window_partition ORDER BY window_ordering) from table."),
            )
            .at(origin));
        }
        let over = Over { partition_by, order_by, frame };
        let replace = |node: Expr| match over.applied(node, &modifiers) {
            Ok(window) => {
                let column = taken(&collector.windows, window, self);
                Ok(Transformed::new(column, true, TreeNodeRecursion::Jump))
            }
            Err(other) => Ok(Transformed::no(*other)),
        };
        let expr = bound.value.expr.transform_down(replace)?.data;
        Ok(Typed { expr, ..bound.value })
    }

    fn window_key(&self, value: &Expression, names: &Names<'_>) -> Result<Expr> {
        Ok(crate::relation::deduplicate::normal(self.expression(value, names)?).expr)
    }

    fn not_for_windows(&self, function: &Expression, names: &Names<'_>, origin: &Origin) -> Error {
        Error::analysis("UNSUPPORTED_EXPR_FOR_WINDOW")
            .with("sqlExpr", format!("\"{}\"", self.text(function, names)))
            .at(origin)
    }

    fn frame_of(
        &self,
        name: &str,
        spec: &WindowSpec,
        orders: &[(Typed, bool, bool)],
        names: &Names<'_>,
        origin: &Origin,
    ) -> Result<WindowFrame> {
        let null = || ScalarValue::UInt64(None);
        let whole = WindowFrame::new_bounds(
            WindowFrameUnits::Rows,
            WindowFrameBound::Preceding(null()),
            WindowFrameBound::Following(null()),
        );
        if RANKING.contains(&name) || OFFSET.contains(&name) {
            return Ok(whole);
        }
        let Some(written) = &spec.frame else {
            if orders.is_empty() {
                return Ok(whole);
            }
            return Ok(WindowFrame::new_bounds(
                WindowFrameUnits::Range,
                WindowFrameBound::Preceding(ScalarValue::Null),
                WindowFrameBound::CurrentRow,
            ));
        };
        if !written.rows && orders.is_empty() {
            return Ok(whole);
        }
        let start = self.bound(written, &written.start, true, orders, names, origin)?;
        let end = self.bound(written, &written.end, false, orders, names, origin)?;
        let units = if written.rows { WindowFrameUnits::Rows } else { WindowFrameUnits::Range };
        Ok(WindowFrame::new_bounds(units, start, end))
    }

    fn bound(
        &self,
        frame: &WrittenFrame,
        bound: &FrameBound,
        is_start: bool,
        orders: &[(Typed, bool, bool)],
        names: &Names<'_>,
        origin: &Origin,
    ) -> Result<WindowFrameBound> {
        let unbounded = if frame.rows { ScalarValue::UInt64(None) } else { ScalarValue::Null };
        let (value, following) = match bound {
            FrameBound::UnboundedPreceding if is_start => return Ok(WindowFrameBound::Preceding(unbounded)),
            FrameBound::UnboundedFollowing if !is_start => return Ok(WindowFrameBound::Following(unbounded)),
            FrameBound::UnboundedPreceding | FrameBound::UnboundedFollowing => {
                return Err(Error::analysis("DATATYPE_MISMATCH.SPECIFIED_WINDOW_FRAME_INVALID_BOUND")
                    .with("sqlExpr", "\"window frame\"")
                    .with("lower", "\"UNBOUNDED FOLLOWING\"")
                    .with("upper", "\"UNBOUNDED PRECEDING\"")
                    .at(origin));
            }
            FrameBound::CurrentRow => return Ok(WindowFrameBound::CurrentRow),
            FrameBound::Preceding(value) => (value, false),
            FrameBound::Following(value) | FrameBound::Offset(value) => (value, true),
        };
        let offset = self.constant_value(value, names.env)?;
        if frame.rows {
            return rows_bound(&offset, following, &value.origin);
        }
        let [(order, ..)] = orders else {
            return Err(Error::analysis("DATATYPE_MISMATCH.RANGE_FRAME_MULTI_ORDER")
                .with("sqlExpr", "\"window frame\"")
                .with("orderSpec", "several keys")
                .at(origin));
        };
        range_bound(offset, following, &order.data_type, &value.origin)
    }
}

/// A window as the engine takes it.
struct Over {
    partition_by: Vec<Expr>,
    order_by: Vec<SortExpr>,
    frame: WindowFrame,
}

impl Over {
    /// The function over this window; what is no function comes back.
    fn applied(&self, node: Expr, modifiers: &Modifiers) -> std::result::Result<Expr, Box<Expr>> {
        let mut window = match node {
            Expr::AggregateFunction(function) => {
                let fun = WindowFunctionDefinition::AggregateUDF(function.func);
                let mut window = WindowFunction::new(fun, function.params.args);
                window.params.filter = function.params.filter;
                window.params.null_treatment = function.params.null_treatment;
                window.params.distinct = function.params.distinct;
                window
            }
            Expr::WindowFunction(window) => *window,
            other => return Err(Box::new(other)),
        };
        window.params.partition_by = self.partition_by.clone();
        window.params.order_by = self.order_by.clone();
        window.params.window_frame = self.frame.clone();
        window.params.filter = conjunction(window.params.filter.take(), modifiers.filter.clone());
        window.params.null_treatment = window.params.null_treatment.or(modifiers.null_treatment());
        Ok(Expr::WindowFunction(Box::new(window)))
    }
}

/// A window with what it takes from the window it names.
fn named(window: &WindowSpec, known: &[(String, WindowSpec)], origin: &Origin) -> Result<WindowSpec> {
    let Some(base) = &window.base else { return Ok(window.clone()) };
    let found = known.iter().find(|(name, _)| name.eq_ignore_ascii_case(base));
    let Some((_, found)) = found else {
        return Err(Error::analysis("MISSING_WINDOW_SPECIFICATION")
            .with("windowName", base.as_str())
            .with("docroot", "https://spark.apache.org/docs/latest")
            .at(origin));
    };
    let mut spec = named(found, known, origin)?;
    spec.base = None;
    if !window.partition_by.is_empty() {
        spec.partition_by.clone_from(&window.partition_by);
    }
    if !window.order_by.is_empty() {
        spec.order_by.clone_from(&window.order_by);
    }
    if window.frame.is_some() {
        spec.frame.clone_from(&window.frame);
    }
    Ok(spec)
}

/// The window with its name followed, for printing.
pub(crate) fn followed(window: &WindowSpec, known: &[(String, WindowSpec)]) -> WindowSpec {
    named(window, known, &Origin::Unknown).unwrap_or_else(|_| window.clone())
}

fn rows_bound(offset: &ScalarValue, following: bool, origin: &Origin) -> Result<WindowFrameBound> {
    let count = match offset {
        ScalarValue::Int8(Some(value)) => i64::from(*value),
        ScalarValue::Int16(Some(value)) => i64::from(*value),
        ScalarValue::Int32(Some(value)) => i64::from(*value),
        ScalarValue::Int64(Some(value)) => *value,
        other => {
            return Err(Error::analysis("DATATYPE_MISMATCH.SPECIFIED_WINDOW_FRAME_UNACCEPTED_TYPE")
                .with("sqlExpr", "\"window frame\"")
                .with("location", if following { "upper" } else { "lower" })
                .with("exprType", format!("\"{}\"", floe_syntax::DataType::from_arrow(&other.data_type()).sql()))
                .with("expectedType", "\"INT\"")
                .at(origin));
        }
    };
    let rows = ScalarValue::UInt64(Some(count.unsigned_abs()));
    Ok(match (following, count) {
        (_, 0) => WindowFrameBound::CurrentRow,
        (true, 1..) | (false, ..0) => WindowFrameBound::Following(rows),
        _ => WindowFrameBound::Preceding(rows),
    })
}

/// The distance in the type the engine can add to the key.
fn range_bound(offset: ScalarValue, following: bool, key: &DataType, origin: &Origin) -> Result<WindowFrameBound> {
    let distance = match (key, offset) {
        (DataType::Date32, ScalarValue::Int32(Some(days))) => ScalarValue::new_interval_mdn(0, days, 0),
        (DataType::Date32 | DataType::Timestamp(..), ScalarValue::DurationMicrosecond(Some(micros))) => {
            ScalarValue::new_interval_mdn(0, 0, micros.saturating_mul(1000))
        }
        (DataType::Date32 | DataType::Timestamp(..), ScalarValue::IntervalYearMonth(Some(months))) => {
            ScalarValue::new_interval_mdn(months, 0, 0)
        }
        (_, offset) => offset.cast_to(key).map_err(|_| {
            Error::analysis("DATATYPE_MISMATCH.RANGE_FRAME_INVALID_TYPE")
                .with("sqlExpr", "\"window frame\"")
                .with("orderSpecType", format!("\"{}\"", floe_syntax::DataType::from_arrow(key).sql()))
                .with(
                    "valueBoundaryType",
                    format!("\"{}\"", floe_syntax::DataType::from_arrow(&offset.data_type()).sql()),
                )
                .at(origin)
        })?,
    };
    let zero = ScalarValue::new_zero(&distance.data_type()).ok();
    let is_negative = zero.as_ref().and_then(|zero| distance.partial_cmp(zero)) == Some(std::cmp::Ordering::Less);
    if zero.as_ref() == Some(&distance) {
        return Ok(WindowFrameBound::CurrentRow);
    }
    let distance = if is_negative { distance.arithmetic_negate()? } else { distance };
    Ok(if following == is_negative {
        WindowFrameBound::Preceding(distance)
    } else {
        WindowFrameBound::Following(distance)
    })
}
