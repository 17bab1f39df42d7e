//! Commands: what an `ExecutePlan` asks for besides rows.

use floe_base::Result;
use floe_proto::connect as proto;
use floe_proto::connect::command::CommandType;
use floe_proto::connect::relation::RelType;
use floe_syntax::command::{CreateView, ViewKind};
use floe_syntax::relation::TableName;
use floe_syntax::{Command, Origin, Relation, Statement};

use super::{Scope, merge, missing, not_set, relation, sql, text, write};

/// What a plan asks for.
#[derive(Debug)]
pub(crate) enum Asked {
    /// Rows: a frame's, or those of a SQL command that stands as a relation.
    Rows(Statement),
    /// Work that answers with nothing: writes, views.
    Do(Command),
    /// `spark.sql(text)`: a query is only analysed and sent back as `echo`; a command runs, and its rows go back.
    Sql { statement: Statement, echo: Box<proto::Relation> },
    /// `localCheckpoint` and `checkpoint`: the answer names the stored frame.
    Checkpoint(Statement),
    /// `spark.sparkContext.resources`: there are none.
    Resources,
    /// Clients from 4.1 forget their models when the interpreter ends; there are none to forget.
    CleanModelCache,
}

pub(crate) fn decode(scope: &Scope<'_>, command: proto::Command) -> Result<Asked> {
    let kind = command.command_type.ok_or_else(|| not_set("spark.connect.Command.command_type"))?;
    Ok(match kind {
        CommandType::SqlCommand(command) => sql_command(scope, command)?,
        CommandType::WriteOperation(operation) => run(write::operation(scope, operation)?),
        CommandType::WriteOperationV2(operation) => run(write::operation_v2(scope, operation)?),
        CommandType::MergeIntoTableCommand(merge) => run(merge::decode(scope, merge)?),
        CommandType::CreateDataframeView(view) => run(create_view(scope, view)?),
        CommandType::CheckpointCommand(checkpoint) => self::checkpoint(scope, checkpoint)?,
        CommandType::RemoveCachedRemoteRelationCommand(remove) => {
            let relation = remove.relation.ok_or_else(|| missing("RemoveCachedRemoteRelationCommand.relation"))?;
            run(Command::RemoveCheckpoint { relation_id: relation.relation_id })
        }
        CommandType::GetResourcesCommand(_) => Asked::Resources,
        CommandType::MlCommand(command) => machine_learning(&command),
        CommandType::RegisterFunction(function) => {
            unsupported(format!("registering function `{}`", function.function_name))
        }
        CommandType::RegisterTableFunction(function) => {
            unsupported(format!("registering table function `{}`", function.function_name))
        }
        CommandType::RegisterDataSource(source) => unsupported(format!("Python data source `{}`", source.name)),
        CommandType::WriteStreamOperationStart(_) => unsupported("a streaming query (writeStream)"),
        CommandType::StreamingQueryCommand(_) => unsupported("a command to a streaming query"),
        CommandType::StreamingQueryManagerCommand(_) => unsupported("the manager of streaming queries"),
        CommandType::StreamingQueryListenerBusCommand(_) => unsupported("a listener of streaming queries"),
        CommandType::CreateResourceProfileCommand(_) => unsupported("a resource profile"),
        CommandType::ExecuteExternalCommand(command) => {
            unsupported(format!("a command for external runner {}", command.runner))
        }
        CommandType::PipelineCommand(_) => unsupported("a declarative pipeline"),
        CommandType::Extension(any) => unsupported(format!("command extension {}", any.type_url)),
    })
}

fn run(command: Command) -> Asked {
    Asked::Do(command)
}

fn unsupported(what: impl Into<String>) -> Asked {
    run(Command::Unsupported { what: what.into(), origin: Origin::Unknown })
}

/// Clients from 4.0 send the text as a relation, older ones in the command itself.
fn sql_command(scope: &Scope<'_>, command: proto::SqlCommand) -> Result<Asked> {
    #[expect(deprecated, reason = "what 3.5 clients send")]
    let input = command.input.unwrap_or_else(|| {
        let sql = proto::Sql {
            query: command.sql,
            args: command.args,
            pos_args: command.pos_args,
            named_arguments: command.named_arguments,
            pos_arguments: command.pos_arguments,
        };
        proto::Relation { common: None, rel_type: Some(RelType::Sql(sql)) }
    });
    let echo = Box::new(input.clone());
    Ok(Asked::Sql { statement: sql::command_input(scope, input)?, echo })
}

fn create_view(scope: &Scope<'_>, view: proto::CreateDataFrameViewCommand) -> Result<Command> {
    let kind = if view.is_global { ViewKind::GlobalTemporary } else { ViewKind::Temporary };
    Ok(Command::CreateView(CreateView {
        name: TableName { parts: text::name(&view.name)?, ..TableName::default() },
        kind,
        or_replace: view.replace,
        if_not_exists: false,
        columns: Vec::new(),
        comment: None,
        properties: Vec::new(),
        text: None,
        query: required(scope, view.input, "CreateDataFrameViewCommand.input")?,
    }))
}

fn checkpoint(scope: &Scope<'_>, checkpoint: proto::CheckpointCommand) -> Result<Asked> {
    let command = Command::Checkpoint {
        input: required(scope, checkpoint.relation, "CheckpointCommand.relation")?,
        local: checkpoint.local,
        eager: checkpoint.eager,
    };
    Ok(Asked::Checkpoint(Statement::Command(Box::new(command))))
}

fn machine_learning(command: &proto::MlCommand) -> Asked {
    match command.command {
        Some(proto::ml_command::Command::CleanCache(_)) => Asked::CleanModelCache,
        _ => unsupported("a machine learning command"),
    }
}

pub(super) fn required(scope: &Scope<'_>, input: Option<proto::Relation>, whose: &'static str) -> Result<Relation> {
    match input {
        Some(input) => relation::decode(scope, input),
        None => Err(missing(whose)),
    }
}
