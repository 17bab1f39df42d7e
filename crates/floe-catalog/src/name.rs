//! A whole name: catalog, namespace, object.

use std::fmt;

use floe_base::error::quoted;

/// Where an object is, with nothing left to the session's current catalog or schema.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ObjectName {
    pub catalog: String,
    pub namespace: Vec<String>,
    pub name: String,
}

impl ObjectName {
    pub fn new(catalog: impl Into<String>, namespace: Vec<String>, name: impl Into<String>) -> Self {
        Self { catalog: catalog.into(), namespace, name: name.into() }
    }

    /// All parts in order.
    pub fn parts(&self) -> Vec<&str> {
        let namespace = self.namespace.iter().map(String::as_str);
        std::iter::once(self.catalog.as_str()).chain(namespace).chain([self.name.as_str()]).collect()
    }

    /// As Spark's errors print it: `` `spark_catalog`.`default`.`t` ``.
    pub fn quoted(&self) -> String {
        quoted(&self.parts())
    }
}

impl fmt::Display for ObjectName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.parts().join("."))
    }
}
