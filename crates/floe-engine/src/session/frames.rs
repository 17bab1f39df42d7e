//! `df.persist()`: queries whose rows are kept once they were computed, for as long as the session wants them.
//!
//! As in Spark, a frame is kept by what it means: whatever query has it as a part reads the kept rows, however it was
//! built, and nothing is computed before the first one does. The rows are computed anew when a table they came from has
//! another snapshot since, and those of files by path after any write of this engine, or `REFRESH`. How a part of a plan is
//! found is `floe_plan::Pattern`, where rows are kept is `kept.rs`.

use std::cmp::Reverse;
use std::sync::Arc;

use datafusion::logical_expr::LogicalPlan;
use floe_base::{Error, Kind, Result};
use floe_plan::{Loaded, Pattern, Planned, Versions, same};
use floe_syntax::Relation;
use parking_lot::RwLock;

use super::Session;
use crate::kept::{Kept, keep};
use crate::query;
use crate::unread::unread;

/// Frames one session may keep.
const FRAMES_MAX: usize = 1_000;

/// Where a client wants the rows of a frame to be (Spark's `StorageLevel`). Of it, only whether memory will do is ours to
/// follow: there is one machine, and one way to lay out a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StorageLevel {
    pub use_disk: bool,
    pub use_memory: bool,
    pub use_off_heap: bool,
    pub deserialized: bool,
    pub replication: i32,
}

impl StorageLevel {
    /// What `persist()` means: `MEMORY_AND_DISK_DESER`.
    pub const DEFAULT: Self =
        Self { use_disk: true, use_memory: true, use_off_heap: false, deserialized: true, replication: 1 };
    /// A frame that is not kept. Spark's NONE still has one replica.
    pub const NONE: Self =
        Self { use_disk: false, use_memory: false, use_off_heap: false, deserialized: false, replication: 1 };
}

/// The frames of a session, the largest plans first.
#[derive(Debug, Default)]
pub(crate) struct Frames(RwLock<Vec<Arc<Frame>>>);

#[derive(Debug)]
struct Frame {
    pattern: Pattern,
    level: StorageLevel,
    /// Held while the rows are computed, so that nobody computes them twice.
    rows: tokio::sync::Mutex<Option<Computed>>,
}

#[derive(Clone, Debug)]
struct Computed {
    /// The very plan they are of, its tables at the versions they had.
    part: LogicalPlan,
    /// How many writes the engine had done by then.
    writes: u64,
    rows: Kept,
}

impl Frames {
    fn find(&self, pattern: &Pattern) -> Option<Arc<Frame>> {
        self.0.read().iter().find(|frame| frame.pattern.is(pattern, Versions::Any)).cloned()
    }

    fn all(&self) -> Vec<Arc<Frame>> {
        self.0.read().clone()
    }

    pub(crate) fn clear(&self) {
        self.0.write().clear();
    }
}

impl Session {
    /// Keeps a frame from its first use on. One that is kept already stays as it is.
    pub async fn persist(self: &Arc<Self>, frame: Relation, level: Option<StorageLevel>) -> Result<()> {
        let planned = query::lower(self, frame).await?;
        let pattern = Pattern::of(&planned);
        let level = level.unwrap_or(StorageLevel::DEFAULT);
        let mut frames = self.frames.0.write();
        if frames.iter().any(|frame| frame.pattern.is(&pattern, Versions::Any)) {
            return Ok(());
        }
        if frames.len() >= FRAMES_MAX {
            let text = format!("a session keeps at most {FRAMES_MAX} frames; call unpersist on some");
            return Err(Error::message(Kind::Operation, text));
        }
        frames.push(Arc::new(Frame { pattern, level, rows: tokio::sync::Mutex::default() }));
        // A frame that has another one as a part is looked for first: of that one nothing is left afterwards.
        frames.sort_by_key(|frame| Reverse(frame.pattern.size()));
        Ok(())
    }

    /// Forgets a frame, and its rows once nobody reads them.
    pub async fn unpersist(self: &Arc<Self>, frame: Relation) -> Result<()> {
        let pattern = Pattern::of(&query::lower(self, frame).await?);
        self.frames.0.write().retain(|frame| !frame.pattern.is(&pattern, Versions::Any));
        Ok(())
    }

    /// Where a frame is kept.
    pub async fn storage_level(self: &Arc<Self>, frame: Relation) -> Result<StorageLevel> {
        let pattern = Pattern::of(&query::lower(self, frame).await?);
        Ok(self.frames.find(&pattern).map_or(StorageLevel::NONE, |frame| frame.level))
    }

    /// A plan that reads what the session keeps, for a query that is run: rows that are not there yet are computed now.
    pub(crate) async fn with_frames(self: &Arc<Self>, planned: Planned) -> Result<Planned> {
        let frames = self.frames.all();
        if frames.is_empty() || self.is_for_spark() {
            return Ok(planned);
        }
        self.reading(frames, planned).await
    }

    async fn reading(self: &Arc<Self>, frames: Vec<Arc<Frame>>, mut planned: Planned) -> Result<Planned> {
        for frame in frames {
            let Some(part) = frame.pattern.find(&planned.plan) else { continue };
            let rows = frame.rows(self, &part, &planned.tables).await?;
            if let Some(replaced) = frame.pattern.replaced(&planned, &part, &|schema| rows.named(&schema))? {
                planned = replaced;
            }
        }
        Ok(planned)
    }

    /// The same for somebody who wants to know what would be read: nothing is computed.
    pub(crate) fn telling_of_frames(&self, mut planned: Planned) -> Result<Planned> {
        for frame in self.frames.all() {
            let Some(part) = frame.pattern.find(&planned.plan) else { continue };
            let rows = frame.rows.try_lock().ok().and_then(|computed| computed.as_ref()?.rows.rows());
            if let Some(replaced) = frame.pattern.replaced(&planned, &part, &|schema| Ok(unread(schema, rows)))? {
                planned = replaced;
            }
        }
        Ok(planned)
    }
}

impl Frame {
    /// The frames that may be a part of this one.
    fn smaller(&self, session: &Session) -> Vec<Arc<Frame>> {
        let mut others = session.frames.all();
        others.retain(|other| other.pattern.size() < self.pattern.size());
        others
    }

    /// The rows of `part`, which is this frame with its tables as they are now.
    async fn rows(&self, session: &Arc<Session>, part: &LogicalPlan, tables: &[Loaded]) -> Result<Kept> {
        let mut computed = self.rows.lock().await;
        let writes = session.engine().cache().writes();
        if let Some(computed) = computed.as_ref()
            && same(&computed.part, part, Versions::Exact)
            && (computed.writes == writes || !floe_plan::reads_files(part))
        {
            return Ok(computed.rows.clone());
        }
        let planned = Box::pin(session.reading(self.smaller(session), self.pattern.planned(part, tables)?)).await?;
        let rows = query::run_routed(session, &planned).await?;
        let rows = keep(session.engine(), planned.schema(), rows, !self.level.use_memory).await?;
        *computed = Some(Computed { part: part.clone(), writes, rows: rows.clone() });
        Ok(rows)
    }
}
