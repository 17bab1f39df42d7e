//! `groupBy`, `rollup`, `cube`, `groupingSets` and `pivot` of a DataFrame.

use floe_base::Result;
use floe_proto::connect as proto;
use floe_proto::connect::aggregate::GroupType;
use floe_syntax::relation::{Aggregate, GroupBy, GroupingElement};
use floe_syntax::{Expression, Literal, RelationKind};

use super::relation::input;
use super::{Scope, expression, literal, missing, unspecified};

pub(super) fn decode(scope: &Scope<'_>, aggregate: proto::Aggregate) -> Result<RelationKind> {
    let kind = aggregate.group_type();
    let keys = expression::list(scope, aggregate.grouping_expressions)?;
    let group_by = match kind {
        GroupType::Groupby | GroupType::Pivot if keys.is_empty() => GroupBy::None,
        GroupType::Groupby | GroupType::Pivot => {
            GroupBy::Elements(keys.into_iter().map(GroupingElement::Expression).collect())
        }
        GroupType::Rollup => GroupBy::Elements(vec![GroupingElement::Rollup(each_alone(keys))]),
        GroupType::Cube => GroupBy::Elements(vec![GroupingElement::Cube(each_alone(keys))]),
        GroupType::GroupingSets => GroupBy::Elements(vec![sets(scope, aggregate.grouping_sets)?]),
        GroupType::Unspecified => {
            return Err(unspecified("spark.connect.Aggregate.GroupType", "GROUP_TYPE_UNSPECIFIED"));
        }
    };
    let pivot = match (kind, aggregate.pivot) {
        (GroupType::Pivot, Some(pivot)) => Some(self::pivot(scope, pivot)?),
        (GroupType::Pivot, None) => return Err(missing("Aggregate.pivot")),
        _ => None,
    };
    let aggregates = expression::list(scope, aggregate.aggregate_expressions)?;
    let input = input(scope, aggregate.input)?;
    Ok(RelationKind::Aggregate(Box::new(Aggregate { input, group_by, pivot, aggregates })))
}

fn each_alone(keys: Vec<Expression>) -> Vec<Vec<Expression>> {
    keys.into_iter().map(|key| vec![key]).collect()
}

fn sets(scope: &Scope<'_>, sets: Vec<proto::aggregate::GroupingSets>) -> Result<GroupingElement> {
    let sets = sets.into_iter().map(|set| Ok(GroupingElement::Group(expression::list(scope, set.grouping_set)?)));
    Ok(GroupingElement::Sets(sets.collect::<Result<Vec<_>>>()?))
}

fn pivot(scope: &Scope<'_>, pivot: proto::aggregate::Pivot) -> Result<(Expression, Vec<Literal>)> {
    let column = expression::required(scope, pivot.col, "Aggregate.Pivot.col")?;
    let values = pivot.values.into_iter().map(literal::decode).collect::<Result<Vec<_>>>()?;
    Ok((column, values))
}
