//! Headers, names and sizes of files, what no file mentions, and links between pages.

use std::path::{Component, Path, PathBuf};

use crate::{none, read, root, texts, tree};

/// A file of logic that is longer is two files.
const LINES_MAX: usize = 800;

/// Names that say nothing about what is inside.
const NAMELESS: &[&str] = &["utils", "util", "common", "helpers", "manager"];

#[test]
fn rust_files_say_what_they_hold() {
    let bare = texts("rs").into_iter().filter(|(_, text)| !text.starts_with("//! "));
    none("a Rust file opens with `//!`", bare.map(|(path, _)| path).collect());
}

#[test]
fn python_files_say_what_they_hold() {
    let bare = texts("py").into_iter().filter(|(_, text)| !text.starts_with("\"\"\"") && !text.starts_with("#!"));
    none("a Python file opens with its docstring", bare.map(|(path, _)| path).collect());
}

#[test]
fn files_have_names() {
    let code = |path: &PathBuf| path.extension().is_some_and(|end| end == "rs" || end == "py");
    let nameless = |path: &PathBuf| path.file_stem().is_some_and(|stem| NAMELESS.iter().any(|name| stem == *name));
    let found = tree().into_iter().filter(code).filter(nameless);
    none("a file is named after what it holds", found.map(|path| path.display().to_string()).collect());
}

#[test]
fn files_of_logic_are_short() {
    let files = texts("rs").into_iter().chain(texts("py"));
    let long = files.map(|(path, text)| (path, text.lines().count())).filter(|(_, lines)| *lines > LINES_MAX);
    none(
        &format!("a file has at most {LINES_MAX} lines"),
        long.map(|(path, lines)| format!("{path}: {lines}")).collect(),
    );
}

/// Where packages come from, and where somebody's disk is, is the machine's business.
#[test]
fn no_file_names_a_registry_or_a_machine() {
    // Put together here, so that this file does not name them either.
    let hosts = [["pypi", ".org"], ["pythonhosted", ".org"], ["crates", ".io"], ["npmjs", ".org"], ["maven", ".org"]];
    let settings = [["index", "-url"], ["trusted", "-host"], ["registry", "="], ["artifact", "ory"]];
    let words: Vec<String> = hosts.iter().chain(&settings).map(|parts| parts.concat()).collect();
    let folders = [["/wo", "rk"], ["/ro", "ot"]].map(|parts| parts.concat());
    let mut findings = Vec::new();
    for path in tree().iter().filter(|path| !path.ends_with("Cargo.lock")) {
        let Some(text) = read(path) else { continue };
        for (number, line) in text.lines().enumerate() {
            let word = words.iter().find(|word| line.contains(word.as_str()));
            if let Some(word) = word.or_else(|| folders.iter().find(|folder| names_folder(line, folder))) {
                findings.push(format!("{}:{}: {word}", path.display(), number + 1));
            }
        }
    }
    none("no file names a registry's host or a folder of one machine", findings);
}

/// Does the line hold this folder as the start of a path, rather than `network/`, `/works` or `a/folder/in/one`?
fn names_folder(line: &str, folder: &str) -> bool {
    line.match_indices(folder).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        let after = line[at + folder.len()..].chars().next();
        let inside = |letter: char| letter.is_alphanumeric() || matches!(letter, '_' | '-' | '.' | '}' | ')' | '*');
        !before.is_some_and(|letter| inside(letter) || letter == '/') && !after.is_some_and(inside)
    })
}

#[test]
fn links_between_pages_lead_somewhere() {
    let mut findings = Vec::new();
    for (path, text) in texts("md") {
        let folder = Path::new(&path).parent().unwrap_or(Path::new(""));
        for target in links(&text) {
            let target = target.split('#').next().unwrap_or_default();
            if !target.is_empty() && !root().join(plain(&folder.join(target))).exists() {
                findings.push(format!("{path}: {target}"));
            }
        }
    }
    none("a link leads to a file", findings);
}

/// The targets of `[text](target)` that are no addresses.
fn links(text: &str) -> impl Iterator<Item = &str> {
    let targets = text.match_indices("](").filter_map(|(at, _)| text[at + 2..].split(')').next());
    targets.filter(|target| !target.contains("://") && !target.contains(char::is_whitespace))
}

/// `a/../b` is `b`, on every file system.
fn plain(path: &Path) -> PathBuf {
    path.components().fold(PathBuf::new(), |mut whole, part| {
        if part == Component::ParentDir {
            whole.pop();
        } else {
            whole.push(part);
        }
        whole
    })
}
