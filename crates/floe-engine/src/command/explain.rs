//! `EXPLAIN`, and `EXPLAIN ROUTE`: where a query would run, and why.

use std::sync::Arc;

use floe_base::{Error, Result};
use floe_syntax::command::ExplainMode;
use floe_syntax::{Command, Relation, Statement};

use super::cells::{booleans, texts, told};
use crate::query::By;
use crate::session::Running;
use crate::{Execution, Session, query};

pub(super) async fn run(
    session: &Arc<Session>,
    mode: ExplainMode,
    statement: Statement,
    running: &Running,
) -> Result<Execution> {
    let relation = source(statement)?;
    if mode == ExplainMode::Route {
        return route(session, relation, By::of(&running.operation)).await;
    }
    let text = query::explain(session.clone(), relation, mode).await?;
    told(vec![("plan", true, texts([text]))])
}

/// One row a backend, the chosen one first.
async fn route(session: &Arc<Session>, relation: Relation, by: By<'_>) -> Result<Execution> {
    let decision = query::route(session, relation, by).await?;
    let lines = decision.lines();
    let estimate = decision.estimate();
    told(vec![
        ("backend", false, texts(lines.iter().map(|line| line.backend.name()))),
        ("chosen", false, booleans(lines.iter().map(|line| line.chosen))),
        ("reason", false, texts(lines.iter().map(|line| line.reason.as_str()))),
        ("cost", false, texts(lines.iter().map(|line| line.cost.as_str()))),
        ("estimate", false, texts(lines.iter().map(|line| if line.chosen { estimate.as_str() } else { "" }))),
    ])
}

/// The query inside: of a statement that writes, the rows it would write.
fn source(statement: Statement) -> Result<Relation> {
    match statement {
        Statement::Query(relation) => Ok(relation),
        Statement::Command(command) => match *command {
            Command::Insert(insert) => Ok(insert.source),
            Command::CreateTable(create) => {
                create.query.ok_or_else(|| Error::unsupported("EXPLAIN of CREATE TABLE without AS"))
            }
            Command::CreateView(view) => Ok(view.query),
            _ => Err(Error::unsupported("EXPLAIN of this statement")),
        },
    }
}
