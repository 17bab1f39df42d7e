//! `MSCK REPAIR TABLE`, `ALTER TABLE … RECOVER PARTITIONS`, `SHOW PARTITIONS`: which folders of a table over files are its
//! partitions.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use floe_base::error::quoted;
use floe_base::{Error, Result};
use floe_catalog::files::partition_folder;
use floe_syntax::relation::TableName;

use super::insert_files::Filed;
use super::write_files;
use crate::command::cells::{texts, told};
use crate::command::lookup::{Named, no_partitions};
use crate::{Execution, Session, threads};

pub(super) async fn run(
    session: &Arc<Session>,
    name: &TableName,
    add: bool,
    drop: bool,
    is_alter: bool,
) -> Result<Execution> {
    let Some(filed) = session.filed(name).await? else { return Err(refused(session, name, is_alter).await?) };
    if filed.kept.partitioned_by.is_empty() {
        let operation = if is_alter { "ALTER TABLE RECOVER PARTITIONS" } else { "MSCK REPAIR TABLE" };
        return Err(Error::analysis("NOT_A_PARTITIONED_TABLE")
            .with("operation", operation)
            .with("tableIdentWithDB", quoted(&filed.located.whole())));
    }
    let found = found(&filed).await?;
    filed
        .change_partitions(|known| {
            if drop {
                known.retain(|partition| found.contains(partition));
            }
            if add {
                known.extend(found);
            }
        })
        .await?;
    Ok(Execution::empty())
}

/// What Spark 4.1 says of what is no table of its own catalog.
async fn refused(session: &Session, name: &TableName, is_alter: bool) -> Result<Error> {
    let command = if is_alter { "ALTER TABLE ... RECOVER PARTITIONS" } else { "MSCK REPAIR TABLE" };
    let view = |parts: &[String]| {
        let error = Error::analysis("EXPECT_TABLE_NOT_VIEW.NO_ALTERNATIVE");
        error.with("viewName", quoted(parts)).with("operation", command).at(&name.origin)
    };
    Ok(match session.existing_object(name).await? {
        Named::Temporary { .. } => view(&name.parts),
        Named::Object { located, found: floe_catalog::Found::View(_) } => view(&located.whole()),
        Named::Object { .. } => Error::analysis("NOT_SUPPORTED_COMMAND_FOR_V2_TABLE").with("cmd", command),
    })
}

/// The partitions whose folders are there. Folders of other columns are none, as in Spark.
async fn found(filed: &Filed) -> Result<BTreeSet<String>> {
    let root = write_files::folder(Some(&filed.kept.path))?;
    let keys = filed.kept.partitioned_by.clone();
    threads::blocking(move || {
        let mut found = BTreeSet::new();
        look(&root, &keys, &mut Vec::new(), &mut found)
            .map_err(|(folder, error)| write_files::cannot(&folder, error))?;
        Ok(found)
    })
    .await
}

fn look(
    folder: &Path,
    keys: &[String],
    above: &mut Vec<String>,
    found: &mut BTreeSet<String>,
) -> std::result::Result<(), (PathBuf, std::io::Error)> {
    let Some((key, deeper)) = keys.split_first() else {
        found.insert(above.join("/"));
        return Ok(());
    };
    if !folder.exists() {
        return Ok(());
    }
    for entry in std::fs::read_dir(folder).map_err(|error| (folder.to_path_buf(), error))? {
        let entry = entry.map_err(|error| (folder.to_path_buf(), error))?;
        let Ok(name) = entry.file_name().into_string() else { continue };
        let is_key = partition_folder::read(&name).is_some_and(|(column, _)| column.eq_ignore_ascii_case(key));
        if is_key && entry.path().is_dir() {
            above.push(name);
            look(&entry.path(), deeper, above, found)?;
            above.pop();
        }
    }
    Ok(())
}

/// `SHOW PARTITIONS`.
pub(crate) async fn show(session: &Session, name: &TableName) -> Result<Execution> {
    let Some(filed) = session.filed(name).await? else { return no_partitions(session, name).await };
    if filed.kept.partitioned_by.is_empty() {
        let error = Error::analysis("INVALID_PARTITION_OPERATION.PARTITION_SCHEMA_IS_EMPTY");
        return Err(error.with("name", quoted(&filed.located.whole())));
    }
    told(vec![("partition", false, texts(filed.kept.partitions.iter().map(String::as_str)))])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_folders_of_the_columns_in_their_order_are_partitions() {
        let root = tempfile::tempdir().expect("a folder");
        for folder in ["a=1/b=x", "a=2/c=x", "b=1/a=2", "A=3/b=y%3Az", "other", "a=4"] {
            std::fs::create_dir_all(root.path().join(folder)).expect("a folder");
        }
        std::fs::write(root.path().join("a=5"), b"").expect("a file");
        let mut found = BTreeSet::new();
        look(root.path(), &["a".into(), "b".into()], &mut Vec::new(), &mut found).expect("folders are read");
        assert_eq!(found.into_iter().collect::<Vec<_>>(), ["A=3/b=y%3Az", "a=1/b=x"]);
    }
}
