//! Deletes the files of a table that was dropped with PURGE.

use std::collections::HashSet;

use crate::catalog::Loaded;
use crate::manifest;

/// Every file any snapshot of the table refers to, then the metadata. What cannot be read or deleted is logged and left: the
/// table's name is gone already, and an error here would help nobody.
pub(crate) async fn purge(loaded: &Loaded) {
    let mut files: HashSet<String> = HashSet::new();
    let (metadata, storage) = (&loaded.metadata, &loaded.storage);
    for snapshot in metadata.snapshots() {
        files.insert(snapshot.manifest_list().to_string());
        let manifests = match manifest::list(storage, metadata, snapshot).await {
            Ok(manifests) => manifests,
            Err(error) => {
                tracing::warn!(snapshot = snapshot.snapshot_id(), %error, "files of a dropped table stay");
                continue;
            }
        };
        for file in manifests.iter() {
            if !files.insert(file.manifest_path.clone()) {
                continue;
            }
            match manifest::entries(storage, file).await {
                Ok(entries) => files.extend(entries.iter().map(|entry| entry.path().to_string())),
                Err(error) => tracing::warn!(manifest = file.manifest_path, %error, "files of a dropped table stay"),
            }
        }
    }
    files.extend(metadata.statistics_iter().map(|file| file.statistics_path.clone()));
    files.extend(metadata.metadata_log().iter().map(|log| log.metadata_file.clone()));
    files.extend(loaded.metadata_location.clone());
    files.remove("");
    storage.delete_quietly(files).await;
}
