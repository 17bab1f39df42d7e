//! `AddArtifacts`: uploads, small ones in batches and large ones in chunks, each with its checksum.
//!
//! A chunk that arrives damaged spoils its artifact: the answer says so, and nothing of it is kept. The session is that
//! of the first message.

use std::sync::Arc;

use floe_base::{Error, Kind, Result};
use floe_proto::codec::Received;
use floe_proto::connect as proto;
use floe_proto::connect::add_artifacts_request::{ArtifactChunk, Batch, BeginChunkedArtifact, Payload};
use floe_proto::connect::add_artifacts_response::ArtifactSummary;
use tonic::{Code, Status, Streaming};

use crate::artifact::check_name;
use crate::error;
use crate::service::Service;
use crate::session::{Session, key};

/// An artifact larger than this is refused before its chunks pile up in memory.
const ARTIFACT_BYTES_MAX: usize = 2 << 30;

/// What has come so far.
#[derive(Default)]
struct Upload {
    /// The artifact of which chunks are still to come.
    open: Option<Open>,
    summaries: Vec<ArtifactSummary>,
}

struct Open {
    name: String,
    content: Vec<u8>,
    total_bytes: i64,
    chunks_left: i64,
    is_sound: bool,
}

pub(crate) async fn handle(
    service: &Service,
    mut requests: Streaming<Received<proto::AddArtifactsRequest>>,
) -> Result<proto::AddArtifactsResponse, Status> {
    let mut session: Option<Arc<Session>> = None;
    let mut upload = Upload::default();
    while let Some(received) = requests.message().await.map_err(size_error)? {
        let request = received.decode().map_err(|error| Status::invalid_argument(error.to_string()))?;
        let session = match &session {
            Some(session) => session.clone(),
            None => session.insert(session_of(service, &request)?).clone(),
        };
        let errors = session.clone();
        // Files are written, and disks may be slow.
        let taking = tokio::task::spawn_blocking(move || {
            let taken = upload.take(&session, request.payload);
            (upload, taken)
        });
        let (continued, taken) = taking.await.map_err(|error| Status::internal(error.to_string()))?;
        upload = continued;
        taken.map_err(|error| errors.errors.status(error))?;
    }
    let Some(session) = session else {
        return Err(Status::invalid_argument("an upload without any message"));
    };
    if let Some(open) = upload.open {
        return Err(session.errors.status(broken(&open.name, "its last chunks are missing")));
    }
    Ok(proto::AddArtifactsResponse {
        session_id: session.id().into(),
        server_side_session_id: session.server_side_id(),
        artifacts: upload.summaries,
    })
}

fn session_of(service: &Service, request: &proto::AddArtifactsRequest) -> Result<Arc<Session>, Status> {
    let key = key(&request.session_id, request.user_context.as_ref());
    let observed = request.client_observed_server_side_session_id.as_deref();
    service.sessions.get_or_create(&key, observed).map_err(|error| error::plain(&error))
}

/// A message over the limit has, inside a stream, no one else to name it rightly.
fn size_error(status: Status) -> Status {
    if status.code() == Code::OutOfRange { Status::resource_exhausted(status.message()) } else { status }
}

impl Upload {
    fn take(&mut self, session: &Session, payload: Option<Payload>) -> Result<()> {
        match payload {
            Some(Payload::Batch(batch)) => self.batch(session, batch),
            Some(Payload::BeginChunk(begin)) => {
                if let Some(unfinished) = &self.open {
                    return Err(broken(&unfinished.name, "another began before its last chunk"));
                }
                self.open = Some(begin_chunked(begin)?);
                self.close_if_complete(session)
            }
            Some(Payload::Chunk(chunk)) => {
                let Some(current) = &mut self.open else { return Err(broken("", "a chunk came before its beginning")) };
                current.add(&chunk)?;
                self.close_if_complete(session)
            }
            None => Err(Error::message(Kind::Unsupported, "an upload message without content")),
        }
    }

    fn batch(&mut self, session: &Session, batch: Batch) -> Result<()> {
        for artifact in batch.artifacts {
            check(&artifact.name)?;
            let chunk = artifact.data.unwrap_or_default();
            let is_crc_successful = is_sound(&chunk);
            if is_crc_successful {
                session.artifacts.put(&artifact.name, &chunk.data)?;
            }
            self.summaries.push(ArtifactSummary { name: artifact.name, is_crc_successful });
        }
        Ok(())
    }

    fn close_if_complete(&mut self, session: &Session) -> Result<()> {
        let Some(complete) = self.open.take_if(|open| open.chunks_left <= 0) else { return Ok(()) };
        if i64::try_from(complete.content.len()).ok() != Some(complete.total_bytes) {
            return Err(broken(&complete.name, "its length is not what its first message said"));
        }
        if complete.is_sound {
            session.artifacts.put(&complete.name, &complete.content)?;
        }
        self.summaries.push(ArtifactSummary { name: complete.name, is_crc_successful: complete.is_sound });
        Ok(())
    }
}

fn begin_chunked(begin: BeginChunkedArtifact) -> Result<Open> {
    check(&begin.name)?;
    let mut open = Open {
        name: begin.name,
        content: Vec::new(),
        total_bytes: begin.total_bytes,
        chunks_left: begin.num_chunks,
        is_sound: true,
    };
    open.add(&begin.initial_chunk.unwrap_or_default())?;
    Ok(open)
}

impl Open {
    fn add(&mut self, chunk: &ArtifactChunk) -> Result<()> {
        if self.content.len() + chunk.data.len() > ARTIFACT_BYTES_MAX {
            return Err(broken(&self.name, "it is larger than an upload may be"));
        }
        self.is_sound &= is_sound(chunk);
        self.content.extend_from_slice(&chunk.data);
        self.chunks_left -= 1;
        Ok(())
    }
}

fn check(name: &str) -> Result<()> {
    if name.starts_with("forward_to_fs/") {
        return Err(Error::unsupported("copying a file to the server's file system (copyFromLocalToFs)"));
    }
    check_name(name)
}

fn is_sound(chunk: &ArtifactChunk) -> bool {
    i64::from(crc32fast::hash(&chunk.data)) == chunk.crc
}

fn broken(name: &str, why: &str) -> Error {
    Error::message(Kind::Operation, format!("the upload `{name}` is broken: {why}"))
}
