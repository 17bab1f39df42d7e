//! A client's message whose kept frames Spark does not have: a view stands for each of them there.
//!
//! The relation that names the frame is given a second kind, a table's name, behind its first; of a choice in protobuf
//! the last one counts. So here too nothing is taken apart.

use bytes::Bytes;
use floe_base::{Error, Result};
use floe_proto::connect as proto;
use floe_proto::connect::relation::RelType;
use floe_proto::{inside, wire};
use prost::Message as _;

use super::state::State;

/// The message of a `kind`, with the frames kept here read from the views that stand for them.
///
/// # Errors
/// When such a frame is named where it cannot be replaced: in a plan that travels compressed.
pub(super) fn named(message: &Bytes, kind: &str, state: &State) -> Result<Bytes> {
    if state.frames.is_empty() {
        return Ok(message.clone());
    }
    const FRAME: &str = "CachedRemoteRelation";
    let mut replaced = 0;
    let changed = inside::extended(kind, message, FRAME, |frame| {
        let view = wire::text(frame, 1).and_then(|id| state.frames.get(&id))?;
        replaced += 1;
        Some(read(view))
    });
    match changed {
        Ok(changed) if replaced > 0 => Ok(changed),
        _ => Err(Error::unsupported("a frame kept by localCheckpoint, in a compressed plan that Spark must run")),
    }
}

/// The fields of a relation that reads a view.
fn read(view: &str) -> Bytes {
    let table = proto::read::NamedTable { unparsed_identifier: view.into(), ..Default::default() };
    let read = proto::Read { read_type: Some(proto::read::ReadType::NamedTable(table)), is_streaming: false };
    proto::Relation { common: None, rel_type: Some(RelType::Read(read)) }.encode_to_vec().into()
}
