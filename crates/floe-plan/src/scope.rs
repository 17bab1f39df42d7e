//! The columns an expression can see, and how a written name finds one of them.
//!
//! A scope is what a relation offers to the next one. Its columns are ids of the plan; a scope may name an id twice, and
//! the plan may carry more ids than its scope shows. Names resolve here as in Spark 4.1 (`AttributeSeq.resolve`): the
//! longest qualifier first, then the bare name, what is left over being fields of a struct.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{Arc, OnceLock};

use arrow::datatypes::Field;
use datafusion::common::Column as EngineColumn;
use datafusion::logical_expr::Expr;
use floe_functions::Typed;
use floe_syntax::DataType;
use floe_syntax::data_type::{CHAR_VARCHAR_KEY, INTERVAL_KEY, VARIANT_KEY};

/// The number of a column, unique within one lowering.
pub(crate) type Id = u32;

/// Who sees a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Visibility {
    Shown,
    /// Found by its name, not by `*`: `_file`, `_pos`.
    Metadata,
    /// The other side's key of a USING join: found by a qualified name only.
    Qualified,
}

#[derive(Clone, Debug)]
pub(crate) struct Column {
    pub(crate) id: Id,
    /// Catalog, namespace and name of the table, or an alias; empty where there is none.
    pub(crate) qualifier: Arc<[String]>,
    /// The client's name, the type inside the engine, nullability, metadata.
    pub(crate) field: Arc<Field>,
    pub(crate) visibility: Visibility,
}

impl Column {
    pub(crate) fn new(id: Id, field: impl Into<Arc<Field>>) -> Self {
        Self { id, qualifier: Arc::from([]), field: field.into(), visibility: Visibility::Shown }
    }

    pub(crate) fn name(&self) -> &str {
        self.field.name()
    }

    /// The column as an expression.
    pub(crate) fn typed(&self) -> Typed {
        Typed::new(reference(self.id), self.field.data_type().clone(), self.field.is_nullable())
            .with_written(written(&self.field))
    }

    #[must_use]
    pub(crate) fn with_nullable(mut self, nullable: bool) -> Self {
        if self.field.is_nullable() != nullable {
            self.field = Arc::new(self.field.as_ref().clone().with_nullable(nullable));
        }
        self
    }

    #[must_use]
    pub(crate) fn with_name(mut self, name: &str) -> Self {
        if self.field.name() != name {
            self.field = Arc::new(self.field.as_ref().clone().with_name(name));
        }
        self
    }

    #[must_use]
    pub(crate) fn with_qualifier(mut self, qualifier: Arc<[String]>) -> Self {
        self.qualifier = qualifier;
        self
    }

    /// Qualifier and name, as Spark's suggestions list them.
    pub(crate) fn path(&self) -> Vec<&str> {
        self.qualifier.iter().map(String::as_str).chain([self.field.name().as_str()]).collect()
    }
}

/// The plan's name of an id.
pub(crate) fn label(id: Id) -> String {
    format!("#{id}")
}

/// The id a plan's column name stands for.
pub(crate) fn id_of(label: &str) -> Option<Id> {
    label.strip_prefix('#')?.parse().ok()
}

/// The plan's column of an id.
pub(crate) fn reference(id: Id) -> Expr {
    Expr::Column(EngineColumn::new_unqualified(label(id)))
}

/// The id of an expression that is nothing but a column.
pub(crate) fn referenced(expr: &Expr) -> Option<Id> {
    match expr {
        Expr::Column(column) if column.relation.is_none() => id_of(&column.name),
        _ => None,
    }
}

/// Spark's type of a field, where Arrow's says less.
pub(crate) fn written(field: &Field) -> Option<DataType> {
    let keys = [CHAR_VARCHAR_KEY, INTERVAL_KEY, VARIANT_KEY];
    keys.iter().any(|key| field.metadata().contains_key(*key)).then(|| DataType::from_field(field))
}

/// What a relation offers to expressions over it.
#[derive(Debug, Default)]
pub(crate) struct Scope {
    pub(crate) columns: Vec<Column>,
    /// What the relation was made from: ORDER BY and filters may reach there for a column that was not selected.
    pub(crate) below: Option<Arc<Scope>>,
    by_name: OnceLock<HashMap<String, Vec<usize>>>,
}

/// What a name of several parts turned out to be.
pub(crate) enum Match<'a> {
    None,
    /// The column, and how many leading parts of the name were used for it.
    One(&'a Column, usize),
    Many(Vec<&'a Column>),
}

impl Scope {
    pub(crate) fn new(columns: Vec<Column>) -> Arc<Self> {
        Arc::new(Self { columns, below: None, by_name: OnceLock::new() })
    }

    pub(crate) fn over(columns: Vec<Column>, below: &Arc<Scope>) -> Arc<Self> {
        Arc::new(Self { columns, below: Some(below.clone()), by_name: OnceLock::new() })
    }

    /// The columns `*` shows.
    pub(crate) fn shown(&self) -> impl Iterator<Item = &Column> {
        self.columns.iter().filter(|column| column.visibility == Visibility::Shown)
    }

    pub(crate) fn by_id(&self, id: Id) -> Option<&Column> {
        self.columns.iter().find(|column| column.id == id)
    }

    fn named(&self, name: &str) -> impl Iterator<Item = &Column> {
        let index = self.by_name.get_or_init(|| {
            let mut index: HashMap<String, Vec<usize>> = HashMap::with_capacity(self.columns.len());
            for (position, column) in self.columns.iter().enumerate() {
                match index.entry(column.name().to_lowercase()) {
                    Entry::Occupied(mut known) => known.get_mut().push(position),
                    Entry::Vacant(fresh) => drop(fresh.insert(vec![position])),
                }
            }
            index
        });
        let positions = index.get(&name.to_lowercase()).map(Vec::as_slice).unwrap_or_default();
        positions.iter().filter_map(|position| self.columns.get(*position))
    }

    /// The columns of a bare name.
    pub(crate) fn find(&self, name: &str, case_sensitive: bool) -> Vec<&Column> {
        let found = self.named(name).filter(|column| !case_sensitive || column.name() == name);
        distinct(found.filter(|column| column.visibility != Visibility::Qualified).collect())
    }

    /// Resolves a name of several parts: among the shown columns, members of their structs included, then among the rest.
    pub(crate) fn resolve(&self, parts: &[String], case_sensitive: bool) -> Match<'_> {
        match self.resolve_among(parts, case_sensitive, true) {
            Match::None => self.resolve_among(parts, case_sensitive, false),
            found => found,
        }
    }

    fn resolve_among(&self, parts: &[String], case_sensitive: bool, shown: bool) -> Match<'_> {
        let longest = parts.len().saturating_sub(1);
        for used in (0..=longest).rev() {
            let Some((qualifier, name)) = parts.get(..used).zip(parts.get(used)) else { continue };
            let mut candidates: Vec<&Column> = match used {
                0 => self.find(name, case_sensitive),
                _ => distinct(
                    self.named(name)
                        .filter(|column| !case_sensitive || column.name() == name)
                        .filter(|column| ends_with(&column.qualifier, qualifier, case_sensitive))
                        .collect(),
                ),
            };
            candidates.retain(|column| (column.visibility == Visibility::Shown) == shown);
            match candidates.as_slice() {
                [] => continue,
                [one] => return Match::One(one, used + 1),
                _ => return Match::Many(candidates),
            }
        }
        Match::None
    }

    /// The columns of `qualifier.*`; a whole qualifier or the end of one.
    pub(crate) fn qualified(&self, qualifier: &[String], case_sensitive: bool) -> Vec<&Column> {
        self.columns
            .iter()
            .filter(|column| column.visibility != Visibility::Metadata)
            .filter(|column| ends_with(&column.qualifier, qualifier, case_sensitive))
            .collect()
    }
}

/// One of each id: the same column selected twice is no ambiguity.
fn distinct(mut columns: Vec<&Column>) -> Vec<&Column> {
    if columns.len() > 1 {
        let mut seen = std::collections::HashSet::new();
        columns.retain(|column| seen.insert(column.id));
    }
    columns
}

/// Equality of identifiers.
pub(crate) fn same_name(left: &str, right: &str, case_sensitive: bool) -> bool {
    if case_sensitive { left == right } else { left == right || left.to_lowercase() == right.to_lowercase() }
}

fn ends_with(qualifier: &[String], end: &[String], case_sensitive: bool) -> bool {
    let Some(start) = qualifier.len().checked_sub(end.len()) else { return false };
    let tail = qualifier.get(start..).unwrap_or_default();
    tail.iter().zip(end).all(|(left, right)| same_name(left, right, case_sensitive))
}
