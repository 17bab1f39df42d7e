//! A function's declaration, and the registry of all of them.

use std::collections::HashMap;
use std::sync::LazyLock;

use floe_base::Result;

use crate::{Call, Typed};

/// A function of Spark's.
///
/// Declared as a constant of its file, which must be named after it:
/// ```ignore
/// pub(crate) const FUNCTIONS: &[Function] = &[Function::scalar("abs", bind).usage("abs(expr) - …")];
/// ```
/// A file may declare several only when they are one function under different rules (`sum`, `try_sum`).
#[derive(Clone, Copy, Debug)]
pub struct Function {
    /// Spark's name in lower case; operators by their symbol, as `floe_syntax::expression::Call` lists them.
    pub name: &'static str,
    pub aliases: &'static [&'static str],
    pub kind: FunctionKind,
    /// One line for `DESCRIBE FUNCTION` and the reference page.
    pub usage: &'static str,
    /// Spark's DataFrame API calls it, and SQL has no word for it.
    pub internal: bool,
    /// It tells what the session's catalog is called, which is another name wherever the query may be sent.
    pub names_catalog: bool,
    pub bind: fn(&Call<'_>) -> Result<Typed>,
}

/// What the resolver does with the bound expression.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FunctionKind {
    Scalar,
    /// The expression holds one or more `Expr::AggregateFunction`, which the resolver moves into the Aggregate (or turns
    /// into window functions under OVER); DISTINCT, FILTER and IGNORE NULLS it adds to each of them itself.
    Aggregate,
    /// The expression holds one `Expr::WindowFunction` without a window; the resolver adds partition, order and frame.
    Window,
    /// The expression is an array of structs: one struct a row, its fields the output columns.
    Generator,
}

impl Function {
    pub const fn scalar(name: &'static str, bind: fn(&Call<'_>) -> Result<Typed>) -> Self {
        Self::of(FunctionKind::Scalar, name, bind)
    }

    pub const fn aggregate(name: &'static str, bind: fn(&Call<'_>) -> Result<Typed>) -> Self {
        Self::of(FunctionKind::Aggregate, name, bind)
    }

    pub const fn window(name: &'static str, bind: fn(&Call<'_>) -> Result<Typed>) -> Self {
        Self::of(FunctionKind::Window, name, bind)
    }

    pub const fn generator(name: &'static str, bind: fn(&Call<'_>) -> Result<Typed>) -> Self {
        Self::of(FunctionKind::Generator, name, bind)
    }

    const fn of(kind: FunctionKind, name: &'static str, bind: fn(&Call<'_>) -> Result<Typed>) -> Self {
        Self { name, aliases: &[], kind, usage: "", internal: false, names_catalog: false, bind }
    }

    pub const fn aliases(mut self, aliases: &'static [&'static str]) -> Self {
        self.aliases = aliases;
        self
    }

    pub const fn internal(mut self) -> Self {
        self.internal = true;
        self
    }

    pub const fn names_catalog(mut self) -> Self {
        self.names_catalog = true;
        self
    }

    pub const fn usage(mut self, usage: &'static str) -> Self {
        self.usage = usage;
        self
    }
}

static BY_NAME: LazyLock<HashMap<&'static str, &'static Function>> = LazyLock::new(|| {
    let names = |function: &'static Function| {
        std::iter::once(function.name).chain(function.aliases.iter().copied()).map(move |name| (name, function))
    };
    every().map(|(_, function)| function).flat_map(names).collect()
});

/// Every function that SQL knows, with its family.
pub fn all() -> impl Iterator<Item = (&'static str, &'static Function)> {
    every().filter(|(_, function)| !function.internal)
}

fn every() -> impl Iterator<Item = (&'static str, &'static Function)> {
    let files = |(family, files): &'static (&'static str, &'static [&'static [Function]])| {
        files.iter().flat_map(|file| file.iter()).map(move |function| (*family, function))
    };
    crate::family::FAMILIES.iter().flat_map(files)
}

/// The function of a name in SQL, in any case.
pub fn find(name: &str) -> Option<&'static Function> {
    find_for_api(name).filter(|function| !function.internal)
}

/// The function of a name in a message of the DataFrame API, in any case.
pub fn find_for_api(name: &str) -> Option<&'static Function> {
    BY_NAME.get(name).or_else(|| BY_NAME.get(name.to_lowercase().as_str())).copied()
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_name_is_declared_once_and_in_lower_case() {
        let mut seen = HashSet::new();
        for (family, function) in every() {
            for name in std::iter::once(&function.name).chain(function.aliases) {
                assert!(seen.insert(*name), "{name} of {family} is declared twice");
                assert_eq!(*name, name.to_lowercase());
            }
        }
    }
}
