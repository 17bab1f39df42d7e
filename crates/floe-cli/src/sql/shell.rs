//! The interactive shell: history, completion, a statement over several lines until its `;`.

use std::path::PathBuf;

use floe_base::Result;
use reedline::{
    DefaultCompleter, DefaultPrompt, DefaultPromptSegment, Emacs, FileBackedHistory, KeyCode, KeyModifiers,
    MenuBuilder, Reedline, ReedlineEvent, ReedlineMenu, Signal, ValidationResult, Validator, default_emacs_keybindings,
};

use super::{Terminal, tell};
use crate::flags::io;

/// Lines of history kept.
const HISTORY: usize = 5_000;

/// Words of Spark SQL that completion offers beside functions.
const WORDS: &[&str] = &[
    "SELECT",
    "FROM",
    "WHERE",
    "GROUP BY",
    "HAVING",
    "ORDER BY",
    "LIMIT",
    "JOIN",
    "LEFT JOIN",
    "UNION ALL",
    "WITH",
    "CREATE TABLE",
    "CREATE OR REPLACE TABLE",
    "CREATE VIEW",
    "INSERT INTO",
    "MERGE INTO",
    "UPDATE",
    "DELETE FROM",
    "SHOW TABLES",
    "SHOW SCHEMAS",
    "DESCRIBE",
    "EXPLAIN ROUTE",
    "DROP TABLE",
    "ALTER TABLE",
    "USE",
    "SET",
];

pub(crate) fn run(terminal: &Terminal) -> Result<()> {
    let mut editor = editor()?;
    let user = terminal.session().key().user_id.clone();
    let prompt = DefaultPrompt::new(DefaultPromptSegment::Basic("floe".into()), DefaultPromptSegment::Basic(user));
    println!("floe-engine {}. End a statement with `;`, leave with Ctrl-D.", env!("CARGO_PKG_VERSION"));
    loop {
        match editor.read_line(&prompt).map_err(io)? {
            Signal::Success(text) => {
                if let Err(error) = terminal.script(&text) {
                    tell(&error);
                }
            }
            Signal::CtrlC => {}
            Signal::CtrlD => return Ok(()),
        }
    }
}

fn editor() -> Result<Reedline> {
    let words = WORDS.iter().map(|word| (*word).to_string());
    let functions = floe_engine::functions().into_iter().map(str::to_string);
    let mut completer = DefaultCompleter::with_inclusions(&['_', '.']).set_min_word_len(2);
    completer.insert(words.chain(functions).collect());
    let menu = reedline::ColumnarMenu::default().with_name("words");
    let mut keys = default_emacs_keybindings();
    let event = ReedlineEvent::UntilFound(vec![ReedlineEvent::Menu("words".into()), ReedlineEvent::MenuNext]);
    keys.add_binding(KeyModifiers::NONE, KeyCode::Tab, event);
    let mut editor = Reedline::create()
        .with_completer(Box::new(completer))
        .with_menu(ReedlineMenu::EngineCompleter(Box::new(menu)))
        .with_edit_mode(Box::new(Emacs::new(keys)))
        .with_validator(Box::new(UntilSemicolon));
    if let Some(file) = history() {
        let history =
            FileBackedHistory::with_file(HISTORY, file).map_err(|error| crate::flags::invalid(error.to_string()))?;
        editor = editor.with_history(Box::new(history));
    }
    Ok(editor)
}

fn history() -> Option<PathBuf> {
    Some(PathBuf::from(std::env::var_os("HOME")?).join(".floe_history"))
}

/// A statement is whole when it ends in `;`.
struct UntilSemicolon;

impl Validator for UntilSemicolon {
    fn validate(&self, line: &str) -> ValidationResult {
        let text = line.trim_end();
        if text.is_empty() || text.ends_with(';') { ValidationResult::Complete } else { ValidationResult::Incomplete }
    }
}
