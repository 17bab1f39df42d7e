//! The token every call carries: where it comes from, and how it is renewed.
//!
//! Tokens of managed services expire. One that comes from a file or a command is fetched when the first call needs it,
//! and again when the Spark refuses it; a call that was refused has done nothing, and is made once more.

use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use floe_base::Secret;
use tokio::process::Command;
use tokio::sync::Mutex;
use tonic::Status;
use tonic::metadata::{Ascii, MetadataValue};

/// A command that takes longer is taken for stuck.
const COMMAND_MAX: Duration = Duration::from_secs(30);

/// Where a token comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Token {
    Fixed(Secret),
    File(PathBuf),
    /// A command line of the system's shell; what it prints is the token.
    Command(String),
}

impl Token {
    async fn read(&self) -> Result<Secret, Status> {
        let text = match self {
            Self::Fixed(token) => return Ok(token.clone()),
            Self::File(path) => tokio::fs::read_to_string(path)
                .await
                .map_err(|error| unusable(&format!("the file {} cannot be read: {error}", path.display())))?,
            Self::Command(line) => printed(line).await?,
        };
        match text.trim() {
            "" => Err(unusable("it is empty")),
            token => Ok(Secret::new(token)),
        }
    }
}

/// What a command prints. What it says of an error is not repeated: it may hold what must not be seen.
async fn printed(line: &str) -> Result<String, Status> {
    let mut command = Command::new("sh");
    command.args(["-c", line]).stdin(Stdio::null()).stderr(Stdio::null()).kill_on_drop(true);
    let output = tokio::time::timeout(COMMAND_MAX, command.output()).await;
    let output = output.map_err(|_| unusable(&format!("its command took more than {} s", COMMAND_MAX.as_secs())))?;
    let output = output.map_err(|error| unusable(&format!("its command cannot be run: {error}")))?;
    if !output.status.success() {
        return Err(unusable(&format!("its command ended with {}", output.status)));
    }
    String::from_utf8(output.stdout).map_err(|_| unusable("its command printed no text"))
}

/// A token in use.
#[derive(Debug)]
pub(super) struct Bearer {
    token: Token,
    current: Mutex<Option<MetadataValue<Ascii>>>,
}

impl Bearer {
    pub(super) fn new(token: Token) -> Self {
        Self { token, current: Mutex::default() }
    }

    /// The header's value; the token is fetched where there is none yet.
    pub(super) async fn value(&self) -> Result<MetadataValue<Ascii>, Status> {
        let mut current = self.current.lock().await;
        if let Some(value) = current.as_ref() {
            return Ok(value.clone());
        }
        let value = self.fetched().await?;
        *current = Some(value.clone());
        Ok(value)
    }

    /// Fetches another token in the place of `refused`; `None` where there is no other.
    pub(super) async fn renewed(&self, refused: &MetadataValue<Ascii>) -> Result<Option<MetadataValue<Ascii>>, Status> {
        let mut current = self.current.lock().await;
        // Of calls that were refused together the first one fetches.
        if let Some(value) = current.as_ref().filter(|value| *value != refused) {
            return Ok(Some(value.clone()));
        }
        let value = self.fetched().await?;
        let is_other = value != *refused;
        *current = Some(value.clone());
        Ok(is_other.then_some(value))
    }

    async fn fetched(&self) -> Result<MetadataValue<Ascii>, Status> {
        let token = self.token.read().await?;
        let mut value = MetadataValue::try_from(format!("Bearer {}", token.reveal()))
            .map_err(|_| unusable("it has letters that no header may have"))?;
        value.set_sensitive(true);
        Ok(value)
    }
}

fn unusable(why: &str) -> Status {
    Status::unauthenticated(format!("there is no token for this Spark: {why}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_refused_token_is_fetched_again() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("token");
        std::fs::write(&path, "one\n").expect("written");
        let bearer = Bearer::new(Token::File(path.clone()));
        let first = bearer.value().await.expect("a token");
        assert_eq!(first.to_str().ok(), Some("Bearer one"));
        assert_eq!(bearer.renewed(&first).await.expect("read"), None);
        std::fs::write(&path, "two").expect("written");
        assert_eq!(bearer.value().await.expect("a token"), first);
        let second = bearer.renewed(&first).await.expect("read").expect("another");
        assert_eq!(second.to_str().ok(), Some("Bearer two"));
        // Somebody else was refused with the first one meanwhile.
        assert_eq!(bearer.renewed(&first).await.expect("read"), Some(second));
    }

    #[tokio::test]
    async fn a_command_prints_the_token_and_its_words_are_not_repeated() {
        let bearer = Bearer::new(Token::Command("echo three".into()));
        assert_eq!(bearer.value().await.expect("a token").to_str().ok(), Some("Bearer three"));
        let failed = Bearer::new(Token::Command("echo s3cr3t; echo s3cr3t >&2; exit 3".into())).value().await;
        let text = failed.expect_err("it failed").message().to_string();
        assert!(text.contains("exit status: 3") && !text.contains("s3cr3t"), "{text}");
    }
}
