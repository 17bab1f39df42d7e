//! A text without a hint that is not for whoever reads it next: every other letter stays where it was.

use std::ops::Range;

use crate::lexer::lex;
use crate::token::{Kind, Token};

/// The text with spaces in the place of hints of this name; `None` where it has none. Hints inside quotes and comments are
/// none.
///
/// ```
/// let text = "SELECT /*+ BROADCAST(t), ROUTE(spark) */ * FROM t";
/// let without = floe_sql::without_hint(text, "route");
/// assert_eq!(without.as_deref(), Some("SELECT /*+ BROADCAST(t)               */ * FROM t"));
/// assert_eq!(floe_sql::without_hint("SELECT '/*+ ROUTE(spark) */'", "route"), None);
/// ```
pub fn without_hint(text: &str, name: &str) -> Option<String> {
    // Most texts have no hints, and are not cut into tokens for it.
    text.contains("/*+").then_some(())?;
    let tokens = lex(text).tokens;
    let is_named = |hint: &Range<usize>| {
        let rest = text.get(hint.clone()).unwrap_or_default();
        let end = rest.find(|letter: char| !letter.is_alphanumeric() && letter != '_').unwrap_or(rest.len());
        rest.get(..end).is_some_and(|word| word.eq_ignore_ascii_case(name))
    };
    let mut blanks: Vec<Range<usize>> = Vec::new();
    for (at, start) in tokens.iter().enumerate().filter(|(_, token)| token.kind == Kind::HintStart) {
        let hints = hints_behind(&tokens, at + 1);
        if !hints.is_empty() && hints.iter().all(is_named) {
            // Without its plus it is a comment.
            blanks.push(start.stop as usize - 1..start.stop as usize);
            continue;
        }
        for (index, hint) in hints.iter().enumerate().filter(|(_, hint)| is_named(hint)) {
            // With the comma between it and another one.
            blanks.push(match (hints.get(index + 1), index.checked_sub(1).and_then(|before| hints.get(before))) {
                (Some(next), _) => hint.start..next.start,
                (None, Some(before)) => before.end..hint.end,
                (None, None) => hint.clone(),
            });
        }
    }
    let mut bytes = text.as_bytes().to_vec();
    for blank in &blanks {
        bytes.get_mut(blank.clone())?.fill(b' ');
    }
    (!blanks.is_empty()).then(|| String::from_utf8(bytes).ok()).flatten()
}

/// Where the hints of one comment stand, each with its parentheses.
fn hints_behind(tokens: &[Token], from: usize) -> Vec<Range<usize>> {
    let mut hints: Vec<Range<usize>> = Vec::new();
    let mut depth = 0_u32;
    for token in tokens.get(from..).unwrap_or_default() {
        let (start, stop) = (token.start as usize, token.stop as usize);
        match token.kind {
            Kind::HintEnd | Kind::End => break,
            Kind::LeftParen => depth += 1,
            Kind::RightParen => depth = depth.saturating_sub(1),
            Kind::Comma if depth == 0 => continue,
            _ if depth == 0 => {
                hints.push(start..stop);
                continue;
            }
            _ => {}
        }
        if let Some(hint) = hints.last_mut() {
            hint.end = stop;
        }
    }
    hints
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_hints_of_the_name_go() {
        for (text, wanted) in [
            ("SELECT /*+ ROUTE(spark) */ 1", Some("SELECT /*  ROUTE(spark) */ 1")),
            ("SELECT /*+ route('spark'), COALESCE(3) */ 1", Some("SELECT /*+                 COALESCE(3) */ 1")),
            ("SELECT /*+ A(t, u) ROUTE(x), B */ 1", Some("SELECT /*+ A(t, u)           B */ 1")),
            ("SELECT /*+ ROUTES(spark) */ 1", None),
            ("SELECT '/*+ ROUTE(spark) */', `/*+ ROUTE(a) */` -- /*+ ROUTE(b) */", None),
            ("/* ü */ SELECT /*+ ROUTE(spark)", Some("/* ü */ SELECT /*  ROUTE(spark)")),
        ] {
            assert_eq!(without_hint(text, "ROUTE").as_deref(), wanted, "{text}");
        }
    }
}
