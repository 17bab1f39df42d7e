//! `LATERAL VIEW [OUTER] explode(a) t AS x`: every row beside what it generates.

use floe_base::Result;
use floe_syntax::{Expression, Relation};

use crate::expression::generator::{Generated, spread};
use crate::expression::{Clause, Names};
use crate::resolver::{Env, Resolver};
use crate::rows::Rows;
use crate::scope::Scope;

impl Resolver<'_> {
    pub(crate) fn lateral_view<'t>(
        &self,
        input: &'t Relation,
        generator: &'t Expression,
        outer: bool,
        table: Option<&str>,
        columns: &[String],
        env: &Env<'t>,
    ) -> Result<Rows> {
        let rows = self.relation(input, env)?;
        self.generated(rows, generator, outer, table, columns, env)
    }

    /// Rows with a generator's columns after their own.
    pub(crate) fn generated(
        &self,
        rows: Rows,
        generator: &Expression,
        outer: bool,
        table: Option<&str>,
        aliases: &[String],
        env: &Env<'_>,
    ) -> Result<Rows> {
        let scope = rows.scope.clone();
        let names = Names::new(&scope, env, Clause::Select);
        let (value, fields, by_name) = self.generator(generator, &names)?;
        let outer = outer || by_name;
        let id = self.fresh();
        let members = self.generated_members(id, &fields, outer, aliases, &generator.origin)?;
        let rows = spread(rows, Generated { value, id, outer })?;
        let qualifier: std::sync::Arc<[String]> = table.map(String::from).into_iter().collect();
        let mut columns = scope.columns.clone();
        let mut added = Vec::with_capacity(members.len());
        for (value, column) in members {
            added.push((value.expr, column.id));
            columns.push(column.with_qualifier(qualifier.clone()));
        }
        Ok(rows.extend(added)?.with_scope(Scope::new(columns)))
    }
}
