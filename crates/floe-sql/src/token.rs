//! A token: what it is, and which bytes of the text it covers. The text itself is never copied.

use crate::keyword::Keyword;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Token {
    pub kind: Kind,
    pub start: u32,
    pub stop: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    End,
    Keyword(Keyword),
    /// A word that is no keyword, or a bare path (`s3://bucket/a`).
    Word,
    /// In back-ticks.
    Quoted,
    /// `'…'`, `r'…'` or `r"…"`.
    String,
    /// `"…"`: a string as well, unless `spark.sql.ansi.doubleQuotedIdentifiers`.
    DoubleQuoted,
    Number(Number),
    /// A character no token starts with: an unclosed quote, `@`, `\`.
    Unrecognised,
    HintStart,
    HintEnd,
    LeftParen,
    RightParen,
    LeftBracket,
    RightBracket,
    Comma,
    Dot,
    Semicolon,
    Colon,
    DoubleColon,
    Arrow,
    FatArrow,
    Question,
    Bang,
    Equal,
    NullSafeEqual,
    NotEqual,
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
    ShiftLeft,
    ShiftRight,
    ShiftRightUnsigned,
    Plus,
    Minus,
    Star,
    Slash,
    Percent,
    Tilde,
    Ampersand,
    Pipe,
    DoublePipe,
    PipeArrow,
    Hat,
}

/// A number's form, which decides its type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Number {
    Integer,
    /// `1.5`
    Decimal,
    /// `1e3`
    Exponent,
    /// `1L`
    Long,
    /// `1S`
    Short,
    /// `1Y`
    Byte,
    /// `1.5F`
    Float,
    /// `1.5D`
    Double,
    /// `1.5BD`
    BigDecimal,
}
