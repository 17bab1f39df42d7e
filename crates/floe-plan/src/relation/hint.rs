//! `df.hint(name, …)`: kept for whoever decides where the query runs; rows are the same.

use floe_base::Result;
use floe_syntax::relation::Hint;
use floe_syntax::{Expression, Relation};

use crate::resolver::{Env, Resolver};
use crate::rows::Rows;

impl Resolver<'_> {
    pub(crate) fn hint<'t>(
        &self,
        input: &'t Relation,
        name: &str,
        parameters: &[Expression],
        env: &Env<'t>,
    ) -> Result<Rows> {
        self.hints.borrow_mut().push(Hint { name: name.into(), parameters: parameters.to_vec() });
        self.relation(input, env)
    }
}
