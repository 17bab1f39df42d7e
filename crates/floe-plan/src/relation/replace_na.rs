//! `df.na.replace(…)`: values for values.

use arrow::datatypes::DataType;
use floe_base::{Origin, Result};
use floe_functions::cast::cast;
use floe_functions::condition;
use floe_syntax::expression::CastMode;
use floe_syntax::{Literal, Relation};

use crate::expression::literal;
use crate::resolver::{Env, Resolver};
use crate::rows::{Output, Rows};
use crate::scope::Column;

impl Resolver<'_> {
    pub(crate) fn replace_na<'t>(
        &self,
        input: &'t Relation,
        columns: &[String],
        replacements: &[(Literal, Literal)],
        env: &Env<'t>,
        origin: &Origin,
    ) -> Result<Rows> {
        let rows = self.relation(input, env)?;
        let chosen: Vec<_> = self.named_columns(&rows, columns, origin)?.into_iter().map(|column| column.id).collect();
        let kind = replacements.iter().map(|(from, _)| from).find(|from| !matches!(from, Literal::Null(_)));
        let mut outputs = Vec::new();
        for column in rows.scope.shown() {
            let is_meant = chosen.contains(&column.id) && fits(column.field.data_type(), kind);
            outputs.push(if is_meant { self.replaced(column, replacements, origin)? } else { Output::pass(column) });
        }
        rows.project(outputs)
    }

    fn replaced(&self, column: &Column, replacements: &[(Literal, Literal)], origin: &Origin) -> Result<Output> {
        let to = column.field.data_type();
        let of = |value: &Literal| cast(literal::literal(value, origin)?, to, CastMode::Session, self.context, origin);
        let mut branches = Vec::with_capacity(replacements.len());
        for (from, value) in replacements {
            // The value looked for stays what it is: a number is a double to Spark, which no other type's value need equal.
            let from = literal::literal(from, origin)?;
            let from = match from.data_type.is_numeric() {
                true => cast(from, &DataType::Float64, CastMode::Session, self.context, origin)?,
                false => from,
            };
            let equal = self.apply("=", vec![column.typed(), from], "replace", origin)?;
            branches.push((equal, of(value)?));
        }
        let value = condition::choose(branches, Some(column.typed()));
        let column = self.column(column.name(), &value);
        Ok(Output { value, column })
    }
}

/// Numbers replace numbers, texts texts, booleans booleans.
fn fits(data_type: &DataType, kind: Option<&Literal>) -> bool {
    match kind {
        Some(Literal::String(_)) => matches!(data_type, DataType::Utf8),
        Some(Literal::Boolean(_)) => matches!(data_type, DataType::Boolean),
        Some(_) => data_type.is_numeric(),
        None => true,
    }
}
