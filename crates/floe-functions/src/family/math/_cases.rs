//! Answers of real Spark 4.1.4 to math, bits and conversions, held against ours. Nothing but tests lives here.

#![cfg(test)]

use crate::testing::{ask, ask_legacy};

#[test]
fn rounding() {
    assert_eq!(ask("round", ["2.5", "0"]), "3 DECIMAL(2,0)");
    assert_eq!(ask("round", ["25", "-1"]), "30 INT");
    assert_eq!(ask("round", ["-2.5D"]), "-3.0 DOUBLE");
    assert_eq!(ask("round", ["1.005D", "2"]), "1.01 DOUBLE");
    assert_eq!(ask("round", ["-0.4D"]), "0.0 DOUBLE");
    assert_eq!(ask("round", ["NaND", "1"]), "NaN DOUBLE");
    assert_eq!(ask("round", ["1.5", "null"]), "NULL DECIMAL(2,0)");
    assert_eq!(ask("round", ["9.99", "1"]), "10.0 DECIMAL(3,1)");
    assert_eq!(ask("round", ["123.45", "-5"]), "0 DECIMAL(6,0)");
    assert_eq!(ask("round", ["12.3456", "10"]), "12.3456 DECIMAL(7,4)");
    assert_eq!(ask("round", ["2147483647", "-1"]), "ARITHMETIC_OVERFLOW");
    assert_eq!(ask_legacy("round", ["2147483647", "-1"]), "-2147483646 INT");
    assert_eq!(ask_legacy("round", ["127Y", "-1"]), "-126 TINYINT");
    assert_eq!(ask("bround", ["2.5", "0"]), "2 DECIMAL(2,0)");
    assert_eq!(ask("bround", ["35", "-1"]), "40 INT");
    assert_eq!(ask("bround", ["-2.5D"]), "-2.0 DOUBLE");
    assert_eq!(ask("bround", ["2.675D", "2"]), "2.68 DOUBLE");
    assert_eq!(ask("ceil", ["-0.1"]), "0 DECIMAL(1,0)");
    assert_eq!(ask("ceil", ["5.4D"]), "6 BIGINT");
    assert_eq!(ask("ceil", ["3.1411", "3"]), "3.142 DECIMAL(5,3)");
    assert_eq!(ask("ceil", ["3.1411", "-3"]), "1000 DECIMAL(4,0)");
    assert_eq!(ask("ceiling", ["12345L", "-2"]), "12400 DECIMAL(21,0)");
    assert_eq!(ask("floor", ["1.5D", "0"]), "1 DECIMAL(16,0)");
    assert_eq!(ask("floor", ["'5.5'"]), "5 BIGINT");
    assert_eq!(ask("ceil", ["9.99"]), "10 DECIMAL(2,0)");
    assert_eq!(ask("ceil", ["1e20D"]), "9223372036854775807 BIGINT");
}

#[test]
fn functions_of_doubles() {
    assert_eq!(ask("sqrt", ["4"]), "2.0 DOUBLE");
    assert_eq!(ask("ln", ["0"]), "NULL DOUBLE");
    assert_eq!(ask("log", ["2", "8"]), "3.0 DOUBLE");
    assert_eq!(ask("log", ["0", "2"]), "NULL DOUBLE");
    assert_eq!(ask("pow", ["2", "3"]), "8.0 DOUBLE NOT NULL");
    assert_eq!(ask("pow", ["1D", "NaND"]), "NaN DOUBLE NOT NULL");
    assert_eq!(ask("asinh", ["-1e8D"]), "-Infinity DOUBLE");
    assert_eq!(ask("asinh", ["-1e200D"]), "-461.2101657793691 DOUBLE");
    assert_eq!(ask("csc", ["0"]), "Infinity DOUBLE");
    assert_eq!(ask("rint", ["2.5"]), "2.0 DOUBLE");
    assert_eq!(ask("degrees", ["1"]), "57.29577951308232 DOUBLE");
    assert_eq!(ask("width_bucket", ["5.3", "0.2", "10.6", "5"]), "3 BIGINT");
    assert_eq!(ask("width_bucket", ["-0.9", "5.2", "0.5", "2"]), "3 BIGINT");
}

#[test]
fn digits_and_bits() {
    assert_eq!(ask("factorial", ["21"]), "NULL BIGINT");
    assert_eq!(ask("factorial", ["5"]), "120 BIGINT");
    assert_eq!(ask("hex", ["-1"]), "FFFFFFFFFFFFFFFF STRING NOT NULL");
    assert_eq!(ask("hex", ["'Spark'"]), "537061726B STRING NOT NULL");
    assert_eq!(ask("unhex", ["'F'"]), "[0F] BINARY");
    assert_eq!(ask("bin", ["13.3"]), "1101 STRING");
    assert_eq!(ask("&", ["5", "'3'"]), "1 BIGINT");
    assert_eq!(ask("&", ["5Y", "3"]), "1 INT NOT NULL");
    assert_eq!(ask("&", ["5", "3.0"]), "DATATYPE_MISMATCH.BINARY_OP_DIFF_TYPES");
    assert_eq!(ask("~", ["5"]), "-6 INT NOT NULL");
    assert_eq!(ask("<<", ["1", "33"]), "2 INT NOT NULL");
    assert_eq!(ask(">>>", ["-16", "2"]), "1073741820 INT NOT NULL");
    assert_eq!(ask("bit_count", ["-1"]), "64 INT NOT NULL");
    assert_eq!(ask("getbit", ["-1L", "63"]), "1 TINYINT NOT NULL");
    assert_eq!(ask("bit_get", ["11", "32"]), "INVALID_PARAMETER_VALUE.BIT_POSITION_RANGE");
    assert_eq!(ask("uniform", ["1", "10", "3"]), "3 INT NOT NULL");
    assert_eq!(ask("uniform", ["1.5", "2.5", "3"]), "1.8 DECIMAL(2,1) NOT NULL");
    assert_eq!(ask("randstr", ["5", "0"]), "ceV0P STRING NOT NULL");
    assert_eq!(ask("to_number", ["'12,454'", "'99,999'"]), "12454 DECIMAL(5,0) NOT NULL");
    assert_eq!(ask("to_number", ["'1234'", "'999'"]), "INVALID_FORMAT.MISMATCH_INPUT");
    assert_eq!(ask("try_to_number", ["'1234'", "'999'"]), "NULL DECIMAL(3,0)");
    assert_eq!(ask("to_char", ["1.2D", "'9.9'"]), "1.2 STRING");
    assert_eq!(ask("decimal", ["1.5"]), "2 DECIMAL(10,0) NOT NULL");
}
