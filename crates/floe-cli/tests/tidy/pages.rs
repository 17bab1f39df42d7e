//! The generated pages of `docs/reference`: each is a function from the program's own tables to text.

mod connect;
mod functions;
mod settings;
mod statements;

use crate::{read, root};

/// Every page by its file's name.
fn all() -> [(&'static str, String); 4] {
    [
        ("settings.md", settings::page()),
        ("functions.md", functions::page()),
        ("statements.md", statements::page()),
        ("connect.md", connect::page()),
    ]
}

#[test]
fn generated_pages_are_fresh() {
    for (name, text) in all() {
        let path = format!("docs/reference/{name}");
        if std::env::var("FLOE_DOCS").is_ok_and(|wish| wish == "write") {
            std::fs::write(root().join(&path), &text).expect("a page can be written");
        }
        assert!(read(&path).is_some_and(|kept| kept == text), "{path} is not what `make docs` writes");
    }
}

/// The first lines of a page.
fn head(title: &str, text: &str) -> String {
    format!("# {title}\n\nWritten by `make docs`; a test holds it against the program.\n{text}\n")
}

/// Text that a cell of a table can hold.
fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('\n', " ")
}
