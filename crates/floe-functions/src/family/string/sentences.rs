//! `sentences(str[, lang[, country]])`: the words of each sentence.

use std::sync::Arc;

use arrow::array::{ArrayRef, ListBuilder, StringBuilder};
use arrow::datatypes::{DataType, Field};
use floe_base::Result;
use unicode_segmentation::UnicodeSegmentation;

use super::_text::text;
use crate::rows::{self, Texts};
use crate::{Call, Function, Typed};

pub(crate) const FUNCTIONS: &[Function] = &[Function::scalar("sentences", bind)
    .usage("sentences(str[, lang[, country]]) - Returns the words of each sentence.")];

/// By the rules of Unicode, which Java's for the root locale follow but for hyphens; language and country are read, and
/// change nothing (Java has rules of its own for Thai alone).
fn bind(call: &Call<'_>) -> Result<Typed> {
    call.between(1, 3)?;
    let arguments = (0..call.arguments.len()).map(|index| text(call, index)).collect::<Result<Vec<_>>>()?;
    let words = Arc::new(Field::new("element", DataType::Utf8, false));
    let sentences = Arc::new(Field::new("element", DataType::List(words.clone()), false));
    let data_type = DataType::List(sentences.clone());
    Ok(call.kernel("", arguments, data_type, true, move |arguments| {
        let values = Texts::of(arguments, 0)?;
        let inner = ListBuilder::new(StringBuilder::new()).with_field(words.clone());
        let mut builder = ListBuilder::new(inner).with_field(sentences.clone());
        for row in rows::each(arguments) {
            let row = row?;
            let Some(value) = values.at(row) else {
                builder.append(false);
                continue;
            };
            for sentence in sentences_of(value) {
                words_of(sentence).iter().for_each(|word| builder.values().values().append_value(word));
                builder.values().append(true);
            }
            builder.append(true);
        }
        let lists: ArrayRef = Arc::new(builder.finish());
        rows::finish(arguments, lists)
    }))
}

/// Java ends no sentence at a full stop that something else than a letter follows.
fn sentences_of(text: &str) -> Vec<&str> {
    let mut spans: Vec<(usize, usize)> = Vec::new();
    let speaks = |(_, sentence): &(usize, &str)| sentence.contains(char::is_alphanumeric);
    for (start, sentence) in text.split_sentence_bound_indices().filter(speaks) {
        let end = start + sentence.len();
        let goes_on = !sentence.starts_with(char::is_alphabetic);
        match spans.last_mut() {
            Some(last) if goes_on && text.get(..last.1).is_some_and(|before| before.trim_end().ends_with('.')) => {
                last.1 = end;
            }
            _ => spans.push((start, end)),
        }
    }
    spans.into_iter().filter_map(|(start, end)| text.get(start..end)).collect()
}

/// Java leaves words with a hyphen whole.
fn words_of(sentence: &str) -> Vec<&str> {
    let mut spans: Vec<(usize, usize)> = Vec::new();
    for (start, word) in sentence.unicode_word_indices() {
        let end = start + word.len();
        match spans.last_mut() {
            Some(last) if sentence.get(last.1..start) == Some("-") => last.1 = end,
            _ => spans.push((start, end)),
        }
    }
    spans.into_iter().filter_map(|(start, end)| sentence.get(start..end)).collect()
}

#[cfg(test)]
mod tests {
    /// Real Spark 4.1.4's answers.
    #[test]
    fn finds_sentences_and_words() {
        let split = |text: &'static str| -> Vec<Vec<&str>> {
            super::sentences_of(text).into_iter().map(super::words_of).collect()
        };
        assert_eq!(split("Hi there! Good morning."), [["Hi", "there"], ["Good", "morning"]]);
        assert_eq!(split("Mr. Smith went."), [vec!["Mr"], vec!["Smith", "went"]]);
        assert_eq!(split("I'm fine. 3.14 is pi."), [["I'm", "fine", "3.14", "is", "pi"]]);
        assert_eq!(split("äb cd-ef x_y e-mail@x.com"), [["äb", "cd-ef", "x_y", "e-mail", "x.com"]]);
    }
}
