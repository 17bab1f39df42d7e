//! Spark's type coercion: which type two expressions share, and which casts happen unasked. ANSI and not.

use arrow::datatypes::DataType;
use floe_base::{Origin, Result};
use floe_syntax::expression::CastMode;

use crate::cast::cast;
use crate::{Context, Typed};

/// The type both can be read as without losing anything (Spark's `findTightestCommonType`).
pub fn tightest(left: &DataType, right: &DataType, _context: &Context) -> Option<DataType> {
    (left == right).then(|| left.clone())
}

/// The type both are cast to in a set operation, CASE, COALESCE, IN, … (`findWiderTypeForTwo`, or ANSI's).
pub fn wider(left: &DataType, right: &DataType, context: &Context) -> Option<DataType> {
    tightest(left, right, context)
}

/// The values cast to the one type they share; `None` where there is none.
pub fn unify(values: Vec<Typed>, context: &Context, origin: &Origin) -> Option<Result<Vec<Typed>>> {
    let mut types = values.iter().map(|value| value.data_type.clone());
    let first = types.next()?;
    let shared = types.try_fold(first, |shared, next| wider(&shared, &next, context))?;
    let cast_one = |value| cast(value, &shared, CastMode::Session, context, origin);
    Some(values.into_iter().map(cast_one).collect())
}

/// The value as a function's parameter of this type takes it unasked (`implicitCast`); `None` where it does not.
pub fn implicit(value: Typed, to: &DataType, context: &Context, origin: &Origin) -> Option<Result<Typed>> {
    (&value.data_type == to).then(|| cast(value, to, CastMode::Session, context, origin))
}
