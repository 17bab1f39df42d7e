//! Which functions of a plan DuckDB computes itself, and which it has this process compute: told by EXPLAIN, and counted as
//! evidence for the page of functions.

use std::collections::BTreeSet;

use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::logical_expr::Expr;

/// Names of functions by where they run.
#[derive(Clone, Debug, Default)]
pub struct Ways {
    written: BTreeSet<String>,
    called: BTreeSet<String>,
}

impl Ways {
    pub(super) fn written(&mut self, name: &str) {
        self.written.insert(name.to_lowercase());
    }

    /// The functions of a foreign expression. What was written before the whole turned out foreign is not run there: so a
    /// name that is here counts as called back.
    pub(super) fn called(&mut self, expr: &Expr) {
        let _ = expr.apply(|node| {
            if let Expr::ScalarFunction(call) = node {
                self.called.insert(call.name().to_lowercase());
            }
            Ok(TreeNodeRecursion::Continue)
        });
    }

    pub(super) fn add(&mut self, other: Self) {
        self.written.extend(other.written);
        self.called.extend(other.called);
    }

    pub(super) fn names_called(&self) -> Vec<&str> {
        self.called.iter().map(String::as_str).collect()
    }

    /// True when this process computes the function.
    pub fn is_called(&self, name: &str) -> bool {
        self.called.contains(name)
    }

    /// True when DuckDB computes it.
    pub fn is_native(&self, name: &str) -> bool {
        self.written.contains(name) && !self.is_called(name)
    }
}
