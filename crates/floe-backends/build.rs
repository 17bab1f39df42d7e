//! Puts libduckdb beside the programs that link it, where `$ORIGIN` finds it; `docs/decisions/0004` says why.

use std::path::{Path, PathBuf};
use std::{env, fs};

fn main() {
    println!("cargo:rerun-if-env-changed=DUCKDB_LIB_DIR");
    println!("cargo:rerun-if-changed=build.rs");
    // A DuckDB built from source is linked into the program itself.
    if env::var_os("CARGO_FEATURE_BUNDLED").is_some() {
        return;
    }
    let apple = env::var("CARGO_CFG_TARGET_VENDOR").is_ok_and(|vendor| vendor == "apple");
    let (file, origin) = if apple { ("libduckdb.dylib", "@loader_path") } else { ("libduckdb.so", "$ORIGIN") };
    println!("cargo:rustc-link-arg=-Wl,-rpath,{origin}");
    let library = Path::new(&env::var_os("DUCKDB_LIB_DIR").unwrap_or_default()).join(file);
    println!("cargo:rerun-if-changed={}", library.display());
    assert!(
        library.is_file(),
        "{} is not there. `make duckdb` fetches it; the feature `bundled` builds DuckDB from source instead.",
        library.display()
    );
    let profile = profile_folder();
    for folder in [profile.clone(), profile.join("deps")] {
        place(&library, &folder.join(file));
    }
}

/// The folder of the profile's programs; cargo runs this script for `<profile>/build/<package>/out`.
fn profile_folder() -> PathBuf {
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets OUT_DIR"));
    out.ancestors().nth(3).expect("OUT_DIR is three folders below the profile's").to_path_buf()
}

/// A link costs no disk; across file systems it has to be a copy. Renamed into place, for programs may be running.
fn place(library: &Path, target: &Path) {
    let staged = target.with_extension("staged");
    let _ = fs::remove_file(&staged);
    fs::create_dir_all(target.parent().expect("a file has a folder")).expect("the target folder can be made");
    let source = library.canonicalize().expect("the library was there a moment ago");
    if fs::hard_link(&source, &staged).is_err() {
        fs::copy(&source, &staged).expect("the library can be copied into the target folder");
    }
    fs::rename(&staged, target).expect("the library can be renamed inside the target folder");
    // Renaming one link of a file onto another does nothing, and leaves the first.
    let _ = fs::remove_file(&staged);
}
