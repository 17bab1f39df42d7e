//! `POST …/tables/{table}`: requirements and updates of one table, all or nothing.

use axum::Json;
use axum::extract::{Path, State};
use floe_iceberg::catalog::{CommitError, Ident};
use iceberg::{TableRequirement, TableUpdate};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Face, to_the_end, views};
use crate::body::{self, Body};
use crate::name::{self, Identifier};
use crate::refusal::Refusal;

/// `CommitTableRequest`.
#[derive(Deserialize)]
pub(super) struct Commit {
    pub(super) identifier: Option<Identifier>,
    pub(super) requirements: Vec<TableRequirement>,
    pub(super) updates: Vec<TableUpdate>,
}

pub(super) async fn commit(
    State(face): State<Face>,
    Path(address): Path<(String, String)>,
    Body(commit): Body<Commit>,
) -> Result<Json<Value>, Refusal> {
    let ident = name::ident(address)?;
    same_table(&ident, commit.identifier)?;
    to_the_end(async move {
        let done = face.catalog.commit(&ident, commit.requirements, commit.updates).await;
        let loaded = match done {
            Ok(loaded) => loaded,
            Err(CommitError::Conflict(error)) if error.condition() == "TABLE_OR_VIEW_ALREADY_EXISTS" => {
                return Err(Refusal::not_created(&ident, views::sort(&face, &ident).await?));
            }
            Err(error) => return Err(Refusal::of_commit(error, Some(&ident))),
        };
        Ok(Json(json!({
            "metadata-location": loaded.metadata_location,
            "metadata": body::json_of(loaded.metadata.as_ref())?,
        })))
    })
    .await
}

/// A body may name its table too; it must be the address's.
fn same_table(ident: &Ident, said: Option<Identifier>) -> Result<(), Refusal> {
    match said.map(Identifier::ident).transpose()? {
        Some(other) if other != *ident => {
            Err(Refusal::wrong(format!("the address is table {ident}'s, the body is for table {other}")))
        }
        _ => Ok(()),
    }
}
