//! `count_min_sketch(value, eps, confidence, seed)`: how often values occur, roughly, as the bytes of Spark's
//! `CountMinSketch` (version 1): header, hash factors, table.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BinaryArray};
use arrow::compute::cast as cast_array;
use arrow::datatypes::{DataType, Int64Type};
use datafusion::scalar::ScalarValue;
use floe_base::{Error, Result};

use super::_aggregate::{Groups, own};
use super::_constant::{constant, out_of_range, unexpected_null};
use super::_java_random::JavaRandom;
use crate::family::hash::hash::{Algorithm, Murmur3};
use crate::{Call, Function, Typed};

pub(crate) const FUNCTIONS: &[Function] = &[Function::aggregate("count_min_sketch", bind)
    .usage("count_min_sketch(col, eps, confidence, seed) - Returns a count-min sketch of a column with the given esp, confidence and seed.")];

fn bind(call: &Call<'_>) -> Result<Typed> {
    let [value, ..] = call.exactly::<4>()?;
    let fits = matches!(value.data_type, DataType::Utf8 | DataType::Binary) || value.data_type.is_integer();
    if !fits {
        return Err(call.unexpected_type(0, "(\"INTEGRAL\" or \"STRING\" or \"BINARY\")"));
    }
    let double = |index: usize, name: &str| match constant(call, index, &DataType::Float64, name, "DOUBLE")? {
        ScalarValue::Float64(Some(number)) => Ok(number),
        _ => Err(unexpected_null(call, name)),
    };
    let (error, confidence) = (double(1, "eps")?, double(2, "confidence")?);
    if !matches!(call.argument(3)?.data_type, DataType::Int32 | DataType::Int64 | DataType::Null) {
        return Err(call.unexpected_type(3, "(\"INT\" or \"BIGINT\")"));
    }
    let ScalarValue::Int64(Some(seed)) = constant(call, 3, &DataType::Int64, "seed", "INT")? else {
        return Err(unexpected_null(call, "seed"));
    };
    #[expect(clippy::cast_possible_truncation, reason = "of a long Spark keeps the low 32 bits")]
    let seed = seed as i32;
    if error <= 0.0 {
        return Err(out_of_range(call, "eps", "(0.0, 1.7976931348623157E308]", format!("{error:?}D")));
    }
    if confidence <= 0.0 || confidence > 1.0 {
        return Err(out_of_range(call, "confidence", "(0.0, 1.0]", format!("{confidence:?}D")));
    }
    let width = (2.0 / error).ceil() as usize;
    let depth = (-(1.0 - confidence).ln() / 2f64.ln()).ceil() as usize;
    if width.saturating_mul(depth) > 1 << 24 {
        return Err(Error::unsupported("a count-min sketch of more than sixteen million cells").at(call.origin));
    }
    let mut random = JavaRandom::new(i64::from(seed));
    let factors: Vec<i64> = (0..depth).map(|_| random.below_greatest_int()).collect();
    let key = format!("{} {width} {depth} {seed}", value.data_type);
    Ok(own(call, key, vec![value], (DataType::Binary, false), vec![DataType::Binary], move || {
        Ok(Sketches { width, factors: factors.clone(), groups: Vec::new() })
    }))
}

struct Sketches {
    width: usize,
    factors: Vec<i64>,
    groups: Vec<Sketch>,
}

#[derive(Clone, Default)]
struct Sketch {
    total: i64,
    table: Vec<i64>,
}

impl Sketches {
    fn count_long(&mut self, group: usize, value: i64) {
        const MODULUS: i64 = (1 << 31) - 1;
        for depth in 0..self.factors.len() {
            let hash = self.factors[depth].wrapping_mul(value);
            let hash = hash.wrapping_add(hash >> 32) & MODULUS;
            let bucket = hash as usize % self.width;
            self.groups[group].table[depth * self.width + bucket] += 1;
        }
        self.groups[group].total += 1;
    }

    fn count_bytes(&mut self, group: usize, value: &[u8]) {
        let first = Murmur3::bytes(value, 0) as i32;
        let second = Murmur3::bytes(value, first.into()) as i32;
        for depth in 0..self.factors.len() {
            let hash = first.wrapping_add((depth as i32).wrapping_mul(second));
            let bucket = (hash % self.width as i32).unsigned_abs() as usize;
            self.groups[group].table[depth * self.width + bucket] += 1;
        }
        self.groups[group].total += 1;
    }

    fn bytes(&self, sketch: &Sketch) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(20 + 8 * (self.factors.len() + sketch.table.len()));
        bytes.extend(1i32.to_be_bytes());
        bytes.extend(sketch.total.to_be_bytes());
        bytes.extend((self.factors.len() as i32).to_be_bytes());
        bytes.extend((self.width as i32).to_be_bytes());
        self.factors.iter().chain(&sketch.table).for_each(|number| bytes.extend(number.to_be_bytes()));
        bytes
    }
}

impl Groups for Sketches {
    fn grow(&mut self, groups: usize) {
        let empty = Sketch { total: 0, table: vec![0; self.width * self.factors.len()] };
        self.groups.resize(groups.max(self.groups.len()), empty);
    }

    fn update(&mut self, values: &[ArrayRef], groups: &[usize]) -> Result<()> {
        match values[0].data_type() {
            DataType::Utf8 => {
                for (value, group) in values[0].as_string::<i32>().iter().zip(groups) {
                    value.into_iter().for_each(|value| self.count_bytes(*group, value.as_bytes()));
                }
            }
            DataType::Binary => {
                for (value, group) in values[0].as_binary::<i32>().iter().zip(groups) {
                    value.into_iter().for_each(|value| self.count_bytes(*group, value));
                }
            }
            _ => {
                let longs = cast_array(&values[0], &DataType::Int64)?;
                for (value, group) in longs.as_primitive::<Int64Type>().iter().zip(groups) {
                    value.into_iter().for_each(|value| self.count_long(*group, value));
                }
            }
        }
        Ok(())
    }

    fn merge(&mut self, states: &[ArrayRef], groups: &[usize]) -> Result<()> {
        for (bytes, group) in states[0].as_binary::<i32>().iter().zip(groups) {
            let long = |at: usize| bytes?.get(at..at + 8)?.try_into().ok().map(i64::from_be_bytes);
            let held = &mut self.groups[*group];
            held.total += long(4).unwrap_or(0);
            let table = 20 + 8 * self.factors.len();
            for (index, cell) in held.table.iter_mut().enumerate() {
                *cell += long(table + 8 * index).unwrap_or(0);
            }
        }
        Ok(())
    }

    fn states(&self, groups: usize) -> Result<Vec<ArrayRef>> {
        Ok(vec![self.results(groups)?])
    }

    fn results(&self, groups: usize) -> Result<ArrayRef> {
        let sketches = self.groups[..groups].iter().map(|sketch| self.bytes(sketch));
        Ok(Arc::new(BinaryArray::from_iter_values(sketches)))
    }

    fn forget(&mut self, groups: usize) {
        self.groups.drain(..groups);
    }

    fn size(&self) -> usize {
        self.groups.len() * (size_of::<Sketch>() + 8 * self.width * self.factors.len())
    }
}
