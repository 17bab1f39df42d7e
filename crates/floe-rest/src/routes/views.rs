//! Views: list, create, register, load, exists, replace, drop, rename.

use std::collections::HashMap;

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use floe_base::{Error, Kind};
use floe_iceberg::catalog::{Ident, LoadedView};
use iceberg::ViewUpdate;
use iceberg::spec::{Schema, ViewFormatVersion, ViewMetadata, ViewMetadataBuilder, ViewVersion};
use serde::Deserialize;
use serde_json::{Value, json};

use super::rename::{self, Rename};
use super::tables::listed;
use super::{Face, to_the_end};
use crate::body::{self, Body};
use crate::name;
use crate::page::Paging;
use crate::refusal::{Refusal, Sort};

/// Races a replacement may lose before its sender hears of it.
const TRIES: usize = 4;

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct Create {
    name: String,
    location: Option<String>,
    schema: Schema,
    view_version: ViewVersion,
    properties: Option<HashMap<String, String>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct Register {
    name: String,
    metadata_location: String,
}

/// `CommitViewRequest`.
#[derive(Deserialize)]
pub(super) struct Replace {
    #[serde(default)]
    requirements: Vec<Requirement>,
    updates: Vec<ViewUpdate>,
}

#[derive(Deserialize)]
#[serde(tag = "type")]
enum Requirement {
    #[serde(rename = "assert-view-uuid")]
    Uuid { uuid: String },
}

pub(super) async fn list(
    State(face): State<Face>,
    Path(space): Path<String>,
    Query(paging): Query<Paging>,
) -> Result<Json<Value>, Refusal> {
    let levels = name::namespace(&space)?;
    let names = face.catalog.list_views(&levels).await.map_err(|error| Refusal::of_namespace(error, &levels))?;
    listed(levels, names, &paging)
}

pub(super) async fn create(
    State(face): State<Face>,
    Path(space): Path<String>,
    Body(create): Body<Create>,
) -> Result<Json<Value>, Refusal> {
    let ident = name::named(name::namespace(&space)?, create.name.clone())?;
    to_the_end(async move {
        if face.catalog.namespace(&ident.namespace).await?.is_none() {
            return Err(Refusal::no_namespace(&ident.namespace));
        }
        let location = match create.location {
            Some(location) => location,
            None => face.catalog.view_location(&ident).await?,
        };
        let properties = create.properties.unwrap_or_default();
        let version = ViewFormatVersion::V1;
        let builder = ViewMetadataBuilder::new(location, create.schema, create.view_version, version, properties);
        let metadata = builder.and_then(ViewMetadataBuilder::build).map_err(refused)?.metadata;
        created(&face, &ident, face.catalog.put_view(&ident, metadata, None).await).await
    })
    .await
}

pub(super) async fn register(
    State(face): State<Face>,
    Path(space): Path<String>,
    Body(register): Body<Register>,
) -> Result<Json<Value>, Refusal> {
    let ident = name::named(name::namespace(&space)?, register.name)?;
    to_the_end(async move {
        let made = face.catalog.register_view(&ident, &register.metadata_location).await;
        created(&face, &ident, made).await
    })
    .await
}

/// The answer to what was to make a view.
async fn created(face: &Face, ident: &Ident, made: floe_base::Result<LoadedView>) -> Result<Json<Value>, Refusal> {
    match made {
        Ok(loaded) => answer(&loaded),
        Err(error) if error.condition() == "TABLE_OR_VIEW_ALREADY_EXISTS" => {
            Err(Refusal::taken(Sort::View, sort(face, ident).await?, ident))
        }
        Err(error) => Err(Refusal::of(error, Sort::View, ident)),
    }
}

pub(super) async fn load(
    State(face): State<Face>,
    Path(address): Path<(String, String)>,
) -> Result<Json<Value>, Refusal> {
    answer(&found(&face, &name::ident(address)?).await?)
}

pub(super) async fn exists(
    State(face): State<Face>,
    Path(address): Path<(String, String)>,
) -> Result<StatusCode, Refusal> {
    found(&face, &name::ident(address)?).await?;
    Ok(StatusCode::NO_CONTENT)
}

pub(super) async fn replace(
    State(face): State<Face>,
    Path(address): Path<(String, String)>,
    Body(replace): Body<Replace>,
) -> Result<Json<Value>, Refusal> {
    let ident = name::ident(address)?;
    to_the_end(async move {
        let mut tries = 1;
        loop {
            let current = found(&face, &ident).await?;
            let next = next_version(&current, &replace)?;
            match face.catalog.put_view(&ident, next, Some(current)).await {
                Ok(loaded) => return answer(&loaded),
                Err(error) if error.kind() == Kind::Conflict && tries < TRIES => tries += 1,
                Err(error) => return Err(Refusal::of(error, Sort::View, &ident)),
            }
        }
    })
    .await
}

pub(super) async fn drop(
    State(face): State<Face>,
    Path(address): Path<(String, String)>,
) -> Result<StatusCode, Refusal> {
    let ident = name::ident(address)?;
    to_the_end(async move {
        let dropped = face.catalog.drop_view(&ident).await;
        dropped.map_err(|error| Refusal::of(error, Sort::View, &ident))?;
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
        let renamed = face.catalog.rename_view(&from, &to).await;
        rename::answer(&face, Sort::View, &from, &to, renamed).await
    })
    .await
}

/// What a name that is taken stands for.
pub(super) async fn sort(face: &Face, ident: &Ident) -> Result<Sort, Refusal> {
    let view = face.catalog.load_view(ident).await?.is_some();
    Ok(if view { Sort::View } else { Sort::Table })
}

/// The view of a name that is there.
async fn found(face: &Face, ident: &Ident) -> Result<LoadedView, Refusal> {
    face.catalog.load_view(ident).await?.ok_or_else(|| Refusal::not_there(Sort::View, ident))
}

/// `LoadViewResult`.
fn answer(loaded: &LoadedView) -> Result<Json<Value>, Refusal> {
    let mut metadata = body::json_of(loaded.metadata.as_ref())?;
    // The library keeps them in no order; Java's clients take the last for the newest.
    if let Some(Value::Array(versions)) = metadata.get_mut("versions") {
        versions.sort_by_key(|version| version.get("version-id").and_then(Value::as_i64));
    }
    Ok(Json(json!({
        "metadata-location": loaded.metadata_location,
        "metadata": metadata,
        "config": {},
    })))
}

fn next_version(current: &LoadedView, replace: &Replace) -> Result<ViewMetadata, Refusal> {
    let uuid = current.metadata.uuid().to_string();
    for Requirement::Uuid { uuid: wanted } in &replace.requirements {
        if !wanted.eq_ignore_ascii_case(&uuid) {
            let text = format!("Requirement failed: view UUID does not match: expected {wanted} != {uuid}");
            return Err(Error::message(Kind::Conflict, text).into());
        }
    }
    let mut builder = current.metadata.as_ref().clone().into_builder();
    for update in replace.updates.iter().cloned() {
        builder = apply(update, builder).map_err(refused)?;
    }
    Ok(builder.build().map_err(refused)?.metadata)
}

/// The library below applies updates of tables only.
fn apply(update: ViewUpdate, builder: ViewMetadataBuilder) -> iceberg::Result<ViewMetadataBuilder> {
    match update {
        ViewUpdate::AssignUuid { uuid } => Ok(builder.assign_uuid(uuid)),
        ViewUpdate::UpgradeFormatVersion { format_version } => builder.upgrade_format_version(format_version),
        ViewUpdate::AddSchema { schema, .. } => Ok(builder.add_schema(schema)),
        ViewUpdate::SetLocation { location } => Ok(builder.set_location(location)),
        ViewUpdate::SetProperties { updates } => builder.set_properties(updates),
        ViewUpdate::RemoveProperties { removals } => Ok(builder.remove_properties(&removals)),
        ViewUpdate::AddViewVersion { view_version } => builder.add_version(view_version),
        ViewUpdate::SetCurrentViewVersion { view_version_id } => builder.set_current_version_id(view_version_id),
    }
}

fn refused(error: iceberg::Error) -> Refusal {
    Error::message(Kind::IllegalArgument, error.message()).into()
}
