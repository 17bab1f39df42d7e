//! dbt's query comment: who asks, in dbt's words.
//!
//! dbt puts a comment with JSON before every statement (or behind it, where a project says so):
//! `/* {"app": "dbt", "profile_name": "p", "target_name": "t", "node_id": "model.p.orders"} */`.

use serde_json::Value;

/// The node a statement belongs to, such as `model.shop.orders`; `None` where no comment of dbt's says so.
pub fn node_id(text: &str) -> Option<String> {
    let text = text.trim();
    let first = text.strip_prefix("/*").and_then(|rest| rest.split_once("*/")).map(|(comment, _)| comment);
    let last = || text.strip_suffix("*/").and_then(|rest| rest.rsplit_once("/*")).map(|(_, comment)| comment);
    first.and_then(node_of).or_else(|| last().and_then(node_of))
}

fn node_of(comment: &str) -> Option<String> {
    let told: Value = serde_json::from_str(comment.trim()).ok()?;
    let is_dbt = told.get("app").and_then(Value::as_str) == Some("dbt");
    told.get("node_id").and_then(Value::as_str).filter(|_| is_dbt).map(str::to_string)
}

#[cfg(test)]
mod tests {
    use super::node_id;

    #[test]
    fn the_comment_is_read_before_and_behind_the_statement() {
        let comment = r#"/* {"app": "dbt", "dbt_version": "1.11.16", "node_id": "model.shop.orders"} */"#;
        for text in [format!("{comment}\n\n  select 1"), format!("select 1\n{comment}")] {
            assert_eq!(node_id(&text).as_deref(), Some("model.shop.orders"), "{text}");
        }
    }

    #[test]
    fn other_comments_name_nobody() {
        for text in [
            "",
            "select 1",
            "/* hello */ select 1",
            "/* {\"app\": \"other\", \"node_id\": \"model.a.b\"} */ select 1",
            "/* {\"app\": \"dbt\", \"connection_name\": \"list_schemas\"} */ select 1",
            "/* {\"app\": \"dbt\"",
        ] {
            assert_eq!(node_id(text), None, "{text}");
        }
    }
}
