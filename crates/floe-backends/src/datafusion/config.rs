//! How DataFusion is set up: memory, spill, caches, and which of its rules may touch a plan.

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::Arc;

use datafusion::common::DataFusionError;
use datafusion::execution::SessionStateBuilder;
use datafusion::execution::cache::cache_manager::CacheManagerConfig;
use datafusion::execution::disk_manager::{DiskManagerBuilder, DiskManagerMode};
use datafusion::execution::memory_pool::TrackConsumersPool;
use datafusion::execution::runtime_env::{RuntimeEnv, RuntimeEnvBuilder};
use datafusion::execution::session_state::SessionState;
use datafusion::optimizer::{Analyzer, Optimizer, OptimizerRule};
use datafusion::physical_optimizer::PhysicalOptimizerRule;
use datafusion::physical_optimizer::optimizer::PhysicalOptimizer;
use datafusion::prelude::SessionConfig;
use floe_base::Result;
use floe_functions::condition::GuardFilters;

use super::file_order::LargestFirst;
use super::known_counts::KnownCounts;
use super::one_table::OneTable;
use super::planner::Planner;
use super::small_joins::SmallJoins;
use crate::memory::{Budget, Pool};

/// Rows of a batch inside the engine.
const BATCH_ROWS: usize = 8192;
/// How many of the largest consumers an out-of-memory error names.
const NAMED_CONSUMERS: NonZeroUsize = NonZeroUsize::new(5).unwrap();

/// The limits of one engine.
#[derive(Clone, Debug)]
pub struct Config {
    /// What sorts, joins and aggregates may hold before they spill; other engines have their part of it.
    pub memory: Budget,
    /// `None`: the system's temporary folder.
    pub spill_dir: Option<PathBuf>,
    pub spill_bytes: u64,
    /// Partitions a plan is split into.
    pub threads: usize,
}

impl Config {
    /// The runtime all queries share: one memory pool, one place to spill, one set of caches.
    pub(super) fn runtime(&self) -> Result<Arc<RuntimeEnv>> {
        let pool = TrackConsumersPool::new(Pool(self.memory.clone()), NAMED_CONSUMERS);
        let mode = match &self.spill_dir {
            Some(folder) => DiskManagerMode::Directories(vec![folder.clone()]),
            None => DiskManagerMode::OsTmpDirectory,
        };
        let disk = DiskManagerBuilder::default().with_mode(mode).with_max_temp_directory_size(self.spill_bytes);
        // A kept listing of a folder would not show what was written there since.
        let caches = CacheManagerConfig::default().with_list_files_cache_limit(0);
        let built = RuntimeEnvBuilder::new()
            .with_memory_pool(Arc::new(pool))
            .with_disk_manager_builder(disk)
            .with_cache_manager(caches)
            .build();
        Ok(Arc::new(built.map_err(|error: DataFusionError| floe_base::Error::from(error))?))
    }

    /// The state every plan starts from. The resolver has decided every type, so that DataFusion's own coercion has no
    /// place here; strings stay `Utf8`, as clients expect them.
    pub(super) fn state(&self, runtime: Arc<RuntimeEnv>) -> SessionState {
        let mut config = SessionConfig::new().with_batch_size(BATCH_ROWS).with_target_partitions(self.threads);
        let options = config.options_mut();
        options.execution.parquet.schema_force_view_types = false;
        options.execution.parquet.pushdown_filters = false;
        options.execution.collect_statistics = true;
        options.optimizer.prefer_existing_sort = true;
        // The rule loses a table's alias on the way and then finds two columns of one name (DataFusion 53.1).
        options.optimizer.enable_leaf_expression_pushdown = false;
        options.sql_parser.map_string_types_to_utf8view = false;
        SessionStateBuilder::new()
            .with_config(config)
            .with_runtime_env(runtime)
            .with_default_features()
            .with_analyzer_rules(Analyzer::with_rules(vec![]).rules)
            .with_optimizer_rules(rules())
            .with_physical_optimizer_rules(physical_rules())
            .with_query_planner(Arc::new(Planner))
            .build()
    }
}

/// DataFusion's rules for plans as they run, two of them with bounds of ours, and two of ours.
fn physical_rules() -> Vec<Arc<dyn PhysicalOptimizerRule + Send + Sync>> {
    let mut rules = PhysicalOptimizer::new().rules;
    let bounded: [Arc<dyn PhysicalOptimizerRule + Send + Sync>; 2] =
        [Arc::new(KnownCounts::default()), Arc::new(SmallJoins::default())];
    for rule in &mut rules {
        if let Some(ours) = bounded.iter().find(|ours| ours.name() == rule.name()) {
            *rule = Arc::clone(ours);
        }
    }
    // Once sides are chosen, and before rows are dealt out to threads.
    let sides = SmallJoins::default();
    let chosen = rules.iter().position(|rule| rule.name() == sides.name());
    rules.insert(chosen.map_or(0, |at| at + 1), Arc::new(OneTable));
    // Before files are.
    rules.insert(0, Arc::new(LargestFirst));
    rules
}

/// DataFusion's rules, and then ours: filters it has put together must not raise where one alone did not.
fn rules() -> Vec<Arc<dyn OptimizerRule + Send + Sync>> {
    let mut rules = Optimizer::new().rules;
    rules.push(Arc::new(GuardFilters));
    rules
}
