//! The Spark Connect protocol: generated types, the gRPC codec, and what can be done to a message without decoding it.
//!
//! | module | what |
//! |---|---|
//! | [`connect`] | every message of `spark.connect`, and the client, generated from `proto/spark-connect.fds` |
//! | [`server`] | the trait a server implements, generated with our codec |
//! | [`codec`] | requests with their raw bytes kept, responses encoded beforehand |
//! | [`depth`] | how deep a message nests, measured before anything recursive looks at it |
//! | [`inside`] | finding the messages of some kinds inside another, without decoding it |
//! | [`wire`] | appending a field to an encoded message, so that a proxy can override it |
//!
//! No meaning lives here: `floe-connect` decodes messages into the tree of `floe-syntax`, and `floe-backends` forwards
//! them. The protocol as text stands in `proto/spark/connect/`.

pub mod codec;
pub mod depth;
pub mod inside;
pub mod wire;

/// The messages, as in package `spark.connect` of Spark 4.3 (a superset of what 3.5 to 4.2 send).
#[allow(clippy::all, clippy::unwrap_used, missing_docs, reason = "generated code")]
pub mod connect {
    tonic::include_proto!("spark.connect");
}

/// The server's side of `SparkConnectService`.
#[allow(clippy::all, clippy::unwrap_used, reason = "generated code")]
pub mod server {
    include!(concat!(env!("OUT_DIR"), "/spark.connect.SparkConnectService.rs"));

    pub use spark_connect_service_server::{SparkConnectService, SparkConnectServiceServer};
}

/// The protocol's descriptors, a serialised `FileDescriptorSet`.
pub const DESCRIPTORS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/spark-connect.fds"));
