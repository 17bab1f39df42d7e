//! The backend: its connection, how busy it is, and operations handed to it whole.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use floe_base::id::BackendId;
use floe_base::settings::Settings;
use floe_base::{Error, Kind, Result};
use floe_route::Capability;
use tokio::sync::Mutex;
use tokio::time::Instant;
use tonic::Status;

use super::breaker::Breaker;
use super::client::Client;
use super::local::Local;
use super::target::{Address, Target};
use super::{capabilities, follow, refusal};
use crate::backend::{Backend, Outcome, Run, Work};

/// A real Spark: one that is there, or one that is started when it is first needed.
pub struct Spark {
    target: Target,
    place: String,
    local: Option<Local>,
    connection: Mutex<Option<Connection>>,
    breaker: Breaker,
    in_use: Arc<AtomicUsize>,
}

struct Connection {
    address: Address,
    client: Client,
}

impl fmt::Debug for Spark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Spark").field("place", &self.place).finish_non_exhaustive()
    }
}

impl Spark {
    /// Nothing is started and nobody is called yet.
    ///
    /// # Errors
    /// When a setting cannot be read.
    pub fn new(target: Target, settings: &Settings) -> Result<Arc<Self>> {
        let in_use = Arc::new(AtomicUsize::new(0));
        let (place, local) = match &target {
            Target::Local => ("local".to_string(), Some(Local::new(settings, in_use.clone())?)),
            Target::Remote(address) => (address.shown(), None),
        };
        let (connection, breaker) = (Mutex::default(), Breaker::default());
        Ok(Arc::new(Self { target, place, local, connection, breaker, in_use }))
    }

    /// What people are told of where it is.
    pub fn place(&self) -> &str {
        &self.place
    }

    /// True when it runs beside this server and sees its files.
    pub fn is_on_this_machine(&self) -> bool {
        match &self.target {
            Target::Local => true,
            Target::Remote(address) => address.is_on_this_machine(),
        }
    }

    pub(super) fn user_id(&self) -> Option<&str> {
        match &self.target {
            Target::Local => None,
            Target::Remote(address) => address.user_id.as_deref(),
        }
    }

    /// Why its sessions cannot use Iceberg, where that is known.
    ///
    /// # Errors
    /// When there is no Spark to be started.
    pub(super) async fn lacks_iceberg(&self) -> Result<Option<String>> {
        match &self.local {
            Some(local) => Ok(local.installation().await?.iceberg.clone().err()),
            None => Ok(None),
        }
    }

    /// The connection, for an operation that begins; a Spark of our own is started for it.
    ///
    /// # Errors
    /// When it could not be reached a moment ago, or cannot be started.
    pub(super) async fn client(&self) -> Result<Client> {
        self.breaker.admit(Instant::now())?;
        self.client_again().await
    }

    /// The same, for an operation that had one.
    pub(super) async fn client_again(&self) -> Result<Client> {
        let address = match (&self.target, &self.local) {
            (Target::Remote(address), _) => address.clone(),
            (Target::Local, Some(local)) => local.started().await?,
            (Target::Local, None) => return Err(Error::internal("a local Spark that nobody starts")),
        };
        let mut connection = self.connection.lock().await;
        if let Some(known) = connection.as_ref().filter(|known| known.address == address) {
            return Ok(known.client.clone());
        }
        let client = Client::new(&address).await?;
        *connection = Some(Connection { address, client: client.clone() });
        Ok(client)
    }

    /// The connection, if there is one; nothing is started for it.
    pub(super) async fn connected(&self) -> Option<Client> {
        self.connection.lock().await.as_ref().map(|connection| connection.client.clone())
    }

    /// Notes how a call went that it refused, or that did not reach it.
    pub(super) fn failed(&self, status: &Status) {
        if refusal::is_lost(status) {
            self.breaker.failed(refusal::error(status, &self.place), Instant::now());
        } else {
            self.breaker.succeeded();
        }
    }

    pub(super) fn is_well(&self) {
        self.breaker.succeeded();
    }

    /// Counts as in use for as long as the answer lives.
    pub(super) fn busy(&self) -> Busy {
        Busy::new(&self.in_use)
    }
}

/// Something that needs the Spark to stay.
pub(super) struct Busy(Arc<AtomicUsize>);

impl Busy {
    fn new(count: &Arc<AtomicUsize>) -> Self {
        count.fetch_add(1, Ordering::Relaxed);
        Self(count.clone())
    }
}

impl Clone for Busy {
    fn clone(&self) -> Self {
        Self::new(&self.0)
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

#[async_trait]
impl Backend for Spark {
    fn id(&self) -> BackendId {
        BackendId::Spark
    }

    fn capability(&self) -> Capability {
        capabilities::capability(Ok(()))
    }

    async fn execute(&self, work: Work<'_>, run: &Run) -> Result<Outcome> {
        let Work::Message { message, state, upstream } = work else {
            return Err(Error::internal("a Spark was given a plan of ours; it takes what clients send"));
        };
        if message.levels > LEVELS_MAX {
            return Err(Error::message(Kind::Operation, too_deep(message.levels)));
        }
        if let Some(local) = self.local.as_ref().filter(|_| !message.is_query && message.makes.is_none()) {
            local.keep();
        }
        let answers = follow::start(upstream.clone(), message.clone(), run.operation_id.clone(), state).await?;
        Ok(Outcome::Forwarded(answers))
    }

    async fn explain(&self, work: Work<'_>) -> Result<String> {
        match work {
            Work::Message { .. } => Ok(format!("the client's own message, for the Spark at {}", self.place)),
            Work::Plan(_) => Err(Error::internal("a Spark was given a plan of ours; it takes what clients send")),
        }
    }
}

/// Spark's own server fails somewhere above 400 chained operators (its stacks) and refuses 1,024 levels of messages.
const LEVELS_MAX: usize = 900;

fn too_deep(levels: usize) -> String {
    format!(
        "this plan needs a real Spark and nests {levels} messages deep, more than a Spark takes ({LEVELS_MAX}); save an \
         intermediate result as a table"
    )
}
