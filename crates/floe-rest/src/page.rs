//! Lists in pages: `pageToken` and `pageSize`.
//!
//! A token is the last name of the page before, so that a list which changes between two pages loses nothing that stays.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;

use crate::refusal::Refusal;

/// Which page is wanted.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Paging {
    page_token: Option<String>,
    page_size: Option<usize>,
}

impl Paging {
    /// The wanted part of a list sorted by `key`, and the token of the next. All of it where no size is given.
    pub(crate) fn of<T>(
        &self,
        mut all: Vec<T>,
        key: impl Fn(&T) -> String,
    ) -> Result<(Vec<T>, Option<String>), Refusal> {
        if let Some(token) = self.page_token.as_deref().filter(|token| !token.is_empty()) {
            let last = decode(token).ok_or_else(|| Refusal::wrong("the page token is none of ours"))?;
            all.retain(|item| key(item) > last);
        }
        match self.page_size {
            Some(0) => Err(Refusal::wrong("pageSize is at least 1")),
            Some(size) if size < all.len() => {
                all.truncate(size);
                let next = all.last().map(|item| URL_SAFE_NO_PAD.encode(key(item)));
                Ok((all, next))
            }
            _ => Ok((all, None)),
        }
    }
}

fn decode(token: &str) -> Option<String> {
    String::from_utf8(URL_SAFE_NO_PAD.decode(token).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_join_to_the_whole_list() {
        let names: Vec<String> = ["a", "b", "c", "d", "e"].map(str::to_string).into();
        let mut seen = Vec::new();
        let mut token = Some(String::new());
        while let Some(page_token) = token {
            let paging = Paging { page_token: Some(page_token), page_size: Some(2) };
            let (page, next) = paging.of(names.clone(), String::clone).expect("a page");
            assert!(page.len() <= 2);
            seen.extend(page);
            token = next;
        }
        assert_eq!(seen, names);
    }

    #[test]
    fn foreign_tokens_and_empty_pages_are_refused() {
        let list = || vec!["a".to_string()];
        let foreign = Paging { page_token: Some("?".into()), page_size: None };
        assert!(foreign.of(list(), String::clone).is_err());
        let empty = Paging { page_token: None, page_size: Some(0) };
        assert!(empty.of(list(), String::clone).is_err());
    }
}
