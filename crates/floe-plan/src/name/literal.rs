//! Constants as names show them: text without quotes, dates and times in the session's zone.

use arrow::datatypes::{DataType as ArrowType, IntervalMonthDayNano};
use floe_base::Origin;
use floe_functions::cast::decimal::Decimal;
use floe_functions::cast::{cast, double, interval, time};
use floe_functions::{Context, Typed};
use floe_syntax::expression::CastMode;
use floe_syntax::{DataType, Literal};

use super::Place;
use crate::expression::constant::fold;
use crate::expression::literal;

/// `DATE '…'` and its kin: what the text means, not how it is written.
pub(super) fn typed(type_name: &str, text: &str, place: &dyn Place) -> String {
    let meant = place.context().and_then(|context| {
        let value = literal::typed(type_name, text, context, &Origin::Unknown).ok()?;
        dated(value, context)
    });
    meant.unwrap_or_else(|| format!("{type_name} '{text}'"))
}

/// A date or a time with its type's name.
fn dated(value: Typed, context: &Context) -> Option<String> {
    let type_name = match value.spark_type() {
        DataType::Date => "DATE",
        DataType::Timestamp => "TIMESTAMP",
        DataType::TimestampNtz => "TIMESTAMP_NTZ",
        DataType::Time(_) => "TIME",
        _ => return None,
    };
    let text = cast(value, &ArrowType::Utf8, CastMode::Session, context, &Origin::Unknown).ok()?;
    Some(format!("{type_name} '{}'", fold(&text).ok()?))
}

/// A constant of the tree.
pub(super) fn literal(value: &Literal, place: &dyn Place) -> String {
    let is_dated = matches!(value, Literal::Date(_) | Literal::Timestamp(_) | Literal::TimestampNtz(_));
    let dated = place.context().filter(|_| is_dated).and_then(|context| {
        let value = literal::literal(value, &Origin::Unknown).ok()?;
        dated(value, context)
    });
    dated.unwrap_or_else(|| written(value, false))
}

/// The same where no session is known; `nested` inside another value, where dates stand bare.
fn written(value: &Literal, nested: bool) -> String {
    let mut out = String::new();
    match value {
        Literal::Null(_) => out.push_str("NULL"),
        Literal::Boolean(value) => out = value.to_string(),
        Literal::Byte(value) => out = value.to_string(),
        Literal::Short(value) => out = value.to_string(),
        Literal::Int(value) => out = value.to_string(),
        Literal::Long(value) => out = value.to_string(),
        Literal::Float(value) => double::write_float(*value, &mut out),
        Literal::Double(value) => double::write_double(*value, &mut out),
        Literal::Decimal { unscaled, scale, .. } => Decimal::new(*unscaled, *scale).write_java(&mut out),
        Literal::String(text) => out.clone_from(text),
        Literal::Binary(bytes) => {
            let digits: String = bytes.iter().map(|byte| format!("{byte:02X}")).collect();
            out = format!("X'{digits}'");
        }
        Literal::Date(days) => time::write_date(*days, &mut out),
        Literal::Timestamp(micros) | Literal::TimestampNtz(micros) => time::write_local(*micros, &mut out),
        Literal::YearMonthInterval { months, from, to } => interval::write_year_month(*months, *from, *to, &mut out),
        Literal::DayTimeInterval { micros, from, to } => interval::write_day_time(*micros, *from, *to, &mut out),
        Literal::CalendarInterval { months, days, micros } => {
            let value = IntervalMonthDayNano::new(*months, *days, micros.saturating_mul(1000));
            interval::write_calendar(value, &mut out);
            out = format!("INTERVAL '{out}'");
        }
        Literal::Array { values, .. } => out = format!("ARRAY({})", list(values.iter())),
        Literal::Map { entries, .. } => {
            let (keys, values) = (entries.iter().map(|(key, _)| key), entries.iter().map(|(_, value)| value));
            out = format!("map({}, {})", list(keys), list(values));
        }
        Literal::Struct { data_type, values } => {
            let names: Vec<&str> = match data_type {
                DataType::Struct(fields) => fields.iter().map(|field| field.name.as_str()).collect(),
                _ => Vec::new(),
            };
            let members: Vec<String> =
                names.iter().zip(values).map(|(name, value)| format!("{name}, {}", written(value, true))).collect();
            out = format!("NAMED_STRUCT({})", members.join(", "));
        }
    }
    match value {
        Literal::Date(_) if !nested => format!("DATE '{out}'"),
        Literal::Timestamp(_) if !nested => format!("TIMESTAMP '{out}'"),
        Literal::TimestampNtz(_) if !nested => format!("TIMESTAMP_NTZ '{out}'"),
        _ => out,
    }
}

fn list<'a>(values: impl Iterator<Item = &'a Literal>) -> String {
    values.map(|value| written(value, true)).collect::<Vec<_>>().join(", ")
}
