//! A text that must not be seen: tokens, credentials. It prints as `***` everywhere.

use std::fmt;

use sha2::{Digest, Sha256};

/// A secret. Only [`Secret::reveal`] gives it out, so that every use can be found by name.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Secret(String);

impl Secret {
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// What is kept of a secret that others must bring: its hash, which makes all comparisons equally long.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Fingerprint([u8; 32]);

impl Fingerprint {
    pub fn of(text: &str) -> Self {
        Self(Sha256::digest(text.as_bytes()).into())
    }

    /// Whether this text is the one, in constant time.
    pub fn is_of(&self, text: &str) -> bool {
        let other = Self::of(text);
        self.0.iter().zip(other.0).fold(0, |difference, (left, right)| difference | (left ^ right)) == 0
    }
}

/// True for a configuration key whose value must never be shown: tokens, credentials, secrets, passwords.
pub fn is_secret_key(key: &str) -> bool {
    let key = key.to_ascii_lowercase();
    ["token", "secret", "password", "credential", "access-key", "private-key"].iter().any(|word| key.contains(word))
}
