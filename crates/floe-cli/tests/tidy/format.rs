//! The form of files that `cargo fmt` does not see, because their modules are found by a build script
//! (`docs/decisions/0002-functions-are-found.md`).

use std::process::Command;

use crate::{none, root, tree};

#[test]
fn functions_are_formatted() {
    let family = "crates/floe-functions/src/family";
    let is_code = |path: &std::path::Path| path.starts_with(family) && path.extension().is_some_and(|end| end == "rs");
    let files: Vec<_> = tree().into_iter().filter(|path| is_code(path)).collect();
    assert!(files.len() > 100, "the functions were not found");
    let mut rustfmt = Command::new("rustfmt");
    rustfmt.current_dir(root()).args(["--check", "--files-with-diff", "--edition", "2024", "--config-path", "."]);
    let output = rustfmt.args(&files).output().expect("rustfmt runs");
    let told = String::from_utf8_lossy(&output.stdout).lines().map(str::to_string).collect();
    none("functions are formatted; `rustfmt --edition 2024` does it", told);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}
