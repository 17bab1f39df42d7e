//! Schemas, types and names as clients send them.

use floe_base::Error;
use floe_syntax::DataType;

#[track_caller]
fn schema(text: &str, expected: &str) {
    let found =
        floe_sql::parse_schema(text).map_or_else(|error| error.condition().to_string(), |found| found.to_string());
    assert_eq!(found, expected, "{text}");
}

#[test]
fn a_schema_is_columns_or_a_type_or_members() {
    schema("a INT, b STRING", "struct<a:int,b:string>");
    schema("a: int, b: array<string>", "struct<a:int,b:array<string>>");
    schema("struct<a:int>", "struct<a:int>");
    schema("int", "int");
    schema("decimal(10,2)", "decimal(10,2)");
    schema("a foo", "UNSUPPORTED_DATATYPE");
    schema("a int,", "PARSE_SYNTAX_ERROR");
    schema("", "struct<>");
}

#[test]
fn columns_keep_nullability_and_comment() {
    let found = floe_sql::parse_schema("a INT NOT NULL COMMENT 'x', `b c` MAP<STRING, STRUCT<d: DATE NOT NULL>>");
    let Ok(DataType::Struct(fields)) = found else { panic!("a struct") };
    let shown: Vec<_> =
        fields.iter().map(|field| (field.name.as_str(), field.nullable, field.comment.as_deref())).collect();
    assert_eq!(shown, [("a", false, Some("x")), ("b c", true, None)]);
}

#[test]
fn names_have_parts() {
    let parts = |text| floe_sql::parse_multipart_identifier(text).map_err(|error: Error| error.condition().to_string());
    assert_eq!(parts("a.`b.c`.d"), Ok(vec!["a".into(), "b.c".into(), "d".into()]));
    assert_eq!(parts("`a``b`"), Ok(vec!["a`b".into()]));
    assert_eq!(parts("select.from"), Ok(vec!["select".into(), "from".into()]));
    assert_eq!(parts("a-b"), Err("INVALID_IDENTIFIER".into()));
    assert_eq!(parts("a."), Err("PARSE_SYNTAX_ERROR".into()));
    assert_eq!(parts(""), Err("PARSE_EMPTY_STATEMENT".into()));
}
