//! AES as `aes_encrypt` and `aes_decrypt` use it: modes, padding, keys and what may be wrong with them
//! (Spark 4.1 `ExpressionImplUtils`).

use aes_gcm::aead::consts::{U12, U16};
use aes_gcm::aead::generic_array::GenericArray;
use aes_gcm::aead::{Aead, KeyInit, Payload};
use aes_gcm::aes::cipher::{BlockCipher, BlockDecrypt, BlockEncrypt};
use aes_gcm::aes::{Aes128, Aes192, Aes256};
use aes_gcm::{AesGcm, Nonce};
use floe_base::error::Kind;
use floe_base::{Error, Result};

/// Bytes of a block, and of an initialization vector of CBC.
const BLOCK: usize = 16;
/// Bytes of an initialization vector of GCM.
const NONCE: usize = 12;

/// How blocks are chained and the last one is filled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mode {
    Gcm,
    Ecb,
    Cbc,
}

impl Mode {
    /// Names in any case; each mode has one padding.
    fn of(mode: &str, padding: &str, function: &str) -> Result<Self> {
        let is = |text: &str, name: &str| text.eq_ignore_ascii_case(name);
        let default = is(padding, "DEFAULT");
        match () {
            () if is(mode, "GCM") && (default || is(padding, "NONE")) => Ok(Self::Gcm),
            () if is(mode, "ECB") && (default || is(padding, "PKCS")) => Ok(Self::Ecb),
            () if is(mode, "CBC") && (default || is(padding, "PKCS")) => Ok(Self::Cbc),
            () => Err(Error::new(Kind::Runtime, "UNSUPPORTED_FEATURE.AES_MODE")
                .with("mode", mode)
                .with("padding", padding)
                .with("functionName", format!("`{function}`"))),
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Gcm => "GCM",
            Self::Ecb => "ECB",
            Self::Cbc => "CBC",
        }
    }

    /// Bytes of its initialization vector.
    fn vector(self) -> usize {
        match self {
            Self::Gcm => NONCE,
            Self::Ecb => 0,
            Self::Cbc => BLOCK,
        }
    }
}

/// A key's cipher.
enum Cipher {
    Short(Aes128),
    Middle(Aes192),
    Long(Aes256),
}

/// The vector, as far as there is one, and behind it the text in cipher. `mode` comes with its padding; `vector` is what
/// the caller gave, and `random` makes one where it is empty.
pub(crate) fn encrypt(
    mode: (&str, &str),
    key: &[u8],
    input: &[u8],
    vector: &[u8],
    authenticated: &[u8],
    random: impl FnOnce(&mut [u8]),
) -> Result<Vec<u8>> {
    const FUNCTION: &str = "aes_encrypt";
    let cipher = Cipher::of(key, FUNCTION)?;
    let mode = Mode::of(mode.0, mode.1, FUNCTION)?;
    check(mode, vector, authenticated, FUNCTION)?;
    let mut out = vector.to_vec();
    if vector.is_empty() {
        out.resize(mode.vector(), 0);
        random(&mut out);
    }
    let sealed = match mode {
        Mode::Gcm => cipher.seal(&out, Payload { msg: input, aad: authenticated }).ok_or_else(|| failed(FUNCTION))?,
        Mode::Ecb | Mode::Cbc => cipher.encrypt_blocks(input, &out),
    };
    out.extend(sealed);
    Ok(out)
}

/// The inverse.
pub(crate) fn decrypt(mode: (&str, &str), key: &[u8], input: &[u8], authenticated: &[u8]) -> Result<Vec<u8>> {
    const FUNCTION: &str = "aes_decrypt";
    let cipher = Cipher::of(key, FUNCTION)?;
    let mode = Mode::of(mode.0, mode.1, FUNCTION)?;
    check(mode, &[], authenticated, FUNCTION)?;
    let opened = input.split_at_checked(mode.vector()).and_then(|(vector, sealed)| match mode {
        Mode::Gcm => cipher.open(vector, Payload { msg: sealed, aad: authenticated }),
        Mode::Ecb | Mode::Cbc => cipher.decrypt_blocks(sealed, vector),
    });
    opened.ok_or_else(|| failed(FUNCTION))
}

impl Cipher {
    fn of(key: &[u8], function: &str) -> Result<Self> {
        match key.len() {
            16 => Ok(Self::Short(Aes128::new(GenericArray::from_slice(key)))),
            24 => Ok(Self::Middle(Aes192::new(GenericArray::from_slice(key)))),
            32 => Ok(Self::Long(Aes256::new(GenericArray::from_slice(key)))),
            length => Err(Error::new(Kind::Runtime, "INVALID_PARAMETER_VALUE.AES_KEY_LENGTH")
                .with("parameter", "`key`")
                .with("functionName", format!("`{function}`"))
                .with("actualLength", length.to_string())),
        }
    }

    fn seal(self, vector: &[u8], text: Payload<'_, '_>) -> Option<Vec<u8>> {
        let nonce = Nonce::from_slice(vector);
        match self {
            Self::Short(cipher) => AesGcm::<_, U12>::from(cipher).encrypt(nonce, text).ok(),
            Self::Middle(cipher) => AesGcm::<_, U12>::from(cipher).encrypt(nonce, text).ok(),
            Self::Long(cipher) => AesGcm::<_, U12>::from(cipher).encrypt(nonce, text).ok(),
        }
    }

    fn open(self, vector: &[u8], text: Payload<'_, '_>) -> Option<Vec<u8>> {
        let nonce = Nonce::from_slice(vector);
        match self {
            Self::Short(cipher) => AesGcm::<_, U12>::from(cipher).decrypt(nonce, text).ok(),
            Self::Middle(cipher) => AesGcm::<_, U12>::from(cipher).decrypt(nonce, text).ok(),
            Self::Long(cipher) => AesGcm::<_, U12>::from(cipher).decrypt(nonce, text).ok(),
        }
    }

    fn encrypt_blocks(&self, input: &[u8], vector: &[u8]) -> Vec<u8> {
        match self {
            Self::Short(cipher) => encrypt_blocks(cipher, input, vector),
            Self::Middle(cipher) => encrypt_blocks(cipher, input, vector),
            Self::Long(cipher) => encrypt_blocks(cipher, input, vector),
        }
    }

    fn decrypt_blocks(&self, input: &[u8], vector: &[u8]) -> Option<Vec<u8>> {
        match self {
            Self::Short(cipher) => decrypt_blocks(cipher, input, vector),
            Self::Middle(cipher) => decrypt_blocks(cipher, input, vector),
            Self::Long(cipher) => decrypt_blocks(cipher, input, vector),
        }
    }
}

/// Whole blocks, the last filled up with the number of the bytes it lacks (PKCS). With a vector each block is mixed with
/// the one before it in cipher (CBC), without one it stands alone (ECB).
fn encrypt_blocks<C>(cipher: &C, input: &[u8], vector: &[u8]) -> Vec<u8>
where
    C: BlockCipher<BlockSize = U16> + BlockEncrypt,
{
    let lacking = BLOCK - input.len() % BLOCK;
    let mut out = input.to_vec();
    out.resize(input.len() + lacking, lacking as u8);
    let mut before = vector.to_vec();
    for block in out.chunks_exact_mut(BLOCK) {
        mix(block, &before);
        cipher.encrypt_block(GenericArray::from_mut_slice(block));
        if !vector.is_empty() {
            before.copy_from_slice(block);
        }
    }
    out
}

/// `None` where it is not whole blocks, or the padding is none.
fn decrypt_blocks<C>(cipher: &C, input: &[u8], vector: &[u8]) -> Option<Vec<u8>>
where
    C: BlockCipher<BlockSize = U16> + BlockDecrypt,
{
    if input.len() % BLOCK != 0 {
        return None;
    }
    let mut out = input.to_vec();
    let mut before = vector;
    for (block, sealed) in out.chunks_exact_mut(BLOCK).zip(input.chunks_exact(BLOCK)) {
        cipher.decrypt_block(GenericArray::from_mut_slice(block));
        mix(block, before);
        if !vector.is_empty() {
            before = sealed;
        }
    }
    // Java takes no input at all for no text.
    let Some(lacking) = out.last().map(|last| usize::from(*last)) else { return Some(out) };
    let kept = out.len().checked_sub(lacking).filter(|_| (1..=BLOCK).contains(&lacking))?;
    let padding = out.split_off(kept);
    padding.iter().all(|byte| usize::from(*byte) == lacking).then_some(out)
}

fn mix(block: &mut [u8], with: &[u8]) {
    block.iter_mut().zip(with).for_each(|(byte, with)| *byte ^= with);
}

/// Vectors of the right length where the mode has one, authenticated data with GCM alone.
fn check(mode: Mode, vector: &[u8], authenticated: &[u8], function: &str) -> Result<()> {
    let unsupported = |what: &str| {
        Error::new(Kind::Runtime, format!("UNSUPPORTED_FEATURE.{what}"))
            .with("mode", mode.name())
            .with("functionName", format!("`{function}`"))
    };
    if !vector.is_empty() && mode == Mode::Ecb {
        return Err(unsupported("AES_MODE_IV"));
    }
    if !vector.is_empty() && vector.len() != mode.vector() {
        return Err(Error::new(Kind::Runtime, "INVALID_PARAMETER_VALUE.AES_IV_LENGTH")
            .with("mode", mode.name())
            .with("parameter", "`iv`")
            .with("functionName", format!("`{function}`"))
            .with("actualLength", vector.len().to_string()));
    }
    if !authenticated.is_empty() && mode != Mode::Gcm {
        return Err(unsupported("AES_MODE_AAD"));
    }
    Ok(())
}

/// Spark 4.1 `INVALID_PARAMETER_VALUE.AES_CRYPTO_ERROR`; the detail is in Java's words there.
fn failed(function: &str) -> Error {
    Error::new(Kind::Runtime, "INVALID_PARAMETER_VALUE.AES_CRYPTO_ERROR")
        .with("parameter", "`expr`, `key`")
        .with("functionName", format!("`{function}`"))
        .with("detailMessage", "the input is not what this key, mode and data make")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Real Spark 4.1.4's answers.
    #[test]
    fn encrypts_as_spark_does() {
        let none = |_: &mut [u8]| {};
        let ecb = encrypt(("ECB", "PKCS"), b"0000111122223333", b"Spark", b"", b"", none);
        assert_eq!(ecb.map(hex::encode_upper).ok().as_deref(), Some("348FF37EBDE05B7880BA339068FBDA5E"));
        for mode in ["GCM", "cbc", "ECB"].map(|mode| (mode, "DEFAULT")) {
            for length in [0, 5, 16, 33] {
                let text = vec![7_u8; length];
                let sealed = encrypt(mode, &[3; 24], &text, b"", b"", |vector| vector.fill(9)).unwrap_or_default();
                assert_eq!(decrypt(mode, &[3; 24], &sealed, b"").ok(), Some(text), "{mode:?} {length}");
                assert_eq!(decrypt(mode, &[4; 24], &sealed, b"").ok(), None, "{mode:?} {length}");
            }
        }
        let short = decrypt(("GCM", "DEFAULT"), b"short", b"", b"").map_err(|error| error.condition().to_string());
        assert_eq!(short, Err("INVALID_PARAMETER_VALUE.AES_KEY_LENGTH".into()));
    }
}
