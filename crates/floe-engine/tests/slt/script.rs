//! Reads a case file: blocks parted by blank lines, each a statement with its recorded answer.

use std::collections::BTreeSet;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Query,
    Statement,
}

#[derive(Clone, Debug)]
pub(crate) struct Block {
    pub(crate) kind: Kind,
    /// The line its first word stands on, from 1.
    pub(crate) line: usize,
    pub(crate) settings: Vec<(String, String)>,
    pub(crate) unordered: bool,
    pub(crate) sql: String,
    /// Schema and rows, or one error; empty for a statement that must only succeed.
    pub(crate) answer: Vec<String>,
}

impl Block {
    /// The words before an opening parenthesis, in lower case: the functions it calls, and a few that are none.
    pub(crate) fn called(&self) -> BTreeSet<String> {
        let words = self.sql.match_indices('(').filter_map(|(at, _)| {
            let before = &self.sql[..at];
            before.rsplit(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_').next()
        });
        words.filter(|word| !word.is_empty()).map(str::to_lowercase).collect()
    }
}

/// The blocks of a file, in order.
pub(crate) fn blocks(text: &str) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut lines = text.lines().enumerate().peekable();
    while let Some((number, line)) = lines.next() {
        let Some((kind, words)) = head(line) else { continue };
        let body: Vec<&str> =
            std::iter::from_fn(|| lines.next_if(|(_, line)| !line.is_empty()).map(|(_, line)| line)).collect();
        let rule = body.iter().position(|line| *line == "----").unwrap_or(body.len());
        blocks.push(Block {
            kind,
            line: number + 1,
            settings: words.iter().filter_map(|word| setting(word)).collect(),
            unordered: words.contains(&"unordered"),
            sql: body[..rule].join("\n"),
            answer: body.iter().skip(rule + 1).map(|line| (*line).to_string()).collect(),
        });
    }
    blocks
}

fn head(line: &str) -> Option<(Kind, Vec<&str>)> {
    let mut words = line.split(' ');
    let kind = match words.next()? {
        "query" => Kind::Query,
        "statement" => Kind::Statement,
        _ => return None,
    };
    Some((kind, words.collect()))
}

fn setting(word: &str) -> Option<(String, String)> {
    let (key, value) = word.split_once('=')?;
    let key = match key {
        "ansi" => return Some(("spark.sql.ansi.enabled".into(), (value == "on").to_string())),
        "tz" => "spark.sql.session.timeZone",
        key => key,
    };
    Some((key.into(), value.into()))
}
