//! `SHOW CATALOGS`, `DESCRIBE CATALOG`.

use floe_base::Result;

use super::cells::{matches, texts, told};
use super::lookup::missing_catalog;
use crate::{Execution, Session};

pub(super) fn run(session: &Session, pattern: Option<&str>) -> Result<Execution> {
    let names = session.catalog_names();
    told(vec![("catalog", false, texts(names.into_iter().filter(|name| matches(pattern, name))))])
}

pub(super) async fn describe(session: &Session, name: &str) -> Result<Execution> {
    let catalog = session.catalog(name).await?.ok_or_else(|| missing_catalog(name))?;
    told(vec![("info_name", false, texts(["Catalog Name"])), ("info_value", false, texts([catalog.name()]))])
}
