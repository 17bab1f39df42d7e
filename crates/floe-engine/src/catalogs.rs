//! The catalogs a session can name: the embedded one, those its settings define, and `system`.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use datafusion::execution::runtime_env::RuntimeEnv;
use floe_base::Result;
use floe_catalog::Catalog;
use floe_catalog::iceberg::Iceberg;
use floe_iceberg::config::CatalogConfig;
use tokio::sync::Mutex;

/// The catalog every session starts in.
pub(crate) const DEFAULT: &str = "spark_catalog";

/// Opens catalogs when they are first named and keeps them open: one client, one cache, whoever asks.
#[derive(Debug)]
pub(crate) struct Catalogs {
    folder: PathBuf,
    runtime: Arc<RuntimeEnv>,
    /// By name and settings: two sessions that define `lake` differently have two.
    open: Mutex<BTreeMap<(String, BTreeMap<String, String>), Arc<dyn Catalog>>>,
}

impl Catalogs {
    pub(crate) fn new(folder: PathBuf, runtime: Arc<RuntimeEnv>) -> Self {
        Self { folder, runtime, open: Mutex::default() }
    }

    /// Where the embedded catalog keeps its tables, as Spark's `spark.sql.warehouse.dir` says it.
    pub(crate) fn warehouse(&self) -> String {
        format!("file:{}", self.folder.join("warehouse").display())
    }

    /// The catalog of a name under these settings; `None` where nothing defines it.
    pub(crate) async fn get(&self, name: &str, conf: &BTreeMap<String, String>) -> Result<Option<Arc<dyn Catalog>>> {
        let name = name.to_lowercase();
        let properties = properties(&name, conf);
        if name != DEFAULT && properties.is_empty() {
            return Ok(None);
        }
        let key = (name.clone(), properties);
        let mut open = self.open.lock().await;
        if let Some(found) = open.get(&key) {
            return Ok(Some(found.clone()));
        }
        let config = if key.1.contains_key("type") || key.1.contains_key("uri") {
            CatalogConfig::from_properties(&name, key.1.clone())?
        } else {
            CatalogConfig::embedded(&name, self.folder.clone())
        };
        let catalog: Arc<dyn Catalog> =
            Arc::new(Iceberg::new(floe_iceberg::catalog::open(config).await?, self.runtime.clone()));
        open.insert(key, catalog.clone());
        Ok(Some(catalog))
    }

    /// The names of all catalogs these settings define, sorted.
    pub(crate) fn names(&self, conf: &BTreeMap<String, String>) -> Vec<String> {
        let mut names = vec![DEFAULT.to_string(), "system".into()];
        names.extend(conf.keys().filter_map(|key| {
            let rest = key.strip_prefix("spark.sql.catalog.")?;
            (!rest.contains('.')).then(|| rest.to_lowercase())
        }));
        names.sort();
        names.dedup();
        names
    }
}

/// What `spark.sql.catalog.<name>.*` says, without the prefix.
fn properties(name: &str, conf: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    let prefix = format!("spark.sql.catalog.{name}");
    let of = |(key, value): (&String, &String)| {
        let rest = key.strip_prefix(&prefix)?;
        if rest.is_empty() {
            return Some(("catalog-class".to_string(), value.clone()));
        }
        Some((rest.strip_prefix('.')?.to_string(), value.clone()))
    };
    conf.iter().filter_map(of).collect()
}
