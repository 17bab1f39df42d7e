//! The parser's cursor: tokens, positions, origins and syntax errors. What the grammar says lives in `parse/`.
//!
//! Two limits keep hostile texts cheap: [`NESTING_MAX`] bounds how deep the grammar may nest and [`CHAIN_MAX`] how long
//! a chain of left-associative operators may grow, for each link is one more level of the tree. The parser grows its
//! own stack; whoever walks or drops a tree of that depth runs where the stack is big.

use std::sync::Arc;

use floe_base::error::Kind as ErrorKind;
use floe_base::origin::SqlSource;
use floe_base::{Error, Origin, Result};

use crate::keyword::Keyword;
use crate::lexer::lex;
use crate::token::{Kind, Token};

/// How deep parentheses, subqueries, types and operators may nest. Spark's own parser gives up at about this depth.
pub(crate) const NESTING_MAX: u32 = 1_000;
/// How many links a chain such as `a + b + …` or `… UNION ALL …` may have.
pub(crate) const CHAIN_MAX: u32 = 5_000;

/// Below this much stack the parser allocates more.
const STACK_RED_ZONE: usize = 256 * 1024;
const STACK_STEP: usize = 4 * 1024 * 1024;

/// A place in the token list.
pub(crate) type Mark = usize;

pub(crate) struct Parser<'a> {
    pub(crate) source: &'a Arc<SqlSource>,
    tokens: Vec<Token>,
    at: usize,
    depth: u32,
    /// Inside VALUES and assignments `DEFAULT` is no column.
    pub(crate) in_values: bool,
    /// Windows with CLUSTER BY around the cursor.
    pub(crate) clusters: u32,
    /// Where the `?` stand, for each is counted once however often it is read.
    questions: Vec<Mark>,
    unclosed_comment: bool,
    /// The first mistake of meaning. Spark looks for those after the whole text was found to be well-formed.
    deferred: Option<Error>,
}

impl<'a> Parser<'a> {
    pub(crate) fn new(source: &'a Arc<SqlSource>) -> Result<Self> {
        if source.text.len() > u32::MAX as usize {
            return Err(Error::message(ErrorKind::Parse, "a statement of more than 4 GB cannot be parsed"));
        }
        let lexed = lex(&source.text);
        let unclosed_comment = lexed.unclosed_comment.is_some();
        let marks = lexed.tokens.iter().enumerate().filter(|(_, token)| token.kind == Kind::Question);
        let questions = marks.map(|(mark, _)| mark).collect();
        Ok(Self {
            source,
            tokens: lexed.tokens,
            at: 0,
            depth: 0,
            in_values: false,
            clusters: 0,
            questions,
            unclosed_comment,
            deferred: None,
        })
    }

    /// Runs one grammar rule over the whole text. Nothing may follow it.
    pub(crate) fn run<T>(text: &'a Arc<SqlSource>, rule: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        let mut parser = Self::new(text)?;
        if parser.unclosed_comment {
            return Err(Error::new(ErrorKind::Parse, "UNCLOSED_BRACKETED_COMMENT"));
        }
        let found = rule(&mut parser)?;
        parser.expect(Kind::End)?;
        parser.deferred.take().map_or(Ok(found), Err)
    }

    pub(crate) fn text(&self) -> &'a str {
        &self.source.text
    }

    // Looking.

    pub(crate) fn token_at(&self, ahead: usize) -> Token {
        let last = Token { kind: Kind::End, start: self.text().len() as u32, stop: self.text().len() as u32 };
        self.tokens.get(self.at + ahead).copied().unwrap_or(last)
    }

    pub(crate) fn token(&self) -> Token {
        self.token_at(0)
    }

    pub(crate) fn peek(&self) -> Kind {
        self.token_at(0).kind
    }

    pub(crate) fn peek_at(&self, ahead: usize) -> Kind {
        self.token_at(ahead).kind
    }

    pub(crate) fn is(&self, kind: Kind) -> bool {
        self.peek() == kind
    }

    pub(crate) fn is_keyword(&self, keyword: Keyword) -> bool {
        self.peek() == Kind::Keyword(keyword)
    }

    pub(crate) fn is_keyword_at(&self, ahead: usize, keyword: Keyword) -> bool {
        self.peek_at(ahead) == Kind::Keyword(keyword)
    }

    pub(crate) fn keyword(&self) -> Option<Keyword> {
        self.keyword_at(0)
    }

    pub(crate) fn keyword_at(&self, ahead: usize) -> Option<Keyword> {
        match self.peek_at(ahead) {
            Kind::Keyword(keyword) => Some(keyword),
            _ => None,
        }
    }

    /// True where the next words are these.
    pub(crate) fn is_phrase(&self, words: &[Keyword]) -> bool {
        words.iter().enumerate().all(|(ahead, word)| self.is_keyword_at(ahead, *word))
    }

    /// True where the next token is this word, keyword or not.
    pub(crate) fn is_word(&self, word: &str) -> bool {
        self.is_word_at(0, word)
    }

    pub(crate) fn is_word_at(&self, ahead: usize, word: &str) -> bool {
        let token = self.token_at(ahead);
        matches!(token.kind, Kind::Word | Kind::Keyword(_)) && self.slice(token).eq_ignore_ascii_case(word)
    }

    pub(crate) fn slice(&self, token: Token) -> &'a str {
        self.text().get(token.start as usize..token.stop as usize).unwrap_or("")
    }

    // Moving.

    pub(crate) fn mark(&self) -> Mark {
        self.at
    }

    /// Back to an earlier place. Only for decisions that need more than a few tokens of sight.
    pub(crate) fn rewind(&mut self, mark: Mark) {
        self.at = mark;
    }

    pub(crate) fn advance(&mut self) -> Token {
        let token = self.token();
        self.at = (self.at + 1).min(self.tokens.len().saturating_sub(1));
        token
    }

    pub(crate) fn eat(&mut self, kind: Kind) -> bool {
        let found = self.is(kind) && kind != Kind::End;
        if found {
            self.advance();
        }
        found
    }

    pub(crate) fn eat_keyword(&mut self, keyword: Keyword) -> bool {
        self.eat(Kind::Keyword(keyword))
    }

    /// Takes the first of these keywords that stands here.
    pub(crate) fn eat_one_of(&mut self, keywords: &[Keyword]) -> Option<Keyword> {
        let found = self.keyword().filter(|keyword| keywords.contains(keyword))?;
        self.advance();
        Some(found)
    }

    pub(crate) fn eat_phrase(&mut self, words: &[Keyword]) -> bool {
        let found = self.is_phrase(words);
        if found {
            self.at += words.len();
        }
        found
    }

    pub(crate) fn eat_word(&mut self, word: &str) -> bool {
        let found = self.is_word(word);
        if found {
            self.advance();
        }
        found
    }

    pub(crate) fn expect(&mut self, kind: Kind) -> Result<Token> {
        if self.is(kind) {
            return Ok(self.advance());
        }
        if self.peek_at(1) == kind && !self.is(Kind::End) {
            return Err(self.extra_input());
        }
        if self.could_follow(kind) {
            return Err(self.missing(kind));
        }
        Err(self.syntax_error())
    }

    /// True where the token under the cursor would fit behind the missing one: Spark then says what is missing.
    fn could_follow(&self, missing: Kind) -> bool {
        let next = self.peek();
        let is_name = self.is_identifier();
        match missing {
            Kind::Keyword(Keyword::To | Keyword::From | Keyword::Set | Keyword::Join) => is_name,
            Kind::Keyword(Keyword::On | Keyword::And | Keyword::Where) => {
                is_name || matches!(next, Kind::Number(_) | Kind::String | Kind::DoubleQuoted | Kind::LeftParen)
            }
            Kind::Keyword(Keyword::Is) => {
                matches!(next, Kind::String | Kind::DoubleQuoted | Kind::Keyword(Keyword::Null))
            }
            Kind::Keyword(Keyword::Of) => matches!(next, Kind::Number(_) | Kind::String),
            Kind::Keyword(Keyword::Cache) | Kind::RightBracket | Kind::RightParen => next == Kind::End,
            Kind::Keyword(Keyword::Functions) => is_name || next == Kind::End,
            _ => false,
        }
    }

    pub(crate) fn expect_keyword(&mut self, keyword: Keyword) -> Result<Token> {
        self.expect(Kind::Keyword(keyword))
    }

    pub(crate) fn expect_phrase(&mut self, words: &[Keyword]) -> Result<()> {
        for word in words {
            self.expect_keyword(*word)?;
        }
        Ok(())
    }

    pub(crate) fn expect_word(&mut self, word: &str) -> Result<()> {
        if self.eat_word(word) { Ok(()) } else { Err(self.syntax_error()) }
    }

    // Repeating.

    /// One or more of a rule, by comma.
    pub(crate) fn list<T>(&mut self, mut rule: impl FnMut(&mut Self) -> Result<T>) -> Result<Vec<T>> {
        let mut items = vec![rule(self)?];
        while self.eat(Kind::Comma) {
            items.push(rule(self)?);
        }
        Ok(items)
    }

    /// `( rule, … )`, at least one.
    pub(crate) fn parenthesised_list<T>(&mut self, rule: impl FnMut(&mut Self) -> Result<T>) -> Result<Vec<T>> {
        self.expect(Kind::LeftParen)?;
        let items = self.list(rule)?;
        if self.eat(Kind::RightParen) {
            return Ok(items);
        }
        let extra = self.peek_at(1) == Kind::RightParen;
        Err(if extra { self.extra_input() } else { self.syntax_error() })
    }

    /// The closing parenthesis of a list that more of the statement may follow: Spark says when only it is missing.
    pub(crate) fn close_list(&mut self, items: usize) -> Result<()> {
        if items > 1 && !self.is(Kind::RightParen) && self.is_identifier() {
            return Err(self.missing(Kind::RightParen));
        }
        self.expect(Kind::RightParen).map(drop)
    }

    /// A keyword before a name.
    pub(crate) fn expect_before_name(&mut self, keyword: Keyword) -> Result<()> {
        if !self.is_keyword(keyword) && self.is_identifier() {
            return Err(self.missing(Kind::Keyword(keyword)));
        }
        self.expect_keyword(keyword).map(drop)
    }

    fn missing(&self, kind: Kind) -> Error {
        self.syntax_error_with(format!(": missing {}", name_of(kind)))
    }

    // Limits.

    /// Runs a rule one level deeper.
    pub(crate) fn nested<T>(&mut self, rule: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        if self.depth >= NESTING_MAX {
            return Err(self.too_complex());
        }
        self.depth += 1;
        let found = stacker::maybe_grow(STACK_RED_ZONE, STACK_STEP, || rule(self));
        self.depth -= 1;
        found
    }

    /// Counts one more link of a chain.
    pub(crate) fn link(&self, links: &mut u32) -> Result<()> {
        *links += 1;
        if *links > CHAIN_MAX { Err(self.too_complex()) } else { Ok(()) }
    }

    pub(crate) fn too_complex(&self) -> Error {
        Error::new(ErrorKind::Parse, "FAILED_TO_PARSE_TOO_COMPLEX").at(&self.origin_here())
    }

    /// How many `?` stand before a place.
    pub(crate) fn questions_before(&self, mark: Mark) -> usize {
        self.questions.partition_point(|question| *question < mark)
    }

    // Places.

    /// From a mark to the token before this one.
    pub(crate) fn origin(&self, from: Mark) -> Origin {
        let start = self.tokens.get(from).map_or(0, |token| token.start);
        let stop = self.at.checked_sub(1).and_then(|last| self.tokens.get(last)).map_or(start, |token| token.stop);
        Origin::Sql { source: self.source.clone(), start, stop: stop.max(start) }
    }

    /// The token under the cursor.
    pub(crate) fn origin_here(&self) -> Origin {
        let token = self.token();
        Origin::Sql { source: self.source.clone(), start: token.start, stop: token.stop }
    }

    /// The text from a mark to the token before this one, comments and all.
    pub(crate) fn text_from(&self, from: Mark) -> &'a str {
        let start = self.tokens.get(from).map_or(0, |token| token.start) as usize;
        let stop =
            self.at.checked_sub(1).and_then(|last| self.tokens.get(last)).map_or(start, |token| token.stop as usize);
        self.text().get(start..stop.max(start)).unwrap_or("")
    }

    /// The raw text behind the token before this one, to the very end.
    pub(crate) fn remainder(&self) -> &'a str {
        let start =
            self.at.checked_sub(1).and_then(|last| self.tokens.get(last)).map_or(0, |token| token.stop as usize);
        self.text().get(start..).unwrap_or("")
    }

    /// Steps to the end of the text, for statements whose tail is raw.
    pub(crate) fn skip_to_end(&mut self) {
        self.at = self.tokens.len().saturating_sub(1);
    }

    // Errors.

    /// `PARSE_SYNTAX_ERROR` at the token under the cursor.
    pub(crate) fn syntax_error(&self) -> Error {
        self.syntax_error_with(String::new())
    }

    pub(crate) fn syntax_error_with(&self, hint: String) -> Error {
        // What the JVM's `trim` takes for blank: all up to the space, and no other white space.
        if self.text().chars().all(|letter| letter <= ' ') {
            return Error::new(ErrorKind::Parse, "PARSE_EMPTY_STATEMENT").at(&self.origin_here());
        }
        Error::new(ErrorKind::Parse, "PARSE_SYNTAX_ERROR")
            .with("error", self.shown(self.token()))
            .with("hint", hint)
            .at(&self.origin_here())
    }

    pub(crate) fn extra_input(&self) -> Error {
        self.syntax_error_with(format!(": extra input {}", self.shown(self.token())))
    }

    /// Keeps a mistake of meaning for later: a syntax error behind it comes first.
    pub(crate) fn defer(&mut self, error: Error) {
        self.deferred.get_or_insert(error);
    }

    /// What Spark refuses without a public condition; the text is Spark's.
    pub(crate) fn refused(&self, text: impl Into<String>, from: Mark) -> Error {
        Error::message(ErrorKind::Parse, text).at(&self.origin(from))
    }

    /// What Spark knows from Hive and refuses by name.
    pub(crate) fn invalid_statement(&self, operation: &str, from: Mark) -> Error {
        self.error("INVALID_STATEMENT_OR_CLAUSE", from).with("operation", operation)
    }

    /// True for errors of syntax: those of meaning and of limits are final.
    pub(crate) fn is_syntax_error(error: &Error) -> bool {
        error.condition() == "PARSE_SYNTAX_ERROR"
    }

    /// A parse error with a condition of its own, at what was read since `from`.
    pub(crate) fn error(&self, condition: &str, from: Mark) -> Error {
        Error::new(ErrorKind::Parse, condition).at(&self.origin(from))
    }

    fn shown(&self, token: Token) -> String {
        if token.kind == Kind::End {
            return "end of input".into();
        }
        let text = self.slice(token).replace('\n', "\\n").replace('\r', "\\r").replace('\t', "\\t");
        format!("'{text}'")
    }
}

/// A token as it is named where it is missing.
fn name_of(kind: Kind) -> String {
    let text = match kind {
        Kind::Keyword(keyword) => keyword.text(),
        Kind::LeftParen => "(",
        Kind::RightParen => ")",
        Kind::RightBracket => "]",
        _ => "",
    };
    format!("'{text}'")
}
