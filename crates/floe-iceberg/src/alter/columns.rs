//! ALTER TABLE … COLUMN: a schema is taken apart along a path, changed there, and put together again.
//!
//! Ids never change and are never used again, so a renamed column keeps its data and a new one of an old name starts empty
//! (Iceberg spec, "Schema Evolution").

use std::sync::Arc;

use arrow_schema::DataType;
use floe_base::error::quoted;
use floe_base::{Error, Kind, Result};
use iceberg::spec::{ListType, MapType, NestedField, NestedFieldRef, PrimitiveType, Schema, StructType, Type};
use iceberg::{TableRequirement, TableUpdate};

use crate::arrow_schema::{column_not_found, iceberg_type};
use crate::commit::update_metadata;
use crate::error::Lift;
use crate::table::Table;

/// One change. A path leads through structs by name, through lists by `element`, through maps by `key` and `value`.
#[derive(Clone, Debug, PartialEq)]
pub enum ColumnChange {
    Add { path: Vec<String>, data_type: DataType, nullable: bool, comment: Option<String>, place: Option<Place> },
    Drop { path: Vec<String> },
    Rename { path: Vec<String>, to: String },
    Retype { path: Vec<String>, data_type: DataType },
    Comment { path: Vec<String>, comment: Option<String> },
    Nullable { path: Vec<String>, nullable: bool },
    Move { path: Vec<String>, place: Place },
}

/// Where a column stands among its siblings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    First,
    After(String),
}

/// Applies changes in order, as one commit.
///
/// # Errors
/// `UNRESOLVED_COLUMN.WITH_SUGGESTION`, `FIELD_ALREADY_EXISTS`, `NOT_SUPPORTED_CHANGE_COLUMN`.
pub async fn alter_columns(table: &Table, changes: &[ColumnChange]) -> Result<Table> {
    let schema = changed(table, changes)?;
    let requirements = vec![
        TableRequirement::CurrentSchemaIdMatch { current_schema_id: table.metadata.current_schema_id() },
        TableRequirement::LastAssignedFieldIdMatch { last_assigned_field_id: table.metadata.last_column_id() },
    ];
    let updates = vec![TableUpdate::AddSchema { schema }, TableUpdate::SetCurrentSchema { schema_id: -1 }];
    update_metadata(table, requirements, updates).await
}

fn changed(table: &Table, changes: &[ColumnChange]) -> Result<Schema> {
    let current = table.metadata.current_schema();
    let mut edit = Edit { table, schema: current, next_id: table.metadata.last_column_id() };
    let mut fields = current.as_struct().fields().to_vec();
    for change in changes {
        fields = edit.apply(fields, change)?;
    }
    let identifiers: Vec<i32> = current.identifier_field_ids().collect();
    Schema::builder()
        .with_fields(fields)
        .with_identifier_field_ids(identifiers)
        .with_schema_id(current.schema_id() + 1)
        .build()
        .lift()
}

struct Edit<'a> {
    table: &'a Table,
    schema: &'a Schema,
    next_id: i32,
}

type Fields = Vec<NestedFieldRef>;

impl Edit<'_> {
    fn apply(&mut self, fields: Fields, change: &ColumnChange) -> Result<Fields> {
        match change {
            ColumnChange::Add { path, data_type, nullable, comment, place } => {
                let field = self.new_field(path, data_type, *nullable, comment.as_deref())?;
                let (_, parent) = split(path)?;
                self.at_children(fields, parent, path, &mut |edit, siblings| {
                    edit.insert(siblings, &field, place.as_ref(), path)
                })
            }
            ColumnChange::Drop { path } => self.at(fields, path, &mut |_, siblings, index| {
                siblings.remove(index);
                Ok(())
            }),
            ColumnChange::Rename { path, to } => self.at(fields, path, &mut |edit, siblings, index| {
                if siblings
                    .iter()
                    .enumerate()
                    .any(|(other, field)| other != index && field.name.eq_ignore_ascii_case(to))
                {
                    return Err(edit.exists("rename", to));
                }
                amend(siblings, index, |field| field.name = to.clone())
            }),
            ColumnChange::Comment { path, comment } => self.at(fields, path, &mut |_, siblings, index| {
                amend(siblings, index, |field| field.doc = comment.clone())
            }),
            ColumnChange::Nullable { path, nullable } => self.at(fields, path, &mut |_, siblings, index| {
                // Rows that are there may be null already (Iceberg 1.10 `SchemaUpdate.requireColumn`).
                if !nullable && siblings.get(index).is_some_and(|field| !field.required) {
                    let text = format!("Cannot change column nullability: {}: optional -> required", path.join("."));
                    return Err(Error::message(Kind::IllegalArgument, text));
                }
                amend(siblings, index, |field| field.required = !*nullable)
            }),
            ColumnChange::Retype { path, data_type } => {
                let to = iceberg_type(data_type, &mut 0)?;
                self.at(fields, path, &mut |edit, siblings, index| edit.retype(siblings, index, &to, path))
            }
            ColumnChange::Move { path, place } => self.at(fields, path, &mut |edit, siblings, index| {
                let field = siblings.remove(index);
                let position = edit.position(siblings, place, path)?;
                siblings.insert(position, field);
                Ok(())
            }),
        }
    }

    fn new_field(
        &mut self,
        path: &[String],
        data_type: &DataType,
        nullable: bool,
        comment: Option<&str>,
    ) -> Result<NestedFieldRef> {
        let (name, _) = split(path)?;
        if !nullable {
            let text =
                format!("Incompatible change: cannot add required column without a default value: {}", path.join("."));
            return Err(Error::message(Kind::IllegalArgument, text));
        }
        self.next_id += 1;
        let id = self.next_id;
        let mut field = NestedField::optional(id, name, iceberg_type(data_type, &mut self.next_id)?);
        field.doc = comment.map(str::to_string);
        Ok(Arc::new(field))
    }

    fn insert(
        &self,
        siblings: &mut Fields,
        field: &NestedFieldRef,
        place: Option<&Place>,
        path: &[String],
    ) -> Result<()> {
        if siblings.iter().any(|known| known.name.eq_ignore_ascii_case(&field.name)) {
            return Err(self.exists("add", &path.join(".")));
        }
        let position = match place {
            Some(place) => self.position(siblings, place, path)?,
            None => siblings.len(),
        };
        siblings.insert(position, Arc::clone(field));
        Ok(())
    }

    fn position(&self, siblings: &Fields, place: &Place, path: &[String]) -> Result<usize> {
        let Place::After(name) = place else { return Ok(0) };
        let found = siblings.iter().position(|field| field.name.eq_ignore_ascii_case(name));
        let mut missing: Vec<String> = path.to_vec();
        missing.pop();
        missing.push(name.clone());
        found.map(|index| index + 1).ok_or_else(|| column_not_found(&missing.join("."), self.schema))
    }

    fn retype(&self, siblings: &mut Fields, index: usize, to: &Type, path: &[String]) -> Result<()> {
        let Some(field) = siblings.get(index) else { return Ok(()) };
        if widens(&field.field_type, to) {
            return amend(siblings, index, |field| field.field_type = Box::new(to.clone()));
        }
        if matches!((field.field_type.as_ref(), to), (Type::Primitive(_), Type::Primitive(PrimitiveType::String))) {
            // Spark lets any value become a text and leaves the refusal to Iceberg (`unsupportedTableChangeError`, 4.1).
            let text = format!("Cannot change column type: {}: {} -> {to}", path.join("."), field.field_type);
            return Err(Error::new(Kind::Operation, "_LEGACY_ERROR_TEMP_2045").with("message", text));
        }
        let sql = |of: &Type| format!("\"{}\"", of.to_string().to_uppercase());
        Err(Error::analysis("NOT_SUPPORTED_CHANGE_COLUMN")
            .with("table", quoted(&self.table.ident.parts(self.table.catalog.name())))
            .with("originName", quoted(path))
            .with("originType", sql(&field.field_type))
            .with("newName", quoted(path))
            .with("newType", sql(to)))
    }

    fn exists(&self, operation: &str, name: &str) -> Error {
        let parts: Vec<&str> = name.split('.').collect();
        Error::analysis("FIELD_ALREADY_EXISTS")
            .with("op", operation)
            .with("fieldNames", quoted(&parts))
            .with("struct", self.schema.as_struct().to_string())
    }

    /// Changes the field a path leads to, among its siblings.
    fn at(
        &self,
        fields: Fields,
        path: &[String],
        change: &mut dyn FnMut(&Self, &mut Fields, usize) -> Result<()>,
    ) -> Result<Fields> {
        let (name, parent) = split(path)?;
        self.at_children(fields, parent, path, &mut |edit, siblings| {
            let found = siblings.iter().position(|field| field.name.eq_ignore_ascii_case(name));
            let index = found.ok_or_else(|| column_not_found(&path.join("."), edit.schema))?;
            change(edit, siblings, index)
        })
    }

    /// Changes the children of the field a path leads to; the schema's own fields for an empty path.
    fn at_children(
        &self,
        mut fields: Fields,
        parent: &[String],
        whole: &[String],
        change: &mut dyn FnMut(&Self, &mut Fields) -> Result<()>,
    ) -> Result<Fields> {
        let Some((first, rest)) = parent.split_first() else {
            change(self, &mut fields)?;
            return Ok(fields);
        };
        let missing = || column_not_found(&whole.join("."), self.schema);
        let slot = fields.iter_mut().find(|field| field.name.eq_ignore_ascii_case(first)).ok_or_else(missing)?;
        let mut field = slot.as_ref().clone();
        let children = children(&field.field_type).ok_or_else(missing)?;
        let changed = self.at_children(children, rest, whole, change)?;
        field.field_type = Box::new(rebuilt(&field.field_type, changed)?);
        *slot = Arc::new(field);
        Ok(fields)
    }
}

fn split(path: &[String]) -> Result<(&str, &[String])> {
    path.split_last()
        .map(|(name, parent)| (name.as_str(), parent))
        .ok_or_else(|| Error::internal("an empty column path"))
}

fn amend(siblings: &mut Fields, index: usize, change: impl FnOnce(&mut NestedField)) -> Result<()> {
    if let Some(slot) = siblings.get_mut(index) {
        let mut field = slot.as_ref().clone();
        change(&mut field);
        *slot = Arc::new(field);
    }
    Ok(())
}

fn children(of: &Type) -> Option<Fields> {
    match of {
        Type::Primitive(_) => None,
        Type::Struct(inner) => Some(inner.fields().to_vec()),
        Type::List(list) => Some(vec![Arc::clone(&list.element_field)]),
        Type::Map(map) => Some(vec![Arc::clone(&map.key_field), Arc::clone(&map.value_field)]),
    }
}

fn rebuilt(of: &Type, children: Fields) -> Result<Type> {
    let wrong =
        || Error::message(Kind::IllegalArgument, "Cannot add or delete the element of a list or the parts of a map");
    Ok(match of {
        Type::Primitive(_) => of.clone(),
        Type::Struct(_) => Type::Struct(StructType::new(children)),
        Type::List(_) => {
            let [element]: [NestedFieldRef; 1] = children.try_into().map_err(|_| wrong())?;
            Type::List(ListType::new(element))
        }
        Type::Map(_) => {
            let [key, value]: [NestedFieldRef; 2] = children.try_into().map_err(|_| wrong())?;
            Type::Map(MapType::new(key, value))
        }
    })
}

/// The promotions of format versions 1 and 2 (Iceberg spec, "Schema Evolution").
fn widens(from: &Type, to: &Type) -> bool {
    if from == to {
        return true;
    }
    let (Type::Primitive(from), Type::Primitive(to)) = (from, to) else { return false };
    match (from, to) {
        (PrimitiveType::Int, PrimitiveType::Long) | (PrimitiveType::Float, PrimitiveType::Double) => true,
        (PrimitiveType::Decimal { precision, scale }, PrimitiveType::Decimal { precision: wider, scale: same }) => {
            scale == same && wider >= precision
        }
        _ => false,
    }
}
