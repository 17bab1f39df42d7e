//! DuckDB's extensions, where somebody has installed them. None is ever fetched: a server that starts without a network
//! has the same extensions as one with it.

use std::path::{Path, PathBuf};

use duckdb::Connection;

use super::failure;
use super::types::text;

/// Loads an extension from the folder, or from DuckDB's own (`~/.duckdb/extensions`) where none is named. `Err` is the
/// reason and what can be done. DuckDB checks that its makers have signed it for this very version.
pub(super) fn load(connection: &Connection, name: &str, folder: Option<&Path>) -> Result<(), String> {
    let version = version(connection)?;
    let wanted = match folder {
        None => name.to_string(),
        Some(folder) => {
            let places = places(folder, name, &version);
            let missing = || {
                let missing = format!("DuckDB's extension {name} is not in {}", folder.display());
                format!("{missing}; put {name}.duckdb_extension of DuckDB {version} there{}", or_from(name))
            };
            let found = places.into_iter().find(|path| path.is_file()).ok_or_else(missing)?;
            text(&found.display().to_string())
        }
    };
    connection.execute_batch(&format!("LOAD {wanted}")).map_err(|error| match failure::text(&error) {
        absent if absent.contains("not found") => format!(
            "DuckDB's extension {name} is not installed; run INSTALL {name} in DuckDB {version} as the user of this \
             server, or name a folder that has it with --duckdb-extensions{}",
            or_from(name)
        ),
        other => format!("DuckDB's extension {name} cannot be loaded: {other}"),
    })
}

/// Where the file may be: in the folder itself, or as DuckDB and the packages of PyPI lay it out.
fn places(folder: &Path, name: &str, version: &str) -> Vec<PathBuf> {
    let file = format!("{name}.duckdb_extension");
    let of_version = folder.join(version);
    let below = std::fs::read_dir(&of_version).into_iter().flatten().flatten().map(|entry| entry.path());
    let mut platforms: Vec<PathBuf> = below.filter(|path| path.is_dir()).map(|path| path.join(&file)).collect();
    platforms.sort();
    [folder.join(&file), of_version.join(&file)].into_iter().chain(platforms).collect()
}

fn or_from(name: &str) -> String {
    format!(" (PyPI's duckdb-extension-{} carries it)", name.replace('_', "-"))
}

/// `v1.5.5`.
fn version(connection: &Connection) -> Result<String, String> {
    let asked = connection.query_row("SELECT library_version FROM pragma_version()", [], |row| row.get(0));
    asked.map_err(|error| failure::text(&error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_extension_is_found_as_each_installer_lays_it_out() -> std::io::Result<()> {
        let folder = tempfile::tempdir()?;
        let found = || places(folder.path(), "x", "v1").into_iter().find(|path| path.is_file());
        assert_eq!(found(), None);
        let deep = folder.path().join("v1").join("linux_amd64");
        std::fs::create_dir_all(&deep)?;
        std::fs::write(deep.join("x.duckdb_extension"), "")?;
        assert_eq!(found(), Some(deep.join("x.duckdb_extension")));
        std::fs::write(folder.path().join("x.duckdb_extension"), "")?;
        assert_eq!(found(), Some(folder.path().join("x.duckdb_extension")));
        Ok(())
    }

    #[test]
    fn what_is_not_there_is_told_with_the_next_step() -> duckdb::Result<()> {
        let connection = Connection::open_in_memory()?;
        let told = load(&connection, "nothing_scanner", Some(Path::new("/nowhere")));
        assert!(told.is_err_and(|text| text.contains("/nowhere") && text.contains("duckdb-extension-nothing-scanner")));
        Ok(())
    }
}
