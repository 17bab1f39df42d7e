//! `parse_url(url, part[, key])` and `try_parse_url`: a part of an address, as Java's `URI` reads it.

use arrow::datatypes::DataType;
use floe_base::error::Kind;
use floe_base::{Error, Result};

use crate::family::string::_text::text_only;
use crate::rows::{self, Texts};
use crate::{Call, Function, Typed};

pub(crate) const FUNCTIONS: &[Function] = &[
    Function::scalar("parse_url", parse)
        .usage("parse_url(url, partToExtract[, key]) - Returns a part: HOST, PATH, QUERY, REF, PROTOCOL, FILE, AUTHORITY, USERINFO."),
    Function::scalar("try_parse_url", try_parse)
        .usage("try_parse_url(url, partToExtract[, key]) - The same, but NULL where the url is invalid."),
];

fn parse(call: &Call<'_>) -> Result<Typed> {
    bind(call, call.context.ansi)
}

fn try_parse(call: &Call<'_>) -> Result<Typed> {
    bind(call, false)
}

fn bind(call: &Call<'_>, raises: bool) -> Result<Typed> {
    call.between(2, 3)?;
    let arguments = (0..call.arguments.len()).map(|index| text_only(call, index)).collect::<Result<Vec<_>>>()?;
    let body = move |arguments: &crate::Arguments<'_>| {
        let (urls, parts) = (Texts::of(arguments, 0)?, Texts::of(arguments, 1)?);
        let keys = if arguments.values.len() == 3 { Some(Texts::of(arguments, 2)?) } else { None };
        rows::texts(arguments, |row, out| {
            let (Some(url), Some(part)) = (urls.at(row), parts.at(row)) else { return Ok(false) };
            let key = keys.as_ref().map(|keys| keys.at(row));
            if key == Some(None) {
                return Ok(false);
            }
            let uri = match Uri::parse(url) {
                Some(uri) => uri,
                None if raises => return Err(Error::new(Kind::IllegalArgument, "INVALID_URL").with("url", url)),
                None => return Ok(false),
            };
            let found = match key.flatten() {
                Some(key) if part == "QUERY" => uri.query.and_then(|query| value_of(query, key)).map(str::to_string),
                Some(_) => None,
                None => uri.part(part),
            };
            out.push_str(found.as_deref().unwrap_or_default());
            Ok(found.is_some())
        })
    };
    let key = format!("{raises}");
    Ok(match raises {
        true => call.raising(key, arguments, DataType::Utf8, true, body),
        false => call.kernel(key, arguments, DataType::Utf8, true, body),
    })
}

/// The parts of `scheme://user@host:port/path?query#fragment`, all as they are written.
#[derive(Debug, Default)]
struct Uri<'a> {
    scheme: Option<&'a str>,
    authority: Option<&'a str>,
    user: Option<&'a str>,
    host: Option<&'a str>,
    path: Option<&'a str>,
    query: Option<&'a str>,
    fragment: Option<&'a str>,
}

impl<'a> Uri<'a> {
    /// `None` where it has a character that no address has, or a `%` without its two digits.
    fn parse(text: &'a str) -> Option<Self> {
        let (rest, fragment) = split(text, '#');
        let colon = rest.find(':').filter(|at| !rest.get(..*at).is_some_and(|before| before.contains(['/', '?'])));
        let (scheme, rest) = match colon {
            Some(at) => (Some(rest.get(..at)?), rest.get(at + 1..)?),
            None => (None, rest),
        };
        let is_scheme = |scheme: &str| {
            scheme.starts_with(|first: char| first.is_ascii_alphabetic())
                && scheme.chars().all(|letter| letter.is_ascii_alphanumeric() || "+-.".contains(letter))
        };
        if !scheme.is_none_or(is_scheme) || !is_legal(rest) || !fragment.is_none_or(is_legal) {
            return None;
        }
        // What follows the scheme without a slash has no parts (`mailto:a@b`), and must be something.
        if scheme.is_some() && !rest.starts_with('/') {
            return if rest.is_empty() { None } else { Some(Self { scheme, fragment, ..Self::default() }) };
        }
        let (rest, query) = split(rest, '?');
        let (authority, path) = match rest.strip_prefix("//") {
            Some(rest) => {
                let (authority, path) = rest.find('/').map_or((rest, ""), |at| rest.split_at(at));
                if authority.is_empty() && path.is_empty() {
                    return None;
                }
                (Some(authority).filter(|authority| !authority.is_empty()), path)
            }
            None => (None, rest),
        };
        let (user, host) = authority.map_or((None, None), server);
        Some(Self { scheme, authority, user, host, path: Some(path), query, fragment })
    }

    fn part(&self, name: &str) -> Option<String> {
        let found = match name {
            "HOST" => self.host,
            "PATH" => self.path,
            "QUERY" => self.query,
            "REF" => self.fragment,
            "PROTOCOL" => self.scheme,
            "AUTHORITY" => self.authority,
            "USERINFO" => self.user,
            "FILE" => {
                let query = self.query.map(|query| format!("?{query}")).unwrap_or_default();
                return self.path.map(|path| format!("{path}{query}"));
            }
            _ => None,
        };
        found.map(str::to_string)
    }
}

fn split(text: &str, mark: char) -> (&str, Option<&str>) {
    match text.split_once(mark) {
        Some((before, after)) => (before, Some(after)),
        None => (text, None),
    }
}

/// User and host, where the authority is that of a server: a host name, with a port that is a number.
fn server(authority: &str) -> (Option<&str>, Option<&str>) {
    let (user, rest) = match authority.rsplit_once('@') {
        Some((user, rest)) => (Some(user), rest),
        None => (None, authority),
    };
    let (host, port) = match rest.strip_prefix('[').and_then(|inner| inner.find(']')) {
        Some(end) => rest.split_at(end + 2),
        None => rest.find(':').map_or((rest, ""), |at| rest.split_at(at)),
    };
    let is_port =
        port.is_empty() || port.strip_prefix(':').is_some_and(|port| port.bytes().all(|byte| byte.is_ascii_digit()));
    if host.is_empty() || !is_port || !(host.starts_with('[') || is_host(host)) {
        return (None, None);
    }
    (user, Some(host))
}

/// Labels of letters, digits and hyphens, the last of which begins with a letter; or four numbers.
fn is_host(host: &str) -> bool {
    let labels: Vec<&str> = host.strip_suffix('.').unwrap_or(host).split('.').collect();
    let is_label = |label: &&str| {
        !label.is_empty()
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '-')
    };
    let is_address = labels.len() == 4 && labels.iter().all(|label| label.parse::<u8>().is_ok());
    let named = labels.last().is_some_and(|last| last.starts_with(|first: char| first.is_ascii_alphabetic()));
    labels.iter().all(is_label) && (is_address || named)
}

fn is_legal(text: &str) -> bool {
    let mut letters = text.chars();
    while let Some(letter) = letters.next() {
        let legal = match letter {
            '%' => {
                let mut digit = || letters.next().is_some_and(|digit| digit.is_ascii_hexdigit());
                digit() && digit()
            }
            letter if letter.is_ascii() => letter.is_ascii_alphanumeric() || "-_.!~*'();/?:@&=+$,[]".contains(letter),
            letter => !letter.is_control() && !letter.is_whitespace(),
        };
        if !legal {
            return false;
        }
    }
    true
}

/// The value of a key: Spark 4.1 looks for `(&|^)key=([^&]*)`.
fn value_of<'a>(query: &'a str, key: &str) -> Option<&'a str> {
    query.split('&').find_map(|pair| pair.strip_prefix(key)?.strip_prefix('='))
}

#[cfg(test)]
mod tests {
    use super::Uri;

    /// Real Spark 4.1.4's answers.
    #[test]
    fn finds_the_parts() {
        let part =
            |name: &str| Uri::parse("http://u:p@h:80/p/a?q#f").and_then(|uri| uri.part(name)).unwrap_or_default();
        let found = ["USERINFO", "AUTHORITY", "FILE", "PATH", "REF", "QUERY", "HOST", "PROTOCOL"].map(part);
        assert_eq!(found, ["u:p", "u:p@h:80", "/p/a?q", "/p/a", "f", "q", "h", "http"]);
        assert!(Uri::parse("inva lid://x").is_none());
        assert_eq!(Uri::parse("http://h").and_then(|uri| uri.part("PATH")).as_deref(), Some(""));
        assert_eq!(Uri::parse("http://h").and_then(|uri| uri.part("QUERY")), None);
    }
}
