//! Subquery expressions: they name a relation by plan id, which `with_relations` brought along.

use floe_base::Result;
use floe_proto::connect as proto;
use floe_proto::connect::subquery_expression::SubqueryType;
use floe_syntax::{ExpressionKind, Relation};

use super::{Scope, expression, invalid, relation, unspecified};

pub(super) fn decode(scope: &Scope<'_>, subquery: proto::SubqueryExpression) -> Result<ExpressionKind> {
    let kind = subquery.subquery_type();
    if kind == SubqueryType::TableArg {
        return Ok(ExpressionKind::External("a table argument (asTable)".into()));
    }
    let values = expression::list(scope, subquery.in_subquery_values)?;
    let query = Box::new(referred(scope, subquery.plan_id)?);
    match kind {
        SubqueryType::Scalar => Ok(ExpressionKind::ScalarSubquery(query)),
        SubqueryType::Exists => Ok(ExpressionKind::Exists(query)),
        SubqueryType::In => Ok(ExpressionKind::InSubquery { values, query }),
        SubqueryType::Unknown | SubqueryType::TableArg => {
            Err(unspecified("spark.connect.SubqueryExpression.SubqueryType", "SUBQUERY_TYPE_UNKNOWN"))
        }
    }
}

/// The relation with this plan id. While it is decoded it is not there for others: a relation inside itself is an
/// error, not an endless walk.
fn referred(scope: &Scope<'_>, plan_id: i64) -> Result<Relation> {
    let Some(reference) = scope.references.borrow_mut().remove(&plan_id) else {
        return Err(invalid(format!("no relation with plan id {plan_id} comes with the plan of the subquery")));
    };
    let decoded = relation::decode(scope, reference.clone());
    scope.references.borrow_mut().insert(plan_id, reference);
    decoded
}
