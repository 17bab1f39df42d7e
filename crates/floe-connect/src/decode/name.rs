//! Names of columns with dots and back-ticks: `a.b`, `` `a.b`.c ``. Names of tables are the SQL parser's (`text`).

use floe_base::{Error, Result};

/// The parts of a column's name (Spark's `UnresolvedAttribute.parseAttributeName`).
///
/// # Errors
/// `INVALID_ATTRIBUTE_NAME_SYNTAX` when back-ticks do not pair or a part is empty.
pub(super) fn column(text: &str) -> Result<Vec<String>> {
    split(text).ok_or_else(|| Error::analysis("INVALID_ATTRIBUTE_NAME_SYNTAX").with("name", text))
}

fn split(text: &str) -> Option<Vec<String>> {
    let mut parts = Vec::new();
    let mut rest = text;
    loop {
        let (part, after) = if rest.starts_with('`') { quoted(rest)? } else { bare(rest)? };
        parts.push(part);
        if after.is_empty() {
            return Some(parts);
        }
        rest = after.strip_prefix('.')?;
    }
}

/// A part in back-ticks; two of them inside stand for one.
fn quoted(text: &str) -> Option<(String, &str)> {
    let mut part = String::new();
    let mut rest = text.strip_prefix('`')?;
    loop {
        let tick = rest.find('`')?;
        part.push_str(&rest[..tick]);
        rest = &rest[tick + 1..];
        match rest.strip_prefix('`') {
            Some(after) => {
                part.push('`');
                rest = after;
            }
            None => return Some((part, rest)),
        }
    }
}

fn bare(text: &str) -> Option<(String, &str)> {
    let end = text.find('.').unwrap_or(text.len());
    let part = &text[..end];
    if part.is_empty() || part.contains('`') {
        return None;
    }
    Some((part.into(), &text[end..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dots_separate_and_ticks_protect() {
        assert_eq!(column("a.b").ok(), Some(vec!["a".to_string(), "b".into()]));
        assert_eq!(column("`a.b`.c").ok(), Some(vec!["a.b".to_string(), "c".into()]));
        assert_eq!(column("`a``b`").ok(), Some(vec!["a`b".to_string()]));
        assert_eq!(column("max(a) + 1").ok(), Some(vec!["max(a) + 1".to_string()]));
    }

    #[test]
    fn a_broken_name_names_itself() {
        for broken in ["`a", "a`b", "", "a.", "a..b", "`a`b"] {
            let error = column(broken).expect_err(broken);
            assert_eq!(error.condition(), "INVALID_ATTRIBUTE_NAME_SYNTAX");
        }
    }
}
