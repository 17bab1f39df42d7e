//! What one lowering carries with it: the session, the snapshot of names, the counter of ids.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;

use arrow::array::RecordBatch;
use floe_base::{Error, Origin, Result};
use floe_functions::Context;
use floe_syntax::expression::Expression;
use floe_syntax::relation::{Cte, Hint};

use crate::Planned;
use crate::by_partition::layout::Layout;
use crate::planned::Observation;
use crate::routine::Called;
use crate::scope::{Column, Id, Scope};
use crate::snapshot::{Need, Snapshot};

/// One per lowering; everything that changes is behind a cell, for lowering is one thread's work.
pub(crate) struct Resolver<'s> {
    pub(crate) context: &'s Context,
    pub(crate) snapshot: &'s Snapshot,
    pub(crate) case_sensitive: bool,
    next: Cell<Id>,
    asked: Cell<usize>,
    need: RefCell<Option<Need>>,
    /// What each frame with a plan id offered, so that `df["a"]` finds its column.
    frames: RefCell<HashMap<i64, Vec<Arc<Scope>>>>,
    /// How much the bodies of users' functions have made of what was written (`routine.rs`).
    pub(crate) grown: Cell<usize>,
    /// True while something is lowered only to print it: names are of no account then.
    pub(crate) printing: Cell<bool>,
    /// A function was called that tells what the session's catalog is called.
    pub(crate) names_catalog: Cell<bool>,
    pub(crate) hints: RefCell<Vec<Hint>>,
    pub(crate) observations: RefCell<Vec<Observation>>,
    /// How rows lie in partitions, by the column that tells it (`by_partition.rs`).
    pub(crate) layouts: RefCell<HashMap<Id, Layout>>,
}

impl<'s> Resolver<'s> {
    pub(crate) fn new(context: &'s Context, snapshot: &'s Snapshot) -> Self {
        Self {
            context,
            snapshot,
            case_sensitive: context.conf("spark.sql.caseSensitive", "false") == "true",
            next: Cell::new(0),
            asked: Cell::new(0),
            need: RefCell::default(),
            frames: RefCell::default(),
            grown: Cell::new(0),
            printing: Cell::new(false),
            names_catalog: Cell::new(false),
            hints: RefCell::default(),
            observations: RefCell::default(),
            layouts: RefCell::default(),
        }
    }

    /// An id nobody has.
    pub(crate) fn fresh(&self) -> Id {
        let id = self.next.get();
        self.next.set(id.saturating_add(1));
        id
    }

    /// A setting that is on or off.
    pub(crate) fn flag(&self, key: &str, default: bool) -> bool {
        self.context.conf(key, if default { "true" } else { "false" }).eq_ignore_ascii_case("true")
    }

    pub(crate) fn same_name(&self, left: &str, right: &str) -> bool {
        crate::scope::same_name(left, right, self.case_sensitive)
    }

    /// Lowers something as a session with or without ANSI does.
    pub(crate) fn with_ansi<T>(&self, ansi: bool, lower: impl FnOnce(&Resolver<'_>) -> Result<T>) -> Result<T> {
        if self.context.ansi == ansi {
            return lower(self);
        }
        let context = Context { ansi, ..self.context.clone() };
        let inner = Resolver::new(&context, self.snapshot);
        self.hand_over(&inner);
        let lowered = lower(&inner);
        inner.hand_over(self);
        lowered
    }

    /// All that changes, to another resolver of the same lowering.
    fn hand_over(&self, other: &Resolver<'_>) {
        other.next.set(self.next.get());
        other.asked.set(self.asked.get());
        other.need.replace(self.need.take());
        other.frames.replace(self.frames.take());
        other.grown.set(self.grown.get());
        other.printing.set(self.printing.get());
        other.names_catalog.set(self.names_catalog.get());
        other.hints.replace(self.hints.take());
        other.observations.replace(self.observations.take());
        other.layouts.replace(self.layouts.take());
    }

    /// Remembers what a frame offered.
    pub(crate) fn remember(&self, plan_id: i64, scope: &Arc<Scope>) {
        self.frames.borrow_mut().entry(plan_id).or_default().push(scope.clone());
    }

    pub(crate) fn frame(&self, plan_id: i64) -> Vec<Arc<Scope>> {
        self.frames.borrow().get(&plan_id).cloned().unwrap_or_default()
    }

    /// Rows of a small query that decides the shape of this one. The first time there are none: lowering stops, the
    /// query runs, and lowering starts again; it asks the same questions in the same order.
    pub(crate) fn ask(&self, planned: impl FnOnce() -> Result<Planned>) -> Result<Vec<RecordBatch>> {
        let index = self.asked.get();
        self.asked.set(index + 1);
        match self.snapshot.answers.get(index) {
            Some(rows) => Ok(rows.clone()),
            None => Err(self.stop(Need::Rows(Box::new(planned()?)))),
        }
    }

    /// Stops lowering until something is loaded.
    pub(crate) fn stop(&self, need: Need) -> Error {
        *self.need.borrow_mut() = Some(need);
        Error::internal("lowering waits for something to be loaded")
    }

    /// What lowering stopped for.
    pub(crate) fn take_need(&self) -> Option<Need> {
        self.need.borrow_mut().take()
    }
}

/// What surrounds a relation: names given by WITH, the query around a subquery, bound parameters, the view it is in.
#[derive(Clone, Default)]
pub(crate) struct Env<'t> {
    pub(crate) ctes: Option<Rc<CteNode<'t>>>,
    pub(crate) outer: Option<Rc<Outer>>,
    pub(crate) parameters: Option<Rc<Parameters<'t>>>,
    /// The catalog and namespace a view's text was written under.
    pub(crate) under: Option<Rc<crate::Under>>,
    /// What the function was called with whose body this is.
    pub(crate) called: Option<Rc<Called>>,
    /// Views within views, functions within functions.
    pub(crate) depth: usize,
}

/// A name given by WITH and what was visible where it was given.
pub(crate) struct CteNode<'t> {
    pub(crate) cte: &'t Cte,
    pub(crate) body: CteBody,
    pub(crate) env: Env<'t>,
    pub(crate) parent: Option<Rc<CteNode<'t>>>,
}

pub(crate) enum CteBody {
    /// Lowered anew at each use.
    Query,
    /// Refers to itself.
    Recursive,
    /// Inside its own recursive part: rows of the step before.
    Step(crate::relation::recursive::Step),
}

/// The columns around a subquery.
pub(crate) struct Outer {
    pub(crate) scope: Arc<Scope>,
    pub(crate) parent: Option<Rc<Outer>>,
    /// What the subquery used of them.
    pub(crate) used: RefCell<Vec<Column>>,
}

/// Values for `:name` and `?`.
pub(crate) struct Parameters<'t> {
    pub(crate) named: &'t [(String, Expression)],
    pub(crate) positional: &'t [Expression],
}

impl<'t> Env<'t> {
    pub(crate) fn cte(&self, name: &str, case_sensitive: bool) -> Option<Rc<CteNode<'t>>> {
        let mut next = self.ctes.clone();
        while let Some(node) = next {
            if crate::scope::same_name(&node.cte.name, name, case_sensitive) {
                return Some(node);
            }
            next = node.parent.clone();
        }
        None
    }

    /// The environment of a subquery over these columns.
    pub(crate) fn inside(&self, outer: &Rc<Outer>) -> Self {
        Self { outer: Some(outer.clone()), ..self.clone() }
    }

    /// The value bound to a parameter.
    pub(crate) fn named_parameter(&self, name: &str, origin: &Origin) -> Result<&'t Expression> {
        let bound = self.parameters.as_ref().and_then(|parameters| {
            let mut named = parameters.named.iter();
            named.find(|(known, _)| known == name).map(|(_, value)| value)
        });
        bound.ok_or_else(|| Error::analysis("UNBOUND_SQL_PARAMETER").with("name", name).at(origin))
    }

    pub(crate) fn positional_parameter(&self, index: usize, origin: &Origin) -> Result<&'t Expression> {
        let bound = self.parameters.as_ref().and_then(|parameters| parameters.positional.get(index));
        let name = format!("_{index}");
        bound.ok_or_else(|| Error::analysis("UNBOUND_SQL_PARAMETER").with("name", name).at(origin))
    }
}
