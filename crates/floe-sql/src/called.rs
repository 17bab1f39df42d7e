//! The functions a text calls, found without parsing it: for who only has to know which might be wanted.

use crate::lexer::lex;
use crate::token::Kind;

/// The last part of every name before a parenthesis, in lower case and each once. Words of SQL are among them.
///
/// ```
/// assert_eq!(floe_sql::called("SELECT F(a.`G`(1), 'h(2)') -- i(3)"), ["f", "g"]);
/// ```
pub fn called(text: &str) -> Vec<String> {
    let tokens = lex(text).tokens;
    let mut names: Vec<String> = Vec::new();
    for pair in tokens.windows(2) {
        let [name, next] = pair else { continue };
        if next.kind != Kind::LeftParen {
            continue;
        }
        let written = text.get(name.start as usize..name.stop as usize).unwrap_or_default();
        let is_quoted = written.len() > 2 && written.starts_with('`') && written.ends_with('`');
        let name = match name.kind {
            Kind::Word | Kind::Keyword(_) => written.to_lowercase(),
            _ if is_quoted => written[1..written.len() - 1].replace("``", "`").to_lowercase(),
            _ => continue,
        };
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names
}
