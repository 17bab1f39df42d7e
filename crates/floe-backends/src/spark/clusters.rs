//! The Sparks of the settings: the one that is used unless a session says otherwise, and those that have a name.

use std::collections::BTreeMap;
use std::sync::Arc;

use floe_base::Result;
use floe_base::settings::Settings;

use super::Spark;
use super::target::{Address, Target};

/// Why there is none.
const NONE: &str =
    "no Spark is configured: serve --spark local, --spark sc://host:port, or a name under [clusters] in floe.toml";

/// Every Spark that a session may use. None of them is called before an operation needs it.
#[derive(Debug, Default)]
pub struct Sparks {
    usual: Option<Arc<Spark>>,
    named: BTreeMap<String, Arc<Spark>>,
}

impl Sparks {
    /// # Errors
    /// When an address cannot be read, or the setting `spark` names none.
    pub fn new(settings: &Settings) -> Result<Self> {
        let mut named = BTreeMap::new();
        for (name, cluster) in &settings.clusters {
            named.insert(name.clone(), Spark::new(Target::Remote(Address::of(cluster)?), settings)?);
        }
        let usual = match named.get(settings.text("spark").trim()) {
            Some(spark) => Some(spark.clone()),
            None => {
                let target = Target::parse(settings.text("spark"), &settings.clusters)?;
                target.map(|target| Spark::new(target, settings)).transpose()?
            }
        };
        Ok(Self { usual, named })
    }

    pub fn is_empty(&self) -> bool {
        self.usual.is_none() && self.named.is_empty()
    }

    /// The Spark a session asks for by name, or the usual one; else why there is none.
    pub fn get(&self, name: Option<&str>) -> std::result::Result<&Arc<Spark>, String> {
        match name.map(str::trim).filter(|name| !name.is_empty()) {
            None => self.usual.as_ref().ok_or_else(|| NONE.to_string()),
            Some(name) => self.named.get(name).ok_or_else(|| {
                let names: Vec<&str> = self.named.keys().map(String::as_str).collect();
                let there = if names.is_empty() { "none".into() } else { names.join(", ") };
                format!("floe.spark asks for the cluster `{name}`; floe.toml names {there} under [clusters]")
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_asks_by_name_and_hears_which_names_there_are() {
        let file = "spark = \"small\"\n[clusters]\nsmall = \"sc://a:1\"\nbig = \"sc://b:2\"\n";
        let settings = Settings::default().with_file("floe.toml", file).expect("reads");
        let sparks = Sparks::new(&settings).expect("addresses");
        let place = |name| sparks.get(name).map(|spark| spark.place().to_string());
        assert_eq!(place(None).as_deref(), Ok("sc://a:1"));
        assert_eq!(place(Some("big")).as_deref(), Ok("sc://b:2"));
        assert!(place(Some("huge")).is_err_and(|why| why.contains("`huge`") && why.contains("big, small")));
        assert!(Sparks::default().get(None).is_err());
    }
}
