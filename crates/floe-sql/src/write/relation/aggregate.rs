//! Groups and what is computed over them.

use datafusion::common::DFSchema;
use datafusion::logical_expr::expr::GroupingSet;
use datafusion::logical_expr::{Aggregate, Expr, LogicalPlan};

use super::bounded;
use crate::write::block::Block;
use crate::write::{Refused, Result, Writer, column};

impl Writer<'_> {
    pub(super) fn aggregate(self, aggregate: &Aggregate) -> Result<Block> {
        let input = aggregate.input.schema();
        let names = column::all(&aggregate.schema);
        // First of all, for then it is known what is read.
        let rows = self.gathered().open(&aggregate.input)?;
        let (keys, grouping) = self.keys(&aggregate.group_expr, &aggregate.input)?;
        let mut computed = keys.clone();
        if matches!(aggregate.group_expr.as_slice(), [Expr::GroupingSet(_)]) {
            computed.push(format!("grouping({})", keys.join(", ")));
        }
        for expr in &aggregate.aggr_expr {
            computed.push(self.expression(expr, input)?);
        }
        let mut list = Vec::with_capacity(names.len());
        for ((value, name), field) in computed.into_iter().zip(&names).zip(aggregate.schema.fields()) {
            list.push(format!("CAST({value} AS {}) AS {name}", self.dialect.type_name(field.data_type())?));
        }
        if list.len() != names.len() {
            return Err(Refused::new("operator aggregate of an unknown form"));
        }
        let rows = match self.within {
            Some((groups, condition)) if std::ptr::eq(groups, aggregate) => rows.filtered(condition.into()),
            _ => rows,
        };
        Ok(rows.with_outputs(list).with_tail(grouping))
    }

    /// The keys, each once, and the GROUP BY over them.
    fn keys(self, groups: &[Expr], rows: &LogicalPlan) -> Result<(Vec<String>, String)> {
        let input = rows.schema();
        if groups.is_empty() {
            return Ok((Vec::new(), String::new()));
        }
        if let [Expr::GroupingSet(sets)] = groups {
            return self.grouping_sets(sets, input);
        }
        let keys = groups.iter().map(|key| self.narrow(key, rows)).collect::<Result<Vec<_>>>()?;
        let grouping = format!(" GROUP BY {}", keys.join(", "));
        Ok((keys, grouping))
    }

    /// A key in the type by which the engine finds its groups best.
    fn narrow(self, key: &Expr, rows: &LogicalPlan) -> Result<String> {
        let text = self.key(key, rows.schema())?;
        Ok(match bounded::bound(key, rows).and_then(|bound| self.dialect.key_type(bound)) {
            Some(narrower) => format!("CAST({text} AS {narrower})"),
            None => text,
        })
    }

    fn grouping_sets(self, sets: &GroupingSet, input: &DFSchema) -> Result<(Vec<String>, String)> {
        let list = |keys: &[Expr]| -> Result<String> {
            let keys = keys.iter().map(|key| self.key(key, input)).collect::<Result<Vec<_>>>()?;
            Ok(keys.join(", "))
        };
        let grouping = match sets {
            GroupingSet::Rollup(keys) => format!("ROLLUP ({})", list(keys)?),
            GroupingSet::Cube(keys) => format!("CUBE ({})", list(keys)?),
            GroupingSet::GroupingSets(sets) => {
                let sets = sets.iter().map(|set| Ok(format!("({})", list(set)?))).collect::<Result<Vec<_>>>()?;
                format!("GROUPING SETS ({})", sets.join(", "))
            }
        };
        let keys = sets.distinct_expr().into_iter().map(|key| self.key(key, input)).collect::<Result<Vec<_>>>()?;
        // Of no rows there are no groups, not even that of all rows (Spark 4.1 `Expand`).
        Ok((keys, format!(" GROUP BY {grouping} HAVING count(*) > 0")))
    }

    /// A key with its type: a bare number would be read as the place of an output.
    fn key(self, key: &Expr, input: &DFSchema) -> Result<String> {
        let data_type = datafusion::logical_expr::ExprSchemable::get_type(key, input)?;
        self.typed(key, input, &data_type)
    }
}
