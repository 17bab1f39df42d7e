//! `DESCRIBE FUNCTION`: Spark's own, and those of users.

use floe_base::{Result, SqlSource};
use floe_catalog::FoundFunction;
use floe_syntax::DataType;
use floe_syntax::command::ColumnDefinition;
use floe_syntax::routine::{Routine, RoutineBody};

use super::cells::{texts, told};
use super::lookup::missing_routine;
use crate::{Execution, Session};

pub(super) async fn run(session: &Session, name: &[String], extended: bool) -> Result<Execution> {
    let last = name.last().map(String::as_str).unwrap_or_default();
    if let Some(function) = floe_functions::find(last).filter(|_| name.len() == 1) {
        let lines = [format!("Function: {}", function.name), format!("Usage: {}", function.usage)];
        return told(vec![("function_desc", false, texts(lines))]);
    }
    let found = session.function(name, None).await?.ok_or_else(|| missing_routine(session, name))?;
    let routine = floe_sql::parse_routine(&SqlSource::new(found.function.text.as_str()))?;
    told(vec![("function_desc", false, texts(lines(&found, &routine, extended)))])
}

fn lines(found: &FoundFunction, routine: &Routine, extended: bool) -> Vec<String> {
    let mut lines = vec![format!("Function: {}", found.name.join("."))];
    let (kind, returns) = match &routine.body {
        RoutineBody::Class(class) => {
            lines.extend([format!("Class: {class}"), "Usage: N/A.".into()]);
            return lines;
        }
        RoutineBody::Value { returns, .. } => ("SCALAR", returns.as_ref().map(DataType::sql)),
        RoutineBody::Rows { columns, .. } => ("TABLE", columns.as_deref().map(listed)),
    };
    lines.push(format!("Type: {kind}"));
    lines.push(format!(
        "Input: {}",
        if routine.parameters.is_empty() { "()".into() } else { listed(&routine.parameters) }
    ));
    lines.extend(returns.map(|returns| format!("Returns: {returns}")));
    lines.extend(routine.comment.as_ref().map(|comment| format!("Comment: {comment}")));
    if extended {
        lines.extend(routine.deterministic.map(|deterministic| format!("Deterministic: {deterministic}")));
        if !found.function.owner.is_empty() {
            lines.push(format!("Owner: {}", found.function.owner));
        }
        lines.push(format!("Body: {}", found.function.text));
    }
    lines
}

fn listed(columns: &[ColumnDefinition]) -> String {
    let column = |column: &ColumnDefinition| format!("{} {}", column.field.name, column.field.data_type.sql());
    columns.iter().map(column).collect::<Vec<_>>().join(", ")
}
