//! Answers of real Spark 4.1.4 to operators, held against ours. Nothing but tests lives here.

#![cfg(test)]

use crate::testing::{ask, ask_legacy};

#[test]
fn arithmetic_with_ansi() {
    assert_eq!(ask("+", ["1", "1"]), "2 INT NOT NULL");
    assert_eq!(ask("+", ["1", "1L"]), "2 BIGINT NOT NULL");
    assert_eq!(ask("+", ["1.5", "1"]), "2.5 DECIMAL(3,1)");
    assert_eq!(ask("*", ["1.5", "2.25"]), "3.375 DECIMAL(6,3) NOT NULL");
    assert_eq!(ask("/", ["1.5", "2"]), "0.750000 DECIMAL(7,6)");
    assert_eq!(ask("/", ["1", "2"]), "0.5 DOUBLE");
    assert_eq!(ask("div", ["7", "2"]), "3 BIGINT");
    assert_eq!(ask("%", ["7", "2"]), "1 INT");
    assert_eq!(ask("%", ["-7.5", "2"]), "-1.5 DECIMAL(2,1)");
    assert_eq!(ask("pmod", ["-7.5", "2"]), "0.5 DECIMAL(2,1)");
    assert_eq!(ask("pmod", ["-7", "3"]), "2 INT");
    assert_eq!(ask("+", ["1F", "1"]), "2.0 DOUBLE NOT NULL");
    assert_eq!(ask("+", ["'1'", "2"]), "3 BIGINT");
    assert_eq!(ask("+", ["'1'", "2.5"]), "3.5 DOUBLE");
    assert_eq!(ask("+", ["'1'", "'2'"]), "DATATYPE_MISMATCH.BINARY_OP_WRONG_TYPE");
    assert_eq!(ask("+", ["1", "true"]), "DATATYPE_MISMATCH.BINARY_OP_DIFF_TYPES");
    assert_eq!(ask("+", ["null", "null"]), "NULL DOUBLE");
    assert_eq!(ask("+", ["null", "1"]), "NULL INT");
    assert_eq!(ask("+", ["2147483647", "1"]), "ARITHMETIC_OVERFLOW");
    assert_eq!(ask("+", ["127Y", "1Y"]), "BINARY_ARITHMETIC_OVERFLOW");
    assert_eq!(ask("/", ["1", "0"]), "DIVIDE_BY_ZERO");
    assert_eq!(ask("%", ["1", "0"]), "REMAINDER_BY_ZERO");
    assert_eq!(ask("div", ["1.5", "0"]), "DIVIDE_BY_ZERO");
    assert_eq!(ask("div", ["-9223372036854775808L", "-1"]), "ARITHMETIC_OVERFLOW");
    assert_eq!(ask("div", ["99999999999999999999999999999999999999:decimal(38,0)", "1"]), "687399551400673279 BIGINT");
    assert_eq!(ask("negative", ["-2147483648"]), "ARITHMETIC_OVERFLOW");
    assert_eq!(ask("abs", ["-1.5"]), "1.5 DECIMAL(2,1) NOT NULL");
    assert_eq!(ask("abs", ["'1'"]), "1.0 DOUBLE");
    assert_eq!(ask("signum", ["-2"]), "-1.0 DOUBLE");
    assert_eq!(
        ask("+", ["99999999999999999999999999999999999999:decimal(38,0)", "1"]),
        "NUMERIC_VALUE_OUT_OF_RANGE.WITH_SUGGESTION"
    );
    assert_eq!(ask("try_add", ["2147483647", "1"]), "NULL INT");
    assert_eq!(ask("try_divide", ["1", "0"]), "NULL DOUBLE");
    assert_eq!(ask("try_mod", ["5", "3"]), "2 INT");
}

#[test]
fn arithmetic_without_ansi() {
    assert_eq!(ask_legacy("+", ["2147483647", "1"]), "-2147483648 INT NOT NULL");
    assert_eq!(ask_legacy("+", ["'1'", "'2'"]), "3.0 DOUBLE");
    assert_eq!(ask_legacy("+", ["1F", "1"]), "2.0 FLOAT NOT NULL");
    assert_eq!(ask_legacy("*", ["1.5", "2.25"]), "3.375 DECIMAL(6,3)");
    assert_eq!(ask_legacy("/", ["1", "0"]), "NULL DOUBLE");
    assert_eq!(ask_legacy("%", ["1", "0"]), "NULL INT");
    assert_eq!(ask_legacy("div", ["-9223372036854775808L", "-1"]), "-9223372036854775808 BIGINT");
    assert_eq!(ask_legacy("abs", ["-2147483648"]), "-2147483648 INT NOT NULL");
    assert_eq!(ask_legacy("+", ["99999999999999999999999999999999999999:decimal(38,0)", "1"]), "NULL DECIMAL(38,0)");
}

#[test]
fn decimals_that_need_all_digits() {
    assert_eq!(ask("*", ["1:decimal(20,10)", "1:decimal(20,10)"]), "1.00000000000000000 DECIMAL(38,17) NOT NULL");
    assert_eq!(ask("*", ["1:decimal(38,18)", "1:decimal(38,18)"]), "1.000000 DECIMAL(38,6) NOT NULL");
    assert_eq!(ask("/", ["1:decimal(38,18)", "3:decimal(38,18)"]), "0.333333 DECIMAL(38,6)");
    assert_eq!(ask("+", ["1:decimal(38,10)", "1:decimal(38,20)"]), "2.000000000 DECIMAL(38,9) NOT NULL");
    assert_eq!(ask("/", ["1:decimal(10,2)", "3:decimal(10,2)"]), "0.3333333333333 DECIMAL(23,13)");
    assert_eq!(ask("%", ["5:decimal(10,2)", "3:decimal(5,3)"]), "2.000 DECIMAL(5,3)");
}

#[test]
fn dates_times_and_intervals() {
    assert_eq!(ask("+", ["1", "'2024-01-01':date"]), "2024-01-02 DATE NOT NULL");
    assert_eq!(ask("-", ["'2024-01-01':date", "1"]), "2023-12-31 DATE NOT NULL");
    assert_eq!(ask("-", ["'2024-01-02':date", "'2024-01-01':date"]), "INTERVAL '1' DAY INTERVAL DAY NOT NULL");
    assert_eq!(ask("+", ["'2024-01-31':date", "1:month"]), "2024-02-29 DATE NOT NULL");
    assert_eq!(ask("+", ["'2024-01-01':date", "1:second"]), "2024-01-01 00:00:01 TIMESTAMP NOT NULL");
    assert_eq!(ask("+", ["'2024-01-01':date", "1:day"]), "2024-01-02 DATE NOT NULL");
    assert_eq!(ask("+", ["'2024-01-01'", "1:day"]), "2024-01-02 00:00:00 STRING");
    assert_eq!(ask("+", ["'2024-01-01':date", "'1'"]), "DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE");
    assert_eq!(ask("+", ["'2024-01-01':timestamp", "1"]), "DATATYPE_MISMATCH.BINARY_OP_DIFF_TYPES");
    assert_eq!(ask("*", ["1:day", "2"]), "INTERVAL '2 00:00:00' DAY TO SECOND INTERVAL DAY TO SECOND NOT NULL");
    assert_eq!(ask("*", ["1:month", "1.5"]), "INTERVAL '0-2' YEAR TO MONTH INTERVAL YEAR TO MONTH NOT NULL");
    assert_eq!(ask("/", ["1:day", "2"]), "INTERVAL '0 12:00:00' DAY TO SECOND INTERVAL DAY TO SECOND NOT NULL");
    assert_eq!(ask("/", ["1:day", "0"]), "INTERVAL_DIVIDED_BY_ZERO");
    assert_eq!(ask("div", ["3:day", "1:day"]), "3 BIGINT");
    assert_eq!(ask("negative", ["1:day"]), "INTERVAL '-1' DAY INTERVAL DAY NOT NULL");
    assert_eq!(ask("-", ["1:year", "1:month"]), "INTERVAL '0-11' YEAR TO MONTH INTERVAL YEAR TO MONTH NOT NULL");
    assert_eq!(ask("+", ["106751991:day", "1:day"]), "INTERVAL_ARITHMETIC_OVERFLOW.WITH_SUGGESTION");
}
