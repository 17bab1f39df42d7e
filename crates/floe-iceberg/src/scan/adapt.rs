//! A file's columns as the table's: matched by field id, whatever they were called and whichever type they had then.
//!
//! Files without ids (written before Iceberg took them over) are matched by the table's name mapping, else by position
//! (Iceberg spec, "Column Projection"). A column the file lacks takes its default, else null. The same matching serves
//! DataFusion's reader, as an expression adapter, and our own, array by array.

use std::any::Any;
use std::borrow::Borrow;
use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, FixedSizeBinaryArray, ListArray, MapArray, RecordBatch, StringArray, StructArray,
    new_null_array,
};
use arrow::compute::cast;
use arrow_schema::{DataType, Field, FieldRef, Fields, Schema as ArrowSchema, SchemaRef};
use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::common::{Result as DataFusionResult, ScalarValue};
use datafusion::logical_expr::ColumnarValue;
use datafusion::physical_expr::expressions::{CastExpr, Column, lit};
use datafusion::physical_expr_adapter::{PhysicalExprAdapter, PhysicalExprAdapterFactory};
use datafusion::physical_plan::PhysicalExpr;
use floe_base::{Error, Kind, Result};
use iceberg::spec::{
    Literal, MappedField, NameMapping, NestedField, NestedFieldRef, PrimitiveType, TableMetadata, Transform, Type,
};
use uuid::Uuid;

use crate::arrow_schema::{engine_field, field_id};
use crate::manifest::FileEntry;
use crate::value::scalar_or_null;

/// The table's columns under the names a scan gives them.
#[derive(Clone, Debug)]
pub(super) struct FieldMap {
    /// Name in the scan, and the field it stands for.
    pub(super) columns: Vec<(String, NestedFieldRef)>,
    mapping: Option<Arc<NameMapping>>,
    /// Values of identity partitions by field id, for files that do not store those columns.
    constants: Constants,
}

/// What a file does not store because its partition says it.
pub(super) type Constants = Arc<BTreeMap<i32, Option<Literal>>>;

impl FieldMap {
    pub(super) fn new(metadata: &TableMetadata, columns: Vec<(String, NestedFieldRef)>) -> Result<Self> {
        let mapping = match metadata.properties().get("schema.name-mapping.default") {
            Some(json) => Some(Arc::new(serde_json::from_str(json).map_err(|error| {
                Error::message(Kind::Operation, format!("table property schema.name-mapping.default: {error}"))
            })?)),
            None => None,
        };
        Ok(Self { columns, mapping, constants: Constants::default() })
    }

    /// The map for files that leave out columns of their partition, as files taken over from Hive tables do.
    pub(super) fn with_constants(&self, constants: Constants) -> Self {
        Self { constants, ..self.clone() }
    }

    /// The identity partition columns a file seems not to store: its metrics speak of others and not of them. A column that
    /// is stored after all is read from the file.
    pub(super) fn constants_of(&self, metadata: &TableMetadata, entry: &FileEntry) -> Constants {
        let counted = entry.file.value_counts();
        let Some(spec) = metadata.partition_spec_by_id(entry.spec_id).filter(|spec| !spec.is_unpartitioned()) else {
            return Constants::default();
        };
        let absent = |id: i32| !counted.contains_key(&id) && self.columns.iter().any(|(_, field)| field.id == id);
        let parts = spec.fields().iter().zip(entry.file.partition().fields());
        let found = parts.filter(|(part, _)| part.transform == Transform::Identity && absent(part.source_id));
        Arc::new(found.map(|(part, value)| (part.source_id, value.clone())).collect())
    }

    /// A map for files that are always written with ids.
    pub(super) fn plain(columns: Vec<(String, NestedFieldRef)>) -> Self {
        Self { columns, mapping: None, constants: Constants::default() }
    }

    /// The columns as the engine sees them.
    pub(super) fn engine_schema(&self) -> SchemaRef {
        let fields =
            self.columns.iter().map(|(name, field)| Arc::new(engine_field(field).as_ref().clone().with_name(name)));
        Arc::new(ArrowSchema::new(fields.collect::<Fields>()))
    }

    /// Where each column of the scan stands in a file.
    fn places(&self, file: &ArrowSchema) -> Vec<Option<usize>> {
        let ids = ids(file.fields(), self.mapping.as_deref().map(NameMapping::fields));
        self.columns.iter().map(|(_, field)| ids.iter().position(|id| *id == Some(field.id))).collect()
    }

    /// Which of a file's columns to read for some columns of the scan, and where they come to stand.
    pub(super) fn narrow(&self, file: &ArrowSchema, wanted: &[usize]) -> Narrowed {
        let places = self.places(file);
        let place = |index: &usize| places.get(*index).copied().flatten();
        let mut needed: Vec<usize> = wanted.iter().filter_map(place).collect();
        needed.sort_unstable();
        needed.dedup();
        // Settled on the whole file: a file without ids is matched by position, and reading fewer columns moves them.
        let stands = |index: &usize| Some((*index, needed.binary_search(&place(index)?).ok()?));
        let at = wanted.iter().filter_map(stands).collect();
        Narrowed { needed, at }
    }

    /// One column of the scan out of a batch of a narrowed file.
    pub(super) fn column(&self, narrowed: &Narrowed, batch: &RecordBatch, index: usize) -> Result<ArrayRef> {
        let Some((_, field)) = self.columns.get(index) else {
            return Err(Error::internal("a column beyond the scan's"));
        };
        let schema = batch.schema_ref();
        match narrowed.at.get(&index) {
            Some(at) => adapt(batch.column(*at), schema.field(*at), field, self.child_mapping(schema.field(*at))),
            None => Ok(self.missing(field)?.to_array_of_size(batch.num_rows())?),
        }
    }

    /// What a column is in a file without it: the partition's value, else the column's default, else null.
    fn missing(&self, field: &NestedField) -> Result<ScalarValue> {
        match self.constants.get(&field.id) {
            Some(value) => scalar_or_null(value.as_ref(), &field.field_type),
            None => default_of(field),
        }
    }

    fn child_mapping(&self, file_field: &Field) -> Option<&[Arc<MappedField>]> {
        let own = self.mapping.as_ref()?.fields().iter().find(|found| found.names().contains(file_field.name()))?;
        Some(own.fields())
    }
}

/// A file's columns as far as a scan reads them.
#[derive(Clone, Debug)]
pub(super) struct Narrowed {
    /// Columns of the file to read, ascending.
    pub(super) needed: Vec<usize>,
    /// Column of the scan to column of what is read.
    at: HashMap<usize, usize>,
}

/// The field ids of a file's columns: their own, else by name mapping, else by position.
fn ids<M: Borrow<MappedField>>(fields: &Fields, mapping: Option<&[M]>) -> Vec<Option<i32>> {
    if fields.iter().any(|field| field_id(field).is_some()) {
        return fields.iter().map(|field| field_id(field)).collect();
    }
    match mapping {
        Some(mapped) => fields
            .iter()
            .map(|field| {
                mapped
                    .iter()
                    .map(Borrow::<MappedField>::borrow)
                    .find(|found| found.names().contains(field.name()))?
                    .field_id()
            })
            .collect(),
        None => (1..).take(fields.len()).map(Some).collect(),
    }
}

fn default_of(field: &NestedField) -> Result<ScalarValue> {
    if field.required && field.initial_default.is_none() {
        let text = format!("a data file lacks the required column `{}`", field.name);
        return Err(Error::message(Kind::Operation, text));
    }
    scalar_or_null(field.initial_default.as_ref(), &field.field_type)
}

/// An array of a file as the engine's type of a field.
fn adapt(array: &ArrayRef, from: &Field, to: &NestedField, mapping: Option<&[Arc<MappedField>]>) -> Result<ArrayRef> {
    let engine = engine_field(to);
    match to.field_type.as_ref() {
        Type::Primitive(PrimitiveType::Uuid) if matches!(array.data_type(), DataType::FixedSizeBinary(16)) => {
            Ok(Arc::new(uuid_texts(array.as_fixed_size_binary())?))
        }
        Type::Primitive(_) if array.data_type() == engine.data_type() => Ok(Arc::clone(array)),
        Type::Primitive(_) => Ok(cast(array, engine.data_type())?),
        Type::Struct(inner) => {
            let (Some(parent), DataType::Struct(fields)) = (array.as_struct_opt(), engine.data_type()) else {
                return Err(mismatch(from, to));
            };
            let ids = ids(parent.fields(), mapping);
            let mut children = Vec::with_capacity(fields.len());
            for child in inner.fields() {
                let place = ids.iter().position(|id| *id == Some(child.id));
                let found = place.and_then(|place| Some((parent.columns().get(place)?, parent.fields().get(place)?)));
                children.push(match found {
                    Some((column, field)) => adapt(column, field, child, below(mapping, field.name()))?,
                    None if child.initial_default.is_some() => default_of(child)?.to_array_of_size(parent.len())?,
                    None => new_null_array(engine_field(child).data_type(), parent.len()),
                });
            }
            Ok(Arc::new(StructArray::try_new(fields.clone(), children, parent.nulls().cloned())?))
        }
        Type::List(list) => {
            let as_list = cast_to_list(array)?;
            let parent = as_list.as_list::<i32>();
            let DataType::List(element) = engine.data_type() else { return Err(mismatch(from, to)) };
            let inner = match parent.data_type() {
                DataType::List(field) => Arc::clone(field),
                _ => return Err(mismatch(from, to)),
            };
            let values = adapt(parent.values(), &inner, &list.element_field, below(mapping, "element"))?;
            let made =
                ListArray::try_new(Arc::clone(element), parent.offsets().clone(), values, parent.nulls().cloned())?;
            Ok(Arc::new(made))
        }
        Type::Map(map) => {
            let (Some(parent), DataType::Map(entries, _)) = (array.as_map_opt(), engine.data_type()) else {
                return Err(mismatch(from, to));
            };
            let (key_field, value_field) = match parent.entries().fields().as_ref() {
                [key, value] => (key, value),
                _ => return Err(mismatch(from, to)),
            };
            let keys = adapt(parent.keys(), key_field, &map.key_field, below(mapping, "key"))?;
            let values = adapt(parent.values(), value_field, &map.value_field, below(mapping, "value"))?;
            let DataType::Struct(parts) = entries.data_type() else { return Err(mismatch(from, to)) };
            let inner = StructArray::try_new(parts.clone(), vec![keys, values], None)?;
            let offsets = parent.offsets().clone();
            Ok(Arc::new(MapArray::try_new(Arc::clone(entries), offsets, inner, parent.nulls().cloned(), false)?))
        }
    }
}

fn cast_to_list(array: &ArrayRef) -> Result<ArrayRef> {
    match array.data_type() {
        DataType::List(_) => Ok(Arc::clone(array)),
        DataType::LargeList(element) | DataType::FixedSizeList(element, _) => {
            Ok(cast(array, &DataType::List(Arc::clone(element)))?)
        }
        other => Err(Error::message(Kind::Operation, format!("a list column is stored as {other}"))),
    }
}

fn below<'a>(mapping: Option<&'a [Arc<MappedField>]>, name: &str) -> Option<&'a [Arc<MappedField>]> {
    let own = mapping?.iter().find(|found| found.names().iter().any(|known| known == name))?;
    Some(own.fields())
}

fn uuid_texts(array: &FixedSizeBinaryArray) -> Result<StringArray> {
    let texts = array.iter().map(|bytes| match bytes {
        Some(bytes) => Uuid::from_slice(bytes).map(|uuid| Some(uuid.to_string())),
        None => Ok(None),
    });
    texts.collect::<Result<_, _>>().map_err(|error| Error::internal(error.to_string()))
}

fn mismatch(from: &Field, to: &NestedField) -> Error {
    let text = format!("column `{}` of type {} is stored as {}", to.name, to.field_type, from.data_type());
    Error::message(Kind::Operation, text)
}

// -- for DataFusion's reader -----------------------------------------------------------------------------------------------

impl PhysicalExprAdapterFactory for FieldMap {
    fn create(&self, _logical: SchemaRef, file: SchemaRef) -> DataFusionResult<Arc<dyn PhysicalExprAdapter>> {
        let places = self.places(&file);
        Ok(Arc::new(FileAdapter { map: self.clone(), file, places }))
    }
}

#[derive(Debug)]
struct FileAdapter {
    map: FieldMap,
    file: SchemaRef,
    places: Vec<Option<usize>>,
}

impl PhysicalExprAdapter for FileAdapter {
    /// Upwards, because what stands in place of a column holds a column of the file, which may bear the name of another
    /// column of the table.
    fn rewrite(&self, expr: Arc<dyn PhysicalExpr>) -> DataFusionResult<Arc<dyn PhysicalExpr>> {
        let rewritten = expr.transform_up(|node| match node.as_any().downcast_ref::<Column>() {
            Some(column) => Ok(Transformed::yes(self.column(column)?)),
            None => Ok(Transformed::no(node)),
        })?;
        Ok(rewritten.data)
    }
}

impl FileAdapter {
    fn column(&self, column: &Column) -> Result<Arc<dyn PhysicalExpr>> {
        let known = self.map.columns.iter().position(|(name, _)| name == column.name());
        let Some((index, (_, field))) = known.and_then(|index| Some((index, self.map.columns.get(index)?))) else {
            return Err(Error::internal(format!("column {} is not in the scan", column.name())));
        };
        let Some(place) = self.places.get(index).copied().flatten() else {
            return Ok(lit(self.map.missing(field)?));
        };
        let file_field: &FieldRef = match self.file.fields().get(place) {
            Some(found) => found,
            None => return Err(Error::internal("a file's column is gone")),
        };
        let stored: Arc<dyn PhysicalExpr> = Arc::new(Column::new(file_field.name(), place));
        let engine = engine_field(field);
        if file_field.data_type() == engine.data_type() && field.field_type.is_primitive() {
            return Ok(stored);
        }
        let is_uuid = matches!(field.field_type.as_ref(), Type::Primitive(PrimitiveType::Uuid));
        if field.field_type.is_primitive() && !is_uuid {
            // A plain cast, so that pruning can see through it.
            return Ok(Arc::new(CastExpr::new(stored, engine.data_type().clone(), None)));
        }
        let mapping = self.map.child_mapping(file_field).map(<[_]>::to_vec);
        Ok(Arc::new(AdaptExpr { stored, from: Arc::clone(file_field), to: Arc::clone(field), mapping }))
    }
}

/// A stored column as a field of the table, nested ones by id.
#[derive(Debug, Clone)]
struct AdaptExpr {
    stored: Arc<dyn PhysicalExpr>,
    from: FieldRef,
    to: NestedFieldRef,
    mapping: Option<Vec<Arc<MappedField>>>,
}

impl PartialEq for AdaptExpr {
    fn eq(&self, other: &Self) -> bool {
        self.stored.eq(&other.stored) && self.from == other.from && self.to == other.to
    }
}

impl Eq for AdaptExpr {}

impl Hash for AdaptExpr {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.stored.hash(state);
        self.to.id.hash(state);
    }
}

impl fmt::Display for AdaptExpr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "field#{}({})", self.to.id, self.stored)
    }
}

impl PhysicalExpr for AdaptExpr {
    fn as_any(&self) -> &dyn Any {
        self
    }

    fn data_type(&self, _input: &ArrowSchema) -> DataFusionResult<DataType> {
        Ok(engine_field(&self.to).data_type().clone())
    }

    fn nullable(&self, input: &ArrowSchema) -> DataFusionResult<bool> {
        self.stored.nullable(input)
    }

    fn evaluate(&self, batch: &RecordBatch) -> DataFusionResult<ColumnarValue> {
        let array = self.stored.evaluate(batch)?.into_array(batch.num_rows())?;
        Ok(ColumnarValue::Array(adapt(&array, &self.from, &self.to, self.mapping.as_deref())?))
    }

    fn children(&self) -> Vec<&Arc<dyn PhysicalExpr>> {
        vec![&self.stored]
    }

    fn with_new_children(
        self: Arc<Self>,
        children: Vec<Arc<dyn PhysicalExpr>>,
    ) -> DataFusionResult<Arc<dyn PhysicalExpr>> {
        let mut made = self.as_ref().clone();
        if let Some(stored) = children.into_iter().next() {
            made.stored = stored;
        }
        Ok(Arc::new(made))
    }

    fn fmt_sql(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}
