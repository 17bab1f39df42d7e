//! The one aggregate function type of ours inside the engine, and what every aggregate of ours implements: [`Groups`].
//!
//! An aggregate is written once, over many groups at a time. From that come the engine's three forms: over hashed groups
//! ([`Hashed`]), over one group, and over the frames of a window ([`Framed`], which computes a frame anew once rows have
//! left it: as Spark does, and exact for floating point, where taking values back is not).
//! DISTINCT is [`super::_distinct`]; it wraps any of them. Rows in an order are [`super::_in_order`].

use std::any::Any;
use std::collections::VecDeque;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, BooleanArray};
use arrow::compute::{concat, filter};
use arrow::datatypes::{DataType, Field, FieldRef};
use datafusion::common::Result as EngineResult;
use datafusion::logical_expr::expr::AggregateFunction;
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::{
    Accumulator, AggregateUDF, AggregateUDFImpl, EmitTo, Expr, GroupsAccumulator, Signature, Volatility,
};
use datafusion::scalar::ScalarValue;
use floe_base::{Error, Result};

use super::_distinct::Distinct;
use super::_in_order::Order;
use crate::spelling::Spellings;
use crate::{Call, Typed};

/// The state of an aggregate for groups numbered from 0.
pub(crate) trait Groups: Send + Sync {
    /// Makes room for this many groups; never fewer than before.
    fn grow(&mut self, groups: usize);
    /// Takes in rows of arguments; `groups[i]` is the group of row `i`.
    fn update(&mut self, values: &[ArrayRef], groups: &[usize]) -> Result<()>;
    /// Takes in states of others.
    fn merge(&mut self, states: &[ArrayRef], groups: &[usize]) -> Result<()>;
    /// The states of the first groups.
    fn states(&self, groups: usize) -> Result<Vec<ArrayRef>>;
    /// The results of the first groups. They stay: a running window asks again and again.
    fn results(&self, groups: usize) -> Result<ArrayRef>;
    /// Drops the first groups; those behind move up.
    fn forget(&mut self, groups: usize);
    fn size(&self) -> usize;
}

type Make = dyn Fn() -> Result<Box<dyn Groups>> + Send + Sync;

/// An aggregate with everything decided. As for kernels, `key` must hold whatever `make` has captured.
#[derive(Clone)]
pub(crate) struct Aggregate {
    pub(super) name: String,
    pub(super) key: String,
    pub(super) returns: FieldRef,
    pub(super) state: Vec<DataType>,
    pub(super) make: Arc<Make>,
    pub(super) order: Order,
    pub(super) signature: Signature,
    pub(super) spellings: Spellings,
}

/// A call of an aggregate of ours. `state` are the types of what [`Groups::states`] yields.
pub(crate) fn own<G: Groups + 'static>(
    call: &Call<'_>,
    key: impl Into<String>,
    arguments: Vec<Typed>,
    returns: (DataType, bool),
    state: Vec<DataType>,
    make: impl Fn() -> Result<G> + Send + Sync + 'static,
) -> Typed {
    spelled(call, key, arguments, returns, state, Spellings::new(), make)
}

/// The same for an aggregate that other engines have too.
pub(crate) fn spelled<G: Groups + 'static>(
    call: &Call<'_>,
    key: impl Into<String>,
    arguments: Vec<Typed>,
    returns: (DataType, bool),
    state: Vec<DataType>,
    spellings: Spellings,
    make: impl Fn() -> Result<G> + Send + Sync + 'static,
) -> Typed {
    let (data_type, nullable) = returns;
    let aggregate = Aggregate {
        name: call.name.into(),
        key: key.into(),
        returns: Arc::new(Field::new(call.name, data_type.clone(), nullable)),
        state,
        make: Arc::new(move || Ok(Box::new(make()?))),
        order: Order::Any,
        signature: Signature::variadic_any(Volatility::Immutable),
        spellings,
    };
    native(call, Arc::new(AggregateUDF::new_from_impl(aggregate)), arguments, data_type, nullable)
}

/// A call of an aggregate of the engine's that is right as it stands for these types.
pub(crate) fn native(
    call: &Call<'_>,
    function: Arc<AggregateUDF>,
    arguments: Vec<Typed>,
    data_type: DataType,
    nullable: bool,
) -> Typed {
    let fallible = arguments.iter().any(|argument| argument.fallible);
    let arguments = arguments.into_iter().map(|argument| argument.expr).collect();
    let node = AggregateFunction::new_udf(function, arguments, call.distinct, None, vec![], None);
    Typed::new(Expr::AggregateFunction(node), data_type, nullable).with_fallible(fallible)
}

/// A list as our aggregates keep and return it.
pub(crate) fn list_of(element: &DataType, nullable: bool) -> DataType {
    DataType::List(Arc::new(Field::new("element", element.clone(), nullable)))
}

impl Aggregate {
    pub(crate) fn spellings(&self) -> &Spellings {
        &self.spellings
    }

    fn groups(&self, arguments: &AccumulatorArgs<'_>) -> EngineResult<Box<dyn Groups>> {
        let inner = (self.make)()?;
        if !arguments.is_distinct {
            return Ok(inner);
        }
        let types = arguments.expr_fields.iter().map(|field| field.data_type().clone()).collect();
        Ok(Box::new(Distinct::new(inner, types)?))
    }
}

impl AggregateUDFImpl for Aggregate {
    fn as_any(&self) -> &dyn Any {
        self
    }

    fn name(&self) -> &str {
        &self.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> EngineResult<DataType> {
        Ok(self.returns.data_type().clone())
    }

    fn return_field(&self, _: &[FieldRef]) -> EngineResult<FieldRef> {
        Ok(self.returns.clone())
    }

    fn is_nullable(&self) -> bool {
        self.returns.is_nullable()
    }

    fn state_fields(&self, args: StateFieldsArgs) -> EngineResult<Vec<FieldRef>> {
        let types: Vec<DataType> = match args.is_distinct {
            true => args.input_fields.iter().map(|field| list_of(field.data_type(), true)).collect(),
            false => self.state.clone(),
        };
        let field =
            |(index, state): (usize, DataType)| Arc::new(Field::new(format!("{}[{index}]", args.name), state, true));
        Ok(types.into_iter().enumerate().map(field).collect())
    }

    fn accumulator(&self, args: AccumulatorArgs) -> EngineResult<Box<dyn Accumulator>> {
        let groups = self.groups(&args)?;
        Ok(Box::new(Single { groups, zeros: Vec::new() }))
    }

    fn create_sliding_accumulator(&self, args: AccumulatorArgs) -> EngineResult<Box<dyn Accumulator>> {
        if args.is_distinct {
            return Err(Error::analysis("DISTINCT_WINDOW_FUNCTION_UNSUPPORTED").with("windowExpr", &self.name).into());
        }
        Ok(Box::new(Framed { make: self.make.clone(), groups: (self.make)()?, rows: VecDeque::new(), stale: false }))
    }

    fn groups_accumulator_supported(&self, _: AccumulatorArgs) -> bool {
        true
    }

    fn create_groups_accumulator(&self, args: AccumulatorArgs) -> EngineResult<Box<dyn GroupsAccumulator>> {
        let groups = self.groups(&args)?;
        Ok(Box::new(Hashed { groups, make: self.make.clone(), is_distinct: args.is_distinct, count: 0 }))
    }

    /// What a window's empty frame gives: the result over no rows.
    fn default_value(&self, _: &DataType) -> EngineResult<ScalarValue> {
        let mut groups = (self.make)()?;
        groups.grow(1);
        ScalarValue::try_from_array(&groups.results(1)?, 0)
    }
}

/// Many groups, as a hash aggregation keeps them.
struct Hashed {
    groups: Box<dyn Groups>,
    make: Arc<Make>,
    is_distinct: bool,
    count: usize,
}

impl Hashed {
    fn emitted(&self, emit_to: EmitTo) -> usize {
        match emit_to {
            EmitTo::All => self.count,
            EmitTo::First(count) => count,
        }
    }

    fn forget(&mut self, groups: usize) {
        self.groups.forget(groups);
        self.count -= groups;
    }

    fn grow(&mut self, groups: usize) {
        self.count = self.count.max(groups);
        self.groups.grow(self.count);
    }
}

/// The rows that pass a FILTER, with their groups.
fn passing(values: &[ArrayRef], groups: &[usize], mask: &BooleanArray) -> Result<(Vec<ArrayRef>, Vec<usize>)> {
    let kept = values.iter().map(|array| filter(array, mask)).collect::<Result<_, _>>()?;
    let passes = mask.iter().map(|passes| passes == Some(true));
    let groups = groups.iter().zip(passes).filter(|(_, passes)| *passes).map(|(group, _)| *group).collect();
    Ok((kept, groups))
}

impl GroupsAccumulator for Hashed {
    fn update_batch(
        &mut self,
        values: &[ArrayRef],
        group_indices: &[usize],
        opt_filter: Option<&BooleanArray>,
        total_num_groups: usize,
    ) -> EngineResult<()> {
        self.grow(total_num_groups);
        let Some(mask) = opt_filter else { return Ok(self.groups.update(values, group_indices)?) };
        let (values, groups) = passing(values, group_indices, mask)?;
        Ok(self.groups.update(&values, &groups)?)
    }

    fn merge_batch(
        &mut self,
        values: &[ArrayRef],
        group_indices: &[usize],
        opt_filter: Option<&BooleanArray>,
        total_num_groups: usize,
    ) -> EngineResult<()> {
        self.grow(total_num_groups);
        let Some(mask) = opt_filter else { return Ok(self.groups.merge(values, group_indices)?) };
        let (values, groups) = passing(values, group_indices, mask)?;
        Ok(self.groups.merge(&values, &groups)?)
    }

    fn evaluate(&mut self, emit_to: EmitTo) -> EngineResult<ArrayRef> {
        let emitted = self.emitted(emit_to);
        let results = self.groups.results(emitted)?;
        self.forget(emitted);
        Ok(results)
    }

    fn state(&mut self, emit_to: EmitTo) -> EngineResult<Vec<ArrayRef>> {
        let emitted = self.emitted(emit_to);
        let states = self.groups.states(emitted)?;
        self.forget(emitted);
        Ok(states)
    }

    fn convert_to_state(&self, values: &[ArrayRef], opt_filter: Option<&BooleanArray>) -> EngineResult<Vec<ArrayRef>> {
        let rows = values.first().map_or(0, |array| array.len());
        let each_its_own: Vec<usize> = (0..rows).collect();
        let mut groups = (self.make)()?;
        groups.grow(rows);
        match opt_filter {
            None => groups.update(values, &each_its_own)?,
            Some(mask) => {
                let (values, kept) = passing(values, &each_its_own, mask)?;
                groups.update(&values, &kept)?;
            }
        }
        Ok(groups.states(rows)?)
    }

    fn supports_convert_to_state(&self) -> bool {
        !self.is_distinct
    }

    fn size(&self) -> usize {
        self.groups.size()
    }
}

/// One group: no GROUP BY, or a window whose frame only grows.
struct Single {
    groups: Box<dyn Groups>,
    zeros: Vec<usize>,
}

impl Accumulator for Single {
    fn update_batch(&mut self, values: &[ArrayRef]) -> EngineResult<()> {
        self.zeros.resize(values.first().map_or(0, |array| array.len()), 0);
        self.groups.grow(1);
        Ok(self.groups.update(values, &self.zeros)?)
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> EngineResult<()> {
        self.zeros.resize(states.first().map_or(0, |array| array.len()), 0);
        self.groups.grow(1);
        Ok(self.groups.merge(states, &self.zeros)?)
    }

    fn evaluate(&mut self) -> EngineResult<ScalarValue> {
        self.groups.grow(1);
        ScalarValue::try_from_array(&self.groups.results(1)?, 0)
    }

    fn state(&mut self) -> EngineResult<Vec<ScalarValue>> {
        self.groups.grow(1);
        self.groups.states(1)?.iter().map(|state| ScalarValue::try_from_array(state, 0)).collect()
    }

    fn size(&self) -> usize {
        self.groups.size()
    }
}

/// A window's frame that moves: its rows are kept, and computed anew once one has left.
struct Framed {
    make: Arc<Make>,
    groups: Box<dyn Groups>,
    rows: VecDeque<Vec<ArrayRef>>,
    stale: bool,
}

impl Framed {
    /// Rows enter a frame one by one: many small arrays are made one, so that computing it anew stays a loop over values.
    fn compact(&mut self) -> Result<()> {
        const PIECES_MOST: usize = 16;
        if self.rows.len() <= PIECES_MOST {
            return Ok(());
        }
        let columns = self.rows.front().map_or(0, Vec::len);
        let mut whole = Vec::with_capacity(columns);
        for column in 0..columns {
            let pieces: Vec<&dyn Array> = self.rows.iter().map(|values| values[column].as_ref()).collect();
            whole.push(concat(&pieces)?);
        }
        self.rows = VecDeque::from([whole]);
        Ok(())
    }

    fn take_in(&mut self, values: &[ArrayRef]) -> Result<()> {
        let zeros = vec![0; values.first().map_or(0, |array| array.len())];
        self.groups.grow(1);
        self.groups.update(values, &zeros)
    }
}

impl Accumulator for Framed {
    fn update_batch(&mut self, values: &[ArrayRef]) -> EngineResult<()> {
        self.rows.push_back(values.to_vec());
        if !self.stale {
            self.take_in(values)?;
        }
        Ok(())
    }

    fn retract_batch(&mut self, values: &[ArrayRef]) -> EngineResult<()> {
        let mut leaving = values.first().map_or(0, |array| array.len());
        self.stale |= leaving > 0;
        while leaving > 0 {
            let Some(mut oldest) = self.rows.pop_front() else { break };
            let rows = oldest.first().map_or(0, |array| array.len());
            if rows > leaving {
                oldest.iter_mut().for_each(|array| *array = array.slice(leaving, rows - leaving));
                self.rows.push_front(oldest);
            }
            leaving = leaving.saturating_sub(rows);
        }
        Ok(())
    }

    fn supports_retract_batch(&self) -> bool {
        true
    }

    fn evaluate(&mut self) -> EngineResult<ScalarValue> {
        if self.stale {
            self.groups = (self.make)()?;
            self.stale = false;
            self.compact()?;
            for values in std::mem::take(&mut self.rows) {
                self.take_in(&values)?;
                self.rows.push_back(values);
            }
        }
        self.groups.grow(1);
        ScalarValue::try_from_array(&self.groups.results(1)?, 0)
    }

    fn state(&mut self) -> EngineResult<Vec<ScalarValue>> {
        self.groups.grow(1);
        self.groups.states(1)?.iter().map(|state| ScalarValue::try_from_array(state, 0)).collect()
    }

    fn merge_batch(&mut self, _: &[ArrayRef]) -> EngineResult<()> {
        Err(Error::internal("a window's frame is never merged").into())
    }

    fn size(&self) -> usize {
        self.groups.size() + self.rows.len() * size_of::<Vec<ArrayRef>>()
    }
}

impl fmt::Debug for Aggregate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}[{}]", self.name, self.key)
    }
}

impl fmt::Debug for Single {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Single")
    }
}

impl fmt::Debug for Framed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Framed")
    }
}

impl PartialEq for Aggregate {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name && self.key == other.key && self.returns == other.returns && self.state == other.state
    }
}
impl Eq for Aggregate {}
impl Hash for Aggregate {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.name.hash(state);
        self.key.hash(state);
        self.returns.data_type().hash(state);
    }
}

#[cfg(test)]
mod tests {
    use arrow::array::Int64Array;
    use arrow::datatypes::Int64Type;
    use arrow::util::display::array_value_to_string;

    use super::super::_collected::{Collected, End};
    use super::super::_sum::{Checked, Overflow, Sum, long_overflow};
    use super::*;

    fn sum() -> Result<Box<dyn Groups>> {
        Ok(Box::new(Sum::<Int64Type, Checked>::new(DataType::Int64, Overflow::Raise(long_overflow()), |_, _| true)))
    }

    fn list() -> Result<Box<dyn Groups>> {
        Ok(Box::new(Collected::new(vec![DataType::Int64], End::List)))
    }

    fn distinct(inner: Result<Box<dyn Groups>>) -> Result<Box<dyn Groups>> {
        Ok(Box::new(Distinct::new(inner?, vec![DataType::Int64])?))
    }

    fn numbers(values: &[Option<i64>]) -> Vec<ArrayRef> {
        vec![Arc::new(Int64Array::from(values.to_vec()))]
    }

    fn shown(array: &ArrayRef) -> String {
        let one = |row| match array.is_null(row) {
            true => "NULL".into(),
            false => array_value_to_string(array, row).unwrap_or_default(),
        };
        (0..array.len()).map(one).collect::<Vec<String>>().join("; ")
    }

    fn hashed(groups: Box<dyn Groups>, make: fn() -> Result<Box<dyn Groups>>) -> Hashed {
        Hashed { groups, make: Arc::new(make), is_distinct: false, count: 0 }
    }

    const ROWS: [Option<i64>; 6] = [Some(1), Some(2), None, Some(2), Some(5), None];
    const GROUPS: [usize; 6] = [0, 1, 1, 1, 0, 2];

    /// The results by group: taken in at once, and as two states merged.
    fn check(make: fn() -> Result<Box<dyn Groups>>, expected: &str) -> EngineResult<()> {
        let mut at_once = hashed(make()?, make);
        at_once.update_batch(&numbers(&ROWS), &GROUPS, None, 3)?;
        assert_eq!(shown(&at_once.evaluate(EmitTo::All)?), expected);

        let mut merged = hashed(make()?, make);
        for part in [0..3, 3..6] {
            let mut partial = hashed(make()?, make);
            partial.update_batch(&numbers(&ROWS[part.clone()]), &GROUPS[part], None, 3)?;
            let first = partial.state(EmitTo::First(1))?;
            merged.merge_batch(&first, &[0], None, 3)?;
            let rest = partial.state(EmitTo::All)?;
            merged.merge_batch(&rest, &[1, 2], None, 3)?;
        }
        assert_eq!(shown(&merged.evaluate(EmitTo::All)?), expected);
        Ok(())
    }

    #[test]
    fn at_once_or_in_parts_the_answer_is_the_same() -> EngineResult<()> {
        check(sum, "6; 4; NULL")?;
        check(list, "[1, 5]; [2, 2]; []")?;
        check(|| distinct(sum()), "6; 2; NULL")?;
        check(|| distinct(list()), "[1, 5]; [2]; []")
    }

    #[test]
    fn a_filter_leaves_rows_out_and_rows_become_states() -> EngineResult<()> {
        let mask = BooleanArray::from(vec![Some(true), Some(false), None, Some(true), Some(true), Some(true)]);
        let mut filtered = hashed(sum()?, sum);
        filtered.update_batch(&numbers(&ROWS), &GROUPS, Some(&mask), 3)?;
        assert_eq!(shown(&filtered.evaluate(EmitTo::All)?), "6; 2; NULL");
        let states = filtered.convert_to_state(&numbers(&ROWS), Some(&mask))?;
        filtered.merge_batch(&states, &GROUPS, None, 3)?;
        assert_eq!(shown(&filtered.evaluate(EmitTo::All)?), "6; 2; NULL");
        Ok(())
    }

    #[test]
    fn a_frame_forgets_the_rows_that_left_it() -> EngineResult<()> {
        let mut frame = Framed { make: Arc::new(sum), groups: sum()?, rows: VecDeque::new(), stale: false };
        frame.update_batch(&numbers(&[Some(1), Some(2)]))?;
        assert_eq!(frame.evaluate()?, ScalarValue::Int64(Some(3)));
        frame.update_batch(&numbers(&[Some(4)]))?;
        frame.retract_batch(&numbers(&[Some(1)]))?;
        assert_eq!(frame.evaluate()?, ScalarValue::Int64(Some(6)));
        frame.retract_batch(&numbers(&[Some(2), Some(4)]))?;
        assert_eq!(frame.evaluate()?, ScalarValue::Int64(None));
        Ok(())
    }

    #[test]
    fn a_sum_beyond_a_long_raises() -> Result<()> {
        let mut groups = sum()?;
        groups.grow(1);
        let error = groups.update(&numbers(&[Some(i64::MAX), Some(1)]), &[0, 0]).err();
        assert_eq!(error.map(|error| error.condition().to_string()).as_deref(), Some("ARITHMETIC_OVERFLOW"));
        Ok(())
    }
}
