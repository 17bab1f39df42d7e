//! MERGE: the target's touched files joined with the source, each row with what its first fitting clause makes of it.
//!
//! Both sides carry a column that says "I am here", so that a row of the outer join tells whether it matched. A source
//! row without a match in the touched files has none in the whole target: a file with a match is touched.

use floe_base::{Error, Result};
use floe_syntax::command::{Assignment, Merge, MergeAction, MergeClause};
use floe_syntax::relation::{GroupBy, GroupingElement, JoinKind};
use floe_syntax::{DataType, Expression, Literal, Origin, Relation, RelationKind};

use super::build::{
    alias as named, aliased, and, any, call, case, column, hidden, holds, join, not, qualified, qualifier, select,
    select_of, star, table, truth,
};
use super::delete::count_of;
use super::update::assigned;
use super::{Rewrite, TargetTable};

const TARGET: &str = "__floe_target";
const SOURCE: &str = "__floe_source";

/// The queries of a MERGE into this table from a source of these columns.
pub fn merge(merge: &Merge, of: &TargetTable<'_>, source_columns: &[String]) -> Result<Rewrite> {
    let target_alias = merge.target_alias.as_deref();
    let prefix = qualifier(&merge.target, target_alias);
    let shape = Shape { merge, prefix: &prefix, of, columns: of.columns, source_columns };
    let touched = touched(&shape);
    let violations = violations(&shape);
    let rows = rows(&shape)?;
    Ok(Rewrite { target: merge.target.clone(), touched, violations, rows, inserts: !merge.not_matched.is_empty() })
}

struct Shape<'a> {
    merge: &'a Merge,
    prefix: &'a [String],
    of: &'a TargetTable<'a>,
    columns: &'a [String],
    source_columns: &'a [String],
}

impl Shape<'_> {
    fn target(&self) -> Relation {
        table(&self.merge.target, self.merge.target_alias.as_deref())
    }

    fn source(&self) -> Relation {
        match self.source_name() {
            Some(alias) => aliased(self.merge.source.clone(), alias),
            None => self.merge.source.clone(),
        }
    }

    /// How the source is named in the statement: by its alias, a table by its own name.
    fn source_name(&self) -> Option<&str> {
        let own = || match self.merge.source.kind.as_ref() {
            RelationKind::Table(table) => table.parts.last().map(String::as_str),
            _ => None,
        };
        self.merge.source_alias.as_deref().or_else(own)
    }

    /// A column of the source, which a source without a name of its own offers under a second name too: its first may
    /// be one of the target's.
    fn source_column(&self, position: usize, name: &str) -> Expression {
        match self.source_name() {
            Some(alias) => column(&[alias, name]),
            None => column(&[&second_name(position)]),
        }
    }

    /// The source with a column that is always true, and its columns' second names.
    fn marked_source(&self) -> Relation {
        let mut projection = vec![star(), named(truth(true), SOURCE)];
        let Some(alias) = self.source_name() else {
            let columns = self.source_columns.iter().enumerate();
            projection.extend(columns.map(|(position, name)| named(column(&[name]), &second_name(position))));
            return select(projection, self.source(), None);
        };
        aliased(select(projection, self.source(), None), alias)
    }

    fn file(&self) -> Expression {
        hidden(&qualified(self.prefix, "_file"))
    }

    fn position(&self) -> Expression {
        hidden(&qualified(self.prefix, "_pos"))
    }
}

/// Files with a row that matches; with NOT MATCHED BY SOURCE clauses also those with a row that does not.
fn touched(shape: &Shape<'_>) -> Relation {
    let on = shape.merge.condition.clone();
    let matched = join(shape.target(), shape.source(), JoinKind::Inner, on.clone());
    let by_match = select_of(true, vec![shape.file()], matched, None, GroupBy::None, None);
    if shape.merge.not_matched_by_source.is_empty() {
        return by_match;
    }
    let conditions = shape.merge.not_matched_by_source.iter().map(|clause| clause.condition.clone());
    let wanted = conditions.map(|condition| condition.unwrap_or_else(|| truth(true))).collect();
    let lonely = join(shape.target(), shape.source(), JoinKind::LeftAnti, on);
    let by_absence = select_of(true, vec![shape.file()], lonely, Some(any(wanted)), GroupBy::None, None);
    super::build::relation(RelationKind::SetOperation {
        left: by_match,
        right: by_absence,
        operator: floe_syntax::relation::SetOperator::Union,
        all: false,
        by_name: false,
        allow_missing: false,
    })
}

/// Target rows that two source rows match. Deleting a row twice does no harm: one unconditional DELETE is exempt, as in
/// Spark (`MergeRows` cardinality check, 4.1).
fn violations(shape: &Shape<'_>) -> Option<Relation> {
    let harmless = match shape.merge.matched.as_slice() {
        [] => true,
        [only] => only.condition.is_none() && matches!(only.action, MergeAction::Delete),
        _ => false,
    };
    if harmless {
        return None;
    }
    let matched = join(shape.target(), shape.source(), JoinKind::Inner, shape.merge.condition.clone());
    let keys = vec![shape.file(), shape.position()];
    let group_by = GroupBy::Elements(keys.iter().cloned().map(GroupingElement::Expression).collect());
    let one = Expression::literal(Literal::Long(1), Origin::Unknown);
    let many = call(">", vec![count_of(truth(true)), one]);
    Some(select_of(false, keys, matched, None, group_by, Some(many)))
}

fn rows(shape: &Shape<'_>) -> Result<Relation> {
    let merge = shape.merge;
    let target = select(vec![star(), named(truth(true), TARGET)], shape.target(), None);
    let target = aliased(target, shape.prefix.last().map(String::as_str).unwrap_or(TARGET));
    let source = shape.marked_source();
    let kind = if merge.not_matched.is_empty() { JoinKind::LeftOuter } else { JoinKind::FullOuter };
    let joined = join(target, source, kind, merge.condition.clone());
    let has = |name: &str| call("isnotnull", vec![column(&[name])]);
    let both = || and(has(TARGET), has(SOURCE));
    let only_source = || not(has(TARGET));

    let matched = clauses(&merge.matched, shape)?;
    let not_matched = clauses(&merge.not_matched, shape)?;
    let by_source = clauses(&merge.not_matched_by_source, shape)?;

    let mut projection = Vec::with_capacity(shape.columns.len());
    for (index, name) in shape.columns.iter().enumerate() {
        let old = column(&qualified(shape.prefix, name));
        let null = Expression::literal(Literal::Null(DataType::Null), Origin::Unknown);
        // A clause that leaves the column alone still stands before the clauses after it.
        let value = |clauses: &[Clause], fallback: Expression| {
            let branch = |clause: &Clause| {
                let new = clause.values.get(index).cloned().flatten();
                (clause.applies(), new.unwrap_or_else(|| fallback.clone()))
            };
            let changes = clauses.iter().any(|clause| matches!(clause.values.get(index), Some(Some(_))));
            if changes { case(clauses.iter().map(branch).collect(), fallback.clone()) } else { fallback.clone() }
        };
        let inserted = value(&not_matched, null);
        let kept = value(&by_source, old.clone());
        let updated = value(&matched, old);
        let mut branches = vec![(both(), updated)];
        if !merge.not_matched.is_empty() {
            branches.push((only_source(), inserted));
        }
        projection.push(named(case(branches, kept), name));
    }
    Ok(select(projection, joined, Some(survives(&matched, &not_matched, &by_source, both(), only_source()))))
}

/// False for rows that a clause deletes, and for source rows that no clause inserts.
fn survives(
    matched: &[Clause],
    not_matched: &[Clause],
    by_source: &[Clause],
    both: Expression,
    only_source: Expression,
) -> Expression {
    let verdict = |clauses: &[Clause], otherwise: bool| {
        let branches = clauses.iter().map(|clause| (clause.applies(), truth(!clause.deletes))).collect();
        case(branches, truth(otherwise))
    };
    let branches = vec![(both, verdict(matched, true)), (only_source, verdict(not_matched, false))];
    case(branches, verdict(by_source, true))
}

/// A clause with the new value of each column of the table (`None`: as it is).
struct Clause {
    condition: Option<Expression>,
    deletes: bool,
    values: Vec<Option<Expression>>,
}

impl Clause {
    fn applies(&self) -> Expression {
        self.condition.clone().map_or_else(|| truth(true), holds)
    }
}

fn clauses(clauses: &[MergeClause], shape: &Shape<'_>) -> Result<Vec<Clause>> {
    clauses.iter().map(|clause| one(clause, shape)).collect()
}

fn one(clause: &MergeClause, shape: &Shape<'_>) -> Result<Clause> {
    let none = || shape.columns.iter().map(|_| None).collect::<Vec<_>>();
    let (deletes, values) = match &clause.action {
        MergeAction::Delete => (true, none()),
        MergeAction::Update(assignments) => (false, assigned(assignments, shape.prefix, shape.of)?),
        MergeAction::UpdateAll => (false, assigned(&all(shape, clause)?, shape.prefix, shape.of)?),
        MergeAction::Insert(assignments) => (false, inserted(assignments, shape)?),
        MergeAction::InsertAll => (false, inserted(&all(shape, clause)?, shape)?),
    };
    Ok(Clause { condition: clause.condition.clone(), deletes, values })
}

/// Columns an INSERT clause does not name become NULL.
fn inserted(assignments: &[Assignment], shape: &Shape<'_>) -> Result<Vec<Option<Expression>>> {
    let null = || Expression::literal(Literal::Null(DataType::Null), Origin::Unknown);
    let values = assigned(assignments, shape.prefix, shape.of)?;
    Ok(values.into_iter().map(|value| Some(value.unwrap_or_else(null))).collect())
}

/// `UPDATE SET *`, `INSERT *`: every column of the target from the source's column of the same name.
fn all(shape: &Shape<'_>, clause: &MergeClause) -> Result<Vec<Assignment>> {
    let same = |name: &String| shape.source_columns.iter().position(|source| source.eq_ignore_ascii_case(name));
    let assignment = |name: &String| {
        let position = same(name).ok_or_else(|| missing(name, shape, &clause.origin))?;
        let value = shape.source_column(position, shape.source_columns.get(position).unwrap_or(name));
        Ok(Assignment { column: vec![name.clone()], value, origin: clause.origin.clone() })
    };
    shape.columns.iter().map(assignment).collect()
}

fn second_name(position: usize) -> String {
    format!("{SOURCE}_{position}")
}

fn missing(name: &str, shape: &Shape<'_>, origin: &Origin) -> Error {
    let proposal = shape.source_columns.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    Error::analysis("UNRESOLVED_COLUMN.WITH_SUGGESTION")
        .with("objectName", format!("`{name}`"))
        .with("proposal", proposal)
        .at(origin)
}
