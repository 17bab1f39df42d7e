//! Aggregates whose result depends on the order of the rows (`first`, `collect_list`, …), over rows that are numbered.
//!
//! The engine computes an aggregate in parts and puts these together as they are ready, so that an order of the rows
//! below is lost. Where one was asked for, the resolver numbers the rows, and the numbers find the order again here.

use std::sync::Arc;

use arrow::array::ArrayRef;
use arrow::compute::{sort_to_indices, take};
use arrow::datatypes::DataType;
use datafusion::common::DFSchema;
use datafusion::logical_expr::expr::AggregateFunction;
use datafusion::logical_expr::{AggregateUDF, Expr, ExprSchemable, when};
use datafusion::scalar::ScalarValue;
use floe_base::id::BackendId;
use floe_base::{Error, Result};

use super::_aggregate::Aggregate;
use super::_best::Best;
use super::_collected::{Collected, End};
use crate::Typed;
use crate::spelling::{Spelling, Spellings};

/// What the order of the rows is to an aggregate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Order {
    /// Nothing.
    Any,
    /// One row's value is the result.
    Picks { last: bool, ignore_nulls: bool },
    /// All values are the result, one after the other.
    Gathers,
}

/// A call of an aggregate of ours whose result depends on the order of the rows.
pub(crate) fn depending(call: Typed, order: Order) -> Typed {
    let Expr::AggregateFunction(mut node) = call.expr else { return call };
    if let Some(aggregate) = ours(&node) {
        node.func = Arc::new(AggregateUDF::new_from_impl(Aggregate { order, ..aggregate.clone() }));
    }
    Typed { expr: Expr::AggregateFunction(node), ..call }
}

/// Does the result of this aggregate depend on the order of the rows? DISTINCT ones have none (Spark 4.1).
pub fn depends_on_order(call: &Expr) -> bool {
    match call {
        Expr::AggregateFunction(node) if !node.params.distinct => {
            ours(node).is_some_and(|aggregate| aggregate.order != Order::Any)
        }
        _ => false,
    }
}

/// The same aggregate over rows whose order is that of their `numbers`, an unsigned long that is never NULL.
///
/// # Errors
/// When an argument has no type in the schema.
pub fn in_order(call: Expr, numbers: &Expr, schema: &DFSchema) -> Result<Expr> {
    if !depends_on_order(&call) {
        return Ok(call);
    }
    let Expr::AggregateFunction(mut node) = call else { return Ok(call) };
    let Some(aggregate) = ours(&node).cloned() else { return Ok(Expr::AggregateFunction(node)) };
    let arguments = std::mem::take(&mut node.params.args);
    let types = arguments.iter().map(|argument| argument.get_type(schema)).collect::<Result<Vec<_>, _>>()?;
    let (aggregate, arguments) = match aggregate.order {
        Order::Picks { last, ignore_nulls } => picked(aggregate, arguments, types, numbers, (last, ignore_nulls))?,
        Order::Any | Order::Gathers => gathered(aggregate, arguments, types, numbers),
    };
    node.func = Arc::new(AggregateUDF::new_from_impl(aggregate));
    node.params.args = arguments;
    Ok(Expr::AggregateFunction(node))
}

fn ours(node: &AggregateFunction) -> Option<&Aggregate> {
    node.func.inner().as_any().downcast_ref::<Aggregate>()
}

/// The first value is the one beside the least number; rows that do not count have none.
fn picked(
    aggregate: Aggregate,
    arguments: Vec<Expr>,
    types: Vec<DataType>,
    numbers: &Expr,
    (last, ignore_nulls): (bool, bool),
) -> Result<(Aggregate, Vec<Expr>)> {
    let (Some(value), Some(data_type)) = (arguments.into_iter().next(), types.into_iter().next()) else {
        return Err(Error::internal("an aggregate that picks a value has none"));
    };
    let numbers = match ignore_nulls {
        true => when(value.clone().is_not_null(), numbers.clone()).end()?,
        false => numbers.clone(),
    };
    let types = (data_type, DataType::UInt64);
    let state = vec![types.0.clone(), types.1.clone()];
    let key = format!("{} in order", aggregate.key);
    let make = Arc::new(move || Ok(Box::new(Best::new(types.clone(), last)?) as _));
    let spellings = in_duckdb(last);
    Ok((Aggregate { key, state, make, order: Order::Any, spellings, ..aggregate }, vec![value, numbers]))
}

/// The value beside the least or greatest number, though it be NULL.
fn in_duckdb(last: bool) -> Spellings {
    let name = if last { "arg_max_null" } else { "arg_min_null" };
    vec![(BackendId::DuckDb, Spelling::of(format!("{name}({{0}}, {{1}}){{filter}}{{over}}")))]
}

/// All rows are kept, and handed to the aggregate in their order at the end.
fn gathered(
    aggregate: Aggregate,
    mut arguments: Vec<Expr>,
    mut types: Vec<DataType>,
    numbers: &Expr,
) -> (Aggregate, Vec<Expr>) {
    arguments.insert(0, numbers.clone());
    types.insert(0, DataType::UInt64);
    let inner = aggregate.make.clone();
    let finish = move |columns: &[ArrayRef]| {
        let Some((numbers, values)) = columns.split_first() else {
            return Err(Error::internal("rows without numbers"));
        };
        let places = sort_to_indices(numbers, None, None)?;
        let values = values.iter().map(|column| take(column, &places, None)).collect::<Result<Vec<_>, _>>()?;
        let mut groups = inner()?;
        groups.grow(1);
        groups.update(&values, &vec![0; places.len()])?;
        Ok(ScalarValue::try_from_array(&groups.results(1)?, 0)?)
    };
    let end = End::With(aggregate.returns.data_type().clone(), Arc::new(finish));
    let key = format!("{} {types:?} in order", aggregate.key);
    let state = Collected::state(&types);
    let make = Arc::new(move || Ok(Box::new(Collected::new(types.clone(), end.clone())) as _));
    let spellings = Spellings::new();
    (Aggregate { key, state, make, order: Order::Any, spellings, ..aggregate }, arguments)
}
