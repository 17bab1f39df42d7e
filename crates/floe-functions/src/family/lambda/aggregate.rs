//! `aggregate(array, start, (acc, x) -> …[, acc -> …])`, also `reduce`: one value out of all elements.

use arrow::array::{Array, ArrayRef, UInt64Array};
use arrow::compute::{interleave, take};
use arrow::datatypes::{DataType, Field};
use floe_base::Result;

use super::_body::{Body, Elements, array, call_with, captured, lambda, parameter, unexpected_result};
use crate::family::array::_list::relabel;
use crate::rows::{self, Column, Lists};
use crate::{Arguments, Call, Function, Typed};
use std::sync::Arc;

pub(crate) const FUNCTIONS: &[Function] = &[Function::scalar("aggregate", bind)
    .aliases(&["reduce"])
    .usage("aggregate(expr, start, merge[, finish]) - Folds the elements into one value, from start on.")];

/// Spark 4.1 declares the result nullable whatever its parts are.
fn bind(call: &Call<'_>) -> Result<Typed> {
    call.between(3, 4)?;
    let (array, element) = array(call, 0)?;
    let start = call.argument(1)?.clone();
    let folded = loosened(&start.data_type);
    let accumulator = parameter("acc", &folded, true);
    let merge = lambda(call, 2, &[&[accumulator.clone(), element]])?;
    if loosened(&merge.data_type) != folded {
        let required = format!("\"{}\"", start.spark_type().sql());
        return Err(unexpected_result(call, 2, &required, &merge));
    }
    let finish = match call.arguments.len() {
        4 => Some(lambda(call, 3, &[&[accumulator]])?),
        _ => None,
    };
    let data_type = finish.as_ref().map_or(folded.clone(), |finish| finish.data_type.clone());
    let fallible = merge.fallible || finish.as_ref().is_some_and(|finish| finish.fallible);
    let key = format!("{} {}", merge.key, finish.as_ref().map(|finish| finish.key.as_str()).unwrap_or_default());
    let mut arguments = vec![array, start];
    arguments.extend(merge.captured);
    let (finish, finish_captured) = match finish {
        Some(finish) => (Some(finish.body), finish.captured),
        None => (None, Vec::new()),
    };
    arguments.extend(finish_captured);
    let merge = merge.body;
    Ok(call_with(call, key, fallible, arguments, data_type, true, move |arguments| {
        let rows = rows::count(arguments);
        let elements = Elements::of(&Lists::of(arguments, 0)?, rows)?;
        let accumulated = fold(&elements, rows, arguments, &merge, &folded)?;
        let Some(finish) = &finish else { return rows::finish(arguments, accumulated) };
        let captured = captured(arguments, 2 + merge.captured(), finish.captured())?;
        let valid: Vec<u64> = (0..rows).filter(|row| elements.range(*row).is_some()).map(|row| row as u64).collect();
        let inputs = take(&accumulated, &UInt64Array::from(valid.clone()), None)?;
        let finished = finish.evaluate(&[inputs], &valid, &captured)?;
        let mut next = 0_u64..;
        let places: UInt64Array = (0..rows).map(|row| elements.range(row).and_then(|_| next.next())).collect();
        rows::finish(arguments, take(&finished, &places, None)?)
    }))
}

/// The type with everything within nullable: what merges may hold a NULL where the start had none.
fn loosened(data_type: &DataType) -> DataType {
    let field = |field: &Arc<Field>| {
        Arc::new(field.as_ref().clone().with_data_type(loosened(field.data_type())).with_nullable(true))
    };
    match data_type {
        DataType::List(element) => DataType::List(field(element)),
        DataType::Struct(fields) => DataType::Struct(fields.iter().map(field).collect()),
        DataType::Map(entries, ordered) => match entries.data_type() {
            DataType::Struct(fields) => {
                let loose = fields.iter().map(field).enumerate();
                let loose = loose.map(|(index, field)| match index {
                    0 => Arc::new(field.as_ref().clone().with_nullable(false)),
                    _ => field,
                });
                let entries = entries.as_ref().clone().with_data_type(DataType::Struct(loose.collect()));
                DataType::Map(Arc::new(entries), *ordered)
            }
            _ => data_type.clone(),
        },
        _ => data_type.clone(),
    }
}

/// Folds all lists in step: the nth round merges the nth element of every list that has one.
fn fold(
    elements: &Elements,
    rows: usize,
    arguments: &Arguments<'_>,
    merge: &Body,
    folded: &DataType,
) -> Result<ArrayRef> {
    let start: Column<ArrayRef> = rows::any(arguments, 1)?;
    let captured = captured(arguments, 2, merge.captured())?;
    let present = |row: usize| elements.range(row).map(|_| start.place(row) as u64);
    let places: UInt64Array = (0..rows).map(present).collect();
    let mut accumulated = take(&relabel(&start.array, folded)?, &places, None)?;
    for round in 0.. {
        let has_one = |row: &usize| elements.range(*row).is_some_and(|range| range.len() > round);
        let active: Vec<u64> = (0..rows).filter(has_one).map(|row| row as u64).collect();
        if active.is_empty() {
            break;
        }
        let nth = |row: &u64| {
            let row = usize::try_from(*row).unwrap_or(usize::MAX);
            elements.range(row).map(|range| (range.start + round) as u64)
        };
        let places: UInt64Array = active.iter().map(nth).collect();
        let inputs =
            [take(&accumulated, &UInt64Array::from(active.clone()), None)?, take(&elements.values, &places, None)?];
        let merged = relabel(&merge.evaluate(&inputs, &active, &captured)?, folded)?;
        if active.len() == rows {
            accumulated = merged;
            continue;
        }
        let mut picks: Vec<(usize, usize)> = (0..rows).map(|row| (0, row)).collect();
        for (index, row) in active.iter().enumerate() {
            if let Some(pick) = usize::try_from(*row).ok().and_then(|row| picks.get_mut(row)) {
                *pick = (1, index);
            }
        }
        accumulated = interleave(&[accumulated.as_ref() as &dyn Array, merged.as_ref()], &picks)?;
    }
    Ok(accumulated)
}
