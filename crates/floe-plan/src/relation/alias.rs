//! `AS t(a, b)`: columns under another qualifier, perhaps under other names.

use std::sync::Arc;

use floe_base::{Error, Origin, Result};
use floe_syntax::{Relation, RelationKind};

use crate::resolver::{Env, Resolver};
use crate::rows::{Output, Rows};
use crate::scope::{Column, Scope, Visibility};

impl Resolver<'_> {
    pub(crate) fn alias<'t>(
        &self,
        input: &'t Relation,
        name: &[String],
        columns: &[String],
        env: &Env<'t>,
        origin: &Origin,
    ) -> Result<Rows> {
        let rows = self.relation(input, env)?;
        let width = rows.scope.shown().count();
        if matches!(input.kind.as_ref(), RelationKind::Values { .. }) && !columns.is_empty() && columns.len() != width {
            return Err(Error::analysis("INVALID_INLINE_TABLE.NUM_COLUMNS_MISMATCH")
                .with("expectedNumCols", columns.len().to_string())
                .with("actualNumCols", width.to_string())
                .with("rowIndex", "0")
                .at(&input.origin));
        }
        self.renamed(rows, columns, Some(name), origin)
    }

    /// The shown columns under these names (none: as they are) and this qualifier; nothing is reachable below.
    pub(crate) fn renamed(
        &self,
        rows: Rows,
        names: &[String],
        qualifier: Option<&[String]>,
        origin: &Origin,
    ) -> Result<Rows> {
        let keeps_metadata = |column: &&Column| column.visibility != Visibility::Qualified;
        let qualifier: Option<Arc<[String]>> = qualifier.map(Arc::from);
        let qualified = |column: &Column| match &qualifier {
            Some(qualifier) => column.clone().with_qualifier(qualifier.clone()),
            None => column.clone(),
        };
        if names.is_empty() {
            let columns = rows.scope.columns.iter().filter(keeps_metadata).map(qualified).collect();
            return Ok(rows.with_scope(Scope::new(columns)));
        }
        let shown: Vec<Column> = rows.scope.shown().cloned().collect();
        if shown.len() != names.len() {
            return Err(Error::analysis("ASSIGNMENT_ARITY_MISMATCH")
                .with("numExpr", names.len().to_string())
                .with("numTarget", shown.len().to_string())
                .at(origin));
        }
        // A renamed column is a new column, as in Spark: frames below do not find theirs any more.
        let outputs = shown
            .iter()
            .zip(names)
            .map(|(column, name)| {
                let mut output = Output::pass(column);
                output.column = qualified(&column.clone().with_name(name));
                output.column.id = self.fresh();
                output
            })
            .collect();
        rows.project_closed(outputs)
    }
}
