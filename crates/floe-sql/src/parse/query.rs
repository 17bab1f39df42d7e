//! Queries: WITH, set operations, ORDER BY and its kin. One SELECT is in `select.rs`, FROM in `from.rs`.

use floe_base::Result;
use floe_base::error::quoted;
use floe_syntax::relation::{Cte, Query, SetOperator};
use floe_syntax::{Relation, RelationKind};

use crate::keyword::Keyword as K;
use crate::parser::{Mark, Parser};
use crate::token::Kind;

impl Parser<'_> {
    /// `[WITH …] body [ORDER BY …] [LIMIT …]`. A body with nothing around it is returned as it is.
    pub(crate) fn query(&mut self) -> Result<Relation> {
        self.nested(|parser| {
            let from = parser.mark();
            let (with, recursive) = parser.with_clause()?;
            parser.query_under(with, recursive, from)
        })
    }

    /// A query whose WITH was read already.
    pub(crate) fn query_under(&mut self, with: Vec<Cte>, recursive: bool, from: Mark) -> Result<Relation> {
        let body = self.query_term(0, None)?;
        let mut query = Query { with, recursive, ..Query::of(body) };
        self.organisation(&mut query)?;
        Ok(self.finished(query, from))
    }

    /// A query whose first term, in parentheses, was read already.
    pub(crate) fn query_after(&mut self, first: Relation, from: Mark) -> Result<Relation> {
        let body = self.query_term(0, Some((first, from)))?;
        let mut query = Query::of(body);
        self.organisation(&mut query)?;
        Ok(self.finished(query, from))
    }

    /// A body under the CTEs that stand before its statement.
    pub(crate) fn query_with(&self, with: Vec<Cte>, recursive: bool, body: Relation, from: Mark) -> Relation {
        self.finished(Query { with, recursive, ..Query::of(body) }, from)
    }

    fn finished(&self, query: Query, from: Mark) -> Relation {
        let plain = query.with.is_empty()
            && query.order_by.is_empty()
            && query.order_by_all.is_none()
            && query.sort_by.is_empty()
            && query.distribute_by.is_empty()
            && query.cluster_by.is_empty()
            && query.windows.is_empty()
            && query.limit.is_none()
            && query.offset.is_none();
        if plain {
            return query.body;
        }
        Relation::new(RelationKind::Query(Box::new(query)), self.origin(from))
    }

    /// True where a query starts. The words for it are names as well, so the token behind them decides.
    pub(crate) fn starts_query(&self) -> bool {
        self.starts_query_at(0)
    }

    pub(crate) fn starts_query_at(&self, ahead: usize) -> bool {
        let next = self.peek_at(ahead + 1);
        let Some(keyword) = self.keyword_at(ahead) else { return false };
        match keyword {
            K::Select => {
                !matches!(next, Kind::Comma | Kind::RightParen | Kind::End | Kind::Dot | Kind::Arrow | Kind::FatArrow)
            }
            K::From => self.is_identifier_at(ahead + 1) || next == Kind::LeftParen,
            K::Values => !self.ends_name_at(ahead + 1) && next != Kind::FatArrow && next != Kind::DoublePipe,
            K::Table => self.is_identifier_at(ahead + 1) && !self.is_keyword_at(ahead + 1, K::As),
            K::With => self.is_identifier_at(ahead + 1),
            _ => false,
        }
    }

    /// True where a query in parentheses goes on as a larger query.
    pub(crate) fn continues_query(&self) -> bool {
        match self.peek() {
            Kind::PipeArrow => true,
            Kind::Keyword(K::Union | K::Except | K::Intersect | K::Minus | K::Limit | K::Offset) => true,
            Kind::Keyword(K::Order | K::Sort | K::Cluster | K::Distribute) => self.is_keyword_at(1, K::By),
            Kind::Keyword(K::Window) => self.starts_clause(),
            _ => false,
        }
    }

    pub(crate) fn with_clause(&mut self) -> Result<(Vec<Cte>, bool)> {
        if !self.is_keyword(K::With) {
            return Ok((Vec::new(), false));
        }
        let from = self.mark();
        self.advance();
        let recursive = self.is_keyword(K::Recursive) && self.is_identifier_at(1) && !self.is_keyword_at(1, K::As);
        if recursive {
            self.advance();
        }
        let with = self.list(Self::named_query)?;
        let mut names: Vec<_> = with.iter().map(|cte| cte.name.as_str()).collect();
        names.sort_unstable();
        let mut doubled: Vec<_> =
            names.windows(2).filter(|pair| pair.first() == pair.last()).map(|pair| quoted(&pair[..1])).collect();
        doubled.dedup();
        if !doubled.is_empty() {
            return Err(self.error("DUPLICATED_CTE_NAMES", from).with("duplicateNames", doubled.join(", ")));
        }
        Ok((with, recursive))
    }

    /// `name [(a, b)] [MAX RECURSION LEVEL n] [AS] (query)`.
    fn named_query(&mut self) -> Result<Cte> {
        let from = self.mark();
        let name = self.name()?;
        let columns =
            if self.is(Kind::LeftParen) && !self.starts_query_at(1) { self.identifier_list()? } else { Vec::new() };
        let is_limited = self.eat_phrase(&[K::Max, K::Recursion, K::Level]);
        let max_level = if is_limited { Some(self.integer()?) } else { None };
        self.eat_keyword(K::As);
        self.expect(Kind::LeftParen)?;
        let query = self.query()?;
        self.expect(Kind::RightParen)?;
        Ok(Cte { name, columns, query, max_level, origin: self.origin(from) })
    }

    /// Set operations: INTERSECT binds tighter than UNION and EXCEPT; `|>` takes all before it.
    fn query_term(&mut self, power: u8, given: Option<(Relation, Mark)>) -> Result<Relation> {
        let from = given.as_ref().map_or(self.mark(), |(_, from)| *from);
        let mut left = match given {
            Some((first, _)) => first,
            None => self.query_primary()?,
        };
        let mut links = 0;
        loop {
            let (operator, binds) = match self.peek() {
                Kind::PipeArrow if power < 1 => {
                    self.advance();
                    left = self.pipe(left, from)?;
                    self.link(&mut links)?;
                    continue;
                }
                Kind::Keyword(K::Intersect) => (SetOperator::Intersect, 3),
                Kind::Keyword(K::Union) => (SetOperator::Union, 2),
                Kind::Keyword(K::Except | K::Minus) => (SetOperator::Except, 2),
                _ => return Ok(left),
            };
            if binds <= power {
                return Ok(left);
            }
            self.link(&mut links)?;
            self.advance();
            let all = self.set_quantifier();
            let right = self.query_term(binds, None)?;
            let kind = RelationKind::SetOperation { left, right, operator, all, by_name: false, allow_missing: false };
            left = Relation::new(kind, self.origin(from));
        }
    }

    /// `ALL`, or `DISTINCT`, the default.
    pub(crate) fn set_quantifier(&mut self) -> bool {
        self.eat_one_of(&[K::All, K::Distinct]) == Some(K::All)
    }

    /// One term of a set operation.
    pub(crate) fn query_primary(&mut self) -> Result<Relation> {
        let from = self.mark();
        match self.peek() {
            Kind::LeftParen => self.nested(|parser| {
                parser.expect(Kind::LeftParen)?;
                let query = parser.query()?;
                parser.expect(Kind::RightParen)?;
                Ok(query)
            }),
            Kind::Keyword(K::Select) => self.select(),
            Kind::Keyword(K::From) => self.select_behind_from(),
            Kind::Keyword(K::Values) => self.inline_table(),
            Kind::Keyword(K::Table) => {
                self.advance();
                let name = self.table_name()?;
                Ok(Relation::new(RelationKind::Table(name), self.origin(from)))
            }
            Kind::Keyword(K::Map | K::Reduce) => {
                Err(floe_base::Error::unsupported("the TRANSFORM clause").at(&self.origin_here()))
            }
            _ => Err(self.syntax_error()),
        }
    }

    /// ORDER BY, CLUSTER BY, DISTRIBUTE BY, SORT BY, WINDOW, LIMIT and OFFSET, in this order.
    pub(crate) fn organisation(&mut self, query: &mut Query) -> Result<()> {
        let from = self.mark();
        if self.eat_phrase(&[K::Order, K::By]) {
            self.order_by(query).map_err(|error| {
                if Self::is_syntax_error(&error) {
                    self.rewind(from);
                    return self.syntax_error();
                }
                error
            })?;
        }
        if self.eat_phrase(&[K::Cluster, K::By]) {
            query.cluster_by = self.list(Self::expression)?;
        }
        if self.eat_phrase(&[K::Distribute, K::By]) {
            query.distribute_by = self.list(Self::expression)?;
        }
        if self.eat_phrase(&[K::Sort, K::By]) {
            query.sort_by = self.list(Self::sort_item)?;
        }
        let ordered = !query.order_by.is_empty() || query.order_by_all.is_some();
        let combined = usize::from(ordered)
            + usize::from(!query.cluster_by.is_empty())
            + usize::from(!query.distribute_by.is_empty() || !query.sort_by.is_empty());
        if combined > 1 {
            return Err(self.error("UNSUPPORTED_FEATURE.COMBINATION_QUERY_RESULT_CLAUSES", from));
        }
        query.windows = self.window_clause()?;
        if self.eat_keyword(K::Limit) {
            let all = self.is_keyword(K::All) && (self.ends_name_at(1) || self.is_keyword_at(1, K::Offset));
            query.limit = if all { None } else { Some(self.expression()?) };
            if all {
                self.advance();
            }
        }
        if self.eat_keyword(K::Offset) {
            query.offset = Some(self.expression()?);
        }
        Ok(())
    }

    /// `ORDER BY ALL` orders by every column, unless more items follow: then ALL is a column.
    fn order_by(&mut self, query: &mut Query) -> Result<()> {
        let start = self.mark();
        if self.eat_keyword(K::All) {
            if !self.is(Kind::Dot) && !self.is(Kind::LeftParen) {
                let direction = self.sort_direction()?;
                if !self.is(Kind::Comma) && self.operand_is_over() {
                    query.order_by_all = Some(direction);
                    return Ok(());
                }
            }
            self.rewind(start);
        }
        query.order_by = self.list(Self::sort_item)?;
        Ok(())
    }

    /// True where no operator continues the expression before.
    fn operand_is_over(&self) -> bool {
        matches!(self.peek(), Kind::End | Kind::RightParen | Kind::Semicolon | Kind::PipeArrow | Kind::Keyword(_))
    }
}
