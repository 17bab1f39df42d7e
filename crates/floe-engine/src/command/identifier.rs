//! `IDENTIFIER(<constant text>)` in the place of a command's table name: the name is found before the command runs.

use std::sync::Arc;

use floe_base::Result;
use floe_syntax::Command;
use floe_syntax::command::{Describe, Show};
use floe_syntax::relation::TableName;

use crate::Session;
use crate::session::SessionLookup;

/// The command with all its table names written out.
pub(super) async fn written_out(session: &Arc<Session>, mut command: Command) -> Result<Command> {
    for name in names(&mut command) {
        if let Some(text) = name.identifier.take() {
            name.parts = floe_plan::lower_identifier(&text, &SessionLookup::new(session.clone())?).await?;
        }
    }
    Ok(command)
}

/// The tables and views a command is about; the names inside its queries are the resolver's.
fn names(command: &mut Command) -> Vec<&mut TableName> {
    match command {
        Command::CreateTable(create) => {
            std::iter::once(&mut create.name).chain(create.like.as_mut().map(|(name, _)| name)).collect()
        }
        Command::Insert(insert) => vec![&mut insert.table],
        Command::Merge(merge) => vec![&mut merge.target],
        Command::CreateView(view) => vec![&mut view.name],
        Command::Delete { table, .. }
        | Command::Update { table, .. }
        | Command::Truncate { table }
        | Command::DropTable { table, .. }
        | Command::AlterTable { table, .. }
        | Command::RepairTable { table, .. }
        | Command::Show(
            Show::TableProperties { table, .. } | Show::CreateTable { table, .. } | Show::Partitions { table },
        )
        | Command::Describe(Describe::Table { table, .. }) => vec![table],
        Command::Rename { name, .. }
        | Command::AlterView { name, .. }
        | Command::DropView { name, .. }
        | Command::Cache { name, .. }
        | Command::Uncache { name, .. }
        | Command::Refresh { name }
        | Command::Analyze { name } => vec![name],
        _ => Vec::new(),
    }
}
