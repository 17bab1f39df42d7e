//! The folders of partitions (`day=2024-01-01`) as Spark 4.1 names them (`ExternalCatalogUtils`).

/// The folder of rows whose partition value is NULL or empty text (Hive's word for it).
pub const NO_VALUE: &str = "__HIVE_DEFAULT_PARTITION__";

/// The folder of a value of a column.
pub fn named(column: &str, value: Option<&str>) -> String {
    let value = value.filter(|value| !value.is_empty());
    format!("{}={}", escaped(column), value.map_or(NO_VALUE.into(), escaped))
}

/// The column and the value a folder is of.
pub fn read(folder: &str) -> Option<(String, Option<String>)> {
    let (column, value) = folder.split_once('=')?;
    Some((unescaped(column), (value != NO_VALUE).then(|| unescaped(value))))
}

fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        if letter.is_ascii_control() || "\"#%'*/:=?\\{[]^".contains(letter) {
            out.push_str(&format!("%{:02X}", u32::from(letter)));
        } else {
            out.push(letter);
        }
    }
    out
}

/// A percent sign that no two hexadecimal digits follow stays.
fn unescaped(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        let code = after.get(..2).and_then(|digits| std::str::from_utf8(digits).ok());
        let code = code.filter(|digits| digits.chars().all(|digit| digit.is_ascii_hexdigit()));
        match code.and_then(|digits| u8::from_str_radix(digits, 16).ok()).filter(|_| *first == b'%') {
            Some(byte) => {
                bytes.push(byte);
                rest = after.get(2..).unwrap_or_default();
            }
            None => {
                bytes.push(*first);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_folders_are_read_as_they_are_written() {
        for value in [Some("a:b/c"), Some("x y%z"), Some("é=1"), Some("%"), None] {
            assert_eq!(read(&named("a#b", value)), Some(("a#b".into(), value.map(String::from))), "{value:?}");
        }
        assert_eq!(named("a", Some("")), "a=__HIVE_DEFAULT_PARTITION__");
        assert_eq!(read("a=50%"), Some(("a".into(), Some("50%".into()))));
        assert_eq!(read("a"), None);
    }
}
