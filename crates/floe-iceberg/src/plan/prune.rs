//! Leaves out what cannot hold a matching row, by partition values and column bounds.
//!
//! DataFusion's pruning does the logic; what stands here is how Iceberg's numbers look to it. Where a number cannot be
//! trusted (bounds of floats that may hide NaN, summaries of transforms that keep no order) there is none, and nothing is
//! left out on its account.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use arrow::array::{ArrayRef, BooleanArray, UInt64Array};
use arrow_schema::SchemaRef as ArrowSchemaRef;
use datafusion::common::pruning::PruningStatistics;
use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::common::{Column, DFSchema, ScalarValue};
use datafusion::execution::context::ExecutionProps;
use datafusion::logical_expr::Expr;
use datafusion::logical_expr::utils::conjunction;
use datafusion::physical_expr::utils::{Guarantee, LiteralGuarantee};
use datafusion::physical_expr::{PhysicalExpr, create_physical_expr};
use datafusion::physical_optimizer::pruning::PruningPredicate;
use floe_base::Result;
use iceberg::spec::{
    Datum, FieldSummary, Literal, ManifestContentType, ManifestFile, NestedFieldRef, PartitionField, PrimitiveLiteral,
    PrimitiveType, SchemaRef, TableMetadata, Transform, Type,
};

use crate::arrow_schema::engine_schema;
use crate::manifest::FileEntry;
use crate::value::{scalar, transform_one};

const DAY_MICROS: i64 = 86_400_000_000;
const HOUR_MICROS: i64 = 3_600_000_000;

/// A filter, ready to be asked about files and manifests.
pub struct FilePruner {
    columns: Columns,
    predicate: Option<PruningPredicate>,
    guarantees: Vec<BucketGuarantee>,
}

/// A column that must take one of a few values, seen through one partition field.
struct BucketGuarantee {
    spec_id: i32,
    position: usize,
    allowed: HashSet<Option<Literal>>,
}

/// What the statistics below need to know about the table.
struct Columns {
    schema: SchemaRef,
    engine: ArrowSchemaRef,
    /// Partition fields by spec, in the order of the spec's tuple.
    specs: HashMap<i32, Vec<PartitionField>>,
}

impl FilePruner {
    /// `filters` are joined by AND and name columns of `schema`. A filter that cannot be understood prunes nothing.
    pub fn new(metadata: &TableMetadata, schema: &SchemaRef, filters: &[Expr]) -> Result<Self> {
        let engine = engine_schema(schema);
        let specs = metadata.partition_specs_iter().map(|spec| (spec.spec_id(), spec.fields().to_vec())).collect();
        let columns = Columns { schema: Arc::clone(schema), engine, specs };
        let predicate = physical(&columns.engine, filters)?
            .and_then(|expr| PruningPredicate::try_new(expr, Arc::clone(&columns.engine)).ok())
            .filter(|predicate| !predicate.always_true());
        let guarantees = match &predicate {
            Some(predicate) => columns.guarantees(predicate.literal_guarantees()),
            None => Vec::new(),
        };
        Ok(Self { columns, predicate, guarantees })
    }

    /// The files that may hold a matching row.
    pub fn prune(&self, entries: Vec<Arc<FileEntry>>) -> Result<Vec<Arc<FileEntry>>> {
        let Some(predicate) = &self.predicate else { return Ok(entries) };
        if entries.is_empty() {
            return Ok(entries);
        }
        let statistics = Files { columns: &self.columns, entries: &entries };
        let keep = predicate.prune(&statistics)?;
        let kept = entries.iter().zip(keep).filter(|(entry, keep)| *keep && self.guaranteed(entry));
        Ok(kept.map(|(entry, _)| Arc::clone(entry)).collect())
    }

    /// The manifests that may hold such a file. Delete manifests are judged by the same summaries: a delete applies within
    /// its partition, save equality deletes without one, whose summaries are empty.
    pub fn prune_manifests(&self, manifests: &[ManifestFile]) -> Result<Vec<ManifestFile>> {
        let filled = |file: &&ManifestFile| file.has_added_files() || file.has_existing_files();
        let alive: Vec<ManifestFile> = manifests.iter().filter(filled).cloned().collect();
        let Some(predicate) = &self.predicate else { return Ok(alive) };
        if alive.is_empty() {
            return Ok(alive);
        }
        let keep = predicate.prune(&Manifests { columns: &self.columns, manifests: &alive })?;
        let kept = alive.into_iter().zip(keep);
        Ok(kept
            .filter(|(file, keep)| *keep || file.content == ManifestContentType::Deletes)
            .map(|(file, _)| file)
            .collect())
    }

    fn guaranteed(&self, entry: &FileEntry) -> bool {
        let own = self.guarantees.iter().filter(|guarantee| guarantee.spec_id == entry.spec_id);
        own.into_iter().all(|guarantee| match entry.file.partition().fields().get(guarantee.position) {
            Some(value) => guarantee.allowed.contains(value),
            None => true,
        })
    }
}

impl Columns {
    fn field(&self, column: &Column) -> Option<&NestedFieldRef> {
        self.schema.as_struct().fields().iter().find(|field| field.name == column.name)
    }

    /// `id IN (1, 2)` says which buckets, days or truncations can match.
    fn guarantees(&self, found: &[LiteralGuarantee]) -> Vec<BucketGuarantee> {
        let mut made = Vec::new();
        for guarantee in found.iter().filter(|guarantee| guarantee.guarantee == Guarantee::In) {
            let Some(field) = self.field(&guarantee.column) else { continue };
            for (spec_id, parts) in &self.specs {
                for (position, part) in parts.iter().enumerate().filter(|(_, part)| part.source_id == field.id) {
                    if let Some(allowed) = self.allowed(field, part, &guarantee.literals) {
                        made.push(BucketGuarantee { spec_id: *spec_id, position, allowed });
                    }
                }
            }
        }
        made
    }

    fn allowed(
        &self,
        field: &NestedFieldRef,
        part: &PartitionField,
        literals: &HashSet<ScalarValue>,
    ) -> Option<HashSet<Option<Literal>>> {
        let engine = self.engine.field_with_name(&field.name).ok()?;
        let Ok(Type::Primitive(result)) = part.transform.result_type(&field.field_type) else { return None };
        let is_uuid = matches!(field.field_type.as_ref(), Type::Primitive(PrimitiveType::Uuid));
        if is_uuid || matches!(part.transform, Transform::Void | Transform::Unknown) {
            return None;
        }
        let mut allowed = HashSet::new();
        for literal in literals {
            let value = literal.cast_to(engine.data_type()).ok()?;
            allowed.insert(transform_one(&part.transform, &value, &result).ok()?);
        }
        Some(allowed)
    }
}

/// The filters as one physical expression over a table's columns, qualifiers taken off.
pub(crate) fn physical(schema: &ArrowSchemaRef, filters: &[Expr]) -> Result<Option<Arc<dyn PhysicalExpr>>> {
    let Some(all) = conjunction(filters.iter().cloned()) else { return Ok(None) };
    let bare = all.transform(|expr| {
        Ok(match expr {
            Expr::Column(column) if column.relation.is_some() => {
                Transformed::yes(Expr::Column(Column::new_unqualified(column.name)))
            }
            other => Transformed::no(other),
        })
    })?;
    let names = DFSchema::try_from(schema.as_ref().clone())?;
    Ok(Some(create_physical_expr(&bare.data, &names, &ExecutionProps::new())?))
}

// -- files -----------------------------------------------------------------------------------------------------------

struct Files<'a> {
    columns: &'a Columns,
    entries: &'a [Arc<FileEntry>],
}

impl Files<'_> {
    fn bounds(&self, column: &Column, bounds: impl Fn(&FileEntry) -> &HashMap<i32, Datum>) -> Option<ArrayRef> {
        let field = self.columns.field(column)?;
        let Type::Primitive(of) = field.field_type.as_ref() else { return None };
        let values = self.entries.iter().map(|entry| {
            let bound = trusted(entry, field.id, of).then(|| bounds(entry).get(&field.id)).flatten();
            let literal = match bound {
                Some(bound) => Some(bound.literal().clone()),
                None => self.identity_value(entry, field.id),
            };
            literal.and_then(|literal| scalar(&literal, of).ok())
        });
        array(self.columns, column, values)
    }

    /// A file of a partition by identity holds that one value, whatever its metrics say.
    fn identity_value(&self, entry: &FileEntry, id: i32) -> Option<PrimitiveLiteral> {
        let parts = self.columns.specs.get(&entry.spec_id)?;
        let position = parts.iter().position(|part| part.source_id == id && part.transform == Transform::Identity)?;
        entry.file.partition().fields().get(position)?.as_ref()?.as_primitive_literal()
    }
}

impl PruningStatistics for Files<'_> {
    fn min_values(&self, column: &Column) -> Option<ArrayRef> {
        self.bounds(column, |entry| entry.file.lower_bounds())
    }

    fn max_values(&self, column: &Column) -> Option<ArrayRef> {
        self.bounds(column, |entry| entry.file.upper_bounds())
    }

    fn num_containers(&self) -> usize {
        self.entries.len()
    }

    fn null_counts(&self, column: &Column) -> Option<ArrayRef> {
        let id = self.columns.field(column)?.id;
        let counts = self.entries.iter().map(|entry| entry.file.null_value_counts().get(&id).copied());
        Some(Arc::new(counts.collect::<UInt64Array>()))
    }

    fn row_counts(&self, _column: &Column) -> Option<ArrayRef> {
        let counts = self.entries.iter().map(|entry| Some(entry.file.record_count()));
        Some(Arc::new(counts.collect::<UInt64Array>()))
    }

    fn contained(&self, _column: &Column, _values: &HashSet<ScalarValue>) -> Option<BooleanArray> {
        None
    }
}

/// Bounds leave NaN out, and NaN is greater than any number in Spark: a float's bounds hold only where no NaN is.
pub(crate) fn trusted(entry: &FileEntry, id: i32, of: &PrimitiveType) -> bool {
    match of {
        PrimitiveType::Float | PrimitiveType::Double => entry.file.nan_value_counts().get(&id) == Some(&0),
        _ => true,
    }
}

fn array(columns: &Columns, column: &Column, values: impl Iterator<Item = Option<ScalarValue>>) -> Option<ArrayRef> {
    let engine = columns.engine.field_with_name(&column.name).ok()?;
    let null = ScalarValue::try_from(engine.data_type()).ok()?;
    ScalarValue::iter_to_array(values.map(|value| value.unwrap_or_else(|| null.clone()))).ok()
}

// -- manifests ---------------------------------------------------------------------------------------------------------

struct Manifests<'a> {
    columns: &'a Columns,
    manifests: &'a [ManifestFile],
}

impl Manifests<'_> {
    /// The range of a source column over a manifest, as far as one of its partition fields tells.
    fn range(&self, manifest: &ManifestFile, column: &Column, upper: bool) -> Option<ScalarValue> {
        let field = self.columns.field(column)?;
        let Type::Primitive(of) = field.field_type.as_ref() else { return None };
        let parts = self.columns.specs.get(&manifest.partition_spec_id)?;
        let summaries = manifest.partitions.as_ref()?;
        let own = parts.iter().zip(summaries).filter(|(part, _)| part.source_id == field.id);
        own.into_iter().find_map(|(part, summary)| source_bound(part.transform, summary, of, upper))
    }

    fn values(&self, column: &Column, upper: bool) -> Option<ArrayRef> {
        let values = self.manifests.iter().map(|manifest| self.range(manifest, column, upper));
        array(self.columns, column, values)
    }
}

impl PruningStatistics for Manifests<'_> {
    fn min_values(&self, column: &Column) -> Option<ArrayRef> {
        self.values(column, false)
    }

    fn max_values(&self, column: &Column) -> Option<ArrayRef> {
        self.values(column, true)
    }

    fn num_containers(&self) -> usize {
        self.manifests.len()
    }

    fn null_counts(&self, column: &Column) -> Option<ArrayRef> {
        let id = self.columns.field(column)?.id;
        let counts = self.manifests.iter().map(|manifest| {
            let parts = self.columns.specs.get(&manifest.partition_spec_id)?;
            let mut own = parts.iter().zip(manifest.partitions.as_ref()?).filter(|(part, _)| part.source_id == id);
            let known = own.any(|(part, summary)| part.transform != Transform::Void && !summary.contains_null);
            known.then_some(0)
        });
        Some(Arc::new(counts.collect::<UInt64Array>()))
    }

    fn row_counts(&self, _column: &Column) -> Option<ArrayRef> {
        None
    }

    fn contained(&self, _column: &Column, _values: &HashSet<ScalarValue>) -> Option<BooleanArray> {
        None
    }
}

/// A bound of a partition field, carried back to its source column.
fn source_bound(transform: Transform, summary: &FieldSummary, of: &PrimitiveType, upper: bool) -> Option<ScalarValue> {
    let bytes = if upper { summary.upper_bound.as_ref()? } else { summary.lower_bound.as_ref()? };
    let Ok(Type::Primitive(result)) = transform.result_type(&Type::Primitive(of.clone())) else { return None };
    if summary.contains_nan != Some(false) && matches!(of, PrimitiveType::Float | PrimitiveType::Double) {
        return None;
    }
    let bound = Datum::try_from_bytes(bytes, result).ok()?;
    match (transform, bound.literal()) {
        (Transform::Identity, literal) => scalar(literal, of).ok(),
        (Transform::Day, PrimitiveLiteral::Int(days)) => from_days(i64::from(*days), of, upper),
        (Transform::Hour, PrimitiveLiteral::Int(hours)) => {
            let first = if upper { i64::from(*hours) + 1 } else { i64::from(*hours) };
            let micros = first.checked_mul(HOUR_MICROS)? - i64::from(upper);
            scalar(&PrimitiveLiteral::Long(micros), of).ok().filter(|_| in_micros(of))
        }
        (Transform::Month, PrimitiveLiteral::Int(months)) => from_months(i64::from(*months), 1, of, upper),
        (Transform::Year, PrimitiveLiteral::Int(years)) => from_months(i64::from(*years) * 12, 12, of, upper),
        // A truncated number or text is never above its source.
        (Transform::Truncate(_), literal) if !upper => scalar(literal, of).ok(),
        _ => None,
    }
}

fn in_micros(of: &PrimitiveType) -> bool {
    matches!(of, PrimitiveType::Timestamp | PrimitiveType::Timestamptz)
}

/// The first instant of a day, or the last.
fn from_days(days: i64, of: &PrimitiveType, upper: bool) -> Option<ScalarValue> {
    match of {
        PrimitiveType::Date => scalar(&PrimitiveLiteral::Int(i32::try_from(days).ok()?), of).ok(),
        _ if in_micros(of) => {
            let first = if upper { days + 1 } else { days };
            scalar(&PrimitiveLiteral::Long(first.checked_mul(DAY_MICROS)? - i64::from(upper)), of).ok()
        }
        _ => None,
    }
}

/// The first day of a span of months counted from 1970, or its last.
fn from_months(months: i64, span: i64, of: &PrimitiveType, upper: bool) -> Option<ScalarValue> {
    let first = if upper { months + span } else { months };
    let year = i32::try_from(first.div_euclid(12) + 1970).ok()?;
    let month = u32::try_from(first.rem_euclid(12)).ok()? + 1;
    let date = chrono::NaiveDate::from_ymd_opt(year, month, 1)?;
    let days = date.signed_duration_since(chrono::NaiveDate::from_ymd_opt(1970, 1, 1)?).num_days();
    from_days(days - i64::from(upper), of, upper)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_give_their_first_and_last_day() {
        let date = |days| Some(ScalarValue::Date32(Some(days)));
        assert_eq!(from_months(1, 1, &PrimitiveType::Date, false), date(31));
        assert_eq!(from_months(1, 1, &PrimitiveType::Date, true), date(58));
        assert_eq!(from_months(-12, 12, &PrimitiveType::Date, true), date(-1));
    }
}
