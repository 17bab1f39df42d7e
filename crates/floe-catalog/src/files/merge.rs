//! The columns of files that have not all the same ones (Spark 4.1 `StructType.merge`, for `mergeSchema`).

use floe_base::{Error, Kind, Result};
use floe_syntax::data_type::{DataType, Field};

/// The columns of both: those of the left first. Types must be equal, but for the width of decimals.
pub(super) fn merged(left: DataType, right: DataType) -> Result<DataType> {
    common(&left, &right).ok_or_else(|| {
        Error::new(Kind::Operation, "CANNOT_MERGE_SCHEMAS")
            .with("left", format!("\"{}\"", left.sql()))
            .with("right", format!("\"{}\"", right.sql()))
    })
}

fn common(left: &DataType, right: &DataType) -> Option<DataType> {
    let boxed = |left: &DataType, right: &DataType| common(left, right).map(Box::new);
    match (left, right) {
        (DataType::Struct(left), DataType::Struct(right)) => structs(left, right),
        (DataType::Array { element: left, nullable }, DataType::Array { element: right, nullable: or }) => {
            Some(DataType::Array { element: boxed(left, right)?, nullable: *nullable || *or })
        }
        (DataType::Map { key: left_key, value: left, nullable }, DataType::Map { key, value, nullable: or }) => {
            Some(DataType::Map { key: boxed(left_key, key)?, value: boxed(left, value)?, nullable: *nullable || *or })
        }
        (DataType::Decimal { precision, scale }, DataType::Decimal { precision: other, scale: other_scale })
            if scale == other_scale =>
        {
            Some(DataType::Decimal { precision: *precision.max(other), scale: *scale })
        }
        (left, right) => (left == right).then(|| left.clone()),
    }
}

fn structs(left: &[Field], right: &[Field]) -> Option<DataType> {
    let mut fields = left.to_vec();
    for field in right {
        match fields.iter_mut().find(|known| known.name.to_lowercase() == field.name.to_lowercase()) {
            Some(known) => known.data_type = common(&known.data_type, &field.data_type)?,
            None => fields.push(field.clone()),
        }
    }
    Some(DataType::Struct(fields))
}
