//! PIVOT and UNPIVOT.

use floe_base::Result;
use floe_syntax::relation::{Pivot, Unpivot};
use floe_syntax::{Expression, Relation, RelationKind};

use crate::keyword::Keyword as K;
use crate::parser::{Mark, Parser};
use crate::token::Kind;

impl Parser<'_> {
    /// A PIVOT or UNPIVOT behind a relation, if there is one. `input` is taken only then.
    pub(crate) fn pivot_clause(&mut self, input: &mut Relation, from: Mark) -> Result<Option<Relation>> {
        let is_pivot = match self.keyword() {
            Some(K::Pivot) if self.starts_clause() => true,
            Some(K::Unpivot) if self.starts_clause() => false,
            _ => return Ok(None),
        };
        let empty = Relation::new(RelationKind::OneRow, floe_base::Origin::Unknown);
        let input = std::mem::replace(input, empty);
        let found = if is_pivot { self.pivot(input, from)? } else { self.unpivot(input, from)? };
        Ok(Some(found))
    }

    fn pivot(&mut self, input: Relation, from: Mark) -> Result<Relation> {
        self.expect_keyword(K::Pivot)?;
        self.expect(Kind::LeftParen)?;
        let aggregates = self.list(Self::named_expression)?;
        self.expect_keyword(K::For)?;
        let columns = if self.is(Kind::LeftParen) {
            self.parenthesised_list(Self::pivot_column)?
        } else {
            vec![self.pivot_column()?]
        };
        self.expect_keyword(K::In)?;
        let values = self.parenthesised_list(|parser| {
            let value = parser.expression()?;
            let explicit = parser.eat_keyword(K::As);
            let alias = if explicit || parser.is_identifier() { Some(parser.name()?) } else { None };
            Ok((value, alias))
        })?;
        self.expect(Kind::RightParen)?;
        let pivot = Pivot { input, aggregates, columns, values };
        let pivoted = Relation::new(RelationKind::Pivot(Box::new(pivot)), self.origin(from));
        Ok(pivoted)
    }

    fn pivot_column(&mut self) -> Result<Expression> {
        let from = self.mark();
        let name = self.name()?;
        Ok(Expression::column(vec![name], self.origin(from)))
    }

    fn unpivot(&mut self, input: Relation, from: Mark) -> Result<Relation> {
        self.expect_keyword(K::Unpivot)?;
        let include_nulls = match self.eat_one_of(&[K::Include, K::Exclude]) {
            Some(word) => {
                self.expect_keyword(K::Nulls)?;
                word == K::Include
            }
            None => false,
        };
        self.expect(Kind::LeftParen)?;
        let several = self.is(Kind::LeftParen);
        let values = if several { self.parenthesised_list(Self::identifier)? } else { vec![self.identifier()?] };
        self.expect_keyword(K::For)?;
        let variable = self.identifier()?;
        self.expect_keyword(K::In)?;
        let groups = self.parenthesised_list(|parser| {
            let columns =
                if several { parser.parenthesised_list(Self::unpivot_column)? } else { vec![parser.unpivot_column()?] };
            let explicit = parser.eat_keyword(K::As);
            let alias = if explicit || parser.is_identifier() { Some(parser.name()?) } else { None };
            Ok((columns, alias))
        })?;
        self.expect(Kind::RightParen)?;
        let unpivot = Unpivot { input, ids: None, groups: Some(groups), variable, values, include_nulls };
        let found = Relation::new(RelationKind::Unpivot(Box::new(unpivot)), self.origin(from));
        let explicit = self.is_keyword(K::As);
        if !explicit && (!self.is_identifier() || self.starts_clause() || self.starts_join()) {
            return Ok(found);
        }
        self.eat_keyword(K::As);
        let name = vec![self.name()?];
        let kind = RelationKind::Alias { input: found, name, columns: Vec::new() };
        Ok(Relation::new(kind, self.origin(from)))
    }

    fn unpivot_column(&mut self) -> Result<Expression> {
        let from = self.mark();
        let parts = self.multipart()?;
        Ok(Expression::column(parts, self.origin(from)))
    }
}
