//! Tables about the engine itself, under the catalog `system`.

pub mod dbt;
pub mod routes;
