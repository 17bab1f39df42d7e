//! Data types as SQL writes them: `INT`, `DECIMAL(10,2)`, `ARRAY<STRUCT<a: INT>>`, `INTERVAL DAY TO SECOND`.

use floe_base::{Error, Result};
use floe_syntax::data_type::{DayTimeField, YearMonthField};
use floe_syntax::{DataType, Field};

use crate::keyword::Keyword as K;
use crate::parser::{Mark, Parser};
use crate::token::Kind;

impl Parser<'_> {
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
            K::Char | K::Character => self.sized(from, "CHARACTER", DataType::Char),
            K::Varchar => self.sized(from, "VARCHAR", DataType::Varchar),
            K::Decimal | K::Dec | K::Numeric => self.decimal(from),
            K::Interval => self.interval_type(from),
            K::Timestamp => self.timestamp(),
            K::Time => self.time(from),
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

    fn unknown_type(&mut self, from: Mark) -> Result<DataType> {
        let name = self.identifier()?;
        let mut shown = name.to_uppercase();
        if self.is(Kind::LeftParen) {
            let numbers: Vec<i64> = self.parenthesised_list(Self::integer)?;
            let numbers: Vec<_> = numbers.iter().map(ToString::to_string).collect();
            shown = format!("{shown}({})", numbers.join(","));
        }
        Err(self.error("UNSUPPORTED_DATATYPE", from).with("typeName", format!("\"{shown}\"")))
    }

    fn array(&mut self, from: Mark) -> Result<DataType> {
        self.advance();
        if !self.eat(Kind::Less) {
            return Err(self.error("INCOMPLETE_TYPE_DEFINITION.ARRAY", from));
        }
        let element = Box::new(self.data_type()?);
        self.expect(Kind::Greater)?;
        Ok(DataType::Array { element, nullable: true })
    }

    fn map(&mut self, from: Mark) -> Result<DataType> {
        self.advance();
        if !self.eat(Kind::Less) {
            return Err(self.error("INCOMPLETE_TYPE_DEFINITION.MAP", from));
        }
        let key = Box::new(self.data_type()?);
        self.expect(Kind::Comma)?;
        let value = Box::new(self.data_type()?);
        self.expect(Kind::Greater)?;
        Ok(DataType::Map { key, value, nullable: true })
    }

    fn structure(&mut self, from: Mark) -> Result<DataType> {
        self.advance();
        // `STRUCT<>` is lexed as the operator "not equal".
        if self.eat(Kind::NotEqual) {
            return Ok(DataType::Struct(Vec::new()));
        }
        if !self.eat(Kind::Less) {
            return Err(self.error("INCOMPLETE_TYPE_DEFINITION.STRUCT", from));
        }
        if self.eat(Kind::Greater) {
            return Ok(DataType::Struct(Vec::new()));
        }
        let fields = self.list(|parser| parser.field(true))?;
        self.expect(Kind::Greater)?;
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
        self.advance();
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
        Ok(DataType::String)
    }

    fn sized(&mut self, from: Mark, name: &str, build: fn(u32) -> DataType) -> Result<DataType> {
        self.advance();
        if !self.eat(Kind::LeftParen) {
            return Err(self.error("DATATYPE_MISSING_SIZE", from).with("type", format!("\"{name}\"")));
        }
        let length = self.integer()?;
        self.expect(Kind::RightParen)?;
        Ok(build(length))
    }

    fn decimal(&mut self, from: Mark) -> Result<DataType> {
        self.advance();
        if !self.eat(Kind::LeftParen) {
            return Ok(DataType::Decimal { precision: 10, scale: 0 });
        }
        let precision: i32 = self.integer()?;
        let scale: i32 = if self.eat(Kind::Comma) { self.integer()? } else { 0 };
        self.expect(Kind::RightParen)?;
        if precision > 38 {
            let error = self.error("DECIMAL_PRECISION_EXCEEDS_MAX_PRECISION", from);
            return Err(error.with("precision", precision.to_string()).with("maxPrecision", "38"));
        }
        if scale > precision {
            let error = Error::analysis("_LEGACY_ERROR_TEMP_1228").at(&self.origin(from));
            return Err(error.with("scale", scale.to_string()).with("precision", precision.to_string()));
        }
        Ok(DataType::Decimal { precision: precision as u8, scale: scale as i8 })
    }

    fn timestamp(&mut self) -> Result<DataType> {
        self.advance();
        if self.eat_phrase(&[K::Without, K::Time, K::Zone]) {
            return Ok(DataType::TimestampNtz);
        }
        Ok(DataType::Timestamp)
    }

    fn time(&mut self, from: Mark) -> Result<DataType> {
        self.advance();
        let mut precision = 6;
        if self.eat(Kind::LeftParen) {
            precision = self.integer::<u32>()?;
            self.expect(Kind::RightParen)?;
        }
        self.eat_phrase(&[K::Without, K::Time, K::Zone]);
        if precision > 6 {
            return Err(self.error("UNSUPPORTED_TIME_PRECISION", from).with("precision", precision.to_string()));
        }
        Ok(DataType::Time(precision as u8))
    }

    fn interval_type(&mut self, from: Mark) -> Result<DataType> {
        self.advance();
        let Some(first) = self.eat_one_of(&[K::Year, K::Month, K::Day, K::Hour, K::Minute, K::Second]) else {
            return Ok(DataType::CalendarInterval);
        };
        let last = if self.eat_keyword(K::To) {
            let last = self.eat_one_of(&[K::Month, K::Hour, K::Minute, K::Second]);
            last.ok_or_else(|| self.syntax_error())?
        } else {
            first
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
        match (year_month(first), year_month(last), day_time(first), day_time(last)) {
            (Some(from), Some(to), ..) if from <= to => Ok(DataType::YearMonthInterval(from, to)),
            (_, _, Some(from), Some(to)) if from <= to => Ok(DataType::DayTimeInterval(from, to)),
            _ => {
                let text = format!(
                    "[_LEGACY_ERROR_TEMP_1224] Intervals from {} to {} are not supported.",
                    first.text().to_lowercase(),
                    last.text().to_lowercase()
                );
                Err(Error::message(floe_base::error::Kind::Parse, text).at(&self.origin(from)))
            }
        }
    }
}
