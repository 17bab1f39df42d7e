//! Tables: list, create and stage, register, load, exists, drop, rename. Commits are `commit.rs` and `transaction.rs`.

use std::collections::HashSet;

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::header::{ETAG, IF_NONE_MATCH};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use floe_iceberg::catalog::{Ident, Loaded, NewTable, Properties, persisted_properties, take_format_version};
use iceberg::spec::{Schema, SortOrder, UnboundPartitionSpec};
use serde::Deserialize;
use serde_json::{Value, json};

use super::rename::{self, Rename};
use super::{Face, to_the_end, views};
use crate::body::{self, Body};
use crate::name::{self, Identifier};
use crate::page::Paging;
use crate::refusal::{Refusal, Sort};

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct Create {
    name: String,
    location: Option<String>,
    schema: Schema,
    partition_spec: Option<UnboundPartitionSpec>,
    write_order: Option<SortOrder>,
    stage_create: Option<bool>,
    properties: Option<Properties>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct Register {
    name: String,
    metadata_location: String,
    overwrite: Option<bool>,
}

#[derive(Default, Deserialize)]
pub(super) struct Which {
    snapshots: Option<Snapshots>,
}

/// How much of a table's history an answer carries.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Snapshots {
    #[default]
    All,
    /// Those that branches and tags point to.
    Refs,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Removal {
    purge_requested: Option<String>,
}

pub(super) async fn list(
    State(face): State<Face>,
    Path(space): Path<String>,
    Query(paging): Query<Paging>,
) -> Result<Json<Value>, Refusal> {
    let levels = name::namespace(&space)?;
    let names = face.catalog.list_tables(&levels).await.map_err(|error| Refusal::of_namespace(error, &levels))?;
    listed(levels, names, &paging)
}

/// The answer that lists tables or views.
pub(super) fn listed(levels: Vec<String>, names: Vec<String>, paging: &Paging) -> Result<Json<Value>, Refusal> {
    let (names, next) = paging.of(names, String::clone)?;
    let identifiers: Vec<Identifier> =
        names.into_iter().map(|name| Identifier { namespace: levels.clone(), name }).collect();
    Ok(Json(json!({ "identifiers": identifiers, "next-page-token": next })))
}

pub(super) async fn create(
    State(face): State<Face>,
    Path(space): Path<String>,
    Body(create): Body<Create>,
) -> Result<Response, Refusal> {
    let ident = name::named(name::namespace(&space)?, create.name.clone())?;
    let staged = create.stage_create.unwrap_or(false);
    let table = new_table(create)?;
    to_the_end(async move {
        let made = match staged {
            true => face.catalog.stage(&ident, table).await,
            false => face.catalog.create(&ident, table).await,
        };
        created(&face, &ident, made).await
    })
    .await
}

/// The answer to what was to make a table.
async fn created(face: &Face, ident: &Ident, made: floe_base::Result<Loaded>) -> Result<Response, Refusal> {
    match made {
        Ok(loaded) => answer(&loaded, Snapshots::All),
        Err(error) if error.condition() == "TABLE_OR_VIEW_ALREADY_EXISTS" => {
            Err(Refusal::taken(Sort::Table, views::sort(face, ident).await?, ident))
        }
        Err(error) => Err(Refusal::of(error, Sort::Table, ident)),
    }
}

fn new_table(create: Create) -> Result<NewTable, Refusal> {
    let mut properties = create.properties.unwrap_or_default();
    let format_version = take_format_version(&mut properties)?;
    Ok(NewTable {
        schema: create.schema,
        spec: create.partition_spec.unwrap_or_else(|| UnboundPartitionSpec::builder().build()),
        order: create.write_order.unwrap_or_else(SortOrder::unsorted_order),
        location: create.location,
        format_version,
        properties: persisted_properties(properties),
    })
}

pub(super) async fn register(
    State(face): State<Face>,
    Path(space): Path<String>,
    Body(register): Body<Register>,
) -> Result<Response, Refusal> {
    if register.overwrite == Some(true) {
        return Err(Refusal::wrong("a table cannot be registered over another here; drop that first"));
    }
    let ident = name::named(name::namespace(&space)?, register.name)?;
    to_the_end(async move {
        let made = face.catalog.register(&ident, &register.metadata_location).await;
        created(&face, &ident, made).await
    })
    .await
}

pub(super) async fn load(
    State(face): State<Face>,
    Path(address): Path<(String, String)>,
    Query(which): Query<Which>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let loaded = found(&face, &name::ident(address)?).await?;
    let snapshots = which.snapshots.unwrap_or_default();
    let known = headers.get(IF_NONE_MATCH).and_then(|value| value.to_str().ok());
    if let (Some(tag), Some(known)) = (etag(&loaded, snapshots), known)
        && known.split(',').any(|one| one.trim() == tag)
    {
        return Ok((StatusCode::NOT_MODIFIED, [(ETAG, tag)]).into_response());
    }
    answer(&loaded, snapshots)
}

pub(super) async fn exists(
    State(face): State<Face>,
    Path(address): Path<(String, String)>,
) -> Result<StatusCode, Refusal> {
    found(&face, &name::ident(address)?).await?;
    Ok(StatusCode::NO_CONTENT)
}

pub(super) async fn drop(
    State(face): State<Face>,
    Path(address): Path<(String, String)>,
    Query(removal): Query<Removal>,
) -> Result<StatusCode, Refusal> {
    let ident = name::ident(address)?;
    // Python's clients write `False`.
    let purge = match removal.purge_requested.map(|text| text.to_ascii_lowercase()).as_deref() {
        None | Some("false") => false,
        Some("true") => true,
        Some(other) => return Err(Refusal::wrong(format!("purgeRequested is true or false, not {other}"))),
    };
    to_the_end(async move {
        let dropped = face.catalog.drop_table(&ident, purge).await;
        dropped.map_err(|error| Refusal::of(error, Sort::Table, &ident))?;
        Ok(StatusCode::NO_CONTENT)
    })
    .await
}

pub(super) async fn rename(
    State(face): State<Face>,
    Body(Rename { source, destination }): Body<Rename>,
) -> Result<StatusCode, Refusal> {
    let (from, to) = (source.ident()?, destination.ident()?);
    to_the_end(async move {
        found(&face, &from).await?;
        let renamed = face.catalog.rename(&from, &to).await;
        rename::answer(&face, Sort::Table, &from, &to, renamed).await
    })
    .await
}

/// The table of a name that is there.
async fn found(face: &Face, ident: &Ident) -> Result<Loaded, Refusal> {
    face.catalog.load(ident).await?.ok_or_else(|| Refusal::not_there(Sort::Table, ident))
}

/// `LoadTableResult`.
fn answer(loaded: &Loaded, snapshots: Snapshots) -> Result<Response, Refusal> {
    let mut metadata = body::json_of(loaded.metadata.as_ref())?;
    if let Snapshots::Refs = snapshots {
        keep_referenced(&mut metadata);
    }
    let answer = Json(json!({
        "metadata-location": loaded.metadata_location,
        "metadata": metadata,
        "config": {},
    }));
    Ok(match etag(loaded, snapshots) {
        Some(tag) => ([(ETAG, tag)], answer).into_response(),
        None => answer.into_response(),
    })
}

/// A metadata file never changes, so its address tells the version. A staged table has none.
fn etag(loaded: &Loaded, snapshots: Snapshots) -> Option<String> {
    let location = loaded.metadata_location.as_deref()?;
    Some(format!("\"{snapshots:?}-{}\"", urlencoding::encode(location)))
}

fn keep_referenced(metadata: &mut Value) {
    let refs = metadata.get("refs").and_then(Value::as_object).into_iter().flatten();
    let ids: HashSet<i64> = refs.filter_map(|(_, one)| one.get("snapshot-id")?.as_i64()).collect();
    if let Some(Value::Array(snapshots)) = metadata.get_mut("snapshots") {
        let id = |snapshot: &Value| snapshot.get("snapshot-id").and_then(Value::as_i64);
        snapshots.retain(|snapshot| id(snapshot).is_some_and(|id| ids.contains(&id)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_snapshots_that_are_pointed_to_are_kept() {
        let mut metadata = json!({
            "refs": { "main": { "snapshot-id": 2, "type": "branch" }, "t": { "snapshot-id": 1, "type": "tag" } },
            "snapshots": [{ "snapshot-id": 1 }, { "snapshot-id": 2 }, { "snapshot-id": 3 }],
        });
        keep_referenced(&mut metadata);
        assert_eq!(metadata["snapshots"], json!([{ "snapshot-id": 1 }, { "snapshot-id": 2 }]));
    }
}
