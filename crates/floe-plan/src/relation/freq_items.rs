//! `df.freqItems(…)`: the values a column holds more often than a share of its rows. Counted exactly.

use arrow::array::{Array, ArrayRef, AsArray, ListArray, new_empty_array};
use arrow::buffer::OffsetBuffer;
use arrow::datatypes::{DataType, Field, Int64Type};
use floe_base::{Error, Origin, Result};
use floe_syntax::Literal;
use floe_syntax::Relation;
use floe_syntax::expression::Expression;
use floe_syntax::relation::{GroupBy, GroupingElement};
use std::sync::Arc;

use super::select::{Shape, Tail};
use crate::expression::{Clause, Names};
use crate::resolver::{Env, Resolver};
use crate::rows::Rows;
use crate::scope::Column;

impl Resolver<'_> {
    pub(crate) fn freq_items<'t>(
        &self,
        input: &'t Relation,
        columns: &[String],
        support: f64,
        env: &Env<'t>,
        origin: &Origin,
    ) -> Result<Rows> {
        if !(1e-4..=1.0).contains(&support) {
            return Err(Error::message(
                floe_base::Kind::IllegalArgument,
                format!("requirement failed: Support must be in [1e-4, 1], but got {support}."),
            )
            .at(origin));
        }
        let rows = self.relation(input, env)?;
        let chosen = self.named_columns(&rows, columns, origin)?;
        let mut fields = Vec::with_capacity(chosen.len());
        let mut arrays: Vec<ArrayRef> = Vec::with_capacity(chosen.len());
        for column in chosen {
            let items = self.frequent(&rows, &column, support, env, origin)?;
            let element = Arc::new(Field::new("element", column.field.data_type().clone(), false));
            let list = ListArray::try_new(element.clone(), OffsetBuffer::from_lengths([items.len()]), items, None)?;
            let field = Field::new(format!("{}_freqItems", column.name()), DataType::List(element), false);
            fields.push(Column::new(self.fresh(), field));
            arrays.push(Arc::new(list));
        }
        self.memory(fields, vec![(arrays, 1)])
    }

    fn frequent(&self, rows: &Rows, column: &Column, support: f64, env: &Env<'_>, origin: &Origin) -> Result<ArrayRef> {
        let answer = self.ask(|| {
            let (rows, mut keys) = self.unambiguous(rows.clone(), vec![column.clone()])?;
            let scope = rows.scope.clone();
            let names = Names::new(&scope, env, Clause::Select);
            let one = Expression::literal(Literal::Int(1), origin.clone());
            let group_by = GroupBy::Elements(keys.iter().cloned().map(GroupingElement::Expression).collect());
            keys.push(Expression::call("count", vec![one], origin.clone()));
            let shape = Shape { group_by: Some(&group_by), ..Shape::default() };
            crate::lower::planned_within(self.selected(rows, &keys, &names, &shape, &Tail::default())?, self)
        })?;
        let counted = |batch: &arrow::array::RecordBatch| -> Vec<i64> {
            let counts = batch.columns().get(1).and_then(|counts| counts.as_primitive_opt::<Int64Type>().cloned());
            counts.map(|counts| counts.values().to_vec()).unwrap_or_default()
        };
        let total: i64 = answer.iter().flat_map(counted).sum();
        let mut kept: Vec<ArrayRef> = Vec::new();
        for batch in &answer {
            let Some(values) = batch.columns().first() else { continue };
            let is_frequent = counted(batch).into_iter().map(|count| count as f64 > support * total as f64);
            let mask: arrow::array::BooleanArray = is_frequent.map(Some).collect();
            let mask = arrow::compute::and(&mask, &arrow::compute::is_not_null(values)?)?;
            kept.push(arrow::compute::filter(values, &mask)?);
        }
        let parts: Vec<&dyn Array> = kept.iter().map(AsRef::as_ref).collect();
        if parts.is_empty() {
            return Ok(new_empty_array(column.field.data_type()));
        }
        Ok(arrow::compute::concat(&parts)?)
    }
}
