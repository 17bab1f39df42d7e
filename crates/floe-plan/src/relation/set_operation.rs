//! UNION, INTERSECT, EXCEPT: by position or by name, of sets or of bags.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field};
use datafusion::common::JoinType;
use datafusion::functions_window::expr_fn::row_number;
use datafusion::logical_expr::{BinaryExpr, Distinct, Expr, LogicalPlan, Operator, Union};
use floe_base::error::quoted;
use floe_base::{Error, Origin, Result};
use floe_functions::Typed;
use floe_functions::coerce;
use floe_syntax::Relation;
use floe_syntax::relation::SetOperator;

use super::deduplicate::{must_be_comparable, normalised};
use super::join_keys::joined_plan;
use super::select::with_windows;
use crate::resolver::{Env, Resolver};
use crate::rows::{Output, Rows, aliased, project};
use crate::scope::{Column, Scope, label, reference};

impl Resolver<'_> {
    /// `by_name` is whether missing columns are NULL.
    #[expect(clippy::too_many_arguments, reason = "a set operation has that many parts")]
    pub(crate) fn set_operation<'t>(
        &self,
        left: &'t Relation,
        right: &'t Relation,
        operator: SetOperator,
        all: bool,
        by_name: Option<bool>,
        env: &Env<'t>,
        origin: &Origin,
    ) -> Result<Rows> {
        let left = self.relation(left, env)?.aligned(self)?;
        let right = self.relation(right, env)?.aligned(self)?;
        let (left, right) = match by_name {
            None => (left, right),
            Some(allow_missing) => self.matched_by_name(left, right, allow_missing, origin)?,
        };
        let (left, right) = self.alike(left, right, operator, origin)?;
        match (operator, all) {
            (SetOperator::Union, true) => union(left, right),
            (SetOperator::Union, false) => self.union_of_sets(left, right),
            (operator, all) => self.matched(left, right, operator, all),
        }
    }

    /// One of each row of both. Where the left is such a union itself, its inputs are as good as its rows: a chain of
    /// thousands is one operator.
    fn union_of_sets(&self, left: Rows, right: Rows) -> Result<Rows> {
        let is_union = |input: &Arc<LogicalPlan>| matches!(input.as_ref(), LogicalPlan::Union(_));
        let left = match left.plan {
            LogicalPlan::Distinct(Distinct::All(input)) if is_union(&input) => {
                Rows { plan: Arc::unwrap_or_clone(input), scope: left.scope }
            }
            plan => normalised(Rows { plan, scope: left.scope }, self)?,
        };
        let rows = union(left, normalised(right, self)?)?;
        must_be_comparable(&rows.scope.columns)?;
        Ok(Rows { plan: LogicalPlan::Distinct(Distinct::All(Arc::new(rows.plan))), scope: rows.scope })
    }

    /// Both sides with the types they share, position by position.
    fn alike(&self, left: Rows, right: Rows, operator: SetOperator, origin: &Origin) -> Result<(Rows, Rows)> {
        let (first, second) = (left.scope.columns.clone(), right.scope.columns.clone());
        let name = operator_name(operator);
        if first.len() != second.len() {
            return Err(Error::analysis("NUM_COLUMNS_MISMATCH")
                .with("operator", name)
                .with("firstNumColumns", first.len().to_string())
                .with("invalidOrdinalNum", "second")
                .with("invalidNumColumns", second.len().to_string())
                .at(origin));
        }
        let mut lefts = Vec::with_capacity(first.len());
        let mut rights = Vec::with_capacity(first.len());
        for (position, (a, b)) in first.iter().zip(&second).enumerate() {
            let (left_type, right_type) = (a.field.data_type(), b.field.data_type());
            let of_shape = || same_shape(left_type, right_type).filter(|_| operator == SetOperator::Union);
            let shared = coerce::wider(left_type, right_type, self.context).or_else(of_shape);
            let Some(shared) = shared else {
                return Err(Error::analysis("INCOMPATIBLE_COLUMN_TYPE")
                    .with("tableOrdinalNumber", "second")
                    .with("columnOrdinalNumber", ordinal(position))
                    .with("dataType2", format!("\"{}\"", b.typed().spark_type().sql()))
                    .with("operator", name)
                    .with("dataType1", format!("\"{}\"", a.typed().spark_type().sql()))
                    .with("hint", "")
                    .at(origin));
            };
            let values = vec![value(&left.plan, a), value(&right.plan, b)];
            let values = coerce::cast_alike(values, &shared, self.context, origin)?;
            let [left, right] = <[Typed; 2]>::try_from(values).map_err(|_| Error::internal("a pair is no pair"))?;
            lefts.push(self.under_its_name(a, left));
            rights.push(self.under_its_name(b, right));
        }
        Ok((left.project_closed(lefts)?, right.project_closed(rights)?))
    }

    fn under_its_name(&self, column: &Column, value: Typed) -> Output {
        if value.expr == reference(column.id) && value.spark_type() == column.typed().spark_type() {
            return Output::pass(column);
        }
        let column = Column::new(self.fresh(), crate::rows::field_of(column.name(), &value));
        Output { value, column }
    }

    /// The right side's columns in the left's order; what one side lacks is NULL there, where that is allowed.
    fn matched_by_name(&self, left: Rows, right: Rows, allow_missing: bool, origin: &Origin) -> Result<(Rows, Rows)> {
        let (first, second) = (left.scope.columns.clone(), right.scope.columns.clone());
        let missing = |column: &Column, others: &[Column]| {
            let known: Vec<String> = others.iter().map(|other| other.name().to_string()).collect();
            Error::message(
                floe_base::Kind::Analysis,
                format!("Cannot resolve column name \"{}\" among ({}).", column.name(), known.join(", ")),
            )
            .at(origin)
        };
        let find =
            |name: &str, columns: &[Column]| columns.iter().find(|column| self.same_name(column.name(), name)).cloned();
        if let Some(twice) = repeated(&first, self).or_else(|| repeated(&second, self)) {
            return Err(Error::analysis("COLUMN_ALREADY_EXISTS").with("columnName", quoted(&[twice])).at(origin));
        }
        let null = |column: &Column| {
            let value = Typed::null(column.field.data_type()).with_written(crate::scope::written(&column.field));
            let mut filled = column.clone().with_nullable(true);
            filled.id = self.fresh();
            Output { value, column: filled }
        };
        let mut lefts: Vec<Output> = first.iter().map(Output::pass).collect();
        let mut rights = Vec::with_capacity(first.len());
        for column in &first {
            match find(column.name(), &second) {
                Some(found) => rights.push(Output::pass(&found)),
                None if allow_missing => rights.push(null(column)),
                None => return Err(missing(column, &second)),
            }
        }
        for column in &second {
            if find(column.name(), &first).is_some() {
                continue;
            }
            if !allow_missing {
                return Err(missing(column, &first));
            }
            lefts.push(null(column));
            rights.push(Output::pass(column));
        }
        Ok((left.project_closed(lefts)?, right.project_closed(rights)?))
    }

    /// INTERSECT and EXCEPT. With ALL each row counts: the nth of equal rows meets the nth of the other side.
    fn matched(&self, left: Rows, right: Rows, operator: SetOperator, all: bool) -> Result<Rows> {
        let left = if all { normalised(left.aligned(self)?, self)? } else { left.distinct(self)? };
        let right = normalised(right.aligned(self)?, self)?;
        must_be_comparable(left.scope.columns.iter().chain(&right.scope.columns))?;
        let mut columns = left.scope.columns.clone();
        let mut pairs: Vec<(Expr, Expr)> =
            columns.iter().zip(&right.scope.columns).map(|(a, b)| (reference(a.id), reference(b.id))).collect();
        let (left, right) = if all {
            let (left, a) = self.numbered(left)?;
            let (right, b) = self.numbered(right)?;
            pairs.push((a, b));
            (left, right)
        } else {
            (left, right)
        };
        if operator == SetOperator::Intersect {
            columns = columns.into_iter().zip(&right.scope.columns).map(|(a, b)| nullable_in_both(a, b)).collect();
        }
        let conditions = pairs
            .into_iter()
            .map(|(a, b)| Expr::BinaryExpr(BinaryExpr::new(Box::new(a), Operator::IsNotDistinctFrom, Box::new(b))))
            .collect();
        let kind = if operator == SetOperator::Intersect { JoinType::LeftSemi } else { JoinType::LeftAnti };
        let plan = joined_plan(left.plan, right.plan, kind, conditions)?;
        Ok(Rows::new(plan, Scope::new(columns)))
    }

    /// Rows with their number among those equal to them.
    fn numbered(&self, rows: Rows) -> Result<(Rows, Expr)> {
        let id = self.fresh();
        let mut expr = row_number();
        if let Expr::WindowFunction(window) = &mut expr {
            window.params.partition_by = rows.scope.columns.iter().map(|column| reference(column.id)).collect();
        }
        Ok((with_windows(self, rows, vec![(expr, id)])?, reference(id)))
    }
}

/// The rows of both; the columns are the left's.
pub(crate) fn union(left: Rows, right: Rows) -> Result<Rows> {
    let columns: Vec<Column> = left
        .scope
        .columns
        .iter()
        .zip(&right.scope.columns)
        .map(|(a, b)| a.clone().with_nullable(a.field.is_nullable() || b.field.is_nullable()))
        .collect();
    let seconds =
        left.scope.columns.iter().zip(&right.scope.columns).map(|(a, b)| aliased(reference(b.id), a.id)).collect();
    let second = Arc::new(project(right.plan, seconds)?);
    let plan = LogicalPlan::Union(match left.plan {
        LogicalPlan::Union(inner) if has_just(&inner, &left.scope.columns) => lengthened(inner, second)?,
        plan => {
            let firsts = left.scope.columns.iter().map(|column| reference(column.id)).collect();
            Union::try_new_with_loose_types(vec![Arc::new(project(plan, firsts)?), second])?
        }
    });
    Ok(Rows::new(plan, Scope::new(columns)))
}

/// The same union with one more input. A chain of thousands is one operator: planning nested ones takes the cube of their
/// number.
fn lengthened(union: Union, input: Arc<LogicalPlan>) -> Result<Union> {
    let mut inputs = union.inputs.clone();
    let both = vec![Arc::new(LogicalPlan::Union(union)), input.clone()];
    let schema = Union::try_new_with_loose_types(both)?.schema;
    inputs.push(input);
    Ok(Union { inputs, schema })
}

fn has_just(union: &Union, columns: &[Column]) -> bool {
    let names = union.schema.fields().iter().map(|field| field.name().as_str());
    union.schema.fields().len() == columns.len() && names.zip(columns).all(|(name, column)| name == label(column.id))
}

/// A row that is in both sides is NULL only where both can be.
fn nullable_in_both(left: Column, right: &Column) -> Column {
    let nullable = left.field.is_nullable() && right.field.is_nullable();
    left.with_nullable(nullable)
}

/// The left type where the right differs in nothing but the names of members (`DataType.equalsStructurally`).
fn same_shape(left: &DataType, right: &DataType) -> Option<DataType> {
    let part = |left: &Arc<Field>, right: &Arc<Field>| {
        let data_type = same_shape(left.data_type(), right.data_type())?;
        let nullable = left.is_nullable() || right.is_nullable();
        Some(Arc::new(left.as_ref().clone().with_data_type(data_type).with_nullable(nullable)))
    };
    match (left, right) {
        (DataType::List(left), DataType::List(right)) => Some(DataType::List(part(left, right)?)),
        (DataType::Map(left, sorted), DataType::Map(right, _)) => Some(DataType::Map(part(left, right)?, *sorted)),
        (DataType::Struct(left), DataType::Struct(right)) if left.len() == right.len() => {
            let fields: Option<Vec<Arc<Field>>> =
                left.iter().zip(right).map(|(left, right)| part(left, right)).collect();
            Some(DataType::Struct(fields?.into()))
        }
        (left, right) => (left == right).then(|| left.clone()),
    }
}

fn repeated(columns: &[Column], resolver: &Resolver<'_>) -> Option<String> {
    columns.iter().enumerate().find_map(|(index, column)| {
        let mut before = columns.iter().take(index);
        before.any(|other| resolver.same_name(other.name(), column.name())).then(|| column.name().to_lowercase())
    })
}

/// A column of rows. One that has no values may be there for what it raises.
fn value(plan: &LogicalPlan, column: &Column) -> Typed {
    let has_none = *column.field.data_type() == DataType::Null;
    column.typed().with_fallible(has_none && !is_constant(plan, column))
}

/// Whether a column is a constant, or comes from rows that are not computed here.
fn is_constant(plan: &LogicalPlan, column: &Column) -> bool {
    let LogicalPlan::Projection(projection) = plan else { return true };
    let place = projection.schema.index_of_column_by_name(None, &label(column.id));
    place.is_none_or(|place| matches!(projection.expr[place].clone().unalias_nested().data, Expr::Literal(..)))
}

fn operator_name(operator: SetOperator) -> &'static str {
    match operator {
        SetOperator::Union => "UNION",
        SetOperator::Intersect => "INTERSECT",
        SetOperator::Except => "EXCEPT",
    }
}

fn ordinal(position: usize) -> String {
    const NAMES: [&str; 5] = ["first", "second", "third", "fourth", "fifth"];
    NAMES.get(position).map_or_else(|| format!("{}th", position + 1), |name| (*name).to_string())
}
