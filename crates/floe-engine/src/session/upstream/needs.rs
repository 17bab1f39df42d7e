//! What one operation needs upstream: found out from the names its message has, before it goes there.
//!
//! Temp views are made there by the message that made them here. A view or table that only this process can read is sent
//! along as its rows while it is small, as files where it is not, and refused by name where neither is possible. A
//! frame's view means the views it used when it was made: where one of them was replaced since, the old one is made for
//! it first.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::{Field, Schema};
use floe_backends::spark::{How, Step};
use floe_base::error::quoted;
use floe_base::{Error, Kind, Result, SqlSource};
use floe_catalog::view::{Made, ViewBody};
use floe_catalog::{Found, View};
use floe_iceberg::config::CatalogKind;
use floe_plan::Planned;
use floe_syntax::relation::TableName;
use floe_syntax::routine::RoutineBody;
use floe_syntax::{Message, Origin, Relation, RelationKind};
use futures::{StreamExt, TryStreamExt};

use super::staging::{Computed, Staged};
use super::{ROWS_BYTES_MAX, function_key, key};
use crate::operation::Sent;
use crate::session::{GLOBAL, Located, Running, Session};
use crate::{elsewhere, query};

/// Views within views.
const DEPTH_MAX: usize = 100;

/// What one operation needs, while it is found out.
pub(super) struct Needs<'a> {
    session: &'a Arc<Session>,
    wire: &'a Sent,
    /// `None` for an analysis.
    running: Option<&'a Running>,
    found: FoundOut,
    depth: usize,
}

/// What one operation needs.
#[derive(Default)]
pub(super) struct FoundOut {
    /// The keys of what is sent along.
    pub(super) sent: BTreeSet<String>,
    pub(super) steps: Vec<Step>,
    /// The views that stand for frames kept here, by the frames' ids.
    pub(super) frames: BTreeMap<String, String>,
    pub(super) cached: BTreeSet<String>,
    pub(super) iceberg: Option<String>,
    /// Keeps the files that are read.
    pub(super) files: Vec<Arc<Staged>>,
}

/// A temp view that must be there.
struct Wanted<'a> {
    name: &'a str,
    view: &'a Arc<View>,
    is_global: bool,
    /// It stands there only while another view is made.
    only_for: Option<(String, u64)>,
}

/// Something of a catalog, and how an operation may reach it.
struct Placed {
    located: Located,
    /// What is loaded of it; a table over files is there without.
    found: Option<Found>,
    is_there: bool,
    /// Spark has it too, or would.
    is_shared: bool,
    /// The operation spells the catalog's name as Spark does not have it.
    is_misspelt: bool,
}

impl Session {
    /// Where a name lies, or would lie: what stands there, if anything does.
    async fn placed(&self, name: &[String]) -> Result<Option<Placed>> {
        let mut first = None;
        for located in self.candidates(name, None).await? {
            let loaded = located.catalog.load(&located.namespace, &located.name, None).await;
            let found = match loaded {
                Err(error) if error.condition().is_empty() => return Err(error),
                found => found.ok().flatten(),
            };
            let is_over_files =
                found.is_none() && located.catalog.files(&located.namespace, &located.name).await?.is_some();
            let there = self.name_upstream(located.catalog.as_ref()).filter(|_| !is_over_files);
            // A name whose first part is not its namespace's spells the catalog.
            let before = &name[..name.len() - 1];
            let is_spelt = !before.is_empty() && located.namespace != before;
            let is_misspelt = is_spelt && there.as_deref().is_some_and(|there| there != located.catalog.name());
            let is_there = found.is_some() || is_over_files;
            let placed = Placed { located, found, is_there, is_shared: there.is_some(), is_misspelt };
            if is_there {
                return Ok(Some(placed));
            }
            first.get_or_insert(placed);
        }
        Ok(first)
    }

    /// True when each of these is a table of ours, or would be, that no Spark can write.
    pub(crate) async fn are_written_here_alone(&self, targets: &[Vec<String>]) -> Result<bool> {
        for target in targets {
            // Who asks a catalog by HTTP would ask it for every write.
            let is_remote = |located: &Located| {
                located.catalog.iceberg().is_some_and(|catalog| catalog.config().kind == CatalogKind::Rest)
            };
            if self.candidates(target, None).await?.iter().any(is_remote) {
                return Ok(false);
            }
            let Some(placed) = self.placed(target).await? else { return Ok(false) };
            if placed.is_shared || !(placed.is_there || would_hold(&placed.located).await?) {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

/// True when a table made here would lie in this catalog.
async fn would_hold(located: &Located) -> Result<bool> {
    let is_iceberg = located.catalog.iceberg().is_some();
    Ok(is_iceberg && located.catalog.namespace(&located.namespace).await?.is_some())
}

impl<'a> Needs<'a> {
    pub(super) fn new(session: &'a Arc<Session>, wire: &'a Sent, running: Option<&'a Running>) -> Result<Self> {
        let cached = wire.message.uploads.iter().cloned().collect();
        let found = FoundOut { cached, ..FoundOut::default() };
        Ok(Self { session, wire, running, found, depth: 0 })
    }

    pub(super) fn found_out(self) -> FoundOut {
        self.found
    }

    pub(super) fn step(&mut self, key: String, version: u64, how: How, only_for: Option<(String, u64)>) {
        if let How::Message(made) = &how {
            self.found.cached.extend(made.message.uploads.iter().cloned());
        }
        self.found.steps.push(Step { key, version, how, only_for });
    }

    pub(super) async fn all(&mut self, message: &Message) -> Result<()> {
        for target in &message.targets {
            self.target(target, message.creates.contains(target)).await?;
        }
        for handle in &message.handles {
            self.frame(handle).await?;
        }
        self.functions(&message.calls).await?;
        if let Some(names) = &message.names {
            for name in names.iter().filter(|name| !message.targets.contains(name)) {
                self.name(name, message.is_query).await?;
            }
            return Ok(());
        }
        // A text nobody here can read may name any of them; what cannot go there is missed only if it does.
        let names: Vec<String> = self.session.views.read().keys().cloned().collect();
        for name in names {
            let name = vec![name];
            if let Err(error) = self.name(&name, true).await {
                tracing::debug!(%error, view = name.join("."), "a temp view was not made upstream");
            }
        }
        Ok(())
    }

    /// Functions of users, each with what its body needs. Those of catalogs are made there as the session's own, so that
    /// they are found by their bare names.
    async fn functions(&mut self, names: &[String]) -> Result<()> {
        for name in names.iter().filter(|name| floe_functions::find(name).is_none()) {
            let key = function_key(name);
            let is_made_there = self.session.has_function_upstream(name) || self.found.sent.contains(&key);
            let found = if is_made_there { None } else { self.session.function(&[name.clone()], None).await? };
            let Some(found) = found else { continue };
            self.found.sent.insert(key.clone());
            let text = found.function.text.clone();
            let source = SqlSource::new(text.as_str());
            let query = match floe_sql::parse_routine(&source)?.body {
                RoutineBody::Class(_) => None,
                RoutineBody::Rows { query, .. } => Some(query),
                RoutineBody::Value { value, .. } => {
                    let input = Relation::new(RelationKind::OneRow, Origin::Unknown);
                    Some(Relation::new(RelationKind::Project { input, expressions: vec![value] }, Origin::Unknown))
                }
            };
            for needed in query.iter().flat_map(|query| floe_plan::tables_named(&[query])) {
                self.name(&needed, true).await?;
            }
            Box::pin(self.functions(&floe_sql::called(&text))).await?;
            let mut hasher = DefaultHasher::new();
            found.function.hash(&mut hasher);
            self.step(key, hasher.finish(), How::Function { name: name.clone(), text }, None);
        }
        Ok(())
    }

    /// The session's variables; one whose value is the same as before is not made again.
    pub(super) fn variables(&mut self) -> Result<()> {
        for (name, value) in self.session.variables().iter() {
            let field = Field::new("value", value.data_type(), true);
            let data_type = floe_syntax::Field::from_arrow(&field).data_type.sql();
            let schema = Arc::new(Schema::new(vec![field]));
            let rows = self.wire.wire.rows(&RecordBatch::try_new(schema, vec![value.to_array()?])?)?;
            let mut hasher = DefaultHasher::new();
            (value, &data_type).hash(&mut hasher);
            let key = format!("variable {name}");
            self.found.sent.insert(key.clone());
            self.step(key, hasher.finish(), How::Variable { name: name.clone(), data_type, rows }, None);
        }
        Ok(())
    }

    /// A table that is written must be one that Spark writes where this process reads it; one that is made must not end
    /// in a catalog of Spark's own, where this process would not find it and Spark may lose it.
    async fn target(&mut self, name: &[String], is_made: bool) -> Result<()> {
        let Some(placed) = self.session.placed(name).await? else { return Ok(()) };
        if placed.is_shared {
            self.found.iceberg.get_or_insert_with(|| quoted(name));
            return if placed.is_misspelt { Err(misspelt(name)) } else { Ok(()) };
        }
        if placed.is_there {
            return Err(out_of_reach(name));
        }
        if is_made && would_hold(&placed.located).await? {
            return Err(made_out_of_reach(name));
        }
        Ok(())
    }

    /// A frame that `localCheckpoint` keeps here; others are Spark's.
    async fn frame(&mut self, handle: &str) -> Result<()> {
        if self.session.kept(handle).is_none() {
            return Ok(());
        }
        let kept = RelationKind::Cached { relation_id: handle.to_string() };
        let planned = query::lower(self.session, Relation::new(kept, Origin::Unknown)).await?;
        let name = format!("floe_frame_{}", handle.replace('-', "_"));
        let mut hasher = DefaultHasher::new();
        handle.hash(&mut hasher);
        self.rows(&name, false, &planned, Some(hasher.finish())).await?;
        self.found.frames.insert(handle.to_string(), name);
        Ok(())
    }

    /// A name the operation reads.
    async fn name(&mut self, name: &[String], may_be_sent: bool) -> Result<()> {
        if let Some((view, is_global)) = self.session.temporary(name) {
            let last = name.last().cloned().unwrap_or_default();
            return self.view(Wanted { name: &last, view: &view, is_global, only_for: None }).await;
        }
        let is_path = matches!(name, [format, _] if floe_catalog::files::is_format(format));
        if is_path {
            return Ok(());
        }
        // What is not found here may be Spark's.
        let placed = self.session.placed(name).await?;
        let Some(Placed { found, is_there: true, is_shared, is_misspelt, .. }) = placed else { return Ok(()) };
        match name {
            _ if is_shared && is_misspelt => Err(misspelt(name)),
            _ if is_shared => {
                self.found.iceberg.get_or_insert_with(|| quoted(name));
                Ok(())
            }
            [single] if may_be_sent => {
                let planned = self.lowered(name).await?;
                self.rows(single, false, &planned, found.as_ref().and_then(version)).await
            }
            _ => Err(out_of_reach(name)),
        }
    }

    /// A temp view, with what it needs itself.
    async fn view(&mut self, wanted: Wanted<'_>) -> Result<()> {
        if self.depth >= DEPTH_MAX {
            return Err(Error::unsupported("temp views nested so deep in an operation that Spark must run"));
        }
        self.depth += 1;
        let done = Box::pin(self.view_here(wanted)).await;
        self.depth -= 1;
        done
    }

    async fn view_here(&mut self, wanted: Wanted<'_>) -> Result<()> {
        let Wanted { name, view, is_global, only_for } = wanted;
        let is_current = only_for.is_none();
        let spelled = if is_global { vec![GLOBAL.to_string(), name.to_string()] } else { vec![name.to_string()] };
        let planned = if is_current { self.lowered(&spelled).await.ok() } else { None };
        let is_ours = planned.as_ref().is_some_and(|planned| self.is_out_of_reach(planned));
        let made = match (&view.made, planned) {
            (Some(made), planned) if !is_ours || planned.is_none() => made.clone(),
            (_, Some(planned)) => return self.rows(name, is_global, &planned, None).await,
            (_, None) => return Err(out_of_reach(&spelled)),
        };
        let key = key(name, is_global);
        self.functions(&made.message.calls).await?;
        for needed in made.message.names.iter().flatten() {
            let kept = match &view.body {
                ViewBody::Frame { views, .. } => views.get(&needed.join(".").to_lowercase()).cloned(),
                _ => None,
            };
            let current = self.session.temporary(needed);
            let is_replaced = match (&kept, &current) {
                (Some(kept), Some((current, _))) => !Arc::ptr_eq(kept, current),
                (Some(_), None) => true,
                _ => false,
            };
            match kept {
                Some(kept) if is_replaced => {
                    let name = needed.last().cloned().unwrap_or_default();
                    let only_for = Some((key.clone(), made.version));
                    self.view(Wanted { name: &name, view: &kept, is_global: needed.len() > 1, only_for }).await?;
                }
                _ => self.name(needed, true).await?,
            }
        }
        self.step(key, made.version, How::Message(made), only_for);
        Ok(())
    }

    async fn lowered(&self, name: &[String]) -> Result<Planned> {
        let table = TableName { parts: name.to_vec(), ..TableName::default() };
        query::lower(self.session, Relation::new(RelationKind::Table(table), Origin::Unknown)).await
    }

    /// True when it reads something that only this process can.
    fn is_out_of_reach(&self, planned: &Planned) -> bool {
        planned.tables.iter().any(|table| !elsewhere::is_readable(self.session, &table.facts))
    }

    /// Rows that go along as a temp view: in a message while they are few, else as files. Those of a `version` are the
    /// same each time; others are computed anew for each operation, for what is behind them may have changed.
    async fn rows(&mut self, name: &str, is_global: bool, planned: &Planned, version: Option<u64>) -> Result<()> {
        let key = key(name, is_global);
        self.found.sent.insert(key.clone());
        let version = version.filter(|_| self.running.is_some());
        let known = version.and_then(|version| self.session.staged(&key, version));
        let staged = match known {
            Some(staged) => staged,
            None => match self.computed(name, planned).await? {
                Computed::Rows(rows) => {
                    let rows = self.wire.wire.rows(&rows)?;
                    let version = version.unwrap_or_else(Made::next_version);
                    self.step(key, version, How::Rows { name: name.into(), is_global, rows }, None);
                    return Ok(());
                }
                Computed::Files(files) => {
                    let staged = Arc::new(Staged { version: version.unwrap_or_else(Made::next_version), files });
                    // A stream that is started reads them for as long as the session lives.
                    if version.is_some() || !self.wire.message.is_query {
                        self.session.keep_staged(&key, staged.clone());
                    }
                    staged
                }
            },
        };
        let how = How::Files {
            name: name.into(),
            is_global,
            schema: staged.files.schema.clone(),
            path: staged.files.path().display().to_string(),
        };
        self.step(key, staged.version, how, None);
        self.found.files.push(staged);
        Ok(())
    }

    async fn computed(&self, name: &str, planned: &Planned) -> Result<Computed> {
        let mut stream = query::run_here(self.session, planned).await?;
        let schema = planned.schema();
        let Some(running) = self.running else {
            // For an analysis the columns are enough; with a row of them, for Spark plans nothing over none.
            let first = stream.try_next().await?.unwrap_or_else(|| RecordBatch::new_empty(schema));
            return Ok(Computed::Rows(first.slice(0, first.num_rows().min(1))));
        };
        let gathered = async {
            let (mut rows, mut bytes) = (Vec::new(), 0);
            while let Some(batch) = stream.try_next().await? {
                bytes += batch.get_array_memory_size() as u64;
                rows.push(batch);
                if bytes > ROWS_BYTES_MAX {
                    let all = futures::stream::iter(rows.into_iter().map(Ok)).chain(stream);
                    return self.session.stage(name, &schema, all.boxed()).await.map(Computed::Files);
                }
            }
            Ok(Computed::Rows(arrow::compute::concat_batches(&schema, &rows)?))
        };
        running.operation.unless_interrupted(gathered).await
    }
}

/// What tells the rows of a table from those it had before, where that is known without reading them.
fn version(found: &Found) -> Option<u64> {
    let Found::Table(table) = found else { return None };
    let iceberg = table.iceberg.as_ref()?;
    let mut hasher = DefaultHasher::new();
    (iceberg.metadata_location.as_ref()?, &iceberg.branch).hash(&mut hasher);
    Some(hasher.finish())
}

fn out_of_reach(name: &[String]) -> Error {
    let text = format!(
        "{} lives in a catalog of this process, which Spark cannot reach, and this operation needs Spark. Keep it in a \
         REST catalog, serve this one to Spark (--rest, and --rest-uri for a Spark elsewhere), or give Spark its rows by \
         a temp view",
        quoted(name)
    );
    Error::message(Kind::Unsupported, text)
}

fn made_out_of_reach(name: &[String]) -> Error {
    let text = format!(
        "{} would be made by Spark, which cannot reach the catalog of this process that it belongs in; in Spark's own it \
         would not be found again. Make it in a REST catalog, serve this one to Spark (--rest, and --rest-uri for a \
         Spark elsewhere), or have Spark write files",
        quoted(name)
    );
    Error::message(Kind::Unsupported, text)
}

fn misspelt(name: &[String]) -> Error {
    let text = format!(
        "{} is spelt with the name its catalog has here, which in Spark is another one, and this operation needs Spark. \
         Leave the catalog's name out",
        quoted(name)
    );
    Error::message(Kind::Unsupported, text)
}
