//! SQL texts as a session reads them: `${name}` stands for a setting's value, and strings may be taken as they are written.

use std::collections::BTreeSet;
use std::sync::Arc;

use floe_base::{Error, Kind, Result, SqlSource};

use super::Session;

impl Session {
    /// A text of this session, ready for the parser.
    pub fn source(&self, text: &str) -> Result<Arc<SqlSource>> {
        let is_on = |key: &str| self.conf().option(key).is_some_and(|value| value.eq_ignore_ascii_case("true"));
        let raw_strings = is_on("spark.sql.parser.escapedStringLiterals");
        if !text.contains("${") || !is_on("spark.sql.variable.substitute") {
            return Ok(SqlSource::of_session(text, raw_strings));
        }
        let value = |name: &str| self.conf().option(name).unwrap_or_default();
        Ok(SqlSource::of_session(substituted(text, &value, &BTreeSet::new())?, raw_strings))
    }
}

/// The text with every `${name}` and `${hiveconf:name}` replaced by a value, in which more may stand (Spark 4.1
/// `VariableSubstitution`). A setting nobody made is empty; what has another prefix stays.
fn substituted(text: &str, value: &dyn Fn(&str) -> String, within: &BTreeSet<String>) -> Result<String> {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${") {
        out.push_str(before);
        let found = after.split_once('}').filter(|(name, _)| !name.is_empty() && !name.contains(char::is_whitespace));
        let Some((reference, behind)) = found else {
            out.push_str("${");
            rest = after;
            continue;
        };
        rest = behind;
        let is_word =
            |prefix: &str| !prefix.is_empty() && prefix.chars().all(|letter| letter.is_alphanumeric() || letter == '_');
        let name = match reference.split_once(':').filter(|(prefix, name)| is_word(prefix) && !name.is_empty()) {
            None => reference,
            Some(("spark" | "sparkconf" | "hivevar" | "hiveconf", name)) => name,
            Some(("env" | "system", _)) => {
                return Err(Error::unsupported(format!("`${{{reference}}}`, which reads the server's machine,")));
            }
            Some(_) => {
                out.push_str(&format!("${{{reference}}}"));
                continue;
            }
        };
        let mut within = within.clone();
        if !within.insert(reference.to_string()) {
            let told = format!("requirement failed: Circular reference in {text}: {reference}");
            return Err(Error::message(Kind::IllegalArgument, told));
        }
        out.push_str(&substituted(&value(name), value, &within)?);
    }
    out.push_str(rest);
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<String> {
        let value = |name: &str| match name {
            "a" => "5".into(),
            "b" => "<${a}>".into(),
            "c" => "${c}".to_string(),
            _ => String::new(),
        };
        substituted(text, &value, &BTreeSet::new())
    }

    /// Real Spark 4.1.4's answers.
    #[test]
    fn settings_stand_where_they_are_named() -> Result<()> {
        assert_eq!(read("SELECT ${a} + 1, '${hivevar:a}', $${a}, ${b}")?, "SELECT 5 + 1, '5', $5, <5>");
        assert_eq!(read("'${nope}' '${a b}' '${other:a}' ${")?, "'' '${a b}' '${other:a}' ${");
        assert!(read("${c}").is_err());
        assert!(read("${env:HOME}").is_err());
        Ok(())
    }
}
