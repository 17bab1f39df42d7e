//! One file per call of the service, in the order of `base.proto`.

pub(crate) mod add_artifacts;
pub(crate) mod analyze_plan;
pub(crate) mod artifact_status;
pub(crate) mod clone_session;
pub(crate) mod config;
pub(crate) mod execute_plan;
pub(crate) mod fetch_error_details;
pub(crate) mod get_status;
pub(crate) mod interrupt;
pub(crate) mod reattach_execute;
pub(crate) mod release_execute;
pub(crate) mod release_session;
