//! Functions of users: the session's own, and those that catalogs keep.
//!
//! What a call of one means is `floe-plan`'s (`routine.rs`); functions that only a Spark has are `upstream.rs`'s.

use std::collections::BTreeMap;
use std::sync::Arc;

use floe_base::error::quoted;
use floe_base::{Error, Result};
use floe_catalog::{Catalog, FoundFunction, UserFunction};
use floe_plan::{Temporary, Under};

use super::Session;

/// The session's own functions, by name in lower case.
pub(super) type Functions = BTreeMap<String, Arc<UserFunction>>;

impl Session {
    /// The session's own function of a name.
    pub(crate) fn temp_function(&self, name: &str) -> Option<Arc<UserFunction>> {
        self.functions.read().get(&name.to_lowercase()).cloned()
    }

    /// Adds a function of the session's own; one of the same name is replaced or an error.
    pub(crate) fn put_temp_function(&self, name: &str, function: UserFunction, replace: bool) -> Result<()> {
        let mut functions = self.functions.write();
        if !replace && functions.contains_key(&name.to_lowercase()) {
            return Err(already_exists(&[name], true));
        }
        functions.insert(name.to_lowercase(), Arc::new(function));
        Ok(())
    }

    /// Drops a function of the session's own; false when there is none.
    pub(crate) fn drop_temp_function(&self, name: &str) -> bool {
        self.functions.write().remove(&name.to_lowercase()).is_some()
    }

    /// The session's own functions, by name.
    pub(crate) fn temp_functions(&self) -> Vec<FoundFunction> {
        self.functions.read().iter().map(|(name, function)| own(name, function)).collect()
    }

    /// The function of a name: the session's own, then the one that the current catalog and namespace keep, of the session
    /// or of the text that is read.
    pub(crate) async fn function(&self, name: &[String], under: Option<&Under>) -> Result<Option<FoundFunction>> {
        let sees_own = under.is_none_or(|under| !matches!(under.temporary, Temporary::Never));
        if let [single] = name
            && let Some(function) = self.temp_function(single).filter(|_| sees_own)
        {
            return Ok(Some(own(single, &function)));
        }
        for located in self.candidates(name, under.map(Under::place)).await? {
            if let Some(function) = kept(located.catalog.as_ref(), &located.namespace, &located.name).await? {
                let mut name = located.whole();
                name.iter_mut().skip(1).for_each(|part| *part = part.to_lowercase());
                return Ok(Some(FoundFunction { name, function, is_temporary: false }));
            }
        }
        Ok(None)
    }
}

fn own(name: &str, function: &UserFunction) -> FoundFunction {
    FoundFunction { name: vec![name.to_lowercase()], function: function.clone(), is_temporary: true }
}

/// The function a catalog keeps under a name.
pub(crate) async fn kept(catalog: &dyn Catalog, namespace: &[String], name: &str) -> Result<Option<UserFunction>> {
    Ok(catalog.functions(namespace).await?.remove(&name.to_lowercase()))
}

/// As Spark 4.1 says it.
pub(crate) fn already_exists(name: &[impl AsRef<str>], is_temporary: bool) -> Error {
    let kind = if is_temporary { "temporary routine" } else { "routine" };
    Error::analysis("ROUTINE_ALREADY_EXISTS")
        .with("routineName", quoted(name))
        .with("newRoutineType", "routine")
        .with("existingRoutineType", kind)
}
