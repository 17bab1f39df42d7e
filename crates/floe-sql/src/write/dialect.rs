//! What an engine is asked about its SQL: small questions, each with a plain answer or [`Refused`].

use std::sync::Arc;

use arrow_schema::{DataType, FieldRef};
use datafusion::logical_expr::{AggregateUDF, Expr, Filter, Operator, ScalarUDF, TableScan, WindowUDF};
use datafusion::scalar::ScalarValue;

use super::Refused;

/// An expression that has no spelling in the engine.
pub struct Foreign<'a> {
    pub expr: &'a Expr,
    pub arguments: &'a [Argument],
    pub gives: FieldRef,
    /// About how many rows it is computed for.
    pub rows: u64,
}

/// A call as an engine writes it: a text in which `{0}`, `{1}`, … stand for the arguments.
///
/// An aggregate's text also has `{distinct}` before the arguments of each aggregate in it, and `{filter}` and `{over}`
/// behind it; one of a window function may have `{nulls}` where IGNORE NULLS goes. Where the engine's aggregates are only the parts of the result, `finish` puts the parts together.
#[derive(Clone, Debug)]
pub struct Spelling {
    pub parts: Vec<String>,
    /// Another text that computes in fewer digits and raises where those are too few.
    pub narrow: Option<String>,
    pub finish: Option<Arc<ScalarUDF>>,
}

impl Spelling {
    pub fn of(text: impl Into<String>) -> Self {
        Self { parts: vec![text.into()], narrow: None, finish: None }
    }

    /// With IGNORE NULLS where a window function asks for it: at `{nulls}`; `None` where the text has no place for it.
    pub(super) fn with_nulls(mut self, ignored: bool) -> Option<Self> {
        if ignored && !self.parts.iter().all(|part| part.contains("{nulls}")) {
            return None;
        }
        let text = if ignored { " IGNORE NULLS" } else { "" };
        self.parts.iter_mut().for_each(|part| *part = part.replace("{nulls}", text));
        Some(self)
    }

    /// Whether all of it may stand over the frames of a window.
    pub(super) fn takes_over(&self) -> bool {
        self.parts.iter().all(|part| part.contains("{over}"))
    }
}

/// A value that a foreign expression needs from the engine: its text there, and its type.
#[derive(Clone, Debug)]
pub struct Argument {
    pub text: String,
    pub field: FieldRef,
}

/// The SQL of one engine, over one plan.
pub trait Dialect {
    /// The engine's name of a type.
    fn type_name(&self, data_type: &DataType) -> Result<String, Refused>;

    /// A constant, its type included.
    fn literal(&self, value: &ScalarValue) -> Result<String, Refused>;

    /// What tells the table's rows from those of other scans; `None` where they are like no other's.
    fn rows(&self, scan: &TableScan) -> Option<String>;

    /// About how many rows the table gives; 0 where that is of no interest.
    fn row_count(&self, scan: &TableScan) -> u64;

    /// A query over the table that gives these of its columns, by their places, under these names.
    fn scan(&self, scan: &TableScan, columns: &[(usize, String)]) -> Result<String, Refused>;

    /// The filter's condition for where an error that Spark would not raise is allowed, if there is another one.
    fn loosened(&self, filter: &Filter) -> Option<Expr>;

    /// Whether a subquery over a row's columns is computed once for all rows with the same.
    fn correlates(&self) -> bool {
        false
    }

    /// A cast that gives Spark's answer for every value.
    fn cast(&self, value: &str, from: &DataType, to: &DataType) -> Option<String>;

    /// An operator on operands of these types that gives Spark's answer; with few digits, where `narrow` allows them.
    fn operator(
        &self,
        operator: Operator,
        left: Argument,
        right: Argument,
        gives: &DataType,
        narrow: bool,
    ) -> Option<String>;

    fn function(&self, function: &ScalarUDF) -> Option<Spelling>;

    fn aggregate(&self, function: &AggregateUDF, arguments: &[DataType], distinct: bool) -> Option<Spelling>;

    /// The type in which the engine finds the groups of a key best that has no value beyond this, on either side of zero;
    /// `None`: in the key's own.
    fn key_type(&self, _bound: u64) -> Option<&'static str> {
        None
    }

    fn window(&self, function: &WindowUDF) -> Option<Spelling>;

    /// An expression that has no spelling there. Its columns are named by [`foreign_column`], one for each argument.
    /// An engine that can call back into this process may still run it.
    fn foreign(&self, foreign: &Foreign<'_>, why: Refused) -> Result<String, Refused>;
}

/// The name of a foreign expression's nth column.
pub(super) fn foreign_column(index: usize) -> String {
    format!("a{index}")
}

/// The text of a spelling with these arguments.
pub(super) fn filled(text: &str, arguments: &[String], named: &[(&str, &str)]) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, opened)) = rest.split_once('{') {
        out.push_str(before);
        let Some((name, after)) = opened.split_once('}') else {
            out.push('{');
            rest = opened;
            continue;
        };
        let known = named.iter().find(|(known, _)| *known == name).map(|(_, value)| *value);
        match name.parse::<usize>().ok().and_then(|index| arguments.get(index)) {
            Some(argument) => out.push_str(argument),
            None => out.push_str(known.unwrap_or_default()),
        }
        rest = after;
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ignore_nulls_needs_a_place() {
        let parts = |spelling: Option<Spelling>| spelling.map(|spelling| spelling.parts.concat());
        let lag = || Spelling::of("lag({0}{nulls}){over}");
        assert_eq!(parts(lag().with_nulls(true)).as_deref(), Some("lag({0} IGNORE NULLS){over}"));
        assert_eq!(parts(lag().with_nulls(false)).as_deref(), Some("lag({0}){over}"));
        assert_eq!(parts(Spelling::of("rank(){over}").with_nulls(true)), None);
    }

    #[test]
    fn arguments_take_their_places_and_are_not_read_again() {
        let arguments = ["'{1}'".to_string(), "b".to_string()];
        assert_eq!(filled("f({1}, {0}){over}", &arguments, &[("over", " OVER ()")]), "f(b, '{1}') OVER ()");
    }
}
