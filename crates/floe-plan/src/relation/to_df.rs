//! `df.toDF(names…)`: all columns renamed.

use floe_base::{Error, Kind, Origin, Result};
use floe_syntax::Relation;

use super::project::renamed_output;
use crate::resolver::{Env, Resolver};
use crate::rows::{Output, Rows};
use crate::scope::Column;

impl Resolver<'_> {
    pub(crate) fn to_df<'t>(
        &self,
        input: &'t Relation,
        names: &[String],
        env: &Env<'t>,
        origin: &Origin,
    ) -> Result<Rows> {
        let rows = self.relation(input, env)?;
        let columns: Vec<Column> = rows.scope.shown().cloned().collect();
        if columns.len() != names.len() {
            let known: Vec<&str> = columns.iter().map(Column::name).collect();
            return Err(Error::message(
                Kind::IllegalArgument,
                format!(
                    "requirement failed: The number of columns doesn't match.\nOld column names ({}): {}\nNew column names ({}): {}",
                    known.len(),
                    known.join(", "),
                    names.len(),
                    names.join(", ")
                ),
            )
            .at(origin));
        }
        let outputs: Vec<Output> =
            columns.iter().zip(names).map(|(column, name)| renamed_output(column, name, self)).collect();
        rows.project(outputs)
    }
}
