//! What the resolver asks of a session.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use arrow::array::RecordBatch;
use async_trait::async_trait;
use datafusion::scalar::ScalarValue;
use floe_base::Result;
use floe_catalog::catalog::Version;
use floe_catalog::view::TempViews;
use floe_catalog::{Found, FoundFunction, Table};
use floe_functions::Context;
use floe_syntax::relation::Files;

use crate::Planned;

/// What `DECLARE VARIABLE` made, by name in lower case.
pub type Variables = Arc<BTreeMap<String, ScalarValue>>;

/// Where the text of a view stands.
#[derive(Clone, Debug)]
pub struct Under {
    /// The catalog and namespace that were current when it was written.
    pub catalog: String,
    pub namespace: Vec<String>,
    pub temporary: Temporary,
}

/// Which temp views a name may mean.
#[derive(Clone)]
pub enum Temporary {
    /// The session's, as they are now: the text of a temp view.
    Session,
    /// None: the text of a stored view, in which a temp view that is named like a table of its changes nothing.
    Never,
    /// Those a frame was made with.
    Kept(TempViews),
}

/// Part of the key that loaded names are kept under.
impl fmt::Debug for Temporary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Session => f.write_str("session"),
            Self::Never => f.write_str("never"),
            Self::Kept(views) => write!(f, "kept at {:p}", Arc::as_ptr(views)),
        }
    }
}

impl Under {
    pub fn place(&self) -> (&str, &[String]) {
        (&self.catalog, &self.namespace)
    }
}

/// A session as lowering sees it. Asked only while names are collected; lowering itself waits for nothing.
#[async_trait]
pub trait Lookup: Send + Sync {
    /// ANSI, zone, current catalog and schema, the statement's time.
    fn context(&self) -> &Context;

    /// The table or view of a name as written (temp views first, then the current catalog and schema, then catalogs by
    /// name), under another current catalog and namespace inside a view's text (`under`).
    async fn find(
        &self,
        name: &[String],
        version: Option<&Version>,
        options: &[(String, String)],
        under: Option<&Under>,
    ) -> Result<Option<Found>>;

    /// The function of a user's of a name as written: the session's own first, then the current catalog and schema's.
    async fn function(&self, _name: &[String], _under: Option<&Under>) -> Result<Option<FoundFunction>> {
        Ok(None)
    }

    /// The session's variables, by name in lower case.
    fn variables(&self) -> Variables {
        Variables::default()
    }

    /// Files by path.
    async fn files(&self, files: &Files) -> Result<Table>;

    /// A frame kept by `localCheckpoint`.
    fn cached(&self, relation_id: &str) -> Result<Table>;

    /// Rows of a small query that decides the shape of a larger one: the values of a pivot, a crosstab's columns.
    async fn collect(&self, planned: Planned) -> Result<Vec<RecordBatch>>;
}
