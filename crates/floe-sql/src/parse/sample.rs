//! `TABLESAMPLE (10 PERCENT | 5 ROWS | BUCKET 1 OUT OF 4) [REPEATABLE (seed)]`.

use floe_base::Result;
use floe_syntax::relation::{Sample, SampleMethod};
use floe_syntax::{Relation, RelationKind};

use crate::keyword::Keyword as K;
use crate::parser::{Mark, Parser};
use crate::token::{Kind, Number};

impl Parser<'_> {
    /// A relation with the sample taken of it, if one is.
    pub(crate) fn sampled(&mut self, input: Relation, from: Mark) -> Result<Relation> {
        if !self.is_keyword(K::Tablesample) || self.peek_at(1) != Kind::LeftParen {
            return Ok(input);
        }
        let place = self.mark();
        self.advance();
        self.expect(Kind::LeftParen)?;
        let method = self.sample_method(place)?;
        self.expect(Kind::RightParen)?;
        let mut seed = None;
        if self.is_keyword(K::Repeatable) && self.peek_at(1) == Kind::LeftParen {
            self.advance();
            self.expect(Kind::LeftParen)?;
            seed = Some(self.integer()?);
            self.expect(Kind::RightParen)?;
        }
        let sample = Sample { input, with_replacement: false, seed, method };
        Ok(Relation::new(RelationKind::Sample(sample), self.origin(from)))
    }

    fn sample_method(&mut self, clause: Mark) -> Result<SampleMethod> {
        let from = self.mark();
        if self.is(Kind::RightParen) {
            return Err(self.refused("TABLESAMPLE does not accept empty inputs.", clause));
        }
        if self.is_keyword(K::Bucket) && matches!(self.peek_at(1), Kind::Number(_)) {
            return self.buckets(from);
        }
        let sign = usize::from(self.is(Kind::Minus));
        let is_number = matches!(self.peek_at(sign), Kind::Number(Number::Integer | Number::Decimal));
        if is_number && self.is_keyword_at(sign + 1, K::Percent) {
            return self.percent(sign == 1, clause);
        }
        let size = self.expression()?;
        if self.eat_keyword(K::Rows) {
            return Ok(SampleMethod::Rows(size));
        }
        Err(self.refused("TABLESAMPLE(byteLengthLiteral) is not supported.", from))
    }

    fn percent(&mut self, negative: bool, from: Mark) -> Result<SampleMethod> {
        self.eat(Kind::Minus);
        let token = self.advance();
        let percent: f64 = self.slice(token).parse().map_err(|_| self.syntax_error())?;
        self.expect_keyword(K::Percent)?;
        let upper = if negative { -percent } else { percent } / 100.0;
        if !(-1e-6..=1.0 + 1e-6).contains(&upper) {
            return Err(self.refused(format!("Sampling fraction ({upper:?}) must be on interval [0, 1]."), from));
        }
        Ok(SampleMethod::Fraction { lower: 0.0, upper })
    }

    fn buckets(&mut self, from: Mark) -> Result<SampleMethod> {
        self.expect_keyword(K::Bucket)?;
        let numerator = self.integer()?;
        self.expect_phrase(&[K::Out, K::Of])?;
        let denominator = self.integer()?;
        if self.eat_keyword(K::On) {
            self.multipart()?;
            let what = if self.eat(Kind::LeftParen) {
                self.expect(Kind::RightParen)?;
                "BUCKET x OUT OF y ON function"
            } else {
                "BUCKET x OUT OF y ON colname"
            };
            return Err(self.refused(format!("TABLESAMPLE({what}) is not supported."), from));
        }
        Ok(SampleMethod::Bucket { numerator, denominator })
    }
}
