//! `printSchema`: Spark's tree of columns.

use std::fmt::Write;

use crate::{DataType, Field};

/// The text of `StructType.treeString(level)`; without a level, to the bottom (Spark 4.1).
pub fn tree_string(fields: &[Field], level: Option<i32>) -> String {
    let depth = level.filter(|level| *level > 0).and_then(|level| usize::try_from(level).ok()).unwrap_or(usize::MAX);
    let mut out = "root\n".to_string();
    struct_members(fields, " |", depth, &mut out);
    out
}

fn struct_members(fields: &[Field], prefix: &str, depth: usize, out: &mut String) {
    for field in fields {
        let name = &field.name;
        let (kind, nullable) = (type_name(&field.data_type), field.nullable);
        let _ = writeln!(out, "{prefix}-- {name}: {kind} (nullable = {nullable})");
        inside(&field.data_type, &format!("{prefix}    |"), depth, out);
    }
}

/// What stands below a type: members, elements, keys and values.
fn inside(data_type: &DataType, prefix: &str, depth: usize, out: &mut String) {
    let Some(depth) = depth.checked_sub(1).filter(|depth| *depth > 0) else { return };
    let below = format!("{prefix}    |");
    match data_type {
        DataType::Struct(fields) => struct_members(fields, prefix, depth, out),
        DataType::Array { element, nullable } => {
            let _ = writeln!(out, "{prefix}-- element: {} (containsNull = {nullable})", type_name(element));
            inside(element, &below, depth, out);
        }
        DataType::Map { key, value, nullable } => {
            let _ = writeln!(out, "{prefix}-- key: {}", type_name(key));
            inside(key, &below, depth, out);
            let _ = writeln!(out, "{prefix}-- value: {} (valueContainsNull = {nullable})", type_name(value));
            inside(value, &below, depth, out);
        }
        _ => {}
    }
}

/// `DataType.typeName`: JSON's names, without what is inside.
fn type_name(data_type: &DataType) -> String {
    match data_type {
        DataType::Byte => "byte".into(),
        DataType::Short => "short".into(),
        DataType::Int => "integer".into(),
        DataType::Long => "long".into(),
        DataType::Array { .. } => "array".into(),
        DataType::Map { .. } => "map".into(),
        DataType::Struct(_) => "struct".into(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nested_columns_are_indented_as_spark_does() {
        let inner = vec![
            Field::new("x", DataType::Int, true),
            Field::new("y", DataType::Decimal { precision: 10, scale: 2 }, true),
        ];
        let fields = vec![
            Field::new("id", DataType::Long, false),
            Field::new("s", DataType::Struct(inner), true),
            Field::new("a", DataType::Array { element: Box::new(DataType::String), nullable: true }, true),
            Field::new(
                "m",
                DataType::Map { key: Box::new(DataType::String), value: Box::new(DataType::Short), nullable: false },
                true,
            ),
        ];
        let expected = "root
 |-- id: long (nullable = false)
 |-- s: struct (nullable = true)
 |    |-- x: integer (nullable = true)
 |    |-- y: decimal(10,2) (nullable = true)
 |-- a: array (nullable = true)
 |    |-- element: string (containsNull = true)
 |-- m: map (nullable = true)
 |    |-- key: string
 |    |-- value: short (valueContainsNull = false)
";
        assert_eq!(tree_string(&fields, None), expected);
        assert_eq!(tree_string(&fields, Some(1)).lines().count(), 5);
    }
}
