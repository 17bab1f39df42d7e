//! `TRUNCATE TABLE`.

use floe_base::Result;
use floe_iceberg::commit;
use floe_syntax::relation::TableName;

use crate::session::Running;
use crate::{Execution, Session};

pub(super) async fn run(session: &Session, name: &TableName, running: &Running) -> Result<Execution> {
    let target = session.target(name).await?;
    commit::delete_all(&target.iceberg, Some(running.operation.id.clone())).await?;
    Ok(Execution::empty())
}
