//! Number formats of `to_number` and `to_char`: `$99,999.99S`.
//!
//! Spark 4.1 `ToNumberParser`: a format is `[MI|S] [$] [0|9|G|,]* [.|D] [0|9]* [$] [PR|MI|S]`.

use floe_base::Error;

/// A format, taken apart and checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct NumberFormat {
    written: String,
    tokens: Vec<Token>,
    whole_digits: usize,
    fraction_digits: usize,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Token {
    /// Runs of digits with a thousands separator between each.
    Digits(Vec<Run>),
    Point,
    Dollar,
    Sign,
    Minus,
    /// Before a negative number, of a PR at the end.
    Open,
    Close,
    Unknown(char),
}

/// A run of digits that starts with 0 is matched whole (before the point), one that starts with 9 in part as well.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Run {
    digits: usize,
    exact: bool,
}

impl NumberFormat {
    /// The format, or what is wrong with it (`INVALID_FORMAT.…`).
    pub(crate) fn parse(written: &str) -> Result<Self, Error> {
        let error = |condition: &str| {
            Error::analysis(format!("INVALID_FORMAT.{condition}")).with("format", format!("'{written}'"))
        };
        if written.is_empty() {
            return Err(error("EMPTY"));
        }
        let tokens = tokens(written);
        let position = |token: &Token| tokens.iter().position(|found| found == token);
        let is_digits = |token: &Token| matches!(token, Token::Digits(runs) if runs.iter().any(|run| run.digits > 0));
        let Some(first_digits) = tokens.iter().position(is_digits) else { return Err(error("WRONG_NUM_DIGIT")) };
        if position(&Token::Dollar).is_some_and(|dollar| dollar > first_digits) {
            return Err(error("CUR_MUST_BEFORE_DIGIT"));
        }
        let point = position(&Token::Point);
        if let (Some(dollar), Some(point)) = (position(&Token::Dollar), point)
            && point < dollar
        {
            return Err(error("CUR_MUST_BEFORE_DEC"));
        }
        let groups = |token: &Token| match token {
            Token::Digits(runs) => runs.len(),
            _ => 0,
        };
        if tokens.iter().any(|token| matches!(token, Token::Digits(runs) if runs.iter().any(|run| run.digits == 0))) {
            return Err(error("CONT_THOUSANDS_SEPS"));
        }
        if point.is_some_and(|point| tokens.iter().skip(point).any(|token| groups(token) > 1)) {
            return Err(error("THOUSANDS_SEPS_MUST_BEFORE_DEC"));
        }
        let duplicates = [
            (Token::Point, ". or D"),
            (Token::Sign, "S"),
            (Token::Dollar, "$"),
            (Token::Minus, "MI"),
            (Token::Close, "PR"),
        ];
        for (token, name) in duplicates {
            if tokens.iter().filter(|found| **found == token).count() > 1 {
                return Err(error("WRONG_NUM_TOKEN").with("token", name));
            }
        }
        if let Some(token) = out_of_place(&tokens) {
            return Err(error("UNEXPECTED_TOKEN").with("token", token));
        }
        let count = |tokens: &[Token]| -> usize {
            let runs = tokens.iter().filter_map(|token| match token {
                Token::Digits(runs) => Some(runs),
                _ => None,
            });
            runs.flatten().map(|run| run.digits).sum()
        };
        let at = point.unwrap_or(tokens.len());
        let (before, after) = tokens.split_at(at);
        let (whole_digits, fraction_digits) = (count(before), count(after));
        Ok(Self { written: written.into(), whole_digits, fraction_digits, tokens })
    }

    pub(crate) fn written(&self) -> &str {
        &self.written
    }

    /// Precision and scale of the numbers it reads.
    pub(crate) fn size(&self) -> (u8, i8) {
        let total = (self.whole_digits + self.fraction_digits).min(38);
        (total as u8, self.fraction_digits.min(38) as i8)
    }

    /// The digits of a text at the format's scale; `None` where it does not match.
    pub(crate) fn read(&self, text: &str) -> Option<i128> {
        let letters: Vec<char> = text.chars().collect();
        let (mut at, mut negative) = (0usize, false);
        let (mut whole, mut fraction, mut after_point) = (String::new(), String::new(), false);
        let (mut opened, mut closed) = (false, false);
        let skip_blanks = |at: &mut usize| {
            while letters.get(*at).is_some_and(|letter| letter.is_whitespace()) {
                *at += 1;
            }
        };
        for token in &self.tokens {
            skip_blanks(&mut at);
            let next = letters.get(at).copied();
            match token {
                Token::Digits(runs) => {
                    let into = if after_point { &mut fraction } else { &mut whole };
                    at = read_digits(&letters, at, runs, after_point, into)?;
                }
                Token::Point if next == Some('.') => {
                    after_point = true;
                    at += 1;
                }
                Token::Point => after_point = true,
                Token::Dollar if next == Some('$') => at += 1,
                Token::Dollar => return None,
                Token::Sign if next == Some('+') => at += 1,
                Token::Sign | Token::Minus if next == Some('-') => {
                    negative = !negative;
                    at += 1;
                }
                Token::Open if next == Some('<') => {
                    opened = true;
                    at += 1;
                }
                Token::Close if next == Some('>') => {
                    closed = true;
                    at += 1;
                }
                _ => {}
            }
        }
        skip_blanks(&mut at);
        if at < letters.len() || opened != closed || (whole.is_empty() && fraction.is_empty()) {
            return None;
        }
        let digits = format!("{whole}{fraction:0<width$}", width = self.fraction_digits);
        let digits: i128 = digits.parse().ok()?;
        Some(if negative != opened { -digits } else { digits })
    }

    /// A number as the format writes it; `#` in place of each digit where it does not fit.
    pub(crate) fn write(&self, digits: i128, scale: i8, out: &mut String) {
        let negative = digits < 0;
        let plain = crate::cast::decimal::Decimal::new(digits, scale).plain();
        let plain = plain.trim_start_matches('-');
        let (whole, fraction) = plain.split_once('.').unwrap_or((plain, ""));
        let (whole, fraction) = (whole.trim_start_matches('0'), fraction.trim_end_matches('0'));
        let fits = whole.len() <= self.whole_digits && fraction.len() <= self.fraction_digits;
        let (whole, fraction) = match fits {
            true => (
                format!("{whole:>width$}", width = self.whole_digits),
                format!("{fraction:0<width$}", width = self.fraction_digits),
            ),
            false => ("#".repeat(self.whole_digits), "#".repeat(self.fraction_digits)),
        };
        let has_point = self.tokens.contains(&Token::Point);
        let (mut place, mut after_point) = (0usize, false);
        for token in &self.tokens {
            match token {
                Token::Digits(_) if after_point => out.push_str(&fraction),
                Token::Digits(runs) => {
                    for (index, run) in runs.iter().enumerate() {
                        if index > 0 {
                            let seen = out.chars().any(|letter| letter.is_ascii_digit());
                            if seen { out.push(',') } else { pad(out) }
                        }
                        for letter in whole.chars().skip(place).take(run.digits) {
                            place += 1;
                            let last = place == self.whole_digits;
                            match letter {
                                ' ' if run.exact || (last && has_point) => out.push('0'),
                                ' ' => pad(out),
                                letter => out.push(letter),
                            }
                        }
                    }
                }
                Token::Point => {
                    after_point = true;
                    out.push('.');
                }
                Token::Dollar => out.push('$'),
                Token::Sign => out.push(if negative { '-' } else { '+' }),
                Token::Minus => out.push(if negative { '-' } else { ' ' }),
                Token::Open if negative => out.push('<'),
                Token::Open => {}
                Token::Close if negative => out.push('>'),
                Token::Close => out.push_str("  "),
                Token::Unknown(_) => {}
            }
        }
    }
}

/// A blank in place of a digit, before the sign if that stands last: it stays beside its number.
fn pad(out: &mut String) {
    match out.pop() {
        Some(sign @ ('+' | '-' | '<')) => {
            out.push(' ');
            out.push(sign);
        }
        Some(other) => {
            out.push(other);
            out.push(' ');
        }
        None => out.push(' '),
    }
}

fn tokens(written: &str) -> Vec<Token> {
    let letters: Vec<char> = written.chars().collect();
    let mut tokens = Vec::new();
    let mut at = 0;
    while let Some(letter) = letters.get(at).copied() {
        at += 1;
        let pair = letters.get(at).copied();
        match letter {
            '0' | '9' | ',' | 'G' => {
                at -= 1;
                let mut runs = vec![Run { digits: 0, exact: false }];
                while let Some(letter) = letters.get(at).filter(|letter| matches!(letter, '0' | '9' | ',' | 'G')) {
                    match (letter, runs.last_mut()) {
                        (',' | 'G', _) | (_, None) => runs.push(Run { digits: 0, exact: false }),
                        (digit, Some(run)) => {
                            run.exact |= run.digits == 0 && *digit == '0';
                            run.digits += 1;
                        }
                    }
                    at += 1;
                }
                tokens.push(Token::Digits(runs));
            }
            '.' | 'D' => tokens.push(Token::Point),
            '$' => tokens.push(Token::Dollar),
            'S' => tokens.push(Token::Sign),
            'M' if pair == Some('I') => {
                at += 1;
                tokens.push(Token::Minus);
            }
            'P' if pair == Some('R') => {
                at += 1;
                tokens.insert(0, Token::Open);
                tokens.push(Token::Close);
            }
            other => tokens.push(Token::Unknown(other)),
        }
    }
    tokens
}

/// The first token that stands where the structure has no place for it.
fn out_of_place(tokens: &[Token]) -> Option<String> {
    const STRUCTURE: [&[Token]; 8] = [
        &[Token::Open],
        &[Token::Minus, Token::Sign],
        &[Token::Dollar],
        &[],
        &[Token::Point],
        &[],
        &[Token::Dollar],
        &[Token::Close, Token::Minus, Token::Sign],
    ];
    let mut rest = tokens.iter().peekable();
    for (index, allowed) in STRUCTURE.iter().enumerate() {
        let digits = index == 3 || index == 5;
        let fits = |token: &&&Token| if digits { matches!(token, Token::Digits(_)) } else { allowed.contains(token) };
        if rest.peek().is_some_and(|token| fits(&token)) {
            rest.next();
        }
    }
    rest.next().map(|token| match token {
        Token::Digits(_) => "digit sequence".into(),
        Token::Point => ". or D".into(),
        Token::Dollar => "$".into(),
        Token::Sign => "S".into(),
        Token::Minus => "MI".into(),
        Token::Open | Token::Close => "PR".into(),
        // The quotes are Spark's.
        Token::Unknown(letter) => format!("character '{letter}''"),
    })
}

/// Where the digits end; each group is held against the format's, from the right.
fn read_digits(letters: &[char], start: usize, runs: &[Run], after_point: bool, into: &mut String) -> Option<usize> {
    let mut groups = vec![0usize];
    let mut at = start;
    while let Some(letter) = letters.get(at) {
        match letter {
            digit if digit.is_ascii_digit() => {
                into.push(*digit);
                if let Some(last) = groups.last_mut() {
                    *last += 1;
                }
            }
            ',' | 'G' if !after_point => groups.push(0),
            _ => break,
        }
        at += 1;
    }
    if groups.len() > runs.len() {
        return None;
    }
    let found = groups.iter().rev().copied().chain(std::iter::repeat(0));
    for (run, found) in runs.iter().rev().zip(found) {
        let fits = if run.exact && !after_point { found == run.digits } else { found <= run.digits };
        if !fits {
            return None;
        }
    }
    Some(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_what_spark_writes() {
        let check = |digits: i128, scale: i8, format: &str, expected: &str| {
            let mut out = String::new();
            NumberFormat::parse(format).map(|format| format.write(digits, scale, &mut out)).unwrap_or_default();
            assert_eq!(out, expected, "{digits} {scale} {format}");
        };
        check(454, 0, "999", "454");
        check(454, 0, "000D00", "454.00");
        check(12454, 0, "99,999", "12,454");
        check(7812, 2, "$99.99", "$78.12");
        check(-124548, 1, "99,999.9S", "12,454.8-");
        check(454, 0, "99", "##");
        check(5, 0, "999", "  5");
        check(-5, 0, "S999", "  -5");
        check(5, 0, "S999", "  +5");
        check(5, 0, "MI999", "   5");
        check(-5, 0, "999PR", "  <5>");
        check(5, 0, "999PR", "  5  ");
        check(5, 1, "9.9", "0.5");
        check(0, 0, "9.9", "0.0");
        check(0, 0, "999", "   ");
        check(0, 0, "000", "000");
        check(12345, 3, "99.99", "##.##");
        check(12, 0, "9,999,999", "       12");
        check(12, 0, "0,000,000", "0,000,012");
        check(-12, 0, "S$9,999", "-$   12");
        check(-12, 0, "$9,999MI", "$   12-");
        check(12345, 0, "9,999S", "# ###+");
        check(-5, 0, "$9PR", "<$5>");
    }

    #[test]
    fn reads_what_spark_reads() {
        let read = |text: &str, format: &str| NumberFormat::parse(format).ok().and_then(|format| format.read(text));
        assert_eq!(read("454.00", "000.00"), Some(45400));
        assert_eq!(read("12,454.8-", "99,999.9S"), Some(-124548));
        assert_eq!(read("<5>", "9PR"), Some(-5));
        assert_eq!(read("5", "000"), None);
        assert_eq!(read("005", "999"), Some(5));
        assert_eq!(read("1234", "9,999"), None);
        assert_eq!(read("234", "9,999"), Some(234));
        assert_eq!(read("12.", "99.9"), Some(120));
        assert_eq!(read(".5", "9.9"), Some(5));
        assert_eq!(read("", "9"), None);
        assert_eq!(read("$5", "S$9"), Some(5));
        assert_eq!(read("5-", "S9"), None);
    }

    #[test]
    fn refuses_what_spark_refuses() {
        let condition = |format: &str| {
            let found = NumberFormat::parse(format);
            found.err().map(|error| error.condition().replace("INVALID_FORMAT.", "")).unwrap_or_default()
        };
        assert_eq!(condition(""), "EMPTY");
        assert_eq!(condition("X"), "WRONG_NUM_DIGIT");
        assert_eq!(condition("9.9.9"), "WRONG_NUM_TOKEN");
        assert_eq!(condition("S9S"), "WRONG_NUM_TOKEN");
        assert_eq!(condition("$9$"), "WRONG_NUM_TOKEN");
        assert_eq!(condition(",9"), "CONT_THOUSANDS_SEPS");
        assert_eq!(condition("9,"), "CONT_THOUSANDS_SEPS");
        assert_eq!(condition("9.9,9"), "THOUSANDS_SEPS_MUST_BEFORE_DEC");
        assert_eq!(condition("9$S"), "CUR_MUST_BEFORE_DIGIT");
        assert_eq!(condition("9PRS"), "UNEXPECTED_TOKEN");
        assert_eq!(condition("<9>"), "UNEXPECTED_TOKEN");
    }
}
