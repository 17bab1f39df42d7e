//! Building maps: no NULL keys, and what happens to keys that come twice.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, MapArray, StructArray};
use arrow::datatypes::{DataType, Field, FieldRef};
use arrow::row::{Row, Rows};
use arrow::util::display::{ArrayFormatter, FormatOptions};
use floe_base::error::Kind;
use floe_base::{Error, Result};

use crate::Call;
use crate::family::array::_list::{Gather, is_null, keys, normalised};

/// The type of a map.
pub(crate) fn map_type(key: &DataType, value: &DataType, nullable: bool) -> DataType {
    floe_syntax::data_type::map_of(Field::new("key", key.clone(), false), Field::new("value", value.clone(), nullable))
}

/// The type of a map of these fields, renamed as a map's are.
pub(crate) fn map_of(key: &Field, value: &Field, nullable: bool) -> DataType {
    floe_syntax::data_type::map_of(
        key.clone().with_name("key").with_nullable(false),
        value.clone().with_name("value").with_nullable(nullable),
    )
}

/// The fields of a map's key and value.
pub(crate) fn entry_fields(map: &DataType) -> Result<(FieldRef, FieldRef)> {
    if let DataType::Map(entries, _) = map
        && let DataType::Struct(fields) = entries.data_type()
        && let [key, value] = fields.as_ref()
    {
        return Ok((key.clone(), value.clone()));
    }
    Err(Error::internal(format!("{map} is not a map")))
}

/// `spark.sql.mapKeyDedupPolicy`: does the last of equal keys win (`LAST_WIN`), or is it an error (`EXCEPTION`)?
pub(crate) fn last_wins(call: &Call<'_>) -> bool {
    call.context.conf("spark.sql.mapKeyDedupPolicy", "EXCEPTION").eq_ignore_ascii_case("LAST_WIN")
}

/// The keys a builder takes from, and their comparable form: made before it, for it borrows them.
pub(crate) struct Keys {
    sources: Vec<ArrayRef>,
    rows: Vec<Rows>,
}

impl Keys {
    /// Keys that are made one by one: of numbers with a fraction there is one NaN and one zero (Spark 4.1
    /// `ArrayBasedMapBuilder.put`, which does not look into arrays and structs).
    pub(crate) fn normal(sources: Vec<ArrayRef>) -> Result<Self> {
        let one = |source: &ArrayRef| match source.data_type() {
            DataType::Float32 | DataType::Float64 => normalised(source),
            _ => Ok(source.clone()),
        };
        Self::new(sources.iter().map(one).collect::<Result<Vec<_>>>()?)
    }

    pub(crate) fn new(sources: Vec<ArrayRef>) -> Result<Self> {
        let rows = keys(&sources)?;
        Ok(Self { sources, rows })
    }
}

/// Builds maps row by row.
pub(crate) struct Entries<'a> {
    source: &'a Keys,
    keys: Gather,
    values: Gather,
    /// The keys of the row so far, with their places in it.
    seen: HashMap<Row<'a>, usize>,
    entries: Vec<((usize, usize), Option<(usize, usize)>)>,
    last_wins: bool,
}

impl<'a> Entries<'a> {
    pub(crate) fn new(source: &'a Keys, values: Vec<ArrayRef>, rows: usize, last_wins: bool) -> Self {
        Self {
            source,
            keys: Gather::new(source.sources.clone(), rows),
            values: Gather::new(values, rows),
            seen: HashMap::new(),
            entries: Vec::new(),
            last_wins,
        }
    }

    /// One entry of the row: places of key and value as (source, index); no value is NULL.
    pub(crate) fn push(&mut self, key: (usize, usize), value: Option<(usize, usize)>) -> Result<()> {
        let (Some(source), Some(rows)) = (self.source.sources.get(key.0), self.source.rows.get(key.0)) else {
            return Err(Error::internal("a map's key comes from nowhere"));
        };
        if is_null(source, key.1) {
            return Err(Error::new(Kind::Runtime, "NULL_MAP_KEY"));
        }
        let place = self.entries.len();
        let known = *self.seen.entry(rows.row(key.1)).or_insert(place);
        match self.entries.get_mut(known) {
            None => self.entries.push((key, value)),
            Some(entry) if self.last_wins => entry.1 = value,
            Some(_) => return Err(duplicate(source, key.1)),
        }
        Ok(())
    }

    pub(crate) fn end_row(&mut self, valid: bool) -> Result<()> {
        for (key, value) in self.entries.drain(..) {
            self.keys.pick(key.0, key.1);
            match value {
                Some((source, index)) => self.values.pick(source, index),
                None => self.values.pick_null(),
            }
        }
        self.seen.clear();
        self.keys.end_row(valid)?;
        self.values.end_row(valid)
    }

    /// The maps, of the given type.
    pub(crate) fn finish(self, data_type: &DataType) -> Result<ArrayRef> {
        let (key, value) = entry_fields(data_type)?;
        let (keys, offsets, mut validity) = self.keys.values(key.data_type())?;
        let (values, _, _) = self.values.values(value.data_type())?;
        let entries = StructArray::try_new(vec![key, value].into(), vec![keys, values], None)?;
        let DataType::Map(field, ordered) = data_type else {
            return Err(Error::internal(format!("{data_type} is not a map")));
        };
        Ok(Arc::new(MapArray::try_new(field.clone(), offsets, entries, validity.finish(), *ordered)?))
    }
}

/// Spark 4.1 `DUPLICATED_MAP_KEY`.
fn duplicate(source: &ArrayRef, index: usize) -> Error {
    let shown = match source.data_type() {
        DataType::Utf8 => source.as_string::<i32>().value(index).to_string(),
        _ => ArrayFormatter::try_new(source, &FormatOptions::default())
            .map(|formatter| formatter.value(index).to_string())
            .unwrap_or_default(),
    };
    Error::new(Kind::Runtime, "DUPLICATED_MAP_KEY")
        .with("key", shown)
        .with("mapKeyDedupPolicy", "\"spark.sql.mapKeyDedupPolicy\"")
}
