//! Arrays of the plan's types made of those that DuckDB gives, and back. Values stay; names and marks of types change.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, ListArray, MapArray, NullArray, StructArray, make_array, new_null_array};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Fields};
use floe_base::{Error, Result};

/// The array as this type.
pub(super) fn conform(array: &ArrayRef, to: &DataType) -> Result<ArrayRef> {
    if array.data_type() == to {
        return Ok(array.clone());
    }
    match (array.data_type(), to) {
        (_, DataType::Null) => Ok(Arc::new(NullArray::new(array.len()))),
        (DataType::Null, _) => Ok(new_null_array(to, array.len())),
        (DataType::List(_), DataType::List(element)) => {
            let list = array.as_list::<i32>();
            let values = conform(list.values(), element.data_type())?;
            let (offsets, nulls) = (list.offsets().clone(), list.nulls().cloned());
            Ok(Arc::new(ListArray::try_new(element.clone(), offsets, values, nulls)?))
        }
        (DataType::Struct(_), DataType::Struct(fields)) => Ok(Arc::new(members(array.as_struct(), fields)?)),
        (DataType::Map(..), DataType::Map(entries, sorted)) => {
            let map = array.as_map();
            let DataType::Struct(fields) = entries.data_type() else {
                return Err(Error::internal(format!("a map of {entries}")));
            };
            let (offsets, nulls) = (map.offsets().clone(), map.nulls().cloned());
            let inner = members(map.entries(), fields)?;
            Ok(Arc::new(MapArray::try_new(entries.clone(), offsets, inner, nulls, *sorted)?))
        }
        (from, to) if same_bits(from, to) => {
            let data = array.to_data().into_builder().data_type(to.clone()).build()?;
            Ok(make_array(data))
        }
        _ => Ok(cast(array, to)?),
    }
}

fn members(array: &StructArray, fields: &Fields) -> Result<StructArray> {
    if array.num_columns() != fields.len() {
        return Err(Error::internal(format!("a struct of {} members for {}", array.num_columns(), fields.len())));
    }
    let columns = array.columns().iter().zip(fields).map(|(column, field)| conform(column, field.data_type()));
    Ok(StructArray::try_new(fields.clone(), columns.collect::<Result<_>>()?, array.nulls().cloned())?)
}

/// Types whose values are the same bits: a number, and what it stands for.
fn same_bits(from: &DataType, to: &DataType) -> bool {
    use DataType::{Duration, Int32, Int64, Interval, Time64, Timestamp};
    match (from, to) {
        (Int64, Duration(_) | Time64(_)) | (Duration(_) | Time64(_), Int64) => true,
        (Int32, Interval(_)) | (Interval(_), Int32) => from.primitive_width() == to.primitive_width(),
        (Timestamp(a, _), Timestamp(b, _)) => a == b,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use arrow::array::{Int32Array, Int64Array};
    use arrow::datatypes::{Field, IntervalUnit, TimeUnit};

    use super::*;

    #[test]
    fn numbers_become_what_they_stand_for() -> Result<()> {
        let months: ArrayRef = Arc::new(Int32Array::from(vec![Some(14), None]));
        let interval = DataType::Interval(IntervalUnit::YearMonth);
        assert_eq!(&conform(&conform(&months, &interval)?, &DataType::Int32)?, &months);
        let micros: ArrayRef = Arc::new(Int64Array::from(vec![1, 2]));
        let duration = DataType::Duration(TimeUnit::Microsecond);
        assert_eq!(conform(&micros, &duration)?.data_type(), &duration);
        Ok(())
    }

    #[test]
    fn members_keep_their_places() -> Result<()> {
        let number: ArrayRef = Arc::new(Int32Array::from(vec![1, 2]));
        let from = Arc::new(Field::new("l", DataType::Int32, true));
        let given = StructArray::try_new(vec![from].into(), vec![number], None)?;
        let wanted = DataType::Struct(vec![Field::new("a", DataType::Null, true)].into());
        let found = conform(&(Arc::new(given) as ArrayRef), &wanted)?;
        assert_eq!(found.data_type(), &wanted);
        Ok(())
    }
}
