//! Spark Connect over gRPC.
#![allow(dead_code, unused_imports)]
mod decode;
