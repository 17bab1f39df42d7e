//! Who may come in: everybody, or whoever brings the token.

use floe_base::Secret;
use sha2::{Digest, Sha256};
use tonic::{Request, Status};

/// Checks the `authorization` header. Texts and codes are Spark's (4.1, `PreSharedKeyAuthenticationInterceptor`).
#[derive(Clone, Debug, Default)]
pub(crate) struct Auth {
    /// Of the token only its hash is kept, which makes all comparisons equally long.
    expected: Option<[u8; 32]>,
}

impl Auth {
    pub(crate) fn new(token: Option<&Secret>) -> Self {
        Self { expected: token.map(|token| hash(token.reveal())) }
    }

    pub(crate) fn check<T>(&self, request: Request<T>) -> Result<Request<T>, Status> {
        let Some(expected) = &self.expected else { return Ok(request) };
        let Some(header) = request.metadata().get("authorization") else {
            return Err(Status::unauthenticated("No authentication token provided"));
        };
        let token = header.to_str().ok().and_then(|header| header.strip_prefix("Bearer "));
        match token {
            Some(token) if is_equal(&hash(token), expected) => Ok(request),
            _ => Err(Status::unauthenticated("Invalid authentication token")),
        }
    }
}

fn hash(text: &str) -> [u8; 32] {
    Sha256::digest(text.as_bytes()).into()
}

/// In constant time.
fn is_equal(left: &[u8; 32], right: &[u8; 32]) -> bool {
    left.iter().zip(right).fold(0, |difference, (left, right)| difference | (left ^ right)) == 0
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
