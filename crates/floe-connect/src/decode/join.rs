//! What has two inputs: joins and set operations.

use floe_base::Result;
use floe_proto::connect as proto;
use floe_proto::connect::join::JoinType;
use floe_proto::connect::set_operation::SetOpType;
use floe_syntax::RelationKind;
use floe_syntax::relation::{Join, JoinConstraint, JoinKind, SetOperator};

use super::relation::input;
use super::{Scope, expression, invalid, unspecified};

pub(super) fn join(scope: &Scope<'_>, join: proto::Join) -> Result<RelationKind> {
    let kind = kind(join.join_type())?;
    if join.join_data_type.is_some_and(|types| types.is_left_struct || types.is_right_struct) {
        return Ok(RelationKind::Unsupported("a typed join (joinWith)".into()));
    }
    if join.join_condition.is_some() && !join.using_columns.is_empty() {
        return Err(invalid("Using columns or join conditions cannot be set at the same time in Join"));
    }
    let constraint = match join.join_condition {
        Some(condition) => JoinConstraint::On(expression::decode(scope, condition)?),
        None if join.using_columns.is_empty() => JoinConstraint::None,
        None => JoinConstraint::Using(join.using_columns),
    };
    let (left, right) = (input(scope, join.left)?, input(scope, join.right)?);
    Ok(RelationKind::Join(Box::new(Join { left, right, kind, constraint, lateral: false })))
}

pub(super) fn lateral(scope: &Scope<'_>, join: proto::LateralJoin) -> Result<RelationKind> {
    let kind = kind(join.join_type())?;
    let constraint = match join.join_condition {
        Some(condition) => JoinConstraint::On(expression::decode(scope, condition)?),
        None => JoinConstraint::None,
    };
    let (left, right) = (input(scope, join.left)?, input(scope, join.right)?);
    Ok(RelationKind::Join(Box::new(Join { left, right, kind, constraint, lateral: true })))
}

fn kind(kind: JoinType) -> Result<JoinKind> {
    Ok(match kind {
        JoinType::Inner => JoinKind::Inner,
        JoinType::FullOuter => JoinKind::FullOuter,
        JoinType::LeftOuter => JoinKind::LeftOuter,
        JoinType::RightOuter => JoinKind::RightOuter,
        JoinType::LeftAnti => JoinKind::LeftAnti,
        JoinType::LeftSemi => JoinKind::LeftSemi,
        JoinType::Cross => JoinKind::Cross,
        JoinType::Unspecified => return Err(unspecified("spark.connect.Join.JoinType", "JOIN_TYPE_UNSPECIFIED")),
    })
}

pub(super) fn set_operation(scope: &Scope<'_>, operation: proto::SetOperation) -> Result<RelationKind> {
    let operator = match operation.set_op_type() {
        SetOpType::Union => SetOperator::Union,
        SetOpType::Intersect => SetOperator::Intersect,
        SetOpType::Except => SetOperator::Except,
        SetOpType::Unspecified => {
            return Err(unspecified("spark.connect.SetOperation.SetOpType", "SET_OP_TYPE_UNSPECIFIED"));
        }
    };
    let by_name = operation.by_name.unwrap_or(false);
    let allow_missing = operation.allow_missing_columns.unwrap_or(false);
    if by_name && operator != SetOperator::Union {
        return Err(invalid("only UNION matches columns by name"));
    }
    if allow_missing && !by_name {
        return Err(invalid("UNION may miss columns only when it matches them by name"));
    }
    Ok(RelationKind::SetOperation {
        left: input(scope, operation.left_input)?,
        right: input(scope, operation.right_input)?,
        operator,
        all: operation.is_all.unwrap_or(false),
        by_name,
        allow_missing,
    })
}
