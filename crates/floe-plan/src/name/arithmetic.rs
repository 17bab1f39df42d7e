//! `+ - * /` beside dates, times and intervals: once Spark knows the types they are other functions, and print as such
//! (Spark 4.1 `BinaryArithmeticWithDatetimeResolver`). What they compute is in `floe_functions`' arithmetic family.

use floe_syntax::DataType;
use floe_syntax::data_type::DayTimeField;
use floe_syntax::expression::{Call, Expression, ExpressionKind};

use super::{Place, pretty};

/// An operand: its text, and its type unless it is an ordinary number's.
struct Operand {
    text: String,
    data_type: Option<DataType>,
}

/// A call of an operator on two operands.
pub(super) fn binary(call: &Call, place: &dyn Place) -> Option<String> {
    let (symbol, left, right) = operands(call)?;
    Some(joined(symbol, &operand(left, place), &operand(right, place)))
}

fn operands(call: &Call) -> Option<(&str, &Expression, &Expression)> {
    match (call.name.as_slice(), call.arguments.as_slice()) {
        ([name], [left, right]) if matches!(name.as_str(), "+" | "-" | "*" | "/") => {
            Some((name, &left.value, &right.value))
        }
        _ => None,
    }
}

/// Types go up from the leaves: a long sum of numbers is looked at once, not once a level.
fn operand(expression: &Expression, place: &dyn Place) -> Operand {
    let nested = match &expression.kind {
        ExpressionKind::Call(call) => operands(call),
        _ => None,
    };
    stacker::maybe_grow(96 * 1024, 2 * 1024 * 1024, || match nested {
        None => Operand { text: pretty(expression, place), data_type: place.data_type(expression) },
        Some((symbol, left, right)) => {
            let (left, right) = (operand(left, place), operand(right, place));
            let takes_part = left.takes_part() || right.takes_part();
            let data_type = takes_part.then(|| place.data_type(expression)).flatten();
            Operand { text: joined(symbol, &left, &right), data_type }
        }
    })
}

impl Operand {
    fn takes_part(&self) -> bool {
        self.is_date() || self.is_time() || self.is_interval()
    }

    fn is_date(&self) -> bool {
        self.data_type == Some(DataType::Date)
    }

    fn is_time(&self) -> bool {
        matches!(self.data_type, Some(DataType::Timestamp | DataType::TimestampNtz))
    }

    fn is_null(&self) -> bool {
        self.data_type == Some(DataType::Null)
    }

    fn is_text(&self) -> bool {
        self.data_type == Some(DataType::String)
    }

    /// Days and nothing finer, which a date can take without becoming a time.
    fn is_days(&self) -> bool {
        self.data_type == Some(DataType::DayTimeInterval(DayTimeField::Day, DayTimeField::Day))
    }

    fn is_day_time(&self) -> bool {
        matches!(self.data_type, Some(DataType::DayTimeInterval(..)))
    }

    fn is_months(&self) -> bool {
        matches!(self.data_type, Some(DataType::YearMonthInterval(..)))
    }

    fn is_calendar(&self) -> bool {
        self.data_type == Some(DataType::CalendarInterval)
    }

    fn is_interval(&self) -> bool {
        self.is_day_time() || self.is_months() || self.is_calendar()
    }

    /// An interval of one of the two kinds with fields.
    fn is_ansi_interval(&self) -> bool {
        self.is_day_time() || self.is_months()
    }
}

fn joined(symbol: &str, left: &Operand, right: &Operand) -> String {
    let plain = || format!("({} {symbol} {})", left.text, right.text);
    if !left.takes_part() && !right.takes_part() {
        return plain();
    }
    let found = match symbol {
        "+" => sum(left, right),
        "-" => difference(left, right),
        "*" if left.is_calendar() => Some(format!("multiply_interval({}, {})", left.text, right.text)),
        "*" if right.is_calendar() => Some(format!("multiply_interval({}, {})", right.text, left.text)),
        "*" if !left.is_interval() => Some(format!("({} * {})", right.text, left.text)),
        "/" if left.is_calendar() => Some(format!("divide_interval({}, {})", left.text, right.text)),
        _ => None,
    };
    found.unwrap_or_else(plain)
}

/// `None`: the operator stays itself.
fn sum(left: &Operand, right: &Operand) -> Option<String> {
    let days = |date: &Operand, days: &Operand| format!("date_add({}, {})", date.text, days.text);
    let interval_days =
        |date: &Operand, days: &Operand| format!("date_add({}, extractansiintervaldays({}))", date.text, days.text);
    let moved = |start: &Operand, by: &Operand| format!("{} + {}", start.text, by.text);
    let found = match (left, right) {
        _ if left.is_date() && right.is_days() => interval_days(left, right),
        _ if left.is_days() && right.is_date() => interval_days(right, left),
        _ if (left.is_day_time() && right.is_day_time()) || (left.is_calendar() && right.is_calendar()) => return None,
        _ if (left.is_null() && right.is_ansi_interval()) || (left.is_ansi_interval() && right.is_null()) => {
            return None;
        }
        _ if right.is_calendar() || right.is_day_time() => moved(left, right),
        _ if left.is_calendar() || left.is_day_time() => moved(right, left),
        _ if right.is_months() && (left.is_date() || left.is_time()) => moved(left, right),
        _ if left.is_months() && (right.is_date() || right.is_time()) => moved(right, left),
        _ if right.is_null() => moved(left, right),
        _ if left.is_null() => moved(right, left),
        _ if left.is_date() => days(left, right),
        _ if right.is_date() => days(right, left),
        _ => return None,
    };
    Some(found)
}

fn difference(left: &Operand, right: &Operand) -> Option<String> {
    let same = (left.is_day_time() && right.is_day_time()) || (left.is_calendar() && right.is_calendar());
    if same || left.is_null() || right.is_null() {
        return None;
    }
    if left.is_date() && right.is_days() {
        return Some(format!("date_add({}, (- extractansiintervaldays({})))", left.text, right.text));
    }
    let moves = right.is_calendar() || right.is_day_time() || (right.is_months() && (left.is_date() || left.is_time()));
    if moves {
        return Some(format!("{} - {}", left.text, right.text));
    }
    let is_count = !right.takes_part() && !right.is_text();
    (left.is_date() && is_count).then(|| format!("date_sub({}, {})", left.text, right.text))
}
