//! The story: collect the names a query uses, load them, lower over that snapshot; and once more for what only lowering
//! could ask for.

use std::collections::{HashSet, VecDeque};

use floe_base::{Error, Result};
use floe_syntax::{Expression, Relation};

use crate::resolver::{Env, Resolver};
use crate::rows::Rows;
use crate::snapshot::{Need, Snapshot, Wanted};
use crate::walk::Named;
use crate::{Lookup, Planned, Under, walk};

/// Rounds of loading one query may take: views within views, pivots over pivots.
const ROUNDS_MAX: usize = 1_000;

/// Gives a query its meaning.
///
/// Lowering runs on the caller's thread and recurses as deep as the query nests: give it a big stack.
pub async fn lower_query(relation: Relation, lookup: &dyn Lookup) -> Result<Planned> {
    let relation = &relation;
    lower_with(&[relation], lookup, |resolver| {
        let rows = resolver.relation(relation, &Env::default())?;
        planned(rows, resolver)
    })
    .await
}

/// The parts of the name an `IDENTIFIER(…)` spells, for statements that name a table outside any query.
pub async fn lower_identifier(text: &Expression, lookup: &dyn Lookup) -> Result<Vec<String>> {
    lower_with(&[], lookup, |resolver| resolver.identifier(text, &Env::default())).await
}

/// Runs a lowering until it finds everything loaded. `trees` are walked for names to load at once.
pub(crate) async fn lower_with<T>(
    trees: &[&Relation],
    lookup: &dyn Lookup,
    lower: impl Fn(&Resolver<'_>) -> Result<T>,
) -> Result<T> {
    let mut snapshot = Snapshot::new(lookup.variables());
    load_plain(trees, &mut snapshot, lookup).await?;
    for _ in 0..ROUNDS_MAX {
        let need = {
            let resolver = Resolver::new(lookup.context(), &snapshot);
            let lowered = lower(&resolver);
            match (lowered, resolver.take_need()) {
                (Ok(lowered), _) => return Ok(lowered),
                (Err(_), Some(need)) => need,
                (Err(error), None) => return Err(error),
            }
        };
        snapshot.load(need, lookup).await?;
    }
    Err(Error::internal("a query asks for ever more names"))
}

/// Loads what the trees name outright, and in turn what the views among it name. Lowering stops for each thing that is
/// missing and begins anew: it would lower a query over eight views nine times.
async fn load_plain(trees: &[&Relation], snapshot: &mut Snapshot, lookup: &dyn Lookup) -> Result<()> {
    let mut needed = VecDeque::from(plain(trees, None));
    while let Some(need) = needed.pop_front() {
        if !snapshot.has(&need) {
            let view = snapshot.load(need, lookup).await?;
            needed.extend(view.iter().flat_map(|(query, under)| plain(&[query], under.as_ref())));
        }
    }
    Ok(())
}

/// The names of the tables and views that some trees name outright.
pub fn tables_named(trees: &[&Relation]) -> Vec<Vec<String>> {
    let names = plain(trees, None).into_iter().filter_map(|need| match need {
        Need::Name(wanted) => Some(wanted.parts),
        _ => None,
    });
    names.collect()
}

/// The tables and files that trees name outright, their names as they are read `under` a view's. A name given by WITH is
/// left to lowering, which knows where it hides a table.
fn plain(trees: &[&Relation], under: Option<&Under>) -> Vec<Need> {
    let mut needed: Vec<Need> = Vec::new();
    let mut seen = HashSet::new();
    let mut given = HashSet::new();
    for tree in trees {
        walk::sources(tree, &mut |named| match named {
            Named::Given(name) => drop(given.insert(name.to_lowercase())),
            Named::Table(table) => {
                let is_plain = table.identifier.is_none() && table.time_travel.is_none();
                if is_plain && seen.insert((table.parts.clone(), table.options.clone())) {
                    let (parts, options) = (table.parts.clone(), table.options.clone());
                    needed.push(Need::Name(Wanted { parts, version: None, options, under: under.cloned() }));
                }
            }
            Named::Files(files) => needed.push(Need::Files(files.clone())),
        });
    }
    let is_given = |parts: &[String]| matches!(parts, [one] if given.contains(&one.to_lowercase()));
    needed.retain(|need| !matches!(need, Need::Name(wanted) if is_given(&wanted.parts)));
    needed
}

/// The plan of rows, exactly the client's columns in order, with all that was met on the way.
pub(crate) fn planned(rows: Rows, resolver: &Resolver<'_>) -> Result<Planned> {
    let planned = planned_within(rows, resolver)?;
    let (hints, observations) = (resolver.hints.take(), resolver.observations.take());
    Ok(Planned { hints, observations, names_catalog: resolver.names_catalog.get(), ..planned })
}

/// The plan of a query that is part of another.
pub(crate) fn planned_within(rows: Rows, resolver: &Resolver<'_>) -> Result<Planned> {
    let rows = rows.aligned(resolver)?;
    Ok(Planned {
        fields: rows.scope.columns.iter().map(|column| column.field.clone()).collect(),
        plan: resolver.by_partition(rows.plan)?,
        hints: Vec::new(),
        tables: resolver.snapshot.tables(),
        observations: Vec::new(),
        names_catalog: false,
    })
}
