//! A timestamp written by a pattern, or the error of a number that does not fit.

use floe_base::{Error, Kind, Result};

use super::_pattern::Pattern;
use super::_zone::Zone;

pub(crate) fn written(pattern: &Pattern, micros: i64, zone: Zone, out: &mut String) -> Result<bool> {
    if pattern.write(micros, zone, out) {
        return Ok(true);
    }
    // Java's exception, which Spark lets through.
    Err(Error::message(Kind::DateTime, "A field of the timestamp does not fit the width its pattern gives it"))
}
