//! The one gRPC codec: requests keep their bytes, result streams leave encoded.
//!
//! A request is not decoded here. [`Received`] holds the bytes as they came, so that a backend may forward them whole,
//! and its depth has been checked, so that [`Received::decode`] may recurse. Whoever decodes a plan does so, and drops
//! it, where the stack is big ([`on_big_stack`]).

use std::marker::PhantomData;

use bytes::{Buf, BufMut, Bytes};
use prost::{DecodeError, Message, Name};
use tonic::Status;
use tonic::codec::{BufferSettings, Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};

use crate::depth;

/// A 1,000-operator plan decodes in about 8 MiB of stack in a debug build; pages are only taken when touched.
const STACK_BYTES: usize = 64 << 20;

/// Runs what recurses over a message on a stack that fits [`depth::LIMIT`]: here, where that much is left, else on one
/// of its own (which costs two system calls and a look at every core).
pub fn on_big_stack<R>(run: impl FnOnce() -> R) -> R {
    stacker::maybe_grow(STACK_BYTES, STACK_BYTES, run)
}

/// A request as it arrived. Its nesting is within [`depth::LIMIT`].
pub struct Received<T> {
    raw: Bytes,
    message: PhantomData<fn() -> T>,
}

impl<T: Message + Default + Name> Received<T> {
    /// Takes the bytes of a message.
    ///
    /// # Errors
    /// [`depth::Refused`] when it nests deeper than [`depth::LIMIT`] or is not a message at all.
    pub fn new(raw: Bytes) -> Result<Self, depth::Refused> {
        depth::check(T::NAME, &raw)?;
        Ok(Self { raw, message: PhantomData })
    }

    /// The bytes as the client sent them, unknown fields included.
    pub fn raw(&self) -> &Bytes {
        &self.raw
    }

    /// The message. Payload fields share the received bytes.
    ///
    /// # Errors
    /// When the bytes are not such a message.
    pub fn decode(&self) -> Result<T, DecodeError> {
        on_big_stack(|| T::decode(self.raw.clone()))
    }
}

/// A response that is encoded already.
#[derive(Clone, Debug)]
pub struct Encoded(pub Bytes);

/// Requests as [`Received`], responses as messages: the unary calls.
pub struct MessageCodec<E, D>(PhantomData<fn() -> (E, D)>);

/// Requests as [`Received`], responses as [`Encoded`]: the result streams.
pub struct EncodedCodec<D>(PhantomData<fn() -> D>);

/// Bytes both ways: what a proxy uses as its client's codec.
#[derive(Clone, Copy, Debug, Default)]
pub struct OpaqueCodec;

impl<E, D> Default for MessageCodec<E, D> {
    fn default() -> Self {
        Self(PhantomData)
    }
}

impl<D> Default for EncodedCodec<D> {
    fn default() -> Self {
        Self(PhantomData)
    }
}

impl<E, D> Codec for MessageCodec<E, Received<D>>
where
    E: Message + 'static,
    D: Message + Default + Name + 'static,
{
    type Encode = E;
    type Decode = Received<D>;
    type Encoder = MessageEncoder<E>;
    type Decoder = ReceivedDecoder<D>;

    fn encoder(&mut self) -> Self::Encoder {
        MessageEncoder(PhantomData)
    }

    fn decoder(&mut self) -> Self::Decoder {
        ReceivedDecoder(PhantomData)
    }
}

impl<D: Message + Default + Name + 'static> Codec for EncodedCodec<Received<D>> {
    type Encode = Encoded;
    type Decode = Received<D>;
    type Encoder = EncodedEncoder;
    type Decoder = ReceivedDecoder<D>;

    fn encoder(&mut self) -> Self::Encoder {
        EncodedEncoder
    }

    fn decoder(&mut self) -> Self::Decoder {
        ReceivedDecoder(PhantomData)
    }
}

impl Codec for OpaqueCodec {
    type Encode = Bytes;
    type Decode = Bytes;
    type Encoder = OpaqueCodec;
    type Decoder = OpaqueCodec;

    fn encoder(&mut self) -> Self::Encoder {
        *self
    }

    fn decoder(&mut self) -> Self::Decoder {
        *self
    }
}

pub struct MessageEncoder<E>(PhantomData<fn() -> E>);

impl<E: Message> Encoder for MessageEncoder<E> {
    type Item = E;
    type Error = Status;

    fn encode(&mut self, item: E, buffer: &mut EncodeBuf<'_>) -> Result<(), Status> {
        item.encode(buffer).map_err(|error| Status::internal(error.to_string()))
    }

    fn buffer_settings(&self) -> BufferSettings {
        BufferSettings::default()
    }
}

pub struct EncodedEncoder;

impl Encoder for EncodedEncoder {
    type Item = Encoded;
    type Error = Status;

    fn encode(&mut self, item: Encoded, buffer: &mut EncodeBuf<'_>) -> Result<(), Status> {
        buffer.put(item.0);
        Ok(())
    }
}

impl Encoder for OpaqueCodec {
    type Item = Bytes;
    type Error = Status;

    fn encode(&mut self, item: Bytes, buffer: &mut EncodeBuf<'_>) -> Result<(), Status> {
        buffer.put(item);
        Ok(())
    }
}

pub struct ReceivedDecoder<D>(PhantomData<fn() -> D>);

impl<D: Message + Default + Name> Decoder for ReceivedDecoder<D> {
    type Item = Received<D>;
    type Error = Status;

    fn decode(&mut self, buffer: &mut DecodeBuf<'_>) -> Result<Option<Received<D>>, Status> {
        let raw = buffer.copy_to_bytes(buffer.remaining());
        Received::new(raw).map(Some).map_err(|refused| Status::invalid_argument(refused.to_string()))
    }
}

impl Decoder for OpaqueCodec {
    type Item = Bytes;
    type Error = Status;

    fn decode(&mut self, buffer: &mut DecodeBuf<'_>) -> Result<Option<Bytes>, Status> {
        Ok(Some(buffer.copy_to_bytes(buffer.remaining())))
    }
}
