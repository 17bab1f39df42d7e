//! `OVER`: a function over the rows around a row. Which rows those are is in `frame.rs`.

use datafusion::common::tree_node::{Transformed, TreeNode, TreeNodeRecursion};
use datafusion::logical_expr::expr::WindowFunction;
use datafusion::logical_expr::{
    Expr, SortExpr, WindowFrame, WindowFrameBound, WindowFrameUnits, WindowFunctionDefinition,
};
use floe_base::{Error, Origin, Result};
use floe_functions::{FunctionKind, Typed, moving};
use floe_syntax::Literal;
use floe_syntax::expression::{Call, Expression, ExpressionKind, FrameBound, WindowSpec};

use super::aggregate::{Modifiers, conjunction, taken};
use super::call::function_name;
use super::frame::{self, Framed};
use super::{Clause, Inside, Names};
use crate::name;
use crate::relation::attached::holds_subquery;
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
        let Some(collector) = names.collector else {
            return Err(self.window_misplaced(function, window, names, origin));
        };
        if names.inside == Inside::Filter {
            let text = name::over(function, &followed(window, names.windows), &self.printer(names));
            return Err(Error::analysis("INVALID_AGGREGATE_FILTER.CONTAINS_WINDOW_FUNCTION")
                .with("windowExpr", format!("\"{text}\""))
                .at(origin));
        }
        if names.inside == Inside::Aggregate {
            return Err(Error::analysis("_LEGACY_ERROR_TEMP_1031"));
        }
        let ExpressionKind::Call(call) = &function.kind else {
            return Err(self.not_for_windows(function, names, origin));
        };
        let call = &self.nulls_told(call, names, origin)?;
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
        if call.filter.is_some() {
            return Err(Error::analysis("_LEGACY_ERROR_TEMP_1030"));
        }
        let modifiers = self.modifiers(call, names, origin)?;
        let partition_by =
            spec.partition_by.iter().map(|value| self.window_key(value, &inner)).collect::<Result<Vec<_>>>()?;
        let mut orders = Vec::with_capacity(spec.order_by.len());
        for order in &spec.order_by {
            let value = self.expression(&order.child, &inner)?;
            orders.push((value, order.ascending, order.nulls_first));
        }
        let name = function_name(call);
        let framed = self.frame_for(&name, function, &spec, &orders, names, origin)?;
        let order_by: Vec<SortExpr> = orders
            .into_iter()
            .map(|(value, ascending, nulls_first)| {
                SortExpr::new(crate::relation::sort::key(value), ascending, nulls_first)
            })
            .collect();
        if order_by.is_empty() && bound.kind == FunctionKind::Window {
            return Err(Error::analysis("_LEGACY_ERROR_TEMP_1037").with("wf", self.text(function, names)));
        }
        if framed.is_empty && bound.kind == FunctionKind::Window {
            return Err(Error::unsupported(format!("`{name}` over a frame that holds no row")).at(origin));
        }
        // Over no rows an aggregate is what it is over rows of which it takes none.
        let filter = framed.is_empty.then(|| datafusion::logical_expr::lit(false));
        let over = Over { partition_by, order_by, frame: framed.frame, filter }.without_constants();
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

    /// A last argument that says whether NULLs are passed over, as the words behind the call say.
    fn nulls_told(&self, call: &Call, names: &Names<'_>, origin: &Origin) -> Result<Call> {
        let name = function_name(call);
        let place = match name.as_str() {
            "nth_value" => 2,
            "lag" | "lead" => 3,
            _ => return Ok(call.clone()),
        };
        if call.arguments.len() != place + 1 {
            return Ok(call.clone());
        }
        let mut bare = call.clone();
        let told = bare.arguments.pop().map(|argument| argument.value);
        match told.as_ref().map(|value| &value.kind) {
            Some(ExpressionKind::Literal(Literal::Boolean(ignores))) => bare.ignore_nulls = ignores.then_some(true),
            _ => {
                let text = told.map(|value| self.text(&value, names)).unwrap_or_default();
                return Err(Error::analysis("INVALID_PARAMETER_VALUE.BOOLEAN")
                    .with("parameter", "`ignoreNulls`")
                    .with("functionName", format!("`{name}`"))
                    .with("invalidValue", format!("\"{text}\""))
                    .at(origin));
            }
        }
        Ok(bare)
    }

    fn window_key(&self, value: &Expression, names: &Names<'_>) -> Result<Expr> {
        Ok(crate::relation::deduplicate::normal(self.expression(value, names)?).expr)
    }

    fn not_for_windows(&self, function: &Expression, names: &Names<'_>, origin: &Origin) -> Error {
        Error::analysis("UNSUPPORTED_EXPR_FOR_WINDOW")
            .with("sqlExpr", format!("\"{}\"", self.text(function, names)))
            .at(origin)
    }

    /// The frame, which some functions choose themselves.
    fn frame_for(
        &self,
        name: &str,
        function: &Expression,
        spec: &WindowSpec,
        orders: &[(Typed, bool, bool)],
        names: &Names<'_>,
        origin: &Origin,
    ) -> Result<Framed> {
        let Some(written) = spec.frame.as_ref() else {
            let own = RANKING.contains(&name) || OFFSET.contains(&name);
            return if own { Ok(frame::whole().into()) } else { self.window_frame(None, orders, names, origin) };
        };
        let framed = self.window_frame(Some(written), orders, names, origin)?;
        if OFFSET.contains(&name) && name::is_own_frame(written, function, &self.printer(names)) {
            return Ok(frame::whole().into());
        }
        if OFFSET.contains(&name) {
            return Err(Error::analysis("_LEGACY_ERROR_TEMP_1035").with("prettyName", name));
        }
        if !RANKING.contains(&name) {
            return Ok(framed);
        }
        let is_rows = name != "cume_dist";
        let is_own = written.rows == is_rows
            && matches!((&written.start, &written.end), (FrameBound::UnboundedPreceding, FrameBound::CurrentRow));
        if !is_own {
            let printer = self.printer(names);
            return Err(Error::analysis("_LEGACY_ERROR_TEMP_1036")
                .with("wf", name::frame(written, None, &printer))
                .with("required", name::own_frame(function, &printer)));
        }
        Ok(frame::whole().into())
    }

    fn window_misplaced(
        &self,
        function: &Expression,
        window: &WindowSpec,
        names: &Names<'_>,
        origin: &Origin,
    ) -> Error {
        let clause = match names.clause {
            Clause::Where => "WHERE",
            Clause::Having => "HAVING",
            _ => {
                let spec = followed(window, names.windows);
                let text = name::over(function, &spec, &self.printer(names));
                return Error::analysis("UNSUPPORTED_EXPR_FOR_OPERATOR")
                    .with("invalidExprSqls", format!("\"{text}\""))
                    .at(origin);
            }
        };
        Error::analysis("_LEGACY_ERROR_TEMP_1034").with("clauseName", clause)
    }
}

/// A window as the engine takes it.
struct Over {
    partition_by: Vec<Expr>,
    order_by: Vec<SortExpr>,
    frame: WindowFrame,
    filter: Option<Expr>,
}

impl Over {
    /// Without the keys that are the same for every row: they decide nothing, and the engine loses the order of other
    /// windows over them (DataFusion 53.1). Where no key is left, all rows are each other's peers.
    fn without_constants(mut self) -> Self {
        let varies =
            |key: &Expr| key.any_column_refs() || key.is_volatile() || key.contains_outer() || holds_subquery(key);
        self.partition_by.retain(varies);
        let has_distance = |bound: &WindowFrameBound| match bound {
            WindowFrameBound::Preceding(value) | WindowFrameBound::Following(value) => !value.is_null(),
            WindowFrameBound::CurrentRow => false,
        };
        let is_range = self.frame.units == WindowFrameUnits::Range;
        if is_range && (has_distance(&self.frame.start_bound) || has_distance(&self.frame.end_bound)) {
            return self;
        }
        self.order_by.retain(|key| varies(&key.expr));
        if is_range && self.order_by.is_empty() {
            self.frame = frame::whole();
        }
        self
    }

    /// The function over this window; what is no function comes back.
    fn applied(&self, node: Expr, modifiers: &Modifiers) -> std::result::Result<Expr, Box<Expr>> {
        let mut window = match node {
            Expr::AggregateFunction(function) => {
                let fun = WindowFunctionDefinition::AggregateUDF(moving(function.func));
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
        window.params.filter = conjunction(window.params.filter.take(), self.filter.clone());
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
