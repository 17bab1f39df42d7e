//! One query, top to bottom: lower, describe, decide, execute, stream. The only place that knows the order.

use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use floe_backends::{Batches, Outcome, Run, Work};
use floe_base::id::BackendId;
use floe_base::{Error, Result};
use floe_plan::Planned;
use floe_route::{Decision, Facts, Measured, Policy, Subject, TableFacts, Wish, decide, policy};
use floe_syntax::command::ExplainMode;
use floe_syntax::relation::Hint;
use floe_syntax::{Relation, RelationKind, Statement};
use futures::{FutureExt, Stream, StreamExt, TryStreamExt};

use crate::admission::{Permit, holding};
use crate::evidence::{Ran, timed};
use crate::execution::{Answer, Observed};
use crate::operation::{Operation, Sent};
use crate::session::{Running, SessionLookup};
use crate::system::routes::Routed;
use crate::{Execution, Session, command, elsewhere, system};

/// A statement to be run.
#[derive(Clone, Debug)]
pub struct Request {
    /// `Err` says why what the client sent could not be read.
    pub statement: Result<Statement>,
    /// What the client sent, whole; a backend that takes it forwards it untouched.
    pub sent: Option<Sent>,
    pub operation_id: String,
    pub tags: Vec<String>,
    /// The dbt node it is run for, where one is known ([`crate::system::dbt::node_id`]).
    pub node_id: Option<String>,
}

impl Request {
    /// A request that came by no wire: embedded use, the command line, tests.
    pub fn of(statement: Statement) -> Self {
        let (statement, operation_id) = (Ok(statement), floe_base::id::fresh());
        Self { statement, sent: None, operation_id, tags: Vec::new(), node_id: None }
    }

    /// A SQL text of a session.
    pub fn sql(session: &Session, text: &str) -> Result<Self> {
        let request = Self::of(floe_sql::parse_statement(&session.source(text)?)?);
        Ok(Self { node_id: system::dbt::node_id(text), ..request })
    }
}

/// The statements of a script, apart: `;` ends one, except inside quotes and comments.
pub fn statements(script: &str) -> Vec<String> {
    let mut statements = Vec::new();
    let mut current = String::new();
    let mut rest = script.char_indices().peekable();
    let mut open: Option<char> = None;
    let mut is_statement = false;
    while let Some((at, letter)) = rest.next() {
        current.push(letter);
        match (open, letter) {
            (Some('\''), '\\') | (Some('"'), '\\') => current.extend(rest.next().map(|(_, next)| next)),
            (Some('-'), '\n') => open = None,
            (Some('*'), '*') if script[at..].starts_with("*/") => {
                current.extend(rest.next().map(|(_, next)| next));
                open = None;
            }
            (Some(quote @ ('\'' | '"' | '`')), letter) if quote == letter => open = None,
            (Some(_), _) => {}
            (None, '\'' | '"' | '`') => (open, is_statement) = (Some(letter), true),
            (None, '-') if script[at..].starts_with("--") => open = Some('-'),
            (None, '/') if script[at..].starts_with("/*") => {
                current.extend(rest.next().map(|(_, next)| next));
                open = Some('*');
            }
            (None, ';') => {
                current.pop();
                let whole = std::mem::take(&mut current);
                statements.extend(std::mem::take(&mut is_statement).then_some(whole));
            }
            (None, letter) => is_statement |= !letter.is_whitespace(),
        }
    }
    statements.extend(is_statement.then_some(current));
    statements
}

/// Runs a statement on the threads for queries: plans are trees, and only those stacks are deep enough for them.
pub(crate) async fn run(session: Arc<Session>, request: Request) -> Result<Answer> {
    let operation = Operation::new(request.operation_id, request.tags, request.node_id, request.sent);
    let running = Arc::new(session.begin(operation.clone()));
    let engine = session.engine().clone();
    let work = engine.threads().run(async move {
        let statement = match request.statement {
            Ok(statement) => statement,
            Err(why) => return elsewhere::instead(&session, why, None, &running).await,
        };
        if elsewhere::wanted(&session, &statement, &running).await? {
            return elsewhere::forward_or_feed(&session, statement, &running).await;
        }
        let again = elsewhere::may_go_on(&session, &running).then(|| statement.clone());
        match here(&session, statement, &running).await {
            Err(why) => elsewhere::instead(&session, why, again, &running).await,
            answer => answer,
        }
    });
    operation.unless_interrupted(work).await
}

/// A statement that was read.
pub(crate) async fn here(session: &Arc<Session>, statement: Statement, running: &Arc<Running>) -> Result<Answer> {
    match command::spelled(session, statement).await? {
        Statement::Query(relation) => match *relation.kind {
            RelationKind::Catalog(call) => command::catalog(session, *call).await.map(Answer::Rows),
            _ => rows(session, relation, running).await,
        },
        // A future is as large as the largest statement it may run: queries need not carry that.
        Statement::Command(statement) => command::run(session, *statement, running).boxed().await.map(Answer::Rows),
    }
}

/// The five steps of a query.
async fn rows(session: &Arc<Session>, relation: Relation, running: &Arc<Running>) -> Result<Answer> {
    let planned = lower_to_run(session, relation).await?;
    let decision = decided(session, &planned, &running.operation).await?;
    if decision.backend == BackendId::Spark {
        return elsewhere::forward(session, running).await;
    }
    let observed = observe(session, &planned, &running).await?;
    let (batches, decision) = execute(session, &planned, decision, running).await?;
    let schema = planned.schema();
    let rows = named(batches, schema.clone(), running.clone());
    Ok(Answer::Rows(Execution { schema, rows, is_command: false, decision: Some(decision), observed }))
}

/// Step 1: names, types and functions become one plan.
pub(crate) async fn lower(session: &Arc<Session>, relation: Relation) -> Result<Planned> {
    let lookup = SessionLookup::new(session.clone())?;
    floe_plan::lower_query(relation, &lookup).await
}

/// The same for rows that are wanted: they are read where the session keeps them.
pub(crate) async fn lower_to_run(session: &Arc<Session>, relation: Relation) -> Result<Planned> {
    session.with_frames(lower(session, relation).await?).await
}

/// Steps 2 and 3: what is known of the plan, and where it shall run. The decision is kept in `system.routes`.
pub(crate) async fn decided(session: &Session, planned: &Planned, operation: &Operation) -> Result<Arc<Decision>> {
    let facts = elsewhere::facts(session, planned).await?;
    let is_sent = operation.sent.is_some();
    let decision = Arc::new(choose(session, &facts, Of::Plan(planned, Ask::Needed), By::of(operation), is_sent)?);
    log(session, operation, &facts, &decision);
    Ok(decision)
}

/// As [`decided`], for the rows of a statement that runs here as a whole.
pub(crate) async fn decided_here(session: &Session, planned: &Planned, operation: &Operation) -> Result<Arc<Decision>> {
    let facts = facts(session, planned).await;
    let decision = Arc::new(choose(session, &facts, Of::Plan(planned, Ask::Needed), By::of(operation), false)?);
    log(session, operation, &facts, &decision);
    Ok(decision)
}

/// What is known of a plan that is to run here. How many groups it makes is asked only where memory may not hold them.
pub(crate) async fn facts(session: &Session, planned: &Planned) -> Facts {
    let mut facts = floe_plan::facts(planned);
    if facts.shape.aggregates > 0 && floe_route::stays(&facts).is_none() {
        let rows = facts.tables.iter().map(TableFacts::reads_rows).fold(0, u64::saturating_add);
        let told = session.engine().datafusion().is_crowded(&planned.plan, rows).await;
        facts.is_crowded = told.unwrap_or_else(|error| {
            tracing::warn!(%error, "how many groups a query makes is not known");
            false
        });
    }
    facts
}

pub(crate) fn log(session: &Session, operation: &Operation, facts: &Facts, decision: &Arc<Decision>) {
    session.engine().routes().add(Routed::now(session, operation, facts, decision.clone()));
    tracing::info!(session = session.key().session_id, backend = %decision.backend, reason = decision.summary(), "query routed");
}

/// What a decision is about.
#[derive(Clone, Copy)]
pub(crate) enum Of<'a> {
    /// A plan, and who is asked about it.
    Plan(&'a Planned, Ask),
    /// A statement that has none: it could not be lowered, or is no query.
    Statement,
}

/// Which backends are asked whether they take the very plan; each writes it down to tell.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ask {
    /// Those the decision may depend on: the one that was asked for, or all that are weighed against each other.
    Needed,
    /// Every one: somebody wants to know why.
    All,
}

/// Who asks, as far as wishes and the server's rules look at it.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct By<'a> {
    pub tags: &'a [String],
    /// The dbt node.
    pub model: Option<&'a str>,
    /// The tables that are written, by the names the statement gives them.
    pub written: &'a [Vec<String>],
    /// The tables a statement names that is not decided by its plan.
    pub named: &'a [String],
    /// The hints of such a statement.
    pub hints: &'a [Hint],
    /// A Spark gave the rows already: who wished for it has had it.
    pub is_fed: bool,
}

impl<'a> By<'a> {
    pub(crate) fn of(operation: &'a Operation) -> Self {
        let written = operation.sent.as_ref().map_or(&[][..], |sent| &sent.message.targets);
        let (model, is_fed) = (operation.node_id.as_deref(), operation.is_fed());
        Self { tags: &operation.tags, model, written, is_fed, ..Self::default() }
    }
}

/// `is_sent`: a client sent it, so that it can be forwarded.
pub(crate) fn choose(session: &Session, facts: &Facts, of: Of<'_>, by: By<'_>, is_sent: bool) -> Result<Decision> {
    let hints: &[Hint] = if let Of::Plan(planned, _) = of { &planned.hints } else { by.hints };
    let policy = Policy { wishes: wishes(session, hints, by, facts)?, local_max_bytes: local_max_bytes(session)? };
    let mut capabilities = session.engine().capabilities(session.spark());
    let wished = policy.wishes.first().map(|wish| wish.backend);
    let are_weighed = floe_route::stays(facts).is_none();
    let plan = match of {
        Of::Plan(planned, _) if are_weighed => Some(floe_plan::fingerprint(planned, facts)),
        _ => None,
    };
    for capability in &mut capabilities {
        if capability.available.is_ok() && capability.takes_origin && !is_sent {
            capability.available = Err("it takes what clients send; this came by no client of Spark Connect".into());
        }
        let Of::Plan(planned, ask) = of else { continue };
        capability.measured = plan.and_then(|plan| measured(session, plan, capability.backend, planned));
        let counts = match wished {
            Some(backend) => backend == capability.backend,
            None => capability.in_process && are_weighed,
        };
        if capability.available.is_ok() && !capability.takes_origin && (counts || ask == Ask::All) {
            capability.opinion = session.engine().backend(capability.backend)?.opinion(planned, facts);
        }
    }
    Ok(Decision { plan, ..decide(facts, &capabilities, &policy)? })
}

/// What a plan took on a backend with the tables that has ready now. What it took before it had them is the most that is
/// expected, and no knowledge.
fn measured(session: &Session, plan: u64, backend: BackendId, planned: &Planned) -> Option<Measured> {
    let evidence = session.engine().evidence();
    let before = || Some(Measured { runs: 0, ..evidence.of(plan, backend)? });
    evidence.of(plan.wrapping_add(held(session, backend, planned)), backend).or_else(before)
}

/// How many of a plan's tables a backend has ready: with others the plan is other work there.
fn held(session: &Session, backend: BackendId, planned: &Planned) -> u64 {
    session.engine().backend(backend).map_or(0, |backend| backend.held(planned))
}

/// What a query may read to be run in this process.
pub(crate) fn local_max_bytes(session: &Session) -> Result<u64> {
    match session.conf().raw("floe.local.maxBytes") {
        Some(text) => floe_base::settings::parse_bytes(&text, 0).ok_or_else(|| {
            Error::message(floe_base::Kind::IllegalArgument, format!("floe.local.maxBytes is no size: {text}"))
        }),
        None => session.engine().settings().bytes("local-max-bytes", 0),
    }
}

/// Who asked for a route, strongest first: the operation's tag, the statement's hint, the session, the address it
/// connected to, the server's rules, the server. What only the session can tell is asked of it, whatever the wish for Spark.
pub(crate) fn wishes(session: &Session, hints: &[Hint], by: By<'_>, facts: &Facts) -> Result<Vec<Wish>> {
    let tag = by.tags.iter().find_map(|tag| tag.strip_prefix("floe:route="));
    let hint = hints.iter().find(|hint| hint.name.eq_ignore_ascii_case("route"));
    let hinted = hint.and_then(|hint| hint.parameters.first()).map(hint_text);
    let conf = session.conf().raw("floe.route");
    let asked = [
        (tag.map(str::to_string), "tag"),
        (hinted, "hint"),
        (conf, "conf floe.route"),
        (session.address_route(), "x-floe-route in the address"),
    ];
    let asked = asked.into_iter().filter_map(|(text, by)| policy::parse_wish(&text?, by).transpose());
    let set = policy::parse_wish(session.engine().settings().text("route"), "setting route").transpose();
    let wishes = asked.chain(ruled(session, by, facts).map(Ok)).chain(set);
    let is_ours = by.is_fed || facts.of_session;
    let is_open = |wish: &Result<Wish>| !wish.as_ref().is_ok_and(|wish| is_ours && wish.backend == BackendId::Spark);
    wishes.filter(is_open).collect()
}

/// What the server's rules want; most servers have none, and then nobody's names are spelled out for them.
fn ruled(session: &Session, by: By<'_>, facts: &Facts) -> Option<Wish> {
    let rules = &session.engine().settings().rules;
    if rules.is_empty() {
        return None;
    }
    let read = facts.tables.iter().map(|table| table.name.clone());
    let written = by.written.iter().map(|name| session.full_name(name));
    let tables = read.chain(by.named.iter().cloned()).chain(written).collect();
    let user = session.key().user_id.as_str();
    policy::ruled(rules, &Subject { tables, user, tags: by.tags, model: by.model })
}

/// The word in `ROUTE(duckdb)`, which the parser reads as a column's name or a text.
fn hint_text(parameter: &floe_syntax::Expression) -> String {
    use floe_syntax::{ExpressionKind, Literal};
    match &parameter.kind {
        ExpressionKind::Attribute(attribute) => attribute.parts.join("."),
        ExpressionKind::Literal(Literal::String(text)) => text.clone(),
        _ => parameter.origin.fragment().to_string(),
    }
}

/// Step 4: the backend runs it, once it is its turn. Where it fails before its first row, the decision is for another
/// one in the end.
pub(crate) async fn execute(
    session: &Session,
    planned: &Planned,
    decision: Arc<Decision>,
    running: &Running,
) -> Result<(Batches, Arc<Decision>)> {
    let run = Run { operation_id: running.operation.id.clone() };
    let permit = admitted(session, &decision, running).await?;
    let begun = Instant::now();
    let attempt = attempt(session, planned, decision.backend, decision.instead, &run).await?;
    let remember = |batches: Batches, backends: Vec<(BackendId, Duration)>| match decision.plan {
        Some(plan) => {
            let held = |(backend, foreign)| (backend, plan.wrapping_add(held(session, backend, planned)), foreign);
            remembered(session, batches, backends.into_iter().map(held).collect(), begun.elapsed())
        }
        None => batches,
    };
    match attempt {
        Attempt::Done(batches) => {
            let batches = remember(batches, vec![(decision.backend, Duration::ZERO)]);
            Ok((holding(batches, permit), decision))
        }
        Attempt::Moved { to, why, lost, batches } => {
            // Who asks the first one next time waits for both again.
            let batches = remember(batches, vec![(decision.backend, Duration::ZERO), (to, lost)]);
            let moved = Arc::new(decision.moved(to, &why));
            session.engine().routes().moved(&running.operation.id, &decision, &moved);
            Ok((holding(batches, permit), moved))
        }
    }
}

/// The permit of a heavy query, once it is its turn; `system.routes` tells how long that took.
async fn admitted(session: &Session, decision: &Arc<Decision>, running: &Running) -> Result<Option<Arc<Permit>>> {
    let engine = session.engine();
    let (permit, waited) = engine.admission().admit(&session.key().session_id, &running.operation, decision).await?;
    if !waited.is_zero() {
        let waited_ms = u64::try_from(waited.as_millis()).unwrap_or(u64::MAX);
        engine.routes().waited(&running.operation.id, decision, waited_ms);
    }
    Ok(permit)
}

/// The batches; once they came to their end, what that took is remembered of these backends, for each as its own plan and
/// without the time that is not its own.
fn remembered(
    session: &Session,
    batches: Batches,
    backends: Vec<(BackendId, u64, Duration)>,
    before: Duration,
) -> Batches {
    let evidence = session.engine().evidence().clone();
    timed(batches, before, move |took| {
        for (backend, plan, foreign) in backends {
            let micros = u64::try_from(took.saturating_sub(foreign).as_micros()).unwrap_or(u64::MAX);
            evidence.add(Ran { plan, backend, micros });
        }
    })
}

/// How a run began.
enum Attempt {
    Done(Batches),
    /// Another backend had to be asked.
    Moved {
        to: BackendId,
        why: String,
        /// What the first one took to fail.
        lost: Duration,
        batches: Batches,
    },
}

/// Runs a plan; on `instead` where the backend fails and nobody has insisted on it. What a value raises is always asked
/// of DataFusion, for only there it is Spark's answer.
async fn attempt(
    session: &Session,
    planned: &Planned,
    backend: BackendId,
    instead: Option<BackendId>,
    run: &Run,
) -> Result<Attempt> {
    let begun = Instant::now();
    let first = session.engine().backend(backend)?.execute(Work::Plan(planned), run).await;
    let lost = begun.elapsed();
    let (to, why) = match first {
        Ok(Outcome::Raised(error)) => (BackendId::DataFusion, format!("a value raised ({})", error.sentence())),
        Ok(outcome) => return Ok(Attempt::Done(outcome.batches()?)),
        Err(error) => match instead {
            Some(other) if error.condition() != "OPERATION_CANCELED" => (other, error.sentence()),
            _ => return Err(error),
        },
    };
    let why = why.lines().next().unwrap_or_default().to_string();
    tracing::info!(operation = run.operation_id, %backend, %to, why, "another backend is asked");
    let batches = session.engine().backend(to)?.execute(Work::Plan(planned), run).await?.batches()?;
    Ok(Attempt::Moved { to, why, lost, batches })
}

/// Step 5: batches under the client's names, until the end or the interrupt. The operation runs as long as this lives.
fn named(batches: Batches, schema: SchemaRef, running: Arc<Running>) -> crate::execution::Rows {
    until_interrupted(batches.map(move |batch| rename(batch?, &schema)), running)
}

/// What a backend gives, until the end or the interrupt. The operation runs as long as this lives.
pub(crate) fn until_interrupted<T: Send + 'static>(
    given: impl Stream<Item = Result<T>> + Send + 'static,
    running: Arc<Running>,
) -> Pin<Box<dyn Stream<Item = Result<T>> + Send>> {
    let operation = running.operation.clone();
    let interrupted = operation.clone();
    let rows = given
        .take_until(async move { interrupted.interrupted().await })
        .chain(futures::stream::once(async move { Err(operation.error()) }).take_while({
            let operation = running.operation.clone();
            move |_| std::future::ready(operation.is_interrupted())
        }))
        .map(move |item| {
            let _ = &running;
            item
        });
    Box::pin(rows)
}

/// The same columns under the client's names; types are the plan's already.
pub(crate) fn rename(batch: RecordBatch, schema: &SchemaRef) -> Result<RecordBatch> {
    let options = arrow::array::RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
    let columns = batch.columns().iter().zip(schema.fields()).map(|(column, field)| {
        if column.data_type() == field.data_type() {
            Ok(column.clone())
        } else {
            arrow::compute::cast(column, field.data_type())
        }
    });
    let columns = columns.collect::<Result<Vec<_>, _>>()?;
    Ok(RecordBatch::try_new_with_options(schema.clone(), columns, &options)?)
}

/// The metrics of every `observe` in the query.
async fn observe(session: &Arc<Session>, planned: &Planned, running: &Running) -> Result<Vec<Observed>> {
    let mut observed = Vec::new();
    for observation in &planned.observations {
        let facts = facts(session, &observation.metrics).await;
        let decision = choose(session, &facts, Of::Plan(&observation.metrics, Ask::Needed), By::default(), false)?;
        let (batches, _) = execute(session, &observation.metrics, Arc::new(decision), running).await?;
        let schema = observation.metrics.schema();
        let batches: Vec<RecordBatch> = batches.try_collect().await?;
        let batches = batches.into_iter().map(|batch| rename(batch, &schema)).collect::<Result<Vec<_>>>()?;
        let metrics = arrow::compute::concat_batches(&schema, &batches)?;
        observed.push(Observed { name: observation.name.clone(), plan_id: observation.plan_id, metrics });
    }
    Ok(observed)
}

/// Runs a planned query to its end, for work inside the engine: what writes look at, variables, names.
pub(crate) async fn collect(session: &Session, planned: &Planned) -> Result<Vec<RecordBatch>> {
    run_here(session, planned).await?.try_collect().await
}

/// Runs a client's query to its end where it shall run in process: what `show` prints, what a cache keeps. Rows that
/// are wanted here are computed here, whoever asked for Spark.
pub(crate) async fn collect_routed(session: &Session, planned: &Planned) -> Result<Vec<RecordBatch>> {
    run_routed(session, planned).await?.try_collect().await
}

/// The same, its rows as they come.
pub(crate) async fn run_routed(session: &Session, planned: &Planned) -> Result<Batches> {
    let facts = facts(session, planned).await;
    if wishes(session, &planned.hints, By::default(), &facts)?
        .first()
        .is_some_and(|wish| wish.backend == BackendId::Spark)
    {
        return run_here(session, planned).await;
    }
    let decision = choose(session, &facts, Of::Plan(planned, Ask::Needed), By::default(), false)?;
    run_as(session, planned, &decision).await
}

/// Runs a planned query where a decision says.
pub(crate) async fn run_as(session: &Session, planned: &Planned, decision: &Decision) -> Result<Batches> {
    run_on(session, planned, decision.backend, decision.instead).await
}

/// Runs a planned query in process, under the client's names.
pub(crate) async fn run_here(session: &Session, planned: &Planned) -> Result<Batches> {
    run_on(session, planned, BackendId::DataFusion, None).await
}

async fn run_on(
    session: &Session,
    planned: &Planned,
    backend: BackendId,
    instead: Option<BackendId>,
) -> Result<Batches> {
    let schema = planned.schema();
    let run = Run { operation_id: floe_base::id::fresh() };
    let (Attempt::Done(batches) | Attempt::Moved { batches, .. }) =
        attempt(session, planned, backend, instead, &run).await?;
    Ok(Box::pin(batches.map(move |batch| rename(batch?, &schema))))
}

/// The schema a relation would have.
pub(crate) async fn schema(session: Arc<Session>, relation: Relation) -> Result<SchemaRef> {
    let engine = session.engine().clone();
    engine
        .threads()
        .run(async move {
            if let RelationKind::Catalog(call) = relation.kind.as_ref() {
                return Ok(command::catalog_schema(call));
            }
            Ok(lower(&session, relation).await?.schema())
        })
        .await
}

/// The files a relation would read by path.
pub(crate) async fn input_files(session: Arc<Session>, relation: Relation) -> Result<Vec<String>> {
    let engine = session.engine().clone();
    let work = async move {
        let planned = lower(&session, relation).await?;
        floe_catalog::files::listed::of_plan(&planned.plan, session.engine().datafusion().state()).await
    };
    engine.threads().run(work).await
}

/// Whether two relations give the same rows, their tables as they are now.
pub(crate) async fn same_semantics(session: &Arc<Session>, left: Relation, right: Relation) -> Result<bool> {
    let (left, right) = (lower(session, left).await?, lower(session, right).await?);
    Ok(floe_plan::same(&left.plan, &right.plan, floe_plan::Versions::Exact))
}

/// EXPLAIN: Spark's headings over the backend's own plans.
pub(crate) async fn explain(session: Arc<Session>, relation: Relation, mode: ExplainMode) -> Result<String> {
    let engine = session.engine().clone();
    engine
        .threads()
        .run(async move {
            let tree = if mode == ExplainMode::Extended { floe_plan::parsed(&relation) } else { String::new() };
            let analysed = lower(&session, relation).await?;
            let planned = session.telling_of_frames(analysed.clone())?;
            let facts = elsewhere::facts(&session, &planned).await?;
            let decision = choose(&session, &facts, Of::Plan(&planned, Ask::Needed), By::default(), true)?;
            let route = format!("== Route ==\n{}\n", decision.summary());
            // What Spark would make of it, only Spark knows; ours shows what is asked.
            let shows = if decision.backend == BackendId::Spark { BackendId::DataFusion } else { decision.backend };
            let physical = session.engine().backend(shows)?.explain(Work::Plan(&planned)).await?;
            let last = physical.split("\n\n").last().unwrap_or_default().trim_end();
            Ok(match mode {
                ExplainMode::Simple | ExplainMode::Formatted => format!("{last}\n\n{route}"),
                ExplainMode::Cost => {
                    format!("{}\n\n== Statistics ==\n{}\n{route}", physical.trim_end(), statistics(&facts))
                }
                // Spark's words for a plan of which it would generate no code.
                ExplainMode::Codegen => format!("Found 0 WholeStageCodegen subtrees.\n\n{route}"),
                ExplainMode::Extended | ExplainMode::Route => {
                    let analysed = analysed.plan.display_indent();
                    format!(
                        "== Parsed Logical Plan ==\n{tree}\n== Analyzed Logical Plan ==\n{analysed}\n\n{physical}\n\n{route}"
                    )
                }
            })
        })
        .await
}

/// What is known of the tables, in the words of Spark's `EXPLAIN COST`.
fn statistics(facts: &Facts) -> String {
    let known = |what: &str, value: Option<u64>| value.map(|value| format!("{what}={value}"));
    let line = |table: &floe_route::TableFacts| {
        let told = [known("sizeInBytes", table.bytes), known("rowCount", table.rows)];
        format!("{}: Statistics({})\n", table.name, told.into_iter().flatten().collect::<Vec<_>>().join(", "))
    };
    facts.tables.iter().map(line).collect()
}

/// The decision a query would get, without running it.
pub(crate) async fn route(session: &Arc<Session>, relation: Relation, by: By<'_>) -> Result<Decision> {
    match lower(session, relation).await {
        Ok(planned) => {
            let planned = session.telling_of_frames(planned)?;
            let facts = elsewhere::facts(session, &planned).await?;
            choose(session, &facts, Of::Plan(&planned, Ask::All), by, true)
        }
        Err(why) => elsewhere::route(session, why, by),
    }
}

#[cfg(test)]
mod tests {
    use super::statements;

    #[test]
    fn semicolons_inside_quotes_and_comments_end_nothing() {
        let script = "SELECT ';' -- a;b\n, 1; /* ; */ SELECT `;`;\n  ;SELECT 'it\\';s'";
        let found = statements(script);
        assert_eq!(found.len(), 3, "{found:?}");
        assert_eq!(found[2], "SELECT 'it\\';s'");
    }

    #[test]
    fn comments_alone_are_no_statement() {
        assert_eq!(statements("-- first\nSELECT 1; -- one\n/* two */").len(), 1);
        assert!(statements(" ;; -- nothing").is_empty());
    }
}
