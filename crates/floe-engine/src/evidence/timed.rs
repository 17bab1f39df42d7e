//! Rows with a stopwatch: it runs while somebody waits for the next ones, and not while a slow client looks at the last.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use arrow::array::RecordBatch;
use floe_backends::Batches;
use floe_base::Result;
use futures::Stream;

/// The batches as they are; their end is told with the time that was waited for them, `before` included. A run that is
/// given up or fails tells nothing.
pub(crate) fn timed(batches: Batches, before: Duration, ended: impl FnOnce(Duration) + Send + 'static) -> Batches {
    Box::pin(Timed { batches, waited: before, since: None, ended: Some(Box::new(ended)) })
}

type Ended = Box<dyn FnOnce(Duration) + Send>;

struct Timed {
    batches: Batches,
    waited: Duration,
    /// When it was asked for what has not come yet.
    since: Option<Instant>,
    ended: Option<Ended>,
}

impl Stream for Timed {
    type Item = Result<RecordBatch>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let since = *self.since.get_or_insert_with(Instant::now);
        let item = std::task::ready!(self.batches.as_mut().poll_next(context));
        self.since = None;
        self.waited += since.elapsed();
        match &item {
            Some(Ok(_)) => {}
            Some(Err(_)) => self.ended = None,
            None => {
                if let Some(ended) = self.ended.take() {
                    ended(self.waited);
                }
            }
        }
        Poll::Ready(item)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU64, Ordering};

    use arrow::datatypes::Schema;
    use floe_base::Error;
    use futures::{StreamExt, stream};

    use super::*;

    async fn told(items: Vec<Result<RecordBatch>>) -> u64 {
        let told = Arc::new(AtomicU64::new(0));
        let ended = told.clone();
        let batches = timed(Box::pin(stream::iter(items)), Duration::from_secs(3), move |waited| {
            ended.store(waited.as_secs(), Ordering::Relaxed);
        });
        let _: Vec<_> = batches.collect().await;
        told.load(Ordering::Relaxed)
    }

    #[tokio::test]
    async fn only_a_run_that_came_to_its_end_is_told() {
        let batch = || Ok(RecordBatch::new_empty(Arc::new(Schema::empty())));
        assert_eq!(told(vec![batch(), batch()]).await, 3);
        assert_eq!(told(vec![batch(), Err(Error::internal("no"))]).await, 0);
    }
}
