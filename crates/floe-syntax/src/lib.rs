//! The unresolved tree: what a query says, before anyone asks what it means.
//!
//! SQL text (`floe-sql`) and Connect messages (`floe-connect`) both become this one tree; `floe-plan` alone gives it
//! meaning. Nothing here knows catalogs, types of columns, or engines. Every node carries its [`Origin`].
//!
//! Read in this order: [`relation`] (tables in, table out), [`expression`], [`literal`], [`data_type`],
//! [`command`] (statements that do something), [`statement`]. [`tree_string`] shows a schema as `printSchema` does, [`plan_string`] a plan as `explain` does;
//! [`routine`] is what a user's function does, [`message`] is what a client sent, kept whole.

pub mod command;
pub mod data_type;
pub mod expression;
pub mod literal;
pub mod message;
pub mod plan_string;
pub mod relation;
pub mod routine;
pub mod statement;
pub mod tree_string;

pub use command::Command;
pub use data_type::{DataType, Field};
pub use expression::{Expression, ExpressionKind};
pub use floe_base::Origin;
pub use literal::Literal;
pub use message::{Makes, Message};
pub use relation::{Relation, RelationKind};
pub use statement::Statement;
