//! A crate depends only on crates of lower floors, and the page about the house says the floors there are.

use std::collections::BTreeMap;

use crate::{none, read, tree};

/// One crate's manifest, as far as floors go.
struct Manifest {
    floor: i64,
    depends_on: Vec<String>,
}

fn manifests() -> BTreeMap<String, Manifest> {
    let mut found = BTreeMap::new();
    for path in tree().iter().filter(|path| path.starts_with("crates") && path.ends_with("Cargo.toml")) {
        let manifest: toml::Table = read(path).expect("a manifest is text").parse().expect("a manifest is TOML");
        let name = manifest["package"]["name"].as_str().expect("a crate has a name").to_string();
        let floor = manifest["package"]["metadata"]["floe"]["floor"].as_integer();
        let floor = floor.unwrap_or_else(|| panic!("{name} has no [package.metadata.floe] floor"));
        // What tests use counts too: a test above its crate's floor belongs to the floor above.
        let tables = ["dependencies", "build-dependencies", "dev-dependencies"];
        let names = tables.iter().filter_map(|table| manifest.get(*table)?.as_table()).flat_map(|table| table.keys());
        let depends_on = names.filter(|name| name.starts_with("floe-")).cloned().collect();
        found.insert(name, Manifest { floor, depends_on });
    }
    found
}

#[test]
fn crates_depend_only_on_lower_floors() {
    let manifests = manifests();
    assert!(manifests.len() > 10, "the crates were not found");
    let mut findings = Vec::new();
    for (name, manifest) in &manifests {
        for other in &manifest.depends_on {
            let below = manifests[other].floor;
            if below >= manifest.floor {
                findings.push(format!("{name} (floor {}) depends on {other} (floor {below})", manifest.floor));
            }
        }
    }
    none("a crate depends only on lower floors", findings);
}

#[test]
fn the_page_about_the_house_tells_the_floors() {
    let page = read("docs/architecture.md").expect("the page is there");
    let told: BTreeMap<String, i64> = page
        .lines()
        .filter_map(|line| {
            let mut cells = line.strip_prefix("| ")?.split(" | ");
            let floor = cells.next()?.trim().parse().ok()?;
            Some((cells.next()?.trim_matches('`').to_string(), floor))
        })
        .collect();
    let built: BTreeMap<String, i64> = manifests().into_iter().map(|(name, manifest)| (name, manifest.floor)).collect();
    assert_eq!(told, built, "docs/architecture.md (left) and the crates' manifests (right) differ");
}
