//! Answers of real Spark 4.1.4 to casts, held against ours.

use floe_base::Origin;
use floe_syntax::DataType as Spark;
use floe_syntax::data_type::{DayTimeField as D, YearMonthField as Y};
use floe_syntax::expression::CastMode;

use super::cast_as;
use crate::Context;
use crate::testing::{answer, literal};

fn check(value: &str, to: Spark, ansi: &str, legacy: &str) {
    for (ansi_on, expected) in [(true, ansi), (false, legacy)] {
        let context = Context { ansi: ansi_on, ..Context::default() };
        let cast = literal(value, &context)
            .and_then(|value| cast_as(value, &to, CastMode::Session, &context, &Origin::Unknown, &|| "x".into()));
        let found = cast.and_then(|cast| answer(&cast, &context)).unwrap_or_else(|error| error.condition().into());
        assert_eq!(found, expected, "cast({value} as {to}), ansi {ansi_on}");
    }
}

fn same(value: &str, to: Spark, expected: &str) {
    check(value, to, expected, expected);
}

fn decimal(precision: u8, scale: i8) -> Spark {
    Spark::Decimal { precision, scale }
}

#[test]
fn text_to_numbers() {
    same("' 1 '", Spark::Int, "1 INT");
    check("'1.5'", Spark::Int, "CAST_INVALID_INPUT", "1 INT");
    check("'abc'", Spark::Int, "CAST_INVALID_INPUT", "NULL INT");
    check("'abc'", Spark::Double, "CAST_INVALID_INPUT", "NULL DOUBLE");
    same("' inf '", Spark::Double, "Infinity DOUBLE");
    same("'1e40'", Spark::Float, "Infinity FLOAT");
    same("'1e2'", decimal(5, 0), "100 DECIMAL(5,0)");
    check("'abc'", decimal(5, 2), "CAST_INVALID_INPUT", "NULL DECIMAL(5,2)");
    check("'12345.678'", decimal(5, 2), "NUMERIC_VALUE_OUT_OF_RANGE.WITH_SUGGESTION", "NULL DECIMAL(5,2)");
    same("'tRuE'", Spark::Boolean, "true BOOLEAN");
    check("'abc'", Spark::Boolean, "CAST_INVALID_INPUT", "NULL BOOLEAN");
}

#[test]
fn between_numbers() {
    same("1L", Spark::Int, "1 INT NOT NULL");
    same("1.5D", Spark::Int, "1 INT");
    check("300", Spark::Byte, "CAST_OVERFLOW", "44 TINYINT NOT NULL");
    check("3000000000L", Spark::Int, "CAST_OVERFLOW", "-1294967296 INT NOT NULL");
    check("3e10D", Spark::Int, "CAST_OVERFLOW", "2147483647 INT");
    check("NaND", Spark::Int, "CAST_OVERFLOW", "0 INT");
    check("12345678901.5", Spark::Int, "CAST_OVERFLOW", "-539222987 INT");
    check("123456789012345678901.5", Spark::Long, "CAST_OVERFLOW", "-5670419503621182411 BIGINT");
    check("1234.5", decimal(5, 2), "NUMERIC_VALUE_OUT_OF_RANGE.WITH_SUGGESTION", "NULL DECIMAL(5,2)");
    check("1e10D", decimal(5, 2), "NUMERIC_VALUE_OUT_OF_RANGE.WITH_SUGGESTION", "NULL DECIMAL(5,2)");
    same("NaND", decimal(5, 2), "NULL DECIMAL(5,2)");
    same("1.5", decimal(3, 1), "1.5 DECIMAL(3,1) NOT NULL");
    same("1.5", decimal(10, 0), "2 DECIMAL(10,0) NOT NULL");
    same("1", Spark::Boolean, "true BOOLEAN NOT NULL");
}

#[test]
fn numbers_to_text() {
    same("2147483648D", Spark::String, "2.147483648E9 STRING NOT NULL");
    same("1.50", Spark::String, "1.50 STRING NOT NULL");
    check("0.00000001", Spark::String, "0.00000001 STRING NOT NULL", "1E-8 STRING NOT NULL");
}

#[test]
fn dates_and_times() {
    same("'2024-01-01':date", Spark::Timestamp, "2024-01-01 00:00:00 TIMESTAMP NOT NULL");
    same("'2024-01-01':date", Spark::TimestampNtz, "2024-01-01 00:00:00 TIMESTAMP_NTZ");
    same("'2024-01-01 10:00:00':timestamp", Spark::Date, "2024-01-01 DATE NOT NULL");
    same("'2024-01-01 10:00:00 PST'", Spark::Timestamp, "2024-01-01 18:00:00 TIMESTAMP");
    same("'2024-01-01 10:00:00 America/New_York'", Spark::TimestampNtz, "2024-01-01 10:00:00 TIMESTAMP_NTZ");
    check("'2024-01-01 10:00Z'", Spark::Timestamp, "CAST_INVALID_INPUT", "NULL TIMESTAMP");
    check("'abc'", Spark::Date, "CAST_INVALID_INPUT", "NULL DATE");
    same("1", Spark::Timestamp, "1970-01-01 00:00:01 TIMESTAMP NOT NULL");
    same("1.123456789", Spark::Timestamp, "1970-01-01 00:00:01.123456 TIMESTAMP NOT NULL");
    same("-1.5D", Spark::Timestamp, "1969-12-31 23:59:58.5 TIMESTAMP");
    check("InfinityD", Spark::Timestamp, "CAST_INVALID_INPUT", "NULL TIMESTAMP");
    same("9223372036854775807L", Spark::Timestamp, "+294247-01-10 04:00:54.775807 TIMESTAMP NOT NULL");
    same("'1969-12-31 23:59:59.5':timestamp", Spark::Long, "-1 BIGINT NOT NULL");
    same("'1969-12-31 23:59:59.5':timestamp", Spark::Double, "-0.5 DOUBLE NOT NULL");
    same("'2024-01-01 00:00:00.123456':timestamp", decimal(20, 6), "1704067200.123456 DECIMAL(20,6)");
    check("'2999-01-01':timestamp", Spark::Int, "CAST_OVERFLOW", "NULL INT");
    check("1", Spark::Date, "DATATYPE_MISMATCH.CAST_WITH_FUNC_SUGGESTION", "DATATYPE_MISMATCH.CAST_WITHOUT_SUGGESTION");
    check("'2024-01-01':date", Spark::Int, "DATATYPE_MISMATCH.CAST_WITH_FUNC_SUGGESTION", "NULL INT");
    check("1", Spark::Binary, "DATATYPE_MISMATCH.CAST_WITH_CONF_SUGGESTION", "[00 00 00 01] BINARY NOT NULL");
    same("true", Spark::Date, "DATATYPE_MISMATCH.CAST_WITHOUT_SUGGESTION");
}

#[test]
fn intervals() {
    let day = Spark::DayTimeInterval(D::Day, D::Day);
    let all = Spark::DayTimeInterval(D::Day, D::Second);
    let months = Spark::YearMonthInterval(Y::Year, Y::Month);
    same("1:day", Spark::String, "INTERVAL '1' DAY STRING NOT NULL");
    same("1:day", Spark::Int, "1 INT NOT NULL");
    same("5", day.clone(), "INTERVAL '5' DAY INTERVAL DAY NOT NULL");
    same("1.5", Spark::DayTimeInterval(D::Second, D::Second), "INTERVAL '01.5' SECOND INTERVAL SECOND NOT NULL");
    same("'1 02:03:04'", all.clone(), "INTERVAL '1 02:03:04' DAY TO SECOND INTERVAL DAY TO SECOND");
    same("'-1-2'", months.clone(), "INTERVAL '-1-2' YEAR TO MONTH INTERVAL YEAR TO MONTH");
    same("'abc'", months, "INVALID_INTERVAL_FORMAT.UNMATCHED_FORMAT_STRING");
    same("'1 2'", all, "INVALID_INTERVAL_FORMAT.UNMATCHED_FORMAT_STRING_WITH_NOTICE");
    same("'abc'", Spark::CalendarInterval, "NULL INTERVAL");
    same("300:year", Spark::Byte, "CAST_OVERFLOW");
}
