//! Requests to a REST server: addresses, headers, retries, and what a failure means.
//!
//! The server's own configuration (`/v1/config`) is asked for once, before the first other request, and laid around the
//! user's: its defaults below, its overrides above.

use std::collections::BTreeMap;
use std::time::Duration;

use floe_base::{Error, Kind, Result, Secret};
use reqwest::Method;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::sync::OnceCell;
use uuid::Uuid;

use super::auth::Auth;
use crate::config::CatalogConfig;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// A commit to a server that writes large metadata takes long; a request beyond this counts as lost.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(120);
/// Tries of a request that may be repeated.
const TRIES: u32 = 5;
const RETRY_WAIT: Duration = Duration::from_millis(200);
const RETRY_WAIT_MAX: Duration = Duration::from_secs(10);

/// Asks the server to lend its storage credentials; `header.X-Iceberg-Access-Delegation` overrides it, empty means no.
const DELEGATION: &str = "x-iceberg-access-delegation";

/// A REST server, configured.
#[derive(Debug)]
pub(super) struct Client {
    http: reqwest::Client,
    config: CatalogConfig,
    uri: String,
    headers: HeaderMap,
    auth: Auth,
    settled: OnceCell<Settled>,
}

/// What is known once the server was asked.
#[derive(Debug)]
pub(super) struct Settled {
    pub(super) properties: BTreeMap<String, String>,
    endpoints: Option<Vec<String>>,
    base: String,
    /// Between the levels of a namespace, percent-encoded.
    separator: String,
    idempotency_keys: bool,
}

#[derive(Deserialize)]
struct ConfigAnswer {
    #[serde(default)]
    defaults: BTreeMap<String, Option<String>>,
    #[serde(default)]
    overrides: BTreeMap<String, Option<String>>,
    endpoints: Option<Vec<String>>,
    #[serde(rename = "idempotency-key-lifetime")]
    idempotency_key_lifetime: Option<String>,
}

/// A request that did not succeed.
#[derive(Clone, Debug)]
pub(super) struct Failure {
    /// The server's answer; `None` when none came.
    pub(super) status: Option<u16>,
    /// Iceberg's name for the error, `NoSuchTableException` and the like.
    pub(super) kind: String,
    message: String,
    /// False when the request certainly never reached the server.
    pub(super) sent: bool,
}

impl Failure {
    pub(super) fn is_missing(&self) -> bool {
        self.status == Some(404)
    }

    pub(super) fn is_conflict(&self) -> bool {
        self.status == Some(409)
    }

    /// The server says it does not have this endpoint, rather than this object.
    pub(super) fn is_unknown_endpoint(&self) -> bool {
        let unsupported = self.kind.contains("UnsupportedOperation");
        matches!(self.status, Some(405 | 406 | 501))
            || unsupported
            || (self.is_missing() && !self.kind.starts_with("NoSuch"))
    }

    /// Nobody can say whether it was applied (Iceberg 1.10 `ErrorHandlers.CommitErrorHandler`).
    pub(super) fn is_unknown_outcome(&self) -> bool {
        match self.status {
            Some(status) => matches!(status, 500 | 502 | 503 | 504),
            None => self.sent,
        }
    }

    fn may_repeat(&self) -> bool {
        matches!(self.status, Some(429 | 502 | 503 | 504) | None)
    }

    pub(super) fn into_error(self) -> Error {
        let text = match self.status {
            None => format!("the Iceberg catalog did not answer: {}", self.message),
            Some(401 | 419) => format!("the Iceberg catalog does not know who we are: {}", self.message),
            Some(403) => format!("the Iceberg catalog forbids it: {}", self.message),
            Some(status) => format!("the Iceberg catalog answered {status} {}: {}", self.kind, self.message),
        };
        Error::message(Kind::Operation, text)
    }
}

impl From<Failure> for Error {
    fn from(failure: Failure) -> Self {
        failure.into_error()
    }
}

impl From<Error> for Failure {
    /// A failure of our own before anything was sent: no token, no address.
    fn from(error: Error) -> Self {
        Self { status: None, kind: String::new(), message: error.sentence(), sent: false }
    }
}

/// One request.
#[derive(Clone, Debug)]
pub(super) struct Request {
    method: Method,
    /// Below the base address, escaped.
    path: String,
    query: Vec<(String, String)>,
    body: Option<Value>,
    repeatable: bool,
}

impl Request {
    pub(super) fn get(path: impl Into<String>) -> Self {
        Self { method: Method::GET, path: path.into(), query: Vec::new(), body: None, repeatable: true }
    }

    pub(super) fn post(path: impl Into<String>, body: Value) -> Self {
        Self { method: Method::POST, path: path.into(), query: Vec::new(), body: Some(body), repeatable: false }
    }

    pub(super) fn delete(path: impl Into<String>) -> Self {
        Self { method: Method::DELETE, path: path.into(), query: Vec::new(), body: None, repeatable: false }
    }

    pub(super) fn query(mut self, key: &str, value: impl Into<String>) -> Self {
        self.query.push((key.to_string(), value.into()));
        self
    }
}

impl Client {
    pub(super) fn new(config: CatalogConfig) -> Result<Self> {
        let http = reqwest::Client::builder()
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(REQUEST_TIMEOUT)
            .user_agent(concat!("floe-engine/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|error| Error::message(Kind::Operation, format!("no HTTP client: {error}")))?;
        let uri = config.get("uri").unwrap_or_default().trim_end_matches('/').to_string();
        let auth = Auth::of(&config, &http, &uri)?;
        Ok(Self { headers: headers(&config)?, auth, http, uri, config, settled: OnceCell::new() })
    }

    pub(super) fn config(&self) -> &CatalogConfig {
        &self.config
    }

    /// The server's configuration, asked for at the first call.
    pub(super) async fn settled(&self) -> Result<&Settled, Failure> {
        self.settled.get_or_try_init(|| self.settle()).await
    }

    async fn settle(&self) -> Result<Settled, Failure> {
        let mut request = Request::get("");
        if let Some(warehouse) = self.config.get("warehouse") {
            request = request.query("warehouse", warehouse);
        }
        let answer: ConfigAnswer = parse(self.repeat(&format!("{}/v1/config", self.uri), &request, None).await?)?;
        let present =
            |map: BTreeMap<String, Option<String>>| map.into_iter().filter_map(|(key, value)| Some((key, value?)));
        let mut properties: BTreeMap<String, String> = present(answer.defaults).collect();
        properties.extend(self.config.properties().clone());
        properties.extend(present(answer.overrides));
        let uri = properties.get("uri").map_or(self.uri.as_str(), String::as_str).trim_end_matches('/').to_string();
        let base = match properties.get("prefix").map(|prefix| prefix.trim_matches('/')) {
            Some(prefix) if !prefix.is_empty() => format!("{uri}/v1/{prefix}"),
            _ => format!("{uri}/v1"),
        };
        let separator = properties.get("namespace-separator").cloned().unwrap_or_else(|| "%1F".into());
        let idempotency_keys = answer.idempotency_key_lifetime.is_some();
        Ok(Settled { properties, endpoints: answer.endpoints, base, separator, idempotency_keys })
    }

    /// The path of a namespace, `namespaces/a%1Fb`.
    pub(super) async fn namespace_path(&self, namespace: &[String]) -> Result<String, Failure> {
        let separator = &self.settled().await?.separator;
        let levels: Vec<String> = namespace.iter().map(|level| urlencoding::encode(level).into_owned()).collect();
        Ok(format!("namespaces/{}", levels.join(separator)))
    }

    /// Sends a request and reads its answer.
    pub(super) async fn ask<T: DeserializeOwned>(&self, request: Request) -> Result<T, Failure> {
        parse(self.text(request).await?)
    }

    /// Sends a request whose answer does not matter.
    pub(super) async fn tell(&self, request: Request) -> Result<(), Failure> {
        self.text(request).await.map(|_| ())
    }

    async fn text(&self, request: Request) -> Result<String, Failure> {
        let settled = self.settled().await?;
        let key = (settled.idempotency_keys && !request.repeatable).then(Uuid::now_v7);
        self.repeat(&format!("{}/{}", settled.base, request.path), &request, key).await
    }

    /// Tries again where that can do no harm: the request changes nothing, never left, carries a key, or was refused for now.
    async fn repeat(&self, address: &str, request: &Request, key: Option<Uuid>) -> Result<String, Failure> {
        let mut wait = RETRY_WAIT;
        let mut attempt = 1;
        loop {
            let (failure, told) = match self.signed(address, request, key).await {
                Ok(text) => return Ok(text),
                Err(found) => found,
            };
            let harmless = request.repeatable || key.is_some() || !failure.sent || failure.status == Some(429);
            if attempt == TRIES || !harmless || !failure.may_repeat() {
                return Err(failure);
            }
            tokio::time::sleep(told.unwrap_or(wait).min(RETRY_WAIT_MAX)).await;
            wait *= 2;
            attempt += 1;
        }
    }

    /// One try, and one more when the token was refused.
    async fn signed(
        &self,
        address: &str,
        request: &Request,
        key: Option<Uuid>,
    ) -> Result<String, (Failure, Option<Duration>)> {
        let signature = || async { self.auth.header().await.map_err(|error| (Failure::from(error), None)) };
        let used = signature().await?;
        match self.once(address, request, key, used.as_ref()).await {
            Err((failure, _)) if matches!(failure.status, Some(401 | 419)) => {
                if !self.auth.refused(used.as_ref()).await {
                    return Err((failure, None));
                }
                self.once(address, request, key, signature().await?.as_ref()).await
            }
            other => other,
        }
    }

    async fn once(
        &self,
        address: &str,
        request: &Request,
        key: Option<Uuid>,
        signature: Option<&Secret>,
    ) -> Result<String, (Failure, Option<Duration>)> {
        let none = |failure: Failure| (failure, None);
        let mut outgoing = self.http.request(request.method.clone(), address).headers(self.headers.clone());
        outgoing = outgoing.query(&request.query);
        if let Some(signature) = signature {
            outgoing = outgoing.header("authorization", signature.reveal());
        }
        if let Some(key) = key {
            outgoing = outgoing.header("idempotency-key", key.to_string());
        }
        if let Some(body) = &request.body {
            outgoing = outgoing.header("content-type", "application/json").body(body.to_string());
        }
        let lost = |error: reqwest::Error| Failure {
            status: None,
            kind: String::new(),
            sent: !error.is_connect() && !error.is_builder(),
            message: describe(&error),
        };
        let answer = outgoing.send().await.map_err(|error| none(lost(error)))?;
        let status = answer.status();
        let told = answer.headers().get("retry-after").and_then(|value| value.to_str().ok()?.parse().ok());
        // An answer that breaks off is no answer: what was asked may be done.
        let text = answer.text().await.map_err(|error| none(Failure { sent: true, ..lost(error) }))?;
        if status.is_success() {
            return Ok(text);
        }
        Err((refusal(status.as_u16(), &text), told.map(Duration::from_secs)))
    }
}

impl Settled {
    /// Whether the server has an endpoint; a server that lists none is asked.
    pub(super) fn has(&self, endpoint: &str) -> bool {
        self.endpoints.as_ref().is_none_or(|known| known.iter().any(|found| found == endpoint))
    }
}

/// `{"error": {"message": …, "type": …, "code": …}}`
fn refusal(status: u16, text: &str) -> Failure {
    let body: Value = serde_json::from_str(text).unwrap_or_default();
    let field = |name: &str| body.pointer(&format!("/error/{name}")).and_then(Value::as_str).unwrap_or_default();
    let message = match field("message") {
        "" => text.chars().take(200).collect(),
        message => message.to_string(),
    };
    Failure { status: Some(status), kind: field("type").to_string(), message, sent: true }
}

fn parse<T: DeserializeOwned>(text: String) -> Result<T, Failure> {
    // By way of a value: numbers of any size come through that way, whatever features the JSON library was built with.
    let value: Result<Value, _> = serde_json::from_str(&text);
    value.and_then(serde_json::from_value).map_err(|error| Failure {
        status: Some(200),
        kind: String::new(),
        message: format!("its answer is not what the protocol says: {error}"),
        sent: true,
    })
}

/// The cause a user can act on stands at the end of the chain.
pub(super) fn describe(error: &reqwest::Error) -> String {
    let mut text = error.to_string();
    let mut next = std::error::Error::source(error);
    while let Some(source) = next {
        text = format!("{text}: {source}");
        next = source.source();
    }
    text
}

fn headers(config: &CatalogConfig) -> Result<HeaderMap> {
    let mut headers = HeaderMap::new();
    headers.insert(HeaderName::from_static(DELEGATION), HeaderValue::from_static("vended-credentials"));
    for (name, value) in config.under("header.") {
        let wrong = || Error::message(Kind::IllegalArgument, format!("header.{name} is no HTTP header"));
        let key = HeaderName::try_from(name.to_ascii_lowercase()).map_err(|_| wrong())?;
        if value.is_empty() {
            headers.remove(&key);
            continue;
        }
        let mut value = HeaderValue::try_from(value).map_err(|_| wrong())?;
        value.set_sensitive(true);
        headers.insert(key, value);
    }
    Ok(headers)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failure(status: Option<u16>, sent: bool) -> Failure {
        Failure { status, kind: String::new(), message: String::new(), sent }
    }

    #[test]
    fn silence_after_sending_is_no_refusal() {
        for status in [500, 502, 503, 504] {
            assert!(failure(Some(status), true).is_unknown_outcome());
        }
        assert!(failure(None, true).is_unknown_outcome());
        assert!(!failure(None, false).is_unknown_outcome());
        assert!(!failure(Some(409), true).is_unknown_outcome());
    }

    #[test]
    fn refusals_carry_the_servers_words() {
        let found = refusal(
            404,
            r#"{"error":{"message":"Table does not exist: a.b","type":"NoSuchTableException","code":404}}"#,
        );
        assert!(found.is_missing() && !found.is_unknown_endpoint());
        assert!(found.into_error().to_string().contains("Table does not exist: a.b"));
        assert!(refusal(404, "<html>").is_unknown_endpoint());
    }
}
