//! What the functions on text share: their parameters' coercion, and characters.

use arrow::datatypes::DataType;
use floe_base::Result;

use crate::{Call, Typed};

/// The nth argument as text.
pub(crate) fn text(call: &Call<'_>, index: usize) -> Result<Typed> {
    call.coerced(index, &DataType::Utf8, "\"STRING\"")
}

/// The nth argument, which must be text as it is: some functions read nothing else as text (`ExpectsInputTypes`).
pub(crate) fn text_only(call: &Call<'_>, index: usize) -> Result<Typed> {
    match call.argument(index)?.data_type {
        DataType::Utf8 | DataType::Null => text(call, index),
        _ => Err(call.unexpected_type(index, "\"STRING\"")),
    }
}

/// The nth argument as a 32-bit number.
pub(crate) fn int(call: &Call<'_>, index: usize) -> Result<Typed> {
    call.coerced(index, &DataType::Int32, "\"INT\"")
}

/// The nth argument as it is where it is binary, else as text.
pub(crate) fn text_or_binary(call: &Call<'_>, index: usize) -> Result<Typed> {
    if call.argument(index)?.data_type == DataType::Binary {
        return call.argument(index).cloned();
    }
    call.coerced(index, &DataType::Utf8, "(\"STRING\" or \"BINARY\")")
}

pub(crate) fn binary(call: &Call<'_>, index: usize) -> Result<Typed> {
    call.coerced(index, &DataType::Binary, "\"BINARY\"")
}

/// Can any of them be NULL?
pub(crate) fn nullable(arguments: &[&Typed]) -> bool {
    arguments.iter().any(|argument| argument.nullable)
}

/// How many characters, quickly where all are ASCII.
pub(crate) fn characters(text: &str) -> usize {
    if text.is_ascii() { text.len() } else { text.chars().count() }
}

/// The byte at which the nth character starts, or the end.
pub(crate) fn offset(text: &str, character: usize) -> usize {
    if text.is_ascii() {
        return character.min(text.len());
    }
    text.char_indices().nth(character).map_or(text.len(), |(at, _)| at)
}

/// The part of a sequence of `length` that SQL's `substring(_, start, count)` means, as a half-open range.
///
/// Spark 4.1 `UTF8String.substringSQL`: positions from 1, 0 is 1, negative from the end; a start before the first
/// element uses up the count.
pub(crate) fn substring_range(length: usize, start: i32, count: i32) -> std::ops::Range<usize> {
    let length = i64::try_from(length).unwrap_or(i64::MAX);
    let start = match i64::from(start) {
        start if start > 0 => start - 1,
        start if start < 0 => length + start,
        _ => 0,
    };
    let end = start.saturating_add(i64::from(count.max(0)));
    let clamp = |at: i64| usize::try_from(at.clamp(0, length)).unwrap_or(0);
    clamp(start)..clamp(end).max(clamp(start))
}
