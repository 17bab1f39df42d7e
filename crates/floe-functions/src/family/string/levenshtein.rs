//! `levenshtein(str1, str2[, threshold])`: the number of edits between two texts, -1 above the threshold.

use arrow::datatypes::{DataType, Int32Type};
use floe_base::Result;

use super::_text::{int, nullable, text};
use crate::rows::{self, Ints, Texts};
use crate::{Call, Function, Typed};

pub(crate) const FUNCTIONS: &[Function] = &[Function::scalar("levenshtein", bind).usage(
    "levenshtein(str1, str2[, threshold]) - Returns the number of edits between the texts, -1 above threshold.",
)];

fn bind(call: &Call<'_>) -> Result<Typed> {
    call.between(2, 3)?;
    let mut arguments = vec![text(call, 0)?, text(call, 1)?];
    if call.arguments.len() == 3 {
        arguments.push(int(call, 2)?);
    }
    let nullable = nullable(&arguments.iter().collect::<Vec<_>>());
    Ok(call.kernel("", arguments, DataType::Int32, nullable, |arguments| {
        let (lefts, rights) = (Texts::of(arguments, 0)?, Texts::of(arguments, 1)?);
        let thresholds = if arguments.values.len() == 3 { Some(Ints::of(arguments, 2)?) } else { None };
        rows::numbers::<Int32Type>(arguments, |row| {
            let (Some(left), Some(right)) = (lefts.at(row), rights.at(row)) else { return Ok(None) };
            let distance = i32::try_from(distance(left, right)).unwrap_or(i32::MAX);
            let Some(thresholds) = &thresholds else { return Ok(Some(distance)) };
            // A threshold that is NULL counts as 0 (Spark 4.1 `Levenshtein.eval`).
            let threshold = thresholds.at(row).unwrap_or(0);
            Ok(Some(if distance <= threshold { distance } else { -1 }))
        })
    }))
}

fn distance(left: &str, right: &str) -> usize {
    let right: Vec<char> = right.chars().collect();
    let mut costs: Vec<usize> = (0..=right.len()).collect();
    for (row, letter) in left.chars().enumerate() {
        let mut diagonal = row;
        let mut before = row + 1;
        for (cost, other) in costs.iter_mut().skip(1).zip(&right) {
            let replaced = diagonal + usize::from(letter != *other);
            diagonal = *cost;
            before = replaced.min(*cost + 1).min(before + 1);
            *cost = before;
        }
        if let Some(first) = costs.first_mut() {
            *first = row + 1;
        }
    }
    costs.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    #[test]
    fn counts_edits() {
        for (left, right, edits) in
            [("kitten", "sitting", 3), ("", "abc", 3), ("äb", "ab", 1), ("abc", "", 3), ("a", "a", 0)]
        {
            assert_eq!(super::distance(left, right), edits, "{left} {right}");
        }
    }
}
