//! The pipe syntax: `FROM t |> WHERE a > 1 |> AGGREGATE sum(b) GROUP BY c`.

use floe_base::Result;
use floe_syntax::expression::Star;
use floe_syntax::relation::{Aggregate, GroupBy, Query, Select, SetOperator};
use floe_syntax::{Expression, ExpressionKind, Relation, RelationKind};

use crate::keyword::Keyword as K;
use crate::parser::{Mark, Parser};
use crate::token::Kind;

impl Parser<'_> {
    /// What stands behind `|>`, applied to all before it.
    pub(crate) fn pipe(&mut self, mut input: Relation, from: Mark) -> Result<Relation> {
        let clause = self.mark();
        match self.keyword() {
            Some(K::Select) => self.pipe_select(input, from),
            Some(K::Extend) => self.pipe_extend(input, from),
            Some(K::Set) => self.pipe_set(input, from),
            Some(K::Drop) => self.pipe_drop(input, from),
            Some(K::As) => {
                self.advance();
                let name = vec![self.name()?];
                Ok(Relation::new(RelationKind::Alias { input, name, columns: Vec::new() }, self.origin(from)))
            }
            Some(K::Where) => self.pipe_where(input, from, clause),
            Some(K::Pivot | K::Unpivot) if self.starts_clause() => match self.pivot_clause(&mut input, from)? {
                Some(found) => Ok(found),
                None => Err(self.syntax_error()),
            },
            Some(K::Tablesample) => self.sampled(input, from),
            Some(K::Union | K::Except | K::Minus | K::Intersect) => self.pipe_set_operation(input, from),
            Some(K::Aggregate) => self.pipe_aggregate(input, from, clause),
            _ if self.starts_join() => self.join(input, from),
            _ => self.pipe_organisation(input, from),
        }
    }

    fn pipe_select(&mut self, input: Relation, from: Mark) -> Result<Relation> {
        let mut select = self.select_clause()?;
        select.from = Some(input);
        select.windows = self.window_clause()?;
        Ok(Relation::new(RelationKind::Select(Box::new(select)), self.origin(from)))
    }

    /// All columns and then these.
    fn pipe_extend(&mut self, input: Relation, from: Mark) -> Result<Relation> {
        self.expect_keyword(K::Extend)?;
        let place = self.mark();
        let added = self.list(Self::named_expression)?;
        let star = Expression::new(ExpressionKind::Star(Star::default()), self.origin(place));
        let projection = std::iter::once(star).chain(added).collect();
        Ok(self.projected(input, projection, from))
    }

    fn projected(&self, input: Relation, projection: Vec<Expression>, from: Mark) -> Relation {
        let select = Select {
            hints: Vec::new(),
            distinct: false,
            projection,
            from: Some(input),
            filter: None,
            group_by: GroupBy::None,
            having: None,
            windows: Vec::new(),
        };
        Relation::new(RelationKind::Select(Box::new(select)), self.origin(from))
    }

    /// Each assignment sees those before it.
    fn pipe_set(&mut self, mut input: Relation, from: Mark) -> Result<Relation> {
        self.expect_keyword(K::Set)?;
        let place = self.mark();
        loop {
            let name = self.name()?;
            if self.is(Kind::Dot) {
                while self.eat(Kind::Dot) {
                    self.name()?;
                }
                let text = "Operation not allowed: SQL pipe syntax |> SET operator with multi-part assignment key (only single-part keys are allowed).";
                let error = self.refused(text, place);
                self.defer(error);
            }
            self.expect(Kind::Equal)?;
            let value = self.expression()?;
            let kind = RelationKind::WithColumns { input, columns: vec![(name, value, None)] };
            input = Relation::new(kind, self.origin(from));
            if !self.eat(Kind::Comma) {
                return Ok(input);
            }
        }
    }

    /// All columns but these; they must exist.
    fn pipe_drop(&mut self, input: Relation, from: Mark) -> Result<Relation> {
        self.expect_keyword(K::Drop)?;
        let place = self.mark();
        let except = self.list(Self::name)?.into_iter().map(|name| vec![name]).collect();
        let star = ExpressionKind::Star(Star { except, ..Star::default() });
        let star = Expression::new(star, self.origin(place));
        Ok(self.projected(input, vec![star], from))
    }

    fn pipe_where(&mut self, input: Relation, from: Mark, clause: Mark) -> Result<Relation> {
        self.expect_keyword(K::Where)?;
        let condition = self.expression()?;
        if self.is_keyword(K::Window) && self.starts_clause() {
            self.window_clause()?;
            let error = self.error("NOT_ALLOWED_IN_PIPE_OPERATOR_WHERE.WINDOW_CLAUSE", clause);
            self.defer(error);
        }
        Ok(Relation::new(RelationKind::Filter { input, condition }, self.origin(from)))
    }

    fn pipe_set_operation(&mut self, left: Relation, from: Mark) -> Result<Relation> {
        let operator = match self.advance().kind {
            Kind::Keyword(K::Union) => SetOperator::Union,
            Kind::Keyword(K::Intersect) => SetOperator::Intersect,
            _ => SetOperator::Except,
        };
        let all = self.set_quantifier();
        let right = self.query_primary()?;
        let kind = RelationKind::SetOperation { left, right, operator, all, by_name: false, allow_missing: false };
        Ok(Relation::new(kind, self.origin(from)))
    }

    fn pipe_aggregate(&mut self, input: Relation, from: Mark, clause: Mark) -> Result<Relation> {
        self.expect_keyword(K::Aggregate)?;
        let is_over = self.is_phrase(&[K::Group, K::By]) || self.is(Kind::End);
        let aggregates = if is_over { Vec::new() } else { self.list(Self::named_expression)? };
        let group_by = self.group_by(true)?;
        if aggregates.is_empty() && matches!(group_by, GroupBy::None) {
            let text = "Operation not allowed: The AGGREGATE clause requires a list of aggregate expressions or a list of grouping expressions, or both.";
            let error = self.refused(text, clause);
            self.defer(error);
        }
        let aggregate = Aggregate { input, group_by, pivot: None, aggregates };
        Ok(Relation::new(RelationKind::Aggregate(Box::new(aggregate)), self.origin(from)))
    }

    fn pipe_organisation(&mut self, input: Relation, from: Mark) -> Result<Relation> {
        let start = self.mark();
        let mut query = Query::of(input);
        self.organisation(&mut query)?;
        if self.mark() == start {
            return Ok(query.body);
        }
        let ordered = !query.order_by.is_empty() || query.order_by_all.is_some();
        if ordered && query.limit.is_some() {
            let error = self.error("MULTIPLE_QUERY_RESULT_CLAUSES_WITH_PIPE_OPERATORS", start);
            self.defer(error.with("clause1", "ORDER BY").with("clause2", "LIMIT"));
        }
        Ok(Relation::new(RelationKind::Query(Box::new(query)), self.origin(from)))
    }
}
