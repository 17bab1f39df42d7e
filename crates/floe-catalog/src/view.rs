//! A view: a query under a name.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use arrow::datatypes::SchemaRef;
use floe_syntax::{Message, Relation};

use crate::ObjectName;

/// A view as one statement sees it.
#[derive(Clone, Debug)]
pub struct View {
    /// Session-local temp views have an empty catalog and namespace.
    pub name: ObjectName,
    pub body: ViewBody,
    /// Names and comments of the output columns, where the view's own list gives them.
    pub columns: Vec<(String, Option<String>)>,
    /// The columns as they were when the view was made; a query whose columns no longer fit is refused as in Spark.
    pub schema: Option<SchemaRef>,
    pub is_temporary: bool,
    pub comment: Option<String>,
    pub properties: Vec<(String, String)>,
    /// What the catalog itself says of it, which nobody sets: `format-version`, `location`, `provider`.
    pub reserved: Vec<(String, String)>,
    /// How a client made it, for a backend that makes it again; `None` when no message did.
    pub made: Option<Arc<Made>>,
}

/// A client's message that made something, and the settings it was made under.
#[derive(Debug)]
pub struct Made {
    /// Another one for each thing made: two of one name are told apart by it.
    pub version: u64,
    pub message: Arc<Message>,
    pub conf: BTreeMap<String, String>,
}

impl Made {
    pub fn new(message: Arc<Message>, conf: BTreeMap<String, String>) -> Arc<Self> {
        Arc::new(Self { version: Self::next_version(), message, conf })
    }

    /// A version that nothing has yet.
    pub fn next_version() -> u64 {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        NEXT.fetch_add(1, Ordering::Relaxed)
    }
}

/// Temp views by name in lower case.
pub type TempViews = Arc<BTreeMap<String, Arc<View>>>;

#[derive(Clone, Debug)]
pub enum ViewBody {
    /// SQL text, read under the catalog and namespace that were current when it was written.
    Text { sql: String, catalog: String, namespace: Vec<String> },
    /// A frame's relation, kept as it was sent, with where it was made and the temp views it used, by name in lower case:
    /// views that take their names later change nothing in it.
    Frame { relation: Arc<Relation>, catalog: String, namespace: Vec<String>, views: TempViews },
    /// Made by a backend that takes clients' messages, from code only it can run; only it can read the view.
    Elsewhere,
}
