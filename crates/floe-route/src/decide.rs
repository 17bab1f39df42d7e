//! The decision: wish, then capability, then place, then size, then cost.

use floe_base::id::BackendId;
use floe_base::{Error, Kind, Result};

use crate::{Capability, Cost, Facts, Policy, cost};

/// What a query is expected to take, by backend.
pub type Costs = Vec<(BackendId, Cost)>;

/// Where a query runs, and why not elsewhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    pub backend: BackendId,
    pub reasons: Vec<String>,
    /// Every other backend with what spoke against it.
    pub rejected: Vec<(BackendId, String)>,
    /// What the query is expected to take, on each backend that could run it and whose pace is known.
    pub costs: Costs,
    /// The plan's fingerprint, where its time is worth remembering.
    pub plan: Option<u64>,
    /// Who is asked when the chosen backend fails before its first row; nobody where it was asked for by name.
    pub instead: Option<BackendId>,
    pub bytes: u64,
    /// Operators that must see many rows before they can give one.
    pub steps: u32,
    pub rows: u64,
}

/// Decides. A wish that cannot be met is refused with the reason, never quietly set aside.
pub fn decide(facts: &Facts, capabilities: &[Capability], policy: &Policy) -> Result<Decision> {
    let able: Vec<(&Capability, Option<String>)> =
        capabilities.iter().map(|capability| (capability, objection(facts, capability))).collect();
    let here: Vec<&Capability> =
        able.iter().filter(|(one, why)| why.is_none() && one.in_process).map(|(one, _)| *one).collect();
    let costs = cost::of_all(facts, &here);
    let (chosen, reason) = match policy.wishes.first() {
        Some(wish) => {
            let found = able.iter().find(|(capability, _)| capability.backend == wish.backend);
            match found {
                Some((capability, None)) => (*capability, format!("asked for by {}", wish.asked_by)),
                Some((_, Some(why))) => return Err(refused(wish.backend, &wish.asked_by, why)),
                None => return Err(refused(wish.backend, &wish.asked_by, "it is not part of this server")),
            }
        }
        None => best(facts, &able, &costs, policy)?,
    };
    let mut reasons = vec![reason];
    reasons.extend(sizes(facts));
    // The first engine has Spark's answers; its failures are nobody else's to mend.
    let first = here.first().filter(|_| policy.wishes.is_empty() && chosen.in_process);
    let instead = first.map(|first| first.backend).filter(|first| *first != chosen.backend);
    let rejected = able
        .into_iter()
        .filter(|(capability, _)| capability.backend != chosen.backend)
        .map(|(capability, why)| {
            (capability.backend, why.unwrap_or_else(|| beaten(facts, policy, capability, chosen, &costs)))
        })
        .collect();
    let (bytes, rows, steps) = (facts.bytes(), facts.rows(), facts.shape.steps());
    Ok(Decision { backend: chosen.backend, reasons, rejected, costs, plan: None, instead, bytes, steps, rows })
}

impl Decision {
    /// The decision after its backend failed before it had given a row.
    pub fn moved(&self, to: BackendId, why: &str) -> Self {
        let failed = format!("asked first, and could not: {why}");
        let reasons = vec![format!("{} could not: {why}", self.backend)];
        let others = self.rejected.iter().filter(|(backend, _)| *backend != to).cloned();
        let rejected = std::iter::once((self.backend, failed)).chain(others).collect();
        Self { backend: to, reasons, rejected, instead: None, ..self.clone() }
    }

    /// What the query is expected to take on a backend.
    pub fn cost(&self, backend: BackendId) -> Option<Cost> {
        self.costs.iter().find(|(known, _)| *known == backend).map(|(_, cost)| *cost)
    }
}

/// What speaks against a backend for this query, if anything.
fn objection(facts: &Facts, capability: &Capability) -> Option<String> {
    if let Err(why) = &capability.available {
        return Some(why.clone());
    }
    if let Some(opaque) = facts.opaque.as_ref().filter(|_| !capability.takes_origin) {
        return Some(opaque.clone());
    }
    if let Some(external) = facts.external.first().filter(|_| !capability.takes_origin) {
        return Some(format!("{external} needs a real Spark"));
    }
    let missing = |known: &Option<std::collections::BTreeSet<String>>, used: &std::collections::BTreeSet<String>| {
        known.as_ref().and_then(|known| used.iter().find(|name| !known.contains(*name)).cloned())
    };
    if let Some(function) = missing(&capability.functions, &facts.functions) {
        return Some(format!("function {function} does not give Spark's answers there"));
    }
    if let Some(operator) = missing(&capability.operators, &facts.operators) {
        return Some(format!("operator {operator} is not supported there"));
    }
    // Backends in this process share its scans.
    let reaches = |backends: &[BackendId]| {
        backends.contains(&capability.backend) || (capability.in_process && backends.contains(&BackendId::DataFusion))
    };
    if let Some(far) = facts.tables.iter().find(|table| !reaches(&table.reachable)) {
        return Some(format!("table {} cannot be reached from there", far.name));
    }
    capability.opinion.objection.clone()
}

/// The best of those nothing speaks against: in process while the data fits, else the first that is not.
fn best<'a>(
    facts: &Facts,
    able: &[(&'a Capability, Option<String>)],
    costs: &Costs,
    policy: &Policy,
) -> Result<(&'a Capability, String)> {
    let fits = facts.bytes() <= policy.local_max_bytes;
    let free = || able.iter().filter(|(_, why)| why.is_none()).map(|(capability, _)| *capability);
    let here: Vec<&Capability> = free().filter(|capability| capability.in_process).collect();
    let local = quickest(facts, &here, costs);
    let remote = free().find(|capability| !capability.in_process);
    match (local, remote) {
        (Some((local, why)), _) if fits => Ok((local, why)),
        (Some(_), Some(remote)) => Ok((remote, too_large(policy))),
        (None, Some(remote)) => Ok((remote, facts.opaque.clone().unwrap_or_else(|| "not possible in process".into()))),
        (Some((local, _)), None) => {
            Ok((local, "larger than local-max-bytes, but no larger engine is configured".into()))
        }
        (None, None) => Err(nowhere(able)),
    }
}

/// The engine of this process that is to run it, and why.
fn quickest<'a>(facts: &Facts, able: &[&'a Capability], costs: &Costs) -> Option<(&'a Capability, String)> {
    let first = *able.first()?;
    let here =
        if facts.of_session { "asks what the session's catalog is called" } else { "runs in process" }.to_string();
    let chosen = cost::choice(costs).filter(|_| cost::stays(facts).is_none());
    let Some((backend, is_try)) = chosen else { return Some((first, here)) };
    let best = able.iter().find(|one| one.backend == backend).copied()?;
    let others = costs.iter().filter(|(other, _)| *other != backend);
    let others: Vec<String> = others.map(|(other, cost)| format!("{cost} on {other}")).collect();
    let own = costs.iter().find(|(known, _)| *known == backend).map(|(_, cost)| cost.to_string()).unwrap_or_default();
    let why = match (is_try, others.is_empty()) {
        (true, _) => format!("tried once, for it may be quicker: expected {own}, {}", others.join(", ")),
        (false, true) => return Some((best, here)),
        (false, false) => format!("{}: expected to take {own}, {}", cost::work(facts), others.join(", ")),
    };
    Some((best, why))
}

fn sizes(facts: &Facts) -> Option<String> {
    let count = facts.tables.len();
    (count > 0).then(|| {
        let tables = if count == 1 { "table" } else { "tables" };
        format!("{count} {tables}, {} to scan", human(facts.bytes()))
    })
}

fn beaten(facts: &Facts, policy: &Policy, other: &Capability, chosen: &Capability, costs: &Costs) -> String {
    match (chosen.in_process, other.in_process) {
        (true, false) => format!("{} is small enough to run in process", human(facts.bytes())),
        (_, true) if !policy.wishes.is_empty() => format!("{} was asked for", chosen.backend),
        (false, true) if facts.bytes() > policy.local_max_bytes => too_large(policy),
        (true, true) => match (cost::stays(facts), costs.iter().find(|(known, _)| *known == other.backend)) {
            (Some(why), _) => why,
            (None, Some((_, cost))) => format!("expected to take {cost}"),
            (None, None) => format!("{} came first", chosen.backend),
        },
        _ => format!("{} came first", chosen.backend),
    }
}

fn too_large(policy: &Policy) -> String {
    format!("scans more than local-max-bytes ({})", human(policy.local_max_bytes))
}

fn refused(backend: BackendId, asked_by: &str, why: &str) -> Error {
    let text = format!(
        "route {backend}, asked for by {asked_by}, is not possible: {why}. `SET floe.route=auto` lets the engine choose."
    );
    Error::message(Kind::Unsupported, text)
}

fn nowhere(able: &[(&Capability, Option<String>)]) -> Error {
    let why = able.iter().filter_map(|(capability, why)| Some(format!("{}: {}", capability.backend, why.as_ref()?)));
    Error::message(Kind::Unsupported, format!("no backend can run this query. {}", why.collect::<Vec<_>>().join("; ")))
}

/// Bytes for people: `1.5 GB`.
pub fn human(bytes: u64) -> String {
    const UNITS: [&str; 5] = ["B", "kB", "MB", "GB", "TB"];
    let mut value = bytes as f64;
    let mut unit = 0;
    while value >= 1024.0 && unit + 1 < UNITS.len() {
        value /= 1024.0;
        unit += 1;
    }
    if unit == 0 { format!("{bytes} B") } else { format!("{value:.1} {}", UNITS[unit]) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Opinion, Reads, TableFacts, Wish};

    fn local() -> Capability {
        Capability::present(BackendId::DataFusion)
    }

    fn spark(available: bool) -> Capability {
        let absent = Capability::absent(BackendId::Spark, "no Spark is configured");
        if available { Capability { available: Ok(()), ..absent } } else { absent }
    }

    fn table(bytes: u64) -> Facts {
        let reachable = vec![BackendId::DataFusion, BackendId::Spark];
        let reads = Reads { bytes: Some(bytes), in_place: true, ..Reads::default() };
        let (name, format) = ("t".into(), "iceberg".into());
        let table = TableFacts { name, format, bytes: Some(bytes), rows: None, reachable, reads };
        Facts { tables: vec![table], ..Facts::default() }
    }

    fn auto() -> Policy {
        Policy { wishes: vec![], local_max_bytes: 1000 }
    }

    #[test]
    fn small_queries_stay_in_process() -> Result<()> {
        let decision = decide(&table(10), &[local(), spark(true)], &auto())?;
        assert_eq!(decision.backend, BackendId::DataFusion);
        assert_eq!(decision.rejected[0].0, BackendId::Spark);
        Ok(())
    }

    #[test]
    fn large_queries_go_to_spark_where_there_is_one() -> Result<()> {
        assert_eq!(decide(&table(5000), &[local(), spark(true)], &auto())?.backend, BackendId::Spark);
        assert_eq!(decide(&table(5000), &[local(), spark(false)], &auto())?.backend, BackendId::DataFusion);
        Ok(())
    }

    #[test]
    fn a_wish_is_met_or_refused_with_the_reason() {
        let wish = Wish { backend: BackendId::Spark, asked_by: "hint".into() };
        let policy = Policy { wishes: vec![wish], ..auto() };
        assert!(decide(&table(1), &[local(), spark(true)], &policy).is_ok());
        let error = decide(&table(1), &[local(), spark(false)], &policy).unwrap_err().to_string();
        assert!(error.contains("no Spark is configured"), "{error}");
    }

    #[test]
    fn an_objection_to_the_plan_itself_is_the_reason() {
        let objection = Some("operator recursive does not give Spark's answers there".to_string());
        let opinion = Opinion { objection, ..Opinion::default() };
        let duckdb = Capability { backend: BackendId::DuckDb, opinion, ..local() };
        let wish = Wish { backend: BackendId::DuckDb, asked_by: "hint".into() };
        let error = decide(&table(1), &[local(), duckdb], &Policy { wishes: vec![wish], ..auto() });
        assert!(error.is_err_and(|error| error.to_string().contains("operator recursive")));
    }

    #[test]
    fn a_decision_that_moved_tells_why() -> Result<()> {
        let duckdb = Capability { backend: BackendId::DuckDb, ..local() };
        let decision = decide(&table(1), &[local(), duckdb], &auto())?;
        let moved = Decision { backend: BackendId::DuckDb, ..decision }.moved(BackendId::DataFusion, "no memory");
        assert_eq!(moved.summary(), "datafusion: duckdb could not: no memory");
        assert_eq!(moved.rejected[0], (BackendId::DuckDb, "asked first, and could not: no memory".into()));
        assert!(moved.instead.is_none());
        Ok(())
    }

    #[test]
    fn backends_of_this_process_reach_what_it_scans() -> Result<()> {
        let duckdb = Capability { backend: BackendId::DuckDb, ..local() };
        let wish = Wish { backend: BackendId::DuckDb, asked_by: "tag".into() };
        let decision = decide(&table(1), &[local(), duckdb], &Policy { wishes: vec![wish], ..auto() })?;
        assert_eq!(decision.backend, BackendId::DuckDb);
        assert_eq!(decision.rejected[0].0, BackendId::DataFusion);
        Ok(())
    }

    #[test]
    fn what_cannot_be_lowered_needs_a_backend_that_takes_it_whole() {
        let facts = Facts { opaque: Some("relation Transpose is not lowered".into()), ..Facts::default() };
        assert_eq!(decide(&facts, &[local(), spark(true)], &auto()).unwrap().backend, BackendId::Spark);
        assert!(decide(&facts, &[local(), spark(false)], &auto()).is_err());
    }
}
