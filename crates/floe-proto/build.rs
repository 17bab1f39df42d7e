//! Generates the protocol's types from `proto/spark-connect.fds`; no protoc is needed.
//!
//! Two services come out. The client is tonic's ordinary one. The server is declared by hand from the same
//! descriptors, because its requests arrive as `Received<T>` (raw bytes kept, depth checked) and its two result streams
//! leave as bytes that are encoded already, be they ours or an upstream's.

use std::error::Error;
use std::path::Path;
use std::{env, fs};

use prost::Message;
use prost_types::{FileDescriptorSet, MethodDescriptorProto, ServiceDescriptorProto};
use tonic_prost_build::{Config, manual};

const FDS: &str = "../../proto/spark-connect.fds";

/// Payloads: kept as slices of the message they came in instead of copies.
const BYTES: [&str; 4] = [
    ".spark.connect.ExecutePlanResponse.ArrowBatch.data",
    ".spark.connect.LocalRelation.data",
    ".spark.connect.AddArtifactsRequest.ArtifactChunk.data",
    ".spark.connect.Plan.CompressedOperation.data",
];

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo:rerun-if-changed={FDS}");
    println!("cargo:rerun-if-changed=build.rs");
    let encoded = fs::read(FDS)?;
    let descriptors = FileDescriptorSet::decode(encoded.as_slice())?;
    fs::write(Path::new(&env::var("OUT_DIR")?).join("spark-connect.fds"), &encoded)?;

    let services: Vec<_> = descriptors.file.iter().flat_map(|file| &file.service).map(server).collect();
    manual::Builder::new().build_client(false).compile(&services);

    let mut config = Config::new();
    config.enable_type_names();
    let mut builder = tonic_prost_build::configure().build_server(false).build_client(true);
    for path in BYTES {
        builder = builder.bytes(path);
    }
    builder.compile_fds_with_config(descriptors, config)?;
    Ok(())
}

fn server(service: &ServiceDescriptorProto) -> manual::Service {
    let mut builder = manual::Service::builder().name(service.name()).package("spark.connect");
    for method in &service.method {
        builder = builder.method(rpc(method));
    }
    builder.build()
}

fn rpc(method: &MethodDescriptorProto) -> manual::Method {
    let mut builder = manual::Method::builder()
        .name(snake(method.name()))
        .route_name(method.name())
        .input_type(format!("crate::codec::Received<crate::connect::{}>", bare(method.input_type())));
    if method.client_streaming() {
        builder = builder.client_streaming();
    }
    if method.server_streaming() {
        return builder
            .server_streaming()
            .output_type("crate::codec::Encoded")
            .codec_path("crate::codec::EncodedCodec")
            .build();
    }
    builder
        .output_type(format!("crate::connect::{}", bare(method.output_type())))
        .codec_path("crate::codec::MessageCodec")
        .build()
}

/// `.spark.connect.PlanRequest` as `PlanRequest`.
fn bare(full_name: &str) -> &str {
    full_name.rsplit('.').next().unwrap_or(full_name)
}

/// `ExecutePlan` as `execute_plan`.
fn snake(name: &str) -> String {
    let mut out = String::new();
    for (index, letter) in name.char_indices() {
        if letter.is_ascii_uppercase() && index > 0 {
            out.push('_');
        }
        out.push(letter.to_ascii_lowercase());
    }
    out
}
