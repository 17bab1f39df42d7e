//! The error of intervals that grow too long.

use floe_base::{Error, Kind, Origin};

pub(crate) fn interval_overflow(origin: &Origin) -> Error {
    Error::new(Kind::Arithmetic, "INTERVAL_ARITHMETIC_OVERFLOW.WITHOUT_SUGGESTION").at(origin)
}
