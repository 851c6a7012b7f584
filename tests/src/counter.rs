//! Counts requests where they leave: after the SDK has decided to send one, whatever answers it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use aws_sdk_dynamodb::config::ConfigBag;
use aws_sdk_dynamodb::config::interceptors::BeforeTransmitInterceptorContextRef;
use aws_sdk_dynamodb::config::{Intercept, RuntimeComponents};
use aws_sdk_dynamodb::error::BoxError;

/// Requests by operation.
#[derive(Debug, Clone, Default)]
pub struct Counter(Arc<Mutex<BTreeMap<String, usize>>>);

impl Counter {
    /// What was counted since the last look, as `Query 1, TransactWriteItems 1`.
    ///
    /// # Panics
    /// When a counting thread panicked.
    #[expect(clippy::must_use_candidate, reason = "looking also forgets")]
    pub fn take(&self) -> String {
        let counted = std::mem::take(&mut *self.0.lock().expect("the counter"));
        counted.iter().map(|(op, n)| format!("{op} {n}")).collect::<Vec<_>>().join(", ")
    }
}

impl Intercept for Counter {
    fn name(&self) -> &'static str {
        "counter"
    }

    fn read_before_transmit(
        &self,
        context: &BeforeTransmitInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let target = context.request().headers().get("x-amz-target").unwrap_or_default();
        let operation = target.rsplit('.').next().unwrap_or_default().to_owned();
        *self.0.lock().expect("the counter").entry(operation).or_default() += 1;
        Ok(())
    }
}
