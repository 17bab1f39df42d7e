//! The setting `spark`: nothing, `local`, or a Spark Connect address as clients write it.
//!
//! `sc://host:port/;token=…;use_ssl=true;user_id=…`: parameters nobody knows become headers of every call, as in Spark's
//! own clients, so that the addresses of managed services work unchanged. Any other word is the name of a Spark under
//! `[clusters]` in `floe.toml`, which may say more than an address holds.

use std::collections::BTreeMap;
use std::path::PathBuf;

use floe_base::settings::Cluster;
use floe_base::{Error, Kind, Result, Secret};

use super::token::Token;

const PORT: u16 = 15002;

/// Where the real Spark is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// One that this server starts.
    Local,
    Remote(Address),
}

/// A Spark Connect server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    pub host: String,
    pub port: u16,
    pub token: Option<Token>,
    /// `None` where the way is not encrypted.
    pub tls: Option<Tls>,
    /// Takes the place of the client's own user.
    pub user_id: Option<String>,
    pub headers: Vec<(String, Secret)>,
}

/// Whom to trust besides the machine's roots, and who we are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tls {
    pub ca: Option<PathBuf>,
    /// Certificate and key.
    pub identity: Option<(PathBuf, PathBuf)>,
    /// The name the certificate must bear, where that is not the host's.
    pub authority: Option<String>,
}

impl Target {
    /// Reads the setting; an empty one is no Spark.
    ///
    /// # Errors
    /// When it is neither `local` nor an address nor the name of a cluster.
    pub fn parse(text: &str, clusters: &BTreeMap<String, Cluster>) -> Result<Option<Self>> {
        match (text.trim(), clusters.get(text.trim())) {
            ("", _) => Ok(None),
            ("local", _) => Ok(Some(Self::Local)),
            (_, Some(cluster)) => Ok(Some(Self::Remote(Address::of(cluster)?))),
            (address, None) => Ok(Some(Self::Remote(Address::parse(address)?))),
        }
    }
}

impl Address {
    /// One of this machine, without a token.
    pub fn loopback(port: u16) -> Self {
        let host = "127.0.0.1".into();
        Self { host, port, token: None, tls: None, user_id: None, headers: Vec::new() }
    }

    /// The address of a cluster, with what its settings say beside it.
    ///
    /// # Errors
    /// When the address cannot be read, or says otherwise.
    pub fn of(cluster: &Cluster) -> Result<Self> {
        let mut address = Self::parse(cluster.remote.reveal())?;
        let file = cluster.token_file.clone().map(Token::File);
        if let Some(token) = file.or_else(|| cluster.token_command.clone().map(Token::Command)) {
            if address.token.is_some() {
                return Err(unreadable("it holds a token, and another source of tokens is set beside it"));
            }
            address.token = Some(token);
            address.encrypt_tokens();
        }
        let tls = Tls {
            ca: cluster.ca.clone(),
            identity: cluster.cert.clone().zip(cluster.key.clone()),
            authority: cluster.authority.clone(),
        };
        if tls != Tls::default() {
            address.tls = Some(tls);
        }
        Ok(address)
    }

    /// Spark's clients take a token to anywhere but localhost for a wish for TLS, and so does a user who copies theirs.
    fn encrypt_tokens(&mut self) {
        if self.token.is_some() && !self.is_on_this_machine() {
            self.tls.get_or_insert_default();
        }
    }

    pub fn is_on_this_machine(&self) -> bool {
        matches!(self.host.as_str(), "localhost" | "127.0.0.1" | "[::1]")
    }

    fn parse(text: &str) -> Result<Self> {
        let wanted = "it must be `local`, begin with sc://, or be a name under [clusters] in floe.toml";
        let rest = text.strip_prefix("sc://").ok_or_else(|| unreadable(wanted))?;
        let (place, parameters) = rest.split_once("/;").unwrap_or((rest.trim_end_matches('/'), ""));
        if place.contains(['/', ';', '?', '#']) {
            return Err(unreadable("after the port there may only be `/;name=value;…`"));
        }
        let (host, port) = match place.rsplit_once(':') {
            Some((host, port)) if !port.ends_with(']') => {
                (host, port.parse().map_err(|_| unreadable("its port is no number up to 65535"))?)
            }
            _ => (place, PORT),
        };
        if host.is_empty() {
            return Err(unreadable("it names no host"));
        }
        let mut address = Self { host: host.into(), ..Self::loopback(port) };
        let mut use_ssl = None;
        for pair in parameters.split(';').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').ok_or_else(|| unreadable("a parameter lacks its value"))?;
            match name {
                "token" => address.token = Some(Token::Fixed(Secret::new(value))),
                "use_ssl" => use_ssl = Some(value.eq_ignore_ascii_case("true")),
                "user_id" => address.user_id = Some(value.into()),
                "user_agent" | "session_id" => {
                    return Err(unreadable(&format!("`{name}` is this server's own to choose")));
                }
                header => address.headers.push((header.to_ascii_lowercase(), Secret::new(value))),
            }
        }
        match use_ssl {
            Some(wanted) => address.tls = wanted.then(Tls::default),
            None => address.encrypt_tokens(),
        }
        Ok(address)
    }

    /// The address as an HTTP client dials it.
    pub(super) fn uri(&self) -> String {
        let scheme = if self.tls.is_some() { "https" } else { "http" };
        format!("{scheme}://{}:{}", self.host, self.port)
    }

    /// The address without anything secret.
    pub fn shown(&self) -> String {
        format!("sc://{}:{}", self.host, self.port)
    }
}

/// What cannot be read is not repeated: it may hold a token.
fn unreadable(why: &str) -> Error {
    Error::message(Kind::IllegalArgument, format!("`spark` is no address of a Spark: {why}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> Address {
        match Target::parse(text, &BTreeMap::new()).expect("reads").expect("is one") {
            Target::Remote(address) => address,
            Target::Local => panic!("not local"),
        }
    }

    #[test]
    fn addresses_are_read_as_clients_write_them() {
        let none = BTreeMap::new();
        assert_eq!(Target::parse(" ", &none).expect("reads"), None);
        assert_eq!(Target::parse("local", &none).expect("reads"), Some(Target::Local));
        assert_eq!(address("sc://spark").uri(), "http://spark:15002");
        assert_eq!(address("sc://127.0.0.1:15099/").uri(), "http://127.0.0.1:15099");
        let managed = address("sc://emr.example:443/;token=t0p;x-session=a");
        assert_eq!(managed.uri(), "https://emr.example:443");
        assert_eq!(managed.headers.len(), 1);
        assert!(!format!("{managed:?}").contains("t0p"));
        assert!(address("sc://localhost:1/;token=t").tls.is_none());
        assert!(address("sc://spark:1/;use_ssl=true").tls.is_some());
        assert_eq!(address("sc://s:1/;user_id=u").user_id.as_deref(), Some("u"));
    }

    #[test]
    fn what_is_no_address_is_refused_without_telling_it() {
        for bad in ["spark://a:1", "sc://", "sc://a:x", "sc://a:1/b", "sc://a:1/;token", "sc://a:1/;session_id=1"] {
            let error = Target::parse(bad, &BTreeMap::new()).expect_err(bad).to_string();
            assert!(error.contains("`spark`") && !error.contains("a:1"), "{error}");
        }
    }
    #[test]
    fn a_cluster_says_what_an_address_cannot() {
        let cluster = |remote: &str| Cluster { remote: Secret::new(remote), ..Cluster::default() };
        let big = Cluster { token_file: Some("t".into()), ca: Some("ca.pem".into()), ..cluster("sc://big:1") };
        let clusters = BTreeMap::from([("big".to_string(), big.clone())]);
        let Some(Target::Remote(address)) = Target::parse("big", &clusters).expect("reads") else {
            panic!("not local")
        };
        assert_eq!(address.uri(), "https://big:1");
        assert_eq!(address.token, Some(Token::File("t".into())));
        assert_eq!(address.tls.and_then(|tls| tls.ca), Some("ca.pem".into()));
        let twice = Cluster { remote: Secret::new("sc://big:1/;token=a"), ..big };
        assert!(Address::of(&twice).is_err());
        assert!(Target::parse("small", &clusters).is_err());
    }
}
