//! How a call is written in the SQL of another engine: said where the call is bound, for only there it is known what the
//! types, the session and the constants among the arguments make of it.
//!
//! `{0}`, `{1}`, … stand for the arguments; aggregates also have `{distinct}`, `{filter}` and `{over}`
//! (`floe_sql::write::Spelling`). A spelling promises: the same value for every row for which Spark has one, and an error
//! wherever Spark raises. An error that Spark would not raise is allowed: who runs the plan then asks elsewhere.

use std::sync::Arc;

use arrow::datatypes::DataType;
use datafusion::logical_expr::{AggregateUDF, ScalarUDF};
use floe_base::id::BackendId;

use crate::Kernel;
use crate::family::aggregate::_aggregate::Aggregate;
use crate::family::aggregate::_gathered::{member, over_lists};

/// A call as a backend writes it. Where an aggregate's parts are not yet its result, `finish` takes them to it.
#[derive(Clone, Debug)]
pub struct Spelling {
    pub parts: Vec<String>,
    /// Another text that computes in fewer digits and raises where those are too few; for where raising costs little.
    pub narrow: Option<String>,
    pub finish: Option<Arc<ScalarUDF>>,
}

/// The spellings of one call.
pub(crate) type Spellings = Vec<(BackendId, Spelling)>;

impl Spelling {
    pub(crate) fn of(text: impl Into<String>) -> Self {
        Self { parts: vec![text.into()], narrow: None, finish: None }
    }
}

/// Whether 18 digits with so many of them behind the point leave a dozen before it: less is what real numbers outgrow.
pub fn is_narrow(scale: i8) -> bool {
    scale <= 6
}

/// How a backend writes a scalar function, where it has one that means the same.
pub fn of_scalar(function: &ScalarUDF, backend: BackendId) -> Option<Spelling> {
    let kernel = function.inner().as_any().downcast_ref::<Kernel>()?;
    find(kernel.spellings(), backend)
}

/// The same for an aggregate.
pub fn of_aggregate(function: &AggregateUDF, backend: BackendId) -> Option<Spelling> {
    let aggregate = function.inner().as_any().downcast_ref::<Aggregate>()?;
    find(aggregate.spellings(), backend)
}

/// How DuckDB writes an aggregate of ours that it has no word for: it gathers each group's rows in a list, from which the
/// result is computed here. Over the frames of a window that would be a list for every row; so there is no `{over}`.
pub fn gathered_in_duckdb(function: &AggregateUDF, arguments: &[DataType], distinct: bool) -> Option<Spelling> {
    let aggregate = function.inner().as_any().downcast_ref::<Aggregate>()?;
    let row = match arguments {
        [] => return None,
        [_] => "{0}".to_string(),
        several => {
            let members: Vec<String> = (0..several.len()).map(|at| format!("{} := {{{at}}}", member(at))).collect();
            format!("struct_pack({})", members.join(", "))
        }
    };
    let finish = Some(Arc::new(over_lists(aggregate, arguments, distinct)));
    Some(Spelling { finish, ..Spelling::of(format!("list({row}){{filter}}")) })
}

fn find(spellings: &Spellings, backend: BackendId) -> Option<Spelling> {
    spellings.iter().find(|(known, _)| *known == backend).map(|(_, spelling)| spelling.clone())
}
