//! Names of columns. In order: a lambda's variable, the scope, the second scope, an alias further left in the list, a
//! function without parentheses, what was left out below, the columns around a subquery, a parameter of the function whose
//! body it is (`routine.rs`), and a variable of the session.

use std::sync::Arc;

use datafusion::common::Column as EngineColumn;
use datafusion::logical_expr::Expr;
use floe_base::error::quoted;
use floe_base::{Error, Origin, Result};
use floe_functions::Typed;
use floe_syntax::expression::Attribute;

use super::Names;
use crate::problem;
use crate::resolver::{Outer, Resolver};
use crate::scope::{Column, Match, Scope, label};

/// Functions that may be written without parentheses (Spark 4.1 `LiteralFunctionResolution`).
const BARE_FUNCTIONS: [&str; 8] = [
    "current_date",
    "current_timestamp",
    "current_user",
    "user",
    "session_user",
    "localtimestamp",
    "current_time",
    "grouping__id",
];

impl Resolver<'_> {
    pub(crate) fn attribute(&self, attribute: &Attribute, names: &Names<'_>, origin: &Origin) -> Result<Typed> {
        if let Some(plan_id) = attribute.plan_id {
            return self.frame_column(attribute, plan_id, names, origin);
        }
        let parts = attribute.parts.as_slice();
        if let Some(found) = self.lambda_attribute(parts, names, origin)? {
            return Ok(found);
        }
        // ORDER BY t.a may find a column `t` that has no members: that decides nothing while there is where to look on.
        let looks_on = names.fallback.is_some() || names.reached.is_some();
        let mut not_a_member = None;
        for scope in names.in_order() {
            match self.in_scope(scope, parts, origin) {
                Ok(Some(found)) => return Ok(found),
                Ok(None) => {}
                Err(error) if looks_on && is_no_member(&error) => not_a_member = not_a_member.or(Some(error)),
                Err(error) => return Err(error),
            }
        }
        if let Some(found) = self.lateral(parts, names, origin)? {
            return Ok(found);
        }
        if let Some(found) = self.bare_function(parts, names, origin)? {
            return Ok(found);
        }
        if let Some(found) = self.below(parts, names, origin)? {
            return Ok(found);
        }
        if let Some(found) = self.outer(parts, names, origin)? {
            return Ok(found);
        }
        if let Some(found) = self.parameter(parts, names, origin)? {
            return Ok(found);
        }
        if let Some((_, value)) = self.snapshot.variable(parts) {
            return Ok(Typed::constant(value.clone()));
        }
        Err(not_a_member.unwrap_or_else(|| problem::unresolved_column(parts, names.scope, names.fallback, origin)))
    }

    fn in_scope(&self, scope: &Scope, parts: &[String], origin: &Origin) -> Result<Option<Typed>> {
        match scope.resolve(parts, self.case_sensitive) {
            Match::None => Ok(None),
            Match::One(column, used) => self.members(column.typed(), parts.get(used..).unwrap_or_default(), origin),
            Match::Many(found) => Err(problem::ambiguous(parts, &found, origin)),
        }
    }

    /// Members of a struct, one after the other.
    pub(crate) fn members(&self, column: Typed, fields: &[String], origin: &Origin) -> Result<Option<Typed>> {
        let mut value = column;
        for field in fields {
            value = self.member(value, field, origin)?;
        }
        Ok(Some(value))
    }

    fn lateral(&self, parts: &[String], names: &Names<'_>, origin: &Origin) -> Result<Option<Typed>> {
        let Some((laterals, [first, rest @ ..])) = names.laterals.map(|laterals| (laterals, parts)) else {
            return Ok(None);
        };
        let found: Vec<Typed> = {
            let known = laterals.borrow();
            known.iter().filter(|(alias, _)| self.same_name(alias, first)).map(|(_, value)| value.clone()).collect()
        };
        match found.as_slice() {
            [] => Ok(None),
            [one] => self.members(one.clone(), rest, origin),
            several => Err(Error::analysis("AMBIGUOUS_LATERAL_COLUMN_ALIAS")
                .with("name", quoted(parts))
                .with("n", several.len().to_string())
                .at(origin)),
        }
    }

    fn bare_function(&self, parts: &[String], names: &Names<'_>, origin: &Origin) -> Result<Option<Typed>> {
        let [name] = parts else { return Ok(None) };
        let name = name.to_lowercase();
        if !BARE_FUNCTIONS.contains(&name.as_str()) {
            return Ok(None);
        }
        let name = if name == "grouping__id" { "grouping_id".to_string() } else { name };
        let call = floe_syntax::Expression::call(&name, Vec::new(), origin.clone());
        self.expression(&call, names).map(Some)
    }

    /// What an operator below did not pass on: found there, and carried up by whoever asks.
    fn below(&self, parts: &[String], names: &Names<'_>, origin: &Origin) -> Result<Option<Typed>> {
        let Some(reached) = names.reached else { return Ok(None) };
        let mut next = names.scope.below.as_ref();
        while let Some(scope) = next {
            match scope.resolve(parts, self.case_sensitive) {
                Match::None => next = scope.below.as_ref(),
                Match::Many(found) => return Err(problem::ambiguous(parts, &found, origin)),
                Match::One(column, used) => {
                    reached.borrow_mut().push(column.id);
                    return self.members(column.typed(), parts.get(used..).unwrap_or_default(), origin);
                }
            }
        }
        Ok(None)
    }

    fn outer(&self, parts: &[String], names: &Names<'_>, origin: &Origin) -> Result<Option<Typed>> {
        let mut next = names.env.outer.clone();
        while let Some(outer) = next {
            match outer.scope.resolve(parts, self.case_sensitive) {
                Match::None => next = outer.parent.clone(),
                Match::Many(found) => return Err(problem::ambiguous(parts, &found, origin)),
                Match::One(column, used) => {
                    let value = outer_reference(&outer, column);
                    return self.members(value, parts.get(used..).unwrap_or_default(), origin);
                }
            }
        }
        Ok(None)
    }

    /// `df["a"]`: the column of that name in the frame with this plan id, if it still lives here.
    fn frame_column(&self, attribute: &Attribute, plan_id: i64, names: &Names<'_>, origin: &Origin) -> Result<Typed> {
        let parts = attribute.parts.as_slice();
        let mut known: Vec<(Column, usize)> = Vec::new();
        for scope in self.frame(plan_id) {
            match scope.resolve(parts, self.case_sensitive) {
                Match::One(column, used) if !known.iter().any(|(seen, _)| seen.id == column.id) => {
                    known.push((column.clone(), used));
                }
                Match::Many(found) => return Err(problem::ambiguous(parts, &found, origin)),
                Match::One(..) | Match::None => {}
            }
        }
        if known.is_empty() && self.frame(plan_id).is_empty() {
            return Err(problem::foreign_column(parts, origin));
        }
        if known.is_empty() {
            let offered = self.frame(plan_id).into_iter().next().unwrap_or_else(|| names.scope.clone());
            return Err(problem::unresolved_column(parts, &offered, None, origin));
        }
        for scope in std::iter::once(names.scope).chain(names.fallback) {
            let here: Vec<(&Column, usize)> =
                known.iter().filter_map(|(column, used)| Some((scope.by_id(column.id)?, *used))).collect();
            match here.as_slice() {
                [] => continue,
                [(column, used)] => {
                    let rest = parts.get(*used..).unwrap_or_default();
                    return self.members(column.typed(), rest, origin).and_then(required);
                }
                _ => return Err(problem::ambiguous_frame_column(parts, origin)),
            }
        }
        if let Some(found) = self.frame_column_below(parts, &known, names, origin)? {
            return Ok(found);
        }
        if let Some(found) = self.frame_column_outside(parts, &known, names, origin)? {
            return Ok(found);
        }
        Err(problem::foreign_column(parts, origin))
    }

    fn frame_column_below(
        &self,
        parts: &[String],
        known: &[(Column, usize)],
        names: &Names<'_>,
        origin: &Origin,
    ) -> Result<Option<Typed>> {
        let Some(reached) = names.reached else { return Ok(None) };
        let mut next = names.scope.below.as_ref();
        while let Some(scope) = next {
            let mut here = known.iter().filter_map(|(column, used)| Some((scope.by_id(column.id)?, *used)));
            if let Some((column, used)) = here.next() {
                reached.borrow_mut().push(column.id);
                return self.members(column.typed(), parts.get(used..).unwrap_or_default(), origin);
            }
            next = scope.below.as_ref();
        }
        Ok(None)
    }

    fn frame_column_outside(
        &self,
        parts: &[String],
        known: &[(Column, usize)],
        names: &Names<'_>,
        origin: &Origin,
    ) -> Result<Option<Typed>> {
        let mut next = names.env.outer.clone();
        while let Some(outer) = next {
            let mut here = known.iter().filter_map(|(column, used)| Some((outer.scope.by_id(column.id)?, *used)));
            if let Some((column, used)) = here.next() {
                let value = outer_reference(&outer, column);
                return self.members(value, parts.get(used..).unwrap_or_default(), origin);
            }
            next = outer.parent.clone();
        }
        Ok(None)
    }
}

/// The column was found but has no such member.
fn is_no_member(error: &Error) -> bool {
    matches!(error.condition(), "INVALID_EXTRACT_BASE_FIELD_TYPE" | "FIELD_NOT_FOUND")
}

fn required(found: Option<Typed>) -> Result<Typed> {
    found.ok_or_else(|| Error::internal("a column that was found is gone"))
}

/// A column of the query around, as a subquery refers to it.
fn outer_reference(outer: &Outer, column: &Column) -> Typed {
    outer.used.borrow_mut().push(column.clone());
    let field = Arc::new(arrow::datatypes::Field::new(
        label(column.id),
        column.field.data_type().clone(),
        column.field.is_nullable(),
    ));
    let mut value = column.typed();
    value.expr = Expr::OuterReferenceColumn(field, EngineColumn::new_unqualified(label(column.id)));
    value
}
