//! How a running kernel hears that nobody waits for its rows any more.
//!
//! A task can be ended where it waits, and a kernel never waits: one batch of long texts may keep it for many seconds. So
//! it looks at a flag from row to row (`rows.rs`). The flag belongs to one run of a plan; the backend puts it among the
//! engine's options, which the engine hands to every call of a function.

use std::any::Any;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use datafusion::common::Result as DataFusionResult;
use datafusion::common::config::{ConfigEntry, ConfigExtension, ConfigOptions, ExtensionOptions};
use datafusion::common::not_impl_err;
use floe_base::{Error, Kind, Result};

/// The flag of one run. Clones are the same flag.
#[derive(Clone, Debug, Default)]
pub struct Interrupt(Arc<AtomicBool>);

impl Interrupt {
    /// The flag among an engine's options; one that nobody raises where there is none.
    pub(crate) fn of(options: &ConfigOptions) -> Self {
        options.extensions.get::<Self>().cloned().unwrap_or_default()
    }

    /// Ends whatever looks at it.
    pub fn raise(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// # Errors
    /// `OPERATION_CANCELED` once it is raised.
    pub fn check(&self) -> Result<()> {
        if self.0.load(Ordering::Relaxed) {
            return Err(Error::new(Kind::Operation, "OPERATION_CANCELED"));
        }
        Ok(())
    }
}

impl ConfigExtension for Interrupt {
    const PREFIX: &'static str = "interrupt";
}

/// No setting: nothing of it can be read or set by name.
impl ExtensionOptions for Interrupt {
    fn as_any(&self) -> &dyn Any {
        self
    }

    fn as_any_mut(&mut self) -> &mut dyn Any {
        self
    }

    fn cloned(&self) -> Box<dyn ExtensionOptions> {
        Box::new(self.clone())
    }

    fn set(&mut self, key: &str, _: &str) -> DataFusionResult<()> {
        not_impl_err!("interrupt.{key} cannot be set")
    }

    fn entries(&self) -> Vec<ConfigEntry> {
        Vec::new()
    }
}

#[cfg(test)]
mod tests {
    use floe_base::Origin;

    use super::*;
    use crate::{Arguments, rows};

    #[test]
    fn a_kernel_stops_between_two_rows() {
        let mut options = ConfigOptions::new();
        let ours = Interrupt::default();
        options.extensions.insert(ours.clone());
        let interrupt = Interrupt::of(&options);
        let column = datafusion::scalar::ScalarValue::from(1).to_array_of_size(8).expect("an array");
        let values = [datafusion::logical_expr::ColumnarValue::Array(column)];
        let arguments = Arguments { values: &values, rows: 8, interrupt: &interrupt, origin: &Origin::Unknown };
        let mut computed = 0;
        let result = rows::numbers::<arrow::datatypes::Int32Type>(&arguments, |row| {
            computed += 1;
            if row == 2 {
                ours.raise();
            }
            Ok(Some(1))
        });
        assert_eq!(result.err().map(|error| error.condition().to_string()).as_deref(), Some("OPERATION_CANCELED"));
        assert_eq!(computed, 3);
    }
}
