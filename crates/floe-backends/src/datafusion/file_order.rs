//! Small files in the order Spark reads them: the largest first.
//!
//! Spark 4.1 sorts the files of a scan by length before it packs them into tasks (`FileSourceStrategy`), and shows rows in
//! that order; names of files are random, so that theirs is another order at every run. Of more than a few megabytes
//! DataFusion deals out byte ranges to all threads, and no order is left to keep.
//!
//! Not here: Iceberg's files, which come in the order of their manifests (`floe-iceberg`).

use std::cmp::Reverse;
use std::sync::Arc;

use datafusion::common::Result;
use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::datasource::listing::PartitionedFile;
use datafusion::datasource::physical_plan::{FileGroup, FileScanConfig, FileScanConfigBuilder};
use datafusion::datasource::source::DataSourceExec;
use datafusion::physical_optimizer::PhysicalOptimizerRule;
use datafusion::physical_plan::ExecutionPlan;

/// Bytes of all files of a scan, at most.
const SMALL_BYTES: u64 = 10 << 20;

#[derive(Debug)]
pub(super) struct LargestFirst;

impl PhysicalOptimizerRule for LargestFirst {
    fn optimize(&self, plan: Arc<dyn ExecutionPlan>, _: &ConfigOptions) -> Result<Arc<dyn ExecutionPlan>> {
        let ordered = plan.transform_up(|node| {
            let source = node.as_any().downcast_ref::<DataSourceExec>();
            let scan = source.and_then(|source| source.data_source().as_any().downcast_ref::<FileScanConfig>());
            Ok(match scan.and_then(largest_first) {
                Some(scan) => Transformed::yes(DataSourceExec::from_data_source(scan) as Arc<dyn ExecutionPlan>),
                None => Transformed::no(node),
            })
        });
        Ok(ordered?.data)
    }

    fn name(&self) -> &'static str {
        "LargestFilesFirst"
    }

    fn schema_check(&self) -> bool {
        true
    }
}

/// The scan with as many groups, each of files that follow one another; `None` where the order is somebody else's.
fn largest_first(scan: &FileScanConfig) -> Option<FileScanConfig> {
    let has_order = !scan.output_ordering.is_empty() || scan.partitioned_by_file_group;
    if has_order || scan.expr_adapter_factory.is_some() {
        return None;
    }
    let mut files: Vec<PartitionedFile> =
        scan.file_groups.iter().flat_map(|group| group.files().iter().cloned()).collect();
    let bytes: u64 = files.iter().map(|file| file.object_meta.size).sum();
    if files.len() < 2 || bytes > SMALL_BYTES || files.iter().any(|file| file.range.is_some()) {
        return None;
    }
    files.sort_by_key(|file| Reverse(file.object_meta.size));
    let a_group = files.len().div_ceil(scan.file_groups.len().max(1));
    let groups = files.chunks(a_group).map(|files| FileGroup::new(files.to_vec())).collect();
    Some(FileScanConfigBuilder::from(scan.clone()).with_file_groups(groups).build())
}
