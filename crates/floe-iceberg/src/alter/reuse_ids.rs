//! Field ids of a replaced table: a column whose name returns keeps its id (Iceberg 1.10 `TypeUtil.reassignIds`).

use std::collections::HashMap;
use std::sync::Arc;

use floe_base::Result;
use iceberg::spec::{ListType, MapType, NestedField, NestedFieldRef, Schema, StructType, TableMetadata, Type};

use crate::error::Lift;

/// The columns of `new` under the ids they have in the table, by name; new names get new ids.
pub(crate) fn reuse_ids(base: &TableMetadata, new: &Schema) -> Result<Schema> {
    let mut ids = Ids { known: HashMap::new(), next: base.last_column_id() };
    for (id, name) in base.current_schema().field_id_to_name_map() {
        ids.known.insert(name.clone(), *id);
    }
    let fields = ids.fields(new.as_struct().fields(), "");
    Schema::builder().with_fields(fields).build().lift()
}

struct Ids {
    known: HashMap<String, i32>,
    next: i32,
}

impl Ids {
    fn id(&mut self, name: &str) -> i32 {
        match self.known.get(name) {
            Some(id) => *id,
            None => {
                self.next += 1;
                self.next
            }
        }
    }

    fn fields(&mut self, fields: &[NestedFieldRef], path: &str) -> Vec<NestedFieldRef> {
        let names: Vec<String> = fields.iter().map(|field| format!("{path}{}", field.name)).collect();
        let ids: Vec<i32> = names.iter().map(|name| self.id(name)).collect();
        let mut made = Vec::with_capacity(fields.len());
        for ((field, name), id) in fields.iter().zip(names).zip(ids) {
            made.push(self.renumbered(field, id, &name));
        }
        made
    }

    fn renumbered(&mut self, field: &NestedField, id: i32, name: &str) -> NestedFieldRef {
        let mut made = field.clone();
        made.id = id;
        made.field_type = Box::new(self.inner(&field.field_type, name));
        Arc::new(made)
    }

    fn inner(&mut self, of: &Type, name: &str) -> Type {
        match of {
            Type::Primitive(_) => of.clone(),
            Type::Struct(inner) => Type::Struct(StructType::new(self.fields(inner.fields(), &format!("{name}.")))),
            Type::List(list) => {
                let path = format!("{name}.element");
                let id = self.id(&path);
                Type::List(ListType::new(self.renumbered(&list.element_field, id, &path)))
            }
            Type::Map(map) => {
                let (key, value) = (format!("{name}.key"), format!("{name}.value"));
                let (key_id, value_id) = (self.id(&key), self.id(&value));
                let key = self.renumbered(&map.key_field, key_id, &key);
                let value = self.renumbered(&map.value_field, value_id, &value);
                Type::Map(MapType::new(key, value))
            }
        }
    }
}
