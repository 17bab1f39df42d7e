//! Hostile texts: nothing panics, nothing overflows the stack, nothing takes quadratic time, whatever comes.

use std::time::{Duration, Instant};

use floe_base::origin::SqlSource;

fn parse(text: &str) -> Result<(), String> {
    // The tree is dropped here too, on the small stack of a test's thread.
    floe_sql::parse_statement(&SqlSource::new(text)).map(drop).map_err(|error| error.condition().to_string())
}

/// Runs where the stack is as big as it is for whoever walks a tree of the deepest allowed kind.
fn on_big_stack(run: impl FnOnce() + Send + 'static) {
    let thread = std::thread::Builder::new().stack_size(256 << 20).spawn(run).expect("a thread");
    thread.join().expect("no panic");
}

const TOO_COMPLEX: &str = "FAILED_TO_PARSE_TOO_COMPLEX";

#[test]
fn deep_nesting_is_refused() {
    on_big_stack(|| {
        let depth = 20_000;
        for (open, close) in [
            ("(", ")"),
            ("f(", ")"),
            ("case when a then ", " end"),
            ("cast(", " as int)"),
            ("a[", "]"),
            ("(select ", ")"),
            ("x -> ", ""),
            ("struct(", ")"),
            ("array(1, ", ")"),
            ("1 in (", ")"),
            ("trim(", ")"),
            ("substring(", ")"),
            ("position(", ")"),
            ("overlay(", ")"),
            ("a between ", ""),
        ] {
            let text = format!("select {}1{}", open.repeat(depth), close.repeat(depth));
            let found = parse(&text);
            assert!(found.is_err(), "{open}");
            let found = parse(&format!("select {}", open.repeat(depth)));
            assert!(found.is_err(), "{open} unclosed");
        }
        let text = format!("select * from {}t{}", "(".repeat(depth), ")".repeat(depth));
        assert_eq!(parse(&text), Err(TOO_COMPLEX.into()));
        let text = format!("select * from {}select 1{}", "(".repeat(depth), ")".repeat(depth));
        assert_eq!(parse(&text), Err(TOO_COMPLEX.into()));
        let text = format!("{}select 1{}", "(".repeat(depth), ")".repeat(depth));
        assert_eq!(parse(&text), Err(TOO_COMPLEX.into()));
        let text = format!("select cast(a as {}int{})", "array<".repeat(depth), ">".repeat(depth));
        assert_eq!(parse(&text), Err(TOO_COMPLEX.into()));
        assert_eq!(parse(&format!("{} select 1", "explain ".repeat(depth))), Err(TOO_COMPLEX.into()));
        assert_eq!(parse(&format!("{} select 1", "with a as (".repeat(depth))), Err(TOO_COMPLEX.into()));
    });
}

#[test]
fn long_chains_are_refused_or_balanced() {
    on_big_stack(|| {
        let many = 20_000;
        for link in [" + 1", " || 'a'", " = 1", " * 2", "[0]", "::int", ".a"] {
            let text = format!("select a{}", link.repeat(many));
            let found = parse(&text);
            assert!(found.is_ok() || found == Err(TOO_COMPLEX.into()), "{link}: {found:?}");
        }
        for prefix in ["not ", "- ", "~ ", "! "] {
            assert_eq!(parse(&format!("select {}a", prefix.repeat(many))), Err(TOO_COMPLEX.into()), "{prefix}");
        }
        for link in [" union all select 1", " except select 1", " join t", ", t", " |> where a"] {
            let found = parse(&format!("select 1 from t{}", link.repeat(many)));
            assert_eq!(found, Err(TOO_COMPLEX.into()), "{link}");
        }
        // Conditions become a balanced tree: a generated filter may be as long as it likes.
        assert_eq!(parse(&format!("select a{}", " or a = 1".repeat(many))), Ok(()));
        assert_eq!(parse(&format!("select a{}", " and a = 1".repeat(many))), Ok(()));
        assert_eq!(parse(&format!("select a in (1{})", ", 1".repeat(many))), Ok(()));
    });
}

#[test]
fn trees_of_the_allowed_depth_are_parsed() {
    on_big_stack(|| {
        assert_eq!(parse(&format!("select {}1{}", "(".repeat(400), ")".repeat(400))), Ok(()));
        assert_eq!(parse(&format!("select {}1{}", "f(".repeat(400), ")".repeat(400))), Ok(()));
        assert_eq!(parse(&format!("select 1{}", " + 1".repeat(4_000))), Ok(()));
        assert_eq!(parse(&format!("select 1{}", " union all select 1".repeat(4_000))), Ok(()));
    });
}

#[test]
fn huge_literals_are_fine() {
    let text = format!("select '{}'", "x".repeat(5 << 20));
    assert_eq!(parse(&text), Ok(()));
    let text = format!("select '{}'", "\\n''".repeat(1 << 20));
    assert_eq!(parse(&text), Ok(()));
    assert!(parse(&format!("select {}", "9".repeat(1 << 20))).is_err());
    assert!(parse(&format!("select '{}", "x".repeat(1 << 20))).is_err());
}

/// Texts that make a naive lexer or parser read the same thing again and again.
#[test]
fn time_grows_with_length_only() {
    on_big_stack(|| {
        let n = 30_000;
        for text in [
            "'".repeat(n + 1),
            "`".repeat(n + 1),
            "\" ".repeat(n + 1),
            "select ' ".repeat(n),
            "/* ".repeat(n),
            "select ".repeat(n),
            "case ".repeat(n),
            "a in (".repeat(n),
            "((select 1) + ".repeat(300),
            format!("select {}", "((select ".repeat(300)),
            format!("select * from {}", "((select 1) t join ".repeat(300)),
            format!("select {}", "case when ".repeat(900)),
            format!("select {}", "substring(".repeat(900)),
            format!("select {}", "trim(overlay(position(".repeat(300)),
            format!("select {}1{}", "substring(".repeat(400), ", 1)".repeat(400)),
            format!("select {}1{}", "identifier(".repeat(400), ", 1)".repeat(400)),
            format!("select {}1{}", "(x, ".repeat(400), ")".repeat(400)),
            format!("select f() {}", "over (cluster by f() ".repeat(300)),
            format!("{} t {}", "from (".repeat(300), "select a) ".repeat(300)),
            format!("select {}", "transform(transform((select ".repeat(300)),
            format!("select {}", "exists (select ".repeat(400)),
            format!("select * from a where {}", "b in ((select c from d where ".repeat(300)),
            format!("select {}", "?, ".repeat(n)),
            "order by ".repeat(n),
            format!("select 1 {}", "order by (select 1 ".repeat(300)),
            "select r'".repeat(n),
            "\\'".repeat(1 << 20),
            "\\\"x".repeat(1 << 20),
            "with a as (".repeat(n),
            "1.2.3.".repeat(n),
            "a.".repeat(n),
            "--\\\n".repeat(n),
            "(a, ".repeat(n),
            "(x, y, ".repeat(900),
        ] {
            let started = Instant::now();
            let _ = parse(&text);
            let took = started.elapsed();
            let shown: String = text.chars().take(40).collect();
            assert!(took < Duration::from_secs(60), "{shown} took {took:?}");
        }
    });
}

/// A small generator of our own: the same numbers on every run.
struct Random(u64);

impl Random {
    fn next(&mut self, below: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % below.max(1) as u64) as usize
    }
}

#[test]
fn random_bytes_never_panic() {
    let mut random = Random(0x9E37_79B9_7F4A_7C15);
    for _ in 0..10_000 {
        let length = random.next(60);
        let bytes: Vec<u8> = (0..length).map(|_| random.next(256) as u8).collect();
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let _ = parse(&text);
        let _ = floe_sql::parse_expression(&SqlSource::new(text.as_str()));
        let _ = floe_sql::parse_schema(&text);
        let _ = floe_sql::parse_multipart_identifier(&text);
        let _ = floe_sql::parse_json_type(&text);
    }
}

#[test]
fn mutated_statements_never_panic() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/corpus");
    let mut texts = Vec::new();
    for file in ["queries", "expressions", "types", "dml", "tables", "commands", "iceberg", "names", "real"] {
        let text = std::fs::read_to_string(format!("{folder}/{file}.txt")).expect("a corpus file");
        let entries = format!("\n{text}");
        let entries = entries.split("\n=== ").skip(1).filter_map(|entry| entry.split_once('\n'));
        texts.extend(entries.map(|(_, statement)| statement.trim_end().to_string()));
    }
    let mut random = Random(42);
    for _ in 0..15_000 {
        let mut text = texts[random.next(texts.len())].clone();
        for _ in 0..=random.next(3) {
            text = mutated(&text, &texts, &mut random);
        }
        if let Err(error) = floe_sql::parse_statement(&SqlSource::new(text.as_str())) {
            // The text of an error is made from the statement: it must not break on any.
            let _ = error.to_string();
        }
        let _ = floe_sql::parse_expression(&SqlSource::new(text.as_str()));
    }
}

/// One token or character dropped, doubled, swapped, or taken from another statement.
fn mutated(text: &str, texts: &[String], random: &mut Random) -> String {
    let words: Vec<&str> = text.split_inclusive([' ', '(', ')', ',', '.', '\'']).collect();
    let at = random.next(words.len());
    let mut out: Vec<String> = words.iter().map(|word| (*word).to_string()).collect();
    match random.next(6) {
        0 if !out.is_empty() => drop(out.remove(at)),
        1 if !out.is_empty() => out.insert(at, out[at].clone()),
        2 if !out.is_empty() => {
            let other = random.next(out.len());
            out.swap(at, other);
        }
        3 => {
            let other = &texts[random.next(texts.len())];
            let piece: Vec<&str> = other.split(' ').collect();
            out.insert(at.min(out.len()), format!(" {} ", piece[random.next(piece.len())]));
        }
        4 => {
            let pieces = [
                "'", "\"", "`", "/*", "*/", "(", ")", "\\", "é", "\u{0}", "::", "->", "?", ":", "|>", "1e", "<>", ">>",
            ];
            out.insert(at.min(out.len()), pieces[random.next(pieces.len())].to_string());
        }
        _ => {
            let characters: Vec<char> = text.chars().collect();
            return characters.iter().take(random.next(characters.len() + 1)).collect();
        }
    }
    out.concat()
}
