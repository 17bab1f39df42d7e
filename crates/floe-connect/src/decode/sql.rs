//! SQL text inside a plan, its arguments, and the frames it refers to.

use floe_base::{Error, Result};
use floe_proto::connect as proto;
use floe_proto::connect::command::CommandType;
use floe_proto::connect::plan::OpType;
use floe_proto::connect::relation::RelType;
use floe_syntax::relation::{Cte, Query};
use floe_syntax::statement::Arguments;
use floe_syntax::{Command, Origin, Relation, RelationKind, Statement};

use super::{Scope, expression, invalid, literal, missing, relation, text};

pub(super) fn relation(scope: &Scope<'_>, sql: proto::Sql) -> Result<RelationKind> {
    match statement(scope, sql)? {
        Statement::Query(relation) => Ok(RelationKind::Query(Box::new(Query::of(relation)))),
        // Clients send commands by `sql_command`; inside a frame they would run at each use.
        Statement::Command(_) => {
            Ok(RelationKind::Unsupported("a SQL command as part of a DataFrame; run it by spark.sql() alone,".into()))
        }
    }
}

/// The statement of a text, its arguments bound.
pub(super) fn statement(scope: &Scope<'_>, sql: proto::Sql) -> Result<Statement> {
    let parsed = text::statement(scope, &sql.query)?;
    let arguments = arguments(scope, sql)?;
    parsed.bind(arguments)
}

/// Clients before 4.0 send literals, later ones expressions.
fn arguments(scope: &Scope<'_>, sql: proto::Sql) -> Result<Arguments> {
    #[expect(deprecated, reason = "what 3.5 clients send")]
    let (old_named, old_positional) = (sql.args, sql.pos_args);
    let mut named = Vec::new();
    for (name, value) in old_named {
        named.push((name, literal::expression(value, Origin::Unknown)?));
    }
    for (name, value) in sql.named_arguments {
        named.push((name, expression::decode(scope, value)?));
    }
    named.sort_by(|(left, _), (right, _)| left.cmp(right));
    let mut positional = Vec::new();
    for value in old_positional {
        positional.push(literal::expression(value, Origin::Unknown)?);
    }
    positional.extend(expression::list(scope, sql.pos_arguments)?);
    if !named.is_empty() && !positional.is_empty() {
        return Err(invalid("a text takes named or positional arguments, not both"));
    }
    Ok(Arguments { named, positional })
}

/// A plan and the frames it refers to: by name (`spark.sql("… {df}", df=df)`, each a common table expression), or by
/// plan id from a subquery expression.
pub(super) fn with_relations(scope: &Scope<'_>, with: proto::WithRelations) -> Result<RelationKind> {
    let with_ctes = references(scope, with.references)?;
    let root = with.root.ok_or_else(|| missing("WithRelations.root"))?;
    let mut query = Query::of(relation::decode(scope, *root)?);
    query.with = with_ctes;
    Ok(RelationKind::Query(Box::new(query)))
}

/// The text of a plan that is SQL as a whole.
pub(crate) fn whole_text(plan: Option<&proto::Plan>) -> Option<&str> {
    match plan?.op_type.as_ref()? {
        OpType::Root(root) => text_of(root),
        OpType::Command(proto::Command { command_type: Some(CommandType::SqlCommand(command)) }) => {
            #[expect(deprecated, reason = "what 3.5 clients send")]
            let old = Some(command.sql.as_str());
            command.input.as_ref().map_or(old, text_of)
        }
        _ => None,
    }
}

fn text_of(relation: &proto::Relation) -> Option<&str> {
    match relation.rel_type.as_ref()? {
        RelType::Sql(sql) => Some(&sql.query),
        RelType::WithRelations(with) => text_of(with.root.as_deref()?),
        _ => None,
    }
}

/// The input of `sql_command`: a text, or a text with references.
pub(super) fn command_input(scope: &Scope<'_>, input: proto::Relation) -> Result<Statement> {
    let common = input.common;
    match input.rel_type {
        Some(RelType::Sql(sql)) => statement(scope, sql),
        Some(RelType::WithRelations(with)) => {
            let ctes = references(scope, with.references)?;
            let root = with.root.ok_or_else(|| missing("WithRelations.root"))?;
            match command_input(scope, *root)? {
                Statement::Query(body) => Ok(Statement::Query(around(body, ctes))),
                Statement::Command(command) => Ok(Statement::Command(Box::new(command_around(*command, ctes)?))),
            }
        }
        rel_type => Ok(Statement::Query(relation::decode(scope, proto::Relation { common, rel_type })?)),
    }
}

fn around(body: Relation, ctes: Vec<Cte>) -> Relation {
    if ctes.is_empty() {
        return body;
    }
    let (plan_id, origin) = (body.plan_id, body.origin.clone());
    let mut query = Query::of(body);
    query.with = ctes;
    Relation { kind: Box::new(RelationKind::Query(Box::new(query))), plan_id, origin }
}

fn command_around(command: Command, ctes: Vec<Cte>) -> Result<Command> {
    if ctes.is_empty() {
        return Ok(command);
    }
    match command {
        Command::Insert(mut insert) => {
            insert.source = around(insert.source, ctes);
            Ok(Command::Insert(insert))
        }
        Command::CreateTable(mut create) => {
            create.query = create.query.map(|query| around(query, ctes));
            Ok(Command::CreateTable(create))
        }
        Command::Merge(mut merge) => {
            merge.source = around(merge.source, ctes);
            Ok(Command::Merge(merge))
        }
        _ => Err(Error::unsupported("a DataFrame as an argument of this kind of command")),
    }
}

/// Remembers the references by plan id, and gives back those with a name.
fn references(scope: &Scope<'_>, references: Vec<proto::Relation>) -> Result<Vec<Cte>> {
    let mut named = Vec::new();
    for reference in references {
        let plan_id = reference.common.as_ref().and_then(|common| common.plan_id);
        match reference.rel_type {
            Some(RelType::SubqueryAlias(alias)) => {
                let frame = relation::input(scope, alias.input.clone())?;
                named.push(Cte {
                    name: alias.alias.clone(),
                    columns: Vec::new(),
                    max_level: None,
                    origin: frame.origin.clone(),
                    query: frame,
                });
                remember(
                    scope,
                    plan_id,
                    proto::Relation { common: reference.common, rel_type: Some(RelType::SubqueryAlias(alias)) },
                );
            }
            rel_type => remember(scope, plan_id, proto::Relation { common: reference.common, rel_type }),
        }
    }
    Ok(named)
}

fn remember(scope: &Scope<'_>, plan_id: Option<i64>, reference: proto::Relation) {
    if let Some(plan_id) = plan_id {
        scope.references.borrow_mut().insert(plan_id, reference);
    }
}
