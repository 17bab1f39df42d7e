//! A schema as DDL: `StructType.toDDL` (Spark 4.1).

use floe_syntax::data_type::identifier;
use floe_syntax::{DataType, Field};

/// `a INT,b STRING NOT NULL COMMENT 'why'`; a type that is no struct stands for itself.
pub(crate) fn ddl(data_type: &DataType) -> String {
    match data_type {
        DataType::Struct(fields) => fields.iter().map(column).collect::<Vec<_>>().join(","),
        other => other.sql(),
    }
}

fn column(field: &Field) -> String {
    let null = if field.nullable { "" } else { " NOT NULL" };
    let comment = match &field.comment {
        Some(comment) => format!(" COMMENT '{}'", comment.replace('\\', "\\\\").replace('\'', "\\'")),
        None => String::new(),
    };
    format!("{} {}{null}{comment}", identifier(&field.name), field.data_type.sql())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_types_nulls_and_comments() {
        let mut named = Field::new("b c", DataType::String, false);
        named.comment = Some("it's".into());
        let fields = vec![Field::new("a", DataType::Int, true), named];
        assert_eq!(ddl(&DataType::Struct(fields)), "a INT,`b c` STRING NOT NULL COMMENT 'it\\'s'");
    }
}
