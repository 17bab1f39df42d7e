//! `MERGE [WITH SCHEMA EVOLUTION] INTO t USING s ON … WHEN …`.

use floe_base::Result;
use floe_syntax::command::{Assignment, Merge, MergeAction, MergeClause};
use floe_syntax::{Command, Relation, RelationKind};

use crate::keyword::Keyword as K;
use crate::parser::{Mark, Parser};
use crate::token::Kind;

/// Which rows a WHEN clause is for.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd)]
enum When {
    Matched,
    NotMatched,
    NotMatchedBySource,
}

impl Parser<'_> {
    pub(crate) fn merge(&mut self) -> Result<Command> {
        let from = self.mark();
        self.expect_keyword(K::Merge)?;
        let schema_evolution = self.eat_phrase(&[K::With, K::Schema, K::Evolution]);
        self.expect_keyword(K::Into)?;
        let (target, target_alias) = self.target("MERGE")?;
        self.expect_keyword(K::Using)?;
        let (source, source_alias) = self.merge_source()?;
        self.expect_keyword(K::On)?;
        let condition = self.expression()?;
        let mut merge = Merge {
            target,
            target_alias,
            source,
            source_alias,
            condition,
            matched: Vec::new(),
            not_matched: Vec::new(),
            not_matched_by_source: Vec::new(),
            schema_evolution,
        };
        let mut last = When::Matched;
        while self.is_keyword(K::When) {
            let (when, clause) = self.merge_clause(last)?;
            last = when;
            match when {
                When::Matched => merge.matched.push(clause),
                When::NotMatched => merge.not_matched.push(clause),
                When::NotMatchedBySource => merge.not_matched_by_source.push(clause),
            }
        }
        self.check_merge(&merge, from)?;
        Ok(Command::Merge(Box::new(merge)))
    }

    fn merge_source(&mut self) -> Result<(Relation, Option<String>)> {
        let from = self.mark();
        let source = if self.eat(Kind::LeftParen) {
            let query = self.query()?;
            self.expect(Kind::RightParen)?;
            query
        } else {
            let name = self.table_name()?;
            Relation::new(RelationKind::Table(name), self.origin(from))
        };
        let alias = self.table_alias()?;
        self.refuse_column_aliases(alias.is_some(), "MERGE")?;
        Ok((source, alias))
    }

    /// MATCHED clauses come first, then NOT MATCHED, then NOT MATCHED BY SOURCE.
    fn merge_clause(&mut self, last: When) -> Result<(When, MergeClause)> {
        let from = self.mark();
        self.expect_keyword(K::When)?;
        let place = self.mark();
        let not = self.eat(Kind::Bang) || self.eat_keyword(K::Not);
        self.expect_keyword(K::Matched)?;
        let when = if !not {
            When::Matched
        } else if self.eat_phrase(&[K::By, K::Source]) {
            When::NotMatchedBySource
        } else {
            self.eat_phrase(&[K::By, K::Target]);
            When::NotMatched
        };
        if when < last {
            self.rewind(place);
            return Err(self.syntax_error());
        }
        let condition = if self.eat_keyword(K::And) { Some(self.expression()?) } else { None };
        self.expect_keyword(K::Then)?;
        let action = self.merge_action(when)?;
        Ok((when, MergeClause { condition, action, origin: self.origin(from) }))
    }

    fn merge_action(&mut self, when: When) -> Result<MergeAction> {
        if when == When::NotMatched {
            let from = self.mark();
            self.expect_keyword(K::Insert)?;
            return self.merge_insert(from);
        }
        if self.eat_keyword(K::Delete) {
            return Ok(MergeAction::Delete);
        }
        self.expect_keyword(K::Update)?;
        self.expect_keyword(K::Set)?;
        if when == When::Matched && self.eat(Kind::Star) {
            return Ok(MergeAction::UpdateAll);
        }
        self.assignments().map(MergeAction::Update)
    }

    fn merge_insert(&mut self, from: Mark) -> Result<MergeAction> {
        if self.eat(Kind::Star) {
            return Ok(MergeAction::InsertAll);
        }
        let columns = self.parenthesised_list(Self::multipart)?;
        self.expect_keyword(K::Values)?;
        let values = self.parenthesised_list(Self::assigned)?;
        if columns.len() != values.len() {
            let error = self.refused("The number of inserted values cannot match the fields.", from);
            self.defer(error);
        }
        let pair = |(column, value): (Vec<String>, floe_syntax::Expression)| {
            let origin = value.origin.clone();
            Assignment { column, value, origin }
        };
        Ok(MergeAction::Insert(columns.into_iter().zip(values).map(pair).collect()))
    }

    fn check_merge(&self, merge: &Merge, from: Mark) -> Result<()> {
        if merge.matched.is_empty() && merge.not_matched.is_empty() && merge.not_matched_by_source.is_empty() {
            return Err(self.error("MERGE_WITHOUT_WHEN", from));
        }
        let families = [
            (&merge.matched, "NON_LAST_MATCHED_CLAUSE_OMIT_CONDITION"),
            (&merge.not_matched, "NON_LAST_NOT_MATCHED_BY_TARGET_CLAUSE_OMIT_CONDITION"),
            (&merge.not_matched_by_source, "NON_LAST_NOT_MATCHED_BY_SOURCE_CLAUSE_OMIT_CONDITION"),
        ];
        for (clauses, condition) in families {
            let all_but_last = clauses.len().saturating_sub(1);
            if clauses.iter().take(all_but_last).any(|clause| clause.condition.is_none()) {
                return Err(self.error(condition, from));
            }
        }
        Ok(())
    }
}
