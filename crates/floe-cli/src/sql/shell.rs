//! The interactive shell: history, completion, a statement over several lines until its `;`.

use std::path::PathBuf;

use floe_base::Result;
use reedline::{
    DefaultPrompt, DefaultPromptSegment, Emacs, FileBackedHistory, KeyCode, KeyModifiers, MenuBuilder, Reedline,
    ReedlineEvent, ReedlineMenu, Signal, ValidationResult, Validator, default_emacs_keybindings,
};

use super::complete::{Names, Words};
use super::{Done, Terminal};
use crate::flags::{invalid, io};

/// Lines of history kept.
const HISTORY: usize = 5_000;

const HELP: &str = "\
A statement ends with `;` and may take several lines. Tab completes, Up goes back in history, Ctrl-C stops a query.
SHOW TABLES;  DESCRIBE name;  EXPLAIN ROUTE SELECT …;  SELECT * FROM system.routes;
`exit` or Ctrl-D leaves.";

pub(crate) fn run(terminal: &Terminal) -> Result<()> {
    let names = Names::default();
    let mut editor = editor(names.clone())?;
    println!("floe-engine {}. End a statement with `;`, ask for `help`, leave with `exit`.", env!("CARGO_PKG_VERSION"));
    learn(terminal, &names);
    loop {
        match editor.read_line(&prompt(terminal)).map_err(io)? {
            Signal::Success(text) => match word(&text) {
                Some(Word::Exit) => return Ok(()),
                Some(Word::Help) => println!("{HELP}"),
                None => answer(terminal, &text, &names),
            },
            Signal::CtrlC => {}
            Signal::CtrlD => return Ok(()),
        }
    }
}

/// Runs statements and says how it went; an error ends those, not the shell.
fn answer(terminal: &Terminal, text: &str, names: &Names) {
    for statement in floe_engine::query::statements(text) {
        match terminal.statement(&statement) {
            Ok(done) => {
                println!("{}", told(&done));
                if done.is_command {
                    learn(terminal, names);
                }
            }
            Err(error) => return eprintln!("{error}"),
        }
    }
}

fn told(done: &Done) -> String {
    let seconds = done.took.as_secs_f64();
    match done.rows {
        None => format!("done in {seconds:.2} s"),
        Some(1) => format!("1 row in {seconds:.2} s"),
        Some(rows) => format!("{rows} rows in {seconds:.2} s"),
    }
}

/// Completion knows the tables and views of the current schema. Where they cannot be listed it goes without.
fn learn(terminal: &Terminal, names: &Names) {
    if let Ok(found) = terminal.texts("SHOW TABLES", "tableName") {
        *names.write() = found;
    }
}

fn prompt(terminal: &Terminal) -> DefaultPrompt {
    let (catalog, namespace) = terminal.session.current();
    let place = format!("{catalog}.{}", namespace.join("."));
    DefaultPrompt::new(DefaultPromptSegment::Basic("floe".into()), DefaultPromptSegment::Basic(place))
}

fn editor(names: Names) -> Result<Reedline> {
    let menu = reedline::ColumnarMenu::default().with_name("words");
    let mut keys = default_emacs_keybindings();
    let event = ReedlineEvent::UntilFound(vec![ReedlineEvent::Menu("words".into()), ReedlineEvent::MenuNext]);
    keys.add_binding(KeyModifiers::NONE, KeyCode::Tab, event);
    let mut editor = Reedline::create()
        .with_completer(Box::new(Words::new(names)))
        .with_menu(ReedlineMenu::EngineCompleter(Box::new(menu)))
        .with_quick_completions(true)
        .with_edit_mode(Box::new(Emacs::new(keys)))
        .with_validator(Box::new(WholeStatements));
    if let Some(file) = history() {
        let history = FileBackedHistory::with_file(HISTORY, file).map_err(|error| invalid(error.to_string()))?;
        editor = editor.with_history(Box::new(history));
    }
    Ok(editor)
}

fn history() -> Option<PathBuf> {
    Some(PathBuf::from(std::env::var_os("HOME")?).join(".floe_history"))
}

/// What is not SQL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Word {
    Exit,
    Help,
}

fn word(line: &str) -> Option<Word> {
    match line.trim().trim_end_matches(';').to_lowercase().as_str() {
        "exit" | "quit" | "\\q" => Some(Word::Exit),
        "help" | "?" | "\\?" => Some(Word::Help),
        _ => None,
    }
}

/// Text is sent when all of it is statements that end in `;`, outside of quotes and comments.
struct WholeStatements;

impl Validator for WholeStatements {
    fn validate(&self, line: &str) -> ValidationResult {
        if is_whole(line) { ValidationResult::Complete } else { ValidationResult::Incomplete }
    }
}

fn is_whole(text: &str) -> bool {
    // What stands behind the last `;` would be a statement of its own; a comment is none.
    let behind = floe_engine::query::statements(&format!("{text}\n?")).pop().unwrap_or_default();
    let is_nothing = |line: &str| line.trim().is_empty() || line.trim() == "?" || line.trim().starts_with("--");
    text.trim().is_empty() || word(text).is_some() || behind.lines().all(is_nothing)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_sent_when_its_statements_are_whole() {
        for text in ["", "SELECT 1;", "SELECT 1; SELECT 2;\n", "exit", "help;", "SELECT ';';", "SELECT 1; -- one"] {
            assert!(is_whole(text), "{text}");
        }
        for text in ["SELECT 1", "SELECT 1; SELECT 2", "SELECT 'a;", "SELECT 1 /* ;", "exits"] {
            assert!(!is_whole(text), "{text}");
        }
    }
}
