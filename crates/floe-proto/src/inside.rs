//! Looking into a message without decoding it: the messages of some kinds inside, wherever they stand; and adding to the
//! messages around them.
//!
//! A plan that cannot be decoded whole (code for Python, kinds this server is too old to know) still says which tables
//! and uploads it needs.

use std::ops::Range;

use bytes::{BufMut, Bytes, BytesMut};
use prost::encoding::{decode_varint, encode_varint, encoded_len_varint};

use crate::depth::{self, Refused};

/// What one walk over a message tells of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Inside {
    /// The levels of messages it has; its own is the first.
    pub levels: usize,
    /// The messages of the wanted kinds, outer ones first, each with the index of its kind.
    pub found: Vec<(usize, Bytes)>,
}

/// Looks for messages of the wanted kinds (names without package, as `Read.NamedTable`) inside one of kind `name`.
///
/// # Errors
/// As [`depth::check`].
pub fn look(name: &str, message: &Bytes, wanted: &[&str]) -> Result<Inside, Refused> {
    let mut inside = Inside { levels: 1, found: Vec::new() };
    depth::walk(name, message, |kind, level, place| {
        inside.levels = inside.levels.max(level);
        if let Some(index) = wanted.iter().position(|wanted| *wanted == kind) {
            inside.found.push((index, message.slice(place)));
        }
    })?;
    Ok(inside)
}

/// The message with fields appended to whatever holds a message of kind `wanted`, where `add` has some for it. The
/// lengths of all messages around them grow; nothing else changes.
///
/// # Errors
/// As [`depth::check`], and where a length is not written in the usual way.
pub fn extended(
    name: &str,
    message: &Bytes,
    wanted: &str,
    mut add: impl FnMut(&Bytes) -> Option<Bytes>,
) -> Result<Bytes, Refused> {
    // The messages that are open, the whole one first; those that grow, by their place in `around`.
    let mut open: Vec<usize> = vec![0];
    let mut around = vec![Around { place: 0..message.len(), parent: None, added: 0 }];
    let mut edits: Vec<(usize, usize, Bytes)> = Vec::new();
    depth::walk(name, message, |kind, level, place| {
        open.truncate(level - 1);
        let parent = open.last().copied();
        if kind == wanted
            && let Some(parent) = parent
            && let Some(fields) = add(&message.slice(place.clone()))
        {
            around[parent].added += fields.len();
            edits.push((around[parent].place.end, around[parent].place.end, fields));
        }
        open.push(around.len());
        around.push(Around { place, parent, added: 0 });
    })?;
    // Inner ones come after those around them. What an inner one ends with stands before what an outer one does.
    edits.reverse();
    for at in (1..around.len()).rev() {
        let Around { place, parent, added } = around[at].clone();
        if added == 0 {
            continue;
        }
        let (before, after) = (encoded_len_varint(place.len() as u64), (place.len() + added) as u64);
        let start = place.start.checked_sub(before).ok_or(Refused::Malformed)?;
        let told = decode_varint(&mut &message[start..place.start]).map_err(|_| Refused::Malformed)?;
        if told != place.len() as u64 {
            return Err(Refused::Malformed);
        }
        let mut length = BytesMut::new();
        encode_varint(after, &mut length);
        if let Some(parent) = parent {
            around[parent].added += added + length.len() - before;
        }
        edits.push((start, place.start, length.freeze()));
    }
    edits.sort_by_key(|(from, _, _)| *from);
    let mut out = BytesMut::with_capacity(message.len() + edits.iter().map(|(_, _, bytes)| bytes.len()).sum::<usize>());
    let mut rest = 0;
    for (from, to, bytes) in edits {
        out.put_slice(&message[rest..from]);
        out.put_slice(&bytes);
        rest = to;
    }
    out.put_slice(&message[rest..]);
    Ok(out.freeze())
}

/// A message that may have to grow.
#[derive(Clone)]
struct Around {
    place: Range<usize>,
    parent: Option<usize>,
    added: usize,
}

#[cfg(test)]
mod tests {
    use prost::Message;

    use super::*;
    use crate::connect::{ExecutePlanRequest, Limit, Plan, Read, Relation, plan, read, relation};

    #[test]
    fn what_holds_a_message_is_extended_and_all_around_it_grow() {
        use crate::connect::{CachedRemoteRelation, Join};
        let frame = |id: &str| {
            let cached = CachedRemoteRelation { relation_id: id.into() };
            Box::new(Relation { common: None, rel_type: Some(relation::RelType::CachedRemoteRelation(cached)) })
        };
        let table = |name: &str| {
            let named = read::NamedTable { unparsed_identifier: name.into(), ..Default::default() };
            let read = Read { read_type: Some(read::ReadType::NamedTable(named)), ..Default::default() };
            Box::new(Relation { common: None, rel_type: Some(relation::RelType::Read(read)) })
        };
        let request = |left, right| {
            let join = Join { left: Some(left), right: Some(right), ..Default::default() };
            let join = Relation { common: None, rel_type: Some(relation::RelType::Join(Box::new(join))) };
            let limit = Limit { limit: 1, input: Some(Box::new(join)) };
            let limit = Relation { common: None, rel_type: Some(relation::RelType::Limit(Box::new(limit))) };
            let plan = Some(Plan { op_type: Some(plan::OpType::Root(limit)) });
            ExecutePlanRequest { session_id: "s".into(), plan, ..Default::default() }
        };
        // Long enough that lengths take a byte more.
        let long = "v".repeat(200);
        let sent = Bytes::from(request(frame("a"), frame("b")).encode_to_vec());
        let changed = extended("ExecutePlanRequest", &sent, "CachedRemoteRelation", |found| {
            let is_first = crate::wire::text(found, 1).as_deref() == Some("a");
            is_first.then(|| table(&long).encode_to_vec().into())
        });
        let read = ExecutePlanRequest::decode(changed.expect("a message")).expect("still one");
        assert_eq!(read, request(table(&long), frame("b")));
        let both = extended("ExecutePlanRequest", &sent, "CachedRemoteRelation", |_| {
            Some(table(&long).encode_to_vec().into())
        });
        let read = ExecutePlanRequest::decode(both.expect("a message")).expect("still one");
        assert_eq!(read, request(table(&long), table(&long)));
        assert_eq!(extended("ExecutePlanRequest", &sent, "SQL", |_| None), Ok(sent));
    }

    #[test]
    fn tables_are_found_wherever_they_stand() {
        let named = read::NamedTable { unparsed_identifier: "a.b".into(), ..Default::default() };
        let read = Read { read_type: Some(read::ReadType::NamedTable(named)), ..Default::default() };
        let read = Relation { common: None, rel_type: Some(relation::RelType::Read(read)) };
        let limit = Limit { limit: 1, input: Some(Box::new(read)) };
        let limit = Relation { common: None, rel_type: Some(relation::RelType::Limit(Box::new(limit))) };
        let plan = Some(Plan { op_type: Some(plan::OpType::Root(limit)) });
        let request = Bytes::from(ExecutePlanRequest { plan, ..Default::default() }.encode_to_vec());
        let Inside { levels, found } =
            look("ExecutePlanRequest", &request, &["SQL", "Read.NamedTable"]).expect("a message");
        assert_eq!((levels, found.len()), (7, 1));
        assert_eq!(found[0].0, 1);
        let table = read::NamedTable::decode(found[0].1.clone()).expect("a table");
        assert_eq!(table.unparsed_identifier, "a.b");
        assert!(look("ExecutePlanRequest", &Bytes::from_static(&[0x0a, 0x7f]), &[]).is_err());
    }
}
