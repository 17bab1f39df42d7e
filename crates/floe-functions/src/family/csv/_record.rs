//! One line of CSV into fields and back, by Spark's options.

use floe_base::Result;

use crate::family::json::_options::Options;

/// How a line is written.
#[derive(Clone, Debug)]
pub(crate) struct Format {
    pub(crate) separator: String,
    pub(crate) quote: Option<char>,
    pub(crate) escape: Option<char>,
    pub(crate) comment: Option<char>,
    /// What stands for NULL.
    pub(crate) null: String,
    pub(crate) trims_start: bool,
    pub(crate) trims_end: bool,
    pub(crate) quotes_all: bool,
    /// What empty text is written as, and read from when it stands in quotes.
    pub(crate) empty: String,
}

impl Format {
    /// `reading`: blanks around values are kept by default, where writing takes them off.
    pub(crate) fn of(options: &Options, reading: bool) -> Result<Self> {
        let separator = options.text("sep").or_else(|| options.text("delimiter")).unwrap_or(",");
        Ok(Self {
            separator: unescaped(separator),
            quote: options.character("quote", '"'),
            escape: options.character("escape", '\\'),
            comment: options.text("comment").and_then(|comment| comment.chars().next()),
            null: options.text("nullValue").unwrap_or("").into(),
            trims_start: options.is_true("ignoreLeadingWhiteSpace", !reading),
            trims_end: options.is_true("ignoreTrailingWhiteSpace", !reading),
            quotes_all: options.is_true("quoteAll", false),
            empty: options.text("emptyValue").unwrap_or(if reading { "" } else { "\"\"" }).into(),
        })
    }

    /// The fields of a line; a line that is a comment has none. A field in quotes may hold separators and line ends; a
    /// quote within is escaped. Where the quotes do not close, the field is all of the rest as it stands.
    pub(crate) fn split(&self, line: &str) -> Vec<Option<String>> {
        if self.comment.is_some_and(|comment| line.starts_with(comment)) {
            return Vec::new();
        }
        let mut fields = Vec::new();
        let mut rest = line;
        loop {
            let (field, after) = self.field(rest);
            fields.push(field);
            match after {
                Some(after) => rest = after,
                None => return fields,
            }
        }
    }

    /// A field, and the line after its separator where there is one.
    fn field<'a>(&self, line: &'a str) -> (Option<String>, Option<&'a str>) {
        let start = if self.trims_start { line.trim_start() } else { line };
        if let Some(quote) = self.quote
            && let Some(inside) = start.strip_prefix(quote)
            && let Some((text, after)) = self.quoted(inside, quote)
        {
            let text = if text.is_empty() { self.empty.clone() } else { text };
            let value = if text == self.null { None } else { Some(text) };
            return (value, after);
        }
        let (field, after) = match start.split_once(self.separator.as_str()) {
            Some((field, after)) => (field, Some(after)),
            None => (start, None),
        };
        let field = if self.trims_end { field.trim_end() } else { field };
        let is_null = field.is_empty() || field == self.null;
        ((!is_null).then(|| field.to_string()), after)
    }

    /// What stands between quotes; `None` where they do not close before a separator.
    fn quoted<'a>(&self, inside: &'a str, quote: char) -> Option<(String, Option<&'a str>)> {
        let mut text = String::new();
        let mut letters = inside.char_indices().peekable();
        while let Some((at, letter)) = letters.next() {
            if Some(letter) == self.escape && letter != quote {
                match letters.next_if(|(_, next)| *next == quote || Some(*next) == self.escape) {
                    Some((_, next)) => text.push(next),
                    None => text.push(letter),
                }
                continue;
            }
            if letter != quote {
                text.push(letter);
                continue;
            }
            let after = inside.get(at + quote.len_utf8()..)?;
            if self.escape == Some(quote) && letters.next_if(|(_, next)| *next == quote).is_some() {
                text.push(quote);
                continue;
            }
            let blank = after.trim_start_matches([' ', '\t']);
            if blank.is_empty() {
                return Some((text, None));
            }
            return blank.strip_prefix(self.separator.as_str()).map(|after| (text, Some(after)));
        }
        None
    }

    /// Appends a field; NULL is `None`.
    pub(crate) fn write(&self, value: Option<&str>, out: &mut String) {
        let Some(value) = value else { return out.push_str(&self.null) };
        let value = if self.trims_start { value.trim_start() } else { value };
        let value = if self.trims_end { value.trim_end() } else { value };
        let Some(quote) = self.quote else { return out.push_str(value) };
        if value.is_empty() {
            return out.push_str(&self.empty);
        }
        let needs_quotes = self.quotes_all
            || value.contains(self.separator.as_str())
            || value.contains(['\n', '\r'])
            || value.contains(quote);
        if !needs_quotes {
            return out.push_str(value);
        }
        out.push(quote);
        for letter in value.chars() {
            if letter == quote || (Some(letter) == self.escape && value.contains(quote)) {
                out.extend(self.escape);
            }
            out.push(letter);
        }
        out.push(quote);
    }
}

fn unescaped(separator: &str) -> String {
    match separator {
        "\\t" => "\t".into(),
        "\\\\" => "\\".into(),
        other => other.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::Format;
    use crate::family::json::_options::Options;

    /// Real Spark 4.1.4's answers.
    #[test]
    fn parts_lines() {
        let format = Format::of(&Options::default(), true).expect("defaults");
        let split = |line: &str| -> Vec<String> {
            format.split(line).into_iter().map(|field| field.unwrap_or("NULL".into())).collect()
        };
        assert_eq!(split(r#"a,"b,c","#), ["a", "b,c", "NULL"]);
        assert_eq!(split(r#""a""b",c"#), [r#""a""b""#, "c"]);
        assert_eq!(split(r#""a\"b",c"#), ["a\"b", "c"]);
        assert_eq!(split(" a , b "), [" a ", " b "]);
        assert_eq!(split("\"a\nb\",c"), ["a\nb", "c"]);
        assert_eq!(split(r#""",x"#), ["NULL", "x"]);
    }

    #[test]
    fn writes_fields() {
        let format = Format::of(&Options::default(), false).expect("defaults");
        let write = |value: Option<&str>| {
            let mut out = String::new();
            format.write(value, &mut out);
            out
        };
        assert_eq!(write(Some("x,y")), r#""x,y""#);
        assert_eq!(write(Some("q\"r")), r#""q\"r""#);
        assert_eq!(write(Some("")), r#""""#);
        assert_eq!(write(Some(" x ")), "x");
        assert_eq!(write(Some("back\\slash")), "back\\slash");
        assert_eq!(write(None), "");
    }
}
