//! Who we are to a REST server: a token, a client that gets tokens, a name and password, or nobody.
//!
//! Tokens are asked for once for all callers (single flight), and again at four fifths of their life or after a 401. Key
//! names are Iceberg's (`credential`, `token`, `scope`, `oauth2-server-uri`, `audience`, `resource`, `rest.auth.type`).

use std::time::{Duration, Instant};

use base64::Engine as _;
use floe_base::{Error, Kind, Result, Secret};
use serde::Deserialize;
use tokio::sync::Mutex;

use super::client::describe;
use crate::config::CatalogConfig;

/// Life of a token whose server does not say (Iceberg 1.10 `OAuth2Properties`).
const TOKEN_LIFE: Duration = Duration::from_secs(3600);

/// How requests are signed.
#[derive(Debug)]
pub(super) enum Auth {
    None,
    Token(Secret),
    Basic(Secret),
    OAuth2(Box<OAuth2>),
}

/// The client-credentials flow.
#[derive(Debug)]
pub(super) struct OAuth2 {
    http: reqwest::Client,
    address: String,
    client_id: Option<String>,
    client_secret: Secret,
    scope: String,
    extra: Vec<(String, String)>,
    token: Mutex<Option<Token>>,
}

#[derive(Debug)]
struct Token {
    value: Secret,
    renew_at: Instant,
}

#[derive(Deserialize)]
struct TokenAnswer {
    access_token: String,
    expires_in: Option<u64>,
}

impl Auth {
    /// # Errors
    /// A way of signing we do not have is named.
    pub(super) fn of(config: &CatalogConfig, http: &reqwest::Client, uri: &str) -> Result<Self> {
        let kind = config.get("rest.auth.type").map(str::to_ascii_lowercase);
        match kind.as_deref() {
            Some("none") => return Ok(Self::None),
            Some("basic") => return basic(config),
            None | Some("oauth2") => {}
            Some(other) => return Err(Error::unsupported(format!("rest.auth.type `{other}`"))),
        }
        if config.flag("rest.sigv4-enabled", false) {
            return Err(Error::unsupported("rest.sigv4-enabled"));
        }
        if let Some(credential) = config.secret("credential") {
            return Ok(Self::OAuth2(Box::new(OAuth2::new(config, http, uri, &credential))));
        }
        Ok(config.secret("token").map_or(Self::None, Self::Token))
    }

    /// The `Authorization` header of a request.
    pub(super) async fn header(&self) -> Result<Option<Secret>> {
        match self {
            Self::None => Ok(None),
            Self::Token(token) => Ok(Some(bearer(token))),
            Self::Basic(pair) => Ok(Some(pair.clone())),
            Self::OAuth2(client) => Ok(Some(bearer(&client.token().await?))),
        }
    }

    /// After a 401 or 419: true when another try may be signed differently. `used` is what the refused request carried, so
    /// that of many refused together one alone asks for a token.
    pub(super) async fn refused(&self, used: Option<&Secret>) -> bool {
        let Self::OAuth2(client) = self else { return false };
        let mut token = client.token.lock().await;
        if token.as_ref().is_some_and(|known| Some(&bearer(&known.value)) == used) {
            *token = None;
        }
        true
    }
}

impl OAuth2 {
    fn new(config: &CatalogConfig, http: &reqwest::Client, uri: &str, credential: &Secret) -> Self {
        // `id:secret`, or a secret alone (Iceberg 1.10 `OAuth2Util.parseCredential`).
        let (client_id, client_secret) = match credential.reveal().split_once(':') {
            Some((id, secret)) => (Some(id.to_string()), Secret::new(secret)),
            None => (None, credential.clone()),
        };
        let address = config.get("oauth2-server-uri").map_or_else(|| format!("{uri}/v1/oauth/tokens"), str::to_string);
        let extra = ["audience", "resource"].into_iter().filter_map(|key| Some((key.into(), config.get(key)?.into())));
        Self {
            http: http.clone(),
            address,
            client_id,
            client_secret,
            scope: config.get("scope").unwrap_or("catalog").to_string(),
            extra: extra.collect(),
            token: Mutex::new(None),
        }
    }

    /// The lock is held while a token is asked for: everybody else waits for that one.
    async fn token(&self) -> Result<Secret> {
        let mut token = self.token.lock().await;
        if let Some(known) = token.as_ref().filter(|known| Instant::now() < known.renew_at) {
            return Ok(known.value.clone());
        }
        let fresh = self.request().await?;
        let value = fresh.value.clone();
        *token = Some(fresh);
        Ok(value)
    }

    async fn request(&self) -> Result<Token> {
        let mut form = vec![
            ("grant_type".to_string(), "client_credentials".to_string()),
            ("client_secret".to_string(), self.client_secret.reveal().to_string()),
            ("scope".to_string(), self.scope.clone()),
        ];
        form.extend(self.client_id.iter().map(|id| ("client_id".to_string(), id.clone())));
        form.extend(self.extra.iter().cloned());
        let body = form
            .iter()
            .map(|(key, value)| format!("{}={}", urlencoding::encode(key), urlencoding::encode(value)))
            .collect::<Vec<_>>()
            .join("&");
        let asked = Instant::now();
        let request = self.http.post(&self.address).header("content-type", "application/x-www-form-urlencoded");
        let answer = request.body(body).send().await.map_err(|error| self.failed(&describe(&error.without_url())))?;
        let status = answer.status();
        let text = answer.text().await.unwrap_or_default();
        if !status.is_success() {
            // The body may repeat what we sent; its error code is enough.
            let code = serde_json::from_str::<serde_json::Value>(&text).ok();
            let code = code.and_then(|body| body.get("error").cloned()).unwrap_or_default();
            return Err(self.failed(&format!("status {status}, error {code}")));
        }
        let answer: TokenAnswer =
            serde_json::from_str(&text).map_err(|_| self.failed("its answer carries no access_token"))?;
        let life = answer.expires_in.map_or(TOKEN_LIFE, Duration::from_secs);
        Ok(Token { value: Secret::new(answer.access_token), renew_at: asked + life.mul_f64(0.8) })
    }

    fn failed(&self, why: &str) -> Error {
        let text = format!(
            "no token from {}: {why}. Check the catalog's credential, scope and oauth2-server-uri",
            self.address
        );
        Error::message(Kind::Operation, text)
    }
}

fn bearer(token: &Secret) -> Secret {
    Secret::new(format!("Bearer {}", token.reveal()))
}

fn basic(config: &CatalogConfig) -> Result<Auth> {
    let (Some(user), Some(password)) =
        (config.get("rest.auth.basic.username"), config.secret("rest.auth.basic.password"))
    else {
        let text = "rest.auth.type basic needs rest.auth.basic.username and rest.auth.basic.password";
        return Err(Error::message(Kind::IllegalArgument, text));
    };
    let pair = base64::engine::general_purpose::STANDARD.encode(format!("{user}:{}", password.reveal()));
    Ok(Auth::Basic(Secret::new(format!("Basic {pair}"))))
}
