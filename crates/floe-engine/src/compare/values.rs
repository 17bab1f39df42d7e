//! A row as bytes that are the same for the same values, whatever the batch around it; its floats stand apart.
//!
//! Types are those that travel to Spark's clients; both sides come in that form. Entries of a map have no order.

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, PrimitiveArray, RecordBatch};
use arrow::buffer::{Buffer, NullBuffer, OffsetBuffer};
use arrow::datatypes::{DataType, Float32Type, Float64Type};
use floe_base::{Error, Result};

/// One row, written by [`Rows::read`].
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Row {
    /// Everything but the floats; where they stand shows too.
    pub(super) exact: Vec<u8>,
    /// The floats in their order.
    pub(super) floats: Vec<f64>,
}

impl Row {
    fn clear(&mut self) {
        self.exact.clear();
        self.floats.clear();
    }

    /// The floats' bits; every NaN has the same.
    pub(super) fn float_bits(&self) -> impl Iterator<Item = u64> + '_ {
        self.floats.iter().map(|float| if float.is_nan() { f64::NAN.to_bits() } else { float.to_bits() })
    }
}

/// The columns of a batch, ready to be read row by row.
pub(super) struct Rows {
    columns: Vec<Column>,
}

impl Rows {
    pub(super) fn of(batch: &RecordBatch) -> Result<Self> {
        Ok(Self { columns: batch.columns().iter().map(Column::of).collect::<Result<_>>()? })
    }

    /// Writes a row over what `row` held.
    pub(super) fn read(&self, at: usize, row: &mut Row) {
        row.clear();
        for column in &self.columns {
            column.read(at, row);
        }
    }
}

struct Column {
    nulls: Option<NullBuffer>,
    kind: Kind,
}

enum Kind {
    Null,
    Boolean(BooleanArray),
    /// Values of so many bytes each.
    Fixed(Buffer, usize),
    Float(PrimitiveArray<Float32Type>),
    Double(PrimitiveArray<Float64Type>),
    /// Texts and binaries: offsets into bytes.
    Bytes(OffsetBuffer<i32>, Buffer),
    List(OffsetBuffer<i32>, Box<Column>),
    Map(OffsetBuffer<i32>, Box<Column>, Box<Column>),
    Struct(Vec<Column>),
}

impl Column {
    fn of(array: &ArrayRef) -> Result<Self> {
        let kind = match array.data_type() {
            DataType::Null => Kind::Null,
            DataType::Boolean => Kind::Boolean(array.as_boolean().clone()),
            DataType::Float32 => Kind::Float(array.as_primitive().clone()),
            DataType::Float64 => Kind::Double(array.as_primitive().clone()),
            DataType::Utf8 => {
                let texts = array.as_string::<i32>();
                Kind::Bytes(texts.offsets().clone(), texts.values().clone())
            }
            DataType::Binary => {
                let bytes = array.as_binary::<i32>();
                Kind::Bytes(bytes.offsets().clone(), bytes.values().clone())
            }
            DataType::List(_) => {
                let list = array.as_list::<i32>();
                Kind::List(list.offsets().clone(), Box::new(Self::of(list.values())?))
            }
            DataType::Map(..) => {
                let map = array.as_map();
                let (keys, values) = (Self::of(map.keys())?, Self::of(map.values())?);
                Kind::Map(map.offsets().clone(), Box::new(keys), Box::new(values))
            }
            DataType::Struct(_) => {
                Kind::Struct(array.as_struct().columns().iter().map(Self::of).collect::<Result<_>>()?)
            }
            other => {
                let width = other
                    .primitive_width()
                    .ok_or_else(|| Error::unsupported(format!("comparing values that travel as {other}")))?;
                let data = array.to_data();
                let start = data.offset() * width;
                Kind::Fixed(data.buffers()[0].slice_with_length(start, data.len() * width), width)
            }
        };
        Ok(Self { nulls: array.logical_nulls(), kind })
    }

    fn read(&self, at: usize, row: &mut Row) {
        if self.nulls.as_ref().is_some_and(|nulls| nulls.is_null(at)) {
            return row.exact.push(0);
        }
        row.exact.push(1);
        match &self.kind {
            // A column of nulls has a null for every row; there is nothing else to tell.
            Kind::Null => {}
            Kind::Boolean(values) => row.exact.push(u8::from(values.value(at))),
            Kind::Fixed(bytes, width) => row.exact.extend_from_slice(&bytes[at * width..(at + 1) * width]),
            Kind::Float(values) => row.floats.push(f64::from(values.value(at))),
            Kind::Double(values) => row.floats.push(values.value(at)),
            Kind::Bytes(offsets, bytes) => {
                let value = &bytes[range(offsets, at)];
                row.exact.extend_from_slice(&value.len().to_le_bytes());
                row.exact.extend_from_slice(value);
            }
            Kind::List(offsets, elements) => {
                let range = range(offsets, at);
                row.exact.extend_from_slice(&range.len().to_le_bytes());
                range.for_each(|element| elements.read(element, row));
            }
            Kind::Map(offsets, keys, values) => read_map(range(offsets, at), keys, values, row),
            Kind::Struct(members) => members.iter().for_each(|member| member.read(at, row)),
        }
    }
}

/// The entries in the order of their keys.
fn read_map(range: std::ops::Range<usize>, keys: &Column, values: &Column, row: &mut Row) {
    row.exact.extend_from_slice(&range.len().to_le_bytes());
    let mut entries: Vec<(Row, usize)> = range
        .map(|entry| {
            let mut key = Row::default();
            keys.read(entry, &mut key);
            (key, entry)
        })
        .collect();
    entries.sort_by(|(left, _), (right, _)| {
        left.exact.cmp(&right.exact).then_with(|| left.float_bits().cmp(right.float_bits()))
    });
    for (key, entry) in entries {
        row.exact.extend_from_slice(&key.exact);
        row.floats.extend_from_slice(&key.floats);
        values.read(entry, row);
    }
}

fn range(offsets: &OffsetBuffer<i32>, at: usize) -> std::ops::Range<usize> {
    // Arrow's offsets are never negative.
    offsets[at] as usize..offsets[at + 1] as usize
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{Decimal128Array, Float64Builder, NullArray, StructArray};
    use arrow::array::{Float64Array, Int32Array, Int64Array, ListArray, MapBuilder, StringArray, StringBuilder};
    use arrow::datatypes::{Field, Int32Type};

    use super::*;

    fn rows(array: impl Array + 'static) -> Vec<Row> {
        let column = Column::of(&(Arc::new(array) as ArrayRef)).expect("a known type");
        let read = |at| {
            let mut row = Row::default();
            column.read(at, &mut row);
            row
        };
        match &column.kind {
            Kind::Fixed(bytes, width) => (0..bytes.len() / width).map(read).collect(),
            _ => (0..3).map(read).collect(),
        }
    }

    #[test]
    fn a_slice_reads_as_the_values_it_shows() {
        let whole = Int64Array::from(vec![Some(7), None, Some(9), Some(7)]);
        let found = rows(whole.slice(1, 3));
        assert_eq!(found[0].exact, [0]);
        assert_eq!(found[1].exact[1..], 9_i64.to_le_bytes());
        assert_eq!(rows(whole)[0], found[2]);
        let decimals = Decimal128Array::from(vec![Some(150), Some(-1)]).slice(1, 1);
        assert_eq!(rows(decimals)[0].exact[1..], (-1_i128).to_le_bytes());
    }

    #[test]
    fn neighbours_do_not_run_together() {
        let pairs = |left: [&'static str; 3], right: [&'static str; 3]| {
            let members = [("a", left), ("b", right)].map(|(name, texts)| {
                let field = Arc::new(Field::new(name, DataType::Utf8, true));
                (field, Arc::new(StringArray::from_iter_values(texts)) as ArrayRef)
            });
            rows(StructArray::from(members.to_vec()))
        };
        let found = pairs(["ab", "a", ""], ["c", "bc", "abc"]);
        assert!(found[0] != found[1] && found[1] != found[2] && found[0] != found[2]);
        let lists = [Some(vec![Some(1)]), Some(vec![None]), None];
        let found = rows(ListArray::from_iter_primitive::<Int32Type, _, _>(lists));
        assert!(found[0] != found[1] && found[1] != found[2]);
    }

    #[test]
    fn floats_stand_apart_and_their_nulls_do_not() {
        let found = rows(Float64Array::from(vec![Some(1.5), None, Some(f64::NAN)]));
        assert_eq!((found[0].exact.as_slice(), found[0].floats.as_slice()), ([1].as_slice(), [1.5].as_slice()));
        assert_eq!((found[1].exact.as_slice(), found[1].floats.len()), ([0].as_slice(), 0));
        let other = f64::from_bits(f64::NAN.to_bits() | 1);
        assert!(found[2].float_bits().eq(rows(Float64Array::from(vec![other, 0.0, 0.0]))[0].float_bits()));
    }

    #[test]
    fn entries_of_a_map_have_no_order() {
        let mut maps = MapBuilder::new(None, StringBuilder::new(), Float64Builder::new());
        for entries in [[("a", 1.0), ("b", 2.0)], [("b", 2.0), ("a", 1.0)], [("a", 2.0), ("b", 1.0)]] {
            for (key, value) in entries {
                maps.keys().append_value(key);
                maps.values().append_value(value);
            }
            maps.append(true).expect("as many values as keys");
        }
        let found = rows(maps.finish());
        assert_eq!(found[0], found[1]);
        assert_eq!(found[0].exact, found[2].exact);
        assert_ne!(found[0].floats, found[2].floats);
    }

    #[test]
    fn nulls_of_any_type_are_read() {
        assert_eq!(rows(NullArray::new(3))[2].exact, [0]);
        assert_eq!(rows(Int32Array::from(vec![None::<i32>; 3]))[2].exact, [0]);
    }
}
