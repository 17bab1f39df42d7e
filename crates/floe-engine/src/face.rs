//! What a REST face needs of the engine, and what a Spark is told to come in by it.
//!
//! The face itself is `floe-rest`; who starts it is `floe-cli`.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;
use std::sync::Arc;

use floe_base::{Error, Kind, Result, Secret};
use floe_iceberg::catalog::IcebergCatalog;
use floe_iceberg::config::CatalogKind;

use crate::Engine;
use crate::catalogs::{DEFAULT, UPSTREAM};

impl Engine {
    /// The folder of the embedded catalog.
    pub fn folder(&self) -> &Path {
        self.catalogs().folder()
    }

    /// The catalog every session starts in.
    ///
    /// # Errors
    /// When the settings make it another server's: then that one is to be asked, not us.
    pub async fn embedded_catalog(&self) -> Result<Arc<dyn IcebergCatalog>> {
        let found = self.catalogs().get(DEFAULT, &self.settings().spark).await?;
        let catalog = found.and_then(|catalog| catalog.iceberg());
        catalog.filter(|catalog| catalog.config().kind == CatalogKind::Embedded).ok_or_else(|| {
            let text = "the REST face serves the embedded catalog, and `spark_catalog` is another server's here: point \
                        clients at that one";
            Error::message(Kind::IllegalArgument, text)
        })
    }
}

/// A REST face, as it is offered to a Spark behind this server. Holds the token, so that nothing prints it.
pub struct Offer {
    /// What a Spark with Iceberg's runtime needs to see the face's tables as the catalog `floe`: `spark.sql.catalog.floe.*`.
    settings: BTreeMap<String, String>,
    /// True when the address leads here only from this machine.
    is_for_this_machine: bool,
}

impl fmt::Debug for Offer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Offer").field("is_for_this_machine", &self.is_for_this_machine).finish_non_exhaustive()
    }
}

impl Offer {
    pub fn new(uri: &str, token: &Secret, is_for_this_machine: bool) -> Self {
        let catalog = format!("spark.sql.catalog.{UPSTREAM}");
        let of = |key: &str, value: &str| (format!("{catalog}.{key}"), value.to_string());
        let settings = BTreeMap::from([
            (catalog.clone(), "org.apache.iceberg.spark.SparkCatalog".to_string()),
            of("type", "rest"),
            of("uri", uri),
            of("token", token.reveal()),
            of("default-namespace", "default"),
            // A cached table would hide what was committed here meanwhile.
            of("cache-enabled", "false"),
        ]);
        Self { settings, is_for_this_machine }
    }

    /// The settings for a Spark on this machine or on another one; `None` where the face cannot be reached from there.
    pub(crate) fn settings(&self, is_on_this_machine: bool) -> Option<&BTreeMap<String, String>> {
        (is_on_this_machine || !self.is_for_this_machine).then_some(&self.settings)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use floe_base::settings::Settings;

    #[tokio::test]
    async fn a_catalog_of_another_server_is_not_served() {
        let mut settings = Settings::default();
        settings.set("data", ":memory:").expect("a setting");
        settings.spark.insert("spark.sql.catalog.spark_catalog.type".into(), "rest".into());
        settings.spark.insert("spark.sql.catalog.spark_catalog.uri".into(), "http://127.0.0.1:1".into());
        let engine = Engine::open(settings).expect("an engine");
        assert!(engine.embedded_catalog().await.is_err_and(|error| error.to_string().contains("another server")));
    }
}
