//! Rows as an HTML table, as notebooks show a frame (Spark 4.1 `Dataset.htmlString`).

use floe_base::Result;
use floe_syntax::Relation;

use super::show_string::more;
use crate::resolver::{Env, Resolver};
use crate::rows::Rows;

impl Resolver<'_> {
    pub(crate) fn html_string<'t>(&self, input: &'t Relation, rows: i32, truncate: i32, env: &Env<'t>) -> Result<Rows> {
        let count = rows.max(0);
        let shown = self.shown(input, count, truncate, env)?;
        let line = |cells: &[String], tag: &str| {
            let cells: Vec<String> = cells.iter().map(|cell| escaped(cell)).collect();
            format!("<tr><{tag}>{}</{tag}></tr>\n", cells.join(&format!("</{tag}><{tag}>")))
        };
        let mut html = String::from("<table border='1'>\n");
        html.push_str(&line(&shown.header, "th"));
        shown.cells.iter().for_each(|row| html.push_str(&line(row, "td")));
        html.push_str("</table>\n");
        html.push_str(&more(&shown, count));
        self.one_text("html_string", html)
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
