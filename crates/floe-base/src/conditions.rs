//! Spark's error conditions: name, SQLSTATE and text template, as data.
//!
//! `data/error-conditions.json` is rendered by `proto/render_conditions.py` from the file Spark itself publishes; it
//! is read at the first error, not at start. Conditions of our own are few and stand in [`OURS`].

use std::collections::HashMap;
use std::sync::LazyLock;

use serde_json::Value;

static CONDITIONS: LazyLock<HashMap<String, Condition>> = LazyLock::new(load);

/// What is ours and not Spark's.
const OURS: &[(&str, &str)] = &[("BATCH_TOO_LARGE", "54000"), ("UNSUPPORTED_FEATURE.FLOE", "0A000")];

struct Condition {
    sql_state: Option<&'static str>,
    text: String,
}

fn load() -> HashMap<String, Condition> {
    let raw: Value = serde_json::from_str(include_str!("../data/error-conditions.json")).unwrap_or_default();
    let mut conditions = HashMap::new();
    for (name, entry) in raw.as_object().into_iter().flatten() {
        let state: Option<&'static str> = entry["sqlState"].as_str().map(|state| &*state.to_string().leak());
        let text = joined(&entry["message"]);
        for (sub, inner) in entry["subClass"].as_object().into_iter().flatten() {
            let text = format!("{text} {}", joined(&inner["message"]));
            conditions.insert(format!("{name}.{sub}"), Condition { sql_state: state, text });
        }
        conditions.insert(name.clone(), Condition { sql_state: state, text });
    }
    for (name, state) in OURS {
        conditions.insert((*name).into(), Condition { sql_state: Some(state), text: String::new() });
    }
    conditions
}

fn joined(lines: &Value) -> String {
    lines.as_array().into_iter().flatten().filter_map(Value::as_str).collect::<Vec<_>>().join("\n")
}

/// SQLSTATE of a condition, or of its class.
pub fn sql_state(condition: &str) -> Option<&'static str> {
    let class = condition.split('.').next().unwrap_or(condition);
    CONDITIONS.get(condition).or_else(|| CONDITIONS.get(class)).and_then(|found| found.sql_state)
}

/// The condition's text with `<name>` replaced by its parameter.
pub fn render(condition: &str, parameters: &[(String, String)]) -> String {
    let Some(found) = CONDITIONS.get(condition) else {
        let shown: Vec<_> = parameters.iter().map(|(name, value)| format!("{name}: {value}")).collect();
        return shown.join(", ");
    };
    let mut text = String::with_capacity(found.text.len() + 64);
    let mut rest = found.text.as_str();
    while let Some(open) = rest.find('<') {
        text.push_str(&rest[..open]);
        rest = &rest[open..];
        let Some(close) = rest.find('>') else { break };
        let name = &rest[1..close];
        match parameters.iter().find(|(known, _)| known == name) {
            Some((_, value)) => text.push_str(value),
            None => text.push_str(&rest[..=close]),
        }
        rest = &rest[close + 1..];
    }
    text.push_str(rest);
    text
}

/// True where Spark knows the condition: tests hold our sources against it.
pub fn is_known(condition: &str) -> bool {
    CONDITIONS.contains_key(condition)
}
