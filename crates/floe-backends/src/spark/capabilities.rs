//! What a real Spark can do: everything a client can say, code for a JVM or Python included.

use floe_base::id::BackendId;
use floe_route::Capability;

pub(super) fn capability(available: Result<(), String>) -> Capability {
    Capability { available, ..Capability::present(BackendId::Spark) }
}
