//! The rules of the house that a machine can check. They are written down in `docs/style.md`.
//!
//! | file | what |
//! |---|---|
//! | `floors.rs` | a crate depends only on crates of lower floors |
//! | `files.rs` | headers, names and sizes of files, what no file mentions, links |
//! | `format.rs` | the form of files that `cargo fmt` does not see |
//! | `pages.rs`, `pages/` | the generated pages of `docs/reference`; `FLOE_DOCS=write` writes them |

mod files;
mod floors;
mod format;
mod pages;

use std::path::{Path, PathBuf};

/// The top of the repository.
fn root() -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    root.canonicalize().expect("the repository is around this crate")
}

/// Every file of the repository, by its path from the top; what is hidden, built or cached is none of ours.
fn tree() -> Vec<PathBuf> {
    let mut found = Vec::new();
    walk(&root(), Path::new(""), &mut found);
    found.sort();
    found
}

fn walk(root: &Path, folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(root.join(folder)).expect("a folder can be read").flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let path = folder.join(&name);
        let is_made = ["target", "logs", "__pycache__"].contains(&name.as_str());
        let foreign = is_made || (name.starts_with('.') && name != ".ci");
        match entry.file_type() {
            Ok(kind) if kind.is_dir() && !foreign => walk(root, &path, found),
            Ok(kind) if kind.is_file() && !foreign => found.push(path),
            _ => {}
        }
    }
}

/// The text of a file of the repository; `None` for one that is no text.
fn read(path: impl AsRef<Path>) -> Option<String> {
    String::from_utf8(std::fs::read(root().join(path)).ok()?).ok()
}

/// The files with this ending, and their text.
fn texts(ending: &str) -> Vec<(String, String)> {
    let of = |path: PathBuf| Some((path.display().to_string(), read(&path)?));
    tree().into_iter().filter(|path| path.extension().is_some_and(|end| end == ending)).filter_map(of).collect()
}

/// Fails with every finding at once.
fn none(rule: &str, findings: Vec<String>) {
    assert!(findings.is_empty(), "{rule}:\n  {}", findings.join("\n  "));
}
