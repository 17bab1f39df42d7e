//! Functions whose values depend on the partition a row is in on Spark: `rand`, `monotonically_increasing_id` and others.
//!
//! Such a function keeps something from row to row, anew for each partition: the place in a stream of random numbers, a
//! counter. Its kernel says how many arguments are its own ([`Kernel::by_partition`]); where the partitions are known,
//! [`placed`] gives it one more, the row's partition, and what it keeps goes by that number. Without it all rows are in
//! the first partition. So it does not matter to a kernel how an engine cuts the rows into batches, nor on how many
//! threads; only the rows of one partition must come in their order.
//!
//! Not here: which rows are in which partition, and who keeps them in order (`floe-plan/src/by_partition.rs`).

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use arrow::array::AsArray;
use arrow::datatypes::Int32Type;
use datafusion::common::tree_node::{Transformed, TreeNode, TreeNodeRecursion};
use datafusion::logical_expr::expr::ScalarFunction;
use datafusion::logical_expr::{BinaryExpr, Expr, Operator};
use floe_base::{Error, Result};

use crate::{Arguments, Kernel, condition};

/// What a function keeps from row to row, for each partition.
pub(crate) struct Kept<S> {
    fresh: Box<dyn Fn(i32) -> S + Send + Sync>,
    states: Mutex<HashMap<i32, S>>,
    /// Where the partition stands among the arguments.
    own: usize,
}

impl<S> Kept<S> {
    /// `fresh` is what is kept before the first row of a partition; the function has `own` arguments before it.
    pub(crate) fn new(own: usize, fresh: impl Fn(i32) -> S + Send + Sync + 'static) -> Self {
        Self { fresh: Box::new(fresh), states: Mutex::default(), own }
    }

    /// The value of each row.
    pub(crate) fn each<T>(
        &self,
        arguments: &Arguments<'_>,
        mut value: impl FnMut(&mut S, usize) -> Result<T>,
    ) -> Result<Vec<T>> {
        let mut states = self.states.lock().unwrap_or_else(PoisonError::into_inner);
        let mut values = Vec::with_capacity(arguments.rows);
        for (partition, rows) in runs(arguments, self.own)? {
            let state = states.entry(partition).or_insert_with(|| (self.fresh)(partition));
            for _ in 0..rows {
                values.push(value(state, values.len())?);
            }
        }
        Ok(values)
    }
}

/// The partitions of the rows, each with the number of rows that follow one another in it.
fn runs(arguments: &Arguments<'_>, own: usize) -> Result<Vec<(i32, usize)>> {
    if arguments.values.len() <= own {
        return Ok(vec![(0, arguments.rows)]);
    }
    let numbers = arguments.array(own)?;
    let numbers = numbers.as_primitive_opt::<Int32Type>();
    let numbers = numbers.ok_or_else(|| Error::internal("the number of a partition is no INT"))?.values();
    Ok(numbers
        .chunk_by(|left, right| left == right)
        .map(|run| (run.first().copied().unwrap_or(0), run.len()))
        .collect())
}

/// Whether the value of an expression depends on the partition, and it has not been told.
pub fn waits(expr: &Expr) -> bool {
    expr.exists(|node| Ok(waiting_here(node).is_some())).unwrap_or(false)
}

/// An expression that is nothing without the partition: why it cannot be computed.
pub fn refusal(expr: &Expr) -> Option<Error> {
    let mut refused = None;
    // The closure never fails.
    let _ = expr.apply(|node| {
        if let Some(kernel) = waiting_here(node).filter(|kernel| kernel.is_lost_without_partition()) {
            refused = Some(
                Error::unsupported(format!("{}() of rows that Spark deals out", kernel.label())).at(kernel.origin()),
            );
            return Ok(TreeNodeRecursion::Stop);
        }
        Ok(TreeNodeRecursion::Continue)
    });
    refused
}

/// The expression whose functions are told the partition. Those behind an AND or OR are asked only for the rows that
/// Spark asks them for: the engine would ask for all.
pub fn placed(expr: Expr, partition: &Expr) -> Result<Expr> {
    let placed = expr.transform_up(|node| match node {
        Expr::ScalarFunction(mut call) if waiting_call(&call).is_some() => {
            call.args.push(partition.clone());
            Ok(Transformed::yes(Expr::ScalarFunction(call)))
        }
        Expr::BinaryExpr(BinaryExpr { left, op: op @ (Operator::And | Operator::Or), right }) if draws(&right) => {
            Ok(Transformed::yes(condition::in_turn(*left, op, *right)))
        }
        other => Ok(Transformed::no(other)),
    });
    Ok(placed?.data)
}

/// Whether what an expression gives depends on the partition, told or not.
pub(crate) fn draws(expr: &Expr) -> bool {
    let is_by_partition = |node: &Expr| Ok(matches!(node, Expr::ScalarFunction(call) if own_arguments(call).is_some()));
    expr.exists(is_by_partition).unwrap_or(true)
}

fn waiting_here(node: &Expr) -> Option<&Kernel> {
    match node {
        Expr::ScalarFunction(call) => waiting_call(call),
        _ => None,
    }
}

fn waiting_call(call: &ScalarFunction) -> Option<&Kernel> {
    let (kernel, own) = own_arguments(call)?;
    (call.args.len() <= own).then_some(kernel)
}

fn own_arguments(call: &ScalarFunction) -> Option<(&Kernel, usize)> {
    let kernel = call.func.inner().as_any().downcast_ref::<Kernel>()?;
    Some((kernel, kernel.own_arguments()?))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{ArrayRef, Float64Array, Int32Array, RecordBatch};
    use arrow::datatypes::DataType;

    use super::*;
    use crate::Context;
    use crate::testing::{bind, column, evaluate, literal};

    fn drawn(expr: &Expr, partitions: &[i32]) -> Vec<f64> {
        let partitions: ArrayRef = Arc::new(Int32Array::from(partitions.to_vec()));
        let batch = RecordBatch::try_from_iter([("p", partitions)]).expect("rows");
        let values = evaluate(expr, &batch).expect("values");
        values.as_any().downcast_ref::<Float64Array>().expect("doubles").values().to_vec()
    }

    #[test]
    fn a_partition_goes_on_where_it_stood_however_its_rows_are_cut() {
        let context = Context::default();
        let rand = || bind(&context, "rand", vec![literal("7", &context).expect("a seed")]).expect("a call").expr;
        assert!(waits(&rand()));
        let partition = column("p", DataType::Int32, false).expr;
        let whole = drawn(&placed(rand(), &partition).expect("placed"), &[0, 0, 0, 1, 1]);
        let cut = placed(rand(), &partition).expect("placed");
        assert!(!waits(&cut) && draws(&cut));
        let (first, second) = (drawn(&cut, &[1, 0, 0]), drawn(&cut, &[0, 1]));
        assert_eq!(whole, [first[1], first[2], second[0], first[0], second[1]]);
        // The second partition of seed 7 is the first of seed 8.
        let eight = bind(&context, "rand", vec![literal("8", &context).expect("a seed")]).expect("a call").expr;
        assert_eq!(drawn(&eight, &[0, 0]), whole[3..]);
    }
}
