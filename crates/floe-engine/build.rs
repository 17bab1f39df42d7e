//! Programs of this crate find libduckdb beside themselves (`crates/floe-backends/build.rs` puts it there).

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    let apple = std::env::var("CARGO_CFG_TARGET_VENDOR").is_ok_and(|vendor| vendor == "apple");
    println!("cargo:rustc-link-arg=-Wl,-rpath,{}", if apple { "@loader_path" } else { "$ORIGIN" });
}
