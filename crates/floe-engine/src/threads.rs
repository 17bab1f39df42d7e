//! The threads requests are answered on, and those that plans run on.
//!
//! They are apart so that a plan that keeps its threads busy keeps nobody from asking, interrupting or connecting. All
//! stacks are large, for plans are trees and trees are walked by recursion: a thousand chained operators must not end
//! the process. The memory is only reserved, not used.

use std::future::Future;

use floe_base::{Error, Result};
use tokio::runtime::{Builder, Handle, Runtime};

/// Address space of one thread's stack.
pub const STACK_BYTES: usize = 1 << 30;

/// Threads with deep stacks. They live as long as the engine.
#[derive(Debug)]
pub struct Threads {
    /// `None` only while it is being ended.
    runtime: Option<Runtime>,
}

impl Threads {
    pub fn new(name: &str, count: usize) -> Result<Self> {
        let runtime = Builder::new_multi_thread()
            .worker_threads(count.max(1))
            .thread_name(name)
            .thread_stack_size(STACK_BYTES)
            .enable_all()
            .build()
            .map_err(|error| Error::internal(format!("threads {name}: {error}")).caused_by(error))?;
        Ok(Self { runtime: Some(runtime) })
    }

    pub fn handle(&self) -> Handle {
        match &self.runtime {
            Some(runtime) => runtime.handle().clone(),
            None => unreachable!("the runtime is taken only by drop"),
        }
    }

    /// Runs a future here, whatever thread awaits it. The work ends when the caller stops waiting.
    ///
    /// It is not an `async fn`: what is returned would hold the work's whole type, and with it the caller's future, and
    /// so on up to the network's. Such a tower of types is too deep for the compiler.
    pub fn run<T: Send + 'static, W>(&self, work: W) -> impl Future<Output = Result<T>> + use<T, W>
    where
        W: Future<Output = Result<T>> + Send + 'static,
    {
        EndWithCaller(self.handle().spawn(work)).join()
    }
}

/// Runs what waits for a disk where it may. It goes on to its end when the caller stops waiting.
pub(crate) async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result,
        Err(error) if error.is_cancelled() => Err(canceled()),
        Err(error) => Err(Error::internal(format!("a thread for files panicked: {error}"))),
    }
}

struct EndWithCaller<T>(tokio::task::JoinHandle<Result<T>>);

impl<T> EndWithCaller<T> {
    async fn join(mut self) -> Result<T> {
        match (&mut self.0).await {
            Ok(result) => result,
            Err(error) if error.is_cancelled() => Err(canceled()),
            Err(error) => Err(Error::internal(format!("a query's thread panicked: {error}"))),
        }
    }
}

impl<T> Drop for EndWithCaller<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Spark's error for an interrupted operation.
pub(crate) fn canceled() -> Error {
    Error::new(floe_base::Kind::Operation, "OPERATION_CANCELED")
}

impl Drop for Threads {
    /// A runtime may not be dropped where blocking is forbidden; its threads end in the background.
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}
