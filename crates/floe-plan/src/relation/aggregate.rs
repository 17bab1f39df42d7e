//! GROUP BY: the keys of a SELECT and their grouping sets, and the DataFrame's `groupBy().agg()`.

use floe_base::{Error, Origin, Result};
use floe_functions::Typed;
use floe_syntax::expression::{Expression, ExpressionKind};
use floe_syntax::relation::{Aggregate, GroupBy, GroupingElement};

use super::grouped::Keys;
use super::select::{Shape, Tail};
use crate::expression::{Clause, Names};
use crate::resolver::{Env, Resolver};
use crate::rows::{Output, Rows};
use crate::scope::id_of;

/// More sets than this is a mistake; Spark would plan them for hours.
const GROUPING_SETS_MAX: usize = 4096;

impl Resolver<'_> {
    /// `df.groupBy(keys).agg(…)`: the keys come first in the result.
    pub(crate) fn aggregate<'t>(&self, aggregate: &'t Aggregate, env: &Env<'t>, origin: &Origin) -> Result<Rows> {
        let rows = self.relation(&aggregate.input, env)?;
        if let Some((column, values)) = &aggregate.pivot {
            return self.pivoted_frame(rows, aggregate, column, values, env, origin);
        }
        let scope = rows.scope.clone();
        let names = Names::new(&scope, env, Clause::Select);
        let mut projection = keys_in_order(&aggregate.group_by);
        projection.extend(aggregate.aggregates.iter().cloned());
        let none = GroupBy::Elements(Vec::new());
        let group_by = if matches!(aggregate.group_by, GroupBy::None) { &none } else { &aggregate.group_by };
        let shape = Shape { group_by: Some(group_by), ..Shape::default() };
        self.selected(rows, &projection, &names, &shape, &Tail::default())
    }

    /// The keys of a GROUP BY and the sets they form.
    pub(crate) fn keys(
        &self,
        group_by: &GroupBy,
        projection: &[Expression],
        outputs: &[Output],
        names: &Names<'_>,
    ) -> Result<Keys> {
        match group_by {
            GroupBy::None => Ok(Keys::default()),
            GroupBy::All => self.all_keys(outputs, names),
            GroupBy::Elements(elements) => {
                let mut keys = KeyList { resolver: self, projection, outputs, names, values: Vec::new() };
                let mut sets: Vec<Vec<usize>> = vec![Vec::new()];
                let mut has_sets = false;
                for element in elements {
                    has_sets |= !matches!(element, GroupingElement::Expression(_));
                    let alternatives = keys.element(element)?;
                    sets = cross(&sets, &alternatives)?;
                }
                Ok(Keys { values: keys.values, sets: has_sets.then_some(sets) })
            }
        }
    }

    /// `GROUP BY ALL`: every output that holds no aggregate.
    fn all_keys(&self, outputs: &[Output], names: &Names<'_>) -> Result<Keys> {
        let has_aggregate = |output: &Output| {
            let columns = output.value.expr.column_refs();
            columns.iter().filter_map(|column| id_of(&column.name)).any(|id| {
                names.collector.is_some_and(|collector| collector.is_aggregate(id) || collector.is_window(id))
            })
        };
        let values: Vec<Typed> = outputs
            .iter()
            .filter(|output| !has_aggregate(output))
            .filter(|output| output.value.literal().is_none())
            .map(|output| output.value.clone())
            .collect();
        Ok(Keys { values, sets: None })
    }
}

/// Keys as they come, each once.
struct KeyList<'a, 'r> {
    resolver: &'a Resolver<'r>,
    projection: &'a [Expression],
    outputs: &'a [Output],
    names: &'a Names<'a>,
    values: Vec<Typed>,
}

impl KeyList<'_, '_> {
    /// The sets an element stands for.
    fn element(&mut self, element: &GroupingElement) -> Result<Vec<Vec<usize>>> {
        match element {
            GroupingElement::Expression(expression) => Ok(vec![vec![self.key(expression)?]]),
            GroupingElement::Group(expressions) => Ok(vec![self.group(expressions)?]),
            GroupingElement::Rollup(groups) => {
                let groups = groups.iter().map(|group| self.group(group)).collect::<Result<Vec<_>>>()?;
                Ok((0..=groups.len())
                    .rev()
                    .map(|count| groups.iter().take(count).flatten().copied().collect())
                    .collect())
            }
            GroupingElement::Cube(groups) => {
                let groups = groups.iter().map(|group| self.group(group)).collect::<Result<Vec<_>>>()?;
                if groups.len() > 12 {
                    return Err(too_many_sets());
                }
                Ok((0..1_usize << groups.len()).map(|mask| subset(&groups, mask)).collect())
            }
            GroupingElement::Sets(elements) => {
                let mut sets = Vec::new();
                for element in elements {
                    sets.extend(self.element(element)?);
                }
                Ok(sets)
            }
        }
    }

    fn group(&mut self, expressions: &[Expression]) -> Result<Vec<usize>> {
        expressions.iter().map(|expression| self.key(expression)).collect()
    }

    fn key(&mut self, expression: &Expression) -> Result<usize> {
        let value = self.value(expression)?;
        if let Some(known) = self.values.iter().position(|known| known.expr == value.expr) {
            return Ok(known);
        }
        self.values.push(value);
        Ok(self.values.len() - 1)
    }

    fn value(&self, expression: &Expression) -> Result<Typed> {
        let setting = "spark.sql.groupByOrdinal";
        let ordinal = self.resolver.ordinal(expression, self.outputs.len(), "GROUP_BY_POS_OUT_OF_RANGE", setting)?;
        match ordinal {
            Some(index) => self.output(index, expression),
            None => self.written(expression),
        }
    }

    /// The output a number stands for, which must not hold an aggregate.
    fn output(&self, index: usize, expression: &Expression) -> Result<Typed> {
        let output = self.outputs.get(index).ok_or_else(|| Error::internal("an ordinal beyond the list"))?;
        if self.has_aggregate(&output.value) {
            let text = self.projection.get(index).map(|written| self.resolver.text(written, self.names));
            return Err(Error::analysis("GROUP_BY_POS_AGGREGATE")
                .with("index", (index + 1).to_string())
                .with("aggExpr", text.unwrap_or_default())
                .at(&expression.origin));
        }
        Ok(output.value.clone())
    }

    fn has_aggregate(&self, value: &Typed) -> bool {
        let columns = value.expr.column_refs();
        let mut ids = columns.iter().filter_map(|column| id_of(&column.name));
        ids.any(|id| self.names.collector.is_some_and(|collector| collector.is_aggregate(id)))
    }

    /// A key as written: a column of the input, or else an alias of the list.
    fn written(&self, expression: &Expression) -> Result<Typed> {
        let plain =
            crate::expression::Names { collector: None, laterals: None, clause: Clause::GroupBy, ..*self.names };
        let found = self.resolver.expression(expression, &plain);
        let aliases = self.resolver.flag("spark.sql.groupByAliases", true);
        match (&expression.kind, found) {
            (ExpressionKind::Attribute(attribute), Err(error))
                if aliases && attribute.parts.len() == 1 && error.condition().starts_with("UNRESOLVED_COLUMN") =>
            {
                let name = attribute.parts.first().map(String::as_str).unwrap_or_default();
                let output = self.outputs.iter().find(|output| self.resolver.same_name(output.column.name(), name));
                let output = output.ok_or(error)?;
                if self.has_aggregate(&output.value) {
                    return Err(Error::analysis("GROUP_BY_AGGREGATE")
                        .with("sqlExpr", self.resolver.text(expression, self.names))
                        .at(&expression.origin));
                }
                Ok(output.value.clone())
            }
            (_, found) => found,
        }
    }
}

fn subset(groups: &[Vec<usize>], mask: usize) -> Vec<usize> {
    let size = groups.len();
    let chosen = |index: &usize| mask & (1 << (size - 1 - index)) == 0;
    (0..size).filter(chosen).filter_map(|index| groups.get(index)).flatten().copied().collect()
}

/// Every set of the one with every set of the other.
fn cross(left: &[Vec<usize>], right: &[Vec<usize>]) -> Result<Vec<Vec<usize>>> {
    if left.len().saturating_mul(right.len()) > GROUPING_SETS_MAX {
        return Err(too_many_sets());
    }
    let mut sets = Vec::with_capacity(left.len() * right.len());
    for first in left {
        for second in right {
            let mut set = first.clone();
            set.extend(second.iter().filter(|index| !first.contains(index)));
            sets.push(set);
        }
    }
    Ok(sets)
}

fn too_many_sets() -> Error {
    Error::message(
        floe_base::Kind::Analysis,
        format!("the grouping sets are more than {GROUPING_SETS_MAX}; group by fewer columns"),
    )
}

/// The keys as the DataFrame's result shows them, each once.
pub(crate) fn keys_in_order(group_by: &GroupBy) -> Vec<Expression> {
    let mut keys = Vec::new();
    let GroupBy::Elements(elements) = group_by else { return keys };
    for element in elements {
        match element {
            GroupingElement::Expression(expression) => keys.push(expression.clone()),
            GroupingElement::Rollup(groups) | GroupingElement::Cube(groups) => {
                keys.extend(groups.iter().flatten().cloned());
            }
            GroupingElement::Group(expressions) => keys.extend(expressions.iter().cloned()),
            GroupingElement::Sets(sets) => {
                for key in keys_in_order(&GroupBy::Elements(sets.clone())) {
                    let text = |key: &Expression| crate::name::pretty(key, &crate::name::Nowhere);
                    if !keys.iter().any(|known| text(known) == text(&key)) {
                        keys.push(key);
                    }
                }
            }
        }
    }
    keys
}
