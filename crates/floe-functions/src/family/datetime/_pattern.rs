//! Datetime patterns: the letters of `java.time.format.DateTimeFormatter` as Spark 4.1 admits them, compiled once.
//!
//! Formatting is [`super::_pattern_write`], parsing [`super::_pattern_read`].
//! Which error a bad pattern gives depends on whether the formatter of Spark 2 (`SimpleDateFormat`) would have taken it:
//! then it is the upgrade error, else the error of the pattern itself.

use floe_base::{Error, Kind, Result};

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Item {
    Literal(String),
    Number(Number),
    /// Two digits of a year of this century's first hundred: 2000 to 2099.
    ReducedYear {
        of_era: bool,
    },
    Text(Text),
    /// At least so many digits of the second, at most so many.
    Fraction {
        least: usize,
        most: usize,
    },
    Offset(OffsetStyle),
    LocalizedOffset {
        full: bool,
    },
    ZoneId,
    ZoneName {
        full: bool,
    },
    /// `[…]`: written where it can be, read where it is there.
    Optional(Vec<Item>),
}

/// A number of a field: how many digits, and whether a sign goes with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Number {
    pub(crate) field: Field,
    pub(crate) least: usize,
    pub(crate) most: usize,
    pub(crate) sign: Sign,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sign {
    Normal,
    /// A plus where there are more digits than the least.
    ExceedsPad,
    Never,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Field {
    Year,
    YearOfEra,
    Quarter,
    Month,
    Day,
    DayOfYear,
    /// `F`: which of its kind in the month a weekday is, less one week's worth: days 1 to 7 count 1 to 7.
    AlignedDayInMonth,
    /// 0 to 23.
    Hour,
    /// 1 to 24.
    ClockHour,
    /// 0 to 11.
    HourOfHalf,
    /// 1 to 12.
    ClockHourOfHalf,
    Minute,
    Second,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Text {
    Era {
        full: bool,
    },
    Month {
        full: bool,
    },
    DayOfWeek {
        full: bool,
    },
    /// `QQQ`: `Q2`; `QQQQ`: `2nd quarter`.
    Quarter {
        full: bool,
    },
    HalfDay,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct OffsetStyle {
    pub(crate) minutes: Part,
    pub(crate) seconds: Part,
    pub(crate) colon: bool,
    pub(crate) zero: &'static str,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    Never,
    WhenNotZero,
    Always,
}

/// A compiled pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Pattern {
    pub(crate) items: Vec<Item>,
}

impl Pattern {
    pub(crate) fn compile(pattern: &str, parsing: bool) -> Result<Self> {
        let failure = match unsupported(pattern, parsing) {
            None => match Compiler::new(pattern, parsing).compile() {
                Some(items) => return Ok(Self { items }),
                None => None,
            },
            Some(error) => Some(error),
        };
        if legacy_takes(pattern) {
            return Err(Error::new(Kind::Runtime, "INCONSISTENT_BEHAVIOR_CROSS_VERSION.DATETIME_PATTERN_RECOGNITION")
                .with("pattern", quoted(pattern))
                .with("config", "\"spark.sql.legacy.timeParserPolicy\"")
                .with("docroot", DOCUMENTATION));
        }
        Err(failure.unwrap_or_else(|| {
            Error::new(Kind::Runtime, "INVALID_DATETIME_PATTERN.WITH_SUGGESTION")
                .with("pattern", quoted(pattern))
                .with("docroot", DOCUMENTATION)
        }))
    }
}

const DOCUMENTATION: &str = "https://spark.apache.org/docs/latest";

/// A text as Spark prints SQL values: quotes and backslashes escaped.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\\', "\\\\").replace('\'', "\\'"))
}

/// The parts of a pattern outside quotes.
fn unquoted(pattern: &str) -> impl Iterator<Item = &str> {
    pattern.split('\'').step_by(2)
}

/// What Spark itself refuses before Java sees the pattern.
fn unsupported(pattern: &str, parsing: bool) -> Option<Error> {
    let refused = |condition: &str| Error::new(Kind::IllegalArgument, condition);
    for part in unquoted(pattern) {
        for letter in part.chars() {
            if "YWwuec".contains(letter) {
                return Some(
                    refused("INCONSISTENT_BEHAVIOR_CROSS_VERSION.DATETIME_WEEK_BASED_PATTERN")
                        .with("c", letter.to_string()),
                );
            }
            if "ABnNp".contains(letter) || (parsing && "EFqQ".contains(letter)) {
                return Some(
                    refused("INVALID_DATETIME_PATTERN.ILLEGAL_CHARACTER")
                        .with("c", letter.to_string())
                        .with("pattern", pattern),
                );
            }
        }
        let too_long = ["GGGGG", "MMMMM", "LLLLL", "EEEEE", "QQQQQ", "qqqqq", "yyyyyyy"];
        if too_long.iter().any(|style| part.contains(style)) {
            return Some(refused("INVALID_DATETIME_PATTERN.LENGTH").with("pattern", pattern));
        }
    }
    None
}

/// True where Java's older `SimpleDateFormat` knows all letters and all quotes close.
fn legacy_takes(pattern: &str) -> bool {
    const LETTERS: &str = "GyMwWDdFEaHkKhmsSzZYuXL";
    let closes = pattern.matches('\'').count() % 2 == 0;
    let known = |letter: char| !letter.is_ascii_alphabetic() || LETTERS.contains(letter);
    let short_offset = unquoted(pattern).all(|part| !part.contains("XXXX"));
    closes && short_offset && unquoted(pattern).flat_map(str::chars).all(known)
}

struct Compiler<'a> {
    letters: std::iter::Peekable<std::str::Chars<'a>>,
    parsing: bool,
    /// Without an era a year is counted through zero, with one it is a year of the era.
    has_era: bool,
}

impl<'a> Compiler<'a> {
    fn new(pattern: &'a str, parsing: bool) -> Self {
        let has_era = unquoted(pattern).any(|part| part.contains('G'));
        Self { letters: pattern.chars().peekable(), parsing, has_era }
    }

    /// `None` where Java refuses the pattern.
    fn compile(&mut self) -> Option<Vec<Item>> {
        let mut open: Vec<Vec<Item>> = vec![Vec::new()];
        while let Some(letter) = self.letters.next() {
            match letter {
                '\'' => {
                    let text = self.quoted()?;
                    push_literal(open.last_mut()?, &text);
                }
                '[' => open.push(Vec::new()),
                ']' => {
                    let inner = open.pop()?;
                    open.last_mut()?.push(Item::Optional(inner));
                }
                '{' | '}' | '#' => return None,
                letter if letter.is_ascii_alphabetic() => {
                    let mut count = 1;
                    while self.letters.next_if_eq(&letter).is_some() {
                        count += 1;
                    }
                    open.last_mut()?.push(self.item(letter, count)?);
                }
                other => push_literal(open.last_mut()?, other.encode_utf8(&mut [0; 4])),
            }
        }
        // Java closes what is left open.
        while open.len() > 1 {
            let inner = open.pop()?;
            open.last_mut()?.push(Item::Optional(inner));
        }
        open.pop()
    }

    /// After an opening quote: text up to the closing one; two quotes are one.
    fn quoted(&mut self) -> Option<String> {
        let mut text = String::new();
        loop {
            match self.letters.next()? {
                '\'' if self.letters.next_if_eq(&'\'').is_some() => text.push('\''),
                '\'' if text.is_empty() => return Some("'".into()),
                '\'' => return Some(text),
                other => text.push(other),
            }
        }
    }

    fn item(&self, letter: char, count: usize) -> Option<Item> {
        let number = |field, least, most, sign| Some(Item::Number(Number { field, least, most, sign }));
        let plain = |field| match count {
            1 => number(field, 1, 19, Sign::Normal),
            2 => number(field, 2, 2, Sign::Never),
            _ => None,
        };
        let text = |text: fn(bool) -> Text| match count {
            1..=3 => Some(Item::Text(text(false))),
            4 => Some(Item::Text(text(true))),
            _ => None,
        };
        let year = if self.has_era { Field::YearOfEra } else { Field::Year };
        match letter {
            'y' => match count {
                2 => Some(Item::ReducedYear { of_era: self.has_era }),
                1 | 3 => number(year, count, 19, Sign::Normal),
                _ => number(year, count, 19, Sign::ExceedsPad),
            },
            'M' | 'L' if count <= 2 => plain(Field::Month),
            'M' | 'L' => text(|full| Text::Month { full }),
            'Q' | 'q' if count <= 2 => plain(Field::Quarter),
            'Q' | 'q' => text(|full| Text::Quarter { full }),
            'd' => plain(Field::Day),
            'D' => match count {
                1 => number(Field::DayOfYear, 1, 19, Sign::Normal),
                2 | 3 => number(Field::DayOfYear, count, 3, Sign::Never),
                _ => None,
            },
            'F' if count == 1 => number(Field::AlignedDayInMonth, 1, 19, Sign::Normal),
            'H' => plain(Field::Hour),
            'k' => plain(Field::ClockHour),
            'K' => plain(Field::HourOfHalf),
            'h' => plain(Field::ClockHourOfHalf),
            'm' => plain(Field::Minute),
            's' => plain(Field::Second),
            'S' if count <= 9 => Some(Item::Fraction { least: if self.parsing { 1 } else { count }, most: count }),
            'a' if count == 1 => Some(Item::Text(Text::HalfDay)),
            'E' => text(|full| Text::DayOfWeek { full }),
            'G' => text(|full| Text::Era { full }),
            'V' if count == 2 => Some(Item::ZoneId),
            'z' if count <= 4 => Some(Item::ZoneName { full: count == 4 }),
            'O' if count == 1 || count == 4 => Some(Item::LocalizedOffset { full: count == 4 }),
            'Z' if count == 4 => Some(Item::LocalizedOffset { full: true }),
            'Z' if count <= 3 => Some(offset(Part::Always, Part::Never, false, "+0000")),
            'Z' if count == 5 => Some(offset(Part::Always, Part::WhenNotZero, true, "Z")),
            'X' | 'x' => {
                let is_zulu = letter == 'X';
                let zero = |plain| if is_zulu { "Z" } else { plain };
                match count {
                    1 => Some(offset(Part::WhenNotZero, Part::Never, false, zero("+00"))),
                    2 => Some(offset(Part::Always, Part::Never, false, zero("+0000"))),
                    3 => Some(offset(Part::Always, Part::Never, true, zero("+00:00"))),
                    4 => Some(offset(Part::Always, Part::WhenNotZero, false, zero("+0000"))),
                    5 => Some(offset(Part::Always, Part::WhenNotZero, true, zero("+00:00"))),
                    _ => None,
                }
            }
            _ => None,
        }
    }
}

fn offset(minutes: Part, seconds: Part, colon: bool, zero: &'static str) -> Item {
    Item::Offset(OffsetStyle { minutes, seconds, colon, zero })
}

fn push_literal(items: &mut Vec<Item>, text: &str) {
    match items.last_mut() {
        Some(Item::Literal(before)) => before.push_str(text),
        _ => items.push(Item::Literal(text.into())),
    }
}
