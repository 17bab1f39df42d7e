//! `df.drop(…)`: columns left out; what is not there is passed over.

use std::collections::HashSet;

use floe_base::Result;
use floe_syntax::{Expression, Relation};

use crate::expression::{Clause, Names};
use crate::resolver::{Env, Resolver};
use crate::rows::{Output, Rows};
use crate::scope::{Id, referenced};

impl Resolver<'_> {
    pub(crate) fn drop<'t>(
        &self,
        input: &'t Relation,
        columns: &'t [Expression],
        names: &[String],
        env: &Env<'t>,
    ) -> Result<Rows> {
        let rows = self.relation(input, env)?;
        let scope = rows.scope.clone();
        let over = Names::new(&scope, env, Clause::Other);
        let mut dropped: HashSet<Id> = HashSet::new();
        for column in columns {
            match self.expression(column, &over) {
                Ok(value) => dropped.extend(referenced(&value.expr)),
                Err(error) if is_absent(error.condition()) => {}
                Err(error) => return Err(error),
            }
        }
        let by_name = |name: &str| names.iter().any(|dropped| self.same_name(dropped, name));
        let kept = scope
            .shown()
            .filter(|column| !dropped.contains(&column.id) && !by_name(column.name()))
            .map(Output::pass)
            .collect();
        rows.project(kept)
    }
}

fn is_absent(condition: &str) -> bool {
    condition.starts_with("UNRESOLVED_COLUMN") || condition == "CANNOT_RESOLVE_DATAFRAME_COLUMN"
}
