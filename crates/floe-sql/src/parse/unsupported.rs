//! Statements we know by name only. They parse as far as their first words; the engine says what is missing. What Spark
//! itself only knows from Hive is refused as Spark refuses it.

use floe_base::Result;
use floe_syntax::Command;

use crate::keyword::Keyword as K;
use crate::parser::{Mark, Parser};
use crate::token::Kind;

/// First words of statements that Spark runs and we do not, the longer ones first. A word follows all of them.
const PHRASES: &[&[K]] = &[
    &[K::Create, K::Flow],
    &[K::Create, K::Materialized, K::View],
    &[K::Create, K::Streaming, K::Table],
    &[K::Add],
    &[K::List],
];

/// What Spark refuses with the words as the operation.
const HIVE: &[&[K]] = &[
    &[K::Create, K::Temporary, K::Macro],
    &[K::Create, K::Temp, K::Macro],
    &[K::Grant, K::Role],
    &[K::Grant],
    &[K::Revoke, K::Role],
    &[K::Revoke],
    &[K::Create, K::Role],
    &[K::Drop, K::Temporary, K::Macro],
    &[K::Drop, K::Temp, K::Macro],
    &[K::Drop, K::Role],
    &[K::Alter, K::Index],
    &[K::Export, K::Table],
    &[K::Import, K::Table],
    &[K::Lock, K::Table],
    &[K::Lock, K::Database],
    &[K::Unlock, K::Table],
    &[K::Unlock, K::Database],
    &[K::Start, K::Transaction],
    &[K::Commit],
    &[K::Rollback],
    &[K::Dfs],
];

impl Parser<'_> {
    pub(crate) fn unsupported_statement(&mut self) -> Result<Command> {
        let from = self.mark();
        match self.keyword() {
            Some(K::Begin) => return self.script(),
            Some(K::Declare) => return self.declare_variable(),
            Some(K::Execute) if self.is_phrase(&[K::Execute, K::Immediate]) => return self.execute_immediate(),
            Some(K::Load) => return self.load_data(),
            Some(K::Msck) if self.is_phrase(&[K::Msck, K::Repair, K::Table]) => return self.repair_table(),
            Some(K::Repair) if self.is_phrase(&[K::Repair, K::Table]) => return self.repair_table(),
            Some(K::Create | K::Drop) if self.is_keyword_at(1, K::Index) => return self.index(),
            _ => {}
        }
        if let Some(phrase) = HIVE.iter().find(|phrase| self.is_phrase(phrase)) {
            let words = spelled(phrase);
            self.skip_statement();
            return Err(self.invalid_statement(&words, from));
        }
        let Some(phrase) = PHRASES.iter().find(|phrase| self.is_phrase(phrase)) else {
            return Err(self.unknown_statement());
        };
        for _ in 0..phrase.len() {
            self.advance();
        }
        if matches!(self.peek(), Kind::End | Kind::Semicolon) {
            return Err(self.syntax_error());
        }
        self.unsupported_rest(&spelled(phrase), from)
    }

    /// Points at the word that fits no statement: behind the words that fit several.
    fn unknown_statement(&mut self) -> floe_base::Error {
        match self.keyword() {
            Some(K::Create) => {
                self.advance();
                self.eat_phrase(&[K::Or, K::Replace]);
                if self.is_keyword(K::Global) {
                    self.advance();
                }
            }
            Some(
                K::Drop
                | K::Alter
                | K::Execute
                | K::Export
                | K::Import
                | K::Lock
                | K::Unlock
                | K::Start
                | K::Msck
                | K::Repair,
            ) => {
                self.advance();
            }
            _ => {}
        }
        self.syntax_error()
    }

    /// `BEGIN … END`, a script.
    fn script(&mut self) -> Result<Command> {
        let from = self.mark();
        let mut ends = false;
        while !self.is(Kind::End) {
            if !self.is(Kind::Semicolon) {
                ends = self.is_keyword(K::End) && self.mark() > from;
            }
            self.advance();
        }
        if !ends {
            return Err(self.syntax_error());
        }
        Ok(Command::Unsupported { what: "statement BEGIN … END (SQL scripting)".into(), origin: self.origin(from) })
    }

    /// `LOAD DATA [LOCAL] INPATH '…' [OVERWRITE] INTO TABLE t`.
    fn load_data(&mut self) -> Result<Command> {
        let from = self.mark();
        self.expect_phrase(&[K::Load, K::Data])?;
        self.eat_keyword(K::Local);
        if !self.is_keyword(K::Inpath) {
            return Err(self.syntax_error());
        }
        self.unsupported_rest("LOAD DATA", from)
    }

    /// `CREATE INDEX i ON t (a)`, `DROP INDEX i ON t`.
    fn index(&mut self) -> Result<Command> {
        let from = self.mark();
        self.advance();
        self.advance();
        if !self.is_identifier() {
            return Err(self.syntax_error());
        }
        self.unsupported_rest("INDEX", from)
    }

    /// The rest of the statement belongs to what is known by name only.
    pub(crate) fn unsupported_rest(&mut self, name: &str, from: Mark) -> Result<Command> {
        self.skip_statement();
        Ok(Command::Unsupported { what: format!("statement {name}"), origin: self.origin(from) })
    }

    /// To the semicolon or the end of the text.
    pub(crate) fn skip_statement(&mut self) {
        while !matches!(self.peek(), Kind::End | Kind::Semicolon) {
            self.advance();
        }
    }
}

fn spelled(phrase: &[K]) -> String {
    phrase.iter().map(|word| word.text()).collect::<Vec<_>>().join(" ")
}
