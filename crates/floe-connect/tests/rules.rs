//! The rules of sessions, operations and cursors, asked with a bare stub: what a real Spark server answers (sessions and
//! cursors measured on 4.3.0, error texts on 4.1.4), row by row. What real clients do with the answers is tested in `tests/connect/`.

use std::collections::HashMap;
use std::time::Duration;

use floe_connect::{Options, serve};
use floe_engine::Engine;
use floe_proto::connect as proto;
use floe_proto::connect::execute_plan_response::ResponseType;
use floe_proto::connect::spark_connect_service_client::SparkConnectServiceClient;
use prost::Message;
use tokio::net::TcpListener;
use tonic::transport::Channel;
use tonic::{Code, Status};
use tonic_types::StatusExt;
use uuid::Uuid;

type Client = SparkConnectServiceClient<Channel>;

async fn connected(options: Options) -> Channel {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let engine = Engine::in_memory().expect("an engine");
    tokio::spawn(serve(listener, engine, options, std::future::pending()));
    let endpoint = Channel::from_shared(format!("http://{address}")).expect("an address");
    endpoint.connect().await.expect("connects")
}

async fn started(options: Options) -> Client {
    SparkConnectServiceClient::new(connected(options).await).max_decoding_message_size(usize::MAX)
}

async fn client() -> Client {
    started(Options::default()).await
}

fn id() -> String {
    Uuid::new_v4().to_string()
}

fn user(name: &str) -> Option<proto::UserContext> {
    Some(proto::UserContext { user_id: name.into(), ..Default::default() })
}

fn rel(rel_type: proto::relation::RelType) -> proto::Relation {
    proto::Relation { common: None, rel_type: Some(rel_type) }
}

fn range(end: i64) -> proto::Relation {
    rel(proto::relation::RelType::Range(proto::Range { start: Some(0), end, step: 1, num_partitions: None }))
}

fn root(relation: proto::Relation) -> Option<proto::Plan> {
    Some(proto::Plan { op_type: Some(proto::plan::OpType::Root(relation)) })
}

fn execute(session: &str, operation: &str, relation: proto::Relation) -> proto::ExecutePlanRequest {
    use proto::execute_plan_request::RequestOption;
    use proto::execute_plan_request::request_option::RequestOption as Kind;
    let reattach = Kind::ReattachOptions(proto::ReattachOptions { reattachable: true });
    proto::ExecutePlanRequest {
        session_id: session.into(),
        user_context: user("u"),
        operation_id: Some(operation.into()),
        plan: root(relation),
        request_options: vec![RequestOption { request_option: Some(reattach) }],
        ..Default::default()
    }
}

fn reattach(session: &str, operation: &str, last: Option<&str>) -> proto::ReattachExecuteRequest {
    proto::ReattachExecuteRequest {
        session_id: session.into(),
        user_context: user("u"),
        operation_id: operation.into(),
        last_response_id: last.map(Into::into),
        ..Default::default()
    }
}

fn release_until(session: &str, operation: &str, response: &str) -> proto::ReleaseExecuteRequest {
    use proto::release_execute_request::{Release, ReleaseUntil};
    let release = Some(Release::ReleaseUntil(ReleaseUntil { response_id: response.into() }));
    proto::ReleaseExecuteRequest { release, ..release_all(session, operation) }
}

fn release_all(session: &str, operation: &str) -> proto::ReleaseExecuteRequest {
    use proto::release_execute_request::{Release, ReleaseAll};
    proto::ReleaseExecuteRequest {
        session_id: session.into(),
        user_context: user("u"),
        operation_id: operation.into(),
        release: Some(Release::ReleaseAll(ReleaseAll {})),
        ..Default::default()
    }
}

fn config(session: &str, operation: proto::config_request::operation::OpType) -> proto::ConfigRequest {
    proto::ConfigRequest {
        session_id: session.into(),
        user_context: user("u"),
        operation: Some(proto::config_request::Operation { op_type: Some(operation) }),
        ..Default::default()
    }
}

fn get(keys: &[&str]) -> proto::config_request::operation::OpType {
    let keys = keys.iter().map(ToString::to_string).collect();
    proto::config_request::operation::OpType::Get(proto::config_request::Get { keys })
}

fn set(key: &str, value: &str, silent: bool) -> proto::config_request::operation::OpType {
    let pairs = vec![proto::KeyValue { key: key.into(), value: Some(value.into()) }];
    proto::config_request::operation::OpType::Set(proto::config_request::Set { pairs, silent: Some(silent) })
}

fn info(status: &Status) -> HashMap<String, String> {
    status.get_details_error_info().map(|info| info.metadata).unwrap_or_default()
}

fn condition(status: &Status) -> String {
    info(status).remove("errorClass").unwrap_or_else(|| format!("{:?}: {}", status.code(), status.message()))
}

fn refused<T>(result: Result<T, Status>) -> String {
    match result {
        Ok(_) => "no error".into(),
        Err(status) => condition(&status),
    }
}

async fn drained(
    stream: Result<tonic::Response<tonic::Streaming<proto::ExecutePlanResponse>>, Status>,
) -> Result<Vec<proto::ExecutePlanResponse>, Status> {
    let mut stream = stream?.into_inner();
    let mut responses = Vec::new();
    while let Some(response) = stream.message().await? {
        responses.push(response);
    }
    Ok(responses)
}

fn rows(responses: &[proto::ExecutePlanResponse]) -> i64 {
    let counts = responses.iter().map(|response| match &response.response_type {
        Some(ResponseType::ArrowBatch(batch)) => batch.row_count,
        _ => 0,
    });
    counts.sum()
}

fn is_complete(responses: &[proto::ExecutePlanResponse]) -> bool {
    let last = responses.last().and_then(|response| response.response_type.as_ref());
    matches!(last, Some(ResponseType::ResultComplete(_)))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_query_sends_schema_and_rows_and_says_when_it_is_complete() {
    let mut client = client().await;
    let (session, operation) = (id(), id());
    let responses =
        drained(client.execute_plan(execute(&session, &operation, range(25_000))).await).await.expect("rows");
    assert!(responses.first().expect("one").schema.is_some());
    assert_eq!(rows(&responses), 25_000);
    assert!(is_complete(&responses));
    let offsets: Vec<_> = responses
        .iter()
        .filter_map(|response| match &response.response_type {
            Some(ResponseType::ArrowBatch(batch)) => Some((batch.start_offset, batch.row_count)),
            _ => None,
        })
        .collect();
    let mut expected = 0;
    for (offset, count) in offsets {
        assert_eq!(offset, Some(expected));
        expected += count;
    }
    for response in &responses {
        assert_eq!(
            (response.session_id.as_str(), response.operation_id.as_str()),
            (session.as_str(), operation.as_str())
        );
        assert!(!response.server_side_session_id.is_empty());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_rows_is_still_one_batch() {
    let mut client = client().await;
    let responses = drained(client.execute_plan(execute(&id(), &id(), range(0))).await).await.expect("rows");
    let batches =
        responses.iter().filter(|response| matches!(response.response_type, Some(ResponseType::ArrowBatch(_))));
    assert_eq!(batches.count(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn ids_are_uuids() {
    let mut client = client().await;
    assert_eq!(refused(client.config(config("x", get(&[]))).await), "INVALID_HANDLE.FORMAT");
    assert_eq!(refused(client.execute_plan(execute(&id(), "x", range(1))).await), "INVALID_HANDLE.FORMAT");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_knew_another_server_is_told() {
    let mut client = client().await;
    let session = id();
    let stale = Some(id());
    let mut request = config(&session, get(&["spark.sql.ansi.enabled"]));
    request.client_observed_server_side_session_id = stale.clone();
    assert_eq!(refused(client.config(request.clone()).await), "INVALID_HANDLE.SESSION_CHANGED");
    let fresh = config(&session, get(&["spark.sql.ansi.enabled"]));
    client.config(fresh).await.expect("a session");
    assert_eq!(refused(client.config(request).await), "INVALID_HANDLE.SESSION_CHANGED");
}

#[tokio::test(flavor = "multi_thread")]
async fn reattaching_needs_a_session_and_an_operation() {
    let mut client = client().await;
    let session = id();
    assert_eq!(
        refused(client.reattach_execute(reattach(&session, &id(), None)).await),
        "INVALID_HANDLE.SESSION_NOT_FOUND"
    );
    client.config(config(&session, get(&[]))).await.expect("a session");
    let unknown = client.reattach_execute(reattach(&session, &id(), None)).await;
    assert_eq!(refused(unknown), "INVALID_HANDLE.OPERATION_NOT_FOUND");
}

#[tokio::test(flavor = "multi_thread")]
async fn reattaching_replays_continues_or_finds_nothing_more() {
    let mut client = client().await;
    let (session, operation) = (id(), id());
    let all = drained(client.execute_plan(execute(&session, &operation, range(100_000))).await).await.expect("rows");
    assert!(all.len() > 2);
    let replayed = drained(client.reattach_execute(reattach(&session, &operation, None)).await).await.expect("all");
    assert_eq!(replayed, all);
    let first = &all[0].response_id;
    let rest = drained(client.reattach_execute(reattach(&session, &operation, Some(first))).await).await;
    assert_eq!(rest.expect("the rest"), all[1..]);
    let last = &all[all.len() - 1].response_id;
    let nothing = drained(client.reattach_execute(reattach(&session, &operation, Some(last))).await).await;
    assert!(nothing.expect("nothing").is_empty());
    let unknown = client.reattach_execute(reattach(&session, &operation, Some(&id()))).await;
    assert_eq!(refused(unknown), "INVALID_CURSOR.POSITION_NOT_FOUND");

    client.release_execute(release_until(&session, &operation, &all[1].response_id)).await.expect("released");
    let gone = client.reattach_execute(reattach(&session, &operation, Some(first))).await;
    assert_eq!(refused(gone), "INVALID_CURSOR.POSITION_NOT_AVAILABLE");
    let gone = client.reattach_execute(reattach(&session, &operation, None)).await;
    assert_eq!(refused(gone), "INVALID_CURSOR.POSITION_NOT_AVAILABLE");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_consumer_disconnects_the_first() {
    let mut client = client().await;
    let (session, operation) = (id(), id());
    // More than may be sent ahead, so that the first stream is still open.
    let first = client.execute_plan(execute(&session, &operation, range(10_000_000))).await.expect("a stream");
    let mut first = first.into_inner();
    let seen = first.message().await.expect("one").expect("one").response_id;
    let second = client.reattach_execute(reattach(&session, &operation, Some(&seen))).await.expect("a stream");
    let mut second = second.into_inner();
    assert!(second.message().await.expect("one").is_some());
    let ended = loop {
        match first.message().await {
            Ok(Some(_)) => {}
            Ok(None) => break "complete".to_string(),
            Err(status) => break condition(&status),
        }
    };
    assert_eq!(ended, "INVALID_CURSOR.DISCONNECTED");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operation_sent_twice_runs_once() {
    let mut client = client().await;
    let (session, operation) = (id(), id());
    let first = drained(client.execute_plan(execute(&session, &operation, range(10))).await).await.expect("rows");
    let mut again = execute(&session, &operation, range(10));
    again.client_observed_server_side_session_id = Some(first[0].server_side_session_id.clone());
    let second = drained(client.execute_plan(again).await).await.expect("the same rows");
    assert_eq!(second, first);
    let other = client.execute_plan(execute(&session, &operation, range(11))).await;
    assert_eq!(refused(other), "INVALID_HANDLE.OPERATION_ALREADY_EXISTS");
    client.release_execute(release_all(&session, &operation)).await.expect("released");
    let late = client.execute_plan(execute(&session, &operation, range(10))).await;
    assert_eq!(refused(late), "INVALID_HANDLE.OPERATION_ABANDONED");
}

#[tokio::test(flavor = "multi_thread")]
async fn releasing_what_is_not_there_is_no_error() {
    let mut client = client().await;
    let session = id();
    client.config(config(&session, get(&[]))).await.expect("a session");
    let response = client.release_execute(release_all(&session, &id())).await.expect("no error").into_inner();
    assert_eq!(response.operation_id, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_reattaching_the_stream_ends_unmarked_and_cannot_be_taken_up() {
    let mut client = client().await;
    let (session, operation) = (id(), id());
    let mut request = execute(&session, &operation, range(10));
    request.request_options.clear();
    let responses = drained(client.execute_plan(request.clone()).await).await.expect("rows");
    assert_eq!(rows(&responses), 10);
    assert!(!is_complete(&responses));

    request.operation_id = Some(id());
    request.plan = root(range(50_000_000));
    let running = client.execute_plan(request.clone()).await.expect("a stream");
    let operation = request.operation_id.clone().expect("an id");
    let taken = client.reattach_execute(reattach(&session, &operation, None)).await;
    assert_eq!(refused(taken), "INVALID_CURSOR.NOT_REATTACHABLE");
    drop(running);
    // Nobody reads it any more: it ends.
    for _ in 0..100 {
        if state(&mut client, &session, &operation).await != proto_state::RUNNING {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("an operation without a reader runs on");
}

mod proto_state {
    use floe_proto::connect::get_status_response::operation_status::OperationState;

    pub(crate) const RUNNING: i32 = OperationState::Running as i32;
    pub(crate) const SUCCEEDED: i32 = OperationState::Succeeded as i32;
    pub(crate) const CANCELLED: i32 = OperationState::Cancelled as i32;
    pub(crate) const UNKNOWN: i32 = OperationState::Unknown as i32;
}

async fn state(client: &mut Client, session: &str, operation: &str) -> i32 {
    use proto::get_status_request::OperationStatusRequest;
    let asked = OperationStatusRequest { operation_ids: vec![operation.into()], extensions: Vec::new() };
    let request = proto::GetStatusRequest {
        session_id: session.into(),
        user_context: user("u"),
        operation_status: Some(asked),
        ..Default::default()
    };
    let response = client.get_status(request).await.expect("a status").into_inner();
    response.operation_statuses.first().expect("one").state
}

fn interrupt(session: &str, kind: proto::interrupt_request::InterruptType) -> proto::InterruptRequest {
    proto::InterruptRequest {
        session_id: session.into(),
        user_context: user("u"),
        interrupt_type: kind.into(),
        ..Default::default()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_interrupt_ends_the_stream_with_operation_canceled() {
    use proto::interrupt_request::{Interrupt, InterruptType};
    let mut client = client().await;
    let (session, operation) = (id(), id());
    let mut request = execute(&session, &operation, range(50_000_000));
    request.tags = vec!["nightly".into()];
    let stream = client.execute_plan(request).await.expect("a stream");
    assert_eq!(state(&mut client, &session, &operation).await, proto_state::RUNNING);

    let mut unknown = interrupt(&session, InterruptType::Tag);
    unknown.interrupt = Some(Interrupt::OperationTag("other".into()));
    assert!(client.interrupt(unknown).await.expect("no error").into_inner().interrupted_ids.is_empty());
    let lacking = client.interrupt(interrupt(&session, InterruptType::Tag)).await;
    assert_eq!(refused(lacking), "INVALID_PARAMETER_VALUE.INTERRUPT_TYPE_TAG_REQUIRES_TAG");

    let mut tagged = interrupt(&session, InterruptType::Tag);
    tagged.interrupt = Some(Interrupt::OperationTag("nightly".into()));
    let interrupted = client.interrupt(tagged).await.expect("interrupted").into_inner().interrupted_ids;
    assert_eq!(interrupted, [operation.clone()]);
    assert_eq!(refused(drained(Ok(stream)).await), "OPERATION_CANCELED");
    assert_eq!(state(&mut client, &session, &operation).await, proto_state::CANCELLED);
    assert!(
        client
            .interrupt(interrupt(&session, InterruptType::All))
            .await
            .expect("ok")
            .into_inner()
            .interrupted_ids
            .is_empty()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn tags_have_no_commas() {
    let mut client = client().await;
    let mut request = execute(&id(), &id(), range(1));
    request.tags = vec!["a,b".into()];
    let status = client.execute_plan(request).await.expect_err("refused");
    assert!(info(&status)["classes"].contains("java.lang.IllegalArgumentException"));
}

#[tokio::test(flavor = "multi_thread")]
async fn empty_plans_name_what_is_not_set() {
    let mut client = client().await;
    let relation = execute(&id(), &id(), proto::Relation::default());
    let status = drained(client.execute_plan(relation.clone()).await).await.expect_err("refused");
    let text =
        "[INTERNAL_ERROR] This oneOf field in spark.connect.Relation is not set: RELTYPE_NOT_SET SQLSTATE: XX000";
    assert_eq!(status.message(), text);
    let mut plan = relation;
    plan.operation_id = Some(id());
    plan.plan = Some(proto::Plan::default());
    let status = drained(client.execute_plan(plan).await).await.expect_err("refused");
    assert_eq!(status.message(), "OPTYPE_NOT_SET not supported.");
    assert!(info(&status)["classes"].starts_with("[\"java.lang.UnsupportedOperationException\""));
}

#[tokio::test(flavor = "multi_thread")]
async fn states_are_told_also_after_the_release() {
    let mut client = client().await;
    let (session, operation) = (id(), id());
    drained(client.execute_plan(execute(&session, &operation, range(1))).await).await.expect("rows");
    assert_eq!(state(&mut client, &session, &operation).await, proto_state::SUCCEEDED);
    client.release_execute(release_all(&session, &operation)).await.expect("released");
    assert_eq!(state(&mut client, &session, &operation).await, proto_state::SUCCEEDED);
    assert_eq!(state(&mut client, &session, &id()).await, proto_state::UNKNOWN);
}

#[tokio::test(flavor = "multi_thread")]
async fn errors_are_fetched_once() {
    let mut client = client().await;
    let session = id();
    let cached = proto::CachedLocalRelation { hash: "none".into() };
    let request = execute(&session, &id(), rel(proto::relation::RelType::CachedLocalRelation(cached)));
    let status = drained(client.execute_plan(request).await).await.expect_err("fails");
    assert_eq!(condition(&status), "INTERNAL_ERROR");
    assert_eq!(status.code(), Code::Internal);
    let error_id = info(&status)["errorId"].clone();
    let request = proto::FetchErrorDetailsRequest {
        session_id: session.clone(),
        user_context: user("u"),
        error_id,
        ..Default::default()
    };
    let details = client.fetch_error_details(request.clone()).await.expect("details").into_inner();
    assert_eq!(details.root_error_idx, Some(0));
    let throwable = details.errors[0].spark_throwable.clone().expect("a throwable");
    assert_eq!(throwable.message_parameters["message"], "Cannot find a cached local relation for hash: none");
    assert_eq!(client.fetch_error_details(request).await.expect("empty").into_inner(), Default::default());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_released_session_stays_closed_unless_the_client_means_to_come_back() {
    let mut client = client().await;
    for allow_reconnect in [false, true] {
        let session = id();
        client.config(config(&session, get(&[]))).await.expect("a session");
        let release = proto::ReleaseSessionRequest {
            session_id: session.clone(),
            user_context: user("u"),
            allow_reconnect,
            ..Default::default()
        };
        let first = client.release_session(release.clone()).await.expect("released").into_inner();
        assert!(!first.server_side_session_id.is_empty());
        let again = client.release_session(release).await.expect("released").into_inner();
        assert!(again.server_side_session_id.is_empty());
        let later = refused(client.config(config(&session, get(&[]))).await);
        assert_eq!(later, if allow_reconnect { "no error" } else { "INVALID_HANDLE.SESSION_CLOSED" });
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_id_of_another_user_is_another_session() {
    let mut client = client().await;
    let session = id();
    client.config(config(&session, set("my.key", "1", false))).await.expect("set");
    let mut other = config(&session, get(&["my.key"]));
    other.user_context = user("v");
    assert_eq!(refused(client.config(other).await), "SQL_CONF_NOT_FOUND");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clone_has_the_conf_and_its_own_life() {
    let mut client = client().await;
    let (session, copy) = (id(), id());
    client.config(config(&session, set("my.key", "1", false))).await.expect("set");
    let request = proto::CloneSessionRequest {
        session_id: session.clone(),
        user_context: user("u"),
        new_session_id: Some(copy.clone()),
        ..Default::default()
    };
    client.clone_session(request.clone()).await.expect("cloned");
    client.config(config(&session, set("my.key", "2", false))).await.expect("set");
    let response = client.config(config(&copy, get(&["my.key"]))).await.expect("copied").into_inner();
    assert_eq!(response.pairs[0].value.as_deref(), Some("1"));
    let again = client.clone_session(request).await;
    assert_eq!(refused(again), "INVALID_CLONE_SESSION_REQUEST.TARGET_SESSION_ID_ALREADY_EXISTS");
}

#[tokio::test(flavor = "multi_thread")]
async fn settings_are_refused_as_spark_does_and_silence_makes_warnings() {
    let mut client = client().await;
    let session = id();
    assert_eq!(refused(client.config(config(&session, get(&["no.such"]))).await), "SQL_CONF_NOT_FOUND");
    let zone = set("spark.sql.session.timeZone", "Mars", false);
    assert_eq!(refused(client.config(config(&session, zone)).await), "INVALID_CONF_VALUE.TIME_ZONE");
    let silent = set("spark.sql.session.timeZone", "Mars", true);
    let response = client.config(config(&session, silent)).await.expect("silent").into_inner();
    assert_eq!(response.warnings.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn uploads_are_checked_and_found_by_their_hash() {
    use proto::add_artifacts_request::{ArtifactChunk, Batch, BeginChunkedArtifact, Payload, SingleChunkArtifact};
    let mut client = client().await;
    let session = id();
    let chunk = |data: &'static [u8]| ArtifactChunk { data: data.into(), crc: i64::from(crc32fast::hash(data)) };
    let message = |payload| proto::AddArtifactsRequest {
        session_id: session.clone(),
        user_context: user("u"),
        payload: Some(payload),
        ..Default::default()
    };
    let single = |name: &str, data| SingleChunkArtifact { name: name.into(), data: Some(data) };
    let damaged = ArtifactChunk { data: b"x".as_slice().into(), crc: 1 };
    let batch = Batch { artifacts: vec![single("cache/a", chunk(b"one")), single("cache/b", damaged)] };
    let begin = BeginChunkedArtifact {
        name: "cache/c".into(),
        total_bytes: 6,
        num_chunks: 2,
        initial_chunk: Some(chunk(b"two")),
    };
    let messages = vec![
        message(Payload::Batch(batch)),
        message(Payload::BeginChunk(begin.clone())),
        message(Payload::Chunk(chunk(b"two"))),
    ];
    let response = client.add_artifacts(tokio_stream(messages)).await.expect("uploaded").into_inner();
    let sound: Vec<_> = response.artifacts.iter().map(|artifact| artifact.is_crc_successful).collect();
    assert_eq!(sound, [true, false, true]);

    let request = proto::ArtifactStatusesRequest {
        session_id: session.clone(),
        user_context: user("u"),
        names: vec!["cache/a".into(), "cache/b".into(), "cache/c".into()],
        ..Default::default()
    };
    let statuses = client.artifact_status(request).await.expect("statuses").into_inner().statuses;
    let exists = |name: &str| statuses[name].exists;
    assert_eq!((exists("cache/a"), exists("cache/b"), exists("cache/c")), (true, false, true));

    for bad in ["../a", "/a"] {
        let batch = Batch { artifacts: vec![single(bad, chunk(b"one"))] };
        let refusal = client.add_artifacts(tokio_stream(vec![message(Payload::Batch(batch))])).await;
        assert_eq!(refused(refusal), "INVALID_ARTIFACT_PATH");
    }
    let unfinished = client.add_artifacts(tokio_stream(vec![message(Payload::BeginChunk(begin))])).await;
    assert!(unfinished.is_err());
}

fn tokio_stream<T: Send + 'static>(items: Vec<T>) -> impl futures::Stream<Item = T> + Send + 'static {
    futures::stream::iter(items)
}

/// A plan of so many limits, encoded from the inside out: encoding it as a message would recurse as deep.
fn nested_limits(levels: usize) -> Vec<u8> {
    use prost::encoding::{WireType, encode_key, encode_varint};
    // Prefixes from the innermost to the outermost, then reversed: linear in the depth.
    let (mut prefixes, mut length) = (Vec::new(), 0);
    let fields = (0..levels).flat_map(|_| [1, 8]).chain([1, 3]);
    for field in fields {
        let mut prefix = Vec::new();
        encode_key(field, WireType::LengthDelimited, &mut prefix);
        encode_varint(length, &mut prefix);
        length += prefix.len() as u64;
        prefixes.push(prefix);
    }
    prefixes.into_iter().rev().flatten().collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn hostile_messages_are_refused_and_the_connection_lives() {
    let channel = connected(Options::default()).await;
    let mut client = SparkConnectServiceClient::new(channel.clone());
    let mut grpc = tonic::client::Grpc::new(channel);
    grpc.ready().await.expect("ready");
    let path = tonic::codegen::http::uri::PathAndQuery::from_static("/spark.connect.SparkConnectService/ExecutePlan");
    let deep = tonic::Request::new(nested_limits(100_000).into());
    let refusal = grpc.server_streaming(deep, path, floe_proto::codec::OpaqueCodec).await;
    assert_eq!(refusal.expect_err("too deep").code(), Code::InvalidArgument);

    let mut long = execute(&id(), &id(), range(1));
    long.tags = vec!["x".repeat(140 << 20)];
    let status = client.execute_plan(long).await.expect_err("too long");
    assert_eq!(status.code(), Code::ResourceExhausted);
    let version = proto::AnalyzePlanRequest {
        session_id: id(),
        user_context: user("u"),
        analyze: Some(proto::analyze_plan_request::Analyze::SparkVersion(Default::default())),
        ..Default::default()
    };
    assert!(client.analyze_plan(version).await.is_ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn long_results_come_in_segments() {
    let mut client = started(Options { segment: Duration::from_millis(1), ..Options::default() }).await;
    let (session, operation) = (id(), id());
    let mut all =
        drained(client.execute_plan(execute(&session, &operation, range(1_000_000))).await).await.expect("some");
    let mut segments = 1;
    while !is_complete(&all) {
        let last = all.last().map(|response| response.response_id.clone());
        let request = reattach(&session, &operation, last.as_deref());
        all.extend(drained(client.reattach_execute(request).await).await.expect("more"));
        segments += 1;
        assert!(segments < 10_000);
    }
    assert_eq!(rows(&all), 1_000_000);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_token_opens_the_door() {
    let mut client = started(Options { token: Some(floe_base::Secret::new("t0p")), ..Options::default() }).await;
    let status = client.config(config(&id(), get(&[]))).await.expect_err("closed");
    assert_eq!((status.code(), status.message()), (Code::Unauthenticated, "No authentication token provided"));
    let mut request = tonic::Request::new(config(&id(), get(&[])));
    request.metadata_mut().insert("authorization", "Bearer t0p".parse().expect("ascii"));
    assert!(client.config(request).await.is_ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn unknown_fields_do_no_harm() {
    let mut client = client().await;
    // Field 9999 of Relation: a kind of a later version.
    let mut bytes = proto::Relation::default().encode_to_vec();
    prost::encoding::encode_key(9_999, prost::encoding::WireType::LengthDelimited, &mut bytes);
    bytes.push(0);
    let relation = proto::Relation::decode(bytes.as_slice()).expect("skips the field");
    let status = drained(client.execute_plan(execute(&id(), &id(), relation)).await).await;
    assert_eq!(refused(status), "INTERNAL_ERROR");
}
