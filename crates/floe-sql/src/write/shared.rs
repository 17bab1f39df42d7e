//! Parts of a plan that are there more than once, as a CTE is that is read twice: they are written once, under a name.
//!
//! The resolver lowers each reference to a CTE anew, with ids of its own. Two parts are the same when their operators are,
//! over the same tables, with columns told by their places instead of their ids. What may give other rows each time, or
//! looks at columns around it, is the same as nothing. Queries that stand inside expressions are left as they are: there
//! are few, for the resolver makes joins of them.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, HashMap, HashSet};

use datafusion::common::tree_node::{Transformed, TreeNode, TreeNodeRecursion};
use datafusion::common::{Column, DFSchema, JoinType, NullEquality};
use datafusion::logical_expr::{Distinct, Expr, Join, LogicalPlan};

use super::connected::is_connected;
use super::{Dialect, column};

/// Where a part stands in the plan: its address, for a plan stays where it is while it is written.
type Place = *const LogicalPlan;

/// A part that is written once.
#[derive(Debug)]
pub(super) struct Part<'a> {
    /// Its name in the text.
    pub(super) name: String,
    /// Where it stands first, whose ids its columns have.
    pub(super) first: &'a LogicalPlan,
    others: Vec<&'a LogicalPlan>,
}

/// The parts of one plan that are written once.
#[derive(Debug, Default)]
pub(super) struct Shared<'a> {
    /// Those that others are made of come first.
    pub(super) parts: Vec<Part<'a>>,
    places: HashMap<Place, usize>,
}

impl<'a> Shared<'a> {
    pub(super) fn of(plan: &'a LogicalPlan, dialect: &dyn Dialect) -> Self {
        let mut known = Known { dialect, forms: HashMap::new(), places: HashMap::new(), worth: HashSet::new() };
        if !known.reads_a_table_twice(plan) {
            return Self::default();
        }
        known.form(plan);
        let mut seen = Seen { known, parts: BTreeMap::new() };
        seen.look(plan);
        seen.shared()
    }

    /// The part that stands here, if it is one.
    pub(super) fn part(&self, plan: &LogicalPlan) -> Option<&Part<'a>> {
        self.places.get(&std::ptr::from_ref(plan)).and_then(|index| self.parts.get(*index))
    }

    /// For each column of a part in another place the one that stands for it in the first.
    pub(super) fn columns(&self) -> Vec<(String, String)> {
        let mut pairs = Vec::new();
        for part in &self.parts {
            for other in &part.others {
                pairs.extend(names(other.schema()).into_iter().zip(names(part.first.schema())));
            }
        }
        pairs
    }
}

fn names(schema: &DFSchema) -> Vec<String> {
    schema.iter().map(|(relation, field)| column::name(relation, field.name())).collect()
}

/// An operator without what differs between two that are the same.
#[derive(PartialEq, Eq, Hash)]
struct Form {
    operator: Operator,
    /// Columns by their places in the rows of the inputs.
    exprs: Vec<Expr>,
    inputs: Vec<usize>,
}

/// What an operator is beside its expressions and inputs.
#[derive(PartialEq, Eq, Hash)]
enum Operator {
    /// By what the dialect calls its rows.
    Scan(String),
    Projection,
    Filter,
    /// With the number of its keys.
    Aggregate(usize),
    Window,
    /// With the rules of NULL (`null_aware` of NOT IN last), the number of equal keys, whether there is a further condition.
    Join(JoinType, NullEquality, bool, usize, bool),
    /// ASC and NULLS FIRST for each key, and the rows that are kept.
    Sort(Vec<(bool, bool)>, Option<usize>),
    /// OFFSET and LIMIT, whether they are there.
    Limit(bool, bool),
    Distinct,
    Union,
    Alias,
}

/// The forms of a plan's operators, by number.
struct Known<'d> {
    dialect: &'d dyn Dialect,
    forms: HashMap<Form, usize>,
    places: HashMap<Place, Option<usize>>,
    /// Forms that are worth a name.
    worth: HashSet<usize>,
}

impl Known<'_> {
    /// Without that there is nothing to share.
    fn reads_a_table_twice(&self, plan: &LogicalPlan) -> bool {
        let mut seen = HashSet::new();
        let mut twice = false;
        let _ = plan.apply(|node| {
            if let LogicalPlan::TableScan(scan) = node {
                twice |= self.dialect.rows(scan).is_some_and(|rows| !seen.insert(rows));
            }
            Ok(if twice { TreeNodeRecursion::Stop } else { TreeNodeRecursion::Continue })
        });
        twice
    }

    /// The number of an operator's form; `None` for one that is like no other.
    fn form(&mut self, plan: &LogicalPlan) -> Option<usize> {
        let inputs: Vec<Option<usize>> = plan.inputs().into_iter().map(|input| self.form(input)).collect();
        let form = inputs.into_iter().collect::<Option<Vec<usize>>>().and_then(|inputs| self.alone(plan, inputs));
        let is_worth = form.as_ref().is_some_and(|form| self.is_worth(form) || is_joined(plan));
        let next = self.forms.len();
        let number = form.map(|form| *self.forms.entry(form).or_insert(next));
        self.worth.extend(number.filter(|_| is_worth));
        self.places.insert(std::ptr::from_ref(plan), number);
        number
    }

    /// Groups, windows and what is only done to their rows. Of a join the conditions may stand above it, others in each
    /// place; without them it is the product of its sides ([`is_joined`]).
    fn is_worth(&self, form: &Form) -> bool {
        let are_inputs = || form.inputs.iter().all(|input| self.worth.contains(input));
        match form.operator {
            Operator::Aggregate(_) | Operator::Window | Operator::Distinct => true,
            Operator::Projection | Operator::Filter | Operator::Sort(..) | Operator::Limit(..) => are_inputs(),
            Operator::Union | Operator::Alias => are_inputs(),
            Operator::Scan(_) | Operator::Join(..) => false,
        }
    }

    fn alone(&self, plan: &LogicalPlan, inputs: Vec<usize>) -> Option<Form> {
        let (operator, exprs) = match plan {
            LogicalPlan::TableScan(scan) => (Operator::Scan(self.dialect.rows(scan)?), Vec::new()),
            LogicalPlan::Projection(projection) => (Operator::Projection, projection.expr.clone()),
            LogicalPlan::Filter(filter) => (Operator::Filter, vec![filter.predicate.clone()]),
            LogicalPlan::Aggregate(aggregate) => {
                let exprs = aggregate.group_expr.iter().chain(&aggregate.aggr_expr).cloned().collect();
                (Operator::Aggregate(aggregate.group_expr.len()), exprs)
            }
            LogicalPlan::Window(window) => (Operator::Window, window.window_expr.clone()),
            LogicalPlan::Join(join) => joined(join),
            LogicalPlan::Sort(sort) => {
                let orders = sort.expr.iter().map(|order| (order.asc, order.nulls_first)).collect();
                (Operator::Sort(orders, sort.fetch), sort.expr.iter().map(|order| order.expr.clone()).collect())
            }
            LogicalPlan::Limit(limit) => {
                let exprs = limit.skip.iter().chain(&limit.fetch).map(|expr| expr.as_ref().clone()).collect();
                (Operator::Limit(limit.skip.is_some(), limit.fetch.is_some()), exprs)
            }
            LogicalPlan::Distinct(Distinct::All(_)) => (Operator::Distinct, Vec::new()),
            LogicalPlan::Union(_) => (Operator::Union, Vec::new()),
            LogicalPlan::SubqueryAlias(_) => (Operator::Alias, Vec::new()),
            _ => return None,
        };
        let schemas: Vec<&DFSchema> = plan.inputs().into_iter().map(|input| input.schema().as_ref()).collect();
        let exprs = exprs.into_iter().map(|expr| by_place(expr, &schemas)).collect::<Option<_>>()?;
        Some(Form { operator, exprs, inputs })
    }
}

fn joined(join: &Join) -> (Operator, Vec<Expr>) {
    let keys = join.on.iter().flat_map(|(left, right)| [left.clone(), right.clone()]);
    let exprs: Vec<Expr> = keys.chain(join.filter.clone()).collect();
    let (count, filtered) = (join.on.len(), join.filter.is_some());
    (Operator::Join(join.join_type, join.null_equality, join.null_aware, count, filtered), exprs)
}

/// Joins with the conditions that make them small.
fn is_joined(plan: &LogicalPlan) -> bool {
    matches!(plan, LogicalPlan::Filter(filter) if is_connected(filter))
}

/// The expression with its columns told by their places and without names; `None` where it is not the same each time, or
/// asks for more than these columns.
fn by_place(expr: Expr, inputs: &[&DFSchema]) -> Option<Expr> {
    if expr.is_volatile() {
        return None;
    }
    let place = |column: &Column| {
        let mut before = 0;
        for schema in inputs {
            if let Some(index) = schema.maybe_index_of_column(column) {
                return Some(before + index);
            }
            before += schema.fields().len();
        }
        None
    };
    let mut is_own = true;
    let placed = expr.transform_up(|node| {
        Ok(match node {
            Expr::Column(column) => match place(&column) {
                Some(index) => Transformed::yes(Expr::Column(Column::new_unqualified(index.to_string()))),
                None => {
                    is_own = false;
                    Transformed::no(Expr::Column(column))
                }
            },
            Expr::Alias(alias) => Transformed::yes(*alias.expr),
            other => {
                is_own &= !matches!(
                    other,
                    Expr::OuterReferenceColumn(..) | Expr::ScalarSubquery(_) | Expr::Exists(_) | Expr::InSubquery(_)
                );
                Transformed::no(other)
            }
        })
    });
    placed.ok().map(|placed| placed.data).filter(|_| is_own)
}

/// What was seen on a walk from the top: of what is the same, the inside of the first alone.
struct Seen<'a, 'd> {
    known: Known<'d>,
    /// By form. What a form is made of has lower numbers.
    parts: BTreeMap<usize, Part<'a>>,
}

impl<'a> Seen<'a, '_> {
    fn look(&mut self, plan: &'a LogicalPlan) {
        let form = self.known.places.get(&std::ptr::from_ref(plan)).copied().flatten();
        if let Some(form) = form.filter(|form| self.known.worth.contains(form)) {
            match self.parts.entry(form) {
                Entry::Occupied(mut part) => return part.get_mut().others.push(plan),
                Entry::Vacant(place) => {
                    place.insert(Part { name: String::new(), first: plan, others: Vec::new() });
                }
            }
        }
        plan.inputs().into_iter().for_each(|input| self.look(input));
    }

    fn shared(self) -> Shared<'a> {
        let found = self.parts.into_values().filter(|part| !part.others.is_empty());
        let mut shared = Shared::default();
        for (index, part) in found.enumerate() {
            for place in std::iter::once(&part.first).chain(&part.others) {
                shared.places.insert(std::ptr::from_ref(*place), index);
            }
            shared.parts.push(Part { name: column::quote(&format!("part{index}")), ..part });
        }
        shared
    }
}
