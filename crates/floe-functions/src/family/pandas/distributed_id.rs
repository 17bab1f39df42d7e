//! `distributed_id()`: what `monotonically_increasing_id` is, under the name that pandas-on-Spark calls it by.

use crate::Function;
use crate::family::misc::monotonically_increasing_id::bind;

pub(crate) const FUNCTIONS: &[Function] = &[Function::scalar("distributed_id", bind).internal()];
