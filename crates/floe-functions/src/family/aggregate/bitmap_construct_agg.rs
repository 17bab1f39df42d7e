//! `bitmap_construct_agg`, `bitmap_or_agg` and `bitmap_and_agg`: bitmaps of 4096 bytes, made of positions or of bitmaps.

use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, BinaryArray};
use arrow::datatypes::{DataType, Int64Type};
use floe_base::{Error, Kind, Result};

use super::_aggregate::{Groups, own};
use crate::{Call, Function, Typed};

pub(crate) const FUNCTIONS: &[Function] = &[
    Function::aggregate("bitmap_construct_agg", bind)
        .usage("bitmap_construct_agg(child) - Returns a bitmap with the positions of the bits set from all the values from the child expression."),
    Function::aggregate("bitmap_or_agg", bind)
        .usage("bitmap_or_agg(child) - Returns a bitmap that is the bitwise OR of all of the bitmaps from the child expression."),
    Function::aggregate("bitmap_and_agg", bind)
        .usage("bitmap_and_agg(child) - Returns a bitmap that is the bitwise AND of all of the bitmaps from the child expression."),
];

const BYTES: usize = 4096;

#[derive(Clone, Copy, Debug, PartialEq)]
enum Of {
    Positions,
    Union,
    Intersection,
}

fn bind(call: &Call<'_>) -> Result<Typed> {
    let [_] = call.exactly()?;
    let (of, value) = match call.name {
        "bitmap_construct_agg" => (Of::Positions, call.coerced(0, &DataType::Int64, "\"BIGINT\"")?),
        "bitmap_or_agg" => (Of::Union, call.coerced(0, &DataType::Binary, "\"BINARY\"")?),
        _ => (Of::Intersection, call.coerced(0, &DataType::Binary, "\"BINARY\"")?),
    };
    Ok(own(call, "", vec![value], (DataType::Binary, false), vec![DataType::Binary], move || {
        Ok(Bitmaps { of, groups: Vec::new() })
    }))
}

struct Bitmaps {
    of: Of,
    groups: Vec<Vec<u8>>,
}

impl Bitmaps {
    fn combine(&mut self, group: usize, bytes: &[u8]) {
        let is_intersection = self.of == Of::Intersection;
        for (index, held) in self.groups[group].iter_mut().enumerate() {
            let other = bytes.get(index).copied().unwrap_or(0);
            *held = if is_intersection { *held & other } else { *held | other };
        }
    }
}

impl Groups for Bitmaps {
    fn grow(&mut self, groups: usize) {
        let empty = if self.of == Of::Intersection { 0xff } else { 0 };
        self.groups.resize_with(groups.max(self.groups.len()), || vec![empty; BYTES]);
    }

    fn update(&mut self, values: &[ArrayRef], groups: &[usize]) -> Result<()> {
        if self.of != Of::Positions {
            return self.merge(values, groups);
        }
        for (position, group) in values[0].as_primitive::<Int64Type>().iter().zip(groups) {
            let Some(position) = position else { continue };
            let bit = usize::try_from(position).ok().filter(|bit| *bit < 8 * BYTES).ok_or_else(|| outside(position))?;
            self.groups[*group][bit / 8] |= 1 << (bit % 8);
        }
        Ok(())
    }

    fn merge(&mut self, states: &[ArrayRef], groups: &[usize]) -> Result<()> {
        for (bytes, group) in states[0].as_binary::<i32>().iter().zip(groups) {
            if let Some(bytes) = bytes {
                self.combine(*group, bytes);
            }
        }
        Ok(())
    }

    fn states(&self, groups: usize) -> Result<Vec<ArrayRef>> {
        Ok(vec![self.results(groups)?])
    }

    fn results(&self, groups: usize) -> Result<ArrayRef> {
        Ok(Arc::new(BinaryArray::from_iter_values(self.groups[..groups].iter())))
    }

    fn forget(&mut self, groups: usize) {
        self.groups.drain(..groups);
    }

    fn size(&self) -> usize {
        self.groups.len() * (BYTES + size_of::<Vec<u8>>())
    }
}

fn outside(position: i64) -> Error {
    Error::new(Kind::ArrayIndex, "INVALID_BITMAP_POSITION")
        .with("bitPosition", position.to_string())
        .with("bitmapNumBytes", BYTES.to_string())
        .with("bitmapNumBits", (8 * BYTES).to_string())
}
