//! One operation upstream, followed to its end.
//!
//! The Spark keeps its answers until they are released, so a lost connection is taken up again behind the last one that
//! came; a stream that ends early without the word that the result is complete is one of its segments. When the Spark
//! itself was lost, or has ended the session with all that ran in it, a query of which nobody has seen a row runs once
//! more; what became of a write is not known, and that is what its client is told.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use floe_base::{Error, Kind, Result};
use floe_proto::connect as proto;
use floe_proto::wire;
use floe_syntax::Message;
use futures::stream;
use tokio::runtime::Handle;
use tokio::time::Instant;
use tonic::{Status, Streaming};

use super::client::Client;
use super::execute::Busy;
use super::frames;
use super::refusal::{is_cut_off, is_disconnected, is_lost, is_without_operation, is_without_session};
use super::state::State;
use super::upstream::{Ids, Upstream};
use crate::backend::Forwarded;

/// How long a Spark may be away before its operations are given up.
const AWAY_MAX: Duration = Duration::from_secs(20);
const RETRY: Duration = Duration::from_millis(250);
/// Answers are released upstream each time so much has come; it holds back what it sends when they are not.
const RELEASE_BYTES: usize = 4 << 20;
/// The fields of an answer that are looked at.
const ARROW_BATCH: u32 = 2;
const SCHEMA: u32 = 7;
const RESPONSE_ID: u32 = 13;
const RESULT_COMPLETE: u32 = 14;
const EXECUTION_PROGRESS: u32 = 18;

/// Starts an operation and gives its answers. When they are dropped before their end, the operation is interrupted.
///
/// # Errors
/// When the Spark cannot be reached, or refuses the state the operation needs.
pub(super) async fn start(
    upstream: Arc<Upstream>,
    message: Arc<Message>,
    operation_id: String,
    state: State,
) -> Result<Forwarded> {
    let busy = upstream.spark().busy();
    let mut following = Following {
        busy,
        is_reattachable: is_reattachable(&message),
        upstream,
        message,
        operation_id,
        state,
        runtime: Handle::current(),
        running: None,
        waiting: None,
        last_seen: None,
        unreleased: 0,
        is_taken: false,
        has_schema: false,
        has_answered: false,
        has_begun_again: false,
        is_done: false,
    };
    following.begin().await?;
    Ok(Box::pin(stream::unfold(following, |mut following| async move {
        let answer = following.next().await?;
        Some((answer, following))
    })))
}

struct Following {
    busy: Busy,
    upstream: Arc<Upstream>,
    message: Arc<Message>,
    operation_id: String,
    state: State,
    is_reattachable: bool,
    runtime: Handle,
    running: Option<Running>,
    /// An answer that came while the connection was tried.
    waiting: Option<Bytes>,
    /// The id of the last answer that came.
    last_seen: Option<String>,
    unreleased: usize,
    /// The Spark has said something of the operation that it sent last, so that it may have begun.
    is_taken: bool,
    has_schema: bool,
    /// More than the schema and how far it is, which a second run gives too.
    has_answered: bool,
    has_begun_again: bool,
    is_done: bool,
}

struct Running {
    client: Client,
    ids: Ids,
    answers: Streaming<Bytes>,
}

impl Following {
    /// Sends the client's message.
    async fn begin(&mut self) -> Result<()> {
        let (client, ids) = self.upstream.bring(&self.state).await?;
        let message = frames::named(&self.message.bytes, "ExecutePlanRequest", &self.state)?;
        let message = self.upstream.addressed(&message, &ids, 8, &[(6, self.operation_id.as_str())]);
        match client.stream("ExecutePlan", message).await {
            Ok(answers) => {
                self.running = Some(Running { client, ids, answers });
                Ok(())
            }
            Err(status) if is_without_session(&status) && !self.has_begun_again => self.begin_again(&ids).await,
            Err(status) => Err(self.upstream.error(&status)),
        }
    }

    /// Nothing has happened upstream: the session had gone before the operation came.
    async fn begin_again(&mut self, ids: &Ids) -> Result<()> {
        self.has_begun_again = true;
        // Answers of the first run are of no use to find the place in the second.
        (self.last_seen, self.is_taken) = (None, false);
        self.upstream.forget(ids).await;
        Box::pin(self.begin()).await
    }

    async fn next(&mut self) -> Option<Result<Bytes>> {
        loop {
            if self.is_done {
                return None;
            }
            if let Some(answer) = self.waiting.take() {
                match self.came(answer) {
                    Some(answer) => return Some(Ok(answer)),
                    None => continue,
                }
            }
            let Some(running) = &mut self.running else { return None };
            let ids = running.ids.clone();
            let went_on = match running.answers.message().await {
                Ok(Some(answer)) => match self.came(answer) {
                    Some(answer) => return Some(Ok(answer)),
                    None => continue,
                },
                Ok(None) if self.is_reattachable => self.attach().await,
                Ok(None) => {
                    self.is_done = true;
                    return None;
                }
                Err(status) if is_lost(&status) || is_cut_off(&status) => self.recover(&status).await,
                // Refused in place of the first answer: nothing has run.
                Err(status) if is_without_session(&status) && !self.is_taken && !self.has_begun_again => {
                    self.begin_again(&ids).await
                }
                Err(status) if is_without_session(&status) => self.once_more(&status).await,
                Err(status) => Err(self.upstream.error(&status)),
            };
            if let Err(error) = went_on {
                self.is_done = true;
                return Some(Err(error));
            }
        }
    }

    /// Notes an answer; `None` where the client has it already.
    fn came(&mut self, answer: Bytes) -> Option<Bytes> {
        self.is_taken = true;
        let has = |field| !wire::field(&answer, field).is_empty();
        let is_schema = has(SCHEMA) && !has(ARROW_BATCH);
        let is_known = is_schema && self.has_schema && self.has_begun_again;
        self.has_schema |= has(SCHEMA);
        self.has_answered |= !is_schema && !has(EXECUTION_PROGRESS);
        if !wire::field(&answer, RESULT_COMPLETE).is_empty() {
            self.is_done = true;
        }
        if !self.is_reattachable {
            return (!is_known).then_some(answer);
        }
        self.unreleased += answer.len();
        self.last_seen = wire::text(&answer, RESPONSE_ID).or_else(|| self.last_seen.take());
        if self.unreleased >= RELEASE_BYTES && !self.is_done {
            self.unreleased = 0;
            self.release_until();
        }
        (!is_known).then_some(answer)
    }

    /// Goes on behind the last answer that came.
    async fn attach(&mut self) -> Result<()> {
        self.is_taken = true;
        let Some(running) = &mut self.running else { return Ok(()) };
        let request = self.upstream.reattach(&running.ids, &self.operation_id, self.last_seen.clone());
        match running.client.stream("ReattachExecute", request).await {
            Ok(answers) => {
                running.answers = answers;
                Ok(())
            }
            Err(status) if is_lost(&status) => Box::pin(self.recover(&status)).await,
            Err(status) if is_without_operation(&status) => self.once_more(&status).await,
            Err(status) => Err(self.upstream.error(&status)),
        }
    }

    /// The connection broke. The Spark may still be there with the operation, or be back without it.
    async fn recover(&mut self, lost: &Status) -> Result<()> {
        if !self.is_reattachable {
            return if is_cut_off(lost) { self.once_more(lost).await } else { Err(self.unknown(lost)) };
        }
        tracing::warn!(spark = self.upstream.spark().place(), operation_id = self.operation_id, status = %lost, "the operation's answers stopped");
        let deadline = Instant::now() + AWAY_MAX;
        while Instant::now() < deadline {
            tokio::time::sleep(RETRY).await;
            let Ok(client) = self.upstream.spark().client_again().await else { continue };
            let Some(running) = &mut self.running else { break };
            let request = self.upstream.reattach(&running.ids, &self.operation_id, self.last_seen.clone());
            let mut answers = match client.stream("ReattachExecute", request).await {
                Ok(answers) => answers,
                Err(status) if is_lost(&status) => continue,
                Err(status) if is_without_operation(&status) => return self.once_more(lost).await,
                Err(status) => return Err(self.upstream.error(&status)),
            };
            // A server that lost the operation says so in place of the first answer.
            match answers.message().await {
                Ok(answer) => {
                    self.is_taken = true;
                    *running = Running { client, ids: running.ids.clone(), answers };
                    self.waiting = answer;
                    return Ok(());
                }
                Err(status) if is_lost(&status) || is_disconnected(&status) => continue,
                Err(status) if is_without_operation(&status) => return self.once_more(lost).await,
                Err(status) => return Err(self.upstream.error(&status)),
            }
        }
        Err(self.unknown(lost))
    }

    /// The Spark is back and knows nothing of the operation.
    async fn once_more(&mut self, lost: &Status) -> Result<()> {
        if !self.message.is_query || self.has_answered || self.has_begun_again {
            return Err(self.unknown(lost));
        }
        let Some(ids) = self.running.as_ref().map(|running| running.ids.clone()) else { return Ok(()) };
        self.begin_again(&ids).await
    }

    /// What a client is told whose operation was lost with its Spark.
    fn unknown(&self, lost: &Status) -> Error {
        let place = self.upstream.spark().place();
        // Clients ask again, and again, where they find certain conditions in a text.
        let why = if is_cut_off(lost) { "it ended the session" } else { lost.message() };
        let text = if self.message.is_query {
            format!("the Spark at {place} was lost while it ran this query ({why}); run it again")
        } else {
            format!(
                "the Spark at {place} was lost while it ran this statement ({why}). Whether it took effect is unknown: \
                 look before you run it again"
            )
        };
        Error::message(Kind::Operation, text)
    }

    fn release_until(&self) {
        let (Some(running), Some(response_id)) = (&self.running, self.last_seen.clone()) else { return };
        use proto::release_execute_request::{Release, ReleaseUntil};
        let release = Release::ReleaseUntil(ReleaseUntil { response_id });
        let request = self.upstream.release_request(&running.ids, &self.operation_id, release);
        let client = running.client.clone();
        self.runtime.spawn(async move {
            if let Err(status) = client.ask::<proto::ReleaseExecuteResponse>("ReleaseExecute", &request).await {
                tracing::debug!(%status, "answers were not released upstream");
            }
        });
    }
}

impl Drop for Following {
    /// Lets go of the operation upstream; one that still runs is interrupted.
    fn drop(&mut self) {
        let Some(running) = self.running.take() else { return };
        let (upstream, operation_id, is_done) = (self.upstream.clone(), self.operation_id.clone(), self.is_done);
        let is_reattachable = self.is_reattachable;
        let busy = self.busy.clone();
        self.runtime.spawn(async move {
            let _busy = busy;
            let Running { client, ids, answers } = running;
            drop(answers);
            if !is_done {
                let request = upstream.interrupt_request(&ids, &operation_id);
                if let Err(status) = client.ask::<proto::InterruptResponse>("Interrupt", &request).await {
                    tracing::debug!(%status, "the operation upstream was not interrupted");
                }
            }
            if is_reattachable {
                release_all(&client, &upstream, &ids, &operation_id).await;
            }
        });
    }
}

/// Lets go of all answers of an operation. One that was not reattachable has none.
pub(super) async fn release_all(client: &Client, upstream: &Upstream, ids: &Ids, operation_id: &str) {
    use proto::release_execute_request::{Release, ReleaseAll};
    let request = upstream.release_request(ids, operation_id, Release::ReleaseAll(ReleaseAll {}));
    if let Err(status) = client.ask::<proto::ReleaseExecuteResponse>("ReleaseExecute", &request).await {
        tracing::debug!(%status, "an operation upstream was not released");
    }
}

impl Upstream {
    fn reattach(&self, ids: &Ids, operation_id: &str, last_response_id: Option<String>) -> Bytes {
        use prost::Message as _;
        let request = proto::ReattachExecuteRequest {
            session_id: ids.session.clone(),
            client_observed_server_side_session_id: Some(ids.server.clone()),
            user_context: self.user(),
            operation_id: operation_id.into(),
            last_response_id,
            ..Default::default()
        };
        request.encode_to_vec().into()
    }

    fn release_request(
        &self,
        ids: &Ids,
        operation_id: &str,
        release: proto::release_execute_request::Release,
    ) -> proto::ReleaseExecuteRequest {
        proto::ReleaseExecuteRequest {
            session_id: ids.session.clone(),
            client_observed_server_side_session_id: Some(ids.server.clone()),
            user_context: self.user(),
            operation_id: operation_id.into(),
            release: Some(release),
            ..Default::default()
        }
    }

    fn interrupt_request(&self, ids: &Ids, operation_id: &str) -> proto::InterruptRequest {
        use proto::interrupt_request::{Interrupt, InterruptType};
        proto::InterruptRequest {
            session_id: ids.session.clone(),
            client_observed_server_side_session_id: Some(ids.server.clone()),
            user_context: self.user(),
            interrupt_type: InterruptType::OperationId.into(),
            interrupt: Some(Interrupt::OperationId(operation_id.into())),
            ..Default::default()
        }
    }
}

/// True when the client asked for an operation it can come back to. Only then does a Spark keep its answers.
fn is_reattachable(message: &Message) -> bool {
    use prost::Message as _;
    use proto::execute_plan_request::RequestOption;
    use proto::execute_plan_request::request_option::RequestOption as Kind;
    const REQUEST_OPTIONS: u32 = 5;
    wire::field(&message.bytes, REQUEST_OPTIONS).into_iter().any(|option| {
        let option = RequestOption::decode(option).ok().and_then(|option| option.request_option);
        matches!(option, Some(Kind::ReattachOptions(reattach)) if reattach.reattachable)
    })
}
