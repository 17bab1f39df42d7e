//! What renaming a table and renaming a view have in common: what is asked, and what is told of it. The renaming itself is
//! `tables.rs` and `views.rs`.

use axum::http::StatusCode;
use floe_iceberg::catalog::Ident;
use serde::Deserialize;

use super::{Face, views};
use crate::name::Identifier;
use crate::refusal::{Refusal, Sort};

#[derive(Deserialize)]
pub(super) struct Rename {
    pub(super) source: Identifier,
    pub(super) destination: Identifier,
}

/// What a client is told of a rename that has been tried.
pub(super) async fn answer(
    face: &Face,
    sort: Sort,
    from: &Ident,
    to: &Ident,
    renamed: floe_base::Result<()>,
) -> Result<StatusCode, Refusal> {
    match renamed {
        Ok(()) => Ok(StatusCode::NO_CONTENT),
        Err(error) if error.condition() == "TABLE_OR_VIEW_ALREADY_EXISTS" => {
            Err(Refusal::taken_by_rename(from, to, views::sort(face, to).await?))
        }
        Err(error) if error.condition() == "SCHEMA_NOT_FOUND" => Err(Refusal::no_namespace(&to.namespace)),
        Err(error) => Err(Refusal::of(error, sort, from)),
    }
}
