//! `OVER` as names show it, with the frame Spark adds where none is written.

use floe_syntax::expression::{Call, Expression, ExpressionKind, FrameBound, WindowFrame, WindowSpec};
use floe_syntax::{DataType, Literal};

use super::{Place, pretty, sort_order};

/// A function over a window.
pub(crate) fn over(function: &Expression, window: &WindowSpec, place: &dyn Place) -> String {
    format!("{} OVER {}", windowed(function, place), specification(function, window, place))
}

/// The function of a window: of one of them IGNORE NULLS shows.
fn windowed(function: &Expression, place: &dyn Place) -> String {
    let text = pretty(function, place);
    match &function.kind {
        ExpressionKind::Call(call) if name_of(function) == "nth_value" && ignores_nulls(call) => {
            format!("{text} ignore nulls")
        }
        _ => text,
    }
}

/// As the words behind the call say, or a third argument.
fn ignores_nulls(call: &Call) -> bool {
    let told = call.arguments.get(2).map(|argument| &argument.value.kind);
    call.ignore_nulls == Some(true) || matches!(told, Some(ExpressionKind::Literal(Literal::Boolean(true))))
}

fn name_of(function: &Expression) -> String {
    match &function.kind {
        ExpressionKind::Call(call) => call.name.last().map(|name| name.to_lowercase()).unwrap_or_default(),
        _ => String::new(),
    }
}

fn specification(function: &Expression, window: &WindowSpec, place: &dyn Place) -> String {
    let mut parts = Vec::new();
    if !window.partition_by.is_empty() {
        let keys: Vec<String> = window.partition_by.iter().map(|key| pretty(key, place)).collect();
        parts.push(format!("PARTITION BY {}", keys.join(", ")));
    }
    if !window.order_by.is_empty() {
        let orders: Vec<String> = window.order_by.iter().map(|order| sort_order(order, place)).collect();
        parts.push(format!("ORDER BY {}", orders.join(", ")));
    }
    parts.push(frame(function, window, place));
    format!("({})", parts.join(" "))
}

fn frame(function: &Expression, window: &WindowSpec, place: &dyn Place) -> String {
    let own = own_frame(function, place);
    if !own.is_empty() {
        return own;
    }
    match &window.frame {
        Some(frame) => {
            let key = window.order_by.first().filter(|_| !frame.rows).and_then(|order| place.data_type(&order.child));
            written_frame(frame, key.as_ref(), place)
        }
        None if window.order_by.is_empty() => "ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING".into(),
        None => "RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW".into(),
    }
}

/// The frame a function has whatever is written; of most functions there is none.
pub(crate) fn own_frame(function: &Expression, place: &dyn Place) -> String {
    let name = name_of(function);
    let offset = || match &function.kind {
        ExpressionKind::Call(call) => {
            call.arguments.get(1).map_or_else(|| "1".into(), |argument| pretty(&argument.value, place))
        }
        _ => "1".into(),
    };
    let turned = |offset: String| offset.strip_prefix('-').map_or_else(|| format!("-{offset}"), str::to_string);
    match name.as_str() {
        "row_number" | "rank" | "dense_rank" | "percent_rank" | "ntile" => {
            "ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW".into()
        }
        "cume_dist" => "RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW".into(),
        "lag" => format!("ROWS BETWEEN {0} FOLLOWING AND {0} FOLLOWING", turned(offset())),
        "lead" => format!("ROWS BETWEEN {0} FOLLOWING AND {0} FOLLOWING", offset()),
        _ => String::new(),
    }
}

/// Is a frame of rows the one that `lag` or `lead` has by itself? A distance backwards is a negative one forwards.
pub(crate) fn is_own_frame(frame: &WindowFrame, function: &Expression, place: &dyn Place) -> bool {
    let forwards = |bound: &FrameBound| match bound {
        FrameBound::Following(distance) | FrameBound::Offset(distance) => Some(pretty(distance, place)),
        _ => None,
    };
    match (forwards(&frame.start), forwards(&frame.end)) {
        (Some(start), Some(end)) if frame.rows => {
            format!("ROWS BETWEEN {start} FOLLOWING AND {end} FOLLOWING") == own_frame(function, place)
        }
        _ => false,
    }
}

/// A frame as written, over a key of a type.
pub(crate) fn written_frame(frame: &WindowFrame, key: Option<&DataType>, place: &dyn Place) -> String {
    // A distance that is cast to the key's type prints as the negative it is.
    let is_cast = |value: &Expression| {
        let is_dated = matches!(key, None | Some(DataType::Date | DataType::Timestamp | DataType::TimestampNtz));
        !is_dated && place.data_type(value).is_some_and(|own| Some(&own) != key)
    };
    let bound = |bound: &FrameBound| match bound {
        FrameBound::UnboundedPreceding => "UNBOUNDED PRECEDING".to_string(),
        FrameBound::UnboundedFollowing => "UNBOUNDED FOLLOWING".to_string(),
        FrameBound::CurrentRow => "CURRENT ROW".to_string(),
        FrameBound::Preceding(value) if is_cast(value) => format!("(- {}) FOLLOWING", pretty(value, place)),
        FrameBound::Preceding(value) => format!("{} PRECEDING", pretty(value, place)),
        FrameBound::Following(value) => format!("{} FOLLOWING", pretty(value, place)),
        FrameBound::Offset(value) => {
            let text = pretty(value, place);
            match text.strip_prefix('-') {
                Some(distance) => format!("{distance} PRECEDING"),
                None => format!("{text} FOLLOWING"),
            }
        }
    };
    let unit = if frame.rows { "ROWS" } else { "RANGE" };
    format!("{unit} BETWEEN {} AND {}", bound(&frame.start), bound(&frame.end))
}
