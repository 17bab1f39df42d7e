//! WHERE and `df.filter(…)`.

use floe_base::Result;
use floe_syntax::{Expression, Relation};

use super::select::Reached;
use super::time_window;
use crate::expression::{Clause, Names};
use crate::resolver::{Env, Resolver};
use crate::rows::Rows;

impl Resolver<'_> {
    pub(crate) fn filter<'t>(&self, input: &'t Relation, condition: &'t Expression, env: &Env<'t>) -> Result<Rows> {
        let rows = self.relation(input, env)?;
        self.filtered(rows, condition, env, Clause::Where)
    }

    /// The rows for which a condition is true.
    pub(crate) fn filtered(&self, rows: Rows, condition: &Expression, env: &Env<'_>, clause: Clause) -> Result<Rows> {
        let reached = Reached::default();
        let scope = rows.scope.clone();
        let names = Names { reached: Some(&reached), ..Names::new(&scope, env, clause) };
        let calls = time_window::calls([condition], None);
        let (rows, window) = self.with_time_window(rows, &calls, &names)?;
        let rows = self.with_sessions(rows, window.as_ref(), None)?;
        let value = self.condition(condition, &Names { time_window: window.as_ref(), ..names }, "WHERE")?;
        self.filtered_by(rows.reach(&reached.take())?.with_scope(scope), value.expr)
    }
}
