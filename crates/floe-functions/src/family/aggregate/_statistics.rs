//! Statistics kept as a few doubles a group: central moments of one value, and co-moments of two.
//!
//! The formulas are one-pass updates in the very order of Spark's (`CentralMomentAgg`, `Covariance`, `PearsonCorrelation`
//! of 4.1), so that results agree to the last digit where the rows come in the same order.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Float64Array};
use arrow::datatypes::{DataType, Float64Type};
use floe_base::{Error, Result};

use super::_aggregate::{Groups, own};
use crate::{Call, Typed};

/// A statistic of `N` doubles.
#[derive(Clone, Copy)]
pub(crate) struct Statistic<const N: usize> {
    step: fn(&mut [f64; N], f64, f64),
    merge: fn(&mut [f64; N], &[f64; N]),
    /// `None` is NULL.
    pub(crate) finish: fn(&[f64; N]) -> Option<f64>,
}

/// A call over one or two arguments that are doubles already; rows with a NULL do not count.
pub(crate) fn statistic<const N: usize>(call: &Call<'_>, values: Vec<Typed>, statistic: Statistic<N>) -> Typed {
    told_statistic(call, "", values, statistic)
}

/// The same for a statistic that is told something; `told` is what, so that calls told other things are others.
pub(crate) fn told_statistic<const N: usize>(
    call: &Call<'_>,
    told: &str,
    values: Vec<Typed>,
    statistic: Statistic<N>,
) -> Typed {
    let state = vec![DataType::Float64; N];
    own(call, format!("{} {told}", values.len()), values, (DataType::Float64, true), state, move || {
        Ok(Statistics { states: Vec::new(), statistic, by_zero: None })
    })
}

/// The same for a statistic whose last step is a division: where the divisor is zero it raises this error.
pub(crate) fn quotient<const N: usize>(
    call: &Call<'_>,
    values: Vec<Typed>,
    statistic: Statistic<N>,
    divides_by_zero: fn(&[f64; N]) -> bool,
    error: Error,
) -> Typed {
    let state = vec![DataType::Float64; N];
    own(call, format!("{} raising", values.len()), values, (DataType::Float64, true), state, move || {
        Ok(Statistics { states: Vec::new(), statistic, by_zero: Some((divides_by_zero, error.clone())) })
    })
}

/// A call's only argument as a double.
pub(crate) fn one_double(call: &Call<'_>) -> Result<Vec<Typed>> {
    let [_] = call.exactly()?;
    Ok(vec![call.coerced(0, &DataType::Float64, "\"DOUBLE\"")?])
}

/// Count, mean, second moment.
pub(crate) const fn second(finish: fn(&[f64; 3]) -> Option<f64>) -> Statistic<3> {
    Statistic { step: step_second, merge: merge_second, finish }
}

/// Count, mean, second to fourth moment.
pub(crate) const fn fourth(finish: fn(&[f64; 5]) -> Option<f64>) -> Statistic<5> {
    Statistic { step: step_fourth, merge: merge_fourth, finish }
}

/// Count, mean of x, mean of y, co-moment, second moment of x, of y.
pub(crate) const fn joint(finish: fn(&[f64; 6]) -> Option<f64>) -> Statistic<6> {
    Statistic { step: step_joint, merge: merge_joint, finish }
}

/// Count, mean of x, mean of y, co-moment, second moment of x as [`second`] keeps it: its last digits are not those of
/// [`joint`].
pub(crate) const fn regression(finish: fn(&[f64; 5]) -> Option<f64>) -> Statistic<5> {
    Statistic { step: step_regression, merge: merge_regression, finish }
}

/// Sum of the logarithms, how many values are negative, how many are zero.
pub(crate) const fn product(finish: fn(&[f64; 3]) -> Option<f64>) -> Statistic<3> {
    Statistic { step: step_product, merge: merge_product, finish }
}

fn step_product(state: &mut [f64; 3], value: f64, _: f64) {
    let [logarithms, negatives, zeros] = *state;
    let is = |condition: bool| f64::from(u8::from(condition));
    *state = match value {
        0.0 => [logarithms, negatives, zeros + 1.0],
        value => [logarithms + value.abs().ln(), negatives + is(value < 0.0), zeros],
    };
}

fn merge_product(state: &mut [f64; 3], other: &[f64; 3]) {
    state.iter_mut().zip(other).for_each(|(number, other)| *number += other);
}

fn step_second(state: &mut [f64; 3], value: f64, _: f64) {
    let [count, mean, second] = *state;
    let count = count + 1.0;
    let delta = value - mean;
    let part = delta / count;
    *state = [count, mean + part, second + delta * (delta - part)];
}

fn merge_second(state: &mut [f64; 3], other: &[f64; 3]) {
    let ([n1, mean1, a1], [n2, mean2, a2]) = (*state, *other);
    let count = n1 + n2;
    let delta = mean2 - mean1;
    let part = if count == 0.0 { 0.0 } else { delta / count };
    *state = [count, mean1 + part * n2, a1 + a2 + delta * part * n1 * n2];
}

fn step_fourth(state: &mut [f64; 5], value: f64, _: f64) {
    let [count, mean, second, third, fourth] = *state;
    let count = count + 1.0;
    let delta = value - mean;
    let part = delta / count;
    let second = second + delta * (delta - part);
    let (delta2, part2) = (delta * delta, part * part);
    let third = third - 3.0 * part * second + delta * (delta2 - part2);
    let fourth = fourth - 4.0 * part * third - 6.0 * part2 * second + delta * (delta * delta2 - part * part2);
    *state = [count, mean + part, second, third, fourth];
}

fn merge_fourth(state: &mut [f64; 5], other: &[f64; 5]) {
    let ([n1, mean1, a1, b1, c1], [n2, mean2, a2, b2, c2]) = (*state, *other);
    let count = n1 + n2;
    let delta = mean2 - mean1;
    let part = if count == 0.0 { 0.0 } else { delta / count };
    let second = a1 + a2 + delta * part * n1 * n2;
    let third = b1 + b2 + part * part * delta * n1 * n2 * (n1 - n2) + 3.0 * part * (n1 * a2 - n2 * a1);
    let fourth = c1
        + c2
        + part * part * part * delta * n1 * n2 * (n1 * n1 - n1 * n2 + n2 * n2)
        + 6.0 * part * part * (n1 * n1 * a2 + n2 * n2 * a1)
        + 4.0 * part * (n1 * b2 - n2 * b1);
    *state = [count, mean1 + part * n2, second, third, fourth];
}

fn step_joint(state: &mut [f64; 6], x: f64, y: f64) {
    let [count, mean_x, mean_y, both, second_x, second_y] = *state;
    let count = count + 1.0;
    let (delta_x, delta_y) = (x - mean_x, y - mean_y);
    let (mean_x, mean_y) = (mean_x + delta_x / count, mean_y + delta_y / count);
    *state = [
        count,
        mean_x,
        mean_y,
        both + delta_x * (y - mean_y),
        second_x + delta_x * (x - mean_x),
        second_y + delta_y * (y - mean_y),
    ];
}

fn merge_joint(state: &mut [f64; 6], other: &[f64; 6]) {
    let ([n1, x1, y1, both1, a1, b1], [n2, x2, y2, both2, a2, b2]) = (*state, *other);
    let count = n1 + n2;
    let (delta_x, delta_y) = (x2 - x1, y2 - y1);
    let part = |delta: f64| if count == 0.0 { 0.0 } else { delta / count };
    let (part_x, part_y) = (part(delta_x), part(delta_y));
    *state = [
        count,
        x1 + part_x * n2,
        y1 + part_y * n2,
        both1 + both2 + delta_x * part_y * n1 * n2,
        a1 + a2 + delta_x * part_x * n1 * n2,
        b1 + b2 + delta_y * part_y * n1 * n2,
    ];
}

fn step_regression(state: &mut [f64; 5], x: f64, y: f64) {
    let [count, mean_x, mean_y, both, second_x] = *state;
    let mut pair = [count, mean_x, mean_y, both, 0.0, 0.0];
    step_joint(&mut pair, x, y);
    let mut single = [count, mean_x, second_x];
    step_second(&mut single, x, x);
    let [count, mean_x, mean_y, both, ..] = pair;
    *state = [count, mean_x, mean_y, both, single[2]];
}

fn merge_regression(state: &mut [f64; 5], other: &[f64; 5]) {
    let widened = |state: &[f64; 5]| [state[0], state[1], state[2], state[3], state[4], 0.0];
    let mut pair = widened(state);
    merge_joint(&mut pair, &widened(other));
    let [count, mean_x, mean_y, both, second_x, _] = pair;
    *state = [count, mean_x, mean_y, both, second_x];
}

struct Statistics<const N: usize> {
    states: Vec<[f64; N]>,
    statistic: Statistic<N>,
    by_zero: Option<(fn(&[f64; N]) -> bool, Error)>,
}

impl<const N: usize> Groups for Statistics<N> {
    fn grow(&mut self, groups: usize) {
        self.states.resize(groups.max(self.states.len()), [0.0; N]);
    }

    fn update(&mut self, values: &[ArrayRef], groups: &[usize]) -> Result<()> {
        let x = values[0].as_primitive::<Float64Type>();
        let y = values.get(1).map_or(x, |y| y.as_primitive::<Float64Type>());
        for (row, group) in groups.iter().enumerate() {
            if x.is_valid(row) && y.is_valid(row) {
                (self.statistic.step)(&mut self.states[*group], x.value(row), y.value(row));
            }
        }
        Ok(())
    }

    fn merge(&mut self, states: &[ArrayRef], groups: &[usize]) -> Result<()> {
        let columns: Vec<&Float64Array> = states.iter().map(|state| state.as_primitive::<Float64Type>()).collect();
        for (row, group) in groups.iter().enumerate() {
            let other: [f64; N] = std::array::from_fn(|column| columns[column].value(row));
            (self.statistic.merge)(&mut self.states[*group], &other);
        }
        Ok(())
    }

    fn states(&self, groups: usize) -> Result<Vec<ArrayRef>> {
        let column = |column: usize| {
            let values = self.states[..groups].iter().map(|state| state[column]);
            Arc::new(Float64Array::from_iter_values(values)) as ArrayRef
        };
        Ok((0..N).map(column).collect())
    }

    fn results(&self, groups: usize) -> Result<ArrayRef> {
        let states = &self.states[..groups];
        if let Some((divides_by_zero, error)) = &self.by_zero
            && states.iter().any(divides_by_zero)
        {
            return Err(error.clone());
        }
        Ok(Arc::new(states.iter().map(self.statistic.finish).collect::<Float64Array>()))
    }

    fn forget(&mut self, groups: usize) {
        self.states.drain(..groups);
    }

    fn size(&self) -> usize {
        self.states.capacity() * size_of::<[f64; N]>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of<const N: usize>(statistic: Statistic<N>, rows: &[(f64, f64)]) -> Option<f64> {
        let mut state = [0.0; N];
        rows.iter().for_each(|(x, y)| (statistic.step)(&mut state, *x, *y));
        (statistic.finish)(&state)
    }

    #[test]
    fn moments_agree_with_spark_to_the_last_digit() {
        let rows = [(1.0, 0.0), (2.0, 0.0), (4.0, 0.0), (10.0, 0.0)];
        assert_eq!(of(second(|[n, _, m2]| Some(m2 / (n - 1.0))), &rows), Some(16.249999999999996));
        let skewness = fourth(|[n, _, m2, m3, _]| Some(n.sqrt() * m3 / (m2 * m2 * m2).sqrt()));
        assert_eq!(of(skewness, &rows), Some(0.8483206969390203));
        let kurtosis = fourth(|[n, _, m2, _, m4]| Some(n * m4 / (m2 * m2) - 3.0));
        assert_eq!(of(kurtosis, &rows), Some(-0.9292307692307684));
    }
}
