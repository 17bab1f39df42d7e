//! The name Spark gives a column nobody named, printed from the tree as it was written (Spark 4.1 `toPrettySQL`).
//!
//! Casts nobody asked for do not show, qualifiers do not show, text stands without quotes. What a name of several parts
//! shows depends on the scope (`t.a` prints `a`, `s.a` of a struct prints `s.a`): the caller says so.

use floe_syntax::expression::{
    Attribute, Call, CastMode, Expression, ExpressionKind, FrameBound, SortOrder, WindowFrame, WindowSpec,
};
use floe_syntax::relation::TableName;
use floe_syntax::{DataType, Literal};

/// How an attribute shows.
pub(crate) enum Printed {
    Column(String),
    /// A lambda's variable, with members of a struct after it.
    Variable(Vec<String>),
}

/// How attributes show where nothing is known of the scope.
pub(crate) fn plain(attribute: &Attribute) -> Printed {
    Printed::Column(attribute.parts.last().cloned().unwrap_or_default())
}

type Attributes<'a> = &'a dyn Fn(&Attribute) -> Printed;

/// The name a column gets in a SELECT list: an alias, a column's own name, else the expression.
pub(crate) fn output(expression: &Expression, attributes: Attributes<'_>) -> String {
    match &expression.kind {
        ExpressionKind::Alias { names, .. } => names.first().cloned().unwrap_or_default(),
        ExpressionKind::Attribute(attribute) => attribute_output(attribute, attributes),
        ExpressionKind::LambdaVariable(name) => name.clone(),
        // A cast of a column keeps the column's name.
        ExpressionKind::Cast { child, .. } => match &child.kind {
            ExpressionKind::Attribute(_) | ExpressionKind::Alias { .. } => output(child, attributes),
            ExpressionKind::Cast { .. } if named_inside(child) => pretty(expression, attributes),
            _ => pretty(expression, attributes),
        },
        _ => pretty(expression, attributes),
    }
}

fn named_inside(expression: &Expression) -> bool {
    matches!(expression.kind, ExpressionKind::Attribute(_))
}

fn attribute_output(attribute: &Attribute, attributes: Attributes<'_>) -> String {
    let last = attribute.parts.last().cloned().unwrap_or_default();
    if attribute.parts.len() == 1
        && let Some(function) = bare_function(&last)
        && matches!(attributes(attribute), Printed::Column(name) if name == last)
    {
        return function;
    }
    match attributes(attribute) {
        Printed::Column(name) if name.starts_with("lateralAliasReference(") => last,
        _ => last,
    }
}

fn bare_function(name: &str) -> Option<String> {
    let lower = name.to_lowercase();
    match lower.as_str() {
        "current_date" | "current_timestamp" | "current_user" | "session_user" | "localtimestamp" | "current_time" => {
            Some(format!("{lower}()"))
        }
        "user" => Some("current_user()".into()),
        _ => None,
    }
}

/// The expression as Spark prints it in names and errors.
pub(crate) fn pretty(expression: &Expression, attributes: Attributes<'_>) -> String {
    let show = |expression: &Expression| pretty(expression, attributes);
    match &expression.kind {
        ExpressionKind::Literal(value) => literal(value, false),
        ExpressionKind::TypedLiteral { type_name, text } => format!("{type_name} '{text}'"),
        ExpressionKind::Attribute(attribute) => match attributes(attribute) {
            Printed::Column(name) => name,
            Printed::Variable(members) => {
                members.iter().fold("namedlambdavariable()".into(), |name: String, member| format!("{name}.{member}"))
            }
        },
        ExpressionKind::Star(star) if star.qualifier.is_empty() => "*".into(),
        ExpressionKind::Star(star) => format!("{}.*", star.qualifier.join(".")),
        ExpressionKind::ColumnRegex { pattern, .. } => pattern.clone(),
        ExpressionKind::Call(call) => self::call(call, attributes),
        ExpressionKind::Cast { child, to, mode } => {
            let function = if *mode == CastMode::Try { "TRY_CAST" } else { "CAST" };
            format!("{function}({} AS {})", show(child), to.sql())
        }
        ExpressionKind::Alias { child, names, .. } => match names.as_slice() {
            [name] => format!("{} AS {name}", show(child)),
            _ => show(child),
        },
        ExpressionKind::Case { operand, branches, otherwise } => {
            let mut text = "CASE".to_string();
            for (condition, value) in branches {
                let condition = match operand {
                    Some(operand) => format!("({} = {})", show(operand), show(condition)),
                    None => show(condition),
                };
                text.push_str(&format!(" WHEN {condition} THEN {}", show(value)));
            }
            if let Some(otherwise) = otherwise {
                text.push_str(&format!(" ELSE {}", show(otherwise)));
            }
            text + " END"
        }
        ExpressionKind::ScalarSubquery(_) => "scalarsubquery()".into(),
        ExpressionKind::Exists(_) => "exists()".into(),
        ExpressionKind::InSubquery { values, .. } => match values.as_slice() {
            [value] => format!("({} IN (listquery()))", show(value)),
            values => {
                let fields = named_fields(values, attributes);
                format!("(named_struct({}) IN (listquery()))", fields.join(", "))
            }
        },
        ExpressionKind::Window { function, window } => {
            format!("{} OVER {}", windowed(function, attributes), self::window(function, window, attributes))
        }
        ExpressionKind::Lambda { parameters, body } => lambda(parameters, body, attributes),
        ExpressionKind::LambdaVariable(_) => "namedlambdavariable()".into(),
        ExpressionKind::ExtractValue { child, key } => extracted(child, key, attributes),
        ExpressionKind::UpdateField { child, .. } => {
            format!("update_fields({}, {})", show(child), update(expression, attributes))
        }
        ExpressionKind::NamedParameter(name) => format!(":{name}"),
        ExpressionKind::PositionalParameter(_) => "?".into(),
        ExpressionKind::Default => "DEFAULT".into(),
        ExpressionKind::Identifier { text, .. } => match &text.kind {
            ExpressionKind::Literal(Literal::String(name)) => name.rsplit('.').next().unwrap_or(name).to_string(),
            _ => format!("identifier({})", show(text)),
        },
        ExpressionKind::External(what) => what.clone(),
    }
}

fn update(expression: &Expression, attributes: Attributes<'_>) -> String {
    match &expression.kind {
        ExpressionKind::UpdateField { field, value: Some(value), .. } => {
            format!("WithField({field}, {})", pretty(value, attributes))
        }
        ExpressionKind::UpdateField { field, .. } => format!("DropField({field})"),
        _ => String::new(),
    }
}

fn extracted(child: &Expression, key: &Expression, attributes: Attributes<'_>) -> String {
    let base = pretty(child, attributes);
    match (&child.kind, &key.kind) {
        (ExpressionKind::Call(call), ExpressionKind::Literal(Literal::String(field)))
            if call.name.last().is_some_and(|name| {
                matches!(name.to_lowercase().as_str(), "struct" | "named_struct" | "from_json" | "from_csv")
            }) =>
        {
            format!("{base}.{field}")
        }
        _ => format!("{base}[{}]", pretty(key, attributes)),
    }
}

/// `lambdafunction(body, variables)`: every variable prints alike.
fn lambda(parameters: &[String], body: &Expression, attributes: Attributes<'_>) -> String {
    let inner = |attribute: &Attribute| match attribute.parts.as_slice() {
        [first, rest @ ..] if parameters.iter().any(|name| name.eq_ignore_ascii_case(first)) => {
            Printed::Variable(rest.to_vec())
        }
        _ => attributes(attribute),
    };
    let variables = vec!["namedlambdavariable()"; parameters.len()].join(", ");
    format!("lambdafunction({}, {variables})", pretty(body, &inner))
}

fn call(call: &Call, attributes: Attributes<'_>) -> String {
    let written = call.name.last().cloned().unwrap_or_default();
    let name = written.to_lowercase();
    let values: Vec<String> = call.arguments.iter().map(|argument| pretty(&argument.value, attributes)).collect();
    if let Some(text) = operator(&name, &values) {
        return text;
    }
    if let Some(text) = written_specially(&name, call, &values, attributes) {
        return text;
    }
    let shown = shown_name(&name, values.len());
    let distinct = if call.distinct { "DISTINCT " } else { "" };
    let mut text = format!("{shown}({distinct}{})", values.join(", "));
    if !call.within_group.is_empty() {
        let orders: Vec<String> = call.within_group.iter().map(|order| within_group_order(order, attributes)).collect();
        text.push_str(&format!(" WITHIN GROUP (ORDER BY {})", orders.join(", ")));
    }
    if let Some(filter) = &call.filter {
        text.push_str(&format!(" FILTER (WHERE {})", pretty(filter, attributes)));
    }
    text
}

fn within_group_order(order: &SortOrder, attributes: Attributes<'_>) -> String {
    let child = pretty(&order.child, attributes);
    if order.ascending { child } else { format!("{child} DESC") }
}

/// Operators in their own notation.
fn operator(name: &str, values: &[String]) -> Option<String> {
    let text = match (name, values) {
        ("+" | "-" | "*" | "/" | "%" | "&" | "|" | "^" | "<<" | ">>" | ">>>" | "div", [left, right]) => {
            format!("({left} {name} {right})")
        }
        ("=" | "==", [left, right]) => format!("({left} = {right})"),
        ("<=>" | "<" | "<=" | ">" | ">=", [left, right]) => format!("({left} {name} {right})"),
        ("!=" | "<>", [left, right]) => format!("(NOT ({left} = {right}))"),
        ("and", [left, right]) => format!("({left} AND {right})"),
        ("or", [left, right]) => format!("({left} OR {right})"),
        ("not" | "!", [value]) => format!("(NOT {value})"),
        ("negative" | "-", [value]) => format!("(- {value})"),
        ("positive" | "+", [value]) => format!("(+ {value})"),
        ("~", [value]) => format!("~{value}"),
        ("||", _) => format!("concat({})", values.join(", ")),
        ("isnull", [value]) => format!("({value} IS NULL)"),
        ("isnotnull", [value]) => format!("({value} IS NOT NULL)"),
        ("in", [value, list @ ..]) => format!("({value} IN ({}))", list.join(", ")),
        ("like", [value, pattern]) => format!("{value} LIKE {pattern}"),
        ("like", [value, pattern, escape]) => format!("{value} LIKE {pattern} ESCAPE '{escape}'"),
        ("if", [condition, yes, no]) => format!("(IF({condition}, {yes}, {no}))"),
        ("like_any" | "like_all" | "not_like_any" | "not_like_all", [value, ..]) => {
            format!("{}({value})", name.replace('_', ""))
        }
        _ => return None,
    };
    Some(text)
}

/// Functions whose arguments print otherwise than they are written.
fn written_specially(name: &str, call: &Call, values: &[String], attributes: Attributes<'_>) -> Option<String> {
    let text = match (name, values) {
        ("count", _)
            if !call.distinct
                && call.arguments.iter().any(|argument| matches!(argument.value.kind, ExpressionKind::Star(_))) =>
        {
            let filter = call.filter.as_ref().map(|filter| format!(" FILTER (WHERE {})", pretty(filter, attributes)));
            format!("count(1){}", filter.unwrap_or_default())
        }
        ("extract", [field, value]) => format!("extract({field} FROM {value})"),
        ("trim", [text]) => format!("trim({text})"),
        ("trim", [letters, text]) => format!("TRIM(BOTH {letters} FROM {text})"),
        ("ltrim", [letters, text]) => format!("TRIM(LEADING {letters} FROM {text})"),
        ("rtrim", [letters, text]) => format!("TRIM(TRAILING {letters} FROM {text})"),
        ("lpad" | "rpad", [bytes, length]) if bytes.starts_with("X'") => format!("{name}({bytes}, {length}, X'00')"),
        ("lpad" | "rpad", [text, length]) => format!("{name}({text}, {length},  )"),
        ("split", [text, pattern]) => format!("split({text}, {pattern}, -1)"),
        ("replace", [text, search]) => format!("replace({text}, {search}, )"),
        ("regexp_extract" | "regexp_extract_all", [text, pattern]) => format!("{name}({text}, {pattern}, 1)"),
        ("regexp_replace", [text, pattern, by]) => format!("regexp_replace({text}, {pattern}, {by}, 1)"),
        ("regexp_instr", [text, pattern]) => format!("regexp_instr({text}, {pattern}, 0)"),
        ("sentences", [text]) => format!("sentences({text}, , )"),
        ("sentences", [text, language]) => format!("sentences({text}, {language}, )"),
        ("mask", [text, given @ ..]) if given.len() < 4 => {
            let defaults = ["X", "x", "n", "NULL"];
            let letters = defaults.iter().enumerate();
            let letters = letters.map(|(index, default)| given.get(index).map_or(*default, String::as_str));
            format!("mask({text}, {})", letters.collect::<Vec<_>>().join(", "))
        }
        ("sort_array", [list]) => format!("sort_array({list}, true)"),
        ("substring" | "substr", [text, start]) => format!("{name}({text}, {start}, 2147483647)"),
        ("str_to_map", [text]) => format!("str_to_map({text}, ,, :)"),
        ("str_to_map", [text, pairs]) => format!("str_to_map({text}, {pairs}, :)"),
        ("to_json" | "to_csv" | "schema_of_json" | "schema_of_csv", [value, _]) => format!("{name}({value})"),
        ("btrim", [text, letters]) => format!("btrim({text}, {letters})"),
        ("locate" | "position" | "charindex", [letters, text]) => format!("{name}({letters}, {text}, 1)"),
        ("overlay", [text, replacement, position]) => format!("overlay({text}, {replacement}, {position}, -1)"),
        ("round" | "bround", [value]) => format!("{name}({value}, 0)"),
        ("percentile", [value, share]) => format!("percentile({value}, {share}, 1)"),
        ("lag" | "lead", [value]) => format!("{name}({value}, 1, NULL)"),
        ("lag" | "lead", [value, offset]) => format!("{name}({value}, {offset}, NULL)"),
        ("from_json" | "from_csv" | "from_xml", [value, ..]) => format!("{name}({value})"),
        ("aggregate" | "reduce", [list, start, merge]) => {
            let finish = "lambdafunction(namedlambdavariable(), namedlambdavariable())";
            format!("{name}({list}, {start}, {merge}, {finish})")
        }
        (
            "boolean" | "tinyint" | "smallint" | "int" | "bigint" | "float" | "double" | "decimal" | "date"
            | "timestamp" | "binary" | "string",
            [value],
        ) => value.clone(),
        _ => return None,
    };
    Some(text)
}

/// The name a function prints under, where it is not the one it is called by.
fn shown_name(name: &str, arguments: usize) -> String {
    let shown = match name {
        "array_agg" => "collect_list",
        "current_database" => "current_schema",
        "user" => "current_user",
        "rlike" => "RLIKE",
        "regexp" => "REGEXP",
        "regexp_like" => "REGEXP_LIKE",
        "power" => "POWER",
        "signum" => "SIGNUM",
        "rank" => "RANK",
        "dense_rank" => "DENSE_RANK",
        "percent_rank" => "PERCENT_RANK",
        "ceil" if arguments == 1 => "CEIL",
        "floor" if arguments == 1 => "FLOOR",
        "dateadd" => "date_add",
        other => other,
    };
    shown.to_string()
}

fn named_fields(values: &[Expression], attributes: Attributes<'_>) -> Vec<String> {
    let mut fields = Vec::new();
    for (index, value) in values.iter().enumerate() {
        let name = match &value.kind {
            ExpressionKind::Attribute(attribute) => attribute.parts.last().cloned().unwrap_or_default(),
            _ => format!("col{}", index + 1),
        };
        fields.push(name);
        fields.push(pretty(value, attributes));
    }
    fields
}

/// The function of a window: IGNORE NULLS shows after it.
fn windowed(function: &Expression, attributes: Attributes<'_>) -> String {
    let text = pretty(function, attributes);
    match &function.kind {
        ExpressionKind::Call(call)
            if call.ignore_nulls == Some(true)
                && matches!(
                    call.name.last().map(|name| name.to_lowercase()).as_deref(),
                    Some("lag" | "lead" | "nth_value")
                ) =>
        {
            format!("{text} IGNORE NULLS")
        }
        _ => text,
    }
}

fn window(function: &Expression, window: &WindowSpec, attributes: Attributes<'_>) -> String {
    let mut parts = Vec::new();
    if !window.partition_by.is_empty() {
        let keys: Vec<String> = window.partition_by.iter().map(|key| pretty(key, attributes)).collect();
        parts.push(format!("PARTITION BY {}", keys.join(", ")));
    }
    if !window.order_by.is_empty() {
        let orders: Vec<String> = window.order_by.iter().map(|order| sort_order(order, attributes)).collect();
        parts.push(format!("ORDER BY {}", orders.join(", ")));
    }
    parts.push(frame(function, window, attributes));
    format!("({})", parts.join(" "))
}

/// `a ASC NULLS FIRST`.
pub(crate) fn sort_order(order: &SortOrder, attributes: Attributes<'_>) -> String {
    let direction = if order.ascending { "ASC" } else { "DESC" };
    let nulls = if order.nulls_first { "NULLS FIRST" } else { "NULLS LAST" };
    format!("{} {direction} {nulls}", pretty(&order.child, attributes))
}

fn frame(function: &Expression, window: &WindowSpec, attributes: Attributes<'_>) -> String {
    let name = match &function.kind {
        ExpressionKind::Call(call) => call.name.last().map(|name| name.to_lowercase()).unwrap_or_default(),
        _ => String::new(),
    };
    let offset = |function: &Expression| match &function.kind {
        ExpressionKind::Call(call) => {
            call.arguments.get(1).map_or_else(|| "1".into(), |argument| pretty(&argument.value, attributes))
        }
        _ => "1".into(),
    };
    match (name.as_str(), &window.frame) {
        ("row_number" | "rank" | "dense_rank" | "percent_rank" | "cume_dist" | "ntile", _) => {
            let unit = if name == "cume_dist" { "RANGE" } else { "ROWS" };
            format!("{unit} BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW")
        }
        ("lag", _) => format!("ROWS BETWEEN -{0} FOLLOWING AND -{0} FOLLOWING", offset(function)),
        ("lead", _) => format!("ROWS BETWEEN {0} FOLLOWING AND {0} FOLLOWING", offset(function)),
        (_, Some(frame)) => written_frame(frame, attributes),
        (_, None) if window.order_by.is_empty() => "ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING".into(),
        (_, None) => "RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW".into(),
    }
}

fn written_frame(frame: &WindowFrame, attributes: Attributes<'_>) -> String {
    let bound = |bound: &FrameBound| match bound {
        FrameBound::UnboundedPreceding => "UNBOUNDED PRECEDING".to_string(),
        FrameBound::UnboundedFollowing => "UNBOUNDED FOLLOWING".to_string(),
        FrameBound::CurrentRow => "CURRENT ROW".to_string(),
        FrameBound::Preceding(value) => format!("{} PRECEDING", pretty(value, attributes)),
        FrameBound::Following(value) => format!("{} FOLLOWING", pretty(value, attributes)),
        FrameBound::Offset(value) => {
            let text = pretty(value, attributes);
            match text.strip_prefix('-') {
                Some(distance) => format!("{distance} PRECEDING"),
                None => format!("{text} FOLLOWING"),
            }
        }
    };
    let unit = if frame.rows { "ROWS" } else { "RANGE" };
    format!("{unit} BETWEEN {} AND {}", bound(&frame.start), bound(&frame.end))
}

/// A constant as Spark prints it; `nested` inside another value, where text still stands bare.
fn literal(value: &Literal, nested: bool) -> String {
    match value {
        Literal::Null(_) => "NULL".into(),
        Literal::Boolean(value) => value.to_string(),
        Literal::Byte(value) => value.to_string(),
        Literal::Short(value) => value.to_string(),
        Literal::Int(value) => value.to_string(),
        Literal::Long(value) => value.to_string(),
        Literal::Float(value) => java_float(f64::from(*value), &format!("{value:?}")),
        Literal::Double(value) => java_float(*value, &format!("{value:?}")),
        Literal::Decimal { unscaled, scale, .. } => decimal(*unscaled, *scale),
        Literal::String(text) => text.clone(),
        Literal::Binary(bytes) => {
            let digits: String = bytes.iter().map(|byte| format!("{byte:02X}")).collect();
            format!("X'{digits}'")
        }
        Literal::Date(days) => match date(*days) {
            Some(text) if nested => text,
            Some(text) => format!("DATE '{text}'"),
            None => days.to_string(),
        },
        Literal::Timestamp(micros) => format!("TIMESTAMP '{}'", timestamp(*micros)),
        Literal::TimestampNtz(micros) => format!("TIMESTAMP_NTZ '{}'", timestamp(*micros)),
        Literal::YearMonthInterval { months, from, to } => year_month(*months, from.name(), to.name()),
        Literal::DayTimeInterval { micros, from, to } => day_time(*micros, from.name(), to.name()),
        Literal::CalendarInterval { months, days, micros } => {
            format!("INTERVAL '{}'", calendar(*months, *days, *micros))
        }
        Literal::Array { values, .. } => {
            format!("ARRAY({})", values.iter().map(|value| literal(value, true)).collect::<Vec<_>>().join(", "))
        }
        Literal::Map { entries, .. } => {
            let keys: Vec<String> = entries.iter().map(|(key, _)| literal(key, true)).collect();
            let values: Vec<String> = entries.iter().map(|(_, value)| literal(value, true)).collect();
            format!("map({}, {})", keys.join(", "), values.join(", "))
        }
        Literal::Struct { data_type, values } => {
            let names: Vec<&str> = match data_type {
                DataType::Struct(fields) => fields.iter().map(|field| field.name.as_str()).collect(),
                _ => Vec::new(),
            };
            let members: Vec<String> =
                names.iter().zip(values).map(|(name, value)| format!("{name}, {}", literal(value, true))).collect();
            format!("NAMED_STRUCT({})", members.join(", "))
        }
    }
}

/// A floating point number as Java prints it: `1.0`, `1.0E10`, `NaN`.
fn java_float(value: f64, shortest: &str) -> String {
    if value.is_nan() {
        return "NaN".into();
    }
    if value.is_infinite() {
        return if value > 0.0 { "Infinity".into() } else { "-Infinity".into() };
    }
    let (mantissa, exponent) = match shortest.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa.to_string(), exponent.parse::<i32>().unwrap_or(0)),
        None => (shortest.to_string(), 0),
    };
    let negative = mantissa.starts_with('-');
    let digits = mantissa.trim_start_matches('-');
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
    let all: String = format!("{whole}{fraction}");
    let point = i32::try_from(whole.len()).unwrap_or(0) + exponent;
    let leading = all.len() - all.trim_start_matches('0').len();
    let significant = all.trim_start_matches('0').trim_end_matches('0').to_string();
    if significant.is_empty() {
        return if negative { "-0.0".into() } else { "0.0".into() };
    }
    let scientific = point - i32::try_from(leading).unwrap_or(0) - 1;
    let sign = if negative { "-" } else { "" };
    if (-3..7).contains(&scientific) {
        let text = plain_digits(&significant, scientific);
        return format!("{sign}{text}");
    }
    let (first, rest) = significant.split_at(1);
    let rest = if rest.is_empty() { "0" } else { rest };
    format!("{sign}{first}.{rest}E{scientific}")
}

fn plain_digits(significant: &str, exponent: i32) -> String {
    if exponent < 0 {
        let zeros = usize::try_from(-exponent - 1).unwrap_or(0);
        return format!("0.{}{significant}", "0".repeat(zeros));
    }
    let whole = usize::try_from(exponent + 1).unwrap_or(1);
    if significant.len() <= whole {
        return format!("{significant}{}.0", "0".repeat(whole - significant.len()));
    }
    let (left, right) = significant.split_at(whole);
    format!("{left}.{right}")
}

fn decimal(unscaled: i128, scale: i8) -> String {
    let sign = if unscaled < 0 { "-" } else { "" };
    let digits = unscaled.unsigned_abs().to_string();
    match usize::try_from(scale) {
        Ok(0) => format!("{sign}{digits}"),
        Ok(scale) => {
            let padded = format!("{digits:0>width$}", width = scale + 1);
            let (whole, fraction) = padded.split_at(padded.len() - scale);
            format!("{sign}{whole}.{fraction}")
        }
        Err(_) => format!("{sign}{digits}E{}", -i32::from(scale)),
    }
}

fn date(days: i32) -> Option<String> {
    let array = arrow::array::Date32Array::from(vec![days]);
    arrow::util::display::array_value_to_string(&array, 0).ok()
}

fn timestamp(micros: i64) -> String {
    let array = arrow::array::TimestampMicrosecondArray::from(vec![micros]);
    let text = arrow::util::display::array_value_to_string(&array, 0).unwrap_or_default();
    text.replace('T', " ")
}

fn sign_of(negative: bool) -> &'static str {
    if negative { "-" } else { "" }
}

fn year_month(months: i32, from: &str, to: &str) -> String {
    let sign = sign_of(months < 0);
    let (years, rest) = (months.unsigned_abs() / 12, months.unsigned_abs() % 12);
    let (from_shown, to_shown) = (from.to_uppercase(), to.to_uppercase());
    match (from, to) {
        ("year", "year") => format!("INTERVAL '{sign}{years}' YEAR"),
        ("month", "month") => format!("INTERVAL '{}' MONTH", months),
        _ => format!("INTERVAL '{sign}{years}-{rest}' {from_shown} TO {to_shown}"),
    }
}

fn day_time(micros: i64, from: &str, to: &str) -> String {
    let sign = sign_of(micros < 0);
    let total = micros.unsigned_abs();
    let (days, hours, minutes) = (total / 86_400_000_000, total / 3_600_000_000, total / 60_000_000);
    let seconds = |whole: u64| {
        let fraction = format!("{:06}", total % 1_000_000);
        let fraction = fraction.trim_end_matches('0');
        if fraction.is_empty() { format!("{whole:02}") } else { format!("{whole:02}.{fraction}") }
    };
    let whole_seconds = total / 1_000_000;
    let body = match (from, to) {
        ("day", "day") => format!("{days}"),
        ("day", "hour") => format!("{days} {:02}", hours % 24),
        ("day", "minute") => format!("{days} {:02}:{:02}", hours % 24, minutes % 60),
        ("day", _) => format!("{days} {:02}:{:02}:{}", hours % 24, minutes % 60, seconds(whole_seconds % 60)),
        ("hour", "hour") => format!("{hours:02}"),
        ("hour", "minute") => format!("{hours:02}:{:02}", minutes % 60),
        ("hour", _) => format!("{hours:02}:{:02}:{}", minutes % 60, seconds(whole_seconds % 60)),
        ("minute", "minute") => format!("{minutes:02}"),
        ("minute", _) => format!("{minutes:02}:{}", seconds(whole_seconds % 60)),
        _ => seconds(whole_seconds),
    };
    let (from, to) = (from.to_uppercase(), to.to_uppercase());
    let fields = if from == to { from } else { format!("{from} TO {to}") };
    format!("INTERVAL '{sign}{body}' {fields}")
}

fn calendar(months: i32, days: i32, micros: i64) -> String {
    let mut parts = Vec::new();
    let mut part = |value: i64, unit: &str| {
        if value != 0 {
            parts.push(format!("{value} {unit}"));
        }
    };
    part(i64::from(months / 12), "years");
    part(i64::from(months % 12), "months");
    part(i64::from(days), "days");
    part(micros / 3_600_000_000, "hours");
    part(micros / 60_000_000 % 60, "minutes");
    let rest = micros % 60_000_000;
    if rest != 0 {
        let fraction = format!("{:06}", (rest % 1_000_000).abs());
        let fraction = fraction.trim_end_matches('0');
        let sign = sign_of(rest < 0);
        let whole = (rest / 1_000_000).abs();
        let text = if fraction.is_empty() { format!("{sign}{whole}") } else { format!("{sign}{whole}.{fraction}") };
        parts.push(format!("{text} seconds"));
    }
    if parts.is_empty() { "0 seconds".into() } else { parts.join(" ") }
}

/// A table's name as errors and plans print it.
pub(crate) fn table(name: &TableName) -> String {
    name.parts.join(".")
}
