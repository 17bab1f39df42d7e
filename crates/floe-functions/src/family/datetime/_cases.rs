//! Answers of real Spark 4.1.4 to functions of dates, times and intervals, held against ours. Nothing but tests lives here.

#![cfg(test)]

use crate::Context;
use crate::testing::{ask, ask_in, ask_legacy};

fn ask_at(zone: &str, name: &str, arguments: &[&str]) -> String {
    let context = Context {
        time_zone: crate::cast::time::zone(zone).unwrap_or(Context::default().time_zone),
        time_zone_name: zone.into(),
        ..Context::default()
    };
    ask_in(&context, name, arguments)
}

#[test]
fn calendar() {
    assert_eq!(ask("date_add", ["'2024-01-31':date", "1"]), "2024-02-01 DATE NOT NULL");
    assert_eq!(ask("date_sub", ["'2024-01-31':date", "1"]), "2024-01-30 DATE NOT NULL");
    assert_eq!(ask("date_add", ["'2024-01-31':date", "1L"]), "DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE");
    assert_eq!(ask("date_add", ["'2024-01-31':date", "'1'"]), "2024-02-01 DATE");
    assert_eq!(ask("date_add", ["'2024-01-31':date", "2147483647"]), "-5877587-07-21 DATE NOT NULL");
    assert_eq!(ask("date_add", ["'abc'", "1"]), "CAST_INVALID_INPUT");
    assert_eq!(ask_legacy("date_add", ["'abc'", "1"]), "NULL DATE");
    assert_eq!(ask("datediff", ["'2024-01-31':date", "'2024-01-01':date"]), "30 INT NOT NULL");
    assert_eq!(ask("add_months", ["'2024-01-31':date", "1"]), "2024-02-29 DATE NOT NULL");
    assert_eq!(ask("add_months", ["'2024-01-31':date", "2147483647"]), "ARITHMETIC_OVERFLOW");
    assert_eq!(ask("last_day", ["'2024-02-01':date"]), "2024-02-29 DATE NOT NULL");
    assert_eq!(ask("next_day", ["'2024-02-01':date", "'MO'"]), "2024-02-05 DATE");
    assert_eq!(ask("next_day", ["'2024-05-15':date", "'We'"]), "2024-05-22 DATE");
    assert_eq!(ask("next_day", ["'2024-05-15':date", "'tuesday'"]), "2024-05-21 DATE");
    assert_eq!(ask("next_day", ["'2024-02-01':date", "'xx'"]), "ILLEGAL_DAY_OF_WEEK");
    assert_eq!(ask_legacy("next_day", ["'2024-02-01':date", "'xx'"]), "NULL DATE");
    assert_eq!(ask("months_between", ["'2024-01-31':date", "'2024-02-29':date"]), "-1.0 DOUBLE NOT NULL");
    assert_eq!(ask("months_between", ["'2024-02-28 10:30:00'", "'1996-10-30'"]), "327.94959677 DOUBLE");
    assert_eq!(ask("months_between", ["'2024-02-28 10:30:00'", "'1996-10-30'", "false"]), "327.94959677419354 DOUBLE");
}

#[test]
fn units() {
    assert_eq!(ask("trunc", ["'2024-05-15':date", "'MM'"]), "2024-05-01 DATE");
    assert_eq!(ask("trunc", ["'2024-05-15':date", "'week'"]), "2024-05-13 DATE");
    assert_eq!(ask("trunc", ["'2024-05-15':date", "'quarter'"]), "2024-04-01 DATE");
    assert_eq!(ask("trunc", ["'2024-05-15':date", "'day'"]), "NULL DATE");
    assert_eq!(
        ask("date_trunc", ["'HOUR'", "'2024-05-15 10:11:12.123456':timestamp"]),
        "2024-05-15 10:00:00 TIMESTAMP"
    );
    assert_eq!(ask("date_trunc", ["'xx'", "'2024-05-15 10:11:12':timestamp"]), "NULL TIMESTAMP");
    assert_eq!(ask("date_trunc", ["'month'", "'2024-05-15 10:11:12':ntz"]), "2024-05-01 00:00:00 TIMESTAMP");
    let new_york = |name: &str, arguments: &[&str]| ask_at("America/New_York", name, arguments);
    assert_eq!(new_york("date_trunc", &["'DAY'", "'2024-03-10 12:00:00':timestamp"]), "2024-03-10 00:00:00 TIMESTAMP");
    assert_eq!(
        new_york("timestampadd", &["'DAY'", "1", "'2024-03-09 02:30:00':timestamp"]),
        "2024-03-10 03:30:00 TIMESTAMP NOT NULL"
    );
    assert_eq!(
        ask("timestampadd", ["'MONTH'", "1", "'2024-01-31 10:00:00':timestamp"]),
        "2024-02-29 10:00:00 TIMESTAMP NOT NULL"
    );
    assert_eq!(ask("dateadd", ["'DAY'", "1", "'2024-01-31':date"]), "2024-02-01 00:00:00 TIMESTAMP NOT NULL");
    assert_eq!(ask("timestampadd", ["'YEAR'", "300000", "'2024-01-31 10:00:00':timestamp"]), "DATETIME_OVERFLOW");
    assert_eq!(ask("datediff", ["'WEEK'", "'2024-01-01':date", "'2024-02-01':date"]), "4 BIGINT NOT NULL");
    assert_eq!(
        ask("timestampdiff", ["'MONTH'", "'2024-01-31 10:00:00':timestamp", "'2024-03-30 10:00:00':timestamp"]),
        "1 BIGINT NOT NULL"
    );
    assert_eq!(
        new_york("timestampdiff", &["'HOUR'", "'2024-03-10 00:00:00':timestamp", "'2024-03-11 00:00:00':timestamp"]),
        "24 BIGINT NOT NULL"
    );
    assert_eq!(ask("timestampdiff", ["'YEAR'", "'2024-02-29':date", "'2025-02-28':date"]), "0 BIGINT NOT NULL");
}

#[test]
fn fields() {
    assert_eq!(ask("dayofweek", ["'2024-05-15':date"]), "4 INT NOT NULL");
    assert_eq!(ask("weekday", ["'2024-05-15':date"]), "2 INT NOT NULL");
    assert_eq!(ask("weekofyear", ["'2024-05-15':date"]), "20 INT NOT NULL");
    assert_eq!(ask("dayofyear", ["'2024-05-15':date"]), "136 INT NOT NULL");
    assert_eq!(ask("year", ["'2024-05-15'"]), "2024 INT");
    assert_eq!(ask("hour", ["'2024-01-01':date"]), "0 INT NOT NULL");
    assert_eq!(ask("dayname", ["'2024-05-15':date"]), "Wed STRING NOT NULL");
    assert_eq!(ask("monthname", ["'2024-05-15':date"]), "May STRING NOT NULL");
    assert_eq!(ask("extract", ["'SECOND'", "'2024-05-15 10:11:12.5':timestamp"]), "12.500000 DECIMAL(8,6) NOT NULL");
    assert_eq!(ask("date_part", ["'dow_iso'", "'2024-05-15':date"]), "3 INT NOT NULL");
    assert_eq!(ask("extract", ["'xx'", "'2024-05-15':date"]), "INVALID_EXTRACT_FIELD");
    assert_eq!(ask("date_part", ["null", "'2024-05-15':date"]), "NULL DOUBLE");
}

#[test]
fn making() {
    assert_eq!(ask("make_date", ["2024", "2", "30"]), "DATETIME_FIELD_OUT_OF_BOUNDS.WITH_SUGGESTION");
    assert_eq!(ask_legacy("make_date", ["2024", "2", "30"]), "NULL DATE");
    assert_eq!(ask("make_date", ["2024", "2", "28"]), "2024-02-28 DATE NOT NULL");
    assert_eq!(ask("make_timestamp", ["2024", "2", "28", "10", "11", "60"]), "2024-02-28 10:12:00 TIMESTAMP NOT NULL");
    assert_eq!(ask("make_timestamp", ["2024", "2", "28", "10", "11", "60.5"]), "INVALID_FRACTION_OF_SECOND");
    assert_eq!(ask("try_make_timestamp", ["2024", "2", "28", "10", "11", "60.5"]), "NULL TIMESTAMP");
    assert_eq!(ask("make_timestamp", ["2024", "1", "1", "0", "0", "0", "'xx/yy'"]), "INVALID_TIMEZONE");
    assert_eq!(
        ask("make_timestamp_ltz", ["2024", "2", "28", "10", "11", "12", "'America/New_York'"]),
        "2024-02-28 15:11:12 TIMESTAMP NOT NULL"
    );
    assert_eq!(ask("timestamp_seconds", ["1.5"]), "1970-01-01 00:00:01.5 TIMESTAMP NOT NULL");
    assert_eq!(ask("timestamp_seconds", ["1.5D"]), "1970-01-01 00:00:01.5 TIMESTAMP");
    assert_eq!(ask("timestamp_seconds", ["1.23456789"]), "Rounding necessary");
    assert_eq!(ask("timestamp_seconds", ["9223372036854775807L"]), "long overflow");
    assert_eq!(ask("unix_millis", ["'1970-01-02':timestamp"]), "86400000 BIGINT NOT NULL");
    assert_eq!(ask("date_from_unix_date", ["1"]), "1970-01-02 DATE NOT NULL");
}

#[test]
fn patterns() {
    assert_eq!(ask("to_date", ["'2024/05/15'", "'yyyy/MM/dd'"]), "2024-05-15 DATE NOT NULL");
    assert_eq!(ask("to_date", ["20240515", "'yyyyMMdd'"]), "2024-05-15 DATE NOT NULL");
    assert_eq!(ask("to_date", ["'x'"]), "CAST_INVALID_INPUT");
    assert_eq!(ask("to_date", ["'x'", "'yyyy'"]), "CANNOT_PARSE_TIMESTAMP");
    assert_eq!(ask_legacy("to_date", ["'x'", "'yyyy'"]), "NULL DATE");
    assert_eq!(ask("try_to_date", ["'x'"]), "NULL DATE");
    assert_eq!(ask("to_timestamp", ["'15.05.2024'", "'dd.MM.yyyy'"]), "2024-05-15 00:00:00 TIMESTAMP NOT NULL");
    assert_eq!(ask("to_timestamp", ["20240515"]), "1970-08-23 06:21:55 TIMESTAMP NOT NULL");
    assert_eq!(ask("to_timestamp", ["null", "'bb'"]), "NULL TIMESTAMP");
    assert_eq!(ask("try_to_timestamp", ["'2024'", "'bb'"]), "INVALID_DATETIME_PATTERN.WITH_SUGGESTION");
    assert_eq!(ask("date_format", ["'2024-05-15'", "'yyyy'"]), "2024 STRING");
    assert_eq!(ask("date_format", ["'2024-05-15 01:02:03':ntz", "'HH'"]), "01 STRING NOT NULL");
    assert_eq!(
        ask_at("America/New_York", "date_format", &["'2024-01-15 10:11:12':timestamp", "'z zzzz VV O OOOO XXX'"]),
        "EST Eastern Standard Time America/New_York GMT-5 GMT-05:00 -05:00 STRING NOT NULL"
    );
    assert_eq!(ask("from_unixtime", ["0"]), "1970-01-01 00:00:00 STRING");
    assert_eq!(ask("unix_timestamp", ["'1970-01-02'", "'yyyy-MM-dd'"]), "86400 BIGINT NOT NULL");
    assert_eq!(ask("unix_timestamp", ["'1970-01-02':date"]), "86400 BIGINT NOT NULL");
    assert_eq!(ask_at("America/New_York", "unix_timestamp", &["'2024-05-15 10:11:12'"]), "1715782272 BIGINT NOT NULL");
    assert_eq!(ask_at("America/New_York", "unix_timestamp", &["'2150-07-01 00:00:00'"]), "5695934400 BIGINT NOT NULL");
}

#[test]
fn zones() {
    assert_eq!(
        ask("to_utc_timestamp", ["'2024-01-31 10:00:00':timestamp", "'America/New_York'"]),
        "2024-01-31 15:00:00 TIMESTAMP NOT NULL"
    );
    assert_eq!(ask("from_utc_timestamp", ["'2024-01-31 10:00:00'", "'GMT+1'"]), "2024-01-31 11:00:00 TIMESTAMP");
    assert_eq!(ask("to_utc_timestamp", ["'2024-01-31 10:00:00':timestamp", "'xx'"]), "INVALID_TIMEZONE");
    assert_eq!(
        ask("convert_timezone", ["'America/New_York'", "'2024-01-31 10:00:00':ntz"]),
        "2024-01-31 05:00:00 TIMESTAMP_NTZ NOT NULL"
    );
    assert_eq!(
        ask("convert_timezone", ["'America/New_York'", "'UTC'", "'2024-01-31 10:00:00':ntz"]),
        "2024-01-31 15:00:00 TIMESTAMP_NTZ NOT NULL"
    );
}

#[test]
fn intervals() {
    assert_eq!(
        ask("make_interval", ["1", "2", "3", "4", "5", "6", "7.5"]),
        "1 years 2 months 25 days 5 hours 6 minutes 7.5 seconds INTERVAL NOT NULL"
    );
    assert_eq!(ask("make_interval", ["2147483647", "1"]), "ARITHMETIC_OVERFLOW");
    assert_eq!(ask("try_make_interval", ["2147483647", "1"]), "NULL INTERVAL");
    assert_eq!(ask("make_ym_interval", ["2147483647", "1"]), "INTERVAL_ARITHMETIC_OVERFLOW.WITHOUT_SUGGESTION");
    assert_eq!(ask("make_ym_interval", ["1", "2"]), "INTERVAL '1-2' YEAR TO MONTH INTERVAL YEAR TO MONTH NOT NULL");
    assert_eq!(
        ask("make_dt_interval", ["1", "2", "3", "4.5"]),
        "INTERVAL '1 02:03:04.5' DAY TO SECOND INTERVAL DAY TO SECOND NOT NULL"
    );
}
