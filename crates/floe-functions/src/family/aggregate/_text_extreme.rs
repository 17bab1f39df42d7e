//! The extremes of texts and binaries, for many groups. DataFusion keeps each in an allocation of its own and looks at the
//! rows of a batch through a table of hashes; here short ones lie in a row, and each row is compared where it belongs.
//!
//! All else of `min` and `max` is DataFusion's: what files tell without being read, the first few of an order, and windows,
//! with the mend of `_moving.rs`.

use std::any::Any;
use std::cmp::Ordering;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BinaryArray, BinaryBuilder, BooleanArray, GenericByteArray, StringArray};
use arrow::compute::{not, nullif, prep_null_mask_filter};
use arrow::datatypes::{ByteArrayType, DataType};
use datafusion::common::{Result, internal_err, resources_err};
use datafusion::functions_aggregate::min_max::{max_udaf, min_udaf};
use datafusion::logical_expr::function::AccumulatorArgs;
use datafusion::logical_expr::utils::AggregateOrderSensitivity;
use datafusion::logical_expr::{
    Accumulator, AggregateUDF, AggregateUDFImpl, EmitTo, GroupsAccumulator, ReversedUDAF, SetMonotonicity, Signature,
    StatisticsArgs,
};
use datafusion::scalar::ScalarValue;

use super::_moving::counted;

/// Bytes that are kept in place.
const SHORT: usize = 14;
/// What an allocation takes besides what was asked for.
const ALLOCATION: usize = 16;

/// `max` or `min` of texts or binaries.
pub(super) fn text_extreme(greatest: bool) -> Arc<AggregateUDF> {
    let engines = if greatest { max_udaf() } else { min_udaf() };
    Arc::new(AggregateUDF::new_from_impl(TextExtreme { engines, greatest }))
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct TextExtreme {
    engines: Arc<AggregateUDF>,
    greatest: bool,
}

impl AggregateUDFImpl for TextExtreme {
    fn as_any(&self) -> &dyn Any {
        self
    }

    fn name(&self) -> &str {
        self.engines.name()
    }

    fn signature(&self) -> &Signature {
        self.engines.signature()
    }

    fn return_type(&self, types: &[DataType]) -> Result<DataType> {
        self.engines.return_type(types)
    }

    fn accumulator(&self, arguments: AccumulatorArgs<'_>) -> Result<Box<dyn Accumulator>> {
        self.engines.accumulator(arguments)
    }

    fn groups_accumulator_supported(&self, arguments: AccumulatorArgs<'_>) -> bool {
        self.engines.groups_accumulator_supported(arguments)
    }

    fn create_groups_accumulator(&self, arguments: AccumulatorArgs<'_>) -> Result<Box<dyn GroupsAccumulator>> {
        match arguments.return_field.data_type() {
            of @ (DataType::Utf8 | DataType::Binary) => Ok(Box::new(Extremes::new(of.clone(), self.greatest))),
            _ => self.engines.create_groups_accumulator(arguments),
        }
    }

    fn create_sliding_accumulator(&self, arguments: AccumulatorArgs<'_>) -> Result<Box<dyn Accumulator>> {
        let none = ScalarValue::try_from(arguments.return_field.data_type())?;
        Ok(counted(self.engines.create_sliding_accumulator(arguments)?, none))
    }

    fn order_sensitivity(&self) -> AggregateOrderSensitivity {
        self.engines.order_sensitivity()
    }

    fn reverse_expr(&self) -> ReversedUDAF {
        ReversedUDAF::Identical
    }

    fn coerce_types(&self, types: &[DataType]) -> Result<Vec<DataType>> {
        self.engines.coerce_types(types)
    }

    fn is_descending(&self) -> Option<bool> {
        self.engines.is_descending()
    }

    fn value_from_stats(&self, arguments: &StatisticsArgs<'_>) -> Option<ScalarValue> {
        self.engines.value_from_stats(arguments)
    }

    fn set_monotonicity(&self, data_type: &DataType) -> SetMonotonicity {
        self.engines.inner().set_monotonicity(data_type)
    }
}

/// The best of a group so far: 16 bytes.
#[derive(Clone, Debug, Default)]
enum Best {
    #[default]
    None,
    Short(u8, [u8; SHORT]),
    // A thin pointer, so that all are as small as a short one.
    Long(Box<Box<[u8]>>),
}

impl Best {
    fn of(bytes: &[u8]) -> Self {
        let mut short = [0; SHORT];
        match (short.get_mut(..bytes.len()), u8::try_from(bytes.len())) {
            (Some(place), Ok(length)) => {
                place.copy_from_slice(bytes);
                Self::Short(length, short)
            }
            _ => Self::Long(Box::new(bytes.into())),
        }
    }

    fn bytes(&self) -> Option<&[u8]> {
        match self {
            Self::None => None,
            Self::Short(length, bytes) => bytes.get(..usize::from(*length)),
            Self::Long(bytes) => Some(bytes),
        }
    }

    /// Bytes outside of the row of groups.
    fn outside(&self) -> usize {
        match self {
            Self::Long(bytes) => bytes.len() + size_of::<Box<[u8]>>() + 2 * ALLOCATION,
            _ => 0,
        }
    }
}

/// The extremes of groups numbered from 0.
struct Extremes {
    of: DataType,
    /// How what takes a place compares with what has it.
    wins: Ordering,
    groups: Vec<Best>,
    outside: usize,
}

impl Extremes {
    fn new(of: DataType, greatest: bool) -> Self {
        let wins = if greatest { Ordering::Greater } else { Ordering::Less };
        Self { of, wins, groups: Vec::new(), outside: 0 }
    }

    fn take<T: ByteArrayType>(&mut self, rows: &GenericByteArray<T>, groups: &[usize], filter: Option<&BooleanArray>) {
        let counts = |row: usize| filter.is_none_or(|filter| filter.is_valid(row) && filter.value(row));
        for (row, group) in groups.iter().enumerate().filter(|(row, _)| rows.is_valid(*row) && counts(*row)) {
            let bytes: &[u8] = rows.value(row).as_ref();
            let best = &mut self.groups[*group];
            if best.bytes().is_none_or(|known| bytes.cmp(known) == self.wins) {
                self.outside -= best.outside();
                *best = Best::of(bytes);
                self.outside += best.outside();
            }
        }
    }
}

impl GroupsAccumulator for Extremes {
    fn update_batch(
        &mut self,
        values: &[ArrayRef],
        groups: &[usize],
        filter: Option<&BooleanArray>,
        count: usize,
    ) -> Result<()> {
        self.groups.resize(count, Best::None);
        match self.of {
            DataType::Utf8 => self.take(values[0].as_string::<i32>(), groups, filter),
            DataType::Binary => self.take(values[0].as_binary::<i32>(), groups, filter),
            ref other => return internal_err!("texts of the type {other}"),
        }
        Ok(())
    }

    fn evaluate(&mut self, emit: EmitTo) -> Result<ArrayRef> {
        let given = emit.take_needed(&mut self.groups);
        self.outside -= given.iter().map(Best::outside).sum::<usize>();
        let bytes: usize = given.iter().filter_map(|best| Some(best.bytes()?.len())).sum();
        if i32::try_from(bytes).is_err() {
            return resources_err!("{bytes} bytes of texts in the groups of one thread; 2 GiB is the most");
        }
        let mut built = BinaryBuilder::with_capacity(given.len(), bytes);
        given.iter().for_each(|best| built.append_option(best.bytes()));
        let built: BinaryArray = built.finish();
        Ok(match self.of {
            DataType::Utf8 => Arc::new(StringArray::try_from_binary(built)?),
            _ => Arc::new(built),
        })
    }

    fn state(&mut self, emit: EmitTo) -> Result<Vec<ArrayRef>> {
        Ok(vec![self.evaluate(emit)?])
    }

    fn merge_batch(
        &mut self,
        values: &[ArrayRef],
        groups: &[usize],
        filter: Option<&BooleanArray>,
        count: usize,
    ) -> Result<()> {
        self.update_batch(values, groups, filter, count)
    }

    fn convert_to_state(&self, values: &[ArrayRef], filter: Option<&BooleanArray>) -> Result<Vec<ArrayRef>> {
        let Some(filter) = filter else { return Ok(vec![values[0].clone()]) };
        Ok(vec![nullif(&values[0], &not(&prep_null_mask_filter(filter))?)?])
    }

    fn supports_convert_to_state(&self) -> bool {
        true
    }

    fn size(&self) -> usize {
        self.groups.capacity() * size_of::<Best>() + self.outside
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LONG: &str = "longer than what is kept in place";

    fn texts(texts: &[Option<&str>]) -> Vec<ArrayRef> {
        vec![Arc::new(StringArray::from(texts.to_vec()))]
    }

    #[test]
    fn a_place_is_small() {
        assert_eq!(size_of::<Best>(), 16);
    }

    #[test]
    fn the_best_of_each_group_is_kept_whatever_its_length() -> Result<()> {
        let rows =
            texts(&[Some("b"), None, Some(LONG), Some("a"), Some(""), Some("fourteen bytes"), Some("fifteen  bytes!")]);
        let groups = [0, 1, 0, 0, 2, 3, 3];
        for (greatest, best) in [
            (true, [Some(LONG), None, Some(""), Some("fourteen bytes")]),
            (false, [Some("a"), None, Some(""), Some("fifteen  bytes!")]),
        ] {
            let mut extremes = Extremes::new(DataType::Utf8, greatest);
            extremes.update_batch(&rows, &groups, None, 5)?;
            assert_eq!(&extremes.evaluate(EmitTo::First(4))?, &texts(&best)[0]);
            extremes.update_batch(&texts(&[Some(LONG)]), &[0], None, 1)?;
            assert_eq!(&extremes.evaluate(EmitTo::All)?, &texts(&[Some(LONG)])[0]);
            assert_eq!(extremes.outside, 0);
        }
        Ok(())
    }

    #[test]
    fn rows_that_a_filter_leaves_out_do_not_count() -> Result<()> {
        let rows = texts(&[Some("a"), Some("c"), Some("b")]);
        let filter = BooleanArray::from(vec![Some(true), None, Some(false)]);
        let mut extremes = Extremes::new(DataType::Utf8, true);
        assert_eq!(&extremes.convert_to_state(&rows, Some(&filter))?, &texts(&[Some("a"), None, None]));
        extremes.update_batch(&rows, &[0, 0, 0], Some(&filter), 1)?;
        assert_eq!(&extremes.state(EmitTo::All)?, &texts(&[Some("a")]));
        Ok(())
    }
}
