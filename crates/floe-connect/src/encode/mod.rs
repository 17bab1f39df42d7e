//! From the engine's answers to messages: Arrow batches as Spark's clients read them, trees of columns, DDL.

pub(crate) mod arrow_out;
pub(crate) mod batches;
pub(crate) mod ddl;
pub(crate) mod metrics;
