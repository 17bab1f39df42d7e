//! The trait every catalog stands behind.

use std::collections::BTreeMap;
use std::fmt::Debug;

use arrow::datatypes::SchemaRef;
use async_trait::async_trait;
use datafusion::execution::SendableRecordBatchStream;
use floe_base::error::quoted;
use floe_base::{Error, Result};

use crate::files::registered::Registered;
use crate::function::UserFunction;
use crate::{Table, View};

/// What a name turned out to be.
#[derive(Clone, Debug)]
pub enum Found {
    Table(Box<Table>),
    View(Box<View>),
}

/// A time a table is read at; texts and expressions are evaluated by then.
#[derive(Clone, Debug, PartialEq)]
pub enum Version {
    /// A snapshot id, or the name of a branch or tag.
    Reference(String),
    /// Microseconds since 1970-01-01T00:00:00Z.
    Timestamp(i64),
}

/// A namespace and what is told of it.
#[derive(Clone, Debug, Default)]
pub struct Namespace {
    pub name: Vec<String>,
    pub comment: Option<String>,
    pub location: Option<String>,
    pub properties: Vec<(String, String)>,
}

/// What a listing says of a table or view.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    pub namespace: Vec<String>,
    pub name: String,
    pub is_view: bool,
}

/// Names to tables and views, and the changes that touch names only. Writing rows is not a catalog's business.
#[async_trait]
pub trait Catalog: Send + Sync + Debug {
    fn name(&self) -> &str;

    /// The namespace a session starts in here; none where the catalog has no such namespace.
    fn default_namespace(&self) -> Vec<String>;

    async fn namespaces(&self, parent: &[String]) -> Result<Vec<Vec<String>>>;
    async fn namespace(&self, name: &[String]) -> Result<Option<Namespace>>;
    async fn create_namespace(&self, namespace: Namespace) -> Result<()>;
    /// Sets properties (`comment` and `location` among them).
    async fn alter_namespace(&self, name: &[String], properties: &[(String, String)]) -> Result<()>;
    /// The namespace must be empty; who wants CASCADE empties it first.
    async fn drop_namespace(&self, name: &[String]) -> Result<()>;

    /// Tables and views of a namespace, by name.
    async fn list(&self, namespace: &[String]) -> Result<Vec<Listed>>;

    /// The object of a name, or `None`. A name with one part more than a table's may be a metadata table (`t.snapshots`).
    async fn load(&self, namespace: &[String], name: &str, version: Option<&Version>) -> Result<Option<Found>>;

    /// The table over files of a name; [`Catalog::load`] does not know it.
    async fn files(&self, namespace: &[String], name: &str) -> Result<Option<Registered>>;
    /// Keeps a table over files, in the place of one of the same name.
    async fn put_files(&self, namespace: &[String], name: &str, files: Registered) -> Result<()>;

    /// The functions of users in a namespace, by name in lower case.
    async fn functions(&self, _namespace: &[String]) -> Result<BTreeMap<String, UserFunction>> {
        Ok(BTreeMap::new())
    }
    /// Keeps a function, in the place of one of the same name.
    async fn put_function(&self, _namespace: &[String], _name: &str, _function: UserFunction) -> Result<()> {
        Err(no_functions(self.name()))
    }
    async fn drop_function(&self, _namespace: &[String], _name: &str) -> Result<()> {
        Err(no_functions(self.name()))
    }

    /// Drops a table of rows, or forgets one over files: those stay where they are.
    async fn drop_table(&self, namespace: &[String], name: &str, purge: bool) -> Result<()>;
    async fn rename(&self, namespace: &[String], name: &str, to_namespace: &[String], to: &str) -> Result<()>;
    /// Creates the view, or replaces one of the same name.
    async fn put_view(&self, view: View) -> Result<()>;
    async fn drop_view(&self, namespace: &[String], name: &str) -> Result<()>;

    /// The Iceberg catalog behind it, where there is one: who writes rows or changes a table's columns asks there.
    fn iceberg(&self) -> Option<std::sync::Arc<dyn floe_iceberg::catalog::IcebergCatalog>> {
        None
    }

    /// What takes rows in a catalog whose tables are not Iceberg's, where it can.
    fn store(&self) -> Option<&dyn Store> {
        None
    }
}

/// As Spark 4.1 says it of every catalog but its own.
pub(crate) fn no_functions(catalog: &str) -> Error {
    Error::analysis("UNSUPPORTED_FEATURE.CATALOG_OPERATION")
        .with("catalogName", quoted(&[catalog]))
        .with("operation", "CREATE FUNCTION")
}

/// A catalog that keeps the rows of its tables itself.
#[async_trait]
pub trait Store: Send + Sync {
    /// What `USING` may say of its tables.
    fn format(&self) -> &'static str;

    /// Puts rows into a table: all of them, or none and no table.
    async fn put(&self, namespace: &[String], name: &str, put: Put, rows: SendableRecordBatchStream) -> Result<()>;
}

/// What happens to the table that rows are put into.
#[derive(Clone, Debug)]
pub enum Put {
    Create {
        schema: SchemaRef,
        /// Whether one of the name goes first.
        replaces: bool,
    },
    Append,
    /// All rows that are there go first.
    Overwrite,
}
