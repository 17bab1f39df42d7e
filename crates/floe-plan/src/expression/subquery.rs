//! Queries inside expressions: a scalar, EXISTS, IN.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use datafusion::common::Spans;
use datafusion::logical_expr::expr::{Exists, InSubquery};
use datafusion::logical_expr::{Expr, LogicalPlan, Subquery};
use floe_base::{Error, Origin, Result};
use floe_functions::{Typed, coerce};
use floe_syntax::{Expression, Relation};

use super::Names;
use crate::relation::deduplicate::normal;
use crate::resolver::{Outer, Resolver};
use crate::rows::Rows;
use crate::scope::Column;

impl Resolver<'_> {
    /// Lowers a subquery over the columns around it.
    pub(crate) fn subquery(&self, query: &Relation, names: &Names<'_>) -> Result<(Rows, Vec<Column>)> {
        let outer =
            Rc::new(Outer { scope: names.scope.clone(), parent: names.env.outer.clone(), used: RefCell::default() });
        let rows = self.relation(query, &names.env.inside(&outer))?.aligned(self)?;
        let used = outer.used.take();
        Ok((rows, used))
    }

    /// `(SELECT …)` as a value.
    pub(crate) fn scalar_subquery(&self, query: &Relation, names: &Names<'_>, origin: &Origin) -> Result<Typed> {
        let (rows, used) = self.subquery(query, names)?;
        let columns: Vec<&Column> = rows.scope.shown().collect();
        let [column] = columns.as_slice() else {
            return Err(Error::analysis(
                "INVALID_SUBQUERY_EXPRESSION.SCALAR_SUBQUERY_RETURN_MORE_THAN_ONE_OUTPUT_COLUMN",
            )
            .with("number", columns.len().to_string())
            .at(origin));
        };
        let value = column.typed();
        let expr = Expr::ScalarSubquery(embedded(rows.plan, &used));
        Ok(Typed { expr, nullable: true, ..value })
    }

    /// `EXISTS (SELECT …)`.
    pub(crate) fn exists(&self, query: &Relation, names: &Names<'_>, _origin: &Origin) -> Result<Typed> {
        let (rows, used) = self.subquery(query, names)?;
        let expr = Expr::Exists(Exists::new(embedded(rows.plan, &used), false));
        Ok(Typed::new(expr, arrow::datatypes::DataType::Boolean, false))
    }

    /// `a IN (SELECT …)`, `(a, b) IN (SELECT …)`.
    pub(crate) fn in_subquery(
        &self,
        values: &[Expression],
        query: &Relation,
        names: &Names<'_>,
        origin: &Origin,
    ) -> Result<Typed> {
        let (rows, used) = self.subquery(query, names)?;
        let columns: Vec<Column> = rows.scope.shown().cloned().collect();
        if columns.len() != values.len() {
            return Err(Error::analysis("DATATYPE_MISMATCH.IN_SUBQUERY_LENGTH_MISMATCH")
                .with("sqlExpr", "\"(in)\"")
                .with("leftLength", values.len().to_string())
                .with("rightLength", columns.len().to_string())
                .with("leftColumns", "")
                .with("rightColumns", "")
                .at(origin));
        }
        let mut operands = Vec::with_capacity(values.len());
        let mut outputs = Vec::with_capacity(values.len());
        for (written, column) in values.iter().zip(&columns) {
            let (left, right) = self.compared(written, column, names, origin)?;
            operands.push((column.name().to_string(), left));
            outputs.push(crate::rows::Output { column: self.column(column.name(), &right), value: right });
        }
        let nullable = operands
            .iter()
            .map(|(_, left)| left.nullable)
            .chain(outputs.iter().map(|output| output.value.nullable))
            .any(|nullable| nullable);
        let rows = rows.project_closed(outputs)?;
        let operand = match <[(String, Typed); 1]>::try_from(operands) {
            Ok([(_, one)]) => one,
            Err(several) => super::field::structure(None, several),
        };
        let expr = Expr::InSubquery(InSubquery::new(Box::new(operand.expr), embedded(rows.plan, &used), false));
        Ok(Typed::new(expr, arrow::datatypes::DataType::Boolean, nullable))
    }

    /// A value and the subquery's column in the type they are compared in.
    fn compared(
        &self,
        written: &Expression,
        column: &Column,
        names: &Names<'_>,
        origin: &Origin,
    ) -> Result<(Typed, Typed)> {
        let value = self.expression(written, names)?;
        let found = column.typed();
        let types = format!("[\"{}\"]", value.spark_type().sql());
        let Some(pair) = coerce::unify(vec![value, found], self.context, origin) else {
            return Err(Error::analysis("DATATYPE_MISMATCH.IN_SUBQUERY_DATA_TYPE_MISMATCH")
                .with("sqlExpr", format!("\"({} IN (listquery()))\"", self.text(written, names)))
                .with("mismatchedColumns", "")
                .with("leftType", types)
                .with("rightType", format!("[\"{}\"]", column.typed().spark_type().sql()))
                .at(origin));
        };
        let [left, right] = <[Typed; 2]>::try_from(pair?).map_err(|_| Error::internal("a pair is no pair"))?;
        Ok((normal(left), normal(right)))
    }
}

fn embedded(plan: LogicalPlan, used: &[Column]) -> Subquery {
    let mut seen = std::collections::HashSet::new();
    let outer_ref_columns = used
        .iter()
        .filter(|column| seen.insert(column.id))
        .map(|column| {
            let label = crate::scope::label(column.id);
            let field =
                arrow::datatypes::Field::new(&label, column.field.data_type().clone(), column.field.is_nullable());
            Expr::OuterReferenceColumn(Arc::new(field), datafusion::common::Column::new_unqualified(label))
        })
        .collect();
    Subquery { subquery: Arc::new(plan), outer_ref_columns, spans: Spans::new() }
}
