//! Iceberg catalogs, embedded and REST, as a [`Catalog`]: their words in ours.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use async_trait::async_trait;
use datafusion::execution::runtime_env::RuntimeEnv;
use floe_base::id::BackendId;
use floe_base::{Error, Result};
use floe_iceberg::catalog::{IcebergCatalog, Ident, Properties};
use floe_iceberg::scan::{FILE_COLUMN, POSITION_COLUMN, ScanOptions};
use floe_iceberg::table::Table as IcebergTable;
use floe_iceberg::time_travel;
use floe_iceberg::view;

use crate::catalog::{Listed, Namespace, Version};
use crate::view::ViewBody;
use crate::{Catalog, Found, ObjectName, Statistics, Table, View};

/// An Iceberg catalog under the name a session knows it by.
#[derive(Debug)]
pub struct Iceberg {
    inner: Arc<dyn IcebergCatalog>,
    /// Scans read through its object stores; a table's own is registered when the table is loaded.
    runtime: Arc<RuntimeEnv>,
}

impl Iceberg {
    pub fn new(inner: Arc<dyn IcebergCatalog>, runtime: Arc<RuntimeEnv>) -> Self {
        Self { inner, runtime }
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
        let options = ScanOptions { version, row_identity: true, files: None };
        Ok(Table {
            name: Some(ObjectName::new(self.inner.name(), ident.namespace.clone(), ident.name.clone())),
            schema: resolved.columns(),
            provider: table.provider(options)?,
            statistics,
            reachable: reachable(&table),
            format: "iceberg".into(),
            iceberg: Some(Arc::new(table)),
            metadata_columns: identity(),
        })
    }

    /// `t.snapshots` and its like: the last namespace part is then the table.
    async fn metadata_table(&self, namespace: &[String], name: &str) -> Result<Option<Table>> {
        let Some((table, namespace)) = namespace.split_last() else { return Ok(None) };
        let ident = Ident::new(namespace.iter().cloned(), table.clone());
        if let Some((kind, reference)) = name.split_once('_')
            && matches!(kind, "branch" | "tag")
        {
            return self.table(&ident, Some(&Version::Reference(reference.into()))).await;
        }
        Ok(None)
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
            schema: Some(schema),
            is_temporary: false,
            comment: found.comment().map(str::to_string),
            properties: found.properties().into_iter().collect(),
        }))
    }
}

#[async_trait]
impl Catalog for Iceberg {
    fn name(&self) -> &str {
        self.inner.name()
    }

    async fn namespaces(&self, parent: &[String]) -> Result<Vec<Vec<String>>> {
        self.inner.list_namespaces(parent).await
    }

    async fn namespace(&self, name: &[String]) -> Result<Option<Namespace>> {
        let Some(mut properties) = self.inner.namespace(name).await? else { return Ok(None) };
        let comment = properties.remove("comment");
        let location = properties.remove("location");
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
        Ok(tables.chain(views).collect())
    }

    async fn load(&self, namespace: &[String], name: &str, version: Option<&Version>) -> Result<Option<Found>> {
        let ident = Ident::new(namespace.iter().cloned(), name);
        if let Some(table) = self.table(&ident, version).await? {
            return Ok(Some(Found::Table(Box::new(table))));
        }
        if let Some(view) = self.view(&ident).await? {
            return Ok(Some(Found::View(Box::new(view))));
        }
        let metadata = self.metadata_table(namespace, name).await?;
        Ok(metadata.map(|table| Found::Table(Box::new(table))))
    }

    async fn drop_table(&self, namespace: &[String], name: &str, purge: bool) -> Result<()> {
        self.inner.drop_table(&Ident::new(namespace.iter().cloned(), name), purge).await
    }

    async fn rename(&self, namespace: &[String], name: &str, to_namespace: &[String], to: &str) -> Result<()> {
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

/// The columns that tell rows apart; a query may name them, `*` does not show them.
fn identity() -> SchemaRef {
    Arc::new(Schema::new(vec![
        Field::new(FILE_COLUMN, DataType::Utf8, false),
        Field::new(POSITION_COLUMN, DataType::Int64, false),
    ]))
}

/// A REST catalog is reached by every engine; the embedded one only from this process.
fn reachable(table: &IcebergTable) -> Vec<BackendId> {
    let rest = matches!(table.catalog.config().kind, floe_iceberg::config::CatalogKind::Rest);
    if rest {
        vec![BackendId::DataFusion, BackendId::DuckDb, BackendId::Spark]
    } else {
        vec![BackendId::DataFusion, BackendId::DuckDb]
    }
}

fn read_version(version: &Version) -> Result<time_travel::Version> {
    Ok(match version {
        Version::Reference(text) => time_travel::Version::parse(text),
        Version::Timestamp(micros) => time_travel::Version::TimestampMs(micros.div_euclid(1000)),
    })
}
