//! A query: WITH before its body, ORDER BY, LIMIT and OFFSET after it.

use std::rc::Rc;

use floe_base::{Error, Result};
use floe_syntax::RelationKind;
use floe_syntax::relation::{Cte, Query};

use super::select::Tail;
use crate::resolver::{CteBody, CteNode, Env, Resolver};
use crate::rows::Rows;

impl Resolver<'_> {
    pub(crate) fn query<'t>(&self, query: &'t Query, env: &Env<'t>) -> Result<Rows> {
        let env = self.with(&query.with, query.recursive, env)?;
        let mut rows = self.ordered_body(query, &env)?;
        if !query.distribute_by.is_empty() {
            rows = self.repartitioned(rows, None)?;
        }
        let skip = query.offset.as_ref().map(|offset| self.row_count(offset, "offset", &env)).transpose()?;
        let fetch = query.limit.as_ref().map(|limit| self.row_count(limit, "limit", &env)).transpose()?;
        if skip.is_none() && fetch.is_none() {
            return Ok(rows);
        }
        Ok(rows.limit(skip, fetch))
    }

    /// The names of WITH, each visible to those after it.
    pub(crate) fn with<'t>(&self, ctes: &'t [Cte], recursive: bool, env: &Env<'t>) -> Result<Env<'t>> {
        let mut inner = env.clone();
        for (index, cte) in ctes.iter().enumerate() {
            let before = ctes.get(..index).unwrap_or_default();
            if before.iter().any(|other| self.same_name(&other.name, &cte.name)) {
                return Err(Error::message(
                    floe_base::Kind::Parse,
                    format!("CTE definition can't have duplicate names: '{}'.", cte.name),
                )
                .at(&cte.origin));
            }
            let refers_to_itself = recursive && super::recursive::mentions(&cte.query, &cte.name, self.case_sensitive);
            let body = if refers_to_itself { CteBody::Recursive } else { CteBody::Query };
            let node = CteNode { cte, body, env: inner.clone(), parent: inner.ctes.clone() };
            inner.ctes = Some(Rc::new(node));
        }
        Ok(inner)
    }

    fn ordered_body<'t>(&self, query: &'t Query, env: &Env<'t>) -> Result<Rows> {
        // CLUSTER BY and SORT BY order the rows of each partition; here there is one stream of rows.
        let cluster: Vec<_> = query
            .cluster_by
            .iter()
            .map(|child| floe_syntax::expression::SortOrder {
                child: child.clone(),
                ascending: true,
                nulls_first: true,
            })
            .collect();
        let order_by = [&query.order_by, &query.sort_by, &cluster].into_iter().find(|orders| !orders.is_empty());
        let order_by = order_by.map(Vec::as_slice).unwrap_or_default();
        let tail = Tail { order_by, order_by_all: query.order_by_all };
        if let RelationKind::Select(select) = query.body.kind.as_ref() {
            let rows = self.select_with(select, &tail, &query.windows, env, &query.body.origin);
            return rows.map_err(|error| error.at(&query.body.origin));
        }
        let rows = self.relation(&query.body, env)?;
        match query.order_by_all {
            Some((ascending, nulls_first)) => self.sorted_by_all(rows, ascending, nulls_first),
            None if order_by.is_empty() => Ok(rows),
            None => self.sorted(rows, order_by, env),
        }
    }
}
