//! `df.withColumns(…)`: columns replaced where the name is known, added where it is new.

use floe_base::error::quoted;
use floe_base::{Error, Origin, Result};
use floe_syntax::{Expression, Relation};

use super::time_window;
use crate::expression::aggregate::Collector;
use crate::expression::{Clause, Names};
use crate::resolver::{Env, Resolver};
use crate::rows::{Output, Rows};
use crate::scope::Column;

impl Resolver<'_> {
    pub(crate) fn with_columns<'t>(
        &self,
        input: &'t Relation,
        columns: &'t [(String, Expression, Option<String>)],
        env: &Env<'t>,
        origin: &Origin,
    ) -> Result<Rows> {
        let rows = self.relation(input, env)?;
        let scope = rows.scope.clone();
        let collector = Collector::default();
        let names = Names::new(&scope, env, Clause::Select).collecting(&collector);
        let calls = time_window::calls(columns.iter().map(|(_, value, _)| value), None);
        let (rows, window) = self.with_time_window(rows, &calls, &names)?;
        let rows = self.with_sessions(rows, window.as_ref(), None)?.with_scope(scope.clone());
        let names = Names { time_window: window.as_ref(), ..names };
        let mut computed: Vec<Output> = Vec::with_capacity(columns.len());
        for (name, value, metadata) in columns {
            if computed.iter().any(|known| self.same_name(known.column.name(), name)) {
                return Err(Error::analysis("COLUMN_ALREADY_EXISTS")
                    .with("columnName", quoted(&[name.to_lowercase()]))
                    .at(origin));
            }
            computed.push(self.alias_of(value, name, metadata.as_deref(), &names)?);
        }
        let replacing = |column: &Column| {
            computed.iter().find(|output| self.same_name(output.column.name(), column.name())).cloned()
        };
        let mut outputs: Vec<Output> =
            scope.shown().map(|column| replacing(column).unwrap_or_else(|| Output::pass(column))).collect();
        for output in &computed {
            if !outputs.iter().any(|known| known.column.id == output.column.id) {
                outputs.push(output.clone());
            }
        }
        self.computed(rows, outputs, &collector)
    }

    /// A value under a name, as `expr.alias(name, metadata=…)` makes it.
    pub(crate) fn alias_of(
        &self,
        value: &Expression,
        name: &str,
        metadata: Option<&str>,
        names: &Names<'_>,
    ) -> Result<Output> {
        let aliased = Expression::new(
            floe_syntax::ExpressionKind::Alias {
                child: Box::new(value.clone()),
                names: vec![name.to_string()],
                metadata: metadata.map(String::from),
            },
            value.origin.clone(),
        );
        let mut outputs = self.outputs(std::slice::from_ref(&aliased), names)?;
        match (outputs.pop(), outputs.is_empty()) {
            (Some(output), true) => Ok(output),
            _ => Err(Error::unsupported("an expression of several columns here").at(&value.origin)),
        }
    }
}
