//! Variables of the session: DECLARE, SET VARIABLE, DROP TEMPORARY VARIABLE. Reading them is the resolver's.

use std::sync::Arc;

use datafusion::scalar::ScalarValue;
use floe_base::error::quoted;
use floe_base::{Error, Kind, Result};
use floe_syntax::expression::CastMode;
use floe_syntax::{DataType, Expression, ExpressionKind, Literal, Origin, Relation, RelationKind};

use crate::{Execution, Session, query};

pub(super) async fn declare(
    session: &Arc<Session>,
    names: &[Vec<String>],
    or_replace: bool,
    data_type: Option<DataType>,
    default: Option<Expression>,
) -> Result<Execution> {
    let keys = names.iter().map(|name| key(name)).collect::<Result<Vec<_>>>()?;
    let known = session.variables();
    if let Some(taken) = keys.iter().find(|key| !or_replace && known.contains_key(*key)) {
        let error = Error::analysis("VARIABLE_ALREADY_EXISTS");
        return Err(error.with("variableName", quoted(&["system", "session", taken])));
    }
    let null = Expression::literal(Literal::Null(DataType::Null), Origin::Unknown);
    let value = default.unwrap_or(null);
    let value = match data_type {
        None => value,
        Some(to) => {
            let origin = value.origin.clone();
            let kind = ExpressionKind::Cast { child: Box::new(value), to, mode: CastMode::Ansi };
            Expression::new(kind, origin)
        }
    };
    let input = Relation::new(RelationKind::OneRow, Origin::Unknown);
    let project = RelationKind::Project { input, expressions: vec![value.clone()] };
    let values = row(session, Relation::new(project, Origin::Unknown)).await?;
    let first = values.into_iter().next().ok_or_else(|| Error::internal("a default without a value"))?;
    for key in keys {
        session.declare_variable(key, first.clone(), value.clone());
    }
    Ok(Execution::empty())
}

pub(super) async fn set(session: &Arc<Session>, names: &[Vec<String>], source: Relation) -> Result<Execution> {
    let keys = names.iter().map(|name| key(name)).collect::<Result<Vec<_>>>()?;
    let known = session.variables();
    if let Some(missing) = keys.iter().find(|key| !known.contains_key(*key)) {
        return Err(Error::analysis("UNRESOLVED_VARIABLE")
            .with("variableName", quoted(&[missing]))
            .with("searchPath", "`SYSTEM`.`SESSION`"));
    }
    let mut seen = keys.clone();
    seen.sort();
    if let Some(twice) = seen.windows(2).find(|pair| pair.first() == pair.last()).and_then(|pair| pair.first()) {
        return Err(Error::analysis("DUPLICATE_ASSIGNMENTS").with("nameList", format!("`{twice}`")));
    }
    let values = row(session, with_defaults(session, &keys, source)).await?;
    if values.len() != keys.len() {
        return Err(Error::analysis("ASSIGNMENT_ARITY_MISMATCH")
            .with("numTarget", keys.len().to_string())
            .with("numExpr", values.len().to_string()));
    }
    for (key, value) in keys.into_iter().zip(values) {
        let value = match known.get(&key) {
            Some(old) => stored(session, value, old)?,
            None => value,
        };
        session.set_variable(key, value);
    }
    Ok(Execution::empty())
}

pub(super) fn drop(session: &Session, name: &[String], if_exists: bool) -> Result<Execution> {
    let key = key(name)?;
    if session.drop_variable(&key) || if_exists {
        return Ok(Execution::empty());
    }
    Err(Error::analysis("VARIABLE_NOT_FOUND").with("variableName", quoted(&["system", "session", &key])))
}

/// `SET VARIABLE a = DEFAULT`: the expression the variable was declared with, evaluated now.
fn with_defaults(session: &Session, keys: &[String], mut source: Relation) -> Relation {
    if let RelationKind::Project { expressions, .. } = source.kind.as_mut() {
        for (key, value) in keys.iter().zip(expressions) {
            if matches!(value.kind, ExpressionKind::Default)
                && let Some(default) = session.variable_default(key)
            {
                *value = default;
            }
        }
    }
    source
}

/// The only row of a query; NULLs where it has none.
async fn row(session: &Arc<Session>, source: Relation) -> Result<Vec<ScalarValue>> {
    let planned = query::lower_to_run(session, source).await?;
    let batches = query::collect(session, &planned).await?;
    match batches.iter().map(|batch| batch.num_rows()).sum() {
        0 => planned.fields.iter().map(|field| Ok(ScalarValue::try_from(field.data_type())?)).collect(),
        1 => {
            let batch = batches.iter().find(|batch| batch.num_rows() == 1);
            let columns = batch.map(|batch| batch.columns()).unwrap_or_default();
            columns.iter().map(|column| Ok(ScalarValue::try_from_array(column, 0)?)).collect()
        }
        _ => Err(Error::new(Kind::Runtime, "ROW_SUBQUERY_TOO_MANY_ROWS")),
    }
}

/// The value as the variable's type takes it: by an ANSI cast, whatever the session says (Spark 4.1 `ResolveSetVariable`).
fn stored(session: &Session, value: ScalarValue, old: &ScalarValue) -> Result<ScalarValue> {
    let to = old.data_type();
    if value.data_type() == to {
        return Ok(value);
    }
    let value = floe_functions::Typed::constant(value);
    let cast = floe_functions::cast::cast(value, &to, CastMode::Ansi, &session.context()?, &Origin::Unknown)?;
    floe_plan::fold(&cast)
}

/// A variable's name in lower case, `session.` and `system.session.` taken off.
pub(super) fn key(name: &[String]) -> Result<String> {
    let lower: Vec<String> = name.iter().map(|part| part.to_lowercase()).collect();
    match lower.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        [name] | ["session", name] | ["system", "session", name] => Ok((*name).to_string()),
        _ => Err(Error::analysis("UNRESOLVED_VARIABLE")
            .with("variableName", quoted(name))
            .with("searchPath", "`SYSTEM`.`SESSION`")),
    }
}
