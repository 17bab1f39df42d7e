//! The decision: wish, then capability, then place, then size, then cost.

use floe_base::id::BackendId;
use floe_base::{Error, Kind, Result};

use crate::{Capability, Facts, Policy};

/// Where a query runs, and why not elsewhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    pub backend: BackendId,
    pub reasons: Vec<String>,
    /// Every other backend with what spoke against it.
    pub rejected: Vec<(BackendId, String)>,
    pub bytes: u64,
    pub rows: u64,
}

/// Decides. A wish that cannot be met is refused with the reason, never quietly set aside.
pub fn decide(facts: &Facts, capabilities: &[Capability], policy: &Policy) -> Result<Decision> {
    let able: Vec<(&Capability, Option<String>)> =
        capabilities.iter().map(|capability| (capability, objection(facts, capability))).collect();
    let (chosen, reason) = match policy.wishes.first() {
        Some(wish) => {
            let found = able.iter().find(|(capability, _)| capability.backend == wish.backend);
            match found {
                Some((capability, None)) => (*capability, format!("asked for by {}", wish.asked_by)),
                Some((_, Some(why))) => return Err(refused(wish.backend, &wish.asked_by, why)),
                None => return Err(refused(wish.backend, &wish.asked_by, "it is not part of this server")),
            }
        }
        None => best(facts, &able, policy)?,
    };
    let mut reasons = vec![reason];
    reasons.extend(sizes(facts));
    let rejected = able
        .into_iter()
        .filter(|(capability, _)| capability.backend != chosen.backend)
        .map(|(capability, why)| (capability.backend, why.unwrap_or_else(|| beaten(facts, capability, chosen))))
        .collect();
    Ok(Decision { backend: chosen.backend, reasons, rejected, bytes: facts.bytes(), rows: facts.rows() })
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
    capability.objection.clone()
}

/// The best of those nothing speaks against: in process while the data fits, else the first that is not.
fn best<'a>(
    facts: &Facts,
    able: &[(&'a Capability, Option<String>)],
    policy: &Policy,
) -> Result<(&'a Capability, String)> {
    let fits = facts.bytes() <= policy.local_max_bytes;
    let free = || able.iter().filter(|(_, why)| why.is_none()).map(|(capability, _)| *capability);
    let local = free().find(|capability| capability.in_process);
    let remote = free().find(|capability| !capability.in_process);
    match (local, remote) {
        (Some(local), _) if fits => Ok((local, "runs in process".into())),
        (Some(_), Some(remote)) => {
            Ok((remote, format!("scans more than local-max-bytes ({})", human(policy.local_max_bytes))))
        }
        (None, Some(remote)) => Ok((remote, facts.opaque.clone().unwrap_or_else(|| "not possible in process".into()))),
        (Some(local), None) => Ok((local, "larger than local-max-bytes, but no larger engine is configured".into())),
        (None, None) => Err(nowhere(able)),
    }
}

fn sizes(facts: &Facts) -> Option<String> {
    let count = facts.tables.len();
    (count > 0).then(|| {
        let tables = if count == 1 { "table" } else { "tables" };
        format!("{count} {tables}, {} to scan", human(facts.bytes()))
    })
}

fn beaten(facts: &Facts, other: &Capability, chosen: &Capability) -> String {
    match (chosen.in_process, other.in_process) {
        (true, false) => format!("{} is small enough to run in process", human(facts.bytes())),
        (true, true) => format!("{} is taken first in process; ask for {} by name", chosen.backend, other.backend),
        _ => format!("{} came first", chosen.backend),
    }
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
    use crate::{TableFacts, Wish};

    fn local() -> Capability {
        Capability::present(BackendId::DataFusion)
    }

    fn spark(available: bool) -> Capability {
        let absent = Capability::absent(BackendId::Spark, "no Spark is configured");
        if available { Capability { available: Ok(()), ..absent } } else { absent }
    }

    fn table(bytes: u64) -> Facts {
        let reachable = vec![BackendId::DataFusion, BackendId::Spark];
        let table =
            TableFacts { name: "t".into(), format: "iceberg".into(), bytes: Some(bytes), rows: None, reachable };
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
        let duckdb = Capability { backend: BackendId::DuckDb, objection, ..local() };
        let wish = Wish { backend: BackendId::DuckDb, asked_by: "hint".into() };
        let error = decide(&table(1), &[local(), duckdb], &Policy { wishes: vec![wish], ..auto() });
        assert!(error.is_err_and(|error| error.to_string().contains("operator recursive")));
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
