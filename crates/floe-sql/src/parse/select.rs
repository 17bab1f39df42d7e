//! SELECT with its clauses, FROM-first queries, VALUES, and GROUP BY in all its forms.

use floe_base::{Error, Result};
use floe_syntax::relation::{GroupBy, GroupingElement, Query, Select};
use floe_syntax::{Expression, ExpressionKind, Relation, RelationKind};

use crate::keyword::Keyword as K;
use crate::parser::{Mark, Parser};
use crate::token::Kind;

impl Parser<'_> {
    /// `SELECT … [FROM …] …`.
    pub(crate) fn select(&mut self) -> Result<Relation> {
        let from = self.mark();
        let mut select = self.select_clause()?;
        if self.is_keyword(K::From) {
            select.from = Some(self.relations()?);
        }
        self.select_tail(&mut select)?;
        Ok(Relation::new(RelationKind::Select(Box::new(select)), self.origin(from)))
    }

    /// `SELECT [hints] [DISTINCT] expressions`, nothing more.
    pub(crate) fn select_clause(&mut self) -> Result<Select> {
        self.expect_keyword(K::Select)?;
        let transforms = self.is_keyword(K::Transform) && self.peek_at(1) == Kind::LeftParen;
        let hints = self.hints()?;
        let distinct = self.distinct();
        let projection = self.list(Self::named_expression)?;
        // `transform` is a function as well; as a clause it has a script behind it.
        if transforms && matches!(self.keyword(), Some(K::Using | K::Row | K::Recordwriter)) {
            return Err(Error::unsupported("the TRANSFORM clause").at(&self.origin_here()));
        }
        Ok(Select {
            hints,
            distinct,
            projection,
            from: None,
            filter: None,
            group_by: GroupBy::None,
            having: None,
            windows: Vec::new(),
        })
    }

    /// LATERAL VIEW, WHERE, GROUP BY, HAVING and WINDOW behind FROM.
    pub(crate) fn select_tail(&mut self, select: &mut Select) -> Result<()> {
        if self.is_lateral_view() {
            let place = self.mark();
            let input = select.from.take().unwrap_or_else(|| Relation::new(RelationKind::OneRow, self.origin(place)));
            select.from = Some(self.lateral_views(input)?);
        }
        if self.eat_keyword(K::Where) {
            select.filter = Some(self.expression()?);
        }
        select.group_by = self.group_by(false)?;
        if self.eat_keyword(K::Having) {
            select.having = Some(self.expression()?);
        }
        select.windows = self.window_clause()?;
        Ok(())
    }

    /// `FROM t SELECT …`. `FROM t` alone is all of its columns. Several SELECTs behind one FROM would each need a copy of
    /// it, and copies of copies when nested: they are known by name only.
    pub(crate) fn select_behind_from(&mut self) -> Result<Relation> {
        let source = self.relations()?;
        if !self.is_keyword(K::Select) {
            return Ok(source);
        }
        let from = self.mark();
        let mut select = self.select_clause()?;
        select.from = Some(source);
        self.select_tail(&mut select)?;
        let body = Relation::new(RelationKind::Select(Box::new(select)), self.origin(from));
        let query = self.organised(body, from)?;
        if self.is_keyword(K::Select) {
            return Err(Error::unsupported("several SELECTs behind one FROM").at(&self.origin_here()));
        }
        Ok(query)
    }

    /// A body with the ORDER BY and LIMIT that follow it.
    pub(crate) fn organised(&mut self, body: Relation, from: Mark) -> Result<Relation> {
        let starts = self.mark();
        let mut query = Query::of(body);
        self.organisation(&mut query)?;
        if self.mark() == starts {
            return Ok(query.body);
        }
        Ok(Relation::new(RelationKind::Query(Box::new(query)), self.origin(from)))
    }

    /// `VALUES (1, 2), (3, 4) [AS t (a, b)]`. A row is a parenthesis or `struct(…)`; anything else is one column.
    pub(crate) fn inline_table(&mut self) -> Result<Relation> {
        let from = self.mark();
        self.expect_keyword(K::Values)?;
        let outer = std::mem::replace(&mut self.in_values, true);
        let mut width = 0;
        let rows = self.list(|parser| {
            let row = parser.values_row(width)?;
            width = row.len();
            Ok(row)
        });
        self.in_values = outer;
        let kind = RelationKind::Values { rows: rows? };
        let values = Relation::new(kind, self.origin(from));
        self.aliased_relation(values, from)
    }

    /// One row. In parentheses its columns are read straight into the row; `width` is how many the last one had.
    fn values_row(&mut self, width: usize) -> Result<Vec<Expression>> {
        let plain = self.is(Kind::LeftParen)
            && !matches!(self.peek_at(1), Kind::LeftParen | Kind::RightParen)
            && !self.starts_query_at(1)
            && !self.is_lambda_list();
        if !plain {
            return self.expression().map(row);
        }
        let from = self.mark();
        self.expect(Kind::LeftParen)?;
        let start = self.mark();
        let first = self.expression()?;
        if self.is(Kind::RightParen) {
            self.advance();
            return self.continued_row(vec![first], from);
        }
        let first = self.aliased(first, start)?;
        if !self.is(Kind::Comma) {
            return Err(self.syntax_error());
        }
        let mut items = Vec::with_capacity(width);
        items.push(unaliased(first));
        while self.eat(Kind::Comma) {
            items.push(unaliased(self.named_expression()?));
        }
        if !self.eat(Kind::RightParen) {
            return Err(self.extra_input());
        }
        self.continued_row(items, from)
    }

    /// Behind a row in parentheses an operator may show that it was only an operand.
    fn continued_row(&mut self, mut items: Vec<Expression>, from: Mark) -> Result<Vec<Expression>> {
        if matches!(self.peek(), Kind::Comma | Kind::End | Kind::Semicolon | Kind::RightParen) {
            return Ok(items);
        }
        let operand = match (items.pop(), items.is_empty()) {
            (Some(single), true) => single,
            (last, _) => Expression::call("()", items.into_iter().chain(last).collect(), self.origin(from)),
        };
        self.disjunction(Some((operand, from))).map(row)
    }

    /// GROUP BY in any form. Only behind `|>` may its expressions have names.
    pub(crate) fn group_by(&mut self, named: bool) -> Result<GroupBy> {
        if !self.eat_phrase(&[K::Group, K::By]) {
            return Ok(GroupBy::None);
        }
        if self.is_keyword(K::All) && self.group_by_all_ends() {
            self.advance();
            return Ok(GroupBy::All);
        }
        let mut elements = self.list(|parser| parser.grouping_item(named))?;
        if self.is_keyword(K::With) && matches!(self.keyword_at(1), Some(K::Rollup | K::Cube)) {
            self.advance();
            let rollup = self.advance().kind == Kind::Keyword(K::Rollup);
            let groups = elements.into_iter().map(composite).collect();
            elements = vec![if rollup { GroupingElement::Rollup(groups) } else { GroupingElement::Cube(groups) }];
        } else if self.is_phrase(&[K::Grouping, K::Sets]) {
            // Hive's form: the sets choose among the expressions before them.
            self.expect_phrase(&[K::Grouping, K::Sets])?;
            let sets = self.parenthesised_list(Self::grouping_set)?;
            elements = vec![GroupingElement::Sets(sets.into_iter().map(GroupingElement::Group).collect())];
        }
        Ok(GroupBy::Elements(elements))
    }

    fn group_by_all_ends(&self) -> bool {
        match self.peek_at(1) {
            Kind::End | Kind::RightParen | Kind::Semicolon | Kind::PipeArrow => true,
            Kind::Keyword(keyword) => matches!(
                keyword,
                K::Having
                    | K::Order
                    | K::Sort
                    | K::Cluster
                    | K::Distribute
                    | K::Limit
                    | K::Offset
                    | K::Window
                    | K::Union
                    | K::Except
                    | K::Intersect
                    | K::Minus
                    | K::Select
                    | K::Insert
            ),
            _ => false,
        }
    }

    fn grouping_item(&mut self, named: bool) -> Result<GroupingElement> {
        if self.is_grouping_analytics() {
            return self.grouping_element();
        }
        let expression = if named { self.named_expression()? } else { self.expression()? };
        Ok(GroupingElement::Expression(expression))
    }

    fn is_grouping_analytics(&self) -> bool {
        match self.keyword() {
            Some(K::Rollup | K::Cube) => self.peek_at(1) == Kind::LeftParen,
            Some(K::Grouping) => self.is_keyword_at(1, K::Sets) && self.peek_at(2) == Kind::LeftParen,
            _ => false,
        }
    }

    /// `ROLLUP (…)`, `CUBE (…)`, `GROUPING SETS (…)`, and inside the last also plain sets.
    fn grouping_element(&mut self) -> Result<GroupingElement> {
        if !self.is_grouping_analytics() {
            return self.grouping_set().map(GroupingElement::Group);
        }
        match self.eat_one_of(&[K::Rollup, K::Cube, K::Grouping]) {
            Some(K::Rollup) => self.parenthesised_list(Self::grouping_set).map(GroupingElement::Rollup),
            Some(K::Cube) => self.parenthesised_list(Self::grouping_set).map(GroupingElement::Cube),
            _ => {
                self.expect_keyword(K::Sets)?;
                let sets = self.parenthesised_list(|parser| parser.nested(Self::grouping_element))?;
                Ok(GroupingElement::Sets(sets))
            }
        }
    }

    /// `(a, b)`, `()` or `a`.
    fn grouping_set(&mut self) -> Result<Vec<Expression>> {
        if self.is(Kind::LeftParen) && self.peek_at(1) == Kind::RightParen {
            self.advance();
            self.advance();
            return Ok(Vec::new());
        }
        Ok(row(self.expression()?))
    }
}

/// The columns of a row constructor; any other expression is one column.
fn row(expression: Expression) -> Vec<Expression> {
    let is_row =
        matches!(&expression.kind, ExpressionKind::Call(call) if call.name == ["()"] || call.name == ["struct"]);
    if !is_row {
        return vec![expression];
    }
    match expression.kind {
        ExpressionKind::Call(call) => call.arguments.into_iter().map(|argument| unaliased(argument.value)).collect(),
        kind => vec![Expression::new(kind, expression.origin)],
    }
}

fn unaliased(expression: Expression) -> Expression {
    match expression.kind {
        ExpressionKind::Alias { child, .. } => *child,
        kind => Expression::new(kind, expression.origin),
    }
}

/// One element of `GROUP BY a, b WITH ROLLUP`.
fn composite(element: GroupingElement) -> Vec<Expression> {
    match element {
        GroupingElement::Expression(expression) => vec![expression],
        GroupingElement::Group(expressions) => expressions,
        GroupingElement::Rollup(groups) | GroupingElement::Cube(groups) => groups.into_iter().flatten().collect(),
        GroupingElement::Sets(sets) => sets.into_iter().flat_map(composite).collect(),
    }
}
