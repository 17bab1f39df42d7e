//! Windows: `OVER (…)`, `OVER w`, and the WINDOW clause.

use floe_base::Result;
use floe_syntax::expression::{FrameBound, SortOrder, WindowFrame, WindowSpec};

use crate::keyword::Keyword as K;
use crate::parser::Parser;
use crate::token::Kind;

/// How deep windows with CLUSTER BY may stand in each other.
const CLUSTERS_MAX: u32 = 4;

impl Parser<'_> {
    pub(crate) fn window_spec(&mut self) -> Result<WindowSpec> {
        if !self.is(Kind::LeftParen) {
            return Ok(WindowSpec { base: Some(self.name()?), ..WindowSpec::default() });
        }
        let clause = matches!(self.keyword_at(1), Some(K::Partition | K::Distribute | K::Order | K::Sort | K::Cluster));
        if clause && !self.is_keyword_at(2, K::By) && self.peek_at(2) != Kind::RightParen {
            return Err(self.syntax_error());
        }
        self.expect(Kind::LeftParen)?;
        if self.is_identifier() && self.peek_at(1) == Kind::RightParen {
            let base = Some(self.name()?);
            self.expect(Kind::RightParen)?;
            return Ok(WindowSpec { base, ..WindowSpec::default() });
        }
        let mut spec = WindowSpec::default();
        if self.eat_phrase(&[K::Cluster, K::By]) {
            // CLUSTER BY is both at once. Each level of nesting doubles what is inside, so few are allowed.
            self.clusters += 1;
            if self.clusters > CLUSTERS_MAX {
                return Err(self.too_complex());
            }
            spec.partition_by = self.list(Self::expression)?;
            self.clusters -= 1;
            let ascending = |child: &floe_syntax::Expression| SortOrder {
                child: child.clone(),
                ascending: true,
                nulls_first: true,
            };
            spec.order_by = spec.partition_by.iter().map(ascending).collect();
        } else {
            if self.eat_phrase(&[K::Partition, K::By]) || self.eat_phrase(&[K::Distribute, K::By]) {
                spec.partition_by = self.list(Self::expression)?;
            }
            if self.eat_phrase(&[K::Order, K::By]) || self.eat_phrase(&[K::Sort, K::By]) {
                spec.order_by = self.list(Self::sort_item)?;
            }
        }
        spec.frame = self.window_frame()?;
        self.expect(Kind::RightParen)?;
        Ok(spec)
    }

    fn window_frame(&mut self) -> Result<Option<WindowFrame>> {
        let rows = match self.eat_one_of(&[K::Rows, K::Range]) {
            Some(word) => word == K::Rows,
            None => return Ok(None),
        };
        if self.eat_keyword(K::Between) {
            let start = self.frame_bound()?;
            self.expect_keyword(K::And)?;
            let end = self.frame_bound()?;
            return Ok(Some(WindowFrame { rows, start, end }));
        }
        let start = self.frame_bound()?;
        Ok(Some(WindowFrame { rows, start, end: FrameBound::CurrentRow }))
    }

    fn frame_bound(&mut self) -> Result<FrameBound> {
        if self.eat_phrase(&[K::Unbounded, K::Preceding]) {
            return Ok(FrameBound::UnboundedPreceding);
        }
        if self.eat_phrase(&[K::Unbounded, K::Following]) {
            return Ok(FrameBound::UnboundedFollowing);
        }
        if self.eat_phrase(&[K::Current, K::Row]) {
            return Ok(FrameBound::CurrentRow);
        }
        let offset = Box::new(self.expression()?);
        match self.eat_one_of(&[K::Preceding, K::Following]) {
            Some(K::Preceding) => Ok(FrameBound::Preceding(offset)),
            Some(_) => Ok(FrameBound::Following(offset)),
            None => Err(self.syntax_error()),
        }
    }

    /// `WINDOW w AS (…), …`.
    pub(crate) fn window_clause(&mut self) -> Result<Vec<(String, WindowSpec)>> {
        let from = self.mark();
        if !self.is_keyword(K::Window) || !self.starts_clause() {
            return Ok(Vec::new());
        }
        self.advance();
        let windows = self.list(|parser| {
            let name = parser.name()?;
            parser.expect_keyword(K::As)?;
            Ok((name, parser.window_spec()?))
        })?;
        for (index, (name, _)) in windows.iter().enumerate() {
            if windows.iter().take(index).any(|(earlier, _)| earlier == name) {
                let error = self.error("INVALID_SQL_SYNTAX.REPETITIVE_WINDOW_DEFINITION", from);
                return Err(error.with("windowName", floe_base::error::quoted(&[name])));
            }
        }
        Ok(windows)
    }

    /// `expression [ASC | DESC] [NULLS FIRST | LAST]`.
    pub(crate) fn sort_item(&mut self) -> Result<SortOrder> {
        let child = self.expression()?;
        let (ascending, nulls_first) = self.sort_direction()?;
        Ok(SortOrder { child, ascending, nulls_first })
    }

    /// NULLs come first when ascending and last when descending, unless the query says otherwise.
    pub(crate) fn sort_direction(&mut self) -> Result<(bool, bool)> {
        let ascending = self.eat_one_of(&[K::Asc, K::Desc]) != Some(K::Desc);
        if !self.eat_keyword(K::Nulls) {
            return Ok((ascending, ascending));
        }
        match self.eat_one_of(&[K::First, K::Last]) {
            Some(word) => Ok((ascending, word == K::First)),
            None => Err(self.syntax_error()),
        }
    }
}
