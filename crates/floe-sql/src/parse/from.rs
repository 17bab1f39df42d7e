//! FROM: relations by comma, joins, subqueries, tables with time travel, sample and alias.

use floe_base::{Error, Result};
use floe_syntax::relation::{Join, JoinConstraint, JoinKind, TableName, TimeTravel};
use floe_syntax::{Relation, RelationKind};

use crate::keyword::Keyword as K;
use crate::parser::{Mark, Parser};
use crate::token::{Kind, Number};

/// What a parenthesis in FROM holds.
enum Parenthesis {
    Query(Relation),
    Relation(Relation),
}

impl Parser<'_> {
    /// `FROM a, b LATERAL VIEW … PIVOT …`. Commas are cross joins.
    pub(crate) fn relations(&mut self) -> Result<Relation> {
        let from = self.mark();
        self.expect_keyword(K::From)?;
        let start = self.mark();
        let mut left = self.relation()?;
        let mut links = 0;
        while self.eat(Kind::Comma) {
            self.link(&mut links)?;
            let lateral = self.is_lateral();
            let right = self.relation()?;
            let join = Join { left, right, kind: JoinKind::Cross, constraint: JoinConstraint::None, lateral };
            left = Relation::new(RelationKind::Join(Box::new(join)), self.origin(start));
        }
        left = self.lateral_views(left)?;
        while let Some(next) = self.pivot_clause(&mut left, from)? {
            left = next;
        }
        Ok(left)
    }

    /// `LATERAL` before a subquery or table function.
    fn is_lateral(&self) -> bool {
        let has_relation = self.peek_at(1) == Kind::LeftParen || self.is_identifier_at(1);
        self.is_keyword(K::Lateral) && has_relation && !self.is_keyword_at(1, K::View)
    }

    /// One relation with its joins, pivots and unpivots.
    pub(crate) fn relation(&mut self) -> Result<Relation> {
        self.nested(|parser| {
            let from = parser.mark();
            if parser.is_lateral() {
                parser.advance();
            }
            let first = parser.relation_primary()?;
            parser.relation_after(first, from)
        })
    }

    fn check_lateral(&self, relation: &Relation, from: Mark) -> Result<()> {
        let mut inner = relation;
        while let RelationKind::Alias { input, .. }
        | RelationKind::Sample(floe_syntax::relation::Sample { input, .. }) = &*inner.kind
        {
            inner = input;
        }
        match &*inner.kind {
            RelationKind::Table(_) | RelationKind::Values { .. } => {
                Err(self.error("INVALID_SQL_SYNTAX.LATERAL_WITHOUT_SUBQUERY_OR_TABLE_VALUED_FUNC", from))
            }
            _ => Ok(()),
        }
    }

    /// Joins and pivots behind a relation.
    fn relation_after(&mut self, mut left: Relation, from: Mark) -> Result<Relation> {
        let mut links = 0;
        loop {
            if self.starts_join() {
                left = self.join(left, from)?;
            } else if let Some(next) = self.pivot_clause(&mut left, from)? {
                left = next;
            } else {
                return Ok(left);
            }
            self.link(&mut links)?;
        }
    }

    pub(crate) fn starts_join(&self) -> bool {
        let mut ahead = 0;
        while let Some(keyword) = self.keyword_at(ahead) {
            match keyword {
                K::Join => return true,
                K::Inner | K::Cross | K::Left | K::Right | K::Full | K::Outer | K::Semi | K::Anti | K::Natural => {
                    ahead += 1
                }
                _ => break,
            }
            if ahead > 4 {
                break;
            }
        }
        // A join's first word cannot be anything else here: the error belongs behind it.
        matches!(self.keyword(), Some(K::Inner | K::Cross | K::Left | K::Right | K::Full | K::Natural))
    }

    /// `[NATURAL] [type] JOIN [LATERAL] right [ON … | USING (…)]`.
    pub(crate) fn join(&mut self, left: Relation, from: Mark) -> Result<Relation> {
        let clause = self.mark();
        let natural = self.eat_keyword(K::Natural);
        let kind = self.join_kind()?;
        self.expect_keyword(K::Join)?;
        let lateral = self.is_lateral();
        if lateral {
            self.advance();
        }
        let place = self.mark();
        let right = self.nested(Self::relation_primary)?;
        if lateral {
            self.check_lateral(&right, place)?;
            self.check_lateral_join(kind, clause)?;
        }
        let constraint = if natural {
            JoinConstraint::Natural
        } else if self.eat_keyword(K::On) {
            JoinConstraint::On(self.expression()?)
        } else if self.is_keyword(K::Using) {
            if lateral {
                return Err(self.error("UNSUPPORTED_FEATURE.LATERAL_JOIN_USING", clause));
            }
            self.advance();
            JoinConstraint::Using(self.identifier_list()?)
        } else {
            JoinConstraint::None
        };
        if natural && kind == JoinKind::Cross {
            let error = self.error("INCOMPATIBLE_JOIN_TYPES", clause);
            return Err(error.with("joinType1", "NATURAL").with("joinType2", "CROSS"));
        }
        let join = Join { left, right, kind, constraint, lateral };
        Ok(Relation::new(RelationKind::Join(Box::new(join)), self.origin(from)))
    }

    fn check_lateral_join(&self, kind: JoinKind, from: Mark) -> Result<()> {
        let name = match kind {
            JoinKind::Inner | JoinKind::Cross | JoinKind::LeftOuter => return Ok(()),
            JoinKind::RightOuter => "RIGHT OUTER",
            JoinKind::FullOuter => "FULL OUTER",
            JoinKind::LeftSemi => "LEFT SEMI",
            JoinKind::LeftAnti => "LEFT ANTI",
        };
        Err(self.error("INVALID_LATERAL_JOIN_TYPE", from).with("joinType", name))
    }

    fn join_kind(&mut self) -> Result<JoinKind> {
        let first = self.eat_one_of(&[K::Inner, K::Cross, K::Left, K::Right, K::Full, K::Semi, K::Anti]);
        Ok(match first {
            None | Some(K::Inner) => JoinKind::Inner,
            Some(K::Cross) => JoinKind::Cross,
            Some(K::Semi) => JoinKind::LeftSemi,
            Some(K::Anti) => JoinKind::LeftAnti,
            Some(K::Left) => match self.eat_one_of(&[K::Outer, K::Semi, K::Anti]) {
                Some(K::Semi) => JoinKind::LeftSemi,
                Some(K::Anti) => JoinKind::LeftAnti,
                _ => JoinKind::LeftOuter,
            },
            Some(side) => {
                self.eat_keyword(K::Outer);
                if side == K::Right { JoinKind::RightOuter } else { JoinKind::FullOuter }
            }
        })
    }

    /// A table, subquery, VALUES, table function or relation in parentheses, with its alias.
    fn relation_primary(&mut self) -> Result<Relation> {
        let from = self.mark();
        match self.peek() {
            Kind::LeftParen => {
                let inner = match self.parenthesised_relation()? {
                    Parenthesis::Query(inner) | Parenthesis::Relation(inner) => inner,
                };
                let sampled = self.sampled(inner, from)?;
                self.aliased_relation(sampled, from)
            }
            Kind::Keyword(K::Values) if self.starts_query() => self.inline_table(),
            Kind::Keyword(K::Stream)
                if self.is_identifier_at(1) && !self.starts_join_at_stream() || self.is_stream_call() =>
            {
                Err(Error::unsupported("STREAM relations").at(&self.origin_here()))
            }
            _ => self.table_or_function(from),
        }
    }

    /// `stream` is a table's name where an alias or clause follows it.
    fn starts_join_at_stream(&self) -> bool {
        matches!(self.peek_at(1), Kind::Keyword(_))
    }

    fn is_stream_call(&self) -> bool {
        self.is_keyword(K::Stream) && self.peek_at(1) == Kind::LeftParen && self.is_identifier_at(2)
    }

    /// As for expressions: whether the inner parenthesis is a query or a relation shows behind it.
    fn parenthesised_relation(&mut self) -> Result<Parenthesis> {
        self.nested(|parser| {
            parser.expect(Kind::LeftParen)?;
            let found = if parser.starts_query() {
                Parenthesis::Query(parser.query()?)
            } else if parser.is(Kind::LeftParen) {
                let start = parser.mark();
                match parser.parenthesised_relation()? {
                    Parenthesis::Query(query) if parser.is(Kind::RightParen) || parser.continues_query() => {
                        Parenthesis::Query(parser.query_after(query, start)?)
                    }
                    Parenthesis::Query(inner) | Parenthesis::Relation(inner) => {
                        let sampled = parser.sampled(inner, start)?;
                        let named = parser.aliased_relation(sampled, start)?;
                        Parenthesis::Relation(parser.relation_after(named, start)?)
                    }
                }
            } else {
                Parenthesis::Relation(parser.relation()?)
            };
            parser.expect(Kind::RightParen)?;
            Ok(found)
        })
    }

    fn table_or_function(&mut self, from: Mark) -> Result<Relation> {
        let mut name = self.table_name()?;
        if self.is(Kind::LeftParen) && name.identifier.is_none() {
            return self.table_function(name.parts, from);
        }
        name.time_travel = self.time_travel()?;
        if self.is_keyword(K::With) && self.peek_at(1) == Kind::LeftParen && !self.starts_query_at(2) {
            self.advance();
            name.options = self.properties()?;
        }
        let table = Relation::new(RelationKind::Table(name), self.origin(from));
        let sampled = self.sampled(table, from)?;
        self.aliased_relation(sampled, from)
    }

    /// `[FOR] (VERSION | SYSTEM_VERSION) AS OF v`, `[FOR] (TIMESTAMP | SYSTEM_TIME) AS OF t`.
    fn time_travel(&mut self) -> Result<Option<TimeTravel>> {
        let ahead = usize::from(self.is_keyword(K::For));
        let versioned = match self.keyword_at(ahead) {
            Some(K::Version | K::SystemVersion) => true,
            Some(K::Timestamp | K::SystemTime) => false,
            _ => return Ok(None),
        };
        // Without AS behind it, the word is an alias.
        if ahead == 0 && !self.is_keyword_at(1, K::As) {
            return Ok(None);
        }
        for _ in 0..=ahead {
            self.advance();
        }
        self.expect_keyword(K::As)?;
        self.expect_keyword(K::Of)?;
        if !versioned {
            return Ok(Some(TimeTravel::Timestamp(Box::new(self.value_expression()?))));
        }
        let token = self.token();
        let version = match token.kind {
            Kind::Number(Number::Integer) => self.slice(token).to_string(),
            Kind::String | Kind::DoubleQuoted => self.string_of(token),
            _ => return Err(self.syntax_error()),
        };
        self.advance();
        Ok(Some(TimeTravel::Version(version)))
    }

    /// `[AS] alias [(a, b)]` behind a relation.
    pub(crate) fn aliased_relation(&mut self, input: Relation, from: Mark) -> Result<Relation> {
        if self.is_keyword(K::Watermark) && self.starts_clause() {
            return Err(Error::unsupported("the WATERMARK clause").at(&self.origin_here()));
        }
        let Some(name) = self.table_alias()? else { return Ok(input) };
        let columns = if self.is(Kind::LeftParen) { self.identifier_list()? } else { Vec::new() };
        let kind = RelationKind::Alias { input, name: vec![name], columns };
        Ok(Relation::new(kind, self.origin(from)))
    }

    /// A table by name with an optional alias, as UPDATE, DELETE and MERGE take it.
    pub(crate) fn target(&mut self, statement: &str) -> Result<(TableName, Option<String>)> {
        let name = self.table_name()?;
        let alias = self.table_alias()?;
        self.refuse_column_aliases(alias.is_some(), statement)?;
        Ok((name, alias))
    }

    /// `t AS x (a, b)` has no meaning for a table that is written to.
    pub(crate) fn refuse_column_aliases(&mut self, aliased: bool, statement: &str) -> Result<()> {
        if !aliased || !self.is(Kind::LeftParen) {
            return Ok(());
        }
        let from = self.mark();
        self.identifier_list()?;
        let error = self.error("COLUMN_ALIASES_NOT_ALLOWED", from).with("op", statement);
        self.defer(error);
        Ok(())
    }
}
