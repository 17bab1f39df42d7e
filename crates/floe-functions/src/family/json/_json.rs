//! JSON as Spark's parser (Jackson) reads and writes it: more is allowed than the standard has, a text may go on after
//! its first value, and numbers with a point are written as Java writes doubles.

use std::borrow::Cow;

use crate::cast::double::double_text;

/// A value; an object keeps its fields in order, also those that come twice.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Json<'a> {
    Null,
    Boolean(bool),
    /// As written.
    Number(&'a str),
    Text(Cow<'a, str>),
    Array(Vec<Json<'a>>),
    Object(Vec<(Cow<'a, str>, Json<'a>)>),
}

/// What is allowed beyond the standard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Syntax {
    pub(crate) single_quotes: bool,
    pub(crate) unquoted_names: bool,
    pub(crate) comments: bool,
    pub(crate) leading_zeros: bool,
    /// `NaN`, `Infinity`, `-INF`.
    pub(crate) non_numeric: bool,
    /// A backslash before any character.
    pub(crate) any_escape: bool,
    /// Control characters inside texts.
    pub(crate) control_characters: bool,
}

impl Syntax {
    /// What `get_json_object` and its like allow.
    pub(crate) const PLAIN: Self = Self {
        single_quotes: true,
        unquoted_names: false,
        comments: false,
        leading_zeros: false,
        non_numeric: false,
        any_escape: false,
        control_characters: false,
    };
}

/// The text is no JSON.
#[derive(Debug, PartialEq)]
pub(crate) struct Malformed;

/// Jackson's limit, which also keeps hostile texts off the stack.
const DEPTH_MAX: usize = 1000;

/// The first value of a text; `None` where there is nothing in it.
pub(crate) fn parse(text: &str, syntax: Syntax) -> Result<Option<Json<'_>>, Malformed> {
    let mut parser = Parser { text, at: 0, syntax, depth: 0 };
    parser.skip_space()?;
    if parser.peek().is_none() { Ok(None) } else { parser.value().map(Some) }
}

struct Parser<'a> {
    text: &'a str,
    at: usize,
    syntax: Syntax,
    depth: usize,
}

impl<'a> Parser<'a> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn take(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        self.at += usize::from(found);
        found
    }

    fn skip_space(&mut self) -> Result<(), Malformed> {
        loop {
            match self.peek() {
                Some(b' ' | b'\t' | b'\n' | b'\r') => self.at += 1,
                Some(b'/') if self.syntax.comments => {
                    let rest = self.rest();
                    let length = match rest.get(..2) {
                        Some("//") => rest.find('\n').unwrap_or(rest.len()),
                        Some("/*") => rest.find("*/").ok_or(Malformed)? + 2,
                        _ => return Err(Malformed),
                    };
                    self.at += length;
                }
                _ => return Ok(()),
            }
        }
    }

    fn value(&mut self) -> Result<Json<'a>, Malformed> {
        match self.peek().ok_or(Malformed)? {
            b'{' => self.nested(Self::object),
            b'[' => self.nested(Self::array),
            b'"' => self.quoted(b'"').map(Json::Text),
            b'\'' if self.syntax.single_quotes => self.quoted(b'\'').map(Json::Text),
            b'-' | b'+' | b'0'..=b'9' => self.number(),
            _ => self.word(),
        }
    }

    fn nested(&mut self, read: fn(&mut Self) -> Result<Json<'a>, Malformed>) -> Result<Json<'a>, Malformed> {
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return Err(Malformed);
        }
        self.at += 1;
        let value = read(self);
        self.depth -= 1;
        value
    }

    fn object(&mut self) -> Result<Json<'a>, Malformed> {
        let mut fields = Vec::new();
        self.skip_space()?;
        if self.take(b'}') {
            return Ok(Json::Object(fields));
        }
        loop {
            self.skip_space()?;
            let name = self.name()?;
            self.skip_space()?;
            if !self.take(b':') {
                return Err(Malformed);
            }
            self.skip_space()?;
            fields.push((name, self.value()?));
            self.skip_space()?;
            if self.take(b'}') {
                return Ok(Json::Object(fields));
            }
            if !self.take(b',') {
                return Err(Malformed);
            }
        }
    }

    fn name(&mut self) -> Result<Cow<'a, str>, Malformed> {
        match self.peek() {
            Some(b'"') => self.quoted(b'"'),
            Some(b'\'') if self.syntax.single_quotes => self.quoted(b'\''),
            Some(_) if self.syntax.unquoted_names => {
                let rest = self.rest();
                let is_name = |letter: char| letter.is_alphanumeric() || "_$@#-".contains(letter);
                let length = rest.find(|letter| !is_name(letter)).unwrap_or(rest.len());
                let name = rest.get(..length).filter(|name| !name.is_empty()).ok_or(Malformed)?;
                self.at += length;
                Ok(Cow::Borrowed(name))
            }
            _ => Err(Malformed),
        }
    }

    fn array(&mut self) -> Result<Json<'a>, Malformed> {
        let mut elements = Vec::new();
        self.skip_space()?;
        if self.take(b']') {
            return Ok(Json::Array(elements));
        }
        loop {
            self.skip_space()?;
            elements.push(self.value()?);
            self.skip_space()?;
            if self.take(b']') {
                return Ok(Json::Array(elements));
            }
            if !self.take(b',') {
                return Err(Malformed);
            }
        }
    }

    fn quoted(&mut self, quote: u8) -> Result<Cow<'a, str>, Malformed> {
        self.at += 1;
        let rest = self.rest();
        let is_end = |byte: u8| byte == quote || byte == b'\\' || byte < 0x20;
        let plain = rest.bytes().position(is_end).ok_or(Malformed)?;
        if rest.as_bytes().get(plain) == Some(&quote) {
            self.at += plain + 1;
            return rest.get(..plain).map(Cow::Borrowed).ok_or(Malformed);
        }
        let mut out = String::from(rest.get(..plain).unwrap_or_default());
        self.at += plain;
        loop {
            let letter = self.rest().chars().next().ok_or(Malformed)?;
            self.at += letter.len_utf8();
            match letter {
                '\\' => self.escape(&mut out)?,
                letter if u32::from(letter) == u32::from(quote) => return Ok(Cow::Owned(out)),
                letter if letter < ' ' && !self.syntax.control_characters => return Err(Malformed),
                letter => out.push(letter),
            }
        }
    }

    fn escape(&mut self, out: &mut String) -> Result<(), Malformed> {
        let letter = self.rest().chars().next().ok_or(Malformed)?;
        self.at += letter.len_utf8();
        out.push(match letter {
            'b' => '\u{8}',
            't' => '\t',
            'n' => '\n',
            'f' => '\u{c}',
            'r' => '\r',
            '"' | '/' | '\\' => letter,
            'u' => return self.code_unit(out),
            '\'' if self.syntax.single_quotes => letter,
            letter if self.syntax.any_escape => letter,
            _ => return Err(Malformed),
        });
        Ok(())
    }

    /// `\uD83D\uDE00` is one character; half of such a pair has none and becomes U+FFFD.
    fn code_unit(&mut self, out: &mut String) -> Result<(), Malformed> {
        let first = self.four_digits()?;
        if !(0xd800..0xe000).contains(&first) {
            out.extend(char::from_u32(first));
            return Ok(());
        }
        let before = self.at;
        if first < 0xdc00 && self.take(b'\\') && self.take(b'u') {
            let second = self.four_digits()?;
            if (0xdc00..0xe000).contains(&second) {
                out.extend(char::from_u32(0x1_0000 + ((first - 0xd800) << 10) + (second - 0xdc00)));
                return Ok(());
            }
        }
        self.at = before;
        out.push('\u{fffd}');
        Ok(())
    }

    fn four_digits(&mut self) -> Result<u32, Malformed> {
        let digits = self.rest().get(..4).filter(|digits| digits.bytes().all(|digit| digit.is_ascii_hexdigit()));
        self.at += 4;
        digits.and_then(|digits| u32::from_str_radix(digits, 16).ok()).ok_or(Malformed)
    }

    fn number(&mut self) -> Result<Json<'a>, Malformed> {
        let start = self.at;
        if self.take(b'+') {
            return self.word_from(start);
        }
        self.take(b'-');
        if !self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            return self.word_from(start);
        }
        let zeros = self.rest().bytes().take_while(|byte| *byte == b'0').count();
        let digits = self.digits();
        if zeros > 0 && digits > 1 && !self.syntax.leading_zeros {
            return Err(Malformed);
        }
        let number_start = if digits > 1 && zeros > 0 && start == self.at - digits {
            // What is kept reads as the number without its leading noughts.
            start + zeros.min(digits - 1)
        } else {
            start
        };
        if self.take(b'.') && self.digits() == 0 {
            return Err(Malformed);
        }
        if self.peek().is_some_and(|byte| byte == b'e' || byte == b'E') {
            self.at += 1;
            let _ = self.take(b'+') || self.take(b'-');
            if self.digits() == 0 {
                return Err(Malformed);
            }
        }
        let ends = self.peek().is_none_or(|byte| b" \t\r\n,:]}/".contains(&byte));
        let number = self.text.get(number_start..self.at).filter(|_| ends);
        number.map(Json::Number).ok_or(Malformed)
    }

    fn digits(&mut self) -> usize {
        let count = self.rest().bytes().take_while(u8::is_ascii_digit).count();
        self.at += count;
        count
    }

    fn word(&mut self) -> Result<Json<'a>, Malformed> {
        self.word_from(self.at)
    }

    /// `true`, `false`, `null`, and the numbers that are none.
    fn word_from(&mut self, start: usize) -> Result<Json<'a>, Malformed> {
        let rest = self.text.get(start..).unwrap_or_default();
        let is_word = |letter: char| letter.is_alphanumeric() || letter == '_' || letter == '$';
        let signed = usize::from(rest.starts_with(['+', '-']));
        let length = rest.get(signed..).unwrap_or_default().find(|letter| !is_word(letter)).map(|end| end + signed);
        let word = rest.get(..length.unwrap_or(rest.len())).unwrap_or_default();
        self.at = start + word.len();
        match word {
            "null" => Ok(Json::Null),
            "true" => Ok(Json::Boolean(true)),
            "false" => Ok(Json::Boolean(false)),
            "NaN" | "Infinity" | "+Infinity" | "-Infinity" | "INF" | "+INF" | "-INF" if self.syntax.non_numeric => {
                Ok(Json::Number(word))
            }
            _ => Err(Malformed),
        }
    }
}

impl Json<'_> {
    /// Appends the value as Jackson copies it.
    pub(crate) fn write(&self, out: &mut String) {
        match self {
            Self::Null => out.push_str("null"),
            Self::Boolean(value) => out.push_str(if *value { "true" } else { "false" }),
            Self::Number(text) => write_number(text, out),
            Self::Text(text) => write_text(text, out),
            Self::Array(elements) => {
                out.push('[');
                for (index, element) in elements.iter().enumerate() {
                    if index > 0 {
                        out.push(',');
                    }
                    element.write(out);
                }
                out.push(']');
            }
            Self::Object(fields) => {
                out.push('{');
                for (index, (name, value)) in fields.iter().enumerate() {
                    if index > 0 {
                        out.push(',');
                    }
                    write_text(name, out);
                    out.push(':');
                    value.write(out);
                }
                out.push('}');
            }
        }
    }
}

/// Is it written with a point or an exponent?
pub(crate) fn is_fraction(number: &str) -> bool {
    number.contains(['.', 'e', 'E', 'N', 'I'])
}

/// The number as a double.
pub(crate) fn double_of(number: &str) -> f64 {
    match number {
        "NaN" => f64::NAN,
        "Infinity" | "+Infinity" | "INF" | "+INF" => f64::INFINITY,
        "-Infinity" | "-INF" => f64::NEG_INFINITY,
        number => number.parse().unwrap_or(f64::NAN),
    }
}

fn write_number(number: &str, out: &mut String) {
    if !is_fraction(number) {
        return out.push_str(number);
    }
    let value = double_of(number);
    let text = double_text(value);
    if value.is_finite() { out.push_str(&text) } else { write_text(&text, out) }
}

/// A text in quotes; what is beyond ASCII stays as it is, as does the slash.
pub(crate) fn write_text(text: &str, out: &mut String) {
    out.push('"');
    for letter in text.chars() {
        match letter {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\u{8}' => out.push_str("\\b"),
            '\t' => out.push_str("\\t"),
            '\n' => out.push_str("\\n"),
            '\u{c}' => out.push_str("\\f"),
            '\r' => out.push_str("\\r"),
            control if control < ' ' => out.push_str(&format!("\\u{:04X}", u32::from(control))),
            letter => out.push(letter),
        }
    }
    out.push('"');
}

#[cfg(test)]
mod tests {
    use super::{Syntax, parse};

    fn copied(text: &str) -> String {
        match parse(text, Syntax::PLAIN) {
            Ok(Some(value)) => {
                let mut out = String::new();
                value.write(&mut out);
                out
            }
            Ok(None) => "empty".into(),
            Err(_) => "malformed".into(),
        }
    }

    #[test]
    fn copies_as_jackson_does() {
        let cases = [
            (r#" {"a": {"b" : 1.50} , 'c':[1e3,true,null]} rest"#, r#"{"a":{"b":1.5},"c":[1000.0,true,null]}"#),
            (r#""x\"y\u00e9\ud83d\ude00\n""#, r#""x\"yé😀\n""#),
            ("12345678901234567890", "12345678901234567890"),
            ("1E400", r#""Infinity""#),
            ("", "empty"),
            ("{\"a\":1", "malformed"),
            ("01", "malformed"),
            ("bad", "malformed"),
            ("[1,]", "malformed"),
            ("1x", "malformed"),
            ("NaN", "malformed"),
        ];
        for (text, expected) in cases {
            assert_eq!(copied(text), expected, "{text}");
        }
        assert_eq!(copied(&"[".repeat(2000)), "malformed");
    }
}
