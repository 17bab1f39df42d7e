//! The table of endpoints: what the router answers and what `/v1/config` lists are one.

mod commit;
mod config;
mod metrics;
mod namespaces;
mod rename;
mod tables;
mod transaction;
mod views;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::handler::Handler;
use axum::http::header::AUTHORIZATION;
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodFilter, MethodRouter, on};
use floe_base::secret::Fingerprint;
use floe_iceberg::catalog::IcebergCatalog;

use crate::refusal::Refusal;

/// A request that takes longer is answered without its end.
const ANSWER_MAX: Duration = Duration::from_secs(120);

/// What every handler has.
#[derive(Clone, Debug)]
pub(crate) struct Face {
    pub(crate) catalog: Arc<dyn IcebergCatalog>,
    pub(crate) token: Arc<Fingerprint>,
}

/// An endpoint in the protocol's own spelling, where it stands, and what answers it.
struct Endpoint {
    spelt: &'static str,
    answers: MethodRouter<Face>,
}

fn endpoints() -> Vec<Endpoint> {
    vec![
        at("GET /v1/{prefix}/namespaces", namespaces::list),
        at("POST /v1/{prefix}/namespaces", namespaces::create),
        at("GET /v1/{prefix}/namespaces/{namespace}", namespaces::load),
        at("HEAD /v1/{prefix}/namespaces/{namespace}", namespaces::exists),
        at("DELETE /v1/{prefix}/namespaces/{namespace}", namespaces::drop),
        at("POST /v1/{prefix}/namespaces/{namespace}/properties", namespaces::update),
        at("GET /v1/{prefix}/namespaces/{namespace}/tables", tables::list),
        at("POST /v1/{prefix}/namespaces/{namespace}/tables", tables::create),
        at("POST /v1/{prefix}/namespaces/{namespace}/register", tables::register),
        at("GET /v1/{prefix}/namespaces/{namespace}/tables/{table}", tables::load),
        at("HEAD /v1/{prefix}/namespaces/{namespace}/tables/{table}", tables::exists),
        at("POST /v1/{prefix}/namespaces/{namespace}/tables/{table}", commit::commit),
        at("DELETE /v1/{prefix}/namespaces/{namespace}/tables/{table}", tables::drop),
        at("POST /v1/{prefix}/namespaces/{namespace}/tables/{table}/metrics", metrics::report),
        at("POST /v1/{prefix}/tables/rename", tables::rename),
        at("POST /v1/{prefix}/transactions/commit", transaction::commit),
        at("GET /v1/{prefix}/namespaces/{namespace}/views", views::list),
        at("POST /v1/{prefix}/namespaces/{namespace}/views", views::create),
        at("POST /v1/{prefix}/namespaces/{namespace}/register-view", views::register),
        at("GET /v1/{prefix}/namespaces/{namespace}/views/{view}", views::load),
        at("HEAD /v1/{prefix}/namespaces/{namespace}/views/{view}", views::exists),
        at("POST /v1/{prefix}/namespaces/{namespace}/views/{view}", views::replace),
        at("DELETE /v1/{prefix}/namespaces/{namespace}/views/{view}", views::drop),
        at("POST /v1/{prefix}/views/rename", views::rename),
    ]
}

/// Everything the face answers, behind its token.
pub(crate) fn router(face: Face, body_bytes_max: usize) -> Router {
    let mut router = Router::new().route("/v1/config", on(MethodFilter::GET, config::config));
    for endpoint in endpoints() {
        // There is one catalog here, so addresses have no prefix.
        let (_, path) = parts(endpoint.spelt);
        router = router.route(&path.replace("{prefix}/", ""), endpoint.answers);
    }
    router
        .fallback(unknown)
        .method_not_allowed_fallback(unknown)
        .layer(DefaultBodyLimit::max(body_bytes_max))
        .layer(middleware::from_fn(in_time))
        .layer(middleware::from_fn_with_state(face.clone(), admitted))
        .with_state(face)
}

fn at<H: Handler<T, Face>, T: 'static>(spelt: &'static str, handler: H) -> Endpoint {
    let filter = match parts(spelt).0 {
        "POST" => MethodFilter::POST,
        "DELETE" => MethodFilter::DELETE,
        "HEAD" => MethodFilter::HEAD,
        _ => MethodFilter::GET,
    };
    Endpoint { spelt, answers: on(filter, handler) }
}

fn parts(spelt: &'static str) -> (&'static str, &'static str) {
    spelt.split_once(' ').unwrap_or(("GET", spelt))
}

/// Whoever brings the token comes in. Loopback is no reason to let others in: any page in a browser reaches it.
async fn admitted(State(face): State<Face>, request: Request, next: Next) -> Response {
    let header = request.headers().get(AUTHORIZATION).and_then(|header| header.to_str().ok());
    let token =
        header.and_then(|header| header.split_once(' ')).filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
    match token {
        Some((_, token)) if face.token.is_of(token.trim()) => next.run(request).await,
        _ => Refusal::unauthorized().into_response(),
    }
}

async fn in_time(request: Request, next: Next) -> Response {
    match tokio::time::timeout(ANSWER_MAX, next.run(request)).await {
        Ok(response) => response,
        Err(_) => Refusal::late().into_response(),
    }
}

async fn unknown(request: Request) -> Refusal {
    Refusal::no_endpoint(request.method().as_str(), request.uri().path())
}

/// Runs what changes something to its end, though its client hangs up meanwhile.
async fn to_the_end<T: Send + 'static>(
    work: impl Future<Output = Result<T, Refusal>> + Send + 'static,
) -> Result<T, Refusal> {
    tokio::spawn(work).await.map_err(Refusal::lost)?
}

#[cfg(test)]
mod tests {
    use axum::body::{Body, to_bytes};
    use floe_iceberg::config::CatalogConfig;
    use serde_json::{Value, json};
    use tower::ServiceExt;

    use super::*;

    const SCHEMA: &str = r#"{"type": "struct", "schema-id": 0, "fields": [
        {"id": 1, "name": "id", "type": "long", "required": false}]}"#;

    async fn face() -> Router {
        let catalog = floe_iceberg::catalog::open(CatalogConfig::in_memory("c")).await.expect("a catalog");
        router(Face { catalog, token: Arc::new(Fingerprint::of("t0k")) }, 1 << 20)
    }

    /// Status and JSON of an answer.
    async fn ask(app: &Router, spelt: &str, body: Value) -> (u16, Value) {
        let (method, path) = spelt.split_once(' ').expect("METHOD /path");
        let request = Request::builder().method(method).uri(path).header(AUTHORIZATION, "Bearer t0k");
        let request = request.body(Body::from(body.to_string())).expect("a request");
        let response = app.clone().oneshot(request).await.expect("an answer");
        let status = response.status().as_u16();
        let bytes = to_bytes(response.into_body(), usize::MAX).await.expect("a body");
        (status, serde_json::from_slice(&bytes).unwrap_or_default())
    }

    async fn table(app: &Router, name: &str) -> Value {
        let schema: Value = serde_json::from_str(SCHEMA).expect("JSON");
        let body = json!({ "name": name, "schema": schema });
        let (status, answer) = ask(app, "POST /v1/namespaces/default/tables", body).await;
        assert_eq!(status, 200, "{answer}");
        answer
    }

    fn change(name: &str, uuid: &Value, key: &str) -> Value {
        json!({
            "identifier": { "namespace": ["default"], "name": name },
            "requirements": [{ "type": "assert-table-uuid", "uuid": uuid }],
            "updates": [{ "action": "set-properties", "updates": { key: "1" } }],
        })
    }

    #[tokio::test]
    async fn nobody_comes_in_without_the_token() {
        let app = face().await;
        for header in [None, Some("Bearer other"), Some("Basic t0k"), Some("t0k")] {
            let mut request = Request::builder().uri("/v1/config");
            if let Some(header) = header {
                request = request.header(AUTHORIZATION, header);
            }
            let request = request.body(Body::empty()).expect("a request");
            let response = app.clone().oneshot(request).await.expect("an answer");
            assert_eq!(response.status().as_u16(), 401, "{header:?}");
        }
    }

    #[tokio::test]
    async fn what_is_listed_is_answered_and_nothing_else() {
        let app = face().await;
        let (_, config) = ask(&app, "GET /v1/config", Value::Null).await;
        let listed = config["endpoints"].as_array().expect("endpoints");
        assert_eq!(listed.len(), endpoints().len());
        for spelt in listed {
            let spelt = spelt.as_str().expect("text").replace("{prefix}/", "").replace(['{', '}'], "");
            let (status, answer) = ask(&app, &spelt, Value::Null).await;
            assert_ne!(answer["error"]["type"], "UnsupportedOperationException", "{status} {spelt}");
        }
        assert_eq!(ask(&app, "GET /v1/namespaces/a/functions", Value::Null).await.0, 404);
    }

    #[tokio::test]
    async fn several_tables_change_together_or_not_at_all() {
        let app = face().await;
        let uuids =
            [table(&app, "a").await, table(&app, "b").await].map(|answer| answer["metadata"]["table-uuid"].clone());
        let properties = async |name: &str| {
            let path = format!("GET /v1/namespaces/default/tables/{name}");
            ask(&app, &path, Value::Null).await.1["metadata"]["properties"].clone()
        };
        let wrong = json!("00000000-0000-0000-0000-000000000000");
        let changes = json!({ "table-changes": [change("a", &uuids[0], "k"), change("b", &wrong, "k")] });
        let (status, answer) = ask(&app, "POST /v1/transactions/commit", changes).await;
        assert_eq!((status, &answer["error"]["type"]), (409, &json!("CommitFailedException")), "{answer}");
        assert_eq!(properties("a").await["k"], Value::Null);
        let changes = json!({ "table-changes": [change("a", &uuids[0], "k"), change("b", &uuids[1], "k")] });
        assert_eq!(ask(&app, "POST /v1/transactions/commit", changes).await.0, 204);
        assert_eq!((properties("a").await["k"].clone(), properties("b").await["k"].clone()), (json!("1"), json!("1")));
    }

    #[tokio::test]
    async fn commits_at_once_all_land() {
        let app = face().await;
        let uuid = table(&app, "t").await["metadata"]["table-uuid"].clone();
        let keys: Vec<String> = (0..4).map(|number| format!("k{number}")).collect();
        let commits = keys.iter().map(|key| {
            let (app, body) = (app.clone(), change("t", &uuid, key));
            tokio::spawn(async move { ask(&app, "POST /v1/namespaces/default/tables/t", body).await.0 })
        });
        for commit in commits.collect::<Vec<_>>() {
            assert_eq!(commit.await.expect("an answer"), 200);
        }
        let (_, answer) = ask(&app, "GET /v1/namespaces/default/tables/t", Value::Null).await;
        for key in &keys {
            assert_eq!(answer["metadata"]["properties"][key], "1", "{key}");
        }
    }
}
