//! LIMIT and OFFSET: constants, evaluated here.

use arrow::datatypes::DataType;
use datafusion::scalar::ScalarValue;
use floe_base::{Error, Result};
use floe_functions::Typed;
use floe_functions::cast::cast;
use floe_syntax::expression::CastMode;
use floe_syntax::{Expression, Relation};

use crate::expression::constant::fold;
use crate::resolver::{Env, Resolver};
use crate::rows::Rows;

impl Resolver<'_> {
    pub(crate) fn limit<'t>(&self, input: &'t Relation, limit: &'t Expression, env: &Env<'t>) -> Result<Rows> {
        let rows = self.relation(input, env)?;
        let fetch = self.row_count(limit, "limit", env)?;
        Ok(rows.limit(None, Some(fetch)))
    }

    pub(crate) fn offset<'t>(&self, input: &'t Relation, offset: &'t Expression, env: &Env<'t>) -> Result<Rows> {
        let rows = self.relation(input, env)?;
        let skip = self.row_count(offset, "offset", env)?;
        Ok(rows.limit(Some(skip), None))
    }

    /// A number of rows: constant, whole, not negative (Spark 4.1 `INVALID_LIMIT_LIKE_EXPRESSION`).
    pub(crate) fn row_count(&self, expression: &Expression, clause: &str, env: &Env<'_>) -> Result<i64> {
        let shown = || format!("\"{}\"", crate::name::pretty(expression, &crate::name::Nowhere));
        let refused = |sub: &str| {
            Error::analysis(format!("INVALID_LIMIT_LIKE_EXPRESSION.{sub}"))
                .with("name", clause)
                .with("expr", shown())
                .at(&expression.origin)
        };
        let value = self.constant(expression, env).map_err(|error| {
            let is_column = error.condition().starts_with("UNRESOLVED_COLUMN");
            if is_column { refused("IS_UNFOLDABLE") } else { error }
        })?;
        if value.expr.any_column_refs() || value.expr.is_volatile() || value.expr.contains_outer() {
            return Err(refused("IS_UNFOLDABLE"));
        }
        if !value.data_type.is_integer() && value.data_type != DataType::Null {
            return Err(refused("DATA_TYPE").with("dataType", format!("\"{}\"", value.spark_type().sql())));
        }
        let number = Typed::constant(fold(&value)?);
        if number.literal().is_some_and(ScalarValue::is_null) {
            return Err(refused("IS_NULL"));
        }
        let number = cast(number, &DataType::Int64, CastMode::Session, self.context, &expression.origin)?;
        match fold(&number)? {
            ScalarValue::Int64(Some(count)) if count >= 0 => Ok(count),
            ScalarValue::Int64(Some(count)) => Err(refused("IS_NEGATIVE").with("v", count.to_string())),
            _ => Err(refused("IS_NULL")),
        }
    }
}
