//! Iceberg catalogs, embedded and REST, as a [`Catalog`]: their words in ours.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use arrow::datatypes::{Field, Schema, SchemaRef};
use async_trait::async_trait;
use floe_base::id::BackendId;
use floe_base::{Error, Result};
use floe_iceberg::catalog::{IcebergCatalog, Ident, Properties};
use floe_iceberg::config::CatalogKind;
use floe_iceberg::inspect::{MetadataTable, inspect};
use floe_iceberg::scan::{ScanOptions, identity_fields};
use floe_iceberg::table::Table as IcebergTable;
use floe_iceberg::time_travel;
use floe_iceberg::view;

use crate::catalog::{Listed, Namespace, Version, no_functions};
use crate::files::registered::Registered;
use crate::function::UserFunction;
use crate::kept::Kept;
use crate::view::ViewBody;
use crate::{Catalog, Found, ObjectName, Statistics, Table, View};

/// An Iceberg catalog under the name a session knows it by.
#[derive(Debug)]
pub struct Iceberg {
    inner: Arc<dyn IcebergCatalog>,
}

impl Iceberg {
    pub fn new(inner: Arc<dyn IcebergCatalog>) -> Self {
        Self { inner }
    }

    async fn table(&self, ident: &Ident, version: Option<&Version>) -> Result<Option<Table>> {
        let Some(table) = IcebergTable::find(&self.inner, ident).await? else { return Ok(None) };
        let version = version.map(read_version).transpose()?;
        self.described(ident, table, version).map(Some)
    }

    fn described(&self, ident: &Ident, table: IcebergTable, version: Option<time_travel::Version>) -> Result<Table> {
        let resolved = time_travel::resolve(&table, version.as_ref())?;
        let statistics = resolved.snapshot.as_ref().map_or(Statistics { rows: Some(0), bytes: Some(0) }, |snapshot| {
            let of = |key: &str| snapshot.summary().additional_properties.get(key)?.parse().ok();
            Statistics { rows: of("total-records"), bytes: of("total-files-size") }
        });
        let options = ScanOptions { version, row_identity: true, ..ScanOptions::default() };
        Ok(Table {
            name: Some(ObjectName::new(self.inner.name(), ident.namespace.clone(), ident.name.clone())),
            schema: with_comments(&resolved.columns(), |name| resolved.comment_of(name)),
            provider: table.provider(options)?,
            statistics,
            reachable: reachable(&table),
            format: "iceberg".into(),
            iceberg: Some(Arc::new(table)),
            metadata_columns: identity(),
        })
    }

    /// `t.snapshots`, `t.branch_x` and their like: the last namespace part is then the table.
    async fn metadata_table(
        &self,
        namespace: &[String],
        name: &str,
        version: Option<&Version>,
    ) -> Result<Option<Table>> {
        let Some((table, namespace)) = namespace.split_last() else { return Ok(None) };
        let ident = Ident::new(namespace.iter().cloned(), table.clone());
        if let Some(which) = MetadataTable::parse(name) {
            let Some(table) = IcebergTable::find(&self.inner, &ident).await? else { return Ok(None) };
            return self.inspected(&ident, table, which, version).await.map(Some);
        }
        match selected(name) {
            Some(Selected::Branch(branch)) => {
                let Some(table) = IcebergTable::find(&self.inner, &ident).await? else { return Ok(None) };
                let found = self.described(&ident, table.on_branch(&branch)?, None)?;
                Ok(Some(Table { name: Some(self.inside(&ident, name)), ..found }))
            }
            // Only branches are written: without the table behind it, a statement that writes is refused.
            Some(Selected::Version(version)) => {
                let found = self.table(&ident, Some(&version)).await?;
                Ok(found.map(|table| Table { iceberg: None, name: Some(self.inside(&ident, name)), ..table }))
            }
            None => Ok(None),
        }
    }

    async fn inspected(
        &self,
        ident: &Ident,
        table: IcebergTable,
        which: MetadataTable,
        version: Option<&Version>,
    ) -> Result<Table> {
        let version = version.map(read_version).transpose()?;
        let provider = inspect(&table, which, version.as_ref()).await?;
        Ok(Table {
            name: Some(self.inside(ident, which.name())),
            schema: provider.schema(),
            provider,
            statistics: Statistics::default(),
            reachable: vec![BackendId::DataFusion],
            format: "iceberg".into(),
            iceberg: None,
            metadata_columns: Arc::new(Schema::empty()),
        })
    }

    /// The name of something that stands behind a table's name.
    fn inside(&self, ident: &Ident, name: &str) -> ObjectName {
        let namespace = ident.namespace.iter().chain([&ident.name]).cloned().collect();
        ObjectName::new(self.inner.name(), namespace, name)
    }

    async fn view(&self, ident: &Ident) -> Result<Option<View>> {
        let Some(found) = view::View::find(&self.inner, ident).await? else { return Ok(None) };
        let schema = found.schema();
        let column = |field: &Arc<Field>| (field.name().clone(), found.comment_of(field.name()).map(str::to_string));
        Ok(Some(View {
            name: ObjectName::new(self.inner.name(), ident.namespace.clone(), ident.name.clone()),
            body: ViewBody::Text {
                sql: found.sql()?.to_string(),
                catalog: found.default_catalog().unwrap_or(self.inner.name()).to_string(),
                namespace: found.default_namespace().to_vec(),
            },
            columns: schema.fields().iter().map(column).collect(),
            schema: Some(with_comments(&schema, |name| found.comment_of(name))),
            is_temporary: false,
            comment: found.comment().map(str::to_string),
            properties: found.properties().into_iter().collect(),
            reserved: found.reserved(),
            made: None,
        }))
    }
}

#[async_trait]
impl Catalog for Iceberg {
    fn name(&self) -> &str {
        self.inner.name()
    }

    fn default_namespace(&self) -> Vec<String> {
        default_namespace(self.name(), self.inner.config().get("default-namespace"))
    }

    async fn namespaces(&self, parent: &[String]) -> Result<Vec<Vec<String>>> {
        self.inner.list_namespaces(parent).await
    }

    async fn namespace(&self, name: &[String]) -> Result<Option<Namespace>> {
        let Some(mut properties) = self.inner.namespace(name).await? else { return Ok(None) };
        let comment = properties.remove("comment");
        let location = properties.remove("location");
        properties.retain(|key, _| Registered::name(key).or_else(|| UserFunction::name(key)).is_none());
        Ok(Some(Namespace { name: name.to_vec(), comment, location, properties: properties.into_iter().collect() }))
    }

    async fn create_namespace(&self, namespace: Namespace) -> Result<()> {
        let mut properties: Properties = namespace.properties.into_iter().collect();
        properties.extend(namespace.comment.map(|comment| ("comment".into(), comment)));
        properties.extend(namespace.location.map(|location| ("location".into(), location)));
        self.inner.create_namespace(&namespace.name, properties).await
    }

    async fn alter_namespace(&self, name: &[String], properties: &[(String, String)]) -> Result<()> {
        self.inner.update_namespace(name, properties.iter().cloned().collect(), &[]).await
    }

    async fn drop_namespace(&self, name: &[String]) -> Result<()> {
        self.inner.drop_namespace(name).await
    }

    async fn list(&self, namespace: &[String]) -> Result<Vec<Listed>> {
        let listed = |is_view: bool| {
            let namespace = namespace.to_vec();
            move |name: String| Listed { namespace: namespace.clone(), name, is_view }
        };
        let tables = self.inner.list_tables(namespace).await?.into_iter().map(listed(false));
        let views = self.inner.list_views(namespace).await?.into_iter().map(listed(true));
        let properties = self.inner.namespace(namespace).await?.unwrap_or_default();
        let files = properties.keys().filter_map(|key| Registered::name(key)).map(str::to_string).map(listed(false));
        Ok(tables.chain(files).chain(views).collect())
    }

    async fn files(&self, namespace: &[String], name: &str) -> Result<Option<Registered>> {
        let Some(properties) = self.inner.namespace(namespace).await? else { return Ok(None) };
        properties.get(&Registered::key(name)).map(|text| Registered::read(text)).transpose()
    }

    async fn put_files(&self, namespace: &[String], name: &str, files: Registered) -> Result<()> {
        let property = (Registered::key(name), files.written()?);
        self.inner.update_namespace(namespace, Properties::from_iter([property]), &[]).await
    }

    async fn functions(&self, namespace: &[String]) -> Result<BTreeMap<String, UserFunction>> {
        let properties = self.inner.namespace(namespace).await?.unwrap_or_default();
        let kept = properties.iter().filter_map(|(key, text)| Some((UserFunction::name(key)?, text)));
        kept.map(|(name, text)| Ok((name.to_string(), UserFunction::read(text)?))).collect()
    }

    async fn put_function(&self, namespace: &[String], name: &str, function: UserFunction) -> Result<()> {
        if self.inner.config().kind == CatalogKind::Rest {
            return Err(no_functions(self.name()));
        }
        let property = (UserFunction::key(name), function.written()?);
        self.inner.update_namespace(namespace, Properties::from_iter([property]), &[]).await
    }

    async fn drop_function(&self, namespace: &[String], name: &str) -> Result<()> {
        self.inner.update_namespace(namespace, Properties::new(), &[UserFunction::key(name)]).await
    }

    async fn load(&self, namespace: &[String], name: &str, version: Option<&Version>) -> Result<Option<Found>> {
        let ident = Ident::new(namespace.iter().cloned(), name);
        if let Some(table) = self.table(&ident, version).await? {
            return Ok(Some(Found::Table(Box::new(table))));
        }
        if let Some(view) = self.view(&ident).await? {
            return Ok(Some(Found::View(Box::new(view))));
        }
        let metadata = self.metadata_table(namespace, name, version).await?;
        Ok(metadata.map(|table| Found::Table(Box::new(table))))
    }

    async fn drop_table(&self, namespace: &[String], name: &str, purge: bool) -> Result<()> {
        if self.files(namespace, name).await?.is_some() {
            return self.inner.update_namespace(namespace, Properties::new(), &[Registered::key(name)]).await;
        }
        self.inner.drop_table(&Ident::new(namespace.iter().cloned(), name), purge).await
    }

    async fn rename(&self, namespace: &[String], name: &str, to_namespace: &[String], to: &str) -> Result<()> {
        if let Some(files) = self.files(namespace, name).await? {
            self.put_files(to_namespace, to, files).await?;
            return self.inner.update_namespace(namespace, Properties::new(), &[Registered::key(name)]).await;
        }
        let from = Ident::new(namespace.iter().cloned(), name);
        let to = Ident::new(to_namespace.iter().cloned(), to);
        match self.inner.load_view(&from).await? {
            Some(_) => self.inner.rename_view(&from, &to).await,
            None => self.inner.rename(&from, &to).await,
        }
    }

    async fn put_view(&self, view: View) -> Result<()> {
        let ViewBody::Text { sql, catalog, namespace } = view.body else {
            return Err(Error::unsupported("storing a frame's view in a catalog"));
        };
        let ident = Ident::new(view.name.namespace, view.name.name);
        let schema = view.schema.ok_or_else(|| Error::internal("a view to store has no columns"))?;
        let new = view::NewView {
            sql,
            schema: schema.as_ref().clone(),
            query_columns: Vec::new(),
            default_catalog: Some(catalog),
            default_namespace: namespace,
            comment: view.comment,
            properties: view.properties.into_iter().collect(),
        };
        view::create_view(&self.inner, &ident, new, true).await?;
        Ok(())
    }

    async fn drop_view(&self, namespace: &[String], name: &str) -> Result<()> {
        self.inner.drop_view(&Ident::new(namespace.iter().cloned(), name)).await
    }

    fn iceberg(&self) -> Option<Arc<dyn IcebergCatalog>> {
        Some(self.inner.clone())
    }
}

/// The columns with their comments, which a scan itself does not carry.
fn with_comments<'a>(columns: &Schema, comment_of: impl Fn(&str) -> Option<&'a str>) -> SchemaRef {
    let field = |field: &Arc<Field>| match comment_of(field.name()) {
        Some(comment) => {
            let metadata = HashMap::from([("comment".to_string(), comment.to_string())]);
            Arc::new(field.as_ref().clone().with_metadata(metadata))
        }
        None => field.clone(),
    };
    Arc::new(Schema::new(columns.fields().iter().map(field).collect::<Vec<_>>()))
}

/// The namespace a session starts in: `default` in Spark's session catalog, elsewhere the one `default-namespace` names or
/// none, so that tables are named with theirs (Iceberg 1.11 `SparkCatalog`).
pub fn default_namespace(catalog: &str, named: Option<&str>) -> Vec<String> {
    match named {
        _ if catalog.eq_ignore_ascii_case("spark_catalog") => vec!["default".into()],
        Some(named) => named.split('.').map(str::to_string).collect(),
        None => Vec::new(),
    }
}

/// The columns that tell rows apart; a query may name them, `*` does not show them.
fn identity() -> SchemaRef {
    Arc::new(Schema::new(identity_fields().to_vec()))
}

/// A REST catalog is reached by every engine; the embedded one only from this process.
fn reachable(table: &IcebergTable) -> Vec<BackendId> {
    let rest = table.catalog.config().kind == CatalogKind::Rest;
    if rest {
        vec![BackendId::DataFusion, BackendId::DuckDb, BackendId::Spark]
    } else {
        vec![BackendId::DataFusion, BackendId::DuckDb]
    }
}

/// A branch or version in the place of a metadata table's name.
enum Selected {
    Branch(String),
    Version(Version),
}

/// As Iceberg 1.11's `SparkCatalog.load` tells them.
fn selected(name: &str) -> Option<Selected> {
    let (kind, rest) = ["branch_", "tag_", "snapshot_id_", "at_timestamp_"]
        .iter()
        .find_map(|kind| name.get(..kind.len()).filter(|start| start.eq_ignore_ascii_case(kind)).map(|_| *kind))
        .and_then(|kind| Some((kind, name.get(kind.len()..)?)))?;
    let version = match kind {
        "at_timestamp_" => Version::Timestamp(rest.parse::<i64>().ok()?.saturating_mul(1000)),
        "snapshot_id_" => Version::Reference(rest.parse::<i64>().ok()?.to_string()),
        "branch_" => return Some(Selected::Branch(rest.into())),
        _ => Version::Reference(rest.into()),
    };
    Some(Selected::Version(version))
}

fn read_version(version: &Version) -> Result<time_travel::Version> {
    Ok(match version {
        Version::Reference(text) => time_travel::Version::parse(text),
        Version::Timestamp(micros) => time_travel::Version::TimestampMs(micros.div_euclid(1000)),
    })
}
