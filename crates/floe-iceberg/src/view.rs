//! Views, stored as Iceberg views so that other engines see them.
//!
//! A view is its SQL text in Spark's dialect, its columns, and the catalog and namespace its unqualified names mean. The
//! properties are those Iceberg's Spark runtime writes and reads (1.10 `SparkView`), among them the names of the
//! query's own columns.

use std::collections::HashMap;
use std::sync::Arc;

use arrow_schema::{Schema as ArrowSchema, SchemaRef};
use floe_base::{Error, Kind, Result};
use iceberg::spec::{Schema, ViewFormatVersion, ViewMetadata, ViewMetadataBuilder, ViewRepresentation, ViewVersion};
use serde_json::json;

use crate::arrow_schema::{engine_schema, iceberg_schema};
use crate::catalog::{IcebergCatalog, Ident, LoadedView, Properties};
use crate::commit::ENGINE_NAME;
use crate::error::{Lift, already_exists, view_not_found};

/// The dialect our texts are in.
const DIALECT: &str = "spark";
/// Names of the columns the text itself gives, before the view renames them.
const QUERY_COLUMNS: &str = "spark.query-column-names";

/// What a view shall be.
#[derive(Clone, Debug)]
pub struct NewView {
    /// The query, Spark SQL.
    pub sql: String,
    /// The view's columns. A field's metadata `comment` becomes its doc.
    pub schema: ArrowSchema,
    /// Names of the query's columns, in order; those of `schema` where the view renames nothing.
    pub query_columns: Vec<String>,
    /// What unqualified names in the text mean.
    pub default_catalog: Option<String>,
    pub default_namespace: Vec<String>,
    pub comment: Option<String>,
    pub properties: Properties,
}

/// A view at one version.
#[derive(Clone, Debug)]
pub struct View {
    pub ident: Ident,
    pub metadata: Arc<ViewMetadata>,
    metadata_location: Option<String>,
}

impl View {
    /// The view of a name, `None` when there is none.
    pub async fn find(catalog: &Arc<dyn IcebergCatalog>, ident: &Ident) -> Result<Option<Self>> {
        let found = catalog.load_view(ident).await?;
        Ok(found.map(|loaded| Self::of(ident, loaded)))
    }

    fn of(ident: &Ident, loaded: LoadedView) -> Self {
        Self { ident: ident.clone(), metadata: loaded.metadata, metadata_location: loaded.metadata_location }
    }

    /// The view's text in Spark's dialect.
    ///
    /// # Errors
    /// A view that another engine wrote in its own dialect alone is named.
    pub fn sql(&self) -> Result<&str> {
        let texts = self.metadata.current_version().representations().iter();
        let ours =
            texts.map(|ViewRepresentation::Sql(text)| text).find(|text| text.dialect.eq_ignore_ascii_case(DIALECT));
        ours.map(|text| text.sql.as_str()).ok_or_else(|| {
            Error::unsupported(format!("view `{}`, which has no text in the dialect of Spark,", self.ident))
        })
    }

    /// The view's columns as the engine sees them.
    pub fn schema(&self) -> SchemaRef {
        engine_schema(self.metadata.current_schema())
    }

    /// A column's comment.
    pub fn comment_of(&self, column: &str) -> Option<&str> {
        self.metadata.current_schema().field_by_name(column)?.doc.as_deref()
    }

    /// The catalog unqualified names in the text mean; the view's own catalog for `None`.
    pub fn default_catalog(&self) -> Option<&str> {
        self.metadata.current_version().default_catalog().map(String::as_str)
    }

    pub fn default_namespace(&self) -> &[String] {
        self.metadata.current_version().default_namespace()
    }

    /// Names of the query's own columns, when the view was made by Spark or by us.
    pub fn query_columns(&self) -> Vec<String> {
        let names = self.metadata.properties().get(QUERY_COLUMNS).map_or("", String::as_str);
        names.split(',').filter(|name| !name.is_empty()).map(str::to_string).collect()
    }

    /// What the user has set; Iceberg's and Spark's own entries are left out.
    pub fn properties(&self) -> Properties {
        let own = [QUERY_COLUMNS, "comment", "engine-name", "engine-version", "create-engine-version", "provider"];
        let shown = self.metadata.properties().iter().filter(|(key, _)| !own.contains(&key.as_str()));
        shown.map(|(key, value)| (key.clone(), value.clone())).collect()
    }

    /// What Iceberg's catalogs say of every view, as its Spark runtime shows it.
    pub fn reserved(&self) -> Vec<(String, String)> {
        let version = (self.metadata.format_version() as u8).to_string();
        let location = self.metadata.location();
        let location = location.strip_prefix("file://").unwrap_or(location).to_string();
        vec![("format-version".into(), version), ("location".into(), location), ("provider".into(), "iceberg".into())]
    }

    pub fn comment(&self) -> Option<&str> {
        self.metadata.properties().get("comment").map(String::as_str)
    }

    /// Where this version's metadata stands, when the catalog says so.
    pub fn metadata_location(&self) -> Option<&str> {
        self.metadata_location.as_deref()
    }
}

/// `CREATE VIEW`, `CREATE OR REPLACE VIEW`, `ALTER VIEW … AS`.
///
/// # Errors
/// `TABLE_OR_VIEW_ALREADY_EXISTS` when the name is a table's, or a view's and `replace` is false.
pub async fn create_view(
    catalog: &Arc<dyn IcebergCatalog>,
    ident: &Ident,
    view: NewView,
    replace: bool,
) -> Result<View> {
    // A view's own catalog is not named in it, as Iceberg's Spark runtime has it: others know that catalog by another name.
    let default_catalog = view.default_catalog.filter(|name| name != catalog.name());
    let view = NewView { default_catalog, ..view };
    let existing = catalog.load_view(ident).await?;
    if existing.is_none() && catalog.load(ident).await?.is_some() {
        return Err(already_exists(catalog.name(), ident));
    }
    let metadata = match &existing {
        None => first_version(catalog, ident, view).await?,
        Some(_) if !replace => return Err(already_exists(catalog.name(), ident)),
        Some(existing) => next_version(existing, view)?,
    };
    Ok(View::of(ident, catalog.put_view(ident, metadata, existing).await?))
}

/// `ALTER VIEW … SET TBLPROPERTIES` and `UNSET TBLPROPERTIES`.
///
/// # Errors
/// `VIEW_NOT_FOUND`.
pub async fn alter_view_properties(
    catalog: &Arc<dyn IcebergCatalog>,
    ident: &Ident,
    set: Properties,
    unset: &[String],
) -> Result<View> {
    let Some(existing) = catalog.load_view(ident).await? else {
        return Err(view_not_found(catalog.name(), ident));
    };
    let builder = existing.metadata.as_ref().clone().into_builder();
    let builder = builder.set_properties(set.into_iter().collect()).lift()?.remove_properties(unset);
    let metadata = builder.build().lift()?.metadata;
    Ok(View::of(ident, catalog.put_view(ident, metadata, Some(existing)).await?))
}

async fn first_version(catalog: &Arc<dyn IcebergCatalog>, ident: &Ident, view: NewView) -> Result<ViewMetadata> {
    let schema = iceberg_schema(&view.schema)?;
    let version = version(&view, &schema)?;
    let mut properties = properties(&view);
    let created = format!("{ENGINE_NAME} {}", env!("CARGO_PKG_VERSION"));
    properties.insert("create-engine-version".into(), created);
    let location = catalog.view_location(ident).await?;
    let builder = ViewMetadataBuilder::new(location, schema, version, ViewFormatVersion::V1, properties).lift()?;
    Ok(builder.build().lift()?.metadata)
}

fn next_version(existing: &LoadedView, view: NewView) -> Result<ViewMetadata> {
    let schema = iceberg_schema(&view.schema)?;
    let version = version(&view, &schema)?;
    let builder = existing.metadata.as_ref().clone().into_builder();
    let builder = builder.set_current_version(version, schema).lift()?;
    let builder = builder.set_properties(properties(&view)).lift()?;
    Ok(builder.build().lift()?.metadata)
}

/// The library below builds a version's texts from JSON alone.
fn version(view: &NewView, schema: &Schema) -> Result<ViewVersion> {
    let mut version = json!({
        "version-id": 1,
        "schema-id": schema.schema_id(),
        "timestamp-ms": chrono::Utc::now().timestamp_millis(),
        "summary": { "engine-name": ENGINE_NAME, "engine-version": env!("CARGO_PKG_VERSION") },
        "representations": [{ "type": "sql", "sql": view.sql, "dialect": DIALECT }],
        "default-namespace": view.default_namespace,
    });
    if let (Some(catalog), Some(fields)) = (&view.default_catalog, version.as_object_mut()) {
        fields.insert("default-catalog".into(), json!(catalog));
    }
    serde_json::from_value(version)
        .map_err(|error| Error::message(Kind::Internal, format!("a view's version is not well formed: {error}")))
}

fn properties(view: &NewView) -> HashMap<String, String> {
    let mut properties: HashMap<String, String> = view.properties.clone().into_iter().collect();
    properties.insert(QUERY_COLUMNS.into(), view.query_columns.join(","));
    properties.insert("engine-version".into(), format!("{ENGINE_NAME} {}", env!("CARGO_PKG_VERSION")));
    if let Some(comment) = &view.comment {
        properties.insert("comment".into(), comment.clone());
    }
    properties
}
