//! Calls as names show them: operators in their own notation, the arguments Spark adds where none is written, and the
//! name Spark prefers over the one that was called.

use floe_syntax::expression::{Call, Expression, ExpressionKind, SortOrder};
use floe_syntax::{DataType, Literal};

use super::{Place, arithmetic, pretty, sort_order};

/// How times are read and written where no pattern is given.
const PATTERN: &str = "yyyy-MM-dd HH:mm:ss";

pub(super) fn call(call: &Call, place: &dyn Place) -> String {
    let name = call.name.last().map(|name| name.to_lowercase()).unwrap_or_default();
    if let Some(text) = arithmetic::binary(call, place) {
        return text;
    }
    if let Some((name, arguments)) = place.routine(call) {
        let arguments: Vec<String> = arguments.iter().map(|argument| pretty(argument, place)).collect();
        return format!("{name}({})", arguments.join(", "));
    }
    let is_count = name == "count" && !call.distinct;
    let has_star = call.arguments.iter().any(|argument| matches!(argument.value.kind, ExpressionKind::Star(_)));
    let written: Vec<&Expression> = call.arguments.iter().map(|argument| &argument.value).collect();
    let expanded = place.expanded(&call.arguments).filter(|_| has_star && !is_count);
    let arguments: Vec<&Expression> = expanded.as_ref().map_or(written, |expanded| expanded.iter().collect());
    let values: Vec<String> = arguments.iter().map(|argument| pretty(argument, place)).collect();
    let text = if is_count && has_star {
        "count(1)".to_string()
    } else if let Some(text) = truth(&name, &arguments, &values, place).or_else(|| operator(&name, &values)) {
        text
    } else if let Some(text) = written_specially(&name, &arguments, &values, place) {
        text
    } else {
        let values = with_defaults(&name, call, values, &arguments, place);
        let distinct = if call.distinct { "DISTINCT " } else { "" };
        format!("{}({distinct}{})", shown_name(&name, call, arguments.len()), values.join(", "))
    };
    let filter = call.filter.as_ref().map(|filter| format!(" FILTER (WHERE {})", pretty(filter, place)));
    format!("{text}{}{}", within_group(&name, call, place), filter.unwrap_or_default())
}

fn within_group(name: &str, call: &Call, place: &dyn Place) -> String {
    let order = |order: &SortOrder| match name {
        "listagg" | "string_agg" => sort_order(order, place),
        // Of two values as frequent Spark takes the first of the order turned round.
        "mode" => directed(&order.child, !order.ascending, place),
        _ => directed(&order.child, order.ascending, place),
    };
    let by = match (name, call.arguments.as_slice()) {
        ("mode", [value, deterministic]) if is_true(&deterministic.value) => directed(&value.value, false, place),
        _ if call.within_group.is_empty() => return String::new(),
        _ => call.within_group.iter().map(order).collect::<Vec<_>>().join(", "),
    };
    format!(" WITHIN GROUP (ORDER BY {by})")
}

fn directed(child: &Expression, ascending: bool, place: &dyn Place) -> String {
    let child = pretty(child, place);
    if ascending { child } else { format!("{child} DESC") }
}

fn is_true(value: &Expression) -> bool {
    matches!(value.kind, ExpressionKind::Literal(Literal::Boolean(true)))
}

/// Operators in their own notation.
fn operator(name: &str, values: &[String]) -> Option<String> {
    let text = match (name, values) {
        ("%" | "&" | "|" | "^" | "<<" | ">>" | ">>>" | "div", [left, right]) => format!("({left} {name} {right})"),
        ("=" | "==", [left, right]) => format!("({left} = {right})"),
        ("<=>" | "<" | "<=" | ">" | ">=", [left, right]) => format!("({left} {name} {right})"),
        ("!=" | "<>", [left, right]) => format!("(NOT ({left} = {right}))"),
        ("and", [left, right]) => format!("({left} AND {right})"),
        ("or", [left, right]) => format!("({left} OR {right})"),
        ("not" | "!", [value]) => format!("(NOT {value})"),
        ("-", [value]) => format!("(- {value})"),
        ("+" | "positive", [value]) => format!("(+ {value})"),
        ("~", [value]) => format!("~{value}"),
        ("||", _) => format!("concat({})", values.join(", ")),
        ("isnull", [value]) => format!("({value} IS NULL)"),
        ("isnotnull", [value]) => format!("({value} IS NOT NULL)"),
        ("in", [value, list @ ..]) => format!("({value} IN ({}))", list.join(", ")),
        ("like", [value, pattern]) => format!("{value} LIKE {pattern}"),
        ("like", [value, pattern, escape]) => format!("{value} LIKE {pattern} ESCAPE '{escape}'"),
        ("ilike", [value, pattern, _]) => format!("ilike({value}, {pattern})"),
        ("if", [condition, yes, no]) => format!("(IF({condition}, {yes}, {no}))"),
        ("is unknown", [value]) if value != "NULL" => format!("({value} IS UNKNOWN)"),
        ("is unknown", [value]) => format!("({value} IS NULL)"),
        ("is not unknown", [value]) => format!("({value} IS NOT UNKNOWN)"),
        _ => return None,
    };
    Some(text)
}

/// Without ANSI, what is compared with 1 is the condition itself, and with 0 its negation (Spark 4.1 `BooleanEquality`).
fn truth(name: &str, arguments: &[&Expression], values: &[String], place: &dyn Place) -> Option<String> {
    let ([left, right], [left_text, right_text]) = (arguments, values) else { return None };
    if !matches!(name, "=" | "==") || place.context().is_none_or(|context| context.ansi) {
        return None;
    }
    let (number, condition, text) = match (number(left), number(right)) {
        (Some(number), None) => (number, right, right_text),
        (None, Some(number)) => (number, left, left_text),
        _ => return None,
    };
    match number {
        0 | 1 if place.data_type(condition) != Some(DataType::Boolean) => None,
        0 => Some(format!("(NOT {text})")),
        1 => Some(text.clone()),
        _ => None,
    }
}

fn number(value: &Expression) -> Option<i64> {
    match value.kind {
        ExpressionKind::Literal(Literal::Byte(number)) => Some(number.into()),
        ExpressionKind::Literal(Literal::Short(number)) => Some(number.into()),
        ExpressionKind::Literal(Literal::Int(number)) => Some(number.into()),
        ExpressionKind::Literal(Literal::Long(number)) => Some(number),
        _ => None,
    }
}

/// `LIKE ANY (…)`: a function where all patterns are constants, else what Spark's parser makes of it.
fn likes(name: &str, arguments: &[&Expression], values: &[String]) -> Option<String> {
    let (quantified, negated) = match name.strip_prefix("not_") {
        Some(rest) => (rest, true),
        None => (name, false),
    };
    let (insensitive, any) = match quantified {
        "like_any" => (false, true),
        "like_all" => (false, false),
        "ilike_any" => (true, true),
        "ilike_all" => (true, false),
        _ => return None,
    };
    let [value, patterns @ ..] = values else { return None };
    let is_text = |pattern: &&Expression| matches!(pattern.kind, ExpressionKind::Literal(Literal::String(_)));
    if arguments.iter().skip(1).all(is_text) {
        let function = if any { "likeany" } else { "likeall" };
        let value = if insensitive { format!("lower({value})") } else { value.clone() };
        return Some(format!("{}{function}({value})", if negated { "not" } else { "" }));
    }
    let one = |pattern: &String| {
        let like = if insensitive { format!("ilike({value}, {pattern})") } else { format!("{value} LIKE {pattern}") };
        if negated { format!("(NOT {like})") } else { like }
    };
    let word = if any { "OR" } else { "AND" };
    patterns.iter().map(one).reduce(|all, next| format!("({all} {word} {next})"))
}

/// Functions that print otherwise than as their name and their arguments.
fn written_specially(name: &str, arguments: &[&Expression], values: &[String], place: &dyn Place) -> Option<String> {
    if let Some(text) = likes(name, arguments, values) {
        return Some(text);
    }
    let text = match (name, values) {
        ("from_json", [_, schema, ..]) if is_map(schema) => "entries".into(),
        ("raise_error", [message]) => format!("raise_error(USER_RAISED_EXCEPTION, map(errorMessage, {message}))"),
        ("extract" | "datepart", [field, value]) => format!("{name}({field} FROM {value})"),
        ("trim", [letters, text]) => format!("TRIM(BOTH {letters} FROM {text})"),
        ("ltrim", [letters, text]) => format!("TRIM(LEADING {letters} FROM {text})"),
        ("rtrim", [letters, text]) => format!("TRIM(TRAILING {letters} FROM {text})"),
        ("()", _) => row(arguments, values),
        // Both become a column of their own.
        ("window" | "session_window", [_, _, ..]) => name.to_string(),
        ("to_char" | "to_varchar", [value, pattern]) => {
            let data_type = arguments.first().and_then(|value| place.data_type(value));
            to_char(name, value, pattern, data_type.as_ref())
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

/// Whether a schema in SQL is that of a map.
fn is_map(schema: &str) -> bool {
    schema.trim_start().get(..4).is_some_and(|start| start.eq_ignore_ascii_case("map<"))
}

/// `to_char` is another function for each type of its value.
fn to_char(name: &str, value: &str, pattern: &str, data_type: Option<&DataType>) -> String {
    match (data_type, pattern.to_lowercase().as_str()) {
        (Some(DataType::Binary), "base64" | "hex") if name == "to_varchar" => format!("to_varchar({value})"),
        (Some(DataType::Binary), function @ ("base64" | "hex")) => format!("{function}({value})"),
        (Some(DataType::Binary), _) => format!("decode({value}, {pattern})"),
        (Some(DataType::Date | DataType::Timestamp | DataType::TimestampNtz), _) => {
            format!("date_format({value}, {pattern})")
        }
        _ => format!("to_char({value}, {pattern})"),
    }
}

/// The name a value gets as a field of a struct: its own, or `col2` by its place.
pub(crate) fn field(value: &Expression, index: usize) -> String {
    let own = match &value.kind {
        ExpressionKind::Attribute(attribute) => attribute.parts.last().cloned(),
        ExpressionKind::Alias { names, .. } => names.first().cloned(),
        ExpressionKind::LambdaVariable(name) => Some(name.clone()),
        _ => None,
    };
    own.unwrap_or_else(|| format!("col{}", index + 1))
}

/// Values in parentheses.
fn row(values: &[&Expression], texts: &[String]) -> String {
    let fields = values.iter().zip(texts).enumerate();
    let fields: Vec<String> = fields.map(|(index, (value, text))| format!("{}, {text}", field(value, index))).collect();
    format!("named_struct({})", fields.join(", "))
}

/// Values in parentheses before `IN (SELECT …)`: there the names of fields have quotes.
pub(super) fn compared_row(values: &[Expression], place: &dyn Place) -> String {
    let fields = values.iter().enumerate();
    let fields: Vec<String> =
        fields.map(|(index, value)| format!("'{}', {}", field(value, index), pretty(value, place))).collect();
    format!("named_struct({})", fields.join(", "))
}

/// The arguments with those Spark adds, and without those it keeps elsewhere.
fn with_defaults(
    name: &str,
    call: &Call,
    mut values: Vec<String>,
    arguments: &[&Expression],
    place: &dyn Place,
) -> Vec<String> {
    let data_type = |index: usize| arguments.get(index).and_then(|value| place.data_type(value));
    let count = values.len();
    let mut add = |from: usize, defaults: &[&str]| {
        let missing = if count < from { 0 } else { count - from };
        values.extend(defaults.iter().skip(missing).map(ToString::to_string));
    };
    match name {
        "lpad" | "rpad" => match data_type(0) {
            Some(DataType::Binary) => add(2, &["X'00'"]),
            _ => add(2, &[" "]),
        },
        "split" => add(2, &["-1"]),
        "replace" => add(2, &[""]),
        "regexp_extract" | "regexp_extract_all" => add(2, &["1"]),
        "regexp_replace" => add(3, &["1"]),
        "regexp_instr" => add(2, &["0"]),
        "sentences" => add(1, &["", ""]),
        "mask" => add(1, &["X", "x", "n", "NULL"]),
        "sort_array" => add(1, &["true"]),
        "array_sort" => add(1, &[SORTED]),
        "substring" | "substr" => add(2, &["2147483647"]),
        "str_to_map" => add(1, &[",", ":"]),
        "locate" | "position" => add(2, &["1"]),
        "overlay" => add(3, &["-1"]),
        "round" | "bround" => add(1, &["0"]),
        "percentile" => add(2, &["1"]),
        "percentile_approx" | "approx_percentile" => add(2, &["10000"]),
        "listagg" | "string_agg" => add(1, &["NULL"]),
        "lag" | "lead" => {
            add(1, &["1", "NULL"]);
            values.truncate(3);
        }
        "ntile" => add(0, &["1"]),
        "aggregate" | "reduce" => add(3, &["lambdafunction(namedlambdavariable(), namedlambdavariable())"]),
        "months_between" => add(2, &["true"]),
        "aes_encrypt" => add(2, &["GCM", "DEFAULT", "", ""]),
        "aes_decrypt" | "try_aes_decrypt" => add(2, &["GCM", "DEFAULT", ""]),
        "from_unixtime" => add(1, &[PATTERN]),
        "unix_timestamp" | "to_unix_timestamp" => add(0, &["current_timestamp()", PATTERN]),
        "make_interval" | "try_make_interval" => add(0, &["0", "0", "0", "0", "0", "0", "0.000000"]),
        "make_dt_interval" => add(0, &["0", "0", "0", "0.000000"]),
        "make_ym_interval" => add(0, &["0", "0"]),
        "convert_timezone" if count == 2 => values.insert(0, "current_timezone()".into()),
        "log" if count == 1 => values.insert(0, "E()".into()),
        "assert_true" if count == 1 => {
            let message = format!("'{}' is not true!", values.concat());
            values.push(message);
        }
        // What they were told beside the value does not show.
        "to_json"
        | "to_csv"
        | "schema_of_json"
        | "schema_of_csv"
        | "from_json"
        | "from_csv"
        | "from_xml"
        | "first"
        | "first_value"
        | "last"
        | "last_value"
        | "any_value"
        | "approx_count_distinct"
        | "pandas_product"
        | "pandas_stddev"
        | "pandas_var"
        | "pandas_mode"
        | "collect_top_k"
        | "shuffle" => values.truncate(1),
        "nth_value" | "pandas_covar" => values.truncate(2),
        "mode" if call.arguments.get(1).is_some_and(|argument| is_true(&argument.value)) => values.clear(),
        "mode" => values.truncate(1),
        "rank" | "dense_rank" | "percent_rank" => values.clear(),
        _ => {}
    }
    values
}

/// The comparison Spark sorts by where none is given.
const SORTED: &str = "lambdafunction((IF(((namedlambdavariable() IS NULL) AND (namedlambdavariable() IS NULL)), 0, \
    (IF((namedlambdavariable() IS NULL), 1, (IF((namedlambdavariable() IS NULL), -1, \
    (IF((namedlambdavariable() < namedlambdavariable()), -1, \
    (IF((namedlambdavariable() > namedlambdavariable()), 1, 0)))))))))), \
    namedlambdavariable(), namedlambdavariable())";

/// Functions that print in capitals whatever they were called by.
const IN_CAPITALS: [&str; 38] = [
    "acos",
    "acosh",
    "asin",
    "asinh",
    "atan",
    "atan2",
    "atanh",
    "cbrt",
    "cos",
    "cosh",
    "cot",
    "csc",
    "degrees",
    "dense_rank",
    "e",
    "exp",
    "expm1",
    "hypot",
    "log",
    "log10",
    "log1p",
    "log2",
    "percent_rank",
    "pi",
    "power",
    "radians",
    "rank",
    "regexp",
    "regexp_like",
    "rlike",
    "sec",
    "signum",
    "sin",
    "sinh",
    "spark_partition_id",
    "sqrt",
    "tan",
    "tanh",
];

/// The name a function prints under, where it is not the one it is called by.
fn shown_name(name: &str, call: &Call, arguments: usize) -> String {
    let shown = match name {
        "array_agg" => "collect_list",
        "curdate" => "current_date",
        "current_database" => "current_schema",
        "dateadd" => "date_add",
        "pandas_kurt" => "pandas_kurtosis",
        "pandas_skew" => "pandas_skewness",
        "pandas_var" => "pandas_variance",
        "random" => "rand",
        "string_agg" if !call.within_group.is_empty() => "listagg",
        // Written behind the call, IGNORE NULLS makes a new function, which forgets what it was called by.
        "first_value" if call.ignore_nulls == Some(true) => "first",
        "last_value" if call.ignore_nulls == Some(true) => "last",
        "ceil" | "floor" if arguments == 1 => return name.to_uppercase(),
        _ if IN_CAPITALS.contains(&name) => return name.to_uppercase(),
        other => other,
    };
    shown.to_string()
}
