//! `approx_count_distinct(expr [, relativeSD])`: HyperLogLog++ as Spark 4.1 computes it, to the number: the same hash
//! (xxHash64, seed 42), the same registers, linear counting below the same thresholds, and the published correction of bias.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BinaryArray, Int64Array};
use arrow::datatypes::DataType;
use floe_base::{Error, Result};

use super::_aggregate::{Groups, own};
use super::_constant::constant;
use super::_hll_bias::bias;
use crate::family::hash::hash::{XxHash, value_hash};
use crate::{Call, Function, Typed};

pub(crate) const FUNCTIONS: &[Function] = &[Function::aggregate("approx_count_distinct", bind)
    .usage("approx_count_distinct(expr[, relativeSD]) - Returns the estimated cardinality by HyperLogLog++.")];

fn bind(call: &Call<'_>) -> Result<Typed> {
    call.between(1, 2)?;
    let value = call.argument(0)?.clone();
    let deviation = match call.arguments.len() {
        1 => 0.05,
        _ => match constant(call, 1, &DataType::Float64, "relativeSD", "DOUBLE")? {
            datafusion::scalar::ScalarValue::Float64(Some(deviation)) => deviation,
            _ => return Err(failed(call)),
        },
    };
    let precision = (2.0 * (1.106 / deviation).ln() / 2f64.ln()).ceil();
    if !(4.0..=32.0).contains(&precision) {
        return Err(failed(call));
    }
    if precision > 18.0 {
        return Err(Error::unsupported("approx_count_distinct with a relative deviation below 0.0022").at(call.origin));
    }
    let precision = precision as u32;
    let key = format!("{} {precision}", value.data_type);
    Ok(own(call, key, vec![value], (DataType::Int64, false), vec![DataType::Binary], move || {
        Ok(Registers { precision, groups: Vec::new() })
    }))
}

/// Spark's seed for hashes.
const SEED: i64 = 42;

fn failed(call: &Call<'_>) -> Error {
    Error::analysis("FAILED_FUNCTION_CALL").with("funcName", "`approx_count_distinct`").at(call.origin)
}

/// The greatest run of leading zeros seen, by the first bits of the hash.
struct Registers {
    precision: u32,
    groups: Vec<Vec<u8>>,
}

impl Registers {
    fn count(&self) -> usize {
        1 << self.precision
    }

    fn registers(&mut self, group: usize) -> &mut Vec<u8> {
        let count = self.count();
        let registers = &mut self.groups[group];
        if registers.is_empty() {
            registers.resize(count, 0);
        }
        registers
    }

    fn estimate(&self, registers: &[u8]) -> i64 {
        if registers.is_empty() {
            return 0;
        }
        let count = self.count() as f64;
        let inverse_sum: f64 = registers.iter().map(|run| 1.0 / (1u64 << run) as f64).sum();
        let empty = registers.iter().filter(|run| **run == 0).count();
        let alpha = match self.precision {
            4 => 0.673,
            5 => 0.697,
            6 => 0.709,
            _ => 0.7213 / (1.0 + 1.079 / count),
        };
        let raw = alpha * count * count / inverse_sum;
        let corrected = if raw < 5.0 * count { raw - bias(self.precision, raw) } else { raw };
        let linear = (empty > 0).then(|| count * (count / empty as f64).ln());
        let estimate = linear.filter(|linear| *linear <= THRESHOLDS[self.precision as usize - 4]).unwrap_or(corrected);
        estimate.round() as i64
    }
}

/// Up to where linear counting is better, by precision from 4: the paper's numbers.
const THRESHOLDS: [f64; 15] = [
    10.0, 20.0, 40.0, 80.0, 220.0, 400.0, 900.0, 1800.0, 3100.0, 6500.0, 11500.0, 20000.0, 50000.0, 120_000.0,
    350_000.0,
];

impl Groups for Registers {
    fn grow(&mut self, groups: usize) {
        self.groups.resize(groups.max(self.groups.len()), Vec::new());
    }

    fn update(&mut self, values: &[ArrayRef], groups: &[usize]) -> Result<()> {
        let precision = self.precision;
        let nulls = values[0].logical_nulls();
        for (row, group) in groups.iter().enumerate() {
            if nulls.as_ref().is_some_and(|nulls| nulls.is_null(row)) {
                continue;
            }
            let hash = value_hash::<XxHash>(&values[0], row, SEED)? as u64;
            let register = (hash >> (64 - precision)) as usize;
            let run = ((hash << precision) | (1 << (precision - 1))).leading_zeros() as u8 + 1;
            let held = &mut self.registers(*group)[register];
            *held = run.max(*held);
        }
        Ok(())
    }

    fn merge(&mut self, states: &[ArrayRef], groups: &[usize]) -> Result<()> {
        let states = states[0].as_binary::<i32>();
        for (row, group) in groups.iter().enumerate() {
            if states.is_null(row) || states.value(row).is_empty() {
                continue;
            }
            for (held, run) in self.registers(*group).iter_mut().zip(states.value(row)) {
                *held = (*run).max(*held);
            }
        }
        Ok(())
    }

    fn states(&self, groups: usize) -> Result<Vec<ArrayRef>> {
        Ok(vec![Arc::new(BinaryArray::from_iter_values(self.groups[..groups].iter()))])
    }

    fn results(&self, groups: usize) -> Result<ArrayRef> {
        let estimates = self.groups[..groups].iter().map(|registers| self.estimate(registers));
        Ok(Arc::new(Int64Array::from_iter_values(estimates)))
    }

    fn forget(&mut self, groups: usize) {
        self.groups.drain(..groups);
    }

    fn size(&self) -> usize {
        self.groups.capacity() * (size_of::<Vec<u8>>() + self.count())
    }
}
