//! `df.withColumnsRenamed({…})`: one rename after the other; a name that is not there is passed over.

use floe_base::Result;
use floe_syntax::Relation;

use super::project::renamed_output;
use crate::resolver::{Env, Resolver};
use crate::rows::{Output, Rows};

impl Resolver<'_> {
    pub(crate) fn with_columns_renamed<'t>(
        &self,
        input: &'t Relation,
        renames: &[(String, String)],
        env: &Env<'t>,
    ) -> Result<Rows> {
        let rows = self.relation(input, env)?;
        let outputs = rows
            .scope
            .shown()
            .map(|column| {
                let mut name = column.name().to_string();
                for (from, to) in renames {
                    if self.same_name(&name, from) {
                        name.clone_from(to);
                    }
                }
                let is_renamed = renames.iter().any(|(from, _)| self.same_name(column.name(), from));
                if is_renamed { renamed_output(column, &name, self) } else { Output::pass(column) }
            })
            .collect();
        rows.project(outputs)
    }
}
