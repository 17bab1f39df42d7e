//! The catalogs a session can name: the embedded one and those its settings define.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use floe_backends::duckdb::{AttachedKind, DuckDb};
use floe_base::{Error, Result};
use floe_catalog::Catalog;
use floe_catalog::iceberg::Iceberg;
use floe_iceberg::config::{CatalogConfig, CatalogKind};
use tokio::sync::Mutex;

/// The catalog every session starts in.
pub(crate) const DEFAULT: &str = "spark_catalog";
/// The name under which a Spark has the embedded catalog, where that is offered to it.
pub const UPSTREAM: &str = "floe";
/// Stands for the value of `spark.sql.catalog.<name>` itself among a catalog's properties.
const CLASS: &str = "catalog-class";
/// Catalogs open at once before those of servers are closed.
const OPEN_MAX: usize = 128;
/// How the names of the classes end that are Iceberg's, and so ours.
const ICEBERG: [&str; 2] = [".SparkCatalog", ".SparkSessionCatalog"];

/// Opens catalogs when they are first named and keeps them open: one client, one cache, whoever asks.
#[derive(Debug)]
pub(crate) struct Catalogs {
    folder: PathBuf,
    /// Opens catalogs that are files of DuckDB's.
    duckdb: Arc<DuckDb>,
    /// By name and settings: two sessions that define `lake` differently have two.
    open: Mutex<BTreeMap<(String, BTreeMap<String, String>), Arc<dyn Catalog>>>,
}

impl Catalogs {
    pub(crate) fn new(folder: PathBuf, duckdb: Arc<DuckDb>) -> Self {
        Self { folder, duckdb, open: Mutex::default() }
    }

    /// The folder of the embedded catalog.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Where the embedded catalog keeps its tables, as Spark's `spark.sql.warehouse.dir` says it.
    pub(crate) fn warehouse(&self) -> String {
        format!("file:{}", self.folder.join("warehouse").display())
    }

    /// The catalog of a name under these settings; `None` where nothing defines it.
    pub(crate) async fn get(&self, name: &str, conf: &BTreeMap<String, String>) -> Result<Option<Arc<dyn Catalog>>> {
        // Only the session catalog's name may be written in any case.
        let name = if name.eq_ignore_ascii_case(DEFAULT) { DEFAULT } else { name };
        let properties = properties(name, conf);
        if name != DEFAULT && properties.is_empty() {
            return Ok(None);
        }
        if let Some(class) = properties.get(CLASS)
            && !ICEBERG.iter().any(|ours| class.ends_with(ours))
        {
            return Err(Error::unsupported(format!("catalog `{name}` of class {class} (Iceberg's SparkCatalog is)")));
        }
        let key = (name.to_string(), properties);
        let mut open = self.open.lock().await;
        if let Some(found) = open.get(&key) {
            return Ok(Some(found.clone()));
        }
        let catalog = self.opened(name, &key.1).await?;
        if open.len() >= OPEN_MAX {
            // Sessions with a token each define a catalog each. A server is asked anew; what an embedded catalog holds in
            // memory would be gone.
            open.retain(|_, catalog| !is_rest(catalog.as_ref()));
        }
        open.insert(key, catalog.clone());
        Ok(Some(catalog))
    }

    async fn opened(&self, name: &str, properties: &BTreeMap<String, String>) -> Result<Arc<dyn Catalog>> {
        if let Some(kind) = attached(properties.get("type")) {
            return self.duckdb.attach(kind, name, properties).await;
        }
        let said = ["type", "catalog-impl", "uri"].iter().any(|word| properties.contains_key(*word));
        let config = match said {
            true => CatalogConfig::from_properties(name, properties.clone())?,
            false => CatalogConfig::embedded(name, self.folder.clone()),
        };
        Ok(Arc::new(Iceberg::new(floe_iceberg::catalog::open(config).await?)))
    }

    /// The names of all catalogs these settings define, sorted.
    pub(crate) fn names(&self, conf: &BTreeMap<String, String>) -> Vec<String> {
        let mut names = vec![DEFAULT.to_string()];
        names.extend(conf.keys().filter_map(|key| {
            let rest = key.strip_prefix("spark.sql.catalog.")?;
            rest.split('.').next().map(str::to_string)
        }));
        names.sort();
        names.dedup();
        names
    }
}

fn attached(kind: Option<&String>) -> Option<AttachedKind> {
    AttachedKind::of(kind?)
}

fn is_rest(catalog: &dyn Catalog) -> bool {
    catalog.iceberg().is_some_and(|iceberg| iceberg.config().kind == CatalogKind::Rest)
}

/// The namespace a session is in once a catalog is current, without opening the catalog.
pub(crate) fn default_namespace(name: &str, conf: &BTreeMap<String, String>) -> Vec<String> {
    let of = |key: &str| conf.get(&format!("spark.sql.catalog.{name}.{key}"));
    let named = of("default-namespace");
    if let (None, Some(kind)) = (named, attached(of("type"))) {
        return vec![kind.main_schema().into()];
    }
    floe_catalog::iceberg::default_namespace(name, named.map(String::as_str))
}

/// What `spark.sql.catalog.<name>.*` says, without the prefix.
fn properties(name: &str, conf: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    let prefix = format!("spark.sql.catalog.{name}");
    let of = |(key, value): (&String, &String)| {
        let rest = key.strip_prefix(&prefix)?;
        if rest.is_empty() {
            return Some((CLASS.to_string(), value.clone()));
        }
        Some((rest.strip_prefix('.')?.to_string(), value.clone()))
    };
    conf.iter().filter_map(of).collect()
}
