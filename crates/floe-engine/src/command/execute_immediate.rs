//! `EXECUTE IMMEDIATE`: the statement its text spells, with its arguments; what that does is that statement's own affair.

use std::sync::Arc;

use datafusion::scalar::ScalarValue;
use floe_base::{Error, Kind, Result};
use floe_syntax::statement::Arguments;
use floe_syntax::{Command, Expression, Origin, Relation, RelationKind, Statement};

use crate::{Session, query};

/// A text that spells a text is followed this far; one that spells itself would never end.
const DEPTH_MAX: usize = 64;

/// The statement to run in the place of this one.
pub(crate) async fn spelled(session: &Arc<Session>, mut statement: Statement) -> Result<Statement> {
    for _ in 0..DEPTH_MAX {
        let command = match statement {
            Statement::Command(command) => *command,
            query => return Ok(query),
        };
        let Command::ExecuteImmediate { text, into, using } = command else {
            return Ok(Statement::Command(Box::new(command)));
        };
        statement = once(session, text, into, using).await?;
    }
    Err(Error::new(Kind::Parse, "NESTED_EXECUTE_IMMEDIATE").with("sqlString", "EXECUTE IMMEDIATE"))
}

async fn once(
    session: &Arc<Session>,
    text: Expression,
    into: Vec<Vec<String>>,
    using: Vec<(Expression, Option<String>)>,
) -> Result<Statement> {
    let text = constant_text(session, text).await?;
    let inner = floe_sql::parse_statement(&session.source(&text)?)?;
    let bound = inner.bind(arguments(using)?)?;
    if into.is_empty() {
        return Ok(bound);
    }
    let known = session.variables();
    for name in &into {
        if !known.contains_key(&super::variable::key(name)?) {
            let error = Error::analysis("UNRESOLVED_COLUMN.WITHOUT_SUGGESTION");
            return Err(error.with("objectName", floe_base::error::quoted(name)));
        }
    }
    match bound {
        Statement::Query(source) => Ok(Statement::Command(Box::new(Command::SetVariable { names: into, source }))),
        Statement::Command(_) => {
            Err(Error::analysis("INVALID_STATEMENT_FOR_EXECUTE_INTO").with("sqlString", text.to_uppercase()))
        }
    }
}

fn arguments(using: Vec<(Expression, Option<String>)>) -> Result<Arguments> {
    let names = using.iter().filter(|(_, name)| name.is_some()).count();
    if names != 0 && names != using.len() {
        return Err(Error::analysis("INVALID_QUERY_MIXED_QUERY_PARAMETERS"));
    }
    let mut arguments = Arguments::default();
    for (value, name) in using {
        match name {
            Some(name) => arguments.named.push((name, value)),
            None => arguments.positional.push(value),
        }
    }
    Ok(arguments)
}

async fn constant_text(session: &Arc<Session>, text: Expression) -> Result<String> {
    let shown = text.origin.fragment().to_string();
    let input = Relation::new(RelationKind::OneRow, Origin::Unknown);
    let project = RelationKind::Project { input, expressions: vec![text] };
    let planned = query::lower(session, Relation::new(project, Origin::Unknown)).await?;
    let batches = query::collect(session, &planned).await?;
    let column = batches.first().and_then(|batch| batch.columns().first());
    let value = column.ok_or_else(|| Error::internal("a text without a value"))?;
    match ScalarValue::try_from_array(value, 0)? {
        ScalarValue::Utf8(Some(text)) => Ok(text),
        ScalarValue::Utf8(None) => {
            Err(Error::analysis("NULL_QUERY_STRING_EXECUTE_IMMEDIATE").with("varName", format!("`{shown}`")))
        }
        other => Err(Error::analysis("INVALID_EXPR_TYPE_FOR_QUERY_EXECUTE_IMMEDIATE")
            .with("exprType", format!("\"{}\"", floe_syntax::DataType::from_arrow(&other.data_type()).sql()))),
    }
}
