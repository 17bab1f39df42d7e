//! ORDER BY over any relation that is not a SELECT, and `df.sort(…)`.

use arrow::datatypes::DataType;
use datafusion::logical_expr::{Expr, SortExpr};
use floe_base::{Error, Result};
use floe_functions::Typed;
use floe_syntax::Relation;
use floe_syntax::expression::{Expression, SortOrder};

use super::deduplicate::normal;
use super::select::Reached;
use crate::expression::{Clause, Names};
use crate::resolver::{Env, Resolver};
use crate::rows::Rows;
use crate::scope::Column;

impl Resolver<'_> {
    pub(crate) fn sort<'t>(&self, input: &'t Relation, orders: &'t [SortOrder], env: &Env<'t>) -> Result<Rows> {
        let rows = self.relation(input, env)?;
        self.sorted(rows, orders, env)
    }

    /// Rows in an order; what was not selected may still order them.
    pub(crate) fn sorted(&self, rows: Rows, orders: &[SortOrder], env: &Env<'_>) -> Result<Rows> {
        let reached = Reached::default();
        let scope = rows.scope.clone();
        let names = Names { reached: Some(&reached), ..Names::new(&scope, env, Clause::OrderBy) };
        let shown: Vec<Column> = scope.shown().cloned().collect();
        let mut keys = Vec::with_capacity(orders.len());
        for order in orders {
            let position =
                self.ordinal(&order.child, shown.len(), "ORDER_BY_POS_OUT_OF_RANGE", "spark.sql.orderByOrdinal")?;
            let value = match position.and_then(|index| shown.get(index)) {
                Some(column) => column.typed(),
                None => self.expression(&order.child, &names)?,
            };
            must_be_orderable(&value, &order.child, self, &names)?;
            keys.push(SortExpr::new(key(value), order.ascending, order.nulls_first));
        }
        let rows = rows.reach(&reached.take())?;
        let (rows, exprs) = self.attached(rows, keys.iter().map(|key| key.expr.clone()).collect())?;
        rows.sort(keys.into_iter().zip(exprs).map(|(key, expr)| key.with_expr(expr)).collect())
    }

    /// `ORDER BY ALL` over any relation.
    pub(crate) fn sorted_by_all(&self, rows: Rows, ascending: bool, nulls_first: bool) -> Result<Rows> {
        let keys =
            rows.scope.shown().map(|column| SortExpr::new(key(column.typed()), ascending, nulls_first)).collect();
        rows.sort(keys)
    }
}

/// A value as the engine sorts it: for Spark -0.0 is 0.0, and there is one NaN, the greatest number.
pub(crate) fn key(value: Typed) -> Expr {
    normal(value).expr
}

pub(crate) fn must_be_orderable(
    value: &Typed,
    written: &Expression,
    resolver: &Resolver<'_>,
    names: &Names<'_>,
) -> Result<()> {
    if is_orderable(&value.data_type) {
        return Ok(());
    }
    Err(Error::analysis("DATATYPE_MISMATCH.INVALID_ORDERING_TYPE")
        .with("sqlExpr", format!("\"{}\"", resolver.text(written, names)))
        .with("functionName", "`sortorder`")
        .with("dataType", format!("\"{}\"", value.spark_type().sql()))
        .at(&written.origin))
}

pub(crate) fn is_orderable(data_type: &DataType) -> bool {
    match data_type {
        DataType::Map(..) | DataType::Interval(arrow::datatypes::IntervalUnit::MonthDayNano) => false,
        DataType::List(element) => is_orderable(element.data_type()),
        DataType::Struct(fields) => fields.iter().all(|field| is_orderable(field.data_type())),
        _ => true,
    }
}
