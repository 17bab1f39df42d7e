//! Groups: one row for each, its keys and aggregates; what SELECT with GROUP BY and the DataFrame's `agg` share.

use std::collections::HashSet;
use std::sync::Arc;

use arrow::datatypes::{DataType, Field};
use datafusion::common::tree_node::{Transformed, TreeNode, TreeNodeRecursion};
use datafusion::common::{Column as EngineColumn, UnnestOptions};
use datafusion::logical_expr::expr::{Case, GroupingSet};
use datafusion::logical_expr::{Aggregate, Cast, Expr, LogicalPlan, Unnest, lit};
use datafusion::scalar::ScalarValue;
use floe_base::error::quoted;
use floe_base::{Error, Origin, Result};
use floe_functions::Typed;

use super::deduplicate::normal;
use super::map_key;
use crate::expression::aggregate::{Collector, Grouping};
use crate::resolver::Resolver;
use crate::rows::{Rows, project};
use crate::scope::{Column, Id, Scope, id_of, label, reference, referenced};

/// The name the engine gives the mask of a row's grouping set.
const GROUPING_ID: &str = Aggregate::INTERNAL_GROUPING_ID;

/// Keys, and which of them each grouping set holds (`None`: all of them, once).
#[derive(Clone, Debug, Default)]
pub(crate) struct Keys {
    pub(crate) values: Vec<Typed>,
    pub(crate) sets: Option<Vec<Vec<usize>>>,
}

/// Rows that are groups, and how expressions over the input read there.
pub(crate) struct Groups {
    pub(crate) rows: Rows,
    /// The expression of each key over the input, and the column that holds it now.
    keys: Vec<(Expr, Column)>,
    in_sets: bool,
    known: HashSet<Id>,
    /// Columns of the input, for errors.
    input: Arc<Scope>,
}

impl Resolver<'_> {
    /// Makes one row of each group.
    pub(crate) fn grouped(&self, rows: Rows, keys: &Keys, collector: &Collector) -> Result<Groups> {
        let input = rows.scope.clone();
        let mut added = Vec::new();
        let mut columns: Vec<(Expr, Column)> = Vec::new();
        let mut maps: Vec<(Expr, Id)> = Vec::new();
        for value in &keys.values {
            if columns.iter().any(|(known, _)| *known == value.expr) && keys.sets.is_none() {
                continue;
            }
            let has_maps = map_key::holds_maps(&value.data_type);
            let key = if has_maps { map_key::as_key(value.clone()) } else { normal(value.clone()) };
            let id = match referenced(&key.expr) {
                Some(id) if keys.sets.is_none() => id,
                _ => self.fresh(),
            };
            added.push((key.expr, id));
            let shown = if has_maps { self.fresh() } else { id };
            if has_maps {
                maps.push((map_key::from_key(reference(id), &value.data_type), shown));
            }
            let nullable = value.nullable || keys.sets.is_some();
            let field = Field::new(label(shown), value.data_type.clone(), nullable);
            columns.push((value.expr.clone(), Column::new(shown, field)));
        }
        let (exprs, ids): (Vec<Expr>, Vec<Id>) = added.into_iter().unzip();
        let (rows, exprs) = self.attached(rows, exprs)?;
        let rows = rows.extend(exprs.into_iter().zip(ids.clone()).collect())?;
        let group = match &keys.sets {
            None => ids.iter().map(|id| reference(*id)).collect(),
            Some(sets) => vec![grouping_sets(&ids, &distinct_sets(sets))],
        };
        let (exprs, asked): (Vec<Expr>, Vec<Id>) = collector.aggregates.borrow().iter().cloned().unzip();
        let (rows, exprs) = self.attached(rows, exprs)?;
        let (rows, exprs) = self.in_order(rows, exprs)?;
        let aggregates: Vec<(Expr, Id)> = exprs.into_iter().zip(asked).collect();
        let mut known: HashSet<Id> = columns.iter().map(|(_, column)| column.id).collect();
        known.extend(aggregates.iter().map(|(_, id)| *id));
        let exprs = aggregates.into_iter().map(|(expr, id)| expr.alias(label(id))).collect();
        let plan = if ids.is_empty() && keys.sets.is_none() {
            global(rows.plan, exprs)?
        } else {
            LogicalPlan::Aggregate(Aggregate::try_new(Arc::new(rows.plan), group, exprs)?)
        };
        let plan = match &keys.sets {
            Some(sets) => self.repeated_sets(plan, sets, ids.len())?,
            None => plan,
        };
        let groupings = collector.groupings.take();
        known.extend(groupings.iter().map(|grouping| grouping.id));
        let rows = Rows::new(plan, Scope::new(Vec::new())).extend(maps)?;
        let groups = Groups { rows, keys: columns, in_sets: keys.sets.is_some(), known, input };
        self.with_groupings(groups, keys, &groupings)
    }

    /// Aggregates over the rows in the order they come, where that matters.
    fn in_order(&self, rows: Rows, aggregates: Vec<Expr>) -> Result<(Rows, Vec<Expr>)> {
        if !aggregates.iter().any(floe_functions::depends_on_order) {
            return Ok((rows, aggregates));
        }
        let (rows, numbers) = self.with_order_below(rows)?;
        let Some(numbers) = numbers.map(reference) else { return Ok((rows, aggregates)) };
        let schema = rows.plan.schema().clone();
        let in_order = |aggregate| floe_functions::in_order(aggregate, &numbers, &schema);
        let aggregates = aggregates.into_iter().map(in_order).collect::<Result<_>>()?;
        Ok((rows, aggregates))
    }

    /// A grouping set written several times has its groups several times; the engine would put them into one.
    fn repeated_sets(&self, plan: LogicalPlan, sets: &[Vec<usize>], keys: usize) -> Result<LogicalPlan> {
        let sets: Vec<u64> = sets.iter().map(|set| mask_of(set, keys)).collect();
        let mut repeated: Vec<(u64, usize)> = Vec::new();
        for mask in &sets {
            let times = sets.iter().filter(|other| *other == mask).count();
            if times > 1 && !repeated.iter().any(|(known, _)| known == mask) {
                repeated.push((*mask, times));
            }
        }
        if repeated.is_empty() {
            return Ok(plan);
        }
        let mask = engine_mask();
        let branches = repeated
            .into_iter()
            .map(|(set, times)| (Box::new(mask.clone().eq(lit(set))), Box::new(numbers(times))))
            .collect();
        let copies = Expr::Case(Case::new(None, branches, Some(Box::new(numbers(1)))));
        let id = self.fresh();
        let rows = Rows::new(plan, Scope::new(Vec::new())).extend(vec![(copies, id)])?;
        let column = EngineColumn::new_unqualified(label(id));
        let unnest = Unnest::try_new(Arc::new(rows.plan), vec![column], UnnestOptions::new())?;
        Ok(LogicalPlan::Unnest(unnest))
    }

    /// Computes what `grouping` and `grouping_id` were asked for, from the engine's mask.
    fn with_groupings(&self, mut groups: Groups, keys: &Keys, asked: &[Grouping]) -> Result<Groups> {
        if asked.is_empty() {
            return Ok(groups);
        }
        let Some(first) = asked.first().filter(|_| keys.sets.is_none()) else {
            let mut exprs: Vec<Expr> = crate::rows::columns_of(&groups.rows.plan);
            for grouping in asked {
                exprs.push(self.grouping_value(grouping, &groups)?.alias(label(grouping.id)));
            }
            groups.rows.plan = project(groups.rows.plan, exprs)?;
            return Ok(groups);
        };
        Err(Error::analysis("UNSUPPORTED_GROUPING_EXPRESSION").at(&first.origin))
    }

    fn grouping_value(&self, grouping: &Grouping, groups: &Groups) -> Result<Expr> {
        let count = groups.keys.len();
        let mask = Expr::Cast(Cast::new(Box::new(engine_mask()), DataType::Int64));
        let bit = |position: usize| -> Expr {
            let weight = 1_i64.checked_shl(u32::try_from(count - 1 - position).unwrap_or(0)).unwrap_or(0);
            let shifted = mask.clone() / lit(weight);
            shifted % lit(2_i64)
        };
        let mut positions = Vec::with_capacity(grouping.arguments.len());
        for argument in &grouping.arguments {
            let found = groups.keys.iter().position(|(key, _)| *key == argument.expr);
            let Some(position) = found else {
                let condition =
                    if grouping.one_bit { "GROUPING_COLUMN_MISMATCH" } else { "GROUPING_ID_COLUMN_MISMATCH" };
                return Err(Error::analysis(condition)
                    .with("grouping", groups.shown(&argument.expr))
                    .with("groupingIdColumn", groups.shown(&argument.expr))
                    .with("groupingColumns", groups.shown_keys())
                    .with("groupByColumns", groups.shown_keys())
                    .at(&grouping.origin));
            };
            positions.push(position);
        }
        if grouping.one_bit {
            let position = positions.first().copied().ok_or_else(|| {
                Error::analysis("WRONG_NUM_ARGS.WITHOUT_SUGGESTION")
                    .with("functionName", "`grouping`")
                    .with("expectedNum", "1")
                    .with("actualNum", "0")
                    .with("docroot", "https://spark.apache.org/docs/latest")
                    .at(&grouping.origin)
            })?;
            return Ok(Expr::Cast(Cast::new(Box::new(bit(position)), DataType::Int8)));
        }
        if positions.is_empty() {
            return Ok(mask);
        }
        let whole: Vec<usize> = (0..count).collect();
        if positions != whole {
            return Err(Error::analysis("GROUPING_ID_COLUMN_MISMATCH")
                .with("groupingIdColumn", "the columns given")
                .with("groupByColumns", groups.shown_keys())
                .at(&grouping.origin));
        }
        Ok(mask)
    }
}

fn grouping_sets(ids: &[Id], sets: &[Vec<usize>]) -> Expr {
    let of = |set: &Vec<usize>| -> Vec<Expr> {
        set.iter().filter_map(|index| ids.get(*index)).map(|id| reference(*id)).collect()
    };
    Expr::GroupingSet(GroupingSet::GroupingSets(sets.iter().map(of).collect()))
}

/// Each set of keys once.
fn distinct_sets(sets: &[Vec<usize>]) -> Vec<Vec<usize>> {
    let mut distinct: Vec<Vec<usize>> = Vec::new();
    for set in sets {
        let mut keys = set.clone();
        keys.sort_unstable();
        keys.dedup();
        if !distinct.contains(&keys) {
            distinct.push(keys);
        }
    }
    distinct
}

/// The engine's mask of a row: a bit for each key that its set leaves out, the first key's the highest.
fn engine_mask() -> Expr {
    let mask = Expr::Column(EngineColumn::new_unqualified(GROUPING_ID));
    Expr::Cast(Cast::new(Box::new(mask), DataType::UInt64))
}

fn mask_of(set: &[usize], keys: usize) -> u64 {
    (0..keys).fold(0, |mask, key| mask << 1 | u64::from(!set.contains(&key)))
}

/// A list of so many numbers.
fn numbers(count: usize) -> Expr {
    let one = ScalarValue::Int8(Some(1));
    Expr::Literal(ScalarValue::List(ScalarValue::new_list_nullable(&vec![one; count], &DataType::Int8)), None)
}

/// One group of all rows, even of none. The engine wants at least one aggregate.
fn global(input: LogicalPlan, mut exprs: Vec<Expr>) -> Result<LogicalPlan> {
    if exprs.is_empty() {
        let one = Expr::Literal(ScalarValue::Int64(Some(1)), None);
        exprs.push(datafusion::functions_aggregate::expr_fn::count(one).alias("#rows"));
    }
    Ok(LogicalPlan::Aggregate(Aggregate::try_new(Arc::new(input), Vec::new(), exprs)?))
}

/// What a column of the input that is no key means where an expression over groups uses it.
#[derive(Clone, Copy)]
pub(crate) enum Stray<'a> {
    /// In the list, whose text this is: it should be aggregated.
    Listed(&'a str, &'a Origin),
    /// In a clause that sees the groups and the list's columns only, as Spark has it (4.1 `UnresolvedHaving`, `Sort`).
    Hidden(&'a Arc<Scope>, &'a Origin),
}

impl Groups {
    /// An expression over the input as it reads over the groups.
    pub(crate) fn rewritten(&self, value: Typed, stray: Stray<'_>) -> Result<Typed> {
        let whole = self.key_of(&value.expr).map(|column| column.field.is_nullable());
        let expr = self.rewritten_expr(value.expr, stray)?;
        let nullable = whole.unwrap_or(value.nullable);
        Ok(Typed { expr, nullable, ..value })
    }

    fn key_of(&self, expr: &Expr) -> Option<&Column> {
        self.keys.iter().find(|(key, _)| key == expr).map(|(_, column)| column)
    }

    pub(crate) fn rewritten_expr(&self, expr: Expr, stray: Stray<'_>) -> Result<Expr> {
        let mut found = None;
        let replaced = expr.transform_down(|node| {
            // A constant is what it is, but NULL where it is a key that its grouping set leaves out.
            if matches!(node, Expr::Literal(..)) && !self.in_sets {
                return Ok(Transformed::no(node));
            }
            if let Some(column) = self.key_of(&node) {
                return Ok(Transformed::new(reference(column.id), true, TreeNodeRecursion::Jump));
            }
            if let Expr::Column(column) = &node
                && let Some(id) = id_of(&column.name)
                && !self.known.contains(&id)
                && self.input.by_id(id).is_some()
            {
                found = found.or(Some(id));
            }
            Ok(Transformed::no(node))
        })?;
        match found.and_then(|id| self.input.by_id(id)) {
            None => Ok(replaced.data),
            Some(column) => Err(self.not_grouped(column, stray)),
        }
    }

    fn not_grouped(&self, column: &Column, stray: Stray<'_>) -> Error {
        match stray {
            Stray::Hidden(shown, origin) => {
                crate::problem::unresolved_column(&[column.name().to_string()], shown, None, origin)
            }
            Stray::Listed(_, origin) if self.keys.is_empty() => Error::analysis("MISSING_GROUP_BY").at(origin),
            Stray::Listed(text, origin) => Error::analysis("MISSING_AGGREGATION")
                .with("expression", format!("\"{}\"", column.name()))
                .with("expressionAnyValue", format!("\"any_value({})\"", column.name()))
                .with("missing", text)
                .at(origin),
        }
    }

    fn shown(&self, expr: &Expr) -> String {
        let name = referenced(expr).and_then(|id| self.input.by_id(id)).map(Column::name);
        quoted(&[name.unwrap_or("expression")])
    }

    fn shown_keys(&self) -> String {
        self.keys.iter().map(|(key, _)| self.shown(key)).collect::<Vec<_>>().join(",")
    }
}
