//! What DataFusion can do: everything the resolver can lower, for its functions are what the resolver binds.

use floe_base::id::BackendId;
use floe_route::Capability;

pub(super) fn capability() -> Capability {
    Capability::present(BackendId::DataFusion)
}
