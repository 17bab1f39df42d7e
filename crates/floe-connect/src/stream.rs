//! The responses of one operation: kept until the client has them, sent to whoever is attached.
//!
//! An operation writes at its own pace and waits when too much is unsent; a client reads, may lose its connection, and
//! attaches again after the last response it saw. Responses are numbered, and the number is part of the response's id,
//! so that finding one costs nothing and no ids need to be remembered.
//!
//! - One consumer at a time: a second one disconnects the first, which clients understand and retry.
//! - What was sent stays (up to [`SENT_BYTES_MAX`], the last one always) until the client releases it.
//! - A stream of a reattachable operation ends after [`SEGMENT`] or [`SEGMENT_BYTES`] without saying that the result is
//!   complete; the client attaches again. Load balancers never see an endless stream.

use std::collections::VecDeque;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use floe_base::{Error, Kind, Result};
use floe_proto::codec::Encoded;
use futures::Stream;
use parking_lot::Mutex;
use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until};
use tonic::Status;
use uuid::Uuid;

/// Unsent responses an operation may be ahead of its client.
const UNSENT_BYTES_MAX: usize = 32 << 20;
/// Sent responses kept for a client that may come back.
const SENT_BYTES_MAX: usize = 10 << 20;
/// Spark's own limit is 2 minutes; ours is a little earlier than load balancers' usual ones.
const SEGMENT: Duration = Duration::from_secs(110);
const SEGMENT_BYTES: usize = 1 << 30;
/// The number of a response takes the last 48 bits of its id.
const INDEX_MASK: u128 = (1 << 48) - 1;

/// The responses of one operation.
#[derive(Debug)]
pub(crate) struct ResponseLog {
    /// What the ids of this operation's responses have in common.
    id_base: u128,
    reattachable: bool,
    segment: Segment,
    inner: Mutex<Inner>,
    for_consumer: Notify,
    for_producer: Notify,
}

/// How long one stream of a reattachable operation lasts.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Segment {
    pub(crate) time: Duration,
    pub(crate) bytes: usize,
}

impl Default for Segment {
    fn default() -> Self {
        Self { time: SEGMENT, bytes: SEGMENT_BYTES }
    }
}

#[derive(Debug, Default)]
struct Inner {
    entries: VecDeque<Bytes>,
    /// The number of the first entry that is still here.
    first: u64,
    /// Entries with lower numbers have been handed out at least once.
    sent: u64,
    sent_bytes: usize,
    unsent_bytes: usize,
    end: Option<Result<(), Status>>,
    /// Who is attached; a later one has a higher number.
    consumer: u64,
    /// Since when nobody is; `None` while somebody is.
    detached: Option<Instant>,
}

impl Inner {
    fn next(&self) -> u64 {
        self.first + self.entries.len() as u64
    }

    fn entry(&self, index: u64) -> Option<&Bytes> {
        let at = usize::try_from(index.checked_sub(self.first)?).ok()?;
        self.entries.get(at)
    }

    fn drop_first(&mut self) {
        if let Some(entry) = self.entries.pop_front() {
            if self.first < self.sent {
                self.sent_bytes -= entry.len();
            } else {
                self.unsent_bytes -= entry.len();
            }
            self.first += 1;
            self.sent = self.sent.max(self.first);
        }
    }

    /// Counts an entry as sent, and lets go of what need not be kept any longer.
    fn mark_sent(&mut self, index: u64, reattachable: bool) {
        if index < self.sent {
            return;
        }
        let length = self.entry(index).map_or(0, Bytes::len);
        self.sent = index + 1;
        self.unsent_bytes -= length;
        self.sent_bytes += length;
        let limit = if reattachable { SENT_BYTES_MAX } else { 0 };
        while self.sent_bytes > limit && self.first + 1 < self.sent {
            self.drop_first();
        }
    }
}

impl ResponseLog {
    pub(crate) fn new(reattachable: bool, segment: Segment) -> Arc<Self> {
        Arc::new(Self {
            id_base: Uuid::new_v4().as_u128() & !INDEX_MASK,
            reattachable,
            segment,
            inner: Mutex::new(Inner { detached: Some(Instant::now()), ..Inner::default() }),
            for_consumer: Notify::new(),
            for_producer: Notify::new(),
        })
    }

    /// Adds a response, once there is room for it. `build` gets the response's id.
    pub(crate) async fn push<B: Into<Bytes>>(&self, build: impl FnOnce(String) -> B) {
        loop {
            let mut room = pin!(self.for_producer.notified());
            room.as_mut().enable();
            if self.inner.lock().unsent_bytes < UNSENT_BYTES_MAX {
                break;
            }
            room.await;
        }
        {
            let mut inner = self.inner.lock();
            let response: Bytes = build(self.id(inner.next())).into();
            inner.unsent_bytes += response.len();
            inner.entries.push_back(response);
        }
        self.for_consumer.notify_waiters();
    }

    /// Ends the result; an error is told to every consumer that comes. Only the first end counts.
    pub(crate) fn end(&self, result: Result<(), Status>) {
        self.inner.lock().end.get_or_insert(result);
        self.for_consumer.notify_waiters();
    }

    /// For how long nobody has been attached.
    pub(crate) fn detached_for(&self) -> Option<Duration> {
        self.inner.lock().detached.map(|since| since.elapsed())
    }

    /// Attaches a consumer behind the response it saw last; without one, at the start.
    ///
    /// # Errors
    /// `INVALID_CURSOR.POSITION_NOT_FOUND` when the response is not of this operation, `.POSITION_NOT_AVAILABLE` when
    /// what would follow was released.
    pub(crate) fn attach(self: &Arc<Self>, last_seen: Option<&str>) -> Result<Consumer> {
        let mut inner = self.inner.lock();
        let cursor = match last_seen {
            None => 0,
            Some(id) => self.index(id, &inner)? + 1,
        };
        if cursor < inner.first {
            return Err(cursor_error("POSITION_NOT_AVAILABLE")
                .with("index", cursor.to_string())
                .with("responseId", last_seen.unwrap_or_default()));
        }
        inner.consumer += 1;
        inner.detached = None;
        let consumer = inner.consumer;
        drop(inner);
        self.for_consumer.notify_waiters();
        Ok(Consumer {
            log: self.clone(),
            number: consumer,
            cursor,
            deadline: Instant::now() + self.segment.time,
            bytes_left: self.segment.bytes,
            is_done: false,
            on_drop: None,
        })
    }

    /// Lets go of everything up to a response, itself included. Doing it twice is no error.
    ///
    /// # Errors
    /// `INVALID_CURSOR.POSITION_NOT_FOUND` when the response is not of this operation.
    pub(crate) fn release_until(&self, id: &str) -> Result<()> {
        let mut inner = self.inner.lock();
        let index = self.index(id, &inner)?;
        while inner.first <= index && !inner.entries.is_empty() {
            inner.drop_first();
        }
        drop(inner);
        self.for_producer.notify_waiters();
        Ok(())
    }

    fn id(&self, index: u64) -> String {
        Uuid::from_u128(self.id_base | (u128::from(index) & INDEX_MASK)).to_string()
    }

    fn index(&self, id: &str, inner: &Inner) -> Result<u64> {
        let ours = Uuid::parse_str(id).ok().map(|uuid| uuid.as_u128()).filter(|id| id & !INDEX_MASK == self.id_base);
        let index = ours.and_then(|id| u64::try_from(id & INDEX_MASK).ok());
        index
            .filter(|index| *index < inner.next())
            .ok_or_else(|| cursor_error("POSITION_NOT_FOUND").with("responseId", id))
    }
}

pub(crate) fn cursor_error(sub: &str) -> Error {
    Error::new(Kind::Operation, format!("INVALID_CURSOR.{sub}"))
}

/// What runs when a consumer goes; `true` when it had everything.
type OnDrop = Box<dyn FnOnce(bool) + Send>;

/// Reads the responses in order.
pub(crate) struct Consumer {
    log: Arc<ResponseLog>,
    number: u64,
    cursor: u64,
    deadline: Instant,
    bytes_left: usize,
    is_done: bool,
    on_drop: Option<OnDrop>,
}

enum Step {
    Send(Bytes),
    Fail(Status),
    End,
    Wait,
}

impl Consumer {
    /// Runs something once this consumer is gone; it is told whether everything had been read.
    pub(crate) fn on_drop(mut self, run: impl FnOnce(bool) + Send + 'static) -> Self {
        self.on_drop = Some(Box::new(run));
        self
    }

    /// The responses as gRPC sends them.
    pub(crate) fn into_stream(self) -> impl Stream<Item = Result<Encoded, Status>> + Send {
        futures::stream::unfold(self, |mut consumer| async move {
            let item = consumer.next().await?;
            Some((item, consumer))
        })
    }

    async fn next(&mut self) -> Option<Result<Encoded, Status>> {
        loop {
            if self.is_done {
                return None;
            }
            let log = self.log.clone();
            let mut changed = pin!(log.for_consumer.notified());
            changed.as_mut().enable();
            match self.step() {
                Step::Send(response) => {
                    self.log.for_producer.notify_waiters();
                    return Some(Ok(Encoded(response)));
                }
                Step::Fail(status) => {
                    self.is_done = true;
                    return Some(Err(status));
                }
                Step::End => {
                    self.is_done = true;
                    return None;
                }
                Step::Wait if !self.log.reattachable => changed.await,
                Step::Wait => tokio::select! {
                    () = changed => {}
                    () = sleep_until(self.deadline) => return None,
                },
            }
        }
    }

    fn step(&mut self) -> Step {
        let mut inner = self.log.inner.lock();
        if inner.consumer != self.number {
            return Step::Fail(crate::error::plain(&cursor_error("DISCONNECTED")));
        }
        // What was released behind the consumer's back, its own client has seen.
        self.cursor = self.cursor.max(inner.first);
        let Some(response) = inner.entry(self.cursor).cloned() else {
            return match &inner.end {
                Some(Ok(())) => Step::End,
                Some(Err(status)) => Step::Fail(status.clone()),
                None => Step::Wait,
            };
        };
        let segment_is_over = self.bytes_left < response.len() || Instant::now() >= self.deadline;
        if self.log.reattachable && segment_is_over && self.bytes_left < self.log.segment.bytes {
            // At least one response was sent: a segment that sends nothing would never get anywhere.
            drop(inner);
            return self.pause();
        }
        inner.mark_sent(self.cursor, self.log.reattachable);
        self.bytes_left = self.bytes_left.saturating_sub(response.len());
        self.cursor += 1;
        Step::Send(response)
    }

    /// Ends the segment, not the result.
    fn pause(&mut self) -> Step {
        self.deadline = Instant::now();
        self.is_done = true;
        Step::End
    }
}

impl Drop for Consumer {
    fn drop(&mut self) {
        let mut inner = self.log.inner.lock();
        if inner.consumer == self.number {
            inner.detached = Some(Instant::now());
        }
        let had_everything = inner.end.is_some() && self.cursor >= inner.next();
        drop(inner);
        if let Some(run) = self.on_drop.take() {
            run(had_everything);
        }
    }
}

#[cfg(test)]
mod tests {
    use futures::StreamExt;
    use tonic_types::StatusExt;

    use super::*;

    fn log() -> Arc<ResponseLog> {
        ResponseLog::new(true, Segment::default())
    }

    async fn push(log: &ResponseLog, count: usize) {
        for _ in 0..count {
            log.push(String::into_bytes).await;
        }
    }

    async fn ids(consumer: Consumer) -> Vec<String> {
        let stream = consumer.into_stream().map(|item| match item {
            Ok(Encoded(bytes)) => String::from_utf8(bytes.to_vec()).expect("text"),
            Err(status) => status.get_details_error_info().expect("ErrorInfo").metadata["errorClass"].clone(),
        });
        stream.collect().await
    }

    fn condition<T>(result: Result<T>) -> Option<String> {
        result.err().map(|error| error.condition().to_string())
    }

    #[tokio::test]
    async fn a_client_that_comes_back_continues_after_what_it_saw() {
        let log = log();
        push(&log, 3).await;
        log.end(Ok(()));
        let all = ids(log.attach(None).expect("attaches")).await;
        assert_eq!(all.len(), 3);
        assert_eq!(ids(log.attach(None).expect("attaches")).await, all);
        assert_eq!(ids(log.attach(Some(&all[0])).expect("attaches")).await, all[1..]);
        assert!(ids(log.attach(Some(&all[2])).expect("attaches")).await.is_empty());
    }

    #[tokio::test]
    async fn released_responses_are_gone_and_unknown_ones_are_named() {
        let log = log();
        push(&log, 3).await;
        log.end(Ok(()));
        let all = ids(log.attach(None).expect("attaches")).await;
        log.release_until(&all[1]).expect("known");
        log.release_until(&all[0]).expect("twice is no error");
        assert_eq!(ids(log.attach(Some(&all[1])).expect("attaches")).await, all[2..]);
        assert_eq!(condition(log.attach(None)).as_deref(), Some("INVALID_CURSOR.POSITION_NOT_AVAILABLE"));
        assert_eq!(condition(log.attach(Some(&all[0]))).as_deref(), Some("INVALID_CURSOR.POSITION_NOT_AVAILABLE"));
        let other = Uuid::new_v4().to_string();
        assert_eq!(condition(log.attach(Some(&other))).as_deref(), Some("INVALID_CURSOR.POSITION_NOT_FOUND"));
        assert_eq!(condition(log.release_until("x")).as_deref(), Some("INVALID_CURSOR.POSITION_NOT_FOUND"));
    }

    #[tokio::test]
    async fn a_second_consumer_disconnects_the_first() {
        let log = log();
        push(&log, 1).await;
        let first = log.attach(None).expect("attaches");
        let second = log.attach(None).expect("attaches");
        log.end(Ok(()));
        assert_eq!(ids(first).await, ["INVALID_CURSOR.DISCONNECTED"]);
        assert_eq!(ids(second).await.len(), 1);
    }

    #[tokio::test]
    async fn errors_are_replayed() {
        let log = log();
        push(&log, 1).await;
        log.end(Err(crate::error::plain(&Error::new(Kind::Operation, "OPERATION_CANCELED"))));
        for _ in 0..2 {
            let seen = ids(log.attach(None).expect("attaches")).await;
            assert_eq!(seen.last().map(String::as_str), Some("OPERATION_CANCELED"));
        }
    }

    #[tokio::test]
    async fn a_fast_operation_waits_for_a_slow_client() {
        let log = log();
        let writer = log.clone();
        let task = tokio::spawn(async move {
            for _ in 0..10 {
                writer.push(|_| vec![0; 8 << 20]).await;
            }
            writer.end(Ok(()));
        });
        tokio::time::sleep(Duration::from_millis(50)).await;
        assert!(log.inner.lock().unsent_bytes <= UNSENT_BYTES_MAX + (8 << 20));
        assert!(!task.is_finished());
        let count = log.attach(None).expect("attaches").into_stream().count().await;
        assert_eq!(count, 10);
        assert!(log.inner.lock().sent_bytes <= SENT_BYTES_MAX);
    }

    #[tokio::test]
    async fn segments_end_and_the_whole_arrives() {
        let log = ResponseLog::new(true, Segment { time: SEGMENT, bytes: 100 });
        push(&log, 10).await;
        log.end(Ok(()));
        let mut all: Vec<String> = Vec::new();
        let mut segments = 0;
        loop {
            let more = ids(log.attach(all.last().map(String::as_str)).expect("attaches")).await;
            if more.is_empty() {
                break;
            }
            segments += 1;
            all.extend(more);
        }
        assert_eq!((all.len(), segments), (10, 5));
    }

    #[tokio::test]
    async fn one_who_leaves_early_is_noticed() {
        let log = ResponseLog::new(false, Segment::default());
        push(&log, 2).await;
        let (told, heard) = std::sync::mpsc::channel();
        let consumer = log.attach(None).expect("attaches").on_drop(move |complete| {
            let _ = told.send(complete);
        });
        drop(consumer);
        assert_eq!(heard.recv(), Ok(false));
        assert!(log.detached_for().is_some());
    }
}
