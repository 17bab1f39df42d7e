//! `df.mergeInto`: the same command as SQL's MERGE.

use floe_base::Result;
use floe_proto::connect as proto;
use floe_proto::connect::expression::ExprType;
use floe_proto::connect::merge_action::ActionType;
use floe_syntax::command::{Assignment, Merge, MergeAction, MergeClause};
use floe_syntax::relation::TableName;
use floe_syntax::{Command, Expression, ExpressionKind};

use super::command::required;
use super::{Scope, expression, invalid, origin, text, unspecified};

pub(super) fn decode(scope: &Scope<'_>, merge: proto::MergeIntoTableCommand) -> Result<Command> {
    let target = text::name(&merge.target_table_name)?;
    Ok(Command::Merge(Box::new(Merge {
        target: TableName { parts: target, ..TableName::default() },
        target_alias: None,
        source: required(scope, merge.source_table_plan, "MergeIntoTableCommand.source_table_plan")?,
        source_alias: None,
        condition: expression::required(scope, merge.merge_condition, "MergeIntoTableCommand.merge_condition")?,
        matched: clauses(scope, merge.match_actions)?,
        not_matched: clauses(scope, merge.not_matched_actions)?,
        not_matched_by_source: clauses(scope, merge.not_matched_by_source_actions)?,
        schema_evolution: merge.with_schema_evolution,
    })))
}

fn clauses(scope: &Scope<'_>, actions: Vec<proto::Expression>) -> Result<Vec<MergeClause>> {
    actions.into_iter().map(|action| clause(scope, action)).collect()
}

fn clause(scope: &Scope<'_>, action: proto::Expression) -> Result<MergeClause> {
    let origin = origin::decode(action.common.and_then(|common| common.origin));
    let Some(ExprType::MergeAction(action)) = action.expr_type else {
        return Err(invalid("a clause of MERGE must be an action"));
    };
    let kind = action.action_type();
    let condition = match action.condition {
        Some(condition) => Some(expression::decode(scope, *condition)?),
        None => None,
    };
    let assignments = action.assignments.into_iter().map(|assignment| self::assignment(scope, assignment));
    let assignments = assignments.collect::<Result<Vec<_>>>()?;
    let action = match kind {
        ActionType::Delete => MergeAction::Delete,
        ActionType::Insert => MergeAction::Insert(assignments),
        ActionType::InsertStar => MergeAction::InsertAll,
        ActionType::Update => MergeAction::Update(assignments),
        ActionType::UpdateStar => MergeAction::UpdateAll,
        ActionType::Invalid => return Err(unspecified("spark.connect.MergeAction.ActionType", "ACTION_TYPE_INVALID")),
    };
    Ok(MergeClause { condition, action, origin })
}

fn assignment(scope: &Scope<'_>, assignment: proto::merge_action::Assignment) -> Result<Assignment> {
    let key = expression::required(scope, assignment.key, "MergeAction.Assignment.key")?;
    let value = expression::required(scope, assignment.value, "MergeAction.Assignment.value")?;
    let Expression { kind: ExpressionKind::Attribute(attribute), origin } = key else {
        return Err(invalid("MERGE assigns to columns only"));
    };
    Ok(Assignment { column: attribute.parts, value, origin })
}
