//! What ORDER BY asks for, and whether rows come so.
//!
//! Rows whose keys are equal may stand in any order, on Spark too. So each side is held against the keys itself, and not
//! against the other side.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use arrow::compute::SortOptions;
use arrow::datatypes::{DataType as ArrowType, Float32Type, Float64Type, SchemaRef};
use arrow::row::{OwnedRow, RowConverter, SortField};
use floe_base::Result;
use floe_syntax::expression::SortOrder;
use floe_syntax::{ExpressionKind, Field, Literal, Relation, RelationKind, Statement};

/// The order a query asks for.
#[derive(Clone, Debug, PartialEq)]
pub struct Order {
    /// Columns by their position, from 0. `None`: by something that the rows do not show.
    keys: Option<Vec<(usize, SortOptions)>>,
}

impl Order {
    /// The order of a statement whose result has these columns; `None` where it asks for none.
    pub fn of(statement: &Statement, columns: &[Field]) -> Option<Self> {
        let Statement::Query(relation) = statement else { return None };
        asked(relation, columns)
    }

    /// True when rows show their place, so that ties can be told from a wrong order.
    pub fn is_visible(&self) -> bool {
        self.keys.is_some()
    }

    pub(super) fn watch(&self) -> Option<Watch> {
        Some(Watch { keys: self.keys.clone()?, converter: None, last: None, rows: 0, misplaced: None })
    }
}

/// The ORDER BY that holds for the rows as they come: that of the outermost query, or of what it hands through.
fn asked(relation: &Relation, columns: &[Field]) -> Option<Order> {
    let RelationKind::Query(query) = relation.kind.as_ref() else { return None };
    if let Some((ascending, nulls_first)) = query.order_by_all {
        let all = (0..columns.len()).map(|at| (at, options(ascending, nulls_first)));
        return Some(visible(all.collect(), columns));
    }
    if query.order_by.is_empty() {
        let hands_through = query.sort_by.is_empty() && query.cluster_by.is_empty() && query.distribute_by.is_empty();
        return if hands_through { asked(&query.body, columns) } else { None };
    }
    let keys: Option<Vec<_>> = query.order_by.iter().map(|order| key(order, columns)).collect();
    Some(keys.map_or(Order { keys: None }, |keys| visible(keys, columns)))
}

/// Keys that can be held against each other here: not those with values inside.
fn visible(keys: Vec<(usize, SortOptions)>, columns: &[Field]) -> Order {
    use floe_syntax::DataType as T;
    let is_plain = |(at, _): &(usize, SortOptions)| {
        !matches!(
            columns[*at].data_type,
            T::Array { .. } | T::Map { .. } | T::Struct(_) | T::Variant | T::CalendarInterval
        )
    };
    Order { keys: keys.iter().all(is_plain).then_some(keys) }
}

fn options(ascending: bool, nulls_first: bool) -> SortOptions {
    SortOptions { descending: !ascending, nulls_first }
}

/// A bare name that one column has, or a column's number. A name with a qualifier may mean a column that is not shown.
fn key(order: &SortOrder, columns: &[Field]) -> Option<(usize, SortOptions)> {
    let at = match &order.child.kind {
        ExpressionKind::Attribute(attribute) => {
            let [name] = attribute.parts.as_slice() else { return None };
            let mut found = columns.iter().enumerate().filter(|(_, field)| field.name.eq_ignore_ascii_case(name));
            let (at, _) = found.next()?;
            found.next().is_none().then_some(at)?
        }
        ExpressionKind::Literal(Literal::Int(number)) => usize::try_from(*number).ok()?.checked_sub(1)?,
        _ => return None,
    };
    (at < columns.len()).then(|| (at, options(order.ascending, order.nulls_first)))
}

/// Rows as they come, each held against the one before.
#[derive(Debug)]
pub(super) struct Watch {
    keys: Vec<(usize, SortOptions)>,
    converter: Option<RowConverter>,
    last: Option<OwnedRow>,
    rows: u64,
    misplaced: Option<u64>,
}

impl Clone for Watch {
    /// What was seen, without the means to see more.
    fn clone(&self) -> Self {
        Self { keys: self.keys.clone(), converter: None, last: None, rows: self.rows, misplaced: self.misplaced }
    }
}

impl Watch {
    pub(super) fn push(&mut self, batch: &RecordBatch) -> Result<()> {
        if self.misplaced.is_some() || batch.num_rows() == 0 {
            return Ok(());
        }
        let columns: Vec<ArrayRef> = self.keys.iter().map(|(at, _)| plain(batch.column(*at))).collect();
        let converter = match &mut self.converter {
            Some(converter) => converter,
            None => self.converter.insert(converter(&self.keys, &batch.schema())?),
        };
        let rows = converter.convert_columns(&columns)?;
        let before = self.last.as_ref().is_some_and(|last| last.row() > rows.row(0)).then_some(0);
        let within = || (1..rows.num_rows()).find(|at| rows.row(at - 1) > rows.row(*at));
        self.misplaced = before.or_else(within).map(|at| self.rows + at as u64 + 1);
        self.rows += rows.num_rows() as u64;
        self.last = Some(rows.row(rows.num_rows() - 1).owned());
        Ok(())
    }

    pub(super) fn misplaced(&self) -> Option<u64> {
        self.misplaced
    }
}

fn converter(keys: &[(usize, SortOptions)], schema: &SchemaRef) -> Result<RowConverter> {
    let field = |(at, options): &(usize, SortOptions)| {
        SortField::new_with_options(schema.field(*at).data_type().clone(), *options)
    };
    Ok(RowConverter::new(keys.iter().map(field).collect())?)
}

/// In an order all NaN are one and the largest, and the two zeros are one (Spark 4.1, `SQLOrderingUtil`).
fn plain(array: &ArrayRef) -> ArrayRef {
    match array.data_type() {
        ArrowType::Float64 => {
            let one = |float: f64| if float.is_nan() { f64::NAN } else { float + 0.0 };
            Arc::new(array.as_primitive::<Float64Type>().unary::<_, Float64Type>(one))
        }
        ArrowType::Float32 => {
            let one = |float: f32| if float.is_nan() { f32::NAN } else { float + 0.0 };
            Arc::new(array.as_primitive::<Float32Type>().unary::<_, Float32Type>(one))
        }
        _ => array.clone(),
    }
}

#[cfg(test)]
mod tests {
    use arrow::array::{Float64Array, StringArray};
    use floe_syntax::DataType;

    use super::*;

    fn order(text: &str) -> Option<Order> {
        let statement = floe_sql::parse_statement(&floe_base::SqlSource::new(text)).expect("SQL");
        let field = |name: &str| Field {
            name: name.into(),
            data_type: if name == "l" { DataType::Struct(vec![]) } else { DataType::Double },
            nullable: true,
            comment: None,
            metadata: None,
        };
        Order::of(&statement, &["a", "b", "l"].map(field))
    }

    fn keys(text: &str) -> Option<Vec<(usize, bool, bool)>> {
        let keys = order(text).expect("an order").keys?;
        Some(keys.into_iter().map(|(at, options)| (at, options.descending, options.nulls_first)).collect())
    }

    #[test]
    fn keys_are_columns_by_name_and_by_number() {
        assert_eq!(keys("SELECT * FROM t ORDER BY B DESC, 1"), Some(vec![(1, true, false), (0, false, true)]));
        assert_eq!(keys("(SELECT * FROM t ORDER BY a NULLS LAST) LIMIT 3"), Some(vec![(0, false, false)]));
        assert_eq!(keys("WITH x AS (SELECT 1) SELECT * FROM x ORDER BY a"), Some(vec![(0, false, true)]));
        for hidden in ["a + 1", "t.a", "c", "7", "l"] {
            assert_eq!(keys(&format!("SELECT * FROM t ORDER BY {hidden}")), None, "{hidden}");
        }
    }

    #[test]
    fn an_order_inside_is_none() {
        for text in
            ["SELECT * FROM (SELECT * FROM t ORDER BY a)", "SELECT * FROM t SORT BY a", "SELECT * FROM t LIMIT 1"]
        {
            assert_eq!(order(text), None, "{text}");
        }
    }

    fn misplaced(text: &str, batches: &[&[Option<f64>]]) -> Option<u64> {
        let mut watch = order(text).and_then(|order| order.watch()).expect("keys");
        for floats in batches {
            let floats = Arc::new(Float64Array::from(floats.to_vec())) as ArrayRef;
            let texts = Arc::new(StringArray::from(vec!["x"; floats.len()])) as ArrayRef;
            watch.push(&RecordBatch::try_from_iter([("a", floats), ("b", texts)]).expect("a batch")).expect("floats");
        }
        watch.misplaced()
    }

    #[test]
    fn rows_out_of_order_are_found_across_batches_and_ties_are_none() {
        let ascending = "SELECT * FROM t ORDER BY a";
        assert_eq!(misplaced(ascending, &[&[None, Some(1.0)], &[Some(1.0), Some(f64::NAN)]]), None);
        assert_eq!(misplaced(ascending, &[&[Some(1.0), Some(2.0)], &[Some(1.5)]]), Some(3));
        assert_eq!(misplaced(ascending, &[&[Some(0.0), Some(-0.0), None]]), Some(3));
        assert_eq!(misplaced("SELECT * FROM t ORDER BY a DESC", &[&[Some(2.0), Some(1.0), None]]), None);
    }
}
