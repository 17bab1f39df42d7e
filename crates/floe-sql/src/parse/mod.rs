//! The grammar, one file per family. Every function is a method of the cursor ([`crate::parser::Parser`]); names follow
//! Spark's grammar where it has one.
//!
//! Start at [`statement`]; queries begin in [`query`], expressions in [`expression`].

pub(crate) mod statement;

pub(crate) mod from;
pub(crate) mod hint;
pub(crate) mod lateral_view;
pub(crate) mod pipe;
pub(crate) mod pivot;
pub(crate) mod query;
pub(crate) mod sample;
pub(crate) mod select;
pub(crate) mod table_function;

pub(crate) mod case;
pub(crate) mod datetime;
pub(crate) mod expression;
pub(crate) mod function;
pub(crate) mod interval;
pub(crate) mod literal;
pub(crate) mod predicate;
pub(crate) mod primary;
pub(crate) mod string_function;
pub(crate) mod window;

pub(crate) mod data_type;
pub(crate) mod name;
pub(crate) mod property;

pub(crate) mod alter_column;
pub(crate) mod alter_table;
pub(crate) mod alter_view;
pub(crate) mod branch_or_tag;
pub(crate) mod cache;
pub(crate) mod column_definition;
pub(crate) mod create_function;
pub(crate) mod create_table;
pub(crate) mod create_view;
pub(crate) mod delete;
pub(crate) mod describe;
pub(crate) mod insert;
pub(crate) mod merge;
pub(crate) mod partitioning;
pub(crate) mod schema;
pub(crate) mod set;
pub(crate) mod show;
pub(crate) mod table;
pub(crate) mod unsupported;
pub(crate) mod update;
pub(crate) mod variable;
