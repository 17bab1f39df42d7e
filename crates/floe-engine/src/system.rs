//! Tables about the engine itself, under the catalog `system`.

pub mod routes;
