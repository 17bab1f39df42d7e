//! The units `timestampadd` and `timestampdiff` take, as their first argument names them.

use datafusion::scalar::ScalarValue;
use floe_base::{Error, Result};

use super::_civil::{MICROS_PER_DAY, MICROS_PER_HOUR, MICROS_PER_MINUTE, MICROS_PER_SECOND};
use crate::Call;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unit {
    Micros(i64),
    Days(i64),
    Months(i64),
}

impl Unit {
    /// The unit of a call and its name in upper case.
    pub(crate) fn of(call: &Call<'_>) -> Result<(Self, String)> {
        let name = match call.argument(0)?.literal() {
            Some(ScalarValue::Utf8(Some(name))) => name.to_uppercase(),
            _ => String::new(),
        };
        let unit = match name.as_str() {
            "MICROSECOND" => Self::Micros(1),
            "MILLISECOND" => Self::Micros(1000),
            "SECOND" => Self::Micros(MICROS_PER_SECOND),
            "MINUTE" => Self::Micros(MICROS_PER_MINUTE),
            "HOUR" => Self::Micros(MICROS_PER_HOUR),
            "DAY" | "DAYOFYEAR" => Self::Days(1),
            "WEEK" => Self::Days(7),
            "MONTH" => Self::Months(1),
            "QUARTER" => Self::Months(3),
            "YEAR" => Self::Months(12),
            _ => {
                return Err(Error::analysis("INVALID_PARAMETER_VALUE.DATETIME_UNIT")
                    .with("functionName", format!("`{}`", call.name))
                    .with("parameter", "`unit`")
                    .with("invalidValue", (call.text)(Some(0)))
                    .at(call.origin));
            }
        };
        Ok((unit, name))
    }

    /// Microseconds of a unit of fixed length, counting days as 24 hours.
    pub(crate) fn micros(self) -> Option<i64> {
        match self {
            Self::Micros(micros) => Some(micros),
            Self::Days(days) => Some(days * MICROS_PER_DAY),
            Self::Months(_) => None,
        }
    }
}
