//! `GET /v1/config`: what a client should know before anything else.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use floe_base::secret::is_secret_key;
use serde_json::{Value, json};

use super::{Face, endpoints};

/// How to reach the files, as far as that is no secret: the keys to them are each client's own.
const TOLD: [&str; 2] = ["s3.", "client."];
/// One thing under two names: Java's clients know the first alone, and without it look for a region on their machine.
const REGION: [&str; 2] = ["client.region", "s3.region"];

/// There is one catalog here, whatever warehouse a client names.
pub(super) async fn config(State(face): State<Face>) -> Json<Value> {
    let told = |key: &str| TOLD.iter().any(|prefix| key.starts_with(prefix)) && !is_secret_key(key);
    let properties = face.catalog.config().properties();
    let mut defaults: BTreeMap<&str, &String> =
        properties.iter().filter(|(key, _)| told(key)).map(|(key, value)| (key.as_str(), value)).collect();
    if let Some(region) = REGION.iter().find_map(|key| properties.get(*key)) {
        REGION.iter().for_each(|key| {
            defaults.entry(key).or_insert(region);
        });
    }
    let endpoints: Vec<&str> = endpoints().into_iter().map(|endpoint| endpoint.spelt).collect();
    Json(json!({
        "defaults": defaults,
        // The token does not expire, and there is nowhere to trade it for another.
        "overrides": { "token-refresh-enabled": "false" },
        "endpoints": endpoints,
    }))
}
