//! Generators: `explode(a)` makes several rows of one. The expression is an array of structs, one struct a row.

use std::sync::Arc;

use arrow::datatypes::{DataType, Fields};
use datafusion::common::{Column as EngineColumn, UnnestOptions};
use datafusion::logical_expr::{LogicalPlan, Unnest};
use floe_base::{Error, Origin, Result};
use floe_functions::{FunctionKind, Typed};
use floe_syntax::expression::{Call, Expression, ExpressionKind};

use super::Names;
use super::call::function_name;
use super::field::get_field_here;
use crate::resolver::Resolver;
use crate::rows::{Rows, field_of};
use crate::scope::{Column, Id, label};

/// A generator taken out of a SELECT list.
pub(crate) struct Generated {
    /// The array of structs.
    pub(crate) value: Typed,
    /// The column of structs once the array is spread out.
    pub(crate) id: Id,
    pub(crate) outer: bool,
}

/// The generator a call is, and whether it keeps rows that generate nothing (`explode_outer`).
pub(crate) fn is_generator(expression: &Expression) -> Option<&Call> {
    let ExpressionKind::Call(call) = &expression.kind else { return None };
    let function = floe_functions::find(&function_name(call))?;
    (function.kind == FunctionKind::Generator).then_some(call)
}

impl Resolver<'_> {
    /// Binds a generator: the array, and the members of a row it yields.
    pub(crate) fn generator(&self, expression: &Expression, names: &Names<'_>) -> Result<(Typed, Fields, bool)> {
        let Some(call) = is_generator(expression) else {
            return Err(self.not_a_generator(expression, names));
        };
        let bound = self.bind(expression, call, names)?;
        let fields = match &bound.value.data_type {
            DataType::List(element) => match element.data_type() {
                DataType::Struct(fields) => fields.clone(),
                _ => return Err(Error::internal("a generator yields no structs")),
            },
            _ => return Err(Error::internal("a generator yields no array")),
        };
        Ok((bound.value, fields, function_name(call).ends_with("_outer")))
    }

    fn not_a_generator(&self, expression: &Expression, names: &Names<'_>) -> Error {
        Error::analysis("UNSUPPORTED_GENERATOR.NOT_GENERATOR")
            .with("functionName", "`lateral view`")
            .with("classCanonicalName", self.text(expression, names))
            .at(&expression.origin)
    }

    /// The members of a generated row as values over its column of structs.
    pub(crate) fn generated_members(
        &self,
        id: Id,
        fields: &Fields,
        outer: bool,
        aliases: &[String],
        origin: &Origin,
    ) -> Result<Vec<(Typed, Column)>> {
        if !aliases.is_empty() && aliases.len() != fields.len() {
            return Err(Error::analysis("UDTF_ALIAS_NUMBER_MISMATCH")
                .with("aliasesSize", fields.len().to_string())
                .with("aliasesNames", aliases.join(", "))
                .at(origin));
        }
        let row = Column::new(id, arrow::datatypes::Field::new(label(id), DataType::Struct(fields.clone()), outer));
        fields
            .iter()
            .enumerate()
            .map(|(index, field)| {
                let value = get_field_here(row.typed(), fields, index)?;
                let name = aliases.get(index).unwrap_or(field.name());
                let column = Column::new(self.fresh(), field_of(name, &value));
                Ok((value, column))
            })
            .collect()
    }
}

/// Spreads an array of structs over rows.
pub(crate) fn spread(rows: Rows, generated: Generated) -> Result<Rows> {
    let Generated { value, id, outer } = generated;
    let value = if outer { floe_functions::outer(value) } else { value };
    let rows = rows.extend(vec![(value.expr, id)])?;
    let options = UnnestOptions::new().with_preserve_nulls(outer);
    let column = EngineColumn::new_unqualified(label(id));
    let plan = LogicalPlan::Unnest(Unnest::try_new(Arc::new(rows.plan), vec![column], options)?);
    Ok(Rows { plan, scope: rows.scope })
}
