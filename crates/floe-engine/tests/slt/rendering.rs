//! The text form of answers, to the letter of `tests/README.md`.

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use arrow::datatypes::{
    DataType, Date32Type, Decimal128Type, DurationMicrosecondType, Float32Type, Float64Type, Int8Type, Int16Type,
    Int32Type, Int64Type, IntervalYearMonthType, Schema, Time64NanosecondType, TimestampMicrosecondType,
};
use floe_functions::Context;
use floe_functions::cast::format_value;
use floe_syntax::DataType as SparkType;

const DAY: i64 = 86_400_000_000;

/// `schema: name TYPE [NOT NULL], …`.
pub(crate) fn schema(schema: &Schema) -> String {
    let field = |field: &std::sync::Arc<arrow::datatypes::Field>| {
        nullable(format!("{} {}", text(field.name()), type_name(&SparkType::from_field(field))), field.is_nullable())
    };
    format!("schema: {}", schema.fields().iter().map(field).collect::<Vec<_>>().join(", "))
}

fn nullable(name: String, nullable: bool) -> String {
    if nullable { name } else { name + " NOT NULL" }
}

fn type_name(of: &SparkType) -> String {
    match of {
        SparkType::Array { element, nullable: null } => format!("ARRAY<{}>", nullable(type_name(element), *null)),
        SparkType::Map { key, value, nullable: null } => {
            format!("MAP<{}, {}>", type_name(key), nullable(type_name(value), *null))
        }
        SparkType::Struct(fields) => {
            let inner = fields.iter().map(|field| {
                nullable(format!("{}: {}", text(&field.name), type_name(&field.data_type)), field.nullable)
            });
            format!("STRUCT<{}>", inner.collect::<Vec<_>>().join(", "))
        }
        other => other.simple().to_uppercase(),
    }
}

/// One line a row.
pub(crate) fn rows(batch: &RecordBatch) -> Vec<String> {
    let schema = batch.schema();
    let cell = |row: usize| {
        move |(column, field): (&ArrayRef, &std::sync::Arc<arrow::datatypes::Field>)| {
            if matches!(SparkType::from_field(field), SparkType::CalendarInterval | SparkType::Variant)
                && column.is_valid(row)
            {
                return text(&format_value(column, field, row, &Context::default()).unwrap_or_default());
            }
            value(column, row)
        }
    };
    // The recorder's tables have no rows without columns.
    let rows = if batch.num_columns() == 0 { 0 } else { batch.num_rows() };
    let line = |row: usize| batch.columns().iter().zip(schema.fields()).map(cell(row)).collect::<Vec<_>>().join(" | ");
    (0..rows).map(line).collect()
}

/// A text bare where nothing in it could mislead, else as ASCII JSON.
fn text(value: &str) -> String {
    let harmless = |letter: char| (' '..='~').contains(&letter) && !r#"",[\]{|}"#.contains(letter);
    let bare = !value.is_empty()
        && value != "NULL"
        && value.chars().all(harmless)
        && !value.starts_with(' ')
        && !value.ends_with(' ');
    if bare { value.into() } else { json(value) }
}

fn json(value: &str) -> String {
    let mut out = String::from('"');
    for letter in value.chars() {
        match letter {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            ' '..='\u{7f}' => out.push(letter),
            other => other.encode_utf16(&mut [0; 2]).iter().for_each(|unit| out.push_str(&format!("\\u{unit:04x}"))),
        }
    }
    out.push('"');
    out
}

fn value(array: &dyn Array, row: usize) -> String {
    if array.is_null(row) || array.data_type() == &DataType::Null {
        return "NULL".into();
    }
    match array.data_type() {
        DataType::Utf8 => text(array.as_string::<i32>().value(row)),
        DataType::Boolean => array.as_boolean().value(row).to_string(),
        DataType::Int8 => array.as_primitive::<Int8Type>().value(row).to_string(),
        DataType::Int16 => array.as_primitive::<Int16Type>().value(row).to_string(),
        DataType::Int32 => array.as_primitive::<Int32Type>().value(row).to_string(),
        DataType::Int64 => array.as_primitive::<Int64Type>().value(row).to_string(),
        DataType::Float32 => floating(format!("{:e}", array.as_primitive::<Float32Type>().value(row))),
        DataType::Float64 => floating(format!("{:e}", array.as_primitive::<Float64Type>().value(row))),
        DataType::Decimal128(_, scale) => decimal(array.as_primitive::<Decimal128Type>().value(row), *scale),
        DataType::Binary => binary(array.as_binary::<i32>().value(row)),
        DataType::Date32 => date(i64::from(array.as_primitive::<Date32Type>().value(row))),
        DataType::Timestamp(_, zone) => {
            let micros = array.as_primitive::<TimestampMicrosecondType>().value(row);
            let mark = if zone.is_some() { "Z" } else { "" };
            format!("{}T{}{mark}", date(micros.div_euclid(DAY)), clock(micros.rem_euclid(DAY)))
        }
        DataType::Time64(_) => clock(array.as_primitive::<Time64NanosecondType>().value(row) / 1000),
        DataType::Duration(_) => {
            let micros = i128::from(array.as_primitive::<DurationMicrosecondType>().value(row));
            let (days, rest) = (micros.abs() / i128::from(DAY), micros.abs() % i128::from(DAY));
            format!("{}{days} {}", if micros < 0 { "-" } else { "" }, clock(rest as i64))
        }
        DataType::Interval(arrow::datatypes::IntervalUnit::YearMonth) => {
            let months = i64::from(array.as_primitive::<IntervalYearMonthType>().value(row));
            format!("{}{}-{}", if months < 0 { "-" } else { "" }, months.abs() / 12, months.abs() % 12)
        }
        DataType::List(_) => {
            let values = array.as_list::<i32>().value(row);
            format!("[{}]", (0..values.len()).map(|at| value(&values, at)).collect::<Vec<_>>().join(", "))
        }
        DataType::Map(..) => {
            let entries = array.as_map().value(row);
            let (keys, values) = (entries.column(0), entries.column(1));
            let pair = |at: usize| format!("{}: {}", value(keys, at), value(values, at));
            format!("{{{}}}", (0..entries.len()).map(pair).collect::<Vec<_>>().join(", "))
        }
        DataType::Struct(fields) => {
            let members = array.as_struct();
            let member = |(at, field): (usize, &std::sync::Arc<arrow::datatypes::Field>)| {
                format!("{}: {}", text(field.name()), value(members.column(at), row))
            };
            format!("{{{}}}", fields.iter().enumerate().map(member).collect::<Vec<_>>().join(", "))
        }
        other => format!("?{other}"),
    }
}

/// The shortest digits, placed as Python's `repr` places them. The input is Rust's `{:e}`: `1.5e-5`, `NaN`, `inf`.
fn floating(scientific: String) -> String {
    match scientific.as_str() {
        "NaN" => return "NaN".into(),
        "inf" => return "Infinity".into(),
        "-inf" => return "-Infinity".into(),
        _ => {}
    }
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let (sign, mantissa) = match mantissa.strip_prefix('-') {
        Some(rest) => ("-", rest),
        None => ("", mantissa),
    };
    if !(-4..16).contains(&exponent) {
        let direction = if exponent < 0 { '-' } else { '+' };
        return format!("{sign}{mantissa}e{direction}{:02}", exponent.abs());
    }
    let digits = mantissa.replace('.', "");
    if exponent < 0 {
        return format!("{sign}0.{}{digits}", "0".repeat((-exponent - 1) as usize));
    }
    let point = exponent as usize + 1;
    let padded = format!("{digits:0<point$}");
    let (whole, rest) = padded.split_at(point);
    format!("{sign}{whole}.{}", if rest.is_empty() { "0" } else { rest })
}

fn decimal(unscaled: i128, scale: i8) -> String {
    let sign = if unscaled < 0 { "-" } else { "" };
    let scale = usize::try_from(scale).unwrap_or(0);
    let digits = format!("{:0>width$}", unscaled.unsigned_abs(), width = scale + 1);
    let (whole, fraction) = digits.split_at(digits.len() - scale);
    if scale == 0 { format!("{sign}{whole}") } else { format!("{sign}{whole}.{fraction}") }
}

fn binary(bytes: &[u8]) -> String {
    format!("X'{}'", bytes.iter().map(|byte| format!("{byte:02X}")).collect::<String>())
}

/// Days since 1970-01-01 as an ISO date of the proleptic Gregorian calendar, any year.
fn date(days: i64) -> String {
    let shifted = days + 719_468;
    let (era, day_of_era) = (shifted.div_euclid(146_097), shifted.rem_euclid(146_097));
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    let shown = match year {
        0..=9999 => format!("{year:04}"),
        10_000.. => format!("+{year}"),
        _ => format!("-{:04}", -year),
    };
    format!("{shown}-{month:02}-{day:02}")
}

fn clock(micros: i64) -> String {
    let (seconds, fraction) = (micros / 1_000_000, micros % 1_000_000);
    let shown = format!("{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60);
    if fraction == 0 { shown } else { format!("{shown}.{fraction:06}").trim_end_matches('0').to_string() }
}

/// What changes from run to run, masked as the recorder masks it.
pub(crate) fn masked(line: &str, warehouse: &str) -> String {
    let plain = warehouse.strip_prefix("file:").unwrap_or(warehouse);
    let line = line.replace(plain, "<warehouse>").replace("file:<warehouse>", "<warehouse>");
    let line = replace(r"\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b", &line, "<uuid>");
    let line = if line.contains("snapshot") { replace(r"\b\d{16,19}(,|]|'|$)", &line, "<id>$1") } else { line };
    let line = replace(r"\b\d+ bytes\b", &line, "<n> bytes");
    replace(r"^Owner \| [^|]+ \|", &line, "Owner | <owner> |")
}

fn replace(pattern: &str, line: &str, with: &str) -> String {
    regex::Regex::new(pattern).expect("a pattern of ours").replace_all(line, with).into_owned()
}
