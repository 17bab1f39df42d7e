//! Statements that another engine takes whole: which ones, and what happens then.
//!
//! What cannot be read or lowered here may still be Spark's; so may names that are not known here. That is found out by
//! trying: nothing has happened yet when a statement fails for such a reason. Session state stays here in any case, and
//! is made there again when an operation needs it (`session/upstream.rs`).

use std::sync::Arc;

use bytes::Bytes;
use floe_backends::{Backend, Forwarded, Outcome, Run, Work};
use floe_base::id::BackendId;
use floe_base::{Error, Kind, Result};
use floe_plan::Planned;
use floe_route::{Decision, Facts, TableFacts};
use floe_syntax::command::{CatalogCall, Describe, ExplainMode, Show, ViewKind};
use floe_syntax::relation::TableName;
use floe_syntax::routine::RoutineBody;
use floe_syntax::{Command, Expression, Origin, Relation, RelationKind, Statement};
use futures::{StreamExt, TryStreamExt, stream};

use crate::operation::Sent;
use crate::query::{Ask, By, Of};
use crate::session::Running;
use crate::{Answer, Refusal, Session, command, fed, query};

/// True where Spark was asked for or is needed, before anything is done; the decision is noted. Queries are decided with
/// their plan instead.
pub(crate) async fn wanted(session: &Arc<Session>, statement: &Statement, running: &Running) -> Result<bool> {
    let Some(sent) = running.operation.sent.as_ref().filter(|_| session.spark().is_ok()) else {
        return Ok(false);
    };
    let by = By::of(&running.operation);
    let note = |facts: &Facts, decision| query::log(session, &running.operation, facts, &Arc::new(decision));
    let command = match statement {
        Statement::Query(relation) => match relation.kind.as_ref() {
            RelationKind::Catalog(call) if is_about_functions(call) && !is_ours(session, call).await? => None,
            _ => return Ok(false),
        },
        Statement::Command(command) if stays(session, command) => return Ok(false),
        Statement::Command(command) => Some(command.as_ref()),
    };
    if let Some(what) = command.and_then(|command| only_there(session, command)) {
        let facts = Facts { opaque: Some(what), ..Facts::default() };
        let chosen = query::choose(session, &facts, Of::Statement, by, true).ok();
        return Ok(chosen.map(|decision| note(&facts, decision)).is_some());
    }
    // What cannot be lowered fails again when the statement is tried, and is decided then.
    let planned = match command.and_then(source) {
        Some(source) => query::lower(session, source.clone()).await.ok(),
        None => None,
    };
    let named = named(session, statement, planned.as_ref());
    let hints = planned.as_ref().map_or(&[][..], |planned| &planned.hints);
    let by = By { named: &named, hints, ..by };
    let wish = query::wishes(session, hints, by, &Facts::default())?.into_iter().next();
    if let Some(wish) = wish {
        if wish.backend != BackendId::Spark {
            return Ok(false);
        }
        let read = planned.as_ref().map(floe_plan::facts).unwrap_or_default();
        let facts = Facts { writes: (!sent.message.is_query).then(|| "a statement".into()), ..Facts::default() };
        let decision = query::choose(session, &facts, Of::Statement, by, true)?;
        note(&Facts { tables: read.tables, ..facts }, decision);
        return Ok(true);
    }
    let Some(planned) = &planned else { return Ok(false) };
    let facts = facts(session, planned).await?;
    let decision = query::choose(session, &facts, Of::Plan(planned, Ask::Needed), by, true)?;
    let is_possible = decision.backend == BackendId::Spark && session.are_written_by_all(&sent.message.targets).await?;
    Ok(is_possible.then(|| note(&facts, decision)).is_some())
}

/// True for a statement that writes and that Spark may be asked for when it fails here.
pub(crate) fn may_go_on(session: &Session, running: &Running) -> bool {
    let sent = running.operation.sent.as_ref();
    session.spark().is_ok() && sent.is_some_and(|sent| !sent.message.targets.is_empty())
}

/// The tables a statement names, by their full names, and those its rows come from.
fn named(session: &Session, statement: &Statement, planned: Option<&Planned>) -> Vec<String> {
    let named = names_of(statement).read;
    let named = named.iter().map(|name| session.full_name(name));
    let read = planned.into_iter().flat_map(|planned| &planned.tables);
    named.chain(read.map(|table| table.facts.name.clone())).collect()
}

/// What a statement goes to Spark for, or `why` it failed here. One that was not read is only forwarded.
pub(crate) async fn instead(
    session: &Arc<Session>,
    why: Error,
    statement: Option<Statement>,
    running: &Arc<Running>,
) -> Result<Answer> {
    if running.operation.sent.is_none() || !may_be_sparks(session, &why) {
        return Err(why);
    }
    let facts = Facts { opaque: Some(reason(&why)), ..Facts::default() };
    let Ok(decision) = query::choose(session, &facts, Of::Statement, By::of(&running.operation), true) else {
        return Err(why);
    };
    let decision = Arc::new(decision);
    query::log(session, &running.operation, &facts, &decision);
    let forwarded = match statement {
        Some(statement) => forward_or_feed(session, statement, running).await,
        None => forward(session, running).await,
    };
    forwarded.map_err(|error| which(why, error))
}

/// Hands a statement to the session's Spark as was decided: whole, or for the rows of a table that only we can write.
pub(crate) async fn forward_or_feed(
    session: &Arc<Session>,
    statement: Statement,
    running: &Arc<Running>,
) -> Result<Answer> {
    let Some(sent) = &running.operation.sent else { return forward(session, running).await };
    match fed::source(session, &statement, sent).await? {
        Some(source) => fed::run(session, statement, source, sent, running).await,
        None => forward(session, running).await,
    }
}

/// What the session's Spark answers to a message.
pub(crate) async fn answers(session: &Arc<Session>, sent: &Sent, running: &Running) -> Result<Forwarded> {
    let upstream = &session.upstream()?;
    let state = session.state_for(sent, Some(running)).await?;
    let work = Work::Message { message: &sent.message, state, upstream };
    let run = Run { operation_id: running.operation.id.clone() };
    match upstream.spark().execute(work, &run).await? {
        Outcome::Forwarded(answers) => Ok(answers),
        _ => Err(Error::internal("a message was run as a plan")),
    }
}

/// Hands the client's message to the session's Spark, as was decided.
pub(crate) async fn forward(session: &Arc<Session>, running: &Arc<Running>) -> Result<Answer> {
    let operation = &running.operation;
    let Some(sent) = &operation.sent else {
        return Err(Error::internal("a statement that no client sent was to be forwarded"));
    };
    let answers = answers(session, sent, running).await?;
    let answers = if sent.message.makes.is_some() {
        // The client may use what was made as soon as it has the last answer, so that waits until the session knows.
        let all: Vec<Bytes> = operation.unless_interrupted(answers.try_collect()).await?;
        session.made_elsewhere(&sent.message).await?;
        stream::iter(all.into_iter().map(Ok)).boxed()
    } else {
        answers
    };
    Ok(Answer::Forwarded(query::until_interrupted(answers, running.clone())))
}

/// True where the session, the address it connected to or the server wants Spark for all that nobody says otherwise of.
pub(crate) fn is_asked_for(session: &Session) -> bool {
    let wished = query::wishes(session, &[], By::default(), &Facts::default());
    let first = wished.ok().and_then(|wishes| wishes.first().map(|wish| wish.backend));
    session.spark().is_ok() && first == Some(BackendId::Spark)
}

/// The analysis of a plan that failed here with `why`.
pub(crate) async fn analyze(session: Arc<Session>, sent: Sent, why: Error) -> Result<Bytes> {
    if !may_be_sparks(&session, &why) {
        return Err(why);
    }
    analyze_there(session, sent).await.map_err(|error| which(why, error))
}

/// What Spark says of a plan.
pub(crate) async fn analyze_there(session: Arc<Session>, sent: Sent) -> Result<Bytes> {
    let upstream = session.upstream()?;
    let engine = session.engine().clone();
    let work = async move {
        let state = session.state_for(&sent, None).await?;
        upstream.analyze(&sent.message.bytes, &state).await
    };
    engine.threads().run(work).await
}

/// The decision for a query that could not be lowered.
pub(crate) fn route(session: &Session, why: Error, by: By<'_>) -> Result<Decision> {
    if !may_be_sparks(session, &why) {
        return Err(why);
    }
    let facts = Facts { opaque: Some(reason(&why)), ..Facts::default() };
    query::choose(session, &facts, Of::Statement, by, true)
}

/// The facts of a plan, with the tables that Spark can read when it runs here or that are sent along to it.
///
/// Files that filters leave out are looked for only where it matters: the whole is too large to be read here.
///
/// # Errors
/// When a setting cannot be read.
pub(crate) async fn facts(session: &Session, planned: &Planned) -> Result<Facts> {
    let mut facts = query::facts(session, planned).await;
    for table in &mut facts.tables {
        let is_small = table.bytes.is_some_and(|bytes| bytes <= crate::session::ROWS_BYTES_MAX);
        if is_small || is_readable(session, table) {
            table.reachable.push(BackendId::Spark);
        }
    }
    if session.spark().is_ok()
        && facts.bytes() > query::local_max_bytes(session)?
        && let Err(error) = prune(session, planned, &mut facts).await
    {
        tracing::warn!(%error, "which files a query leaves out is not known; all are counted");
    }
    Ok(facts)
}

async fn prune(session: &Session, planned: &Planned, facts: &mut Facts) -> Result<()> {
    let optimised = session.engine().datafusion().state().optimize(&planned.plan)?;
    floe_plan::prune(facts, planned, &optimised).await
}

/// True when Spark reads the table where it lies.
pub(crate) fn is_readable(session: &Session, table: &TableFacts) -> bool {
    let shares_files = session.spark().is_ok_and(|spark| spark.is_on_this_machine());
    table.reachable.contains(&BackendId::Spark) || (shares_files && floe_catalog::files::is_format(&table.format))
}

/// True for a failure that says only that we cannot: another engine may know more.
fn may_be_sparks(session: &Session, why: &Error) -> bool {
    if session.spark().is_err() {
        return false;
    }
    let unknown_here = [
        "UNSUPPORTED_FEATURE.FLOE",
        "TABLE_OR_VIEW_NOT_FOUND",
        "UNRESOLVED_ROUTINE",
        "UNRESOLVABLE_TABLE_VALUED_FUNCTION",
        "DATA_SOURCE_NOT_FOUND",
        "SCHEMA_NOT_FOUND",
        "CONNECT_INVALID_PLAN.DATAFRAME_NOT_FOUND",
    ];
    why.kind() == Kind::Parse || why.kind() == Kind::InvalidPlan || unknown_here.contains(&why.condition())
}

/// Which of two errors a client is told: what Spark says of the statement, else why it needed Spark.
fn which(why: Error, error: Error) -> Error {
    let is_sparks = Refusal::of(&error).is_some() || error.condition() == "OPERATION_CANCELED";
    if is_sparks || why.condition() == "UNSUPPORTED_FEATURE.FLOE" {
        return error;
    }
    tracing::warn!(%error, "a statement that failed here could not be tried by Spark");
    why
}

/// Why it goes to Spark, for people.
fn reason(why: &Error) -> String {
    let sentence = why.sentence();
    let first = sentence.split(" is not supported by the engines of this server").next().unwrap_or(&sentence);
    let first = first.lines().next().unwrap_or(first).trim();
    match why.kind() {
        Kind::Parse => "its text does not parse here".into(),
        Kind::Unsupported => format!("{first} needs a real Spark"),
        _ => format!("here: {first}"),
    }
}

/// Statements about the session itself and about catalogs, which live here whoever runs its queries.
fn stays(session: &Session, command: &Command) -> bool {
    match command {
        Command::Use { .. }
        | Command::Set { .. }
        | Command::ShowSettings { .. }
        | Command::Reset { .. }
        | Command::SetTimeZone { .. }
        | Command::DeclareVariable { .. }
        | Command::SetVariable { .. }
        | Command::DropVariable { .. }
        | Command::ExecuteImmediate { .. }
        | Command::Explain { mode: ExplainMode::Route, .. } => true,
        Command::RemoveCheckpoint { relation_id } => session.kept(relation_id).is_some() || !session.is_live_upstream(),
        Command::CreateTable(create) => create.query.is_none(),
        Command::CreateFunction(create) => !(create.temporary && matches!(create.routine.body, RoutineBody::Class(_))),
        Command::DropFunction { name, .. } => !name.last().is_some_and(|name| session.has_function_upstream(name)),
        Command::Describe(about) => !matches!(about, Describe::Query { .. } | Describe::Function { .. }),
        Command::Show(what) => !matches!(what, Show::Functions { .. }),
        Command::CreateView(_)
        | Command::AlterView { .. }
        | Command::DropView { .. }
        | Command::DropTable { .. }
        | Command::AlterTable { .. }
        | Command::Rename { .. }
        | Command::CreateSchema { .. }
        | Command::DropSchema { .. }
        | Command::AlterSchema { .. }
        | Command::CommentOn { .. } => true,
        _ => false,
    }
}

/// What a command is about, where that was made upstream and is nowhere else.
fn only_there(session: &Session, command: &Command) -> Option<String> {
    match command {
        Command::RemoveCheckpoint { relation_id } => Some(format!("frame {relation_id} is kept by Spark")),
        Command::DropFunction { name, .. } => {
            let last = name.last().filter(|name| session.has_function_upstream(name))?;
            Some(format!("function `{last}` was made there"))
        }
        _ => None,
    }
}

/// True for a call about a function that is kept here.
async fn is_ours(session: &Session, call: &CatalogCall) -> Result<bool> {
    let (CatalogCall::GetFunction { function, database } | CatalogCall::FunctionExists { function, database }) = call
    else {
        return Ok(false);
    };
    let Ok(name) = command::name_of(function, database.clone()) else { return Ok(false) };
    Ok(session.function(&name.parts, None).await?.is_some())
}

/// Calls whose answer Spark knows better: functions may have been made there.
fn is_about_functions(call: &CatalogCall) -> bool {
    matches!(
        call,
        CatalogCall::ListFunctions { .. } | CatalogCall::GetFunction { .. } | CatalogCall::FunctionExists { .. }
    )
}

/// The tables and views a statement names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Names {
    /// All of them.
    pub read: Vec<Vec<String>>,
    /// Those it writes.
    pub written: Vec<Vec<String>>,
    /// Those among the written that it makes where there are none.
    pub made: Vec<Vec<String>>,
}

/// The tables and views a statement names.
pub fn names_of(statement: &Statement) -> Names {
    let reads = |relation: &Relation| Names { read: floe_plan::tables_named(&[relation]), ..Names::default() };
    let command = match statement {
        Statement::Query(relation) => return reads(relation),
        Statement::Command(command) => command.as_ref(),
    };
    let condition_over = |table: &TableName, condition: &Option<Expression>| {
        let input = Relation::new(RelationKind::Table(table.clone()), Origin::Unknown);
        let Some(condition) = condition.clone() else { return input };
        Relation::new(RelationKind::Filter { input, condition }, Origin::Unknown)
    };
    let (read, target) = match command {
        Command::Insert(insert) => (Some(insert.source.clone()), Some(insert.table.parts.clone())),
        Command::CreateTable(create) => (create.query.clone(), Some(create.name.parts.clone())),
        Command::Merge(merge) => (Some(merge.source.clone()), Some(merge.target.parts.clone())),
        Command::Delete { table, condition, .. } => (Some(condition_over(table, condition)), Some(table.parts.clone())),
        Command::Update { table, condition, .. } => (Some(condition_over(table, condition)), Some(table.parts.clone())),
        Command::Truncate { table } | Command::DropTable { table, .. } | Command::AlterTable { table, .. } => {
            (None, Some(table.parts.clone()))
        }
        Command::CreateView(view) => {
            let is_stored = view.kind == ViewKind::Persistent;
            (Some(view.query.clone()), is_stored.then(|| view.name.parts.clone()))
        }
        Command::Cache { query: Some((query, _)), .. } => (Some(query.clone()), None),
        Command::Explain { statement, .. } => return Names { read: names_of(statement).read, ..Names::default() },
        _ => (None, None),
    };
    let mut names = read.as_ref().map(reads).unwrap_or_default();
    names.read.extend(target.clone());
    let makes = matches!(command, Command::CreateTable(_) | Command::CreateView(_));
    names.made.extend(target.clone().filter(|_| makes));
    names.written.extend(target);
    names
}

/// The rows a statement writes.
fn source(command: &Command) -> Option<&Relation> {
    match command {
        Command::Insert(insert) => Some(&insert.source),
        Command::CreateTable(create) => create.query.as_ref(),
        Command::Merge(merge) => Some(&merge.source),
        Command::SaveAsTable(save) => Some(&save.input),
        Command::WriteTo(write) => Some(&write.input),
        Command::WriteFiles(write) => Some(&write.input),
        _ => None,
    }
}
