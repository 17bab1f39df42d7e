//! Namespaces: list, create, load, exists, drop, update of properties.

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use floe_iceberg::catalog::Properties;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Face, to_the_end};
use crate::body::Body;
use crate::name;
use crate::page::Paging;
use crate::refusal::Refusal;

#[derive(Deserialize)]
pub(super) struct Below {
    parent: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct Create {
    namespace: Vec<String>,
    #[serde(default)]
    properties: Option<Properties>,
}

#[derive(Deserialize)]
pub(super) struct Update {
    #[serde(default)]
    removals: Option<Vec<String>>,
    #[serde(default)]
    updates: Option<Properties>,
}

pub(super) async fn list(
    State(face): State<Face>,
    Query(below): Query<Below>,
    Query(paging): Query<Paging>,
) -> Result<Json<Value>, Refusal> {
    let parent = match below.parent.filter(|parent| !parent.is_empty()) {
        None => Vec::new(),
        Some(parent) => {
            let parent = name::namespace(&parent)?;
            properties(&face, &parent).await?;
            parent
        }
    };
    let all = face.catalog.list_namespaces(&parent).await?;
    let (namespaces, next) = paging.of(all, |levels| levels.join("."))?;
    Ok(Json(json!({ "namespaces": namespaces, "next-page-token": next })))
}

pub(super) async fn create(State(face): State<Face>, Body(create): Body<Create>) -> Result<Json<Value>, Refusal> {
    name::new_namespace(&create.namespace)?;
    let (levels, properties) = (create.namespace, create.properties.unwrap_or_default());
    to_the_end(async move {
        let made = face.catalog.create_namespace(&levels, properties.clone()).await;
        made.map_err(|error| Refusal::of_namespace(error, &levels))?;
        Ok(Json(json!({ "namespace": levels, "properties": properties })))
    })
    .await
}

pub(super) async fn load(State(face): State<Face>, Path(space): Path<String>) -> Result<Json<Value>, Refusal> {
    let levels = name::namespace(&space)?;
    let properties = properties(&face, &levels).await?;
    Ok(Json(json!({ "namespace": levels, "properties": properties })))
}

pub(super) async fn exists(State(face): State<Face>, Path(space): Path<String>) -> Result<StatusCode, Refusal> {
    properties(&face, &name::namespace(&space)?).await?;
    Ok(StatusCode::NO_CONTENT)
}

pub(super) async fn drop(State(face): State<Face>, Path(space): Path<String>) -> Result<StatusCode, Refusal> {
    let levels = name::namespace(&space)?;
    to_the_end(async move {
        let dropped = face.catalog.drop_namespace(&levels).await;
        dropped.map_err(|error| Refusal::of_namespace(error, &levels))?;
        Ok(StatusCode::NO_CONTENT)
    })
    .await
}

pub(super) async fn update(
    State(face): State<Face>,
    Path(space): Path<String>,
    Body(update): Body<Update>,
) -> Result<Json<Value>, Refusal> {
    let levels = name::namespace(&space)?;
    let (updates, removals) = (update.updates.unwrap_or_default(), update.removals.unwrap_or_default());
    if let Some(both) = removals.iter().find(|key| updates.contains_key(*key)) {
        return Err(Refusal::unprocessable(format!("property `{both}` cannot be set and removed at once")));
    }
    to_the_end(async move {
        let had = properties(&face, &levels).await?;
        let updated: Vec<String> = updates.keys().cloned().collect();
        let (removed, missing): (Vec<_>, Vec<_>) = removals.into_iter().partition(|key| had.contains_key(key));
        let done = face.catalog.update_namespace(&levels, updates, &removed).await;
        done.map_err(|error| Refusal::of_namespace(error, &levels))?;
        Ok(Json(json!({ "updated": updated, "removed": removed, "missing": missing })))
    })
    .await
}

/// The properties of a namespace that is there.
async fn properties(face: &Face, levels: &[String]) -> Result<Properties, Refusal> {
    face.catalog.namespace(levels).await?.ok_or_else(|| Refusal::no_namespace(levels))
}
