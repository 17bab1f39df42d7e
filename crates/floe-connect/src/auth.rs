//! Who may come in: everybody, or whoever brings the token.

use floe_base::Secret;
use floe_base::secret::Fingerprint;
use tonic::{Request, Status};

/// Checks the `authorization` header. Texts and codes are Spark's (4.1, `PreSharedKeyAuthenticationInterceptor`).
#[derive(Clone, Debug, Default)]
pub(crate) struct Auth {
    expected: Option<Fingerprint>,
}

impl Auth {
    pub(crate) fn new(token: Option<&Secret>) -> Self {
        Self { expected: token.map(|token| Fingerprint::of(token.reveal())) }
    }

    pub(crate) fn check<T>(&self, request: Request<T>) -> Result<Request<T>, Status> {
        let Some(expected) = &self.expected else { return Ok(request) };
        let Some(header) = request.metadata().get("authorization") else {
            return Err(Status::unauthenticated("No authentication token provided"));
        };
        let token = header.to_str().ok().and_then(|header| header.strip_prefix("Bearer "));
        match token {
            Some(token) if expected.is_of(token) => Ok(request),
            _ => Err(Status::unauthenticated("Invalid authentication token")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(header: Option<&str>) -> Result<(), String> {
        let auth = Auth::new(Some(&Secret::new("t0p")));
        let mut request = Request::new(());
        if let Some(header) = header {
            request.metadata_mut().insert("authorization", header.parse().expect("ascii"));
        }
        auth.check(request).map(drop).map_err(|status| status.message().to_string())
    }

    #[test]
    fn only_the_exact_header_opens() {
        assert_eq!(answer(Some("Bearer t0p")), Ok(()));
        assert_eq!(answer(None), Err("No authentication token provided".into()));
        for wrong in ["Bearer t0", "bearer t0p", "t0p", "Bearer  t0p"] {
            assert_eq!(answer(Some(wrong)), Err("Invalid authentication token".into()), "{wrong}");
        }
    }

    #[test]
    fn without_a_token_everybody_comes_in() {
        assert!(Auth::new(None).check(Request::new(())).is_ok());
    }
}
