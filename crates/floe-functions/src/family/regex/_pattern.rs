//! Java's regular expressions on the engine of the `regex` crate where it can, and of `fancy-regex` (look-around,
//! back-references, possessive quantifiers) where it must.
//!
//! A constant pattern is compiled once per batch, and of a changing one the last is kept.

use floe_base::error::Kind;
use floe_base::{Error, Result};

use crate::rows::Texts;

/// A compiled pattern.
///
/// Java's `$` matches at the end and before a last line terminator. That takes a look-ahead, which the fast engine has
/// not; so a pattern with `$` is compiled twice, and the slow one runs on texts that end in a line terminator alone.
pub struct Pattern {
    is_empty: bool,
    usual: Engine,
    before_terminator: Option<Engine>,
}

enum Engine {
    Plain(regex::Regex),
    Fancy(Box<fancy_regex::Regex>),
}

/// The groups of one match, from 0 (the whole), by their places.
pub(crate) type Groups = Vec<Option<(usize, usize)>>;

impl Pattern {
    /// `None` where it is no regular expression.
    pub(crate) fn compile(pattern: &str) -> Option<Self> {
        let usual = translate(pattern, r"\z");
        let before_terminator = match usual.has_end {
            true => Some(Engine::new(&translate(pattern, r"(?=(?:\r\n|[\n\r\x{85}\x{2028}\x{2029}])?\z)"))?),
            false => None,
        };
        Some(Self { is_empty: pattern.is_empty(), usual: Engine::new(&usual)?, before_terminator })
    }

    /// A pattern that must cover a text whole, as `String.matches` asks.
    pub fn compile_whole(pattern: &str) -> Option<Self> {
        Self::compile(&format!(r"^(?:{pattern})\z"))
    }

    fn engine(&self, text: &str) -> &Engine {
        match &self.before_terminator {
            Some(engine) if text.ends_with(TERMINATORS) => engine,
            _ => &self.usual,
        }
    }

    /// Is there a match somewhere in a text?
    ///
    /// # Errors
    /// When a search takes too many steps.
    pub fn is_match(&self, text: &str) -> Result<bool> {
        match self.engine(text) {
            Engine::Plain(regex) => Ok(regex.is_match(text)),
            Engine::Fancy(regex) => regex.is_match(text).map_err(too_hard),
        }
    }

    /// The number of groups without the whole.
    pub(crate) fn groups(&self) -> usize {
        match &self.usual {
            Engine::Plain(regex) => regex.captures_len().saturating_sub(1),
            Engine::Fancy(regex) => regex.captures_len().saturating_sub(1),
        }
    }

    /// The number of a named group.
    pub(crate) fn named(&self, name: &str) -> Option<usize> {
        match &self.usual {
            Engine::Plain(regex) => regex.capture_names().position(|found| found == Some(name)),
            Engine::Fancy(regex) => regex.capture_names().position(|found| found == Some(name)),
        }
    }

    /// The first match at or after a place, as a range.
    pub(crate) fn find_at(&self, text: &str, from: usize) -> Result<Option<(usize, usize)>> {
        match self.engine(text) {
            Engine::Plain(regex) => Ok(regex.find_at(text, from).map(|found| (found.start(), found.end()))),
            Engine::Fancy(regex) => {
                let found = regex.find_from_pos(text, from).map_err(too_hard)?;
                Ok(found.map(|found| (found.start(), found.end())))
            }
        }
    }

    /// The first match at or after a place, with its groups.
    pub(crate) fn captures_at(&self, text: &str, from: usize) -> Result<Option<Groups>> {
        match self.engine(text) {
            Engine::Plain(regex) => {
                let groups = |found: regex::Captures<'_>| {
                    found.iter().map(|group| group.map(|group| (group.start(), group.end()))).collect()
                };
                Ok(regex.captures_at(text, from).map(groups))
            }
            Engine::Fancy(regex) => {
                let groups = |found: fancy_regex::Captures<'_>| {
                    found.iter().map(|group| group.map(|group| (group.start(), group.end()))).collect()
                };
                Ok(regex.captures_from_pos(text, from).map_err(too_hard)?.map(groups))
            }
        }
    }

    /// Every match, as Java's `while (matcher.find())` meets them.
    pub(crate) fn matches(&self, text: &str) -> Result<Vec<(usize, usize)>> {
        let (mut found, mut from) = (Vec::new(), Some(0));
        while let Some(start) = from
            && let Some(hit) = self.find_at(text, start)?
        {
            found.push(hit);
            from = next_start(text, hit);
        }
        Ok(found)
    }

    /// Java's `String.split` with trailing empty parts kept: an empty match at the start yields no part; an empty
    /// pattern yields the characters, with no empty part at the end (Spark 4.1 `UTF8String.split`).
    pub(crate) fn split<'a>(&self, text: &'a str, limit: usize) -> Result<Vec<&'a str>> {
        let mut parts = Vec::new();
        if self.is_empty && !text.is_empty() {
            let mut rest = text;
            while let Some(letter) = rest.chars().next() {
                let is_last = parts.len() + 1 == limit;
                let (part, after) = if is_last { (rest, "") } else { rest.split_at(letter.len_utf8()) };
                parts.push(part);
                rest = after;
            }
            return Ok(parts);
        }
        let mut written = 0;
        for (start, end) in self.matches(text)?.into_iter().filter(|(_, end)| *end > 0) {
            if parts.len() + 1 == limit {
                break;
            }
            parts.push(text.get(written..start).unwrap_or_default());
            written = end;
        }
        parts.push(text.get(written..).unwrap_or_default());
        Ok(parts)
    }
}

impl Engine {
    fn new(pattern: &Translated) -> Option<Self> {
        // The plain engine takes `a++` for a repeated repetition.
        if !pattern.is_possessive
            && let Ok(plain) = regex::Regex::new(&pattern.text)
        {
            return Some(Self::Plain(plain));
        }
        fancy_regex::Regex::new(&pattern.text).ok().map(|fancy| Self::Fancy(Box::new(fancy)))
    }
}

/// What ends a line to Java.
const TERMINATORS: [char; 5] = ['\n', '\r', '\u{85}', '\u{2028}', '\u{2029}'];

/// Where Java's `Matcher.find` looks next: after a match, and one character on after an empty one.
pub(crate) fn next_start(text: &str, (start, end): (usize, usize)) -> Option<usize> {
    if end > start {
        return Some(end);
    }
    text.get(end..)?.chars().next().map(|letter| end + letter.len_utf8())
}

/// The patterns of a column: the constant one, or the last one met.
pub(crate) struct Patterns<'a> {
    texts: &'a Texts,
    function: &'a str,
    last: Option<(String, Pattern)>,
    /// Does a bad pattern raise Java's own exception, as `split` lets it through?
    bare: bool,
}

impl<'a> Patterns<'a> {
    pub(crate) fn new(texts: &'a Texts, function: &'a str) -> Self {
        Self { texts, function, last: None, bare: false }
    }

    /// The patterns of a function that does not wrap Java's exception for a bad one.
    pub(crate) fn bare(texts: &'a Texts, function: &'a str) -> Self {
        Self { bare: true, ..Self::new(texts, function) }
    }

    /// The pattern of a row; `None` for NULL.
    pub(crate) fn at(&mut self, row: usize) -> Result<Option<&Pattern>> {
        let Some(text) = self.texts.at(row) else { return Ok(None) };
        if self.last.as_ref().is_none_or(|(last, _)| last != text) {
            let pattern = match Pattern::compile(text) {
                Some(pattern) => pattern,
                None if self.bare => {
                    return Err(Error::message(Kind::IllegalArgument, format!("not a pattern: {text}")));
                }
                None => return Err(invalid(text, self.function)),
            };
            self.last = Some((text.to_string(), pattern));
        }
        Ok(self.last.as_ref().map(|(_, pattern)| pattern))
    }
}

/// Spark 4.1 `INVALID_PARAMETER_VALUE.PATTERN`.
fn invalid(pattern: &str, function: &str) -> Error {
    Error::new(Kind::Runtime, "INVALID_PARAMETER_VALUE.PATTERN")
        .with("parameter", "`regexp`")
        .with("functionName", format!("`{function}`"))
        .with("value", format!("'{pattern}'"))
}

fn too_hard(error: fancy_regex::Error) -> Error {
    Error::message(Kind::Runtime, format!("a regular expression took too long: {error}"))
}

/// Java's pattern in the words of the engines here.
struct Translated {
    text: String,
    /// Has it a `$`?
    has_end: bool,
    /// Has it a quantifier that gives nothing back, as `a++`?
    is_possessive: bool,
}

/// Puts Java's pattern into the words of the engines here, its `$` as `end`.
///
/// Java's `\d`, `\w`, `\s` and POSIX classes are ASCII only, where the engines mean Unicode; its `.` stops at every line
/// terminator; `\Z`, `\h`, `\R`, `\Q…\E`, `\p{Alpha}` have other spellings here. Known difference: `(?i)` is ASCII only
/// in Java and Unicode here.
fn translate(pattern: &str, end: &str) -> Translated {
    let mut out = String::with_capacity(pattern.len() + 8);
    let mut letters = pattern.chars().peekable();
    let (mut class_depth, mut has_end, mut is_possessive) = (0_usize, false, false);
    let (lines, dot_all) = (has_flag(pattern, 'm'), has_flag(pattern, 's'));
    let mut follows_quantifier = false;
    while let Some(letter) = letters.next() {
        let is_quantifier = class_depth == 0
            && match letter {
                '*' | '+' => true,
                '?' => !out.ends_with('('),
                '}' => is_counted(&out),
                _ => false,
            };
        is_possessive |= letter == '+' && follows_quantifier;
        follows_quantifier = is_quantifier && !follows_quantifier;
        match letter {
            '\\' if class_depth == 0 && letters.peek() == Some(&'Z') => {
                letters.next();
                out.push_str(end);
                has_end = true;
            }
            '\\' => escape(&mut letters, class_depth > 0, &mut out),
            '[' => {
                class_depth += 1;
                out.push('[');
                if letters.peek() == Some(&'^') {
                    out.extend(letters.next());
                }
                // A bracket that closes at once is meant literally, to Java too.
                if letters.peek() == Some(&']') {
                    letters.next();
                    out.push_str("\\]");
                }
            }
            ']' if class_depth > 0 => {
                class_depth -= 1;
                out.push(']');
            }
            ']' => out.push_str("\\]"),
            // A doubled sign is an operator of the engine's classes, but not of Java's.
            '-' | '~' if class_depth > 0 && letters.peek() == Some(&letter) => {
                out.push('\\');
                out.push(letter);
            }
            '$' if class_depth == 0 && !lines => {
                out.push_str(end);
                has_end = true;
            }
            '.' if class_depth == 0 && !dot_all => out.push_str(r"[^\n\r\x{85}\x{2028}\x{2029}]"),
            letter => out.push(letter),
        }
    }
    Translated { text: out, has_end, is_possessive }
}

/// Does a `}` after this text end a count, as in `a{2,3}`?
fn is_counted(text: &str) -> bool {
    let digits = text.trim_end_matches(|letter: char| letter.is_ascii_digit() || letter == ',');
    digits.ends_with('{') && digits.len() < text.len()
}

/// Does the pattern set a flag, as `(?im)` does?
fn has_flag(pattern: &str, flag: char) -> bool {
    pattern.split("(?").skip(1).any(|rest| {
        let set: String = rest.chars().take_while(char::is_ascii_alphabetic).collect();
        let is_flags = rest.get(set.len()..).is_some_and(|after| after.starts_with([')', ':', '-']));
        is_flags && set.contains(flag)
    })
}

fn escape(letters: &mut std::iter::Peekable<std::str::Chars<'_>>, in_class: bool, out: &mut String) {
    let Some(letter) = letters.next() else { return out.push('\\') };
    let classes = |inside: &str, negated: bool| match (in_class, negated) {
        (true, false) => inside.to_string(),
        (true, true) => format!("[^{inside}]"),
        (false, false) => format!("[{inside}]"),
        (false, true) => format!("[^{inside}]"),
    };
    match letter {
        'd' => out.push_str(&classes("0-9", false)),
        'D' => out.push_str(&classes("0-9", true)),
        'w' => out.push_str(&classes("a-zA-Z_0-9", false)),
        'W' => out.push_str(&classes("a-zA-Z_0-9", true)),
        's' => out.push_str(&classes(r" \t\n\x0B\f\r", false)),
        'S' => out.push_str(&classes(r" \t\n\x0B\f\r", true)),
        'h' => out.push_str(&classes(r" \t\xA0\u{1680}\u{180e}\u{2000}-\u{200a}\u{202f}\u{205f}\u{3000}", false)),
        'H' => out.push_str(&classes(r" \t\xA0\u{1680}\u{180e}\u{2000}-\u{200a}\u{202f}\u{205f}\u{3000}", true)),
        'v' => out.push_str(&classes(r"\n\x0B\f\r\x85\u{2028}\u{2029}", false)),
        'V' => out.push_str(&classes(r"\n\x0B\f\r\x85\u{2028}\u{2029}", true)),
        'R' => out.push_str(r"(?:\r\n|[\n\x0B\f\r\x85\u{2028}\u{2029}])"),
        'e' => out.push_str(r"\x1B"),
        'p' | 'P' => property(letters, letter == 'P', in_class, out),
        'Q' => quoted(letters, out),
        'u' => {
            let digits: String = std::iter::from_fn(|| letters.next_if(char::is_ascii_hexdigit)).take(4).collect();
            out.push_str(&format!("\\u{{{digits}}}"));
        }
        '0' => {
            let digits: String = std::iter::from_fn(|| letters.next_if(|digit| digit.is_digit(8))).take(3).collect();
            out.push_str(&format!("\\x{{{:x}}}", u32::from_str_radix(&digits, 8).unwrap_or(0)));
        }
        letter if letter.is_ascii_alphanumeric() => {
            out.push('\\');
            out.push(letter);
        }
        letter if letter.is_ascii_punctuation() && letter != '<' && letter != '>' => {
            out.push('\\');
            out.push(letter);
        }
        // `\<` is a word boundary to the engine; a plain letter to Java.
        letter => out.push(letter),
    }
}

/// `\Q…\E`: as it stands.
fn quoted(letters: &mut std::iter::Peekable<std::str::Chars<'_>>, out: &mut String) {
    let rest: String = letters.clone().collect();
    let (text, closed) = match rest.find("\\E") {
        Some(end) => (rest.get(..end).unwrap_or_default(), 2),
        None => (rest.as_str(), 0),
    };
    out.push_str(&regex::escape(text));
    letters.by_ref().take(text.chars().count() + closed).for_each(|_| ());
}

/// `\p{…}`: Java's POSIX and `java.lang.Character` classes by what they hold; blocks and scripts by the engine's names.
fn property(letters: &mut std::iter::Peekable<std::str::Chars<'_>>, negated: bool, in_class: bool, out: &mut String) {
    let sign = if negated { 'P' } else { 'p' };
    if letters.peek() != Some(&'{') {
        out.push('\\');
        out.push(sign);
        return;
    }
    letters.next();
    let name: String = std::iter::from_fn(|| letters.next_if(|letter| *letter != '}')).collect();
    letters.next();
    let inside = match name.as_str() {
        "Lower" => "a-z",
        "Upper" => "A-Z",
        "ASCII" => r"\x00-\x7F",
        "Alpha" => "a-zA-Z",
        "Digit" => "0-9",
        "Alnum" => "a-zA-Z0-9",
        "Punct" => r"!-/:-@\[-`{-~",
        "Graph" => "!-~",
        "Print" => " -~",
        "Blank" => r" \t",
        "Cntrl" => r"\x00-\x1F\x7F",
        "XDigit" => "0-9a-fA-F",
        "Space" => r" \t\n\x0B\f\r",
        "javaLowerCase" => r"\p{Lowercase}",
        "javaUpperCase" => r"\p{Uppercase}",
        "javaWhitespace" => r"\s",
        _ => {
            let plain = name.strip_prefix("Is").or_else(|| name.strip_prefix("script=")).unwrap_or(&name);
            return out.push_str(&format!("\\{sign}{{{plain}}}"));
        }
    };
    match (in_class, negated) {
        (true, false) => out.push_str(inside),
        (_, true) => out.push_str(&format!("[^{inside}]")),
        (false, false) => out.push_str(&format!("[{inside}]")),
    }
}

#[cfg(test)]
mod tests {
    use super::Pattern;

    fn finds(pattern: &str, text: &str) -> bool {
        Pattern::compile(pattern).expect("a pattern").is_match(text).expect("no runaway")
    }

    /// Real Spark 4.1.4's answers.
    #[test]
    fn matches_as_java_does() {
        let cases = [
            ("b", "abc", true),
            (r"\w", "É", false),
            (r"\d", "١", false),
            ("(?i)k", "K", true),
            ("[a-c&&[^b]]", "a", true),
            ("[a-c&&[^b]]", "b", false),
            ("(?=ab)a", "ab", true),
            ("a.b", "a\nb", false),
            ("a.b", "a\rb", false),
            ("c$", "abc\n", true),
            ("c$", "abc\nx", false),
            ("(?m)c$", "abc\nx", true),
            (r"\Qa.b\E", "a.b", true),
            (r"\Qa.b\E", "axb", false),
            (r"(a)\1", "aa", true),
            ("a++b", "aaab", true),
            ("a++a", "aaa", false),
            ("^(ab)?+.+$", "ab", false),
            ("a{1,3}+a", "aaa", false),
            ("a{1,2}+a", "aaa", true),
            ("(?:a)+b", "aab", true),
            (r"\++", "++", true),
            (r"^\p{Alpha}+$", "abC", true),
            (r"[\w-]+@", "a-b@", true),
            (r"[^\s]", " ", false),
            (r"\p{javaLowerCase}", "a", true),
            (r"\u0041", "A", true),
            ("(?<x>b)", "b", true),
            (r"[\]]", "]", true),
            (r"\/", "/", true),
        ];
        for (pattern, text, expected) in cases {
            assert_eq!(finds(pattern, text), expected, "{pattern} in {text:?}");
        }
        assert!(Pattern::compile("(").is_none());
    }

    #[test]
    fn splits_as_java_does() {
        let cases: [(&str, &str, usize, &[&str]); 6] = [
            ("[ABC]", "oneAtwoBthreeC", usize::MAX, &["one", "two", "three", ""]),
            ("[ABC]", "oneAtwoBthreeC", 2, &["one", "twoBthreeC"]),
            ("", "abc", usize::MAX, &["a", "b", "c"]),
            ("", "abc", 2, &["a", "bc"]),
            ("(?<=b)", "abc", usize::MAX, &["ab", "c"]),
            ("o", "boo:and:foo", 5, &["b", "", ":and:f", "", ""]),
        ];
        for (pattern, text, limit, expected) in cases {
            let parts = Pattern::compile(pattern).expect("a pattern").split(text, limit).expect("no runaway");
            assert_eq!(parts, expected, "{pattern} in {text}");
        }
    }
}
