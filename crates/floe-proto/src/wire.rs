//! Changing an encoded message without decoding it.
//!
//! In protobuf the last value of a field wins, and an embedded message that stands twice is merged. So a proxy may
//! append a few bytes to a message to override a field, and everything else, unknown fields included, arrives as sent.

use bytes::{BufMut, Bytes, BytesMut};
use prost::encoding::{WireType, encode_key, encode_varint};

/// The message with a text field set to `value`, whatever it was.
pub fn with_text(message: &Bytes, field: u32, value: &str) -> Bytes {
    let mut out = BytesMut::with_capacity(message.len() + value.len() + 12);
    out.put_slice(message);
    append(&mut out, field, value.as_bytes());
    out.freeze()
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
