//! Text to tokens: Spark's lexer rules (4.1), longest match first, nothing copied.
//!
//! The lexer never fails. What it does not know becomes [`Kind::Unrecognised`], so that `SET k = it's` still works and
//! the parser can say where it stopped. What a string or number *means* is decided in `literal.rs`.

use crate::keyword::Keyword;
use crate::token::{Kind, Number, Token};

/// The tokens of a text, the last of them [`Kind::End`].
pub(crate) struct Lexed {
    pub tokens: Vec<Token>,
    /// Where a bracketed comment starts that never ends.
    pub unclosed_comment: Option<u32>,
}

pub(crate) fn lex(text: &str) -> Lexed {
    let mut lexer = Lexer {
        text,
        bytes: text.as_bytes(),
        at: 0,
        tokens: Vec::with_capacity(text.len() / 4 + 8),
        unclosed_comment: None,
        unclosed_strings: 0,
        open_types: 0,
    };
    while lexer.skip_hidden() {
        lexer.token();
    }
    let end = lexer.bytes.len() as u32;
    lexer.tokens.push(Token { kind: Kind::End, start: end, stop: end });
    Lexed { tokens: lexer.tokens, unclosed_comment: lexer.unclosed_comment }
}

/// A text with more unclosed quotes than this is no statement.
const UNCLOSED_STRINGS_MAX: u32 = 8;

struct Lexer<'a> {
    text: &'a str,
    bytes: &'a [u8],
    at: usize,
    tokens: Vec<Token>,
    unclosed_comment: Option<u32>,
    /// Quotes that nothing closes. Each was looked for to the end of the text, so their number is bounded.
    unclosed_strings: u32,
    /// `ARRAY`, `MAP` and `STRUCT` seen and not closed by `>`: then `>>` is two of them and no shift.
    open_types: u32,
}

impl Lexer<'_> {
    fn byte(&self, ahead: usize) -> u8 {
        self.bytes.get(self.at + ahead).copied().unwrap_or(0)
    }

    fn starts_with(&self, prefix: &[u8]) -> bool {
        self.bytes.get(self.at..).is_some_and(|rest| rest.starts_with(prefix))
    }

    fn push(&mut self, kind: Kind, length: usize) {
        let stop = (self.at + length).min(self.bytes.len());
        self.tokens.push(Token { kind, start: self.at as u32, stop: stop as u32 });
        self.at = stop;
    }

    /// Steps over white space and comments; false at the end of the text.
    fn skip_hidden(&mut self) -> bool {
        loop {
            match self.byte(0) {
                _ if self.at >= self.bytes.len() => return false,
                b' ' | b'\t' | b'\n' | b'\r' | 0x0B | 0x0C => self.at += 1,
                b'-' if self.byte(1) == b'-' => self.skip_line_comment(),
                b'/' if self.byte(1) == b'*' && self.byte(2) != b'+' => self.skip_bracketed_comment(),
                0x80.. => match self.char().filter(|letter| is_white(*letter)) {
                    Some(letter) => self.at += letter.len_utf8(),
                    None => return true,
                },
                _ => return true,
            }
        }
    }

    fn char(&self) -> Option<char> {
        self.text.get(self.at..)?.chars().next()
    }

    /// To the end of the line; a backslash before the line's end carries the comment on.
    fn skip_line_comment(&mut self) {
        while self.at < self.bytes.len() {
            match self.byte(0) {
                b'\\' if self.byte(1) == b'\n' => self.at += 2,
                b'\n' | b'\r' => return,
                _ => self.at += 1,
            }
        }
    }

    /// Bracketed comments nest.
    fn skip_bracketed_comment(&mut self) {
        let start = self.at;
        let mut depth = 0_u32;
        while self.at < self.bytes.len() {
            if self.starts_with(b"/*") && (depth == 0 || self.byte(2) != b'+') {
                depth += 1;
                self.at += 2;
            } else if self.starts_with(b"*/") {
                depth -= 1;
                self.at += 2;
                if depth == 0 {
                    return;
                }
            } else {
                self.at += 1;
            }
        }
        self.unclosed_comment = Some(start as u32);
    }

    fn token(&mut self) {
        match self.byte(0) {
            b'\'' => self.string(b'\'', Kind::String),
            b'"' => self.string(b'"', Kind::DoubleQuoted),
            b'`' => self.quoted(),
            b'r' | b'R' if matches!(self.byte(1), b'\'' | b'"') => self.raw_string(),
            b'0'..=b'9' => self.number(),
            b'.' if self.byte(1).is_ascii_digit() => self.number(),
            b'a'..=b'z' | b'A'..=b'Z' | b'_' | 0x80.. => self.word(),
            _ => self.symbol(),
        }
    }

    /// With backslash escapes; a doubled quote stands for one. Unclosed, the quote itself is what nobody knows.
    fn string(&mut self, quote: u8, kind: Kind) {
        let mut length = 1;
        loop {
            let rest = self.bytes.get(self.at + length..).unwrap_or_default();
            length += rest.iter().position(|byte| *byte == quote || *byte == b'\\').unwrap_or(rest.len());
            match self.bytes.get(self.at + length) {
                None => return self.unclosed_string(),
                Some(b'\\') => length += 1 + self.escaped_length(length + 1),
                Some(byte) if *byte == quote => {
                    if self.byte(length + 1) != quote {
                        return self.push(kind, length + 1);
                    }
                    length += 2;
                }
                Some(_) => length += 1,
            }
        }
    }

    /// One quote that nobody knows; after too many of them the rest of the text is.
    fn unclosed_string(&mut self) {
        self.unclosed_strings += 1;
        let rest = self.bytes.len() - self.at;
        self.push(Kind::Unrecognised, if self.unclosed_strings > UNCLOSED_STRINGS_MAX { rest } else { 1 });
    }

    /// Bytes of the character behind a backslash.
    fn escaped_length(&self, ahead: usize) -> usize {
        match self.byte(ahead) {
            0xF0.. => 4,
            0xE0.. => 3,
            0xC0.. => 2,
            _ => 1,
        }
    }

    fn raw_string(&mut self) {
        let quote = self.byte(1);
        let rest = self.bytes.get(self.at + 2..).unwrap_or_default();
        match rest.iter().position(|byte| *byte == quote) {
            Some(length) => self.push(Kind::String, length + 3),
            None => self.word(),
        }
    }

    fn quoted(&mut self) {
        let mut length = 1;
        loop {
            match self.bytes.get(self.at + length) {
                None => return self.push(Kind::Unrecognised, 1),
                Some(b'`') if self.byte(length + 1) == b'`' => length += 2,
                Some(b'`') => return self.push(Kind::Quoted, length + 1),
                Some(_) => length += 1,
            }
        }
    }

    /// Letters of any script, digits and underscores; parsing refuses what is not ASCII with the name in the error.
    fn word(&mut self) {
        let length = self.word_length();
        if length == 0 {
            let length = self.char().map_or(1, char::len_utf8);
            return self.push(Kind::Unrecognised, length);
        }
        if let Some(path) = self.path_length(length) {
            return self.push(Kind::Word, path);
        }
        let word = self.bytes.get(self.at..self.at + length).unwrap_or_default();
        let kind = Keyword::of(word).map_or(Kind::Word, Kind::Keyword);
        if matches!(kind, Kind::Keyword(Keyword::Array | Keyword::Map | Keyword::Struct)) {
            self.open_types += 1;
        }
        self.push(kind, length);
    }

    fn word_length(&self) -> usize {
        let mut length = 0;
        loop {
            match self.byte(length) {
                b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'_' => length += 1,
                0x80.. => {
                    let letter = self.text.get(self.at + length..).and_then(|rest| rest.chars().next());
                    match letter.filter(|letter| letter.is_alphabetic()) {
                        Some(letter) => length += letter.len_utf8(),
                        None => return length,
                    }
                }
                _ => return length,
            }
        }
    }

    /// `scheme://rest` is one word.
    fn path_length(&self, scheme: usize) -> Option<usize> {
        let rest = self.bytes.get(self.at + scheme..)?.strip_prefix(b"://")?;
        let letters = self.text.get(self.at..self.at + scheme)?.chars().all(char::is_alphabetic);
        let of_path = |byte: &u8| byte.is_ascii_alphanumeric() || b"_/-.?=&#%".contains(byte) || *byte >= 0x80;
        let length = rest.iter().position(|byte| !of_path(byte)).unwrap_or(rest.len());
        (letters && length > 0).then_some(scheme + 3 + length)
    }

    /// The longest of: number without a point, number with one, word starting with a digit. A number with a point only
    /// counts when no letter or digit touches its end, so that `t.1a` stays a name.
    fn number(&mut self) {
        let whole = self.digits(0);
        let mut best = if whole == 0 { None } else { Some(self.suffix(whole, Number::Integer)) };
        if self.byte(whole) == b'.' {
            let point = whole + 1 + self.digits(whole + 1);
            let (length, kind) = self.suffix(point, Number::Decimal);
            if !is_word(self.byte(length)) {
                best = Some((length, kind));
            }
        }
        let word = if whole == 0 { 0 } else { self.word_length() };
        match best {
            Some((length, kind)) if length >= word => self.push(Kind::Number(kind), length),
            None if word == 0 => self.push(Kind::Dot, 1),
            _ => self.push(Kind::Word, word),
        }
    }

    fn digits(&self, ahead: usize) -> usize {
        let rest = self.bytes.get(self.at + ahead..).unwrap_or_default();
        rest.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(rest.len())
    }

    /// Exponent and type letter behind `length` bytes of digits.
    fn suffix(&self, mut length: usize, mut kind: Number) -> (usize, Number) {
        let plain = kind;
        if matches!(self.byte(length), b'e' | b'E') {
            let sign = usize::from(matches!(self.byte(length + 1), b'+' | b'-'));
            let digits = self.digits(length + 1 + sign);
            if digits > 0 {
                length += 1 + sign + digits;
                kind = Number::Exponent;
            }
        }
        match (self.byte(length).to_ascii_uppercase(), self.byte(length + 1).to_ascii_uppercase()) {
            (b'F', _) => (length + 1, Number::Float),
            (b'D', _) => (length + 1, Number::Double),
            (b'B', b'D') => (length + 2, Number::BigDecimal),
            (b'L', _) if plain == Number::Integer && kind == plain => (length + 1, Number::Long),
            (b'S', _) if plain == Number::Integer && kind == plain => (length + 1, Number::Short),
            (b'Y', _) if plain == Number::Integer && kind == plain => (length + 1, Number::Byte),
            _ => (length, kind),
        }
    }

    fn symbol(&mut self) {
        let (kind, length) = match (self.byte(0), self.byte(1), self.byte(2)) {
            (b'/', b'*', b'+') => (Kind::HintStart, 3),
            (b'*', b'/', _) => (Kind::HintEnd, 2),
            (b'<', b'=', b'>') => (Kind::NullSafeEqual, 3),
            (b'>', b'>', b'>') if self.open_types == 0 => (Kind::ShiftRightUnsigned, 3),
            (b'>', b'>', _) if self.open_types == 0 => (Kind::ShiftRight, 2),
            (b'<', b'<', _) => (Kind::ShiftLeft, 2),
            (b'<', b'>', _) | (b'!', b'=', _) => (Kind::NotEqual, 2),
            (b'<', b'=', _) | (b'!', b'>', _) => (Kind::LessEqual, 2),
            (b'>', b'=', _) | (b'!', b'<', _) => (Kind::GreaterEqual, 2),
            (b'=', b'>', _) => (Kind::FatArrow, 2),
            (b'=', b'=', _) => (Kind::Equal, 2),
            (b'-', b'>', _) => (Kind::Arrow, 2),
            (b'|', b'|', _) => (Kind::DoublePipe, 2),
            (b'|', b'>', _) => (Kind::PipeArrow, 2),
            (b':', b':', _) => (Kind::DoubleColon, 2),
            (b'(', ..) => (Kind::LeftParen, 1),
            (b')', ..) => (Kind::RightParen, 1),
            (b'[', ..) => (Kind::LeftBracket, 1),
            (b']', ..) => (Kind::RightBracket, 1),
            (b',', ..) => (Kind::Comma, 1),
            (b'.', ..) => (Kind::Dot, 1),
            (b';', ..) => (Kind::Semicolon, 1),
            (b':', ..) => (Kind::Colon, 1),
            (b'?', ..) => (Kind::Question, 1),
            (b'!', ..) => (Kind::Bang, 1),
            (b'=', ..) => (Kind::Equal, 1),
            (b'<', ..) => (Kind::Less, 1),
            (b'>', ..) => (Kind::Greater, 1),
            (b'+', ..) => (Kind::Plus, 1),
            (b'-', ..) => (Kind::Minus, 1),
            (b'*', ..) => (Kind::Star, 1),
            (b'/', ..) => (Kind::Slash, 1),
            (b'%', ..) => (Kind::Percent, 1),
            (b'~', ..) => (Kind::Tilde, 1),
            (b'&', ..) => (Kind::Ampersand, 1),
            (b'|', ..) => (Kind::Pipe, 1),
            (b'^', ..) => (Kind::Hat, 1),
            _ => (Kind::Unrecognised, 1),
        };
        if kind == Kind::Greater {
            self.open_types = self.open_types.saturating_sub(1);
        }
        self.push(kind, length);
    }
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

/// The white space beyond ASCII that Spark's lexer skips.
fn is_white(letter: char) -> bool {
    matches!(
        letter,
        '\u{A0}' | '\u{1680}' | '\u{2000}'..='\u{200A}' | '\u{2028}' | '\u{202F}' | '\u{205F}' | '\u{3000}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &str) {
        let lexed = lex(text);
        let shown: Vec<_> = lexed
            .tokens
            .iter()
            .filter(|token| token.kind != Kind::End)
            .map(|token| {
                let piece = &text[token.start as usize..token.stop as usize];
                match token.kind {
                    Kind::Keyword(keyword) => keyword.text().to_string(),
                    Kind::Number(number) => format!("{number:?}:{piece}"),
                    Kind::Word | Kind::Quoted | Kind::String | Kind::DoubleQuoted | Kind::Unrecognised => {
                        format!("{:?}:{piece}", token.kind)
                    }
                    other => format!("{other:?}"),
                }
            })
            .collect();
        assert_eq!(shown.join(" "), expected);
    }

    #[test]
    fn numbers_take_the_longest_match() {
        check(
            "1 1L 1S 1Y 1e3 1.5 1.5BD 2F 3D .5",
            "Integer:1 Long:1L Short:1S Byte:1Y Exponent:1e3 Decimal:1.5 BigDecimal:1.5BD Float:2F Double:3D Decimal:.5",
        );
        check("1e+5 1e 12ab", "Exponent:1e+5 Word:1e Word:12ab");
        check("t.1a", "Word:t Dot Word:1a");
        check("1. 2.3W", "Decimal:1. Integer:2 Dot Word:3W");
    }

    #[test]
    fn strings_and_names_keep_their_quotes() {
        check(r"'a\'b' 'it''s' r'\d' `a``b` ", r"String:'a\'b' String:'it''s' String:r'\d' Quoted:`a``b`");
        check("'abc", "Unrecognised:' Word:abc");
    }

    #[test]
    fn comments_nest_and_hints_do_not_hide() {
        check("a /* x /* y */ z */ b -- c\n d", "Word:a Word:b Word:d");
        check("/*+ R(a) */", "HintStart Word:R LeftParen Word:a RightParen HintEnd");
        assert_eq!(lex("a /* /* */").unclosed_comment, Some(2));
    }

    #[test]
    fn closing_angles_of_types_are_not_shifts() {
        check("1 >> 2 >>> 3", "Integer:1 ShiftRight Integer:2 ShiftRightUnsigned Integer:3");
        check("map<int,array<int>>", "MAP Less INT Comma ARRAY Less INT Greater Greater");
    }
}
