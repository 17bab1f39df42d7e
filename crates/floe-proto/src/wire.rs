//! Changing an encoded message without decoding it.
//!
//! In protobuf the last value of a field wins, and an embedded message that stands twice is merged. So a proxy may
//! append a few bytes to a message to override a field, and everything else, unknown fields included, arrives as sent.

use bytes::{Buf, BufMut, Bytes, BytesMut};
use prost::encoding::{WireType, decode_key, decode_varint, encode_key, encode_varint};

/// The message with a text field set to `value`, whatever it was.
pub fn with_text(message: &Bytes, field: u32, value: &str) -> Bytes {
    let mut out = BytesMut::with_capacity(message.len() + value.len() + 12);
    out.put_slice(message);
    append(&mut out, field, value.as_bytes());
    out.freeze()
}

/// The message with several text fields set, whatever they were; it is copied once.
pub fn with_texts(message: &Bytes, fields: &[(u32, &str)]) -> Bytes {
    let added: usize = fields.iter().map(|(_, value)| value.len() + 12).sum();
    let mut out = BytesMut::with_capacity(message.len() + added);
    out.put_slice(message);
    for (field, value) in fields {
        append(&mut out, *field, value.as_bytes());
    }
    out.freeze()
}

/// The last value of a text field at the top of the message: the one that counts.
pub fn text(message: &Bytes, wanted: u32) -> Option<String> {
    let last = field(message, wanted).pop()?;
    String::from_utf8(last.to_vec()).ok()
}

/// The message with a text field inside an embedded message set to `value`; the embedded message's other fields stay.
pub fn with_nested_text(message: &Bytes, field: u32, inner_field: u32, value: &str) -> Bytes {
    let mut inner = BytesMut::with_capacity(value.len() + 12);
    append(&mut inner, inner_field, value.as_bytes());
    let mut out = BytesMut::with_capacity(message.len() + inner.len() + 12);
    out.put_slice(message);
    append(&mut out, field, &inner);
    out.freeze()
}

/// The last value of a number or enum at the top of the message.
pub fn number(message: &Bytes, wanted: u32) -> Option<u64> {
    let mut last = None;
    each(message, |number, value| match value {
        Value::Number(value) if number == wanted => last = Some(value),
        _ => {}
    })?;
    last
}

/// The bytes of every occurrence of a length-delimited field at the top of the message, in order; bytes that are no
/// message give none.
pub fn field(message: &Bytes, wanted: u32) -> Vec<Bytes> {
    let mut found = Vec::new();
    let read = each(message, |number, value| match value {
        Value::Bytes(value) if number == wanted => found.push(value),
        _ => {}
    });
    read.map_or_else(Vec::new, |()| found)
}

enum Value {
    Number(u64),
    Bytes(Bytes),
    /// Of a fixed width, which nobody here asks for.
    Fixed,
}

/// Calls `visit` for every field at the top of the message; `None` where the bytes are no message.
fn each(message: &Bytes, mut visit: impl FnMut(u32, Value)) -> Option<()> {
    let mut rest = message.clone();
    let take = |rest: &mut Bytes, length: usize| (length <= rest.len()).then(|| rest.split_to(length));
    while rest.has_remaining() {
        let (number, wire_type) = decode_key(&mut rest).ok()?;
        let value = match wire_type {
            WireType::Varint => Value::Number(decode_varint(&mut rest).ok()?),
            WireType::LengthDelimited => {
                let length = usize::try_from(decode_varint(&mut rest).ok()?).ok()?;
                Value::Bytes(take(&mut rest, length)?)
            }
            WireType::SixtyFourBit => take(&mut rest, 8).map(|_| Value::Fixed)?,
            WireType::ThirtyTwoBit => take(&mut rest, 4).map(|_| Value::Fixed)?,
            WireType::StartGroup | WireType::EndGroup => return None,
        };
        visit(number, value);
    }
    Some(())
}

fn append(out: &mut BytesMut, field: u32, value: &[u8]) {
    encode_key(field, WireType::LengthDelimited, out);
    encode_varint(value.len() as u64, out);
    out.put_slice(value);
}

#[cfg(test)]
mod tests {
    use prost::Message;

    use super::*;
    use crate::connect::{ExecutePlanRequest, UserContext};

    #[test]
    fn a_field_is_found_without_decoding() {
        let request = ExecutePlanRequest { session_id: "one".into(), tags: vec!["a".into()], ..Default::default() };
        let bytes = Bytes::from(request.encode_to_vec());
        assert_eq!(field(&bytes, 7), [Bytes::from_static(b"a")]);
        assert!(field(&bytes, 3).is_empty());
        assert!(field(&Bytes::from_static(&[0x0a, 0xff]), 1).is_empty());
        let numbers = Bytes::from_static(&[0x38, 0x01, 0x38, 0x05]);
        assert_eq!((number(&numbers, 7), number(&numbers, 8), number(&bytes, 7)), (Some(5), None, None));
    }

    #[test]
    fn several_fields_are_set_at_once() {
        let request = ExecutePlanRequest { session_id: "one".into(), tags: vec!["a".into()], ..Default::default() };
        let bytes = with_texts(&Bytes::from(request.encode_to_vec()), &[(1, "two"), (6, "op"), (1, "three")]);
        let changed = ExecutePlanRequest::decode(bytes.clone()).expect("still a message");
        assert_eq!((changed.session_id.as_str(), changed.operation_id.as_deref()), ("three", Some("op")));
        assert_eq!(text(&bytes, 1).as_deref(), Some("three"));
        assert_eq!(text(&bytes, 13), None);
    }

    #[test]
    fn the_appended_value_wins_and_the_rest_stays() {
        let user = UserContext { user_id: "a".into(), user_name: "b".into(), extensions: Vec::new() };
        let request = ExecutePlanRequest { session_id: "one".into(), user_context: Some(user), ..Default::default() };
        let bytes = Bytes::from(request.encode_to_vec());
        let bytes = with_nested_text(&with_text(&bytes, 1, "two"), 2, 1, "c");
        let changed = ExecutePlanRequest::decode(bytes).expect("still a message");
        assert_eq!(changed.session_id, "two");
        let user = changed.user_context.expect("still there");
        assert_eq!((user.user_id.as_str(), user.user_name.as_str()), ("c", "b"));
    }
}
