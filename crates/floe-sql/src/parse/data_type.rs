//! Data types as SQL writes them: `INT`, `DECIMAL(10,2)`, `ARRAY<STRUCT<a: INT>>`, `INTERVAL DAY TO SECOND`.

use floe_base::error::Kind as ErrorKind;
use floe_base::{Error, Result};
use floe_syntax::data_type::{DayTimeField, YearMonthField};
use floe_syntax::{DataType, Field};

use super::literal::too_precise;
use crate::keyword::Keyword as K;
use crate::parser::{Mark, Parser};
use crate::token::Kind;

impl Parser<'_> {
    /// A type and nothing else; what follows it is wrong, never extra.
    pub(crate) fn single_data_type(&mut self) -> Result<DataType> {
        let found = self.data_type()?;
        if self.is(Kind::End) { Ok(found) } else { Err(self.syntax_error()) }
    }

    pub(crate) fn data_type(&mut self) -> Result<DataType> {
        self.nested(Self::data_type_inner)
    }

    fn data_type_inner(&mut self) -> Result<DataType> {
        let from = self.mark();
        let Some(keyword) = self.keyword() else { return self.unknown_type(from) };
        match keyword {
            K::Array => self.array(from),
            K::Map => self.map(from),
            K::Struct => self.structure(from),
            K::String => self.string_type(),
            K::Char | K::Character => self.sized(from, DataType::Char),
            K::Varchar => self.sized(from, DataType::Varchar),
            K::Decimal | K::Dec | K::Numeric => self.decimal(from),
            K::Interval => self.interval_type(from),
            K::Timestamp => self.timestamp(),
            K::Time => self.time(),
            K::Geography | K::Geometry => {
                Err(Error::unsupported(format!("type {}", keyword.text())).at(&self.origin_here()))
            }
            _ => self.plain_type(keyword, from),
        }
    }

    fn plain_type(&mut self, keyword: K, from: Mark) -> Result<DataType> {
        let found = match keyword {
            K::Boolean => DataType::Boolean,
            K::Tinyint | K::Byte => DataType::Byte,
            K::Smallint | K::Short => DataType::Short,
            K::Int | K::Integer => DataType::Int,
            K::Bigint | K::Long => DataType::Long,
            K::Float | K::Real => DataType::Float,
            K::Double => DataType::Double,
            K::Date => DataType::Date,
            K::TimestampLtz => DataType::Timestamp,
            K::TimestampNtz => DataType::TimestampNtz,
            K::Binary => DataType::Binary,
            K::Void => DataType::Null,
            K::Variant => DataType::Variant,
            _ => return self.unknown_type(from),
        };
        self.advance();
        Ok(found)
    }

    /// Types that are none, and those with numbers where none belong: `FOO`, `STRING(10)`.
    fn unknown_type(&mut self, from: Mark) -> Result<DataType> {
        let name = self.identifier()?.to_uppercase();
        self.unsupported_type(&name, from)
    }

    fn unsupported_type(&mut self, name: &str, from: Mark) -> Result<DataType> {
        let mut shown = name.to_string();
        if self.is(Kind::LeftParen) {
            let numbers: Vec<i64> = self.parenthesised_list(Self::integer)?;
            let numbers: Vec<_> = numbers.iter().map(ToString::to_string).collect();
            shown = format!("{shown}({})", numbers.join(","));
        }
        let error = self.error("UNSUPPORTED_DATATYPE", from).with("typeName", format!("\"{shown}\""));
        self.defer(error);
        Ok(DataType::Null)
    }

    /// Whether `(` holds more numbers than `most`, which no type takes.
    fn has_more_numbers_than(&self, most: usize) -> bool {
        self.is(Kind::LeftParen) && (1..=most).all(|number| self.peek_at(2 * number) == Kind::Comma)
    }

    /// Without its parameters a type is not complete, which Spark says once the statement as a whole is well-formed.
    fn incomplete(&mut self, name: &str, example: &str, from: Mark) -> DataType {
        let error = self.error(&format!("INCOMPLETE_TYPE_DEFINITION.{name}"), from);
        self.defer(if example.is_empty() { error } else { error.with("elementType", example) });
        DataType::Null
    }

    /// What stands in angle brackets. When it is no type, Spark points at the bracket: with the bracket left out the
    /// type would have been whole.
    fn bracketed<T>(&mut self, rule: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        let open = self.mark();
        self.expect(Kind::Less)?;
        let found = rule(self).and_then(|found| self.expect(Kind::Greater).map(|_| found));
        found.map_err(|error| {
            if error.condition() != "PARSE_SYNTAX_ERROR" {
                return error;
            }
            self.rewind(open);
            self.syntax_error()
        })
    }

    fn array(&mut self, from: Mark) -> Result<DataType> {
        self.advance();
        if !self.is(Kind::Less) {
            return Ok(self.incomplete("ARRAY", "<INT>", from));
        }
        let element = Box::new(self.bracketed(Self::data_type)?);
        Ok(DataType::Array { element, nullable: true })
    }

    fn map(&mut self, from: Mark) -> Result<DataType> {
        self.advance();
        if !self.is(Kind::Less) {
            return Ok(self.incomplete("MAP", "", from));
        }
        let (key, value) = self.bracketed(|parser| {
            let key = Box::new(parser.data_type()?);
            parser.expect(Kind::Comma)?;
            Ok((key, Box::new(parser.data_type()?)))
        })?;
        Ok(DataType::Map { key, value, nullable: true })
    }

    fn structure(&mut self, from: Mark) -> Result<DataType> {
        self.advance();
        // `STRUCT<>` is lexed as the operator "not equal".
        if self.eat(Kind::NotEqual) {
            return Ok(DataType::Struct(Vec::new()));
        }
        if !self.is(Kind::Less) {
            return Ok(self.incomplete("STRUCT", "", from));
        }
        let fields = self.bracketed(|parser| {
            if parser.is(Kind::Greater) { Ok(Vec::new()) } else { parser.list(|parser| parser.field(true)) }
        })?;
        Ok(DataType::Struct(fields))
    }

    /// `name type [NOT NULL] [COMMENT '…']`; members of a struct may have a colon behind the name.
    pub(crate) fn field(&mut self, member: bool) -> Result<Field> {
        let name = self.name()?;
        if member {
            self.eat(Kind::Colon);
        }
        let data_type = self.data_type()?;
        let nullable = !self.not_null()?;
        let comment = self.comment_clause()?;
        Ok(Field { comment, ..Field::new(name, data_type, nullable) })
    }

    /// `NOT NULL`, if it stands here.
    pub(crate) fn not_null(&mut self) -> Result<bool> {
        if !matches!(self.peek(), Kind::Bang | Kind::Keyword(K::Not)) || !self.is_keyword_at(1, K::Null) {
            return Ok(false);
        }
        self.eat_not();
        self.advance();
        Ok(true)
    }

    /// `COMMENT '…'`, if it stands here.
    pub(crate) fn comment_clause(&mut self) -> Result<Option<String>> {
        if self.eat_keyword(K::Comment) { self.string().map(Some) } else { Ok(None) }
    }

    fn string_type(&mut self) -> Result<DataType> {
        self.advance();
        if self.is_keyword(K::Collate) {
            let from = self.mark();
            self.advance();
            let name = self.multipart()?.join(".");
            if !name.eq_ignore_ascii_case("UTF8_BINARY") {
                return Err(Error::unsupported(format!("collation {name}")).at(&self.origin(from)));
            }
        }
        if self.is(Kind::LeftParen) {
            return self.unsupported_type("STRING", self.mark() - 1);
        }
        Ok(DataType::String)
    }

    fn sized(&mut self, from: Mark, build: fn(u32) -> DataType) -> Result<DataType> {
        let name = self.identifier()?.to_uppercase();
        if self.has_more_numbers_than(1) {
            return self.unsupported_type(&name, from);
        }
        if !self.eat(Kind::LeftParen) {
            let error = self.error("DATATYPE_MISSING_SIZE", from).with("type", format!("\"{name}\""));
            self.defer(error);
            return Ok(DataType::String);
        }
        let length = self.integer()?;
        self.expect(Kind::RightParen)?;
        Ok(build(length))
    }

    fn decimal(&mut self, from: Mark) -> Result<DataType> {
        let name = self.identifier()?.to_uppercase();
        if self.has_more_numbers_than(2) {
            return self.unsupported_type(&name, from);
        }
        if !self.eat(Kind::LeftParen) {
            return Ok(DataType::Decimal { precision: 10, scale: 0 });
        }
        let precision: u32 = self.integer()?;
        let scale: u32 = if self.eat(Kind::Comma) { self.integer()? } else { 0 };
        self.expect(Kind::RightParen)?;
        if scale > precision {
            let error = Error::new(ErrorKind::Analysis, "_LEGACY_ERROR_TEMP_1228");
            self.defer(error.with("scale", scale.to_string()).with("precision", precision.to_string()));
        } else if precision > 38 {
            self.defer(too_precise(precision));
        }
        Ok(DataType::Decimal { precision: precision.min(38) as u8, scale: scale.min(38) as i8 })
    }

    fn timestamp(&mut self) -> Result<DataType> {
        self.advance();
        if self.eat_phrase(&[K::Without, K::Time, K::Zone]) {
            return Ok(DataType::TimestampNtz);
        }
        Ok(DataType::Timestamp)
    }

    fn time(&mut self) -> Result<DataType> {
        self.advance();
        let mut precision = 6;
        if self.eat(Kind::LeftParen) {
            precision = self.integer::<u32>()?;
            self.expect(Kind::RightParen)?;
        }
        self.eat_phrase(&[K::Without, K::Time, K::Zone]);
        if precision > 6 {
            let error = Error::new(ErrorKind::Operation, "UNSUPPORTED_TIME_PRECISION");
            self.defer(error.with("precision", precision.to_string()));
        }
        Ok(DataType::Time(precision.min(6) as u8))
    }

    fn interval_type(&mut self, from: Mark) -> Result<DataType> {
        self.advance();
        let Some(first) = self.eat_one_of(&[K::Year, K::Month, K::Day, K::Hour, K::Minute, K::Second]) else {
            return Ok(DataType::CalendarInterval);
        };
        let year_month = |word| match word {
            K::Year => Some(YearMonthField::Year),
            K::Month => Some(YearMonthField::Month),
            _ => None,
        };
        let day_time = |word| match word {
            K::Day => Some(DayTimeField::Day),
            K::Hour => Some(DayTimeField::Hour),
            K::Minute => Some(DayTimeField::Minute),
            K::Second => Some(DayTimeField::Second),
            _ => None,
        };
        let follows = self.keyword_at(1).filter(|_| self.is_keyword(K::To));
        if let Some(from) = year_month(first) {
            let to = follows.filter(|word| *word == K::Month).and_then(year_month);
            self.skip_range(to.is_some());
            return Ok(DataType::YearMonthInterval(from, to.unwrap_or(from)));
        }
        let Some(start) = day_time(first) else { return Err(self.syntax_error()) };
        let to = follows.filter(|word| *word != K::Day).and_then(day_time);
        self.skip_range(to.is_some());
        let stop = to.unwrap_or(start);
        if stop < start {
            let error = self.error("INVALID_INTERVAL_FORMAT.UNSUPPORTED_FROM_TO_EXPRESSION", from);
            self.defer(error.with("input", "").with("from", start.name()).with("to", stop.name()));
            return Ok(DataType::Null);
        }
        Ok(DataType::DayTimeInterval(start, stop))
    }

    fn skip_range(&mut self, present: bool) {
        if present {
            self.advance();
            self.advance();
        }
    }
}
