//! Answers of real Spark 4.1.4 to comparisons, held against ours. Nothing but tests lives here.

#![cfg(test)]

use crate::testing::{ask, ask_legacy};

#[test]
fn comparisons_make_their_operands_alike() {
    assert_eq!(ask("=", ["1", "1.0"]), "true BOOLEAN");
    assert_eq!(ask("=", ["1", "1L"]), "true BOOLEAN NOT NULL");
    assert_eq!(ask("=", ["'1'", "1"]), "true BOOLEAN");
    assert_eq!(ask("=", ["'1.5'", "1.5"]), "true BOOLEAN");
    assert_eq!(ask("<=>", ["1", "null"]), "false BOOLEAN NOT NULL");
    assert_eq!(ask("=", ["null", "null"]), "NULL BOOLEAN");
    assert_eq!(ask(">", ["1.5", "1D"]), "true BOOLEAN NOT NULL");
    assert_eq!(ask("=", ["'2024-01-01'", "'2024-01-01':date"]), "true BOOLEAN");
    assert_eq!(ask("=", ["1", "true"]), "DATATYPE_MISMATCH.BINARY_OP_DIFF_TYPES");
    assert_eq!(ask_legacy("=", ["1", "true"]), "true BOOLEAN NOT NULL");
    assert_eq!(ask_legacy("=", ["'a'", "1"]), "NULL BOOLEAN");
    assert_eq!(ask("between", ["1", "'0'", "2.5"]), "true BOOLEAN");
    assert_eq!(ask("in", ["1", "'1'", "2"]), "true BOOLEAN");
    assert_eq!(ask_legacy("in", ["1", "'1'", "2"]), "true BOOLEAN NOT NULL");
    assert_eq!(ask("in", ["1", "1.5", "2L"]), "false BOOLEAN NOT NULL");
    assert_eq!(ask("in", ["1", "null"]), "NULL BOOLEAN");
}

#[test]
fn zeros_are_one_and_nan_is_the_greatest() {
    assert_eq!(ask("=", ["0D", "-0D"]), "true BOOLEAN NOT NULL");
    assert_eq!(ask("=", ["NaND", "NaND"]), "true BOOLEAN NOT NULL");
    assert_eq!(ask(">", ["NaND", "1D"]), "true BOOLEAN NOT NULL");
    assert_eq!(ask("greatest", ["NaND", "1D"]), "NaN DOUBLE NOT NULL");
    assert_eq!(ask("least", ["-0D", "0D"]), "-0.0 DOUBLE NOT NULL");
    assert_eq!(ask("greatest", ["1", "2L", "1.5"]), "2.0 DECIMAL(21,1) NOT NULL");
    assert_eq!(ask("greatest", ["1", "null"]), "1 INT NOT NULL");
    assert_eq!(ask("greatest", ["1", "'2'"]), "DATATYPE_MISMATCH.DATA_DIFF_TYPES");
}

#[test]
fn the_first_that_is_there() {
    assert_eq!(ask("coalesce", ["1", "'a'"]), "1 BIGINT NOT NULL");
    assert_eq!(ask("coalesce", ["1.5", "1"]), "1.5 DECIMAL(11,1) NOT NULL");
    assert_eq!(ask("coalesce", ["null"]), "NULL VOID");
    assert_eq!(ask("nvl", ["null", "1"]), "1 INT NOT NULL");
    assert_eq!(ask("nvl2", ["null", "1", "2L"]), "2 BIGINT NOT NULL");
    assert_eq!(ask("nullif", ["1", "'1'"]), "NULL INT");
    assert_eq!(ask("nullif", ["1", "2"]), "1 INT");
    assert_eq!(ask("nullifzero", ["0"]), "NULL INT");
    assert_eq!(ask("zeroifnull", ["1.5"]), "1.5 DECIMAL(11,1) NOT NULL");
    assert_eq!(ask("if", ["true", "1", "'a'"]), "1 BIGINT");
    assert_eq!(ask("if", ["null", "1", "2"]), "2 INT NOT NULL");
    assert_eq!(ask("if", ["'true'", "1", "2"]), "DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE");
    assert_eq!(ask("like", ["'abc'", "'a%'"]), "true BOOLEAN NOT NULL");
    assert_eq!(ask("and", ["true", "null"]), "NULL BOOLEAN");
    assert_eq!(ask("and", ["true", "'true'"]), "true BOOLEAN");
    assert_eq!(ask("not", ["'true'"]), "false BOOLEAN");
    assert_eq!(ask_legacy("not", ["'true'"]), "DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE");
}
