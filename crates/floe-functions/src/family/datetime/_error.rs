//! Errors that functions of dates and times share.

use floe_base::{Error, Kind};

const ANSI: &str = "\"spark.sql.ansi.enabled\"";

/// What Java's exact arithmetic raises, as Spark 4.1 shows it. It has no place in the query, as measured.
pub(crate) fn integer_overflow() -> Error {
    overflow("integer overflow")
}

pub(crate) fn long_overflow() -> Error {
    overflow("long overflow")
}

fn overflow(message: &str) -> Error {
    Error::new(Kind::Arithmetic, "ARITHMETIC_OVERFLOW")
        .with("message", message)
        .with("alternative", "")
        .with("config", ANSI)
}

/// A bare Java exception, which Spark 4.1 lets through where it casts numbers to timestamps.
pub(crate) fn bare(message: &str) -> Error {
    Error::message(Kind::Arithmetic, message)
}

/// A date or a time of day that does not exist; `message` as Java words it.
pub(crate) fn out_of_bounds(message: String) -> Error {
    Error::new(Kind::DateTime, "DATETIME_FIELD_OUT_OF_BOUNDS.WITH_SUGGESTION")
        .with("rangeMessage", message)
        .with("ansiConfig", ANSI)
}
