//! AND, OR, CASE, and the guards that keep a raising operand from being evaluated before its condition.
//!
//! The engine may evaluate both sides of an AND, and turns a CASE whose results are booleans into ANDs and ORs; both
//! would raise where Spark does not: `b <> 0 AND a / b > 1`. So a raising operand stands in a CASE whose results are
//! numbers (0, 1, NULL), cast back to a boolean: the engine evaluates the branches of such a CASE only for their rows.
//! What cannot raise stays AND and OR, which the engine can split, push down and prune by.
//!
//! Filters are put together by the engine as well, later than we look; [`GuardFilters`] is for the end of its planning.

use arrow::datatypes::DataType;
use datafusion::common::tree_node::{Transformed, TreeNode, TreeNodeRecursion};
use datafusion::logical_expr::expr::{Case, ScalarFunction};
use datafusion::logical_expr::{BinaryExpr, Cast, Expr, LogicalPlan, Operator, Volatility};
use datafusion::optimizer::optimizer::ApplyOrder;
use datafusion::optimizer::{OptimizerConfig, OptimizerRule};
use datafusion::scalar::ScalarValue;
use floe_base::id::BackendId;
use floe_base::{Error, Origin, Result};

use crate::{Context, Kernel, Typed, coerce};

/// `left AND right` of three-valued logic; `right` is evaluated only where `left` is not false.
pub fn and(left: Typed, right: Typed) -> Typed {
    connect(left, right, Operator::And)
}

/// `left OR right` of three-valued logic; `right` is evaluated only where `left` is not true.
pub fn or(left: Typed, right: Typed) -> Typed {
    connect(left, right, Operator::Or)
}

/// All of them; true where there is none.
pub fn all(conditions: impl IntoIterator<Item = Typed>) -> Typed {
    let whole = conditions.into_iter().reduce(and);
    whole.unwrap_or_else(|| Typed::constant(ScalarValue::from(true)))
}

/// Any of them; false where there is none.
pub fn any(conditions: impl IntoIterator<Item = Typed>) -> Typed {
    let whole = conditions.into_iter().reduce(or);
    whole.unwrap_or_else(|| Typed::constant(ScalarValue::from(false)))
}

pub fn not(value: Typed) -> Typed {
    let (nullable, fallible) = (value.nullable, value.fallible);
    Typed::new(Expr::Not(Box::new(value.expr)), DataType::Boolean, nullable).with_fallible(fallible)
}

pub fn is_null(value: Typed) -> Typed {
    let fallible = value.fallible;
    Typed::new(Expr::IsNull(Box::new(value.expr)), DataType::Boolean, false).with_fallible(fallible)
}

pub fn is_not_null(value: Typed) -> Typed {
    let fallible = value.fallible;
    Typed::new(Expr::IsNotNull(Box::new(value.expr)), DataType::Boolean, false).with_fallible(fallible)
}

/// `CASE WHEN … THEN … ELSE … END`: conditions are evaluated in order, a result only for its own rows. The results are
/// cast to the type they share; `text` is the whole, for the error where they share none.
pub fn case(
    branches: Vec<(Typed, Typed)>,
    otherwise: Option<Typed>,
    context: &Context,
    origin: &Origin,
    text: &dyn Fn() -> String,
) -> Result<Typed> {
    let (conditions, mut results): (Vec<Typed>, Vec<Typed>) = branches.into_iter().unzip();
    for (index, condition) in conditions.iter().enumerate() {
        if condition.data_type != DataType::Boolean {
            return Err(not_boolean(index, condition, text).at(origin));
        }
    }
    let has_otherwise = otherwise.is_some();
    results.extend(otherwise);
    let types: Vec<DataType> = results.iter().map(|result| result.data_type.clone()).collect();
    let Some(shared) = coerce::wider_of(&types, context) else {
        let written: Vec<String> = results.iter().map(|result| format!("\"{}\"", result.spark_type().sql())).collect();
        return Err(Error::analysis("DATATYPE_MISMATCH.DATA_DIFF_TYPES")
            .with("sqlExpr", format!("\"{}\"", text()))
            .with("functionName", "`casewhen`")
            .with("dataType", format!("[{}]", written.join(", ")))
            .at(origin));
    };
    let mut cast_results = coerce::cast_alike(results, &shared, context, origin)?;
    let otherwise = if has_otherwise { cast_results.pop() } else { None };
    Ok(choose(conditions.into_iter().zip(cast_results).collect(), otherwise))
}

/// A CASE whose conditions are booleans and whose results have one type already.
pub fn choose(branches: Vec<(Typed, Typed)>, otherwise: Option<Typed>) -> Typed {
    let Some((_, first)) = branches.first() else {
        return otherwise.unwrap_or_else(|| Typed::null(&DataType::Null));
    };
    let (data_type, written) = (first.data_type.clone(), first.written.clone());
    let nullable = may_be_null(&branches, otherwise.as_ref());
    let fallible = otherwise.as_ref().is_some_and(|value| value.fallible)
        || branches.iter().any(|(condition, result)| condition.fallible || result.fallible);
    let numbers = fallible && data_type == DataType::Boolean;
    let shaped = |value: Typed| Box::new(if numbers { number_of(value.expr) } else { value.expr });
    let pairs = branches.into_iter().map(|(condition, result)| (Box::new(condition.expr), shaped(result))).collect();
    // An untyped ELSE would be NULL of no type.
    let otherwise = otherwise.unwrap_or_else(|| Typed::null(&data_type));
    let case = Expr::Case(Case::new(None, pairs, Some(shaped(otherwise))));
    let expr = if numbers { truth_of(case) } else { case };
    Typed::new(expr, data_type, nullable).with_fallible(fallible).with_written(written)
}

/// Branches after one whose condition is the constant true count for nothing (Spark 4.1 `CaseWhen.nullable`).
fn may_be_null(branches: &[(Typed, Typed)], otherwise: Option<&Typed>) -> bool {
    let is_sure = |(condition, _): &(Typed, Typed)| condition.literal() == Some(&ScalarValue::Boolean(Some(true)));
    match branches.iter().position(is_sure) {
        Some(last) => branches.iter().take(last + 1).any(|(_, result)| result.nullable),
        None => otherwise.is_none_or(|value| value.nullable) || branches.iter().any(|(_, result)| result.nullable),
    }
}

/// `value` where `condition` is true, else `otherwise`; both of one type.
pub fn choose_if(condition: Typed, value: Typed, otherwise: Typed) -> Typed {
    choose(vec![(condition, value)], Some(otherwise))
}

/// The first that is not NULL, all of one type; later ones are evaluated only where the earlier are NULL, if they raise.
pub fn coalesce(values: Vec<Typed>) -> Typed {
    let mut kept = Vec::with_capacity(values.len());
    for value in values {
        let sure = !value.nullable;
        kept.push(value);
        // What is never NULL ends the search.
        if sure {
            break;
        }
    }
    let mut kept = kept.into_iter();
    let Some(first) = kept.next() else { return Typed::null(&DataType::Null) };
    let rest: Vec<Typed> = kept.collect();
    if rest.is_empty() || first.data_type == DataType::Null {
        return first;
    }
    let nullable = rest.iter().all(|value| value.nullable);
    let (data_type, written) = (first.data_type.clone(), first.written.clone());
    if !rest.iter().any(|value| value.fallible) {
        let values = std::iter::once(first).chain(rest).collect();
        return eager_coalesce(values, data_type, nullable).with_written(written);
    }
    // Each is written twice, as condition and as result: the engine evaluates it once.
    let mut values: Vec<Typed> = std::iter::once(first).chain(rest).collect();
    let last = values.pop();
    let pairs = values.into_iter().map(|value| (is_not_null(value.clone()), value)).collect();
    let chosen = choose(pairs, last);
    Typed { nullable, ..chosen }
}

/// What is not NULL of arrays that are all there: no operand is written twice, whatever it costs.
fn eager_coalesce(values: Vec<Typed>, data_type: DataType, nullable: bool) -> Typed {
    let places: Vec<String> = (0..values.len()).map(|index| format!("{{{index}}}")).collect();
    let is_nested = data_type.is_nested();
    let kernel = Kernel::new("coalesce", "", data_type, nullable, |arguments| {
        use arrow::array::{Array, BooleanArray};
        let mut merged = arguments.array(0)?;
        for index in 1..arguments.values.len() {
            let Some(nulls) = merged.logical_nulls().filter(|nulls| nulls.null_count() > 0) else { break };
            let there = BooleanArray::new(nulls.into_inner(), None);
            merged = arrow::compute::kernels::zip::zip(&there, &merged, &arguments.array(index)?)?;
        }
        Ok(datafusion::logical_expr::ColumnarValue::Array(merged))
    });
    let kernel = match is_nested {
        true => kernel,
        false => kernel.spelled(BackendId::DuckDb, format!("coalesce({})", places.join(", "))),
    };
    kernel.call(values)
}

/// A filter's condition so that its raising parts are evaluated only for rows that pass the others.
///
/// The engine puts the conditions of several filters into one, outer before inner, so that `a / b > 1` may come before
/// the `b <> 0` it relied on. Called at the end of its planning; a condition with nothing to guard is left as it is.
pub fn guard_filter(condition: Expr) -> Expr {
    if !raises(&condition) {
        return condition;
    }
    let mut parts = Vec::new();
    split(condition, &mut parts);
    let (raising, safe): (Vec<Expr>, Vec<Expr>) = parts.into_iter().partition(raises);
    // Parts that raise keep their order among themselves, and are guards already where they need to be.
    safe_first(safe, joined(raising))
}

/// The engine's planning rule that guards filters and join conditions: it belongs at the end of the list of rules.
#[derive(Debug, Default)]
pub struct GuardFilters;

impl OptimizerRule for GuardFilters {
    fn name(&self) -> &str {
        "guard_filters"
    }

    fn apply_order(&self) -> Option<ApplyOrder> {
        Some(ApplyOrder::TopDown)
    }

    fn rewrite(
        &self,
        plan: LogicalPlan,
        _: &dyn OptimizerConfig,
    ) -> datafusion::common::Result<Transformed<LogicalPlan>> {
        Ok(match plan {
            LogicalPlan::Filter(mut filter) if needs_guard(&filter.predicate) => {
                filter.predicate = guard_filter(filter.predicate);
                Transformed::yes(LogicalPlan::Filter(filter))
            }
            LogicalPlan::Join(mut join) if join.filter.as_ref().is_some_and(needs_guard) => {
                join.filter = join.filter.map(guard_filter);
                Transformed::yes(LogicalPlan::Join(join))
            }
            other => Transformed::no(other),
        })
    }
}

/// Whether a condition has a raising part that stands beside safe ones without being guarded by them.
fn needs_guard(condition: &Expr) -> bool {
    if !raises(condition) {
        return false;
    }
    let mut parts = Vec::new();
    split(condition.clone(), &mut parts);
    let (raising, safe): (Vec<Expr>, Vec<Expr>) = parts.into_iter().partition(raises);
    !safe.is_empty()
        && !raising.iter().all(|part| guards(part).is_some_and(|known| safe.iter().all(|one| known.contains(one))))
}

/// The conditions a part is guarded by already: those of the form [`guarded`] builds.
pub(crate) fn guards(part: &Expr) -> Option<Vec<Expr>> {
    let case = guarding_case(part)?;
    let guard = match (&case.expr, case.when_then_expr.first()?.0.as_ref()) {
        (None, Expr::IsFalse(known)) => known.as_ref(),
        (Some(value), Expr::Literal(ScalarValue::Int8(Some(0)), _)) => match value.as_ref() {
            Expr::Cast(Cast { expr, .. }) => expr.as_ref(),
            _ => return None,
        },
        _ => return None,
    };
    let mut parts = Vec::new();
    split(guard.clone(), &mut parts);
    Some(parts)
}

/// What [`guarded`] made of a conjunction, without its guard.
pub(crate) fn unguarded(part: Expr) -> Expr {
    let inner = guarding_case(&part).and_then(|case| match (&case.expr, case.when_then_expr.get(1)) {
        (Some(_), Some((_, right))) => truth(right).cloned(),
        (None, _) => match truth(case.else_expr.as_ref()?)? {
            Expr::BinaryExpr(BinaryExpr { right, .. }) => Some(right.as_ref().clone()),
            _ => None,
        },
        _ => None,
    });
    inner.unwrap_or(part)
}

fn guarding_case(part: &Expr) -> Option<&Case> {
    match truth(part)? {
        Expr::Case(case) => Some(case),
        _ => None,
    }
}

/// What stands in a cast between booleans and numbers.
fn truth(cast: &Expr) -> Option<&Expr> {
    match cast {
        Expr::Cast(Cast { expr, .. }) => Some(expr),
        _ => None,
    }
}

pub(crate) fn split(condition: Expr, parts: &mut Vec<Expr>) {
    match condition {
        Expr::BinaryExpr(BinaryExpr { left, op: Operator::And, right }) => {
            split(*left, parts);
            split(*right, parts);
        }
        other => parts.push(other),
    }
}

/// Whether evaluating an expression can raise.
pub fn raises(expr: &Expr) -> bool {
    let mut found = false;
    let visited = expr.apply(|node| {
        if let Expr::ScalarFunction(ScalarFunction { func, .. }) = node
            && func.inner().as_any().downcast_ref::<Kernel>().is_some_and(Kernel::is_fallible)
        {
            found = true;
            return Ok(TreeNodeRecursion::Stop);
        }
        Ok(TreeNodeRecursion::Continue)
    });
    found || visited.is_err()
}

fn connect(left: Typed, right: Typed, operator: Operator) -> Typed {
    let nullable = left.nullable || right.nullable;
    let fallible = left.fallible || right.fallible;
    let is_asked_first = left.fallible && is_constant(&left.expr) && is_constant(&right.expr);
    let expr = match (fallible, operator) {
        (false, _) => binary(left.expr, operator, right.expr),
        // Of constants the engine would look at none where one decides, and Spark 4.1 evaluates them from the left.
        (true, _) if is_asked_first => guarded(left.expr, operator, right.expr),
        (true, Operator::And) => conjunction(left.expr, right.expr),
        (true, _) if !right.fallible => binary(left.expr, operator, right.expr),
        (true, _) => guarded(left.expr, operator, right.expr),
    };
    Typed::new(expr, DataType::Boolean, nullable).with_fallible(fallible)
}

/// Whether it has the same value for all rows, by what it is written with.
fn is_constant(expr: &Expr) -> bool {
    let depends = |node: &Expr| match node {
        Expr::Literal(..) | Expr::Cast(_) | Expr::BinaryExpr(_) | Expr::Not(_) | Expr::Case(_) => false,
        Expr::IsNull(_) | Expr::IsNotNull(_) | Expr::IsTrue(_) | Expr::IsFalse(_) => false,
        Expr::ScalarFunction(call) => call.func.signature().volatility != Volatility::Immutable,
        _ => true,
    };
    !expr.exists(|node| Ok(depends(node))).unwrap_or(true)
}

/// What cannot raise comes first, bare, where the engine can split it off, push it down and prune by it; what can raise
/// follows in its own order, guarded by all of that.
fn conjunction(left: Expr, right: Expr) -> Expr {
    let mut parts = Vec::new();
    split(left, &mut parts);
    split(right, &mut parts);
    let (raising, mut safe): (Vec<Expr>, Vec<Expr>) = parts.into_iter().partition(raises);
    // Guards built for a shorter conjunction are taken off: those conditions are among the safe ones.
    let bare = |part: Expr| match guards(&part) {
        Some(known) if known.iter().all(|one| safe.contains(one)) => unguarded(part),
        _ => part,
    };
    let raising = raising.into_iter().map(bare).reduce(|first, next| guarded(first, Operator::And, next));
    safe.dedup();
    safe_first(safe, raising)
}

/// The safe parts bare, then what raises, guarded by all of them.
fn safe_first(safe: Vec<Expr>, raising: Option<Expr>) -> Expr {
    match (joined(safe), raising) {
        (Some(safe), Some(raising)) => binary(safe.clone(), Operator::And, guarded(safe, Operator::And, raising)),
        (safe, raising) => safe.or(raising).unwrap_or_else(|| Expr::Literal(ScalarValue::from(true), None)),
    }
}

pub(crate) fn joined(parts: Vec<Expr>) -> Option<Expr> {
    parts.into_iter().reduce(|left, right| binary(left, Operator::And, right))
}

/// `part`, evaluated only where the guard is not false.
pub(crate) fn guarded_by(guard: Expr, part: Expr) -> Expr {
    guarded(guard, Operator::And, part)
}

/// `left op right`, the right evaluated only where the left does not decide.
///
/// One of the two has to be written twice, for a CASE has no names for values. It is the smaller one: a long chain grows
/// by what is added to it, and no nesting grows beyond measure.
fn guarded(left: Expr, operator: Operator, right: Expr) -> Expr {
    if size(&left) <= size(&right) { left_twice(left, operator, right) } else { right_twice(left, operator, right) }
}

/// The same for a right side that must be asked once for each of those rows and for no other, in their order: what is
/// written twice is the left, unless that too gives another value each time (`rand() < 0.1 OR rand() < 0.2`).
pub(crate) fn in_turn(left: Expr, operator: Operator, right: Expr) -> Expr {
    if left.is_volatile() { right_twice(left, operator, right) } else { left_twice(left, operator, right) }
}

fn left_twice(left: Expr, operator: Operator, right: Expr) -> Expr {
    let decides = match operator {
        Operator::Or => Expr::IsTrue(Box::new(left.clone())),
        _ => Expr::IsFalse(Box::new(left.clone())),
    };
    let both = number_of(binary(left, operator, right));
    let decided = number(i8::from(operator == Operator::Or));
    truth_of(Expr::Case(Case::new(None, vec![(Box::new(decides), Box::new(decided))], Some(Box::new(both)))))
}

fn right_twice(left: Expr, operator: Operator, right: Expr) -> Expr {
    let decided = i8::from(operator == Operator::Or);
    let unknown = Expr::Literal(ScalarValue::Boolean(None), None);
    let beside_unknown = number_of(binary(unknown, operator, right.clone()));
    let branches = vec![
        (Box::new(number(decided)), Box::new(number(decided))),
        (Box::new(number(1 - decided)), Box::new(number_of(right))),
    ];
    truth_of(Expr::Case(Case::new(Some(Box::new(number_of(left))), branches, Some(Box::new(beside_unknown)))))
}

fn number(value: i8) -> Expr {
    Expr::Literal(ScalarValue::Int8(Some(value)), None)
}

/// Nodes of an expression.
fn size(expr: &Expr) -> usize {
    let mut nodes = 0;
    // The closure never fails.
    let _ = expr.apply(|_| {
        nodes += 1;
        Ok(TreeNodeRecursion::Continue)
    });
    nodes
}

fn binary(left: Expr, operator: Operator, right: Expr) -> Expr {
    Expr::BinaryExpr(BinaryExpr::new(Box::new(left), operator, Box::new(right)))
}

fn number_of(boolean: Expr) -> Expr {
    Expr::Cast(Cast::new(Box::new(boolean), DataType::Int8))
}

fn truth_of(number: Expr) -> Expr {
    Expr::Cast(Cast::new(Box::new(number), DataType::Boolean))
}

fn not_boolean(index: usize, condition: &Typed, text: &dyn Fn() -> String) -> Error {
    Error::analysis("DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE")
        .with("sqlExpr", format!("\"{}\"", text()))
        .with("paramIndex", crate::call::ordinal(index * 2))
        .with("requiredType", "\"BOOLEAN\"")
        .with("inputSql", format!("\"{}\"", condition.expr.schema_name()))
        .with("inputType", format!("\"{}\"", condition.spark_type().sql()))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{AsArray, Int32Array, RecordBatch};
    use arrow::datatypes::{Field, Schema};
    use datafusion::execution::SessionStateBuilder;
    use datafusion::logical_expr::LogicalPlanBuilder;

    use super::*;
    use crate::testing::{bind, column, evaluate};

    fn call(name: &str, arguments: Vec<Typed>) -> Typed {
        bind(&Context::default(), name, arguments).unwrap_or_else(|error| panic!("{error}"))
    }

    fn int(value: i32) -> Typed {
        Typed::constant(ScalarValue::Int32(Some(value)))
    }

    fn a() -> Typed {
        column("a", DataType::Int32, true)
    }

    fn b() -> Typed {
        column("b", DataType::Int32, true)
    }

    fn batch() -> RecordBatch {
        let schema = Schema::new(vec![Field::new("a", DataType::Int32, true), Field::new("b", DataType::Int32, true)]);
        let a = Int32Array::from(vec![Some(4), Some(1), Some(7), None]);
        let b = Int32Array::from(vec![Some(2), Some(0), None, Some(1)]);
        RecordBatch::try_new(Arc::new(schema), vec![Arc::new(a), Arc::new(b)]).unwrap_or_else(|e| panic!("{e}"))
    }

    /// `b <> 0 AND a / b > 1` and what is like it, after the engine's own planning.
    fn optimised(predicates: Vec<Expr>) -> Expr {
        let batch = batch();
        let mut plan = LogicalPlanBuilder::scan(
            "t",
            datafusion::datasource::provider_as_source(Arc::new(
                datafusion::datasource::MemTable::try_new(batch.schema(), vec![vec![]])
                    .unwrap_or_else(|e| panic!("{e}")),
            )),
            None,
        )
        .unwrap_or_else(|e| panic!("{e}"));
        for predicate in predicates {
            plan = plan.filter(predicate).unwrap_or_else(|e| panic!("{e}"));
        }
        let plan = plan.build().unwrap_or_else(|e| panic!("{e}"));
        let state = SessionStateBuilder::new().with_default_features().build();
        let plan = state.optimize(&plan).unwrap_or_else(|e| panic!("{e}"));
        let mut found = None;
        let _ = plan.apply(|node| {
            if let LogicalPlan::Filter(filter) = node {
                found = Some((filter.predicate.clone(), filter.input.as_ref().clone()));
            }
            Ok(TreeNodeRecursion::Continue)
        });
        let (predicate, input) = found.unwrap_or_else(|| panic!("no filter"));
        // What the filter shares with itself the engine computes in a projection beneath it.
        let shared: Vec<(String, Expr)> = match input {
            LogicalPlan::Projection(projection) => {
                projection.expr.iter().map(|expr| (expr.schema_name().to_string(), expr.clone().unalias())).collect()
            }
            _ => Vec::new(),
        };
        let inlined = predicate.transform_up(|node| {
            Ok(match &node {
                Expr::Column(column) => match shared.iter().find(|(name, _)| *name == column.name) {
                    Some((_, expr)) => Transformed::yes(expr.clone()),
                    None => Transformed::no(node),
                },
                _ => Transformed::no(node),
            })
        });
        unqualified(inlined.map(|inlined| inlined.data).unwrap_or_else(|e| panic!("{e}")))
    }

    fn unqualified(expr: Expr) -> Expr {
        let bare = expr.transform(|node| {
            Ok(match node {
                Expr::Column(column) => Transformed::yes(datafusion::logical_expr::ident(column.name)),
                other => Transformed::no(other),
            })
        });
        bare.map(|bare| bare.data).unwrap_or_else(|e| panic!("{e}"))
    }

    fn answers(expr: &Expr) -> Vec<Option<bool>> {
        let array = evaluate(expr, &batch()).unwrap_or_else(|error| panic!("{error}"));
        array.as_boolean().iter().collect()
    }

    fn quotient_above_one() -> Typed {
        call(">", vec![call("/", vec![a(), b()]), int(1)])
    }

    #[test]
    fn a_guard_outlives_the_engines_planning() {
        let guarded = and(call("!=", vec![b(), int(0)]), quotient_above_one());
        assert!(guarded.fallible);
        let expected = vec![Some(true), Some(false), None, None];
        assert_eq!(answers(&guarded.expr), expected);
        assert_eq!(answers(&optimised(vec![guarded.expr])), expected);
    }

    #[test]
    fn or_evaluates_its_right_only_where_needed() {
        let guarded = or(call("=", vec![b(), int(0)]), quotient_above_one());
        assert_eq!(answers(&guarded.expr), vec![Some(true), Some(true), None, None]);
        assert_eq!(answers(&optimised(vec![guarded.expr])), vec![Some(true), Some(true), None, None]);
    }

    #[test]
    fn long_chains_of_raising_conditions_stay_small() {
        let chain = (0..200).map(|_| quotient_above_one());
        for whole in [all(chain.clone()), any(chain)] {
            let nodes = size(&whole.expr);
            assert!(nodes < 200 * 60, "{nodes} nodes");
        }
        let nested = (0..40).fold(quotient_above_one(), |inner, at| {
            if at % 2 == 0 { and(inner, quotient_above_one()) } else { or(inner, quotient_above_one()) }
        });
        assert!(size(&nested.expr) < 40 * 60, "{} nodes", size(&nested.expr));
    }

    #[test]
    fn both_forms_of_a_guard_give_three_valued_answers() {
        let short = call("=", vec![b(), int(2)]);
        let long = quotient_above_one();
        assert!(size(&short.expr) < size(&long.expr));
        let unguarded = |operator, left: &Typed, right: &Typed| {
            let rows = batch().slice(0, 1);
            let expr = binary(left.expr.clone(), operator, right.expr.clone());
            evaluate(&expr, &rows).unwrap_or_else(|error| panic!("{error}")).as_boolean().iter().collect::<Vec<_>>()
        };
        for operator in [Operator::And, Operator::Or] {
            for (left, right) in [(&short, &long), (&long, &short)] {
                let expr = guarded(left.expr.clone(), operator, right.expr.clone());
                let rows = batch().slice(0, 1);
                let found = evaluate(&expr, &rows).unwrap_or_else(|error| panic!("{error}"));
                assert_eq!(found.as_boolean().iter().collect::<Vec<_>>(), unguarded(operator, left, right));
            }
        }
    }

    #[test]
    fn what_cannot_raise_stands_bare_before_what_can() {
        let safe = |value| call("=", vec![b(), int(value)]);
        let whole = all([safe(1), quotient_above_one(), safe(2), quotient_above_one(), safe(3)]);
        let mut parts = Vec::new();
        split(whole.expr, &mut parts);
        assert_eq!(parts.iter().filter(|part| raises(part)).count(), 1);
        assert_eq!(parts.len(), 4);
    }

    #[test]
    fn constants_that_do_not_raise_need_no_guard() {
        assert!(!call("+", vec![int(1), int(10)]).fallible);
        assert!(call("+", vec![int(i32::MAX), int(1)]).fallible);
    }

    #[test]
    fn a_case_of_booleans_stays_a_case() {
        let zero = call("=", vec![b(), int(0)]);
        let no = Typed::constant(ScalarValue::from(false));
        let chosen = choose_if(zero, no, quotient_above_one());
        assert_eq!(answers(&optimised(vec![chosen.expr])), vec![Some(true), Some(false), None, None]);
    }

    #[test]
    fn an_untaken_branch_may_be_an_error() {
        let never = call("/", vec![int(1), int(0)]);
        let one = call("/", vec![int(1), int(1)]);
        let chosen = choose_if(call("<", vec![b(), int(100)]), one, never);
        let above = call("=", vec![chosen, int(1)]);
        let found = optimised(vec![above.expr]);
        let rows: Vec<_> = answers_of_first(&found);
        assert_eq!(rows, vec![Some(true), Some(true)]);
    }

    /// Rows whose `b` is there.
    fn answers_of_first(expr: &Expr) -> Vec<Option<bool>> {
        let array = evaluate(expr, &batch().slice(0, 2)).unwrap_or_else(|error| panic!("{error}"));
        array.as_boolean().iter().collect()
    }

    #[test]
    fn filters_put_together_are_guarded_again() {
        let inner = call("!=", vec![b(), int(0)]).expr;
        let merged = optimised(vec![inner, quotient_above_one().expr]);
        assert!(needs_guard(&merged));
        let guarded = guard_filter(merged);
        assert!(!needs_guard(&guarded));
        assert_eq!(answers(&guarded).iter().filter(|found| **found == Some(true)).count(), 1);
    }

    #[test]
    fn the_first_value_needs_no_later_one() {
        let quotient = call("/", vec![int(1), call("-", vec![a(), a()])]);
        let first = coalesce(vec![Typed::constant(ScalarValue::from(1.0)), quotient]);
        assert!(!first.fallible);
    }
}
