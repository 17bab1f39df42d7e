//! A resolved plan as the SQL of another engine: derived tables, every column under its opaque id.
//!
//! Each output column that is computed is written `CAST(expr AS type) AS "c12"`, so that the other engine has no say in
//! types. Operators that fit into one SELECT become one
//! (`block.rs`); the engine's optimiser flattens the rest. What an engine writes differently is asked of its [`Dialect`].
//! Whatever is not known to mean the same there makes the plan [`Refused`], by name: nothing is written by guess.
//!
//! `relation/` has one file per operator, `expression/` one per kind of expression. What a function means is not known
//! here: its spelling comes from the dialect, which finds it beside the function.

mod block;
mod column;
mod connected;
mod correlated;
mod count;
mod dialect;
mod expression;
mod needed;
mod output;
mod refused;
mod relation;
mod shared;

use datafusion::logical_expr::{Aggregate, LogicalPlan};

pub use column::name as column_name;
pub use dialect::{Argument, Dialect, Foreign, Spelling};
pub use needed::Needed;
use output::Output;
pub use refused::Refused;
use shared::Shared;

type Result<T, E = Refused> = std::result::Result<T, E>;

/// The plan as one query. Its columns come in the plan's order; a plan without columns gives one that means nothing.
///
/// ```ignore
/// let sql = floe_sql::write::query(&planned.plan, &dialect)?;
/// ```
pub fn query(plan: &LogicalPlan, dialect: &dyn Dialect) -> Result<String> {
    let shared = Shared::of(plan, dialect);
    let needed = Needed::with(plan, shared.columns());
    let output = Output::Streams;
    let writer = Writer { dialect, needed: &needed, shared: &shared, output, operator: None, within: None };
    let everywhere = Writer { output: Output::anywhere_in(plan), ..writer };
    let parts = shared.parts.iter().map(|part| everywhere.part(part)).collect::<Result<Vec<_>>>()?;
    let text = writer.relation(plan)?;
    Ok(if parts.is_empty() { text } else { format!("WITH {} {text}", parts.join(", ")) })
}

/// One plan on its way to text.
#[derive(Clone, Copy)]
struct Writer<'a> {
    dialect: &'a dyn Dialect,
    /// Columns that nobody looks at are not written.
    needed: &'a Needed,
    /// What is there more than once is written once, and read by its name.
    shared: &'a Shared<'a>,
    output: Output,
    /// The operator whose expressions are written.
    operator: Option<&'a LogicalPlan>,
    /// Groups that are computed for one row of another side: the condition on their input.
    within: Option<(&'a Aggregate, &'a str)>,
}

impl Writer<'_> {
    /// Few digits will do, and narrow guards: what raises is asked elsewhere, for no row is out yet.
    fn may_raise(self) -> bool {
        self.output == Output::Waits
    }

    /// For what stands below an operator that sees all rows before it gives one.
    fn gathered(self) -> Self {
        Self { output: self.output.gathered(), ..self }
    }

    /// About how many rows the expressions at hand are computed for.
    fn rows_seen(self) -> u64 {
        self.operator.map_or(1, |operator| count::seen_by(operator, self.dialect))
    }
}
