//! `SHOW SCHEMAS`, `SHOW DATABASES`, `SHOW NAMESPACES`.

use floe_base::Result;

use super::cells::{matches, texts, told};
use super::lookup::missing_catalog;
use crate::{Execution, Session};

pub(super) async fn run(session: &Session, within: Option<Vec<String>>, pattern: Option<&str>) -> Result<Execution> {
    let (first, parent) = match within.as_deref() {
        Some([first, rest @ ..]) => (first.clone(), rest.to_vec()),
        _ => (session.current().0, Vec::new()),
    };
    let catalog = session.catalog(&first).await?.ok_or_else(|| missing_catalog(&first))?;
    let names = catalog.namespaces(&parent).await?.into_iter().map(|parts| parts.join("."));
    told(vec![("namespace", false, texts(names.filter(|name| matches(pattern, name))))])
}
