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

/// The bytes of every occurrence of a length-delimited field at the top of the message, in order; bytes that are no
/// message give none.
pub fn field(message: &Bytes, wanted: u32) -> Vec<Bytes> {
    let mut found = Vec::new();
    let mut rest = message.clone();
    while rest.has_remaining() {
        let Ok((number, wire_type)) = decode_key(&mut rest) else { return Vec::new() };
        let length = match wire_type {
            WireType::LengthDelimited => decode_varint(&mut rest).ok().and_then(|length| usize::try_from(length).ok()),
            WireType::Varint => decode_varint(&mut rest).ok().map(|_| 0),
            WireType::SixtyFourBit => Some(8),
            WireType::ThirtyTwoBit => Some(4),
            WireType::StartGroup | WireType::EndGroup => None,
        };
        let Some(length) = length.filter(|length| *length <= rest.len()) else { return Vec::new() };
        let value = rest.split_to(length);
        if number == wanted && wire_type == WireType::LengthDelimited {
            found.push(value);
        }
    }
    found
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
