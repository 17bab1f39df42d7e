//! The columns of two results: names, types, nullability.

use floe_syntax::{DataType, Field};

/// What the columns of two results have in common.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shape {
    /// Names and types that differ, in words.
    pub differences: Vec<String>,
    /// Nullability that differs: one side promises more than the other, and both may be right.
    pub warnings: Vec<String>,
    /// The types agree, so that rows can be compared.
    pub are_comparable: bool,
    /// Some value may hold a float, at any depth.
    pub has_floats: bool,
}

/// Compares the columns of two results; `names` are those of the two sides.
pub fn shape(left: &[Field], right: &[Field], names: [&str; 2]) -> Shape {
    let mut shape = Shape {
        differences: Vec::new(),
        warnings: Vec::new(),
        are_comparable: left.len() == right.len(),
        has_floats: left.iter().any(|field| has_floats(&field.data_type)),
    };
    if !shape.are_comparable {
        let [one, other] = names;
        shape.differences.push(format!("{} columns on {one}, {} on {other}", left.len(), right.len()));
        return shape;
    }
    for (at, (left, right)) in left.iter().zip(right).enumerate() {
        let differs = |what: &str, left: String, right: String| {
            let [one, other] = names;
            format!("{what} {left} on {one} and {right} on {other}")
        };
        if left.name != right.name {
            let column = format!("column {} is called", at + 1);
            shape.differences.push(differs(&column, format!("`{}`", left.name), format!("`{}`", right.name)));
        }
        if bare(&left.data_type) != bare(&right.data_type) {
            shape.are_comparable = false;
            let column = format!("column `{}` is", left.name);
            shape.differences.push(differs(&column, left.data_type.sql(), right.data_type.sql()));
        } else if left.data_type != right.data_type {
            let column = format!("inside, column `{}` is", left.name);
            shape.warnings.push(differs(&column, inside(&left.data_type), inside(&right.data_type)));
        }
        if left.nullable != right.nullable {
            let [one, other] = names;
            let (nullable, not) = if left.nullable { (one, other) } else { (other, one) };
            shape.warnings.push(format!("column `{}` is nullable on {nullable} and NOT NULL on {not}", left.name));
        }
    }
    shape
}

fn has_floats(data_type: &DataType) -> bool {
    match data_type {
        DataType::Float | DataType::Double => true,
        DataType::Array { element, .. } => has_floats(element),
        DataType::Map { key, value, .. } => has_floats(key) || has_floats(value),
        DataType::Struct(fields) => fields.iter().any(|field| has_floats(&field.data_type)),
        _ => false,
    }
}

/// A type with all nullability taken away, and no comments.
fn bare(data_type: &DataType) -> DataType {
    let boxed = |inner: &DataType| Box::new(bare(inner));
    match data_type {
        DataType::Array { element, .. } => DataType::Array { element: boxed(element), nullable: true },
        DataType::Map { key, value, .. } => DataType::Map { key: boxed(key), value: boxed(value), nullable: true },
        DataType::Struct(fields) => DataType::Struct(fields.iter().map(bare_field).collect()),
        other => other.clone(),
    }
}

fn bare_field(field: &Field) -> Field {
    Field { name: field.name.clone(), data_type: bare(&field.data_type), nullable: true, comment: None, metadata: None }
}

/// A type with the nullability inside it, which SQL's own names leave out.
fn inside(data_type: &DataType) -> String {
    let not_null = |nullable: bool| if nullable { "" } else { " NOT NULL" };
    match data_type {
        DataType::Array { element, nullable } => format!("ARRAY<{}{}>", inside(element), not_null(*nullable)),
        DataType::Map { key, value, nullable } => {
            format!("MAP<{}, {}{}>", inside(key), inside(value), not_null(*nullable))
        }
        DataType::Struct(fields) => {
            let member =
                |field: &Field| format!("{}: {}{}", field.name, inside(&field.data_type), not_null(field.nullable));
            format!("STRUCT<{}>", fields.iter().map(member).collect::<Vec<_>>().join(", "))
        }
        other => other.sql(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field(name: &str, data_type: DataType, nullable: bool) -> Field {
        Field { name: name.into(), data_type, nullable, comment: None, metadata: None }
    }

    fn between(left: &[Field], right: &[Field]) -> Shape {
        shape(left, right, ["here", "there"])
    }

    #[test]
    fn names_and_types_differ_and_nullability_warns() {
        let left = [field("a", DataType::Int, false), field("b", DataType::Int, true)];
        let alike = Shape { differences: vec![], warnings: vec![], are_comparable: true, has_floats: false };
        assert_eq!(between(&left, &left), alike);
        let right = [field("A", DataType::Int, true), field("b", DataType::Long, true)];
        let found = between(&left, &right);
        assert_eq!(
            found.differences,
            ["column 1 is called `a` on here and `A` on there", "column `b` is INT on here and BIGINT on there"]
        );
        assert_eq!(found.warnings, ["column `a` is nullable on there and NOT NULL on here"]);
        assert!(!found.are_comparable);
        assert_eq!(between(&left, &right[..1]).differences, ["2 columns on here, 1 on there"]);
    }

    #[test]
    fn nullability_inside_a_type_warns_too() {
        let array = |nullable| DataType::Array { element: Box::new(DataType::Int), nullable };
        let found = between(&[field("a", array(true), true)], &[field("a", array(false), true)]);
        assert!(found.differences.is_empty() && found.are_comparable && !found.has_floats);
        let floats = [field("m", DataType::Struct(vec![field("f", DataType::Float, true)]), true)];
        assert!(between(&floats, &floats).has_floats);
        assert_eq!(found.warnings, ["inside, column `a` is ARRAY<INT> on here and ARRAY<INT NOT NULL> on there"]);
    }
}
