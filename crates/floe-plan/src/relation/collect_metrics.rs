//! `df.observe(name, …)`: metrics over a relation, collected beside the query.

use floe_base::Result;
use floe_syntax::relation::GroupBy;
use floe_syntax::{Expression, Relation};

use super::select::{Shape, Tail};
use crate::expression::{Clause, Names};
use crate::planned::Observation;
use crate::resolver::{Env, Resolver};
use crate::rows::Rows;

impl Resolver<'_> {
    pub(crate) fn collect_metrics<'t>(
        &self,
        input: &'t Relation,
        name: &str,
        metrics: &'t [Expression],
        plan_id: Option<i64>,
        env: &Env<'t>,
    ) -> Result<Rows> {
        // The metrics are a query of their own over the same relation, with ids of its own.
        let observed = self.relation(input, env)?;
        let scope = observed.scope.clone();
        let names = Names::new(&scope, env, Clause::Select);
        let all = GroupBy::Elements(Vec::new());
        let shape = Shape { group_by: Some(&all), ..Shape::default() };
        let metrics = self.selected(observed, metrics, &names, &shape, &Tail::default())?;
        let metrics = Box::new(crate::lower::planned_within(metrics, self)?);
        let rows = self.relation(input, env)?;
        self.observations.borrow_mut().push(Observation { name: name.into(), plan_id, metrics });
        Ok(rows)
    }
}
