//! `Config`: the session's settings. Keys, defaults and refusals are the engine's (`floe_engine::session::conf`), which
//! SQL's `SET` uses too; this file knows the seven ways to ask.

use floe_base::{Error, Kind, Result};
use floe_engine::session::conf::Conf;
use floe_proto::connect as proto;
use floe_proto::connect::KeyValue;
use floe_proto::connect::config_request::operation::OpType;
use tonic::Status;

use crate::error;
use crate::service::Service;
use crate::session::key;

/// Pairs and warnings.
type Answer = (Vec<KeyValue>, Vec<String>);

pub(crate) fn handle(service: &Service, request: proto::ConfigRequest) -> Result<proto::ConfigResponse, Status> {
    let key = key(&request.session_id, request.user_context.as_ref());
    let observed = request.client_observed_server_side_session_id.as_deref();
    let session = service.sessions.get_or_create(&key, observed).map_err(|error| error::plain(&error))?;
    let answer = answer(session.engine.conf(), request.operation.and_then(|operation| operation.op_type));
    let (pairs, warnings) = answer.map_err(|error| session.errors.status(error))?;
    Ok(proto::ConfigResponse {
        session_id: request.session_id,
        server_side_session_id: session.server_side_id(),
        pairs,
        warnings,
    })
}

fn answer(conf: &Conf, operation: Option<OpType>) -> Result<Answer> {
    match operation {
        Some(OpType::Set(set)) => self::set(conf, set),
        Some(OpType::Get(get)) => {
            let pairs = get.keys.into_iter().map(|key| {
                let value = conf.get(&key)?;
                let value = as_clients_read(&key, value);
                Ok(pair(key, Some(value)))
            });
            let pairs: Vec<KeyValue> = pairs.collect::<Result<_>>()?;
            let warnings = pairs.iter().filter_map(|pair| warning(&pair.key)).collect();
            Ok((pairs, warnings))
        }
        Some(OpType::GetWithDefault(get)) => {
            let pairs = get.pairs.into_iter().map(|asked| {
                let value = conf.option(&asked.key).or(asked.value);
                pair(asked.key, value)
            });
            Ok((pairs.collect(), Vec::new()))
        }
        Some(OpType::GetOption(get)) => {
            let pairs = get.keys.into_iter().map(|key| {
                let value = conf.option(&key);
                pair(key, value)
            });
            Ok((pairs.collect(), Vec::new()))
        }
        Some(OpType::GetAll(get)) => Ok((get_all(conf, get.prefix.as_deref()), Vec::new())),
        Some(OpType::Unset(unset)) => {
            for key in unset.keys {
                conf.unset(&key)?;
            }
            Ok((Vec::new(), Vec::new()))
        }
        Some(OpType::IsModifiable(asked)) => {
            let pairs = asked.keys.into_iter().map(|key| {
                let value = conf.is_modifiable(&key).to_string();
                pair(key, Some(value))
            });
            Ok((pairs.collect(), Vec::new()))
        }
        None => Err(Error::message(Kind::Unsupported, " not supported.")),
    }
}

/// Clients from 4.0 set a builder's options silently: what is refused becomes a warning.
fn set(conf: &Conf, set: proto::config_request::Set) -> Result<Answer> {
    let mut warnings = Vec::new();
    for KeyValue { key, value } in set.pairs {
        let done = match &value {
            Some(value) => conf.set(&key, value),
            None => Err(Error::message(
                Kind::IllegalArgument,
                format!("requirement failed: value cannot be null for key: {key}"),
            )),
        };
        match done {
            Err(error) if set.silent.unwrap_or(false) => {
                let value = value.map_or_else(|| "None".into(), |value| format!("Some({value})"));
                warnings.push(format!("Failed to set {key} to {value} due to {error}"));
            }
            done => {
                done?;
                warnings.extend(warning(&key));
            }
        }
    }
    Ok((Vec::new(), warnings))
}

/// Keys that mean nothing to a client without a JVM (Spark 4.1 `SparkConnectConfigHandler`).
fn warning(key: &str) -> Option<String> {
    const WITHOUT_MEANING: [&str; 2] =
        ["spark.sql.execution.arrow.enabled", "spark.sql.execution.arrow.pyspark.fallback.enabled"];
    WITHOUT_MEANING.contains(&key).then(|| format!("The SQL config '{key}' is NOT supported in Spark Connect"))
}

/// Clients from 4.2 read this size as a number, which is how their own servers tell it; 4.1.4 adds the unit.
fn as_clients_read(key: &str, value: String) -> String {
    match value.strip_suffix('b') {
        Some(number) if key == "spark.sql.session.localRelationSizeLimit" => number.into(),
        _ => value,
    }
}

/// Keys come without the prefix they were asked by.
fn get_all(conf: &Conf, prefix: Option<&str>) -> Vec<KeyValue> {
    let entries = conf.entries(false).into_iter();
    match prefix {
        None => entries.map(|(key, value)| pair(key, Some(value))).collect(),
        Some(prefix) => entries
            .filter_map(|(key, value)| key.strip_prefix(prefix).map(|rest| pair(rest.into(), Some(value))))
            .collect(),
    }
}

fn pair(key: String, value: Option<String>) -> KeyValue {
    KeyValue { key, value }
}
