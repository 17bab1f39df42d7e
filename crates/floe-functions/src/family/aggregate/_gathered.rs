//! Any aggregate of ours over rows that another engine has gathered: that gives a list of each group's rows, and the
//! aggregate is computed over the lists, all groups of a batch at once.
//!
//! For engines that have no aggregate that gives the same digits. All rows of a group are in memory there.

use arrow::array::{Array, ArrayRef, AsArray};
use arrow::datatypes::{DataType, Field};
use datafusion::logical_expr::{ColumnarValue, ScalarUDF};
use floe_base::{Error, Result};

use super::_aggregate::{Aggregate, Groups, list_of};
use super::_distinct::{Distinct, flattened};
use crate::Kernel;

/// The function that takes a list of rows to the aggregate's result. A row of one argument is that; one of several is a
/// struct whose members are named by [`member`].
pub(crate) fn over_lists(aggregate: &Aggregate, arguments: &[DataType], distinct: bool) -> ScalarUDF {
    let (make, types) = (aggregate.make.clone(), arguments.to_vec());
    let body = move |given: &crate::Arguments<'_>| -> Result<ColumnarValue> {
        let mut groups: Box<dyn Groups> = make()?;
        if distinct {
            groups = Box::new(Distinct::new(groups, types.clone())?);
        }
        Ok(ColumnarValue::Array(computed(groups.as_mut(), &given.array(0)?, types.len())?))
    };
    let key = format!("{aggregate:?} over {arguments:?} distinct {distinct}");
    let (returns, nullable) = (aggregate.returns.data_type().clone(), aggregate.returns.is_nullable());
    let kernel = Kernel::new(&aggregate.name, key, returns, nullable, body);
    ScalarUDF::new_from_impl(kernel.taking(vec![list_of(&row_type(arguments), true)]))
}

/// The name of an argument in a row of several.
pub(crate) fn member(index: usize) -> String {
    format!("a{index}")
}

fn row_type(arguments: &[DataType]) -> DataType {
    match arguments {
        [only] => only.clone(),
        several => {
            let field = |(index, data_type): (usize, &DataType)| Field::new(member(index), data_type.clone(), true);
            DataType::Struct(several.iter().enumerate().map(field).collect())
        }
    }
}

fn computed(groups: &mut dyn Groups, lists: &ArrayRef, arguments: usize) -> Result<ArrayRef> {
    let rows = flattened(lists);
    let lists = lists.as_list::<i32>();
    let mut places = Vec::with_capacity(rows.len());
    for group in 0..lists.len() {
        let length = usize::try_from(lists.value_length(group)).unwrap_or(0);
        if lists.is_null(group) && length > 0 {
            return Err(Error::internal("a list that is NULL and yet has rows"));
        }
        places.extend(std::iter::repeat_n(group, length));
    }
    let columns: Vec<ArrayRef> = match arguments {
        1 => vec![rows],
        _ => rows.as_struct().columns().to_vec(),
    };
    groups.grow(lists.len());
    groups.update(&columns, &places)?;
    groups.results(lists.len())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{Float64Array, Int64Array, ListArray, StructArray};
    use arrow::buffer::{NullBuffer, OffsetBuffer};
    use arrow::datatypes::Int64Type;

    use super::super::_sum::{Checked, Overflow, Sum, long_overflow};
    use super::*;

    #[test]
    fn every_list_is_a_group_and_none_is_one_without_rows() -> Result<()> {
        let values = Int64Array::from(vec![Some(1), Some(2), None, Some(5)]);
        let offsets = OffsetBuffer::from_lengths([2, 0, 2, 0]);
        let nulls = NullBuffer::from(vec![true, true, true, false]);
        let element = Arc::new(Field::new("element", DataType::Int64, true));
        let lists: ArrayRef = Arc::new(ListArray::try_new(element, offsets, Arc::new(values), Some(nulls))?);
        let raises = Overflow::Raise(long_overflow());
        let mut sum = Sum::<Int64Type, Checked>::new(DataType::Int64, raises, |_, _| true);
        let expected = Int64Array::from(vec![Some(3), None, Some(5), None]);
        assert_eq!(computed(&mut sum, &lists, 1)?.as_primitive::<Int64Type>(), &expected);
        Ok(())
    }

    #[test]
    fn several_arguments_come_as_members_of_a_row() -> Result<()> {
        let DataType::Struct(fields) = row_type(&[DataType::Int64, DataType::Float64]) else {
            return Err(Error::internal("several arguments are a struct"));
        };
        let columns: Vec<ArrayRef> =
            vec![Arc::new(Int64Array::from(vec![7, 8])), Arc::new(Float64Array::from(vec![0.5, 1.5]))];
        let rows = StructArray::try_new(fields, columns, None)?;
        let element = Arc::new(Field::new("element", rows.data_type().clone(), true));
        let lists = ListArray::try_new(element, OffsetBuffer::from_lengths([2]), Arc::new(rows), None)?;
        let raises = Overflow::Raise(long_overflow());
        let mut sum = Sum::<Int64Type, Checked>::new(DataType::Int64, raises, |_, _| true);
        let found = computed(&mut sum, &(Arc::new(lists) as ArrayRef), 2)?;
        assert_eq!(found.as_primitive::<Int64Type>().value(0), 15);
        Ok(())
    }
}
