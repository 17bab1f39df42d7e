//! Finds the functions: every file `src/<family>/<function>.rs` is a module that declares `pub(crate) const FUNCTIONS`.
//!
//! So a new function is a new file and nothing else: no list is edited by hand. The families are the folders; a folder's
//! `mod.rs` is not used. Files whose name starts with `_` are not functions but what the functions of a family share.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

fn main() -> io::Result<()> {
    let source = PathBuf::from(env::var("CARGO_MANIFEST_DIR").unwrap_or_default()).join("src");
    println!("cargo::rerun-if-changed={}", source.display());
    let mut modules = String::new();
    let mut registry = String::from("pub(crate) const FAMILIES: &[(&str, &[&[crate::Function]])] = &[\n");
    for family in sorted(&source.join("family"))?.iter().filter(|path| path.is_dir()) {
        let name = stem(family);
        println!("cargo::rerun-if-changed={}", family.display());
        let _ = writeln!(modules, "pub(crate) mod {name} {{");
        let _ = writeln!(registry, "    (\"{name}\", &[");
        for file in sorted(family)?.iter().filter(|path| path.extension().is_some_and(|end| end == "rs")) {
            let function = stem(file);
            let _ =
                writeln!(modules, "    #[path = {:?}]\n    pub(crate) mod r#{function};", file.display().to_string());
            if !function.starts_with('_') {
                let _ = writeln!(registry, "        {name}::r#{function}::FUNCTIONS,");
            }
        }
        modules.push_str("}\n");
        registry.push_str("    ]),\n");
    }
    registry.push_str("];\n");
    let out = PathBuf::from(env::var("OUT_DIR").unwrap_or_default()).join("families.rs");
    fs::write(out, modules + &registry)
}

fn sorted(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut entries: Vec<PathBuf> = fs::read_dir(folder)?.flatten().map(|entry| entry.path()).collect();
    entries.sort();
    Ok(entries)
}

fn stem(path: &Path) -> String {
    path.file_stem().unwrap_or_default().to_string_lossy().into_owned()
}
