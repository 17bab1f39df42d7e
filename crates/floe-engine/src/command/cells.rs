//! Rows that a command tells, built column by column.

use std::sync::Arc;

use arrow::array::{ArrayRef, BooleanArray, RecordBatch, RecordBatchOptions, StringArray};
use arrow::datatypes::{Field, Schema};
use floe_base::Result;

use crate::Execution;

/// A column: name, nullable, values.
pub(super) type Column<'a> = (&'a str, bool, ArrayRef);

pub(super) fn texts<S: Into<String>>(values: impl IntoIterator<Item = S>) -> ArrayRef {
    Arc::new(values.into_iter().map(|value| Some(value.into())).collect::<StringArray>())
}

pub(super) fn optional<S: Into<String>>(values: impl IntoIterator<Item = Option<S>>) -> ArrayRef {
    Arc::new(values.into_iter().map(|value| value.map(Into::into)).collect::<StringArray>())
}

pub(super) fn booleans(values: impl IntoIterator<Item = bool>) -> ArrayRef {
    Arc::new(values.into_iter().map(Some).collect::<BooleanArray>())
}

/// The columns as one batch.
pub(super) fn batch(columns: Vec<Column<'_>>) -> Result<RecordBatch> {
    let rows = columns.first().map(|(_, _, values)| values.len());
    let field = |(name, nullable, values): &Column<'_>| Field::new(*name, values.data_type().clone(), *nullable);
    let schema = Arc::new(Schema::new(columns.iter().map(field).collect::<Vec<_>>()));
    let values = columns.into_iter().map(|(_, _, values)| values).collect();
    let options = RecordBatchOptions::new().with_row_count(rows);
    Ok(RecordBatch::try_new_with_options(schema, values, &options)?)
}

/// The columns as a command's result.
pub(super) fn told(columns: Vec<Column<'_>>) -> Result<Execution> {
    Ok(Execution::batch(batch(columns)?))
}

/// Spark's `LIKE` of SHOW statements: `*` is any text, `|` alternatives, letters in any case (`StringUtils.filterPattern`).
pub(super) fn matches(pattern: Option<&str>, name: &str) -> bool {
    let Some(pattern) = pattern else { return true };
    pattern.split('|').any(|alternative| {
        glob(
            &alternative.trim().to_lowercase().chars().collect::<Vec<_>>(),
            &name.to_lowercase().chars().collect::<Vec<_>>(),
        )
    })
}

fn glob(pattern: &[char], text: &[char]) -> bool {
    match pattern.split_first() {
        None => text.is_empty(),
        Some((&'*', rest)) => (0..=text.len()).any(|skip| glob(rest, &text[skip..])),
        Some((&'%', rest)) if rest.is_empty() => true,
        Some((letter, rest)) => {
            text.split_first().is_some_and(|(first, tail)| (*letter == '.' || first == letter) && glob(rest, tail))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn patterns_are_sparks() {
        assert!(matches(None, "x"));
        assert!(matches(Some("*"), ""));
        assert!(matches(Some("A*c|zz"), "abc"));
        assert!(matches(Some("A*c|zz"), "ZZ"));
        assert!(!matches(Some("a*d"), "abc"));
    }
}
