//! Statements we know by name only. They parse as far as their first words; the engine says what is missing.

use floe_base::Result;
use floe_syntax::Command;

use crate::keyword::Keyword as K;
use crate::parser::{Mark, Parser};
use crate::token::Kind;

/// First words of such statements, the longer ones first.
const PHRASES: &[&[K]] = &[
    &[K::Create, K::Or, K::Replace, K::Temporary, K::Function],
    &[K::Create, K::Or, K::Replace, K::Temp, K::Function],
    &[K::Create, K::Or, K::Replace, K::Function],
    &[K::Create, K::Temporary, K::Function],
    &[K::Create, K::Temp, K::Function],
    &[K::Create, K::Temporary, K::Macro],
    &[K::Create, K::Temp, K::Macro],
    &[K::Create, K::Function],
    &[K::Create, K::Index],
    &[K::Create, K::Role],
    &[K::Create, K::Flow],
    &[K::Create, K::Materialized, K::View],
    &[K::Create, K::Streaming, K::Table],
    &[K::Drop, K::Temporary, K::Function],
    &[K::Drop, K::Temp, K::Function],
    &[K::Drop, K::Temporary, K::Variable],
    &[K::Drop, K::Temp, K::Variable],
    &[K::Drop, K::Temporary, K::Macro],
    &[K::Drop, K::Function],
    &[K::Drop, K::Index],
    &[K::Drop, K::Role],
    &[K::Alter, K::Index],
    &[K::Load, K::Data],
    &[K::Msck, K::Repair, K::Table],
    &[K::Repair, K::Table],
    &[K::Export, K::Table],
    &[K::Import, K::Table],
    &[K::Lock, K::Table],
    &[K::Lock, K::Database],
    &[K::Unlock, K::Table],
    &[K::Unlock, K::Database],
    &[K::Start, K::Transaction],
    &[K::Execute, K::Immediate],
    &[K::Declare],
    &[K::Grant],
    &[K::Revoke],
    &[K::Commit],
    &[K::Rollback],
    &[K::Dfs],
    &[K::Add],
    &[K::List],
    &[K::Begin],
];

impl Parser<'_> {
    pub(crate) fn unsupported_statement(&mut self) -> Result<Command> {
        let from = self.mark();
        let Some(phrase) = PHRASES.iter().find(|phrase| self.is_phrase(phrase)) else {
            // Point at the word that fits no statement: the second one where the first fits several.
            if matches!(self.keyword(), Some(K::Create | K::Drop | K::Alter)) {
                self.advance();
            }
            return Err(self.syntax_error());
        };
        let name: Vec<_> = phrase.iter().map(|word| word.text()).collect();
        for _ in 0..phrase.len() {
            self.advance();
        }
        let name =
            if matches!(phrase, [K::Begin]) { "BEGIN … END (SQL scripting)".to_string() } else { name.join(" ") };
        self.unsupported_rest(&name, from)
    }

    /// The rest of the statement belongs to what is known by name only.
    pub(crate) fn unsupported_rest(&mut self, name: &str, from: Mark) -> Result<Command> {
        if name.starts_with("BEGIN") {
            self.skip_to_end();
        } else {
            self.skip_statement();
        }
        Ok(Command::Unsupported { what: format!("statement {name}"), origin: self.origin(from) })
    }

    /// To the semicolon or the end of the text.
    pub(crate) fn skip_statement(&mut self) {
        while !matches!(self.peek(), Kind::End | Kind::Semicolon) {
            self.advance();
        }
    }
}
