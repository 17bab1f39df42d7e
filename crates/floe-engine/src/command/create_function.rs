//! `CREATE FUNCTION`: kept in its catalog's schema, or by the session.
//!
//! A body of SQL runs here like the rest of a query. A class of Java's is kept too, and made by a Spark when a plan that
//! names it goes there (`session/upstream/needs.rs`).

use std::sync::Arc;

use floe_base::error::quoted;
use floe_base::{Error, Result};
use floe_catalog::{FoundFunction, UserFunction};
use floe_syntax::routine::{CreateFunction, RoutineBody};

use super::lookup::missing_schema;
use crate::session::{SessionLookup, already_exists, kept_function};
use crate::{Execution, Session};

pub(super) async fn run(session: &Arc<Session>, create: CreateFunction) -> Result<Execution> {
    let (catalog, namespace) = session.current();
    let function = UserFunction {
        text: create.text.clone(),
        catalog,
        namespace,
        ansi: session.context()?.ansi,
        owner: session.key().user_id.clone(),
        created: session.engine().clock().micros() / 1_000_000,
    };
    if create.temporary {
        temporary(session, create, function).await
    } else {
        persistent(session, create, function).await
    }
}

async fn temporary(session: &Arc<Session>, create: CreateFunction, function: UserFunction) -> Result<Execution> {
    let [name] = create.name.as_slice() else {
        return Err(Error::internal("a temporary function of several names"));
    };
    if let RoutineBody::Class(class) = &create.routine.body {
        return Err(Error::unsupported(format!("the temporary function `{name}`, which is Java's {class},")));
    }
    if floe_functions::find(name).is_some() || (session.temp_function(name).is_some() && !create.or_replace) {
        return Err(already_exists(&[name], true));
    }
    let found = FoundFunction { name: vec![name.to_lowercase()], function: function.clone(), is_temporary: true };
    floe_plan::check_routine(found, &SessionLookup::new(session.clone())?).await?;
    session.put_temp_function(name, function, create.or_replace)?;
    Ok(Execution::empty())
}

async fn persistent(session: &Arc<Session>, create: CreateFunction, function: UserFunction) -> Result<Execution> {
    let located = session.locate(&create.name).await?;
    if located.catalog.namespace(&located.namespace).await?.is_none() {
        return Err(missing_schema(located.catalog.name(), &located.namespace));
    }
    let exists = kept_function(located.catalog.as_ref(), &located.namespace, &located.name).await?.is_some();
    if exists && create.if_not_exists {
        return Ok(Execution::empty());
    }
    let name = located.whole();
    if exists && !create.or_replace {
        return Err(already_exists(&name, false));
    }
    let lookup = SessionLookup::new(session.clone())?;
    let found = FoundFunction { name: name.clone(), function: function.clone(), is_temporary: false };
    floe_plan::check_routine(found, &lookup).await?;
    let used = [("VIEW", lookup.temporary_names()), ("FUNCTION", lookup.temporary_functions())];
    for (kind, names) in used {
        if let Some(first) = names.first() {
            return Err(temporary_inside("FUNCTION", &name, kind, first));
        }
    }
    located.catalog.put_function(&located.namespace, &located.name, function).await?;
    Ok(Execution::empty())
}

/// What is stored may use nothing of the session's own.
pub(super) fn temporary_inside(kind: &str, name: &[impl AsRef<str>], of: &str, temporary: &str) -> Error {
    Error::analysis("INVALID_TEMP_OBJ_REFERENCE")
        .with("obj", kind)
        .with("objName", quoted(name))
        .with("tempObj", of)
        .with("tempObjName", quoted(&[temporary]))
}
