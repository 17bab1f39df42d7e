//! What the printing of names (`name/`) must know of the scope an expression stands in.

use std::cell::RefCell;

use floe_functions::Context;
use floe_syntax::expression::{Argument, Attribute, Call, Expression};
use floe_syntax::{DataType, Relation};

use super::aggregate::Collector;
use super::{Laterals, Names};
use crate::name::{Place, Printed, bare_function};
use crate::resolver::Resolver;
use crate::scope::Match;

/// Prints what stands among `names`.
pub(crate) struct Printer<'n> {
    pub(super) resolver: &'n Resolver<'n>,
    pub(super) names: &'n Names<'n>,
}

impl Place for Printer<'_> {
    fn attribute(&self, attribute: &Attribute) -> Printed {
        let Self { resolver, names } = self;
        let [first, rest @ ..] = attribute.parts.as_slice() else { return Printed::Column(String::new()) };
        if names.lambda.is_some_and(|lambda| lambda.finds(first, resolver.case_sensitive)) {
            return Printed::Variable(rest.to_vec());
        }
        let last = rest.last().unwrap_or(first);
        for scope in std::iter::once(names.scope).chain(names.fallback) {
            match scope.resolve(&attribute.parts, resolver.case_sensitive) {
                Match::One(_, used) => {
                    let shown = attribute.parts.get(used.saturating_sub(1)..).unwrap_or_default();
                    return Printed::Column(shown.join("."));
                }
                Match::Many(_) => return Printed::Column(last.clone()),
                Match::None => {}
            }
        }
        let is_lateral =
            |laterals: &&Laterals| laterals.borrow().iter().any(|(alias, _)| resolver.same_name(alias, first));
        if names.laterals.filter(is_lateral).is_some() {
            return Printed::Column(format!("lateralAliasReference({})", attribute.parts.join(".")));
        }
        let bare = bare_function(first).filter(|_| rest.is_empty());
        if bare.is_none()
            && names.env.outer.is_none()
            && let Some((name, value)) = resolver.snapshot.variable(&attribute.parts)
        {
            return Printed::Column(format!("variablereference(system.session.{name}={value})"));
        }
        Printed::Column(bare.unwrap_or_else(|| last.clone()))
    }

    /// Lowers the value once more, aside: what it collects was collected when it was lowered for good.
    fn data_type(&self, value: &Expression) -> Option<DataType> {
        let collector = self.names.collector.map(|_| Collector::default());
        let reached = self.names.reached.map(|_| RefCell::default());
        let names = Names { collector: collector.as_ref(), reached: reached.as_ref(), ..*self.names };
        self.aside(|| self.resolver.expression(value, &names).ok().map(|value| value.spark_type()))
    }

    fn expanded(&self, arguments: &[Argument]) -> Option<Vec<Expression>> {
        self.resolver.expanded(arguments, self.names).ok()
    }

    fn outer(&self, query: &Relation) -> Vec<String> {
        let used = self.aside(|| self.resolver.subquery(query, self.names).ok().map(|(_, used)| used));
        used.iter().flatten().map(|column| column.name().to_string()).collect()
    }

    fn routine(&self, call: &Call) -> Option<(String, Vec<Expression>)> {
        self.resolver.printed_routine(call, self.names.env)
    }

    fn context(&self) -> Option<&Context> {
        Some(self.resolver.context)
    }
}

impl Printer<'_> {
    /// Lowers for printing only: what a subquery uses of the columns around it was noted when it was lowered for good.
    /// Not again within itself, where queries nest in queries.
    fn aside<T>(&self, lower: impl FnOnce() -> Option<T>) -> Option<T> {
        if self.resolver.printing.replace(true) {
            return None;
        }
        let mut noted = Vec::new();
        let mut next = self.names.env.outer.clone();
        while let Some(outer) = next {
            next = outer.parent.clone();
            let count = outer.used.borrow().len();
            noted.push((outer, count));
        }
        let lowered = lower();
        self.resolver.printing.set(false);
        for (outer, count) in noted {
            outer.used.borrow_mut().truncate(count);
        }
        lowered
    }
}
