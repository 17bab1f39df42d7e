//! `CALL catalog.system.procedure(…)`: arguments bound and read, result rows built. What a procedure does to a table is
//! `floe_iceberg::procedure`.

use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Array};
use datafusion::scalar::ScalarValue;
use floe_base::error::quoted;
use floe_base::{Error, Kind, Result};
use floe_iceberg::procedure::{self, Expire, Expired, Moved};
use floe_iceberg::table::Table;
use floe_syntax::expression::{Argument, CastMode};
use floe_syntax::relation::TableName;
use floe_syntax::{DataType, Expression, ExpressionKind, Origin, Relation, RelationKind};

use crate::command::cells::{Column, texts, told};
use crate::{Execution, Session, query};

/// The namespace procedures live in, in every catalog.
const SCHEMA: &str = "system";

/// Iceberg's procedures that are not here: refused by name rather than unknown (Iceberg 1.11 `SparkProcedures`).
const OTHERS: &[&str] = &[
    "add_files",
    "cherrypick_snapshot",
    "compute_partition_stats",
    "compute_table_stats",
    "create_changelog_view",
    "migrate",
    "publish_changes",
    "register_table",
    "remove_orphan_files",
    "rewrite_data_files",
    "rewrite_manifests",
    "rewrite_position_delete_files",
    "rewrite_table_path",
    "snapshot",
];

#[derive(Clone, Copy)]
enum Procedure {
    RollbackToSnapshot,
    RollbackToTimestamp,
    SetCurrentSnapshot,
    FastForward,
    AncestorsOf,
    ExpireSnapshots,
}

/// A parameter: name, type, whether a call must give it.
type Parameter = (&'static str, DataType, bool);

impl Procedure {
    fn parse(name: &str) -> Option<Self> {
        Some(match name.to_lowercase().as_str() {
            "rollback_to_snapshot" => Self::RollbackToSnapshot,
            "rollback_to_timestamp" => Self::RollbackToTimestamp,
            "set_current_snapshot" => Self::SetCurrentSnapshot,
            "fast_forward" => Self::FastForward,
            "ancestors_of" => Self::AncestorsOf,
            "expire_snapshots" => Self::ExpireSnapshots,
            _ => return None,
        })
    }

    /// In the order of Iceberg 1.11's own declarations.
    fn parameters(self) -> Vec<Parameter> {
        let table = ("table", DataType::String, true);
        let longs = DataType::Array { element: Box::new(DataType::Long), nullable: false };
        match self {
            Self::RollbackToSnapshot => vec![table, ("snapshot_id", DataType::Long, true)],
            Self::RollbackToTimestamp => vec![table, ("timestamp", DataType::Timestamp, true)],
            Self::SetCurrentSnapshot => {
                vec![table, ("snapshot_id", DataType::Long, false), ("ref", DataType::String, false)]
            }
            Self::FastForward => vec![table, ("branch", DataType::String, true), ("to", DataType::String, true)],
            Self::AncestorsOf => vec![table, ("snapshot_id", DataType::Long, false)],
            Self::ExpireSnapshots => vec![
                table,
                ("older_than", DataType::Timestamp, false),
                ("retain_last", DataType::Int, false),
                ("max_concurrent_deletes", DataType::Int, false),
                ("stream_results", DataType::Boolean, false),
                ("snapshot_ids", longs, false),
                ("clean_expired_metadata", DataType::Boolean, false),
            ],
        }
    }
}

pub(super) async fn run(session: &Arc<Session>, name: &[String], arguments: Vec<Argument>) -> Result<Execution> {
    let unknown = || Error::analysis("FAILED_TO_LOAD_ROUTINE").with("routineName", quoted(name));
    let (catalog, namespace, last) = match name {
        [catalog, schema, last] => (catalog.clone(), schema, last),
        [schema, last] => (session.current().0, schema, last),
        _ => return Err(unknown()),
    };
    if !namespace.eq_ignore_ascii_case(SCHEMA) {
        return Err(unknown());
    }
    if OTHERS.contains(&last.to_lowercase().as_str()) {
        return Err(Error::unsupported(format!("procedure {}", name.join("."))));
    }
    let procedure = Procedure::parse(last).ok_or_else(unknown)?;
    let parameters = procedure.parameters();
    let given = Given { values: values(session, bind(name, &parameters, arguments)?, &parameters).await?, parameters };
    let table = table(session, &catalog, &given.text("table")?.unwrap_or_default()).await?;
    match procedure {
        Procedure::RollbackToSnapshot => {
            let id = given.long("snapshot_id")?.unwrap_or_default();
            moved(procedure::rollback_to_snapshot(&table, id).await?)
        }
        Procedure::RollbackToTimestamp => {
            let at = given.millis("timestamp")?.unwrap_or_default();
            moved(procedure::rollback_to_timestamp(&table, at).await?)
        }
        Procedure::SetCurrentSnapshot => {
            let (id, reference) = (given.long("snapshot_id")?, given.text("ref")?);
            moved(procedure::set_current(&table, id, reference.as_deref()).await?)
        }
        Procedure::FastForward => {
            let branch = given.text("branch")?.unwrap_or_default();
            let done = procedure::fast_forward(&table, &branch, &given.text("to")?.unwrap_or_default()).await?;
            told(vec![
                ("branch_updated", false, texts([branch])),
                ("previous_ref", true, longs([done.from])),
                ("updated_ref", false, longs([Some(done.to)])),
            ])
        }
        Procedure::AncestorsOf => {
            let found = procedure::ancestors_of(&table, given.long("snapshot_id")?);
            told(vec![
                ("snapshot_id", true, longs(found.iter().map(|snapshot| Some(snapshot.snapshot_id())))),
                ("timestamp", true, longs(found.iter().map(|snapshot| Some(snapshot.timestamp_ms())))),
            ])
        }
        Procedure::ExpireSnapshots => expire(session, &table, &given).await,
    }
}

async fn expire(session: &Session, table: &Table, given: &Given) -> Result<Execution> {
    if given.flag("clean_expired_metadata")? == Some(true) {
        return Err(Error::unsupported("clean_expired_metadata of procedure expire_snapshots"));
    }
    let retain_last = match given.long("retain_last")? {
        Some(number) if number < 1 => {
            let text = format!("Number of snapshots to retain must be at least 1, cannot be: {number}");
            return Err(Error::message(Kind::IllegalArgument, text));
        }
        number => number.and_then(|number| usize::try_from(number).ok()),
    };
    let wish =
        Expire { older_than_ms: given.millis("older_than")?, retain_last, snapshot_ids: given.longs("snapshot_ids")? };
    let now = session.context()?.now.div_euclid(1000);
    let Expired {
        data_files,
        position_delete_files,
        equality_delete_files,
        manifests,
        manifest_lists,
        statistics_files,
    } = procedure::expire_snapshots(table, &wish, now).await?;
    let count = |name, number| -> Column<'_> { (name, true, longs([Some(number)])) };
    told(vec![
        count("deleted_data_files_count", data_files),
        count("deleted_position_delete_files_count", position_delete_files),
        count("deleted_equality_delete_files_count", equality_delete_files),
        count("deleted_manifest_files_count", manifests),
        count("deleted_manifest_lists_count", manifest_lists),
        count("deleted_statistics_files_count", statistics_files),
    ])
}

fn moved(moved: Moved) -> Result<Execution> {
    told(vec![
        ("previous_snapshot_id", moved.from.is_none(), longs([moved.from])),
        ("current_snapshot_id", false, longs([Some(moved.to)])),
    ])
}

fn longs(values: impl IntoIterator<Item = Option<i64>>) -> ArrayRef {
    Arc::new(values.into_iter().collect::<Int64Array>())
}

/// The table a procedure works on: its name starts in the procedure's own catalog, and may not leave it.
async fn table(session: &Arc<Session>, catalog: &str, name: &str) -> Result<Table> {
    let mut parts = floe_sql::parse_multipart_identifier(name)?;
    if let [first, _, ..] = parts.as_slice()
        && let Some(other) = session.catalog(first).await?
    {
        if !other.name().eq_ignore_ascii_case(catalog) {
            let text = format!("Cannot run procedure in catalog '{catalog}': '{name}' is a table in catalog '{first}'");
            return Err(Error::message(Kind::IllegalArgument, text));
        }
        parts.remove(0);
    }
    let (current, namespace) = session.current();
    if parts.len() == 1 {
        let home = session.catalog(catalog).await?.map(|catalog| catalog.default_namespace()).unwrap_or_default();
        parts.splice(0..0, if current.eq_ignore_ascii_case(catalog) { namespace } else { home });
    }
    parts.insert(0, catalog.to_string());
    let found = session.target(&TableName { parts, ..TableName::default() }).await;
    let target = found.map_err(|error| match error.condition() {
        "TABLE_OR_VIEW_NOT_FOUND" => {
            Error::message(Kind::Validation, format!("Couldn't load table '{name}' in catalog '{catalog}'"))
        }
        _ => error,
    })?;
    Ok(target.iceberg.as_ref().clone())
}

/// Arguments in the order of the parameters.
fn bind(name: &[String], parameters: &[Parameter], arguments: Vec<Argument>) -> Result<Vec<Option<Expression>>> {
    let routine = || quoted(name);
    let mut bound: Vec<Option<Expression>> = parameters.iter().map(|_| None).collect();
    let count = arguments.len();
    let mut named: Option<String> = None;
    for (index, argument) in arguments.into_iter().enumerate() {
        let place = match &argument.name {
            None if named.is_some() => {
                let error = Error::analysis("UNEXPECTED_POSITIONAL_ARGUMENT").with("routineName", routine());
                return Err(error.with("parameterName", format!("`{}`", named.unwrap_or_default())));
            }
            None => index,
            Some(wanted) => {
                named = Some(wanted.clone());
                let found = parameters.iter().position(|(known, ..)| known.eq_ignore_ascii_case(wanted));
                let proposal = || parameters.iter().map(|(known, ..)| format!("`{known}`")).collect::<Vec<_>>();
                found.ok_or_else(|| {
                    Error::analysis("UNRECOGNIZED_PARAMETER_NAME")
                        .with("routineName", routine())
                        .with("argumentName", format!("`{wanted}`"))
                        .with("proposal", proposal().join(" "))
                })?
            }
        };
        let Some(slot) = bound.get_mut(place) else {
            return Err(Error::analysis("WRONG_NUM_ARGS.WITHOUT_SUGGESTION")
                .with("functionName", routine())
                .with("expectedNum", parameters.len().to_string())
                .with("actualNum", count.to_string()));
        };
        if slot.replace(argument.value).is_some() {
            let twice = parameters.get(place).map(|(known, ..)| format!("`{known}`")).unwrap_or_default();
            let error = Error::analysis("DUPLICATE_ROUTINE_PARAMETER_ASSIGNMENT.DOUBLE_NAMED_ARGUMENT_REFERENCE");
            return Err(error.with("routineName", routine()).with("parameterName", twice));
        }
    }
    let missing = parameters.iter().zip(&bound).position(|((.., required), value)| *required && value.is_none());
    match missing.and_then(|index| Some((index, parameters.get(index)?))) {
        None => Ok(bound),
        Some((index, (parameter, ..))) => Err(Error::analysis("REQUIRED_PARAMETER_NOT_FOUND")
            .with("routineName", routine())
            .with("parameterName", format!("`{parameter}`"))
            .with("index", index.to_string())),
    }
}

/// The arguments' values in their parameters' types; NULL for those not given.
async fn values(
    session: &Arc<Session>,
    bound: Vec<Option<Expression>>,
    parameters: &[Parameter],
) -> Result<Vec<ScalarValue>> {
    let typed = bound.into_iter().zip(parameters).map(|(value, (_, to, _))| {
        let none = || Expression::literal(floe_syntax::Literal::Null(DataType::Null), Origin::Unknown);
        let child = Box::new(value.unwrap_or_else(none));
        Expression::new(ExpressionKind::Cast { child, to: to.clone(), mode: CastMode::Session }, Origin::Unknown)
    });
    let input = Relation::new(RelationKind::OneRow, Origin::Unknown);
    let row = RelationKind::Project { input, expressions: typed.collect() };
    let planned = query::lower(session, Relation::new(row, Origin::Unknown)).await?;
    let batches = query::collect(session, &planned).await?;
    let batch = batches.iter().find(|batch| batch.num_rows() > 0);
    let batch = batch.ok_or_else(|| Error::internal("the arguments of a procedure gave no row"))?;
    Ok(batch.columns().iter().map(|column| ScalarValue::try_from_array(column, 0)).collect::<Result<_, _>>()?)
}

/// What a call says, by parameter.
struct Given {
    values: Vec<ScalarValue>,
    parameters: Vec<Parameter>,
}

impl Given {
    fn value(&self, name: &str) -> Result<Option<&ScalarValue>> {
        let place = self.parameters.iter().position(|(known, ..)| *known == name);
        let value = place.and_then(|place| self.values.get(place));
        let value = value.ok_or_else(|| Error::internal(format!("no parameter {name}")))?;
        Ok((!value.is_null()).then_some(value))
    }

    fn text(&self, name: &str) -> Result<Option<String>> {
        match self.value(name)? {
            Some(ScalarValue::Utf8(text) | ScalarValue::LargeUtf8(text) | ScalarValue::Utf8View(text)) => {
                Ok(text.clone())
            }
            Some(other) => Err(wrong(name, other)),
            None => Ok(None),
        }
    }

    fn long(&self, name: &str) -> Result<Option<i64>> {
        match self.value(name)? {
            Some(ScalarValue::Int64(number)) => Ok(*number),
            Some(ScalarValue::Int32(number)) => Ok(number.map(i64::from)),
            Some(other) => Err(wrong(name, other)),
            None => Ok(None),
        }
    }

    fn flag(&self, name: &str) -> Result<Option<bool>> {
        match self.value(name)? {
            Some(ScalarValue::Boolean(flag)) => Ok(*flag),
            Some(other) => Err(wrong(name, other)),
            None => Ok(None),
        }
    }

    /// Milliseconds since 1970.
    fn millis(&self, name: &str) -> Result<Option<i64>> {
        match self.value(name)? {
            Some(ScalarValue::TimestampMicrosecond(micros, _)) => Ok(micros.map(|micros| micros.div_euclid(1000))),
            Some(other) => Err(wrong(name, other)),
            None => Ok(None),
        }
    }

    fn longs(&self, name: &str) -> Result<Vec<i64>> {
        match self.value(name)? {
            Some(ScalarValue::List(list)) => {
                let values = list.values().as_any().downcast_ref::<Int64Array>();
                Ok(values.map(|values| values.iter().flatten().collect()).unwrap_or_default())
            }
            Some(other) => Err(wrong(name, other)),
            None => Ok(Vec::new()),
        }
    }
}

fn wrong(name: &str, value: &ScalarValue) -> Error {
    Error::internal(format!("parameter {name} came as {}", value.data_type()))
}
