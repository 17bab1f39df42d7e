//! Plans that travel compressed (clients from 4.1, above 10 MB): opened with a limit, then measured like any message.

use std::io::Read;

use bytes::Bytes;
use floe_base::{Error, Kind, Result};
use floe_proto::connect as proto;
use floe_proto::connect::CompressionCodec;
use floe_proto::connect::plan::OpType;
use floe_proto::connect::plan::compressed_operation::OpType as Inside;
use floe_proto::depth;
use prost::Message;

/// Spark's `spark.connect.maxPlanSize`.
const PLAN_BYTES_MAX: usize = 512 << 20;

/// The plan as if it had come uncompressed.
///
/// # Errors
/// `CONNECT_INVALID_PLAN.CANNOT_PARSE`, upon which clients stop compressing; `.PLAN_SIZE_LARGER_THAN_MAX`.
pub(crate) fn open(plan: Option<proto::Plan>) -> Result<Option<proto::Plan>> {
    open_within(plan, PLAN_BYTES_MAX)
}

fn open_within(plan: Option<proto::Plan>, bytes_max: usize) -> Result<Option<proto::Plan>> {
    let Some(proto::Plan { op_type: Some(OpType::CompressedOperation(operation)) }) = plan else { return Ok(plan) };
    if operation.compression_codec() != CompressionCodec::Zstd {
        return Err(cannot_parse("unknown compression codec"));
    }
    let kind = operation.op_type();
    let bytes = Bytes::from(decompressed(&operation.data, bytes_max)?);
    let op_type = match kind {
        Inside::Relation => OpType::Root(message("Relation", bytes)?),
        Inside::Command => OpType::Command(message("Command", bytes)?),
        Inside::Unspecified => return Err(cannot_parse("neither a relation nor a command")),
    };
    Ok(Some(proto::Plan { op_type: Some(op_type) }))
}

fn decompressed(data: &[u8], bytes_max: usize) -> Result<Vec<u8>> {
    let reader = zstd::stream::read::Decoder::new(data).map_err(|error| cannot_parse(&error.to_string()))?;
    let mut plan = Vec::new();
    let limit = bytes_max as u64 + 1;
    reader.take(limit).read_to_end(&mut plan).map_err(|error| cannot_parse(&error.to_string()))?;
    if plan.len() > bytes_max {
        return Err(Error::new(Kind::Operation, "CONNECT_INVALID_PLAN.PLAN_SIZE_LARGER_THAN_MAX")
            .with("planSize", "unknown")
            .with("maxPlanSize", bytes_max.to_string()));
    }
    Ok(plan)
}

fn message<T: Message + Default>(name: &str, bytes: Bytes) -> Result<T> {
    depth::check(name, &bytes).map_err(|refused| cannot_parse(&refused.to_string()))?;
    T::decode(bytes).map_err(|error| cannot_parse(&error.to_string()))
}

fn cannot_parse(why: &str) -> Error {
    Error::new(Kind::Operation, "CONNECT_INVALID_PLAN.CANNOT_PARSE").with("errorMsg", why)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn compressed(data: Vec<u8>) -> Option<proto::Plan> {
        let operation = proto::plan::CompressedOperation {
            data: data.into(),
            op_type: Inside::Relation.into(),
            compression_codec: CompressionCodec::Zstd.into(),
        };
        Some(proto::Plan { op_type: Some(OpType::CompressedOperation(operation)) })
    }

    #[test]
    fn a_compressed_plan_opens() {
        let range = proto::Range { start: None, end: 3, step: 1, num_partitions: None };
        let relation = proto::Relation { common: None, rel_type: Some(proto::relation::RelType::Range(range)) };
        let data = zstd::encode_all(relation.encode_to_vec().as_slice(), 3).expect("compresses");
        let plan = open(compressed(data)).expect("opens").expect("a plan");
        assert_eq!(plan.op_type, Some(OpType::Root(relation)));
    }

    #[test]
    fn junk_and_bombs_are_refused() {
        let condition = |data| open_within(compressed(data), 1 << 20).expect_err("refused").condition().to_string();
        assert_eq!(condition(b"junk".to_vec()), "CONNECT_INVALID_PLAN.CANNOT_PARSE");
        let bomb = zstd::encode_all(std::io::repeat(0).take(2 << 20), 1).expect("compresses");
        assert_eq!(condition(bomb), "CONNECT_INVALID_PLAN.PLAN_SIZE_LARGER_THAN_MAX");
    }
}
