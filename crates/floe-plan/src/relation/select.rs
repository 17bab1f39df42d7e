//! SELECT: its clauses see each other's names, so they are lowered together, in the order they take effect.

use std::cell::RefCell;
use std::collections::HashSet;
use std::sync::Arc;

use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::logical_expr::expr::WindowFunction;
use datafusion::logical_expr::{Expr, LogicalPlan, SortExpr, Window};
use floe_base::{Error, Origin, Result};
use floe_functions::Typed;
use floe_syntax::Literal;
use floe_syntax::expression::{Expression, ExpressionKind, SortOrder, WindowSpec};
use floe_syntax::relation::{GroupBy, Select};

use super::attached::holds_subquery;
use super::grouped::{Groups, Stray};
use super::time_window;
use crate::expression::aggregate::Collector;
use crate::expression::generator::spread;
use crate::expression::{Clause, Laterals, Names};
use crate::resolver::{Env, Resolver};
use crate::rows::{Output, Rows};
use crate::scope::{Column, Id, Scope, id_of, label, reference, referenced};

/// What stands after a SELECT and sees into it.
#[derive(Clone, Copy, Default)]
pub(crate) struct Tail<'a> {
    pub(crate) order_by: &'a [SortOrder],
    /// `ORDER BY ALL`: direction and null order.
    pub(crate) order_by_all: Option<(bool, bool)>,
}

/// The clauses of a SELECT beside its list.
#[derive(Clone, Copy, Default)]
pub(crate) struct Shape<'a> {
    pub(crate) distinct: bool,
    pub(crate) group_by: Option<&'a GroupBy>,
    pub(crate) having: Option<&'a Expression>,
}

impl Resolver<'_> {
    pub(crate) fn select<'t>(
        &self,
        select: &'t Select,
        tail: &Tail<'_>,
        env: &Env<'t>,
        origin: &Origin,
    ) -> Result<Rows> {
        self.select_with(select, tail, &[], env, origin)
    }

    /// `windows` are those named after the whole query.
    pub(crate) fn select_with<'t>(
        &self,
        select: &'t Select,
        tail: &Tail<'_>,
        windows: &'t [(String, WindowSpec)],
        env: &Env<'t>,
        _origin: &Origin,
    ) -> Result<Rows> {
        self.hints.borrow_mut().extend(select.hints.iter().cloned());
        let mut rows = match &select.from {
            Some(from) => self.relation(from, env)?,
            None => super::one_row(),
        };
        if let Some(condition) = &select.filter {
            rows = self.filtered(rows, condition, env, Clause::Where)?;
        }
        let known: Vec<(String, WindowSpec)> = select.windows.iter().chain(windows).cloned().collect();
        let scope = rows.scope.clone();
        let names = Names { windows: &known, ..Names::new(&scope, env, Clause::Select) };
        let shape =
            Shape { distinct: select.distinct, group_by: Some(&select.group_by), having: select.having.as_ref() };
        let rows = self.selected(rows, &select.projection, &names, &shape, tail)?;
        select.hints.iter().try_fold(rows, |rows, hint| self.laid_out(rows, hint))
    }

    /// Computes a SELECT list over rows, with everything around it.
    pub(crate) fn selected(
        &self,
        rows: Rows,
        projection: &[Expression],
        names: &Names<'_>,
        shape: &Shape<'_>,
        tail: &Tail<'_>,
    ) -> Result<Rows> {
        let calls = time_window::calls(projection, shape.group_by);
        let (rows, window) = self.with_time_window(rows, &calls, names)?;
        let scope = window.as_ref().map_or(names.scope, |window| &window.scope);
        let names = &Names { scope, time_window: window.as_ref(), ..*names };
        let collector = Collector::default();
        let laterals = Laterals::default();
        let allow_laterals = self.flag("spark.sql.lateralColumnAlias.enableImplicitResolution", true);
        let mut names = names.collecting(&collector);
        names.laterals = allow_laterals.then_some(&laterals);
        let outputs = self.outputs(projection, &names)?;
        names.laterals = None;

        let mut keys = match shape.group_by {
            None | Some(GroupBy::None) => None,
            Some(group_by) => Some(self.keys(group_by, projection, &outputs, &names)?),
        };
        let output_scope = Scope::new(outputs.iter().map(|output| output.column.clone()).collect());
        let having = match shape.having {
            None => None,
            Some(condition) => {
                let over = Names { scope: &output_scope, fallback: Some(names.scope), clause: Clause::Having, ..names };
                let value = self.condition(condition, &over, "HAVING")?;
                Some(Typed { expr: inlined(value.expr, &outputs)?, ..value })
            }
        };
        let orders = self.select_orders(tail, projection, &outputs, &output_scope, shape, &names)?;

        let rows = self.with_sessions(rows, window.as_ref(), keys.as_mut())?;
        let is_grouped = keys.is_some() || collector.has_aggregates() || having.is_some();
        let selection = Selection { outputs, having, orders, origins: origins(projection) };
        let input = rows.scope.clone();
        let (rows, selection) = if is_grouped {
            let groups = self.grouped(rows, &keys.unwrap_or_default(), &collector)?;
            let selection = over_groups(selection, &groups, &collector)?;
            (groups.rows, selection)
        } else {
            (rows, selection)
        };
        let below = if is_grouped || shape.distinct { None } else { Some(input) };
        self.finished(rows, selection, &collector, shape.distinct, below)
    }

    fn select_orders(
        &self,
        tail: &Tail<'_>,
        projection: &[Expression],
        outputs: &[Output],
        output_scope: &Arc<Scope>,
        shape: &Shape<'_>,
        names: &Names<'_>,
    ) -> Result<Vec<Order>> {
        if let Some((ascending, nulls_first)) = tail.order_by_all {
            let order = |output: &Output| Order { value: output.column.typed(), ascending, nulls_first };
            return Ok(outputs.iter().map(order).collect());
        }
        let fallback = (!shape.distinct).then_some(names.scope);
        let over = Names { scope: output_scope, fallback, clause: Clause::OrderBy, ..*names };
        let mut orders = Vec::with_capacity(tail.order_by.len());
        for order in tail.order_by {
            let value = match self.ordinal(
                &order.child,
                outputs.len(),
                "ORDER_BY_POS_OUT_OF_RANGE",
                "spark.sql.orderByOrdinal",
            )? {
                Some(index) => outputs.get(index).map(|output| output.column.typed()),
                None if is_all(&order.child) && projection.len() == 1 && tail.order_by.len() == 1 => None,
                None => Some(self.expression(&order.child, &over)?),
            };
            let value = match value {
                Some(value) => value,
                None => self.expression(&order.child, &over)?,
            };
            super::sort::must_be_orderable(&value, &order.child, self, &over)?;
            orders.push(Order { value, ascending: order.ascending, nulls_first: order.nulls_first });
        }
        Ok(orders)
    }

    /// The position a whole number in ORDER BY or GROUP BY names, from 0.
    pub(crate) fn ordinal(
        &self,
        expression: &Expression,
        count: usize,
        condition: &str,
        setting: &str,
    ) -> Result<Option<usize>> {
        let ExpressionKind::Literal(Literal::Int(position)) = &expression.kind else { return Ok(None) };
        if !self.flag(setting, true) {
            return Ok(None);
        }
        let index = usize::try_from(*position).ok().and_then(|position| position.checked_sub(1));
        match index.filter(|index| *index < count) {
            Some(index) => Ok(Some(index)),
            None => Err(Error::analysis(condition)
                .with("index", position.to_string())
                .with("size", count.to_string())
                .at(&expression.origin)),
        }
    }

    /// Outputs that are lowered already, with the windows and generators taken out of them.
    pub(crate) fn computed(&self, rows: Rows, outputs: Vec<Output>, collector: &Collector) -> Result<Rows> {
        let input = rows.scope.clone();
        let selection = Selection { outputs, having: None, orders: Vec::new(), origins: Origin::Unknown };
        if !collector.has_aggregates() {
            return self.finished(rows, selection, collector, false, Some(input));
        }
        let groups = self.grouped(rows, &super::grouped::Keys::default(), collector)?;
        let selection = over_groups(selection, &groups, collector)?;
        self.finished(groups.rows, selection, collector, false, None)
    }

    /// What comes after grouping: HAVING, windows, generators, the list itself, DISTINCT, order.
    fn finished(
        &self,
        mut rows: Rows,
        selection: Selection,
        collector: &Collector,
        distinct: bool,
        below: Option<Arc<Scope>>,
    ) -> Result<Rows> {
        let Selection { outputs, having, orders, .. } = selection;
        if let Some(condition) = having {
            rows = self.filtered_by(rows, condition.expr)?;
        }
        let (windows, ids): (Vec<Expr>, Vec<Id>) = collector.windows.take().into_iter().unzip();
        let (attached, windows) = self.attached(rows, windows)?;
        rows = with_windows(self, attached, windows.into_iter().zip(ids).collect())?;
        for mut generated in collector.generators.take() {
            let (attached, value) = self.attached(rows, vec![generated.value.expr])?;
            generated.value.expr = value.into_iter().next().ok_or_else(|| Error::internal("a generator is lost"))?;
            rows = spread(attached, generated)?;
        }
        let shown: Vec<Column> = outputs.iter().map(|output| output.column.clone()).collect();
        let ids: HashSet<Id> = shown.iter().map(|column| column.id).collect();
        let mut all = outputs;
        let mut sort_keys = Vec::with_capacity(orders.len());
        for order in orders {
            let over_outputs = refers_only_to(&order.value.expr, &ids) && !holds_subquery(&order.value.expr);
            let value = if over_outputs || distinct {
                order.value
            } else {
                let expr = inlined(order.value.expr, &all)?;
                let value = Typed { expr, ..order.value };
                let column = self.column("", &value);
                let kept = column.typed();
                all.push(Output { value, column });
                kept
            };
            sort_keys.push(SortExpr::new(super::sort::key(value), order.ascending, order.nulls_first));
        }
        let (mut values, exprs): (Vec<Output>, Vec<Expr>) =
            all.into_iter().map(|output| (output.clone(), output.value.expr)).unzip();
        let (attached, exprs) = self.attached(rows, exprs)?;
        for (output, expr) in values.iter_mut().zip(exprs) {
            output.value.expr = expr;
        }
        rows = attached.project_closed(values)?;
        let scope = match below {
            Some(below) => Scope::over(shown, &below),
            None => Scope::new(shown),
        };
        rows = rows.with_scope(scope);
        if distinct {
            rows = rows.distinct(self)?;
        }
        rows.sort(sort_keys)
    }
}

/// A key of ORDER BY.
struct Order {
    value: Typed,
    ascending: bool,
    nulls_first: bool,
}

/// The lowered clauses of one SELECT.
struct Selection {
    outputs: Vec<Output>,
    having: Option<Typed>,
    orders: Vec<Order>,
    /// Where the list stands, for errors.
    origins: Origin,
}

fn origins(projection: &[Expression]) -> Origin {
    projection.first().map(|first| first.origin.clone()).unwrap_or_default()
}

/// The clauses as they read over groups.
fn over_groups(selection: Selection, groups: &Groups, collector: &Collector) -> Result<Selection> {
    let Selection { outputs, having, orders, origins } = selection;
    let ids: HashSet<Id> = outputs.iter().map(|output| output.column.id).collect();
    let originals = outputs.clone();
    let outputs = outputs
        .into_iter()
        .map(|output| {
            let name = output.column.name().to_string();
            let value = groups.rewritten(output.value, Stray::Listed(&name, &origins))?;
            let column = output.column.with_nullable(value.nullable);
            Ok(Output { value, column })
        })
        .collect::<Result<Vec<_>>>()?;
    let shown = Scope::new(originals.iter().map(|output| output.column.clone()).collect());
    let hidden = Stray::Hidden(&shown, &origins);
    let having = having.map(|value| groups.rewritten(value, hidden)).transpose()?;
    let orders = orders
        .into_iter()
        .map(|order| {
            if refers_only_to(&order.value.expr, &ids) {
                return Ok(order);
            }
            let expr = inlined(order.value.expr, &originals)?;
            let value = groups.rewritten(Typed { expr, ..order.value }, hidden)?;
            Ok(Order { value, ..order })
        })
        .collect::<Result<Vec<_>>>()?;
    let windows = collector.windows.take();
    let windows = windows
        .into_iter()
        .map(|(expr, id)| Ok((groups.rewritten_expr(expr, Stray::Listed("window", &origins))?, id)))
        .collect::<Result<Vec<_>>>()?;
    collector.windows.replace(windows);
    for generated in collector.generators.borrow_mut().iter_mut() {
        let value = generated.value.clone();
        generated.value = groups.rewritten(value, Stray::Listed("generator", &origins))?;
    }
    Ok(Selection { outputs, having, orders, origins })
}

/// True where an expression needs nothing but these columns.
fn refers_only_to(expr: &Expr, ids: &HashSet<Id>) -> bool {
    expr.column_refs().iter().all(|column| id_of(&column.name).is_some_and(|id| ids.contains(&id)))
}

/// The expression with outputs' own columns replaced by what they are computed from.
fn inlined(expr: Expr, outputs: &[Output]) -> Result<Expr> {
    let replaced = expr.transform_up(|node| {
        let output = referenced(&node).and_then(|id| outputs.iter().find(|output| output.column.id == id));
        Ok(match output {
            Some(output) if output.value.expr != node => Transformed::yes(output.value.expr.clone()),
            _ => Transformed::no(node),
        })
    })?;
    Ok(replaced.data)
}

fn is_all(expression: &Expression) -> bool {
    matches!(&expression.kind, ExpressionKind::Attribute(attribute)
        if matches!(attribute.parts.as_slice(), [name] if name.eq_ignore_ascii_case("all")))
}

/// Window functions over rows; those over the same windows share an operator, unless one looks at what another gives.
pub(crate) fn with_windows(resolver: &Resolver, rows: Rows, windows: Vec<(Expr, Id)>) -> Result<Rows> {
    let mut groups: Vec<Vec<(WindowFunction, Id)>> = Vec::new();
    let mut computed: Vec<(String, usize)> = Vec::new();
    for (expr, id) in windows {
        let needed = expr.column_refs();
        let needs = computed.iter().filter(|(name, _)| needed.iter().any(|column| column.name == *name));
        let first = needs.map(|(_, group)| group + 1).max().unwrap_or(0);
        let Expr::WindowFunction(window) = expr else {
            return Err(Error::internal("a window that is no window function"));
        };
        let mut later = groups.iter().enumerate().skip(first);
        let shared = later.find(|(_, group)| group.first().is_some_and(|(known, _)| are_alike(known, &window)));
        let index = shared.map_or(groups.len(), |(index, _)| index);
        computed.push((label(id), index));
        match groups.get_mut(index) {
            Some(group) => group.push((*window, id)),
            None => groups.push(vec![(*window, id)]),
        }
    }
    groups.into_iter().try_fold(rows, |rows, group| over_windows(resolver, rows, group))
}

fn are_alike(one: &WindowFunction, other: &WindowFunction) -> bool {
    one.params.partition_by == other.params.partition_by && one.params.order_by == other.params.order_by
}

/// One operator for functions over the same windows. Keys of partitions become columns first: DataFusion 53.1 looks for
/// the order of a computed key among equivalent columns and may not find it ("Expects PARTITION BY expression to be
/// ordered").
fn over_windows(resolver: &Resolver, rows: Rows, mut group: Vec<(WindowFunction, Id)>) -> Result<Rows> {
    let keys = group.first().map(|(window, _)| window.params.partition_by.clone()).unwrap_or_default();
    let computed: Vec<(Expr, Id)> = keys
        .into_iter()
        .filter(|key| !matches!(key, Expr::Column(_)) && !key.column_refs().is_empty())
        .map(|key| (key, resolver.fresh()))
        .collect();
    for (window, _) in &mut group {
        for key in &mut window.params.partition_by {
            if let Some((_, id)) = computed.iter().find(|(known, _)| known == key) {
                *key = reference(*id);
            }
        }
    }
    let rows = rows.extend(computed)?;
    let exprs = group.into_iter().map(|(window, id)| Expr::WindowFunction(Box::new(window)).alias(label(id)));
    let plan = LogicalPlan::Window(Window::try_new(exprs.collect(), Arc::new(rows.plan))?);
    Ok(Rows { plan, scope: rows.scope })
}

/// What was reached below a scope while expressions were lowered.
pub(crate) type Reached = RefCell<Vec<Id>>;
