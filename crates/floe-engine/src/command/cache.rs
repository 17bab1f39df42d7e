//! `CACHE TABLE`, `UNCACHE TABLE`, `CLEAR CACHE`, `REFRESH TABLE`, `REFRESH '<path>'`, `ANALYZE TABLE`.

use std::sync::Arc;

use floe_base::{Error, Result};
use floe_catalog::files::listed::local_paths_of_plan;
use floe_syntax::command::{CreateView, ViewKind};
use floe_syntax::relation::TableName;
use floe_syntax::{Origin, Relation, RelationKind};

use super::lookup::{Named, missing};
use super::{create_view, lookup};
use crate::kept::keep;
use crate::session::Running;
use crate::{Execution, Session, query};

/// Reads a table or view into memory; `CACHE TABLE n AS SELECT …` makes a temp view of the name first.
pub(super) async fn cache(
    session: &Arc<Session>,
    name: &TableName,
    query: Option<(Relation, String)>,
    running: &Running,
) -> Result<Execution> {
    if let Some((query, text)) = query {
        let view = CreateView {
            name: name.clone(),
            kind: ViewKind::Temporary,
            or_replace: false,
            if_not_exists: false,
            columns: Vec::new(),
            comment: None,
            properties: Vec::new(),
            text: Some(text),
            query,
        };
        create_view::run(session, view, running).await?;
    }
    let named = session.existing_object(name).await?;
    let planned =
        query::lower_to_run(session, Relation::new(RelationKind::Table(name.clone()), Origin::Unknown)).await?;
    let rows = keep(session.engine(), planned.schema(), query::run_routed(session, &planned).await?, false).await?;
    let from = local_paths_of_plan(&planned.plan)?;
    session.engine().cache().put(session.cache_name(&named), rows, from);
    Ok(Execution::empty())
}

pub(super) async fn uncache(session: &Session, name: &TableName, if_exists: bool) -> Result<Execution> {
    match session.named(name).await? {
        Some(named) => {
            session.engine().cache().remove(&session.cache_name(&named));
            Ok(Execution::empty())
        }
        None if if_exists => Ok(Execution::empty()),
        None => Err(missing(&name.parts).at(&name.origin)),
    }
}

pub(super) fn clear(session: &Session) -> Result<Execution> {
    session.engine().cache().clear();
    session.frames().clear();
    Ok(Execution::empty())
}

/// Forgets what is kept of a table; its metadata is read anew by every statement anyhow.
pub(super) async fn refresh(session: &Session, name: &TableName) -> Result<Execution> {
    let named = session.existing_object(name).await?;
    session.engine().cache().refreshed(&session.cache_name(&named));
    Ok(Execution::empty())
}

/// Forgets what is kept of tables and views whose files lie below a path.
pub(super) fn refresh_path(session: &Session, path: &str) -> Result<Execution> {
    let local = floe_catalog::files::local(path);
    if !local.contains("://") {
        session.engine().cache().remove_below(std::path::Path::new(local));
    }
    Ok(Execution::empty())
}

/// Iceberg keeps its statistics with every commit; Spark 4.1 refuses the statement for such tables.
pub(super) async fn analyze(session: &Session, name: &TableName) -> Result<Execution> {
    session.existing_object(name).await?;
    Err(Error::analysis("NOT_SUPPORTED_COMMAND_FOR_V2_TABLE").with("cmd", "ANALYZE TABLE"))
}

impl Session {
    /// The name something is kept under.
    pub(super) fn cache_name(&self, named: &lookup::Named) -> String {
        match named {
            Named::Temporary { view, global: true } => {
                format!("{}.{}", crate::session::GLOBAL, view.name.name).to_lowercase()
            }
            Named::Temporary { view, .. } => self.temporary_cache_name(&view.name.name),
            Named::Object { located, .. } => located.cache_name(),
        }
    }
}
