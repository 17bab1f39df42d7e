//! Looking into a message without decoding it: the messages of some kinds inside, wherever they stand.
//!
//! A plan that cannot be decoded whole (code for Python, kinds this server is too old to know) still says which tables
//! and uploads it needs.

use bytes::Bytes;

use crate::depth::{self, Refused};

/// The messages of the wanted kinds (names without package, as `Read.NamedTable`) inside one of kind `name`, outer ones
/// first, each with the index of its kind in `wanted`.
///
/// # Errors
/// As [`depth::check`].
pub fn find(name: &str, message: &Bytes, wanted: &[&str]) -> Result<Vec<(usize, Bytes)>, Refused> {
    let mut found = Vec::new();
    depth::walk(name, message, |kind, _, place| {
        if let Some(index) = wanted.iter().position(|wanted| *wanted == kind) {
            found.push((index, message.slice(place)));
        }
    })?;
    Ok(found)
}

#[cfg(test)]
mod tests {
    use prost::Message;

    use super::*;
    use crate::connect::{ExecutePlanRequest, Limit, Plan, Read, Relation, plan, read, relation};

    #[test]
    fn tables_are_found_wherever_they_stand() {
        let named = read::NamedTable { unparsed_identifier: "a.b".into(), ..Default::default() };
        let read = Read { read_type: Some(read::ReadType::NamedTable(named)), ..Default::default() };
        let read = Relation { common: None, rel_type: Some(relation::RelType::Read(read)) };
        let limit = Limit { limit: 1, input: Some(Box::new(read)) };
        let limit = Relation { common: None, rel_type: Some(relation::RelType::Limit(Box::new(limit))) };
        let plan = Some(Plan { op_type: Some(plan::OpType::Root(limit)) });
        let request = Bytes::from(ExecutePlanRequest { plan, ..Default::default() }.encode_to_vec());
        let found = find("ExecutePlanRequest", &request, &["SQL", "Read.NamedTable"]).expect("a message");
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].0, 1);
        let table = read::NamedTable::decode(found[0].1.clone()).expect("a table");
        assert_eq!(table.unparsed_identifier, "a.b");
        assert!(find("ExecutePlanRequest", &Bytes::from_static(&[0x0a, 0x7f]), &[]).is_err());
    }
}
