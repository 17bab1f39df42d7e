//! `DESCRIBE SCHEMA`.

use floe_base::Result;

use super::cells::{texts, told};
use super::lookup::missing_schema;
use crate::{Execution, Session};

pub(super) async fn run(session: &Session, name: &[String], extended: bool) -> Result<Execution> {
    let (catalog, namespace) = session.locate_namespace(name).await?;
    let Some(found) = catalog.namespace(&namespace).await? else {
        return Err(missing_schema(catalog.name(), &namespace));
    };
    let mut rows = vec![("Catalog Name", catalog.name().to_string()), ("Namespace Name", namespace.join("."))];
    rows.extend(found.comment.map(|comment| ("Comment", comment)));
    rows.extend(found.location.map(|location| ("Location", location)));
    if extended {
        let mut pairs: Vec<String> = found.properties.iter().map(|(key, value)| format!("({key},{value})")).collect();
        pairs.sort();
        rows.push(("Properties", if pairs.is_empty() { String::new() } else { format!("({})", pairs.join(",")) }));
    }
    let (names, values): (Vec<&str>, Vec<String>) = rows.into_iter().unzip();
    told(vec![("info_name", false, texts(names)), ("info_value", true, texts(values))])
}
