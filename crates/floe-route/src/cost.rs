//! What a query is expected to cost on each engine of this process, and which queries are worth the question.
//!
//! The paces are measured on two cores over TPC-H and TPC-DS at 1 GB, and large joins on 20 and 100 million rows. They are no promise of seconds: what counts is
//! which of two is less, and by how much. Where the same plan has run before, its times are taken instead.

use std::fmt;

use floe_base::id::BackendId;

use crate::decide::human;
use crate::{Capability, Facts};

/// Less than this is read before another engine has opened the files.
const LITTLE_BYTES: u64 = 1 << 20;
const MB: u64 = 1 << 20;
/// A run that took so long is worth the knowledge of what another engine takes.
const LONG_MICROS: u64 = 50_000;
/// What that may be expected to take, in percent of the best.
const TRIED_UP_TO: u64 = 130;

/// The time a run is expected to take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cost {
    pub micros: u64,
    /// The runs it was measured in; 0: it is reckoned from sizes and the shape of the plan.
    pub runs: u32,
}

impl fmt::Display for Cost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.micros {
            micros if micros < 10_000 => write!(f, "{}.{} ms", micros / 1000, micros % 1000 / 100)?,
            micros if micros < 10_000_000 => write!(f, "{} ms", micros / 1000)?,
            micros => write!(f, "{} s", micros / 1_000_000)?,
        }
        match self.runs {
            0 => Ok(()),
            1 => f.write_str(", measured once"),
            runs => write!(f, ", measured in {runs} runs"),
        }
    }
}

/// How fast an engine is, in microseconds.
struct Pace {
    /// Until the first row of any query.
    start: u64,
    /// To plan one operator or scan.
    operator: u64,
    /// To read one MB of Parquet.
    scan: u64,
    /// To take that MB through one join, aggregate, sort or window.
    step: u64,
    /// To be handed one MB that another engine reads.
    handed: u64,
    /// To have a thousand values computed elsewhere.
    call: u64,
    /// To take that MB through an aggregate of whose groups memory holds but a part.
    crowded: u64,
    /// To look up a thousand rows in a table of hashes, each time that is twice as large as [`NEAR_ROWS`].
    far: u64,
}

/// So many rows of a join's smaller side are near at hand: their hashes are in the processor's caches.
const NEAR_ROWS: u64 = 250_000;

const DATAFUSION: Pace =
    Pace { start: 2_000, operator: 1_000, scan: 1_000, step: 400, handed: 0, call: 0, crowded: 10_000, far: 0 };
const DUCKDB: Pace =
    Pace { start: 6_000, operator: 700, scan: 600, step: 180, handed: 1_900, call: 100, crowded: 17_000, far: 9 };

/// What a query is expected to take on those of the backends whose pace is known. Where one of them has run the plan
/// before, the others are expected to be as much slower or quicker than that as they were reckoned to be.
pub(crate) fn of_all(facts: &Facts, able: &[&Capability]) -> Vec<(BackendId, Cost)> {
    let reckoned: Vec<(&Capability, u64)> = able.iter().filter_map(|one| Some((*one, reckoned(facts, one)?))).collect();
    let told = reckoned.iter().find_map(|(one, micros)| Some((one.measured?.micros, (*micros).max(1))));
    let scaled = |micros: u64| match told {
        Some((took, expected)) => u64::try_from(u128::from(micros) * u128::from(took) / u128::from(expected)),
        None => Ok(micros),
    };
    let cost = |(one, micros): &(&Capability, u64)| match one.measured {
        Some(measured) => Cost { micros: measured.micros, runs: measured.runs },
        None => Cost { micros: scaled(*micros).unwrap_or(u64::MAX), runs: 0 },
    };
    reckoned.iter().map(|one| (one.0.backend, cost(one))).collect()
}

/// Which backend is to run the query, of those that could: the one that is expected to be done first. One that has not
/// run a plan yet that takes its time elsewhere is tried once, where it is not expected to be much worse.
pub(crate) fn choice(costs: &[(BackendId, Cost)]) -> Option<(BackendId, bool)> {
    let (best, cost) = costs.iter().min_by_key(|(_, cost)| cost.micros)?;
    let is_worth_a_try = |(backend, other): &&(BackendId, Cost)| {
        backend != best && other.runs == 0 && other.micros <= cost.micros.saturating_mul(TRIED_UP_TO) / 100
    };
    let untried = costs.iter().filter(|_| cost.runs > 0 && cost.micros >= LONG_MICROS).find(is_worth_a_try);
    Some(untried.map_or((*best, false), |(backend, _)| (*backend, true)))
}

/// From sizes and shape; `None` for backends whose pace is not ours to know.
fn reckoned(facts: &Facts, capability: &Capability) -> Option<u64> {
    let pace = match capability.backend {
        BackendId::DataFusion => &DATAFUSION,
        BackendId::DuckDb => &DUCKDB,
        BackendId::Spark | BackendId::Snowflake => return None,
    };
    let steps = u64::from(facts.shape.steps());
    let work = |bytes: u64, micros_a_mb: u64| bytes.saturating_mul(micros_a_mb) / MB;
    let mut micros = pace.start + pace.operator * (steps + u64::from(facts.shape.scans));
    for table in &facts.tables {
        let bytes = table.reads_bytes();
        micros = micros.saturating_add(work(bytes, pace.scan + pace.step * steps));
        let opens = table.reads.in_place || (table.reads.is_remote && capability.opinion.fetches);
        if !opens {
            micros = micros.saturating_add(work(bytes, pace.handed));
        }
    }
    if facts.is_crowded {
        micros = micros.saturating_add(work(facts.bytes(), pace.crowded));
    }
    for join in &facts.shape.whole_joins {
        let doubled = u64::from((join.with / NEAR_ROWS).checked_ilog2().unwrap_or(0));
        micros = micros.saturating_add((join.rows / 1000).saturating_mul(pace.far * doubled));
    }
    let calls = capability.opinion.called_back / 1000;
    Some(micros.saturating_add(calls.saturating_mul(pace.call)))
}

/// Why a query stays on the first engine of this process without the others being weighed; `None`: they are.
pub fn stays(facts: &Facts) -> Option<String> {
    if let Some(source) = &facts.shape.ordered_source {
        return Some(format!("{source} is read, whose rows come in an order"));
    }
    if let Some(function) = &facts.shape.by_order {
        return Some(format!("{function} depends on the order of the rows"));
    }
    if facts.shape.steps() == 0 {
        return Some("rows are only read, picked and passed on".into());
    }
    (facts.bytes() < LITTLE_BYTES).then(|| format!("{} to read is little", human(facts.bytes())))
}

/// `3 joins, 1 aggregate and 1 sort over 90.0 MB`.
pub(crate) fn work(facts: &Facts) -> String {
    let shape = &facts.shape;
    let counted =
        [(shape.joins, "join"), (shape.aggregates, "aggregate"), (shape.sorts, "sort"), (shape.windows, "window")];
    let words = counted.into_iter().filter(|(count, _)| *count > 0);
    let words: Vec<String> =
        words.map(|(count, word)| format!("{count} {word}{}", if count == 1 { "" } else { "s" })).collect();
    let listed = match words.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, before)) => format!("{} and {last}", before.join(", ")),
        None => "nothing but reading".into(),
    };
    let crowded = if facts.is_crowded { ", in more groups than memory holds" } else { "" };
    format!("{listed} over {}{crowded}", human(facts.bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::{Reads, Shape};
    use crate::{Opinion, TableFacts, decide};

    fn table(bytes: u64) -> TableFacts {
        let reads = Reads { bytes: Some(bytes), row_bytes: 50, in_place: true, ..Reads::default() };
        TableFacts {
            name: "t".into(),
            format: "parquet".into(),
            bytes: Some(bytes * 4),
            rows: None,
            reachable: vec![BackendId::DataFusion, BackendId::DuckDb],
            reads,
        }
    }

    /// A join, an aggregate and a sort over two tables of this size together.
    fn report(bytes: u64) -> Facts {
        let shape = Shape { joins: 1, aggregates: 1, sorts: 1, scans: 2, ..Shape::default() };
        Facts { tables: vec![table(bytes / 2), table(bytes / 2)], shape, ..Facts::default() }
    }

    fn engines(called_back: u64) -> [Capability; 2] {
        let opinion = Opinion { called_back, ..Opinion::default() };
        let duckdb = Capability { opinion, ..Capability::present(BackendId::DuckDb) };
        [Capability::present(BackendId::DataFusion), duckdb]
    }

    fn taken(facts: &Facts, engines: &[Capability]) -> BackendId {
        let policy = crate::Policy { wishes: vec![], local_max_bytes: 10 << 30 };
        decide(facts, engines, &policy).unwrap().backend
    }

    #[test]
    fn real_work_over_files_goes_where_it_is_quicker() {
        assert_eq!(taken(&report(100 * MB), &engines(0)), BackendId::DuckDb);
        assert_eq!(taken(&report(LITTLE_BYTES / 2), &engines(0)), BackendId::DataFusion);
    }

    #[test]
    fn scans_alone_stay() {
        let scan = Facts { shape: Shape { scans: 2, ..Shape::default() }, ..report(100 * MB) };
        assert_eq!(taken(&scan, &engines(0)), BackendId::DataFusion);
    }

    #[test]
    fn rows_in_an_order_stay_in_it() {
        let mut facts = report(100 * MB);
        facts.shape.ordered_source = Some("a range".into());
        assert_eq!(taken(&facts, &engines(0)), BackendId::DataFusion);
        facts.shape.ordered_source = None;
        facts.shape.by_order = Some("first".into());
        assert_eq!(taken(&facts, &engines(0)), BackendId::DataFusion);
    }

    #[test]
    fn functions_that_are_called_back_and_rows_that_are_handed_over_have_their_price() {
        let facts = report(100 * MB);
        assert_eq!(taken(&facts, &engines(8_000_000)), BackendId::DataFusion);
        let mut streamed = facts.clone();
        streamed.tables.iter_mut().for_each(|table| table.reads.in_place = false);
        assert_eq!(taken(&streamed, &engines(0)), BackendId::DataFusion);
        streamed.tables.iter_mut().for_each(|table| table.reads.is_remote = true);
        assert_eq!(taken(&streamed, &engines(0)), BackendId::DataFusion);
        let [datafusion, mut fetching] = engines(0);
        fetching.opinion.fetches = true;
        assert_eq!(taken(&streamed, &[datafusion, fetching]), BackendId::DuckDb);
        // A small one beside large ones does not matter.
        let mut mixed = facts;
        mixed.tables.push(TableFacts { reads: Reads { in_place: false, ..table(10_000).reads }, ..table(10_000) });
        assert_eq!(taken(&mixed, &engines(0)), BackendId::DuckDb);
    }

    #[test]
    fn a_join_with_all_of_a_large_table_is_for_the_one_that_finds_things_in_it() {
        let (rows, bytes) = (100_000_000, 1_200 * MB);
        let of = |with| {
            let whole_joins = vec![crate::WholeJoin { rows, with }];
            let shape = Shape { joins: 1, aggregates: 1, scans: 2, whole_joins, ..Shape::default() };
            Facts { tables: vec![table(bytes)], shape, ..Facts::default() }
        };
        assert_eq!(taken(&of(10_000_000), &engines(0)), BackendId::DataFusion);
        assert_eq!(taken(&of(100_000), &engines(0)), BackendId::DuckDb);
    }

    #[test]
    fn groups_that_memory_does_not_hold_are_for_the_one_that_reads_again() {
        let shape = Shape { aggregates: 1, scans: 1, ..Shape::default() };
        let mut facts = Facts { tables: vec![table(8 << 30)], shape, ..Facts::default() };
        assert_eq!(taken(&facts, &engines(0)), BackendId::DuckDb);
        facts.is_crowded = true;
        assert_eq!(taken(&facts, &engines(0)), BackendId::DataFusion);
    }

    fn measured(capability: &Capability, micros: u64) -> Capability {
        Capability { measured: Some(crate::Measured { micros, runs: 1 }), ..capability.clone() }
    }

    #[test]
    fn times_that_were_measured_win_over_reckoning() {
        let (facts, [datafusion, duckdb]) = (report(100 * MB), engines(0));
        let (quick, slow) = (measured(&datafusion, 100_000), measured(&duckdb, 120_000));
        assert_eq!(taken(&facts, &[quick, slow]), BackendId::DataFusion);
        let (slow, quick) = (measured(&datafusion, 120_000), measured(&duckdb, 100_000));
        assert_eq!(taken(&facts, &[slow, quick]), BackendId::DuckDb);
    }

    #[test]
    fn what_was_not_tried_is_expected_in_proportion_and_tried_once_where_it_may_pay() {
        let facts = report(100 * MB);
        let [datafusion, duckdb] = engines(0);
        // It is reckoned to take nearly twice as long: not worth a try.
        assert_eq!(taken(&facts, &[datafusion.clone(), measured(&duckdb, 1_000_000)]), BackendId::DuckDb);
        // Reckoned to be quicker, it is simply the best, however long the other took.
        assert_eq!(taken(&facts, &[measured(&datafusion, 10_000), duckdb]), BackendId::DuckDb);
        // With a function that is called back the two are close.
        let [datafusion, duckdb] = engines(1_200_000);
        assert_eq!(taken(&facts, &[datafusion.clone(), duckdb.clone()]), BackendId::DataFusion);
        assert_eq!(taken(&facts, &[measured(&datafusion, 200_000), duckdb.clone()]), BackendId::DuckDb);
        assert_eq!(taken(&facts, &[measured(&datafusion, 20_000), duckdb.clone()]), BackendId::DataFusion);
        let both = [measured(&datafusion, 200_000), measured(&duckdb, 210_000)];
        assert_eq!(taken(&facts, &both), BackendId::DataFusion);
    }

    #[test]
    fn both_costs_are_told() -> floe_base::Result<()> {
        let policy = crate::Policy { wishes: vec![], local_max_bytes: 10 << 30 };
        let decision = decide(&report(100 * MB), &engines(0), &policy)?;
        assert_eq!(
            decision.reasons[0],
            "1 join, 1 aggregate and 1 sort over 100.0 MB: expected to take 123 ms, 227 ms on datafusion"
        );
        assert_eq!(decision.rejected[0].1, "expected to take 227 ms");
        assert_eq!(decision.instead, Some(BackendId::DataFusion));
        Ok(())
    }
}
