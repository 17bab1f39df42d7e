//! The setting `spark`: nothing, `local`, or a Spark Connect address as clients write it.
//!
//! `sc://host:port/;token=…;use_ssl=true;user_id=…`: parameters nobody knows become headers of every call, as in Spark's
//! own clients, so that the addresses of managed services work unchanged.

use floe_base::{Error, Kind, Result, Secret};

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
    pub token: Option<Secret>,
    pub tls: bool,
    /// Takes the place of the client's own user.
    pub user_id: Option<String>,
    pub headers: Vec<(String, Secret)>,
}

impl Target {
    /// Reads the setting; an empty one is no Spark.
    ///
    /// # Errors
    /// When it is neither `local` nor an address.
    pub fn parse(text: &str) -> Result<Option<Self>> {
        match text.trim() {
            "" => Ok(None),
            "local" => Ok(Some(Self::Local)),
            address => Ok(Some(Self::Remote(Address::parse(address)?))),
        }
    }
}

impl Address {
    /// One of this machine, without a token.
    pub fn loopback(port: u16) -> Self {
        let host = "127.0.0.1".into();
        Self { host, port, token: None, tls: false, user_id: None, headers: Vec::new() }
    }

    fn parse(text: &str) -> Result<Self> {
        let rest = text.strip_prefix("sc://").ok_or_else(|| unreadable("it must be `local` or begin with sc://"))?;
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
        let mut tls = None;
        for pair in parameters.split(';').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').ok_or_else(|| unreadable("a parameter lacks its value"))?;
            match name {
                "token" => address.token = Some(Secret::new(value)),
                "use_ssl" => tls = Some(value.eq_ignore_ascii_case("true")),
                "user_id" => address.user_id = Some(value.into()),
                "user_agent" | "session_id" => {
                    return Err(unreadable(&format!("`{name}` is this server's own to choose")));
                }
                header => address.headers.push((header.to_ascii_lowercase(), Secret::new(value))),
            }
        }
        // Spark's clients take a token to anywhere but localhost for a wish for TLS, and so does a user who copies theirs.
        let is_here = matches!(address.host.as_str(), "localhost" | "127.0.0.1" | "[::1]");
        address.tls = tls.unwrap_or(address.token.is_some() && !is_here);
        Ok(address)
    }

    /// The address as an HTTP client dials it.
    pub(super) fn uri(&self) -> String {
        let scheme = if self.tls { "https" } else { "http" };
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
        match Target::parse(text).expect("reads").expect("is one") {
            Target::Remote(address) => address,
            Target::Local => panic!("not local"),
        }
    }

    #[test]
    fn addresses_are_read_as_clients_write_them() {
        assert_eq!(Target::parse(" ").expect("reads"), None);
        assert_eq!(Target::parse("local").expect("reads"), Some(Target::Local));
        assert_eq!(address("sc://spark").uri(), "http://spark:15002");
        assert_eq!(address("sc://127.0.0.1:15099/").uri(), "http://127.0.0.1:15099");
        let managed = address("sc://emr.example:443/;token=t0p;x-session=a");
        assert_eq!(managed.uri(), "https://emr.example:443");
        assert_eq!(managed.headers.len(), 1);
        assert!(!format!("{managed:?}").contains("t0p"));
        assert!(!address("sc://localhost:1/;token=t").tls);
        assert!(address("sc://spark:1/;use_ssl=true").tls);
        assert_eq!(address("sc://s:1/;user_id=u").user_id.as_deref(), Some("u"));
    }

    #[test]
    fn what_is_no_address_is_refused_without_telling_it() {
        for bad in ["spark://a:1", "sc://", "sc://a:x", "sc://a:1/b", "sc://a:1/;token", "sc://a:1/;session_id=1"] {
            let error = Target::parse(bad).expect_err(bad).to_string();
            assert!(error.contains("`spark`") && !error.contains("a:1"), "{error}");
        }
    }
}
