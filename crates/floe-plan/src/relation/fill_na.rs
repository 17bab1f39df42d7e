//! `df.na.fill(…)`: a value for NULL, and for NaN.

use arrow::datatypes::DataType;
use floe_base::{Error, Origin, Result};
use floe_functions::cast::cast;
use floe_functions::{Typed, condition};
use floe_syntax::expression::CastMode;
use floe_syntax::{Literal, Relation};

use crate::expression::literal;
use crate::resolver::{Env, Resolver};
use crate::rows::{Output, Rows};
use crate::scope::Column;

impl Resolver<'_> {
    pub(crate) fn fill_na<'t>(
        &self,
        input: &'t Relation,
        columns: &[String],
        values: &[Literal],
        env: &Env<'t>,
        origin: &Origin,
    ) -> Result<Rows> {
        let rows = self.relation(input, env)?;
        self.named_columns(&rows, columns, origin)?;
        let mut outputs = Vec::new();
        for column in rows.scope.shown() {
            let position = columns.iter().position(|name| self.same_name(name, column.name()));
            let value = match (values, position) {
                ([one], Some(_)) => fits(column, one).then_some(one),
                ([one], None) if columns.is_empty() => fits(column, one).then_some(one),
                (several, Some(position)) => several.get(position),
                _ => None,
            };
            outputs.push(match value {
                Some(value) => self.filled(column, value, origin)?,
                None => Output::pass(column),
            });
        }
        rows.project(outputs)
    }

    /// The columns of these names, which must be there; all of them for no names.
    pub(crate) fn named_columns(&self, rows: &Rows, names: &[String], origin: &Origin) -> Result<Vec<Column>> {
        if names.is_empty() {
            return Ok(rows.scope.shown().cloned().collect());
        }
        let mut columns = Vec::with_capacity(names.len());
        for name in names {
            let parts = crate::expression::constant::parts_of(name).unwrap_or_else(|_| vec![name.clone()]);
            match rows.scope.resolve(&parts, self.case_sensitive) {
                crate::scope::Match::One(column, used) if used == parts.len() => columns.push(column.clone()),
                crate::scope::Match::Many(found) => return Err(crate::problem::ambiguous(&parts, &found, origin)),
                _ => match rows.scope.find(name, self.case_sensitive).as_slice() {
                    [one] => columns.push((*one).clone()),
                    _ => return Err(crate::problem::unresolved_column(&parts, &rows.scope, None, origin)),
                },
            }
        }
        Ok(columns)
    }

    fn filled(&self, column: &Column, value: &Literal, origin: &Origin) -> Result<Output> {
        let data_type = column.field.data_type();
        let value = cast(literal::literal(value, origin)?, data_type, CastMode::Session, self.context, origin)?;
        let own = column.typed();
        let own = match data_type {
            DataType::Float32 | DataType::Float64 => {
                let is_nan = self.apply("isnan", vec![own.clone()], "isnan", origin)?;
                condition::choose(vec![(condition::not(is_nan), own)], Some(Typed::null(data_type)))
            }
            _ => own,
        };
        let value = condition::coalesce(vec![own, value]);
        let made = self.column(column.name(), &value);
        if value.data_type != *data_type {
            return Err(Error::internal("a filled column has another type"));
        }
        Ok(Output { value, column: made })
    }
}

/// One value fills the columns of its own kind only.
fn fits(column: &Column, value: &Literal) -> bool {
    match value {
        Literal::String(_) => matches!(column.field.data_type(), DataType::Utf8),
        Literal::Boolean(_) => matches!(column.field.data_type(), DataType::Boolean),
        _ => column.field.data_type().is_numeric(),
    }
}
