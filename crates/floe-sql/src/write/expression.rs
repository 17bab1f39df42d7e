//! Expressions. One that has no spelling in the engine is foreign, as a whole: `foreign.rs`.

mod aggregate;
mod case;
mod foreign;
mod subquery;

use std::sync::Arc;

use arrow_schema::{DataType, Field, FieldRef};
use datafusion::common::DFSchema;
use datafusion::logical_expr::expr::InList;
use datafusion::logical_expr::{BinaryExpr, Cast, Expr, ExprSchemable, Operator};
use datafusion::scalar::ScalarValue;

use super::dialect::{Argument, filled};
use super::{Refused, Result, Writer, column, count};

impl Writer<'_> {
    /// The expression; where the engine cannot write it, what the dialect makes of foreign ones.
    pub(super) fn expression(self, expr: &Expr, input: &DFSchema) -> Result<String> {
        self.native(expr, input).or_else(|why| self.foreign(expr, input, why))
    }

    /// The expression with its type written; a column has the right one already.
    pub(super) fn typed(self, expr: &Expr, input: &DFSchema, data_type: &DataType) -> Result<String> {
        let text = self.expression(expr, input)?;
        match expr {
            Expr::Column(_) => Ok(text),
            Expr::Alias(alias) if matches!(*alias.expr, Expr::Column(_)) => Ok(text),
            _ => Ok(format!("CAST({text} AS {})", self.dialect.type_name(data_type)?)),
        }
    }

    /// The expression with its type, typed.
    pub(super) fn argument(self, expr: &Expr, input: &DFSchema) -> Result<Argument> {
        let (_, field) = expr.to_field(input)?;
        let text = self.typed(expr, input, field.data_type())?;
        Ok(Argument { text, field: bare(&field) })
    }

    /// The expression as the engine writes it. Its parts may be foreign, it is not.
    fn native(self, expr: &Expr, input: &DFSchema) -> Result<String> {
        match expr {
            Expr::Alias(alias) => self.expression(&alias.expr, input),
            Expr::Column(column) => Ok(column::quoted(column)),
            Expr::OuterReferenceColumn(_, column) => Ok(column::quoted(column)),
            Expr::Literal(value, _) => self.dialect.literal(value),
            Expr::BinaryExpr(binary) => self.binary(expr, binary, input),
            Expr::Not(inner) => Ok(format!("(NOT {})", self.expression(inner, input)?)),
            Expr::IsNull(inner) => Ok(format!("({} IS NULL)", self.expression(inner, input)?)),
            Expr::IsNotNull(inner) => Ok(format!("({} IS NOT NULL)", self.expression(inner, input)?)),
            Expr::IsTrue(inner) => Ok(format!("({} IS TRUE)", self.expression(inner, input)?)),
            Expr::IsFalse(inner) => Ok(format!("({} IS FALSE)", self.expression(inner, input)?)),
            Expr::IsUnknown(inner) => Ok(format!("({} IS NULL)", self.expression(inner, input)?)),
            Expr::IsNotTrue(inner) => Ok(format!("({} IS NOT TRUE)", self.expression(inner, input)?)),
            Expr::IsNotFalse(inner) => Ok(format!("({} IS NOT FALSE)", self.expression(inner, input)?)),
            Expr::IsNotUnknown(inner) => Ok(format!("({} IS NOT NULL)", self.expression(inner, input)?)),
            Expr::Like(like) if !like.case_insensitive && like.escape_char.is_none() => {
                let (text, pattern) = (self.expression(&like.expr, input)?, self.expression(&like.pattern, input)?);
                // Engines know prefixes and parts of texts in patterns that have nothing to escape.
                let escape = if is_plain_pattern(&like.pattern) { "" } else { " ESCAPE '\\'" };
                Ok(format!("({text} {}LIKE {pattern}{escape})", not(like.negated)))
            }
            Expr::InList(list) => self.in_list(list, input),
            Expr::Case(case) => self.case(case, input),
            Expr::Cast(cast) => self.cast(cast, input),
            Expr::ScalarFunction(call) => {
                let spelling = self.dialect.function(&call.func);
                let spelling = spelling.ok_or_else(|| Refused::new(format!("function {}", call.name())))?;
                self.spelled(&spelling, &call.args, input, false, None, "")
            }
            Expr::AggregateFunction(call) => self.aggregate_call(call, input),
            Expr::WindowFunction(call) => self.over(call, input),
            Expr::ScalarSubquery(subquery) => self.scalar_subquery(subquery),
            Expr::Exists(exists) => self.exists(exists),
            Expr::InSubquery(list) => self.in_subquery(list, input),
            other => Err(Refused::new(format!("expression {}", other.variant_name()))),
        }
    }

    fn binary(self, expr: &Expr, binary: &BinaryExpr, input: &DFSchema) -> Result<String> {
        if let Operator::And | Operator::Or = binary.op {
            let (left, right) = (self.expression(&binary.left, input)?, self.expression(&binary.right, input)?);
            return Ok(format!("({left} {} {right})", binary.op));
        }
        let (left, right) = (self.plain(&binary.left, input)?, self.plain(&binary.right, input)?);
        let refused = format!("operator {} on {}", binary.op, left.field.data_type());
        let gives = expr.get_type(input)?;
        self.dialect.operator(binary.op, left, right, &gives, self.may_raise()).ok_or_else(|| Refused::new(refused))
    }

    /// An operand as it is: the dialect adds a cast where the operator needs one.
    fn plain(self, expr: &Expr, input: &DFSchema) -> Result<Argument> {
        let (_, field) = expr.to_field(input)?;
        let text = self.expression(expr, input)?;
        Ok(Argument { text, field: bare(&field) })
    }

    fn in_list(self, list: &InList, input: &DFSchema) -> Result<String> {
        let data_type = list.expr.get_type(input)?;
        if data_type.is_nested() {
            return Err(Refused::new(format!("IN over {data_type}")));
        }
        let value = self.expression(&list.expr, input)?;
        let items = list.list.iter().map(|item| self.expression(item, input)).collect::<Result<Vec<_>>>()?;
        Ok(format!("({value} {}IN ({}))", not(list.negated), items.join(", ")))
    }

    fn cast(self, cast: &Cast, input: &DFSchema) -> Result<String> {
        let from = cast.expr.get_type(input)?;
        let value = self.expression(&cast.expr, input)?;
        let refused = || Refused::new(format!("cast from {from} to {}", cast.data_type));
        self.dialect.cast(&value, &from, &cast.data_type).ok_or_else(refused)
    }

    /// A call by its spelling.
    pub(super) fn spelled(
        self,
        spelling: &super::Spelling,
        arguments: &[Expr],
        input: &DFSchema,
        distinct: bool,
        filter: Option<&Expr>,
        over: &str,
    ) -> Result<String> {
        let texts = arguments.iter().map(|argument| self.expression(argument, input)).collect::<Result<Vec<_>>>()?;
        let filter = match filter {
            Some(condition) => format!(" FILTER (WHERE {})", self.expression(condition, input)?),
            None => String::new(),
        };
        let distinct = if distinct { "DISTINCT " } else { "" };
        let named = [("distinct", distinct), ("filter", filter.as_str()), ("over", over)];
        if let Some(narrow) = spelling.narrow.as_ref().filter(|_| self.may_raise()) {
            return Ok(filled(narrow, &texts, &named));
        }
        let parts: Vec<String> = spelling.parts.iter().map(|part| filled(part, &texts, &named)).collect();
        match &spelling.finish {
            Some(finish) => {
                let rows = self.rows_seen();
                // Over a window there is a result for each row.
                self.finished(finish, parts, if over.is_empty() { count::groups_of(rows) } else { rows })
            }
            None => Ok(parts.concat()),
        }
    }
}

fn is_plain_pattern(pattern: &Expr) -> bool {
    matches!(pattern, Expr::Literal(ScalarValue::Utf8(Some(text)), _) if !text.contains('\\'))
}

/// Type and nullability, without name and metadata.
fn bare(field: &Field) -> FieldRef {
    Arc::new(Field::new("", field.data_type().clone(), field.is_nullable()))
}

fn not(negated: bool) -> &'static str {
    if negated { "NOT " } else { "" }
}
