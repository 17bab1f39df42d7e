//! Answers of real Spark 4.1.4 to aggregates and window functions, held against ours inside the engine: grouped, over
//! frames, and in partitions whose states are merged. Nothing but tests lives here.

#![cfg(test)]

use std::cell::RefCell;
use std::sync::Arc;

use arrow::array::{
    ArrayRef, BooleanArray, Decimal128Array, Float64Array, Int32Array, Int64Array, RecordBatch, StringArray,
};
use arrow::datatypes::{Field, Schema};
use datafusion::catalog::MemTable;
use datafusion::common::tree_node::{Transformed, TreeNode, TreeNodeRecursion};
use datafusion::datasource::provider_as_source;
use datafusion::execution::SessionStateBuilder;
use datafusion::logical_expr::expr::WindowFunction;
use datafusion::logical_expr::{
    Expr, LogicalPlan, LogicalPlanBuilder, SortExpr, WindowFrame, WindowFrameBound, WindowFrameUnits,
    WindowFunctionDefinition, col, ident,
};
use datafusion::optimizer::Analyzer;
use datafusion::prelude::{SessionConfig, SessionContext};
use datafusion::scalar::ScalarValue;
use floe_base::{Error, Origin, Result};

use crate::cast::show;
use crate::{Call, Context, Typed};

/// `k`, `i`, `d`, `f`, `s`, `b`, and `n` which counts the rows.
fn rows() -> Result<RecordBatch> {
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("k", Arc::new(Int32Array::from(vec![Some(1), Some(1), Some(2), Some(2), None]))),
        ("i", Arc::new(Int32Array::from(vec![Some(1), Some(2), None, Some(4), Some(5)]))),
        (
            "d",
            Arc::new(
                Decimal128Array::from(vec![Some(110), Some(220), None, Some(440), Some(1)])
                    .with_precision_and_scale(3, 2)?,
            ),
        ),
        ("f", Arc::new(Float64Array::from(vec![Some(1.5), None, Some(2.5), Some(-1.0), Some(0.0)]))),
        ("s", Arc::new(StringArray::from(vec![Some("a"), Some("b"), None, Some("a"), Some("c")]))),
        ("b", Arc::new(BooleanArray::from(vec![Some(true), Some(false), None, Some(true), Some(false)]))),
        ("n", Arc::new(Int64Array::from(vec![1, 2, 3, 4, 5]))),
    ];
    let fields: Vec<Field> =
        columns.iter().map(|(name, array)| Field::new(*name, array.data_type().clone(), true)).collect();
    let arrays = columns.into_iter().map(|(_, array)| array).collect();
    Ok(RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays)?)
}

/// `count(distinct i)`-like requests: a name, arguments that are columns or numbers, and what may follow.
#[derive(Clone, Copy, Default)]
struct Asked<'a> {
    name: &'a str,
    arguments: &'a [&'a str],
    distinct: bool,
    within: Option<(&'a str, bool)>,
}

fn asked<'a>(name: &'a str, arguments: &'a [&'a str]) -> Asked<'a> {
    Asked { name, arguments, ..Asked::default() }
}

fn argument(text: &str, rows: &RecordBatch) -> Result<Typed> {
    if let Ok(field) = rows.schema().field_with_name(text) {
        return Ok(Typed::new(ident(text), field.data_type().clone(), true));
    }
    crate::testing::literal(text, &Context::default())
}

fn bind(asked: Asked<'_>, rows: &RecordBatch) -> Result<Typed> {
    let function = crate::find(asked.name).ok_or_else(|| Error::internal(format!("no function {}", asked.name)))?;
    let arguments = asked.arguments.iter().map(|text| argument(text, rows)).collect::<Result<Vec<_>>>()?;
    let within = asked.within.map(|(key, ascending)| Ok::<_, Error>((argument(key, rows)?, ascending, ascending)));
    let call = Call {
        name: asked.name,
        arguments,
        distinct: asked.distinct,
        ignore_nulls: None,
        within_group: within.transpose()?.into_iter().collect(),
        origin: &Origin::Unknown,
        context: &Context::default(),
        text: &|index| index.and_then(|index| asked.arguments.get(index)).unwrap_or(&asked.name).to_string(),
        lambdas: &|_, _| Err(Error::internal("no lambdas here")),
        is_lambda: &|_| false,
    };
    (function.bind)(&call)
}

/// The batches, each twice split, so that partitions and merging have something to do.
fn scan(rows: &RecordBatch) -> Result<LogicalPlanBuilder> {
    let (first, second) = (rows.slice(0, 3), rows.slice(3, 2));
    let table = MemTable::try_new(rows.schema(), vec![vec![first], vec![second]])?;
    Ok(LogicalPlanBuilder::scan("t", provider_as_source(Arc::new(table)), None)?)
}

/// The nodes of a bound expression that an operator computes, and the expression over their columns.
fn taken(typed: &Typed, replaced: impl Fn(Expr) -> Option<Expr>) -> Result<(Expr, Vec<Expr>)> {
    let nodes = RefCell::new(Vec::new());
    let over = typed.expr.clone().transform_down(|node| match replaced(node.clone()) {
        Some(new) => {
            let name = format!("x{}", nodes.borrow().len());
            nodes.borrow_mut().push(new.alias(&name));
            Ok(Transformed::new(ident(name), true, TreeNodeRecursion::Jump))
        }
        None => Ok(Transformed::no(node)),
    })?;
    Ok((over.data.alias("answer"), nodes.into_inner()))
}

fn run(plan: LogicalPlan, typed: &Typed) -> Result<String> {
    let rules = Analyzer::new().rules.into_iter().filter(|rule| rule.name() != "type_coercion").collect();
    let config = SessionConfig::new().with_target_partitions(2);
    let state =
        SessionStateBuilder::new().with_config(config).with_default_features().with_analyzer_rules(rules).build();
    let runtime =
        tokio::runtime::Builder::new_current_thread().build().map_err(|error| Error::internal(error.to_string()))?;
    let batches = runtime
        .block_on(async { SessionContext::new_with_state(state).execute_logical_plan(plan).await?.collect().await })?;
    let mut shown = Vec::new();
    for batch in &batches {
        let Some(answers) = batch.columns().last() else { continue };
        if answers.data_type() != &typed.data_type {
            return Ok(format!("declared {} but {}", typed.data_type, answers.data_type()));
        }
        let field = Field::new("answer", answers.data_type().clone(), true);
        shown.extend(show(answers, &field, &Context::default())?.iter().map(|text| text.unwrap_or("NULL").to_string()));
    }
    Ok(shown.join("; "))
}

fn aggregate(asked: Asked<'_>, groups: Vec<Expr>) -> Result<String> {
    let rows = rows()?;
    let typed = bind(asked, &rows)?;
    let (over, nodes) = taken(&typed, |node| matches!(node, Expr::AggregateFunction(_)).then_some(node))?;
    let order: Vec<SortExpr> = groups.iter().map(|key| key.clone().sort(true, true)).collect();
    let mut plan = scan(&rows)?.aggregate(groups, nodes)?;
    if !order.is_empty() {
        plan = plan.sort(order)?;
    }
    run(plan.project(vec![over])?.build()?, &typed)
}

fn or_condition(answer: Result<String>) -> String {
    answer.unwrap_or_else(|error| if error.condition().is_empty() { error.sentence() } else { format!("{error}") })
}

fn ask(name: &str, arguments: &[&str]) -> String {
    or_condition(aggregate(asked(name, arguments), vec![]))
}

fn ask_distinct(name: &str, arguments: &[&str]) -> String {
    or_condition(aggregate(Asked { distinct: true, ..asked(name, arguments) }, vec![]))
}

fn ask_within(name: &str, arguments: &[&str], key: &str, ascending: bool) -> String {
    or_condition(aggregate(Asked { within: Some((key, ascending)), ..asked(name, arguments) }, vec![]))
}

fn ask_grouped(name: &str, arguments: &[&str]) -> String {
    or_condition(aggregate(asked(name, arguments), vec![col("k")]))
}

/// Over `ROWS BETWEEN 1 PRECEDING AND CURRENT ROW` (or all rows up to the current one) in the order of `n`.
fn ask_over(name: &str, arguments: &[&str], bounded: bool) -> String {
    or_condition(over(asked(name, arguments), bounded))
}

fn over(asked: Asked<'_>, bounded: bool) -> Result<String> {
    let rows = rows()?;
    let typed = bind(asked, &rows)?;
    let start = if bounded { ScalarValue::UInt64(Some(1)) } else { ScalarValue::UInt64(None) };
    let (start, end) = (WindowFrameBound::Preceding(start), WindowFrameBound::CurrentRow);
    let frame = WindowFrame::new_bounds(WindowFrameUnits::Rows, start, end);
    let window = |node: Expr| {
        let mut window = match node {
            Expr::AggregateFunction(call) => {
                WindowFunction::new(WindowFunctionDefinition::AggregateUDF(call.func), call.params.args)
            }
            Expr::WindowFunction(window) => *window,
            _ => return None,
        };
        window.params.order_by = vec![col("n").sort(true, true)];
        window.params.window_frame = frame.clone();
        Some(Expr::WindowFunction(Box::new(window)))
    };
    let (over, nodes) = taken(&typed, window)?;
    let plan = scan(&rows)?.window(nodes)?.sort(vec![col("n").sort(true, true)])?.project(vec![over])?.build()?;
    run(plan, &typed)
}

#[test]
fn totals_and_extremes() {
    assert_eq!(ask("count", &["1"]), "5");
    assert_eq!(ask("count", &["k", "i"]), "3");
    assert_eq!(ask_distinct("count", &["k", "s"]), "3");
    assert_eq!(ask_distinct("count", &["s"]), "3");
    assert_eq!(ask("count_if", &["b"]), "2");
    assert_eq!(ask("sum", &["i"]), "12");
    assert_eq!(ask("sum", &["d"]), "7.71");
    assert_eq!(ask("sum", &["f"]), "3.0");
    assert_eq!(ask("try_sum", &["i"]), "12");
    assert_eq!(ask("avg", &["i"]), "3.0");
    assert_eq!(ask("avg", &["d"]), "1.927500");
    assert_eq!(ask_grouped("sum", &["i"]), "5; 3; 4");
    assert_eq!(ask_grouped("avg", &["d"]), "0.010000; 1.650000; 4.400000");
    assert_eq!(ask_distinct("sum", &["k"]), "3");
    assert_eq!(ask("min", &["d"]), "0.01");
    assert_eq!(ask("max", &["f"]), "2.5");
    assert_eq!(ask("max", &["s"]), "c");
    assert_eq!(ask("min", &["b"]), "false");
    assert_eq!(ask_grouped("max", &["f"]), "0.0; 1.5; 2.5");
    assert_eq!(ask_grouped("bool_and", &["b"]), "false; false; true");
    assert_eq!(ask("every", &["b"]), "false");
    assert_eq!(ask("any", &["b"]), "true");
    assert_eq!(ask("bit_and", &["i"]), "0");
    assert_eq!(ask("bit_or", &["i"]), "7");
    assert_eq!(ask("bit_xor", &["i"]), "2");
    assert_eq!(ask("max_by", &["s", "i"]), "c");
    assert_eq!(ask_grouped("min_by", &["s", "f"]), "c; a; a");
    assert_eq!(ask("first", &["k", "true"]), "1");
}

#[test]
fn statistics() {
    assert_eq!(ask("stddev", &["i"]), "1.8257418583505538");
    assert_eq!(ask("var_pop", &["i"]), "2.5");
    assert_eq!(ask("skewness", &["i"]), "0.0");
    assert_eq!(ask("regr_count", &["i", "f"]), "3");
    // In one piece it is -1.388888888888889; here two states are merged.
    assert_eq!(ask("covar_pop", &["i", "f"]), "-1.3888888888888886");
    assert_eq!(ask("regr_sxx", &["i", "f"]), "3.1666666666666665");
    assert_eq!(ask("regr_avgy", &["i", "f"]), "3.3333333333333335");
    assert!(ask("corr", &["i", "1"]).contains("DIVIDE_BY_ZERO"));
    assert_eq!(ask("percentile", &["i", "0.5"]), "3.0");
    assert_eq!(ask("median", &["d"]), "1.6500000000000001");
    assert_eq!(ask("percentile_approx", &["i", "0.5"]), "2");
    assert_eq!(ask_within("percentile_cont", &["0.25"], "i", true), "1.75");
    assert_eq!(ask_within("percentile_disc", &["0.25"], "i", false), "5.0");
    assert_eq!(ask("mode", &["s"]), "a");
    assert_eq!(ask("approx_count_distinct", &["s"]), "3");
}

#[test]
fn gathered_values() {
    assert_eq!(ask_grouped("collect_list", &["i"]), "[5]; [1, 2]; [4]");
    assert_eq!(ask_grouped("collect_set", &["b"]), "[false]; [true, false]; [true]");
    assert_eq!(ask_within("listagg", &["s", "','"], "s", false), "c,b,a,a");
    assert_eq!(ask_within("string_agg", &["s", "'-'"], "n", true), "a-b-a-c");
    assert_eq!(ask("histogram_numeric", &["i", "3"]), "[{1, 1.0}, {2, 1.0}, {4, 2.0}]");
}

#[test]
fn windows() {
    assert_eq!(ask_over("sum", &["i"], false), "1; 3; 3; 7; 12");
    assert_eq!(ask_over("sum", &["i"], true), "1; 3; 2; 4; 9");
    assert_eq!(ask_over("avg", &["d"], true), "1.100000; 1.650000; 2.200000; 4.400000; 2.205000");
    assert_eq!(ask_over("count", &["s"], true), "1; 2; 1; 1; 2");
    assert_eq!(ask_over("max", &["f"], true), "1.5; 1.5; 2.5; 2.5; 0.0");
    assert_eq!(ask_over("max", &["s"], true), "a; b; b; a; c");
    assert_eq!(ask_over("collect_list", &["i"], true), "[1]; [1, 2]; [2]; [4]; [4, 5]");
    assert_eq!(ask_over("first", &["i", "true"], true), "1; 1; 2; 4; 4");
    assert_eq!(ask_over("last", &["i"], false), "1; 2; NULL; 4; 5");
    assert_eq!(ask_over("bool_or", &["b"], true), "true; true; false; true; true");
    assert_eq!(ask_over("row_number", &[], false), "1; 2; 3; 4; 5");
    assert_eq!(ask_over("ntile", &["2"], false), "1; 1; 1; 2; 2");
    assert_eq!(ask_over("lag", &["i"], false), "NULL; 1; 2; NULL; 4");
    assert_eq!(ask_over("lead", &["i", "1", "'7'"], false), "2; NULL; 4; 5; 7");
    assert_eq!(ask_over("lag", &["i", "1", "k"], false), "1; 1; 2; NULL; 4");
    assert_eq!(ask_over("nth_value", &["i", "2"], false), "NULL; 2; 2; 2; 2");
}

#[test]
fn nothing_of_nothing() {
    assert_eq!(ask("sum", &["null"]), "NULL");
    assert_eq!(ask("max", &["null"]), "NULL");
    assert_eq!(ask("first", &["null"]), "NULL");
    assert_eq!(ask("collect_list", &["null"]), "[]");
    assert_eq!(ask("count", &["null"]), "0");
}
