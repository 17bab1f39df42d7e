//! The engine's `min` and `max` over the frames of windows. The engine's own keep the last extreme when all values have left
//! a frame and only NULLs are in it (DataFusion 53.1); here it is NULL then. Of texts: `_text_extreme.rs`, which counts here.

use std::any::Any;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef};
use arrow::datatypes::{DataType, FieldRef};
use datafusion::common::Result as EngineResult;
use datafusion::functions_aggregate::min_max::{Max, Min};
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::{Accumulator, AggregateUDF, AggregateUDFImpl, ReversedUDAF, SetMonotonicity, Signature};
use datafusion::scalar::ScalarValue;

/// The aggregate as it is right over windows.
pub fn moving(function: Arc<AggregateUDF>) -> Arc<AggregateUDF> {
    let own = function.inner().as_any();
    if own.is::<Min>() || own.is::<Max>() {
        return Arc::new(AggregateUDF::new_from_impl(Moving { function }));
    }
    function
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct Moving {
    function: Arc<AggregateUDF>,
}

impl AggregateUDFImpl for Moving {
    fn as_any(&self) -> &dyn Any {
        self
    }

    fn name(&self) -> &str {
        self.function.name()
    }

    fn signature(&self) -> &Signature {
        self.function.signature()
    }

    fn return_type(&self, types: &[DataType]) -> EngineResult<DataType> {
        self.function.return_type(types)
    }

    fn return_field(&self, arguments: &[FieldRef]) -> EngineResult<FieldRef> {
        self.function.return_field(arguments)
    }

    fn coerce_types(&self, types: &[DataType]) -> EngineResult<Vec<DataType>> {
        self.function.coerce_types(types)
    }

    fn state_fields(&self, args: StateFieldsArgs) -> EngineResult<Vec<FieldRef>> {
        self.function.state_fields(args)
    }

    fn accumulator(&self, args: AccumulatorArgs) -> EngineResult<Box<dyn Accumulator>> {
        self.function.accumulator(args)
    }

    fn create_sliding_accumulator(&self, args: AccumulatorArgs) -> EngineResult<Box<dyn Accumulator>> {
        let none = ScalarValue::try_from(args.return_field.data_type())?;
        Ok(counted(self.function.create_sliding_accumulator(args)?, none))
    }

    fn reverse_expr(&self) -> ReversedUDAF {
        ReversedUDAF::Identical
    }

    fn set_monotonicity(&self, data_type: &DataType) -> SetMonotonicity {
        self.function.inner().set_monotonicity(data_type)
    }
}

/// The extreme of a frame that moves: `none` where no value is in it.
pub(super) fn counted(inner: Box<dyn Accumulator>, none: ScalarValue) -> Box<dyn Accumulator> {
    Box::new(Counted { inner, values: 0, none })
}

/// An accumulator beside the number of values in its frame.
#[derive(Debug)]
struct Counted {
    inner: Box<dyn Accumulator>,
    values: usize,
    none: ScalarValue,
}

fn values(arrays: &[ArrayRef]) -> usize {
    arrays.first().map_or(0, |array| array.len() - array.null_count())
}

impl Accumulator for Counted {
    fn update_batch(&mut self, arrays: &[ArrayRef]) -> EngineResult<()> {
        self.values += values(arrays);
        self.inner.update_batch(arrays)
    }

    fn retract_batch(&mut self, arrays: &[ArrayRef]) -> EngineResult<()> {
        self.values = self.values.saturating_sub(values(arrays));
        self.inner.retract_batch(arrays)
    }

    fn supports_retract_batch(&self) -> bool {
        self.inner.supports_retract_batch()
    }

    fn evaluate(&mut self) -> EngineResult<ScalarValue> {
        if self.values == 0 { Ok(self.none.clone()) } else { self.inner.evaluate() }
    }

    fn state(&mut self) -> EngineResult<Vec<ScalarValue>> {
        self.inner.state()
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> EngineResult<()> {
        self.values += values(states);
        self.inner.merge_batch(states)
    }

    fn size(&self) -> usize {
        self.inner.size() + size_of::<Self>()
    }
}

#[cfg(test)]
mod tests {
    use arrow::array::Int32Array;
    use datafusion::functions_aggregate::min_max::SlidingMinAccumulator;

    use super::*;

    #[test]
    fn a_frame_of_nulls_has_no_extreme() -> EngineResult<()> {
        let rows = |rows: &[Option<i32>]| vec![Arc::new(Int32Array::from(rows.to_vec())) as ArrayRef];
        let inner = Box::new(SlidingMinAccumulator::try_new(&DataType::Int32)?);
        let mut frame = counted(inner, ScalarValue::Int32(None));
        frame.update_batch(&rows(&[Some(5), None]))?;
        assert_eq!(frame.evaluate()?, ScalarValue::Int32(Some(5)));
        frame.retract_batch(&rows(&[Some(5)]))?;
        assert_eq!(frame.evaluate()?, ScalarValue::Int32(None));
        frame.update_batch(&rows(&[Some(2)]))?;
        assert_eq!(frame.evaluate()?, ScalarValue::Int32(Some(2)));
        Ok(())
    }
}
