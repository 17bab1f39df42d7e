//! `POST …/transactions/commit`: changes of several tables, all or none.

use axum::extract::State;
use axum::http::StatusCode;
use floe_iceberg::catalog::TableChange;
use serde::Deserialize;

use super::commit::Commit;
use super::{Face, to_the_end};
use crate::body::Body;
use crate::refusal::Refusal;

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct Transaction {
    table_changes: Vec<Commit>,
}

pub(super) async fn commit(
    State(face): State<Face>,
    Body(transaction): Body<Transaction>,
) -> Result<StatusCode, Refusal> {
    let changes: Vec<TableChange> = transaction.table_changes.into_iter().map(change).collect::<Result<_, _>>()?;
    // Which of several tables it was, the error's own text says.
    let about = match changes.as_slice() {
        [one] => Some(one.ident.clone()),
        _ => None,
    };
    to_the_end(async move {
        face.catalog.commit_together(changes).await.map_err(|error| Refusal::of_commit(error, about.as_ref()))?;
        Ok(StatusCode::NO_CONTENT)
    })
    .await
}

fn change(commit: Commit) -> Result<TableChange, Refusal> {
    let identifier = commit.identifier.ok_or_else(|| Refusal::wrong("a change names its table"))?;
    Ok(TableChange { ident: identifier.ident()?, requirements: commit.requirements, updates: commit.updates })
}
