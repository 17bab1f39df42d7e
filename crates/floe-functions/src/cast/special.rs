//! `epoch`, `now`, `today`, `tomorrow` and `yesterday`: texts that are dates and times where they are written out (Spark
//! 4.1 `SpecialDatetimeValues`), and no dates where they come from data.

use arrow::datatypes::{DataType, TimeUnit};
use datafusion::scalar::ScalarValue;
use floe_syntax::data_type::ZONE;

use super::Rules;
use super::time::MICROS_PER_DAY;
use crate::family::datetime::_zone::Zone;

/// The value a text stands for as a date or time, where it is one of these words.
pub(super) fn special(text: &str, to: &DataType, rules: &Rules) -> Option<ScalarValue> {
    let word = word(text.trim())?;
    let zone = rules.zone;
    let days = |shift: i64| zone.days(rules.now) + shift;
    let day = match word.as_str() {
        "epoch" | "now" => None,
        "today" => Some(days(0)),
        "tomorrow" => Some(days(1)),
        "yesterday" => Some(days(-1)),
        _ => return None,
    };
    let is_epoch = word == "epoch";
    match to {
        DataType::Date32 => {
            let day = if is_epoch { 0 } else { day.unwrap_or_else(|| days(0)) };
            Some(ScalarValue::Date32(Some(i32::try_from(day).ok()?)))
        }
        DataType::Timestamp(TimeUnit::Microsecond, Some(_)) => {
            let micros = match day {
                Some(day) => zone.to_instant(day * MICROS_PER_DAY)?,
                None if is_epoch => 0,
                None => rules.now,
            };
            Some(ScalarValue::TimestampMicrosecond(Some(micros), Some(ZONE.into())))
        }
        DataType::Timestamp(TimeUnit::Microsecond, None) => {
            let micros = match day {
                Some(day) => day * MICROS_PER_DAY,
                None if is_epoch => 0,
                None => zone.to_local(rules.now),
            };
            Some(ScalarValue::TimestampMicrosecond(Some(micros), None))
        }
        _ => None,
    }
}

/// The word in lower case. A zone may follow, if there is one of the name; it changes nothing.
fn word(text: &str) -> Option<String> {
    let end = text.find(|letter: char| !letter.is_ascii_alphabetic()).unwrap_or(text.len());
    let (word, rest) = text.split_at(end);
    let word = word.to_lowercase();
    let zone = rest.trim_start_matches([' ', '\t']);
    let has_zone = word != "now" && Zone::parse(zone).is_ok();
    (zone.is_empty() || has_zone).then_some(word)
}

#[cfg(test)]
mod tests {
    use floe_base::Origin;
    use floe_syntax::expression::CastMode;

    use super::*;
    use crate::Context;

    #[test]
    fn words_are_days_and_instants() {
        let context = Context { now: 3 * MICROS_PER_DAY + 5, ..Context::default() };
        let rules = Rules::new(CastMode::Ansi, &context, &Origin::Unknown);
        let date = |text: &str| special(text, &DataType::Date32, &rules);
        assert_eq!(date(" EPOCH "), Some(ScalarValue::Date32(Some(0))));
        assert_eq!(date("tomorrow"), Some(ScalarValue::Date32(Some(4))));
        assert_eq!(date("epoch UTC"), Some(ScalarValue::Date32(Some(0))));
        assert_eq!(date("now UTC"), None);
        assert_eq!(date("epoch nowhere"), None);
        assert_eq!(date("2020-01-01"), None);
        let time = special("now", &DataType::Timestamp(TimeUnit::Microsecond, None), &rules);
        assert_eq!(time, Some(ScalarValue::TimestampMicrosecond(Some(3 * MICROS_PER_DAY + 5), None)));
    }
}
