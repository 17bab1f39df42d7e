//! Tables about the engine itself, under the catalog `system`.

pub(crate) mod catalog;
pub mod dbt;
pub mod routes;
