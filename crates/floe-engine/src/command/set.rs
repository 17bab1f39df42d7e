//! `SET`, `RESET`, `SET TIME ZONE`.

use std::sync::Arc;

use floe_base::{Error, Kind, Result};
use floe_syntax::{Expression, ExpressionKind, Literal};

use super::cells::{texts, told};
use crate::{Execution, Session};

pub(super) fn run(session: &Session, key: &str, value: &str) -> Result<Execution> {
    session.conf().set(key, value)?;
    pairs([(key.to_string(), value.to_string())])
}

/// `SET k` tells one (`<undefined>` when nobody set it), `SET` all that is set, `SET -v` the defaults too.
pub(super) fn show(session: &Session, key: Option<&str>, verbose: bool) -> Result<Execution> {
    match key {
        Some(key) => {
            let value = session.conf().option(key).unwrap_or_else(|| "<undefined>".into());
            pairs([(key.to_string(), value)])
        }
        None => pairs(session.conf().entries(verbose)),
    }
}

pub(super) fn reset(session: &Session, key: Option<&str>) -> Result<Execution> {
    match key {
        Some(key) => session.conf().unset(key)?,
        None => session.conf().reset(),
    }
    Ok(Execution::empty())
}

/// `SET TIME ZONE 'Europe/Berlin'`, `LOCAL` (ours is UTC), or an interval of hours and minutes.
pub(super) async fn time_zone(session: &Arc<Session>, zone: Option<Expression>) -> Result<Execution> {
    let zone = match zone.map(|zone| zone.kind) {
        None => "UTC".to_string(),
        Some(ExpressionKind::Literal(Literal::String(text))) => text,
        Some(ExpressionKind::Literal(Literal::DayTimeInterval { micros, .. })) => offset(micros)?,
        Some(_) => return Err(Error::unsupported("this form of SET TIME ZONE")),
    };
    run(session, "spark.sql.session.timeZone", &zone)
}

/// `+05:30` of an interval; more than 18 hours is no zone.
fn offset(micros: i64) -> Result<String> {
    let minutes = micros / 60_000_000;
    if minutes.abs() > 18 * 60 {
        let text = "the interval value must be in the range of [-18, +18] hours";
        return Err(Error::message(Kind::Parse, text));
    }
    let sign = if minutes < 0 { '-' } else { '+' };
    Ok(format!("{sign}{:02}:{:02}", minutes.abs() / 60, minutes.abs() % 60))
}

fn pairs(entries: impl IntoIterator<Item = (String, String)>) -> Result<Execution> {
    let (keys, values): (Vec<String>, Vec<String>) = entries.into_iter().unzip();
    told(vec![("key", false, texts(keys)), ("value", false, texts(values))])
}
