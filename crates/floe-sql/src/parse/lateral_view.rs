//! `LATERAL VIEW [OUTER] f(x) t AS a, b`.

use floe_base::Result;
use floe_syntax::{Expression, Relation, RelationKind};

use crate::keyword::Keyword as K;
use crate::parser::Parser;
use crate::token::Kind;

impl Parser<'_> {
    pub(crate) fn is_lateral_view(&self) -> bool {
        self.is_phrase(&[K::Lateral, K::View])
    }

    pub(crate) fn lateral_views(&mut self, mut input: Relation) -> Result<Relation> {
        let mut links = 0;
        while self.is_lateral_view() {
            self.link(&mut links)?;
            input = self.lateral_view(input)?;
        }
        Ok(input)
    }

    fn lateral_view(&mut self, input: Relation) -> Result<Relation> {
        let from = self.mark();
        self.expect_phrase(&[K::Lateral, K::View])?;
        let outer = self.is_keyword(K::Outer) && self.is_identifier_at(1);
        if outer {
            self.advance();
        }
        let start = self.mark();
        let mut name = vec![self.identifier()?];
        while self.eat(Kind::Dot) {
            name.push(self.identifier()?);
        }
        let arguments = self.plain_arguments()?;
        let mut generator = Expression::call("", arguments, self.origin(start));
        if let floe_syntax::ExpressionKind::Call(call) = &mut generator.kind {
            call.name = name;
        }
        let table = Some(self.identifier()?);
        let explicit = self.eat_keyword(K::As);
        let mut columns = Vec::new();
        if explicit || (self.is_identifier() && !self.starts_clause() && !self.starts_join()) {
            columns = self.list(Self::identifier)?;
        }
        let kind = RelationKind::LateralView { input, generator, outer, table, columns };
        Ok(Relation::new(kind, self.origin(from)))
    }
}
