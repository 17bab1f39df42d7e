//! How deep an encoded message nests, measured without recursion and before anything is decoded.
//!
//! prost decodes by recursion and its own limit (100 messages) would refuse a frame of fifty operators; without that
//! limit a hostile message of a few kilobytes overflows the stack, which ends the process. So the limit is ours, and
//! it is checked here, walking the bytes with a stack on the heap. The walk knows the schema: texts and payloads are
//! stepped over, so that it costs one look at each field.

use std::collections::HashMap;
use std::fmt;
use std::ops::Range;
use std::sync::LazyLock;

use prost::Message as _;
use prost::encoding::{WireType, decode_key, decode_varint};
use prost_types::field_descriptor_proto::Type;
use prost_types::{DescriptorProto, FileDescriptorSet};

use crate::DESCRIPTORS;

/// Levels of messages a request may have. An operator takes two (the relation and its kind), so 1,000 chained
/// operators fit, with room for what stands around them.
pub const LIMIT: usize = 2_100;

/// Why a message was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    TooDeep,
    Malformed,
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooDeep => write!(
                f,
                "the request nests deeper than {LIMIT} messages (about 1000 chained operators); \
                 save an intermediate result, or call localCheckpoint() on it"
            ),
            Self::Malformed => f.write_str("the request is not a valid protobuf message"),
        }
    }
}

impl std::error::Error for Refused {}

/// Of each message: the fields that are messages themselves, and which.
struct Shapes {
    by_name: HashMap<String, usize>,
    /// Without package; empty for messages of other packages.
    names: Vec<String>,
    children: Vec<HashMap<u32, usize>>,
}

static SHAPES: LazyLock<Shapes> = LazyLock::new(shapes);

/// Checks a message of the package, by its name without package (`ExecutePlanRequest`).
///
/// # Errors
/// When it nests deeper than [`LIMIT`], when its lengths do not add up, or when it holds a group: proto3 has none, and
/// skipping one recurses.
pub fn check(name: &str, bytes: &[u8]) -> Result<(), Refused> {
    walk(name, bytes, |_, _, _| {})
}

/// Calls `visit` for every message inside a message: its name without package, its level (the outermost is 1), and
/// where its bytes stand. Outer ones come before those inside them.
pub(crate) fn walk(name: &str, bytes: &[u8], mut visit: impl FnMut(&str, usize, Range<usize>)) -> Result<(), Refused> {
    let shapes = &*SHAPES;
    let Some(&root) = shapes.by_name.get(name) else { return Err(Refused::Malformed) };
    // The messages that are open: which shape, and where it ends.
    let mut open = vec![(root, bytes.len())];
    let mut rest = bytes;
    while let Some(&(shape, end)) = open.last() {
        let position = bytes.len() - rest.len();
        if position >= end {
            if position > end {
                return Err(Refused::Malformed);
            }
            open.pop();
            continue;
        }
        let (field, wire_type) = decode_key(&mut rest).map_err(|_| Refused::Malformed)?;
        let length = match wire_type {
            WireType::Varint => {
                decode_varint(&mut rest).map_err(|_| Refused::Malformed)?;
                continue;
            }
            WireType::SixtyFourBit => 8,
            WireType::ThirtyTwoBit => 4,
            WireType::LengthDelimited => decode_varint(&mut rest).map_err(|_| Refused::Malformed)?,
            WireType::StartGroup | WireType::EndGroup => return Err(Refused::Malformed),
        };
        let position = bytes.len() - rest.len();
        let length = usize::try_from(length).map_err(|_| Refused::Malformed)?;
        if length > end.saturating_sub(position) {
            return Err(Refused::Malformed);
        }
        let child = shapes.children.get(shape).and_then(|fields| fields.get(&field));
        match child {
            Some(&child) if wire_type == WireType::LengthDelimited => {
                if open.len() >= LIMIT {
                    return Err(Refused::TooDeep);
                }
                open.push((child, position + length));
                let name = shapes.names.get(child).map_or("", String::as_str);
                visit(name, open.len(), position..position + length);
            }
            _ => rest = rest.get(length..).ok_or(Refused::Malformed)?,
        }
    }
    Ok(())
}

fn shapes() -> Shapes {
    let set = FileDescriptorSet::decode(DESCRIPTORS).unwrap_or_default();
    let mut messages: Vec<(String, DescriptorProto)> = Vec::new();
    for file in &set.file {
        for message in &file.message_type {
            collect(&format!(".{}", file.package()), message, &mut messages);
        }
    }
    let index: HashMap<_, _> = messages.iter().enumerate().map(|(at, (name, _))| (name.clone(), at)).collect();
    let children = messages.iter().map(|(_, message)| fields_of(message, &index)).collect();
    let bare = |name: &String| name.strip_prefix(".spark.connect.").map(str::to_owned);
    let by_name = index.iter().filter_map(|(name, &at)| Some((bare(name)?, at))).collect();
    let names = messages.iter().map(|(name, _)| bare(name).unwrap_or_default()).collect();
    Shapes { by_name, names, children }
}

fn collect(scope: &str, message: &DescriptorProto, into: &mut Vec<(String, DescriptorProto)>) {
    let name = format!("{scope}.{}", message.name());
    for nested in &message.nested_type {
        collect(&name, nested, into);
    }
    into.push((name, message.clone()));
}

fn fields_of(message: &DescriptorProto, index: &HashMap<String, usize>) -> HashMap<u32, usize> {
    let mut fields = HashMap::new();
    for field in message.field.iter().filter(|field| field.r#type() == Type::Message) {
        if let (Ok(number), Some(&at)) = (u32::try_from(field.number()), index.get(field.type_name())) {
            fields.insert(number, at);
        }
    }
    fields
}

#[cfg(test)]
mod tests {
    use prost::Message;

    use super::*;
    use crate::codec::{Received, on_big_stack};
    use crate::connect::{ExecutePlanRequest, Limit, Plan, Relation, plan, relation};

    /// `levels` limits over nothing, built from the inside out so that building does not recurse either.
    fn nested(levels: usize) -> Vec<u8> {
        let mut inner = Vec::new();
        for _ in 0..levels {
            let limit = wrapped(1, &inner);
            inner = wrapped(8, &limit);
        }
        wrapped(3, &wrapped(1, &inner))
    }

    fn wrapped(field: u32, inner: &[u8]) -> Vec<u8> {
        let mut out = Vec::with_capacity(inner.len() + 12);
        prost::encoding::encode_key(field, WireType::LengthDelimited, &mut out);
        prost::encoding::encode_varint(inner.len() as u64, &mut out);
        out.extend_from_slice(inner);
        out
    }

    #[test]
    fn a_thousand_operators_pass_and_decode() {
        let bytes = nested(1_000);
        let received = Received::<ExecutePlanRequest>::new(bytes.into()).expect("within the limit");
        on_big_stack(|| drop(received.decode().expect("a message")));
    }

    #[test]
    fn two_thousand_operators_and_a_hundred_thousand_are_refused() {
        assert_eq!(check("ExecutePlanRequest", &nested(2_000)), Err(Refused::TooDeep));
        assert_eq!(check("ExecutePlanRequest", &nested(20_000)), Err(Refused::TooDeep));
    }

    #[test]
    fn texts_that_look_like_messages_are_stepped_over() {
        let limit = Limit { limit: 1, input: None };
        let rel_type = Some(relation::RelType::Limit(Box::new(limit)));
        let plan = Plan { op_type: Some(plan::OpType::Root(Relation { common: None, rel_type })) };
        let request = ExecutePlanRequest {
            session_id: String::from_utf8(vec![0x0a; 500]).unwrap_or_default(),
            plan: Some(plan),
            ..Default::default()
        };
        assert_eq!(check("ExecutePlanRequest", &request.encode_to_vec()), Ok(()));
    }

    #[test]
    fn groups_and_lengths_that_lie_are_refused() {
        assert_eq!(check("ExecutePlanRequest", &[0x0b, 0x0b, 0x0b]), Err(Refused::Malformed));
        assert_eq!(check("ExecutePlanRequest", &[0x0a, 0x7f, 0x00]), Err(Refused::Malformed));
        assert_eq!(check("ExecutePlanRequest", &[0xff]), Err(Refused::Malformed));
    }
}
