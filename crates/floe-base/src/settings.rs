//! Placeholder while the table of settings is written.
