//! Groups and what is computed over them.

use datafusion::common::DFSchema;
use datafusion::logical_expr::expr::GroupingSet;
use datafusion::logical_expr::{Aggregate, Expr};

use crate::write::block::Block;
use crate::write::{Refused, Result, Writer, column};

impl Writer<'_> {
    pub(super) fn aggregate(self, aggregate: &Aggregate) -> Result<Block> {
        let input = aggregate.input.schema();
        let names = column::all(&aggregate.schema);
        let (keys, grouping) = self.keys(&aggregate.group_expr, input)?;
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
        let input = self.gathered().open(&aggregate.input)?;
        let input = match self.within {
            Some((groups, condition)) if std::ptr::eq(groups, aggregate) => input.filtered(condition.into()),
            _ => input,
        };
        Ok(input.with_outputs(list).with_tail(grouping))
    }

    /// The keys, each once, and the GROUP BY over them.
    fn keys(self, groups: &[Expr], input: &DFSchema) -> Result<(Vec<String>, String)> {
        if groups.is_empty() {
            return Ok((Vec::new(), String::new()));
        }
        if let [Expr::GroupingSet(sets)] = groups {
            return self.grouping_sets(sets, input);
        }
        let keys = groups.iter().map(|key| self.key(key, input)).collect::<Result<Vec<_>>>()?;
        let grouping = format!(" GROUP BY {}", keys.join(", "));
        Ok((keys, grouping))
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
