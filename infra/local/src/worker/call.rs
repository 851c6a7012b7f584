//! One call of a function, as Lambda makes it: within its time limit, and a panic is a failure like any other.

use std::time::{Duration, Instant};

use banto_aws::{Handler, Reply, Request};
use serde_json::Value;
use tokio::task::JoinHandle;

use super::Worker;

impl Worker {
    /// Calls a function that takes events.
    pub(super) async fn invoke(&self, name: &str, event: Value) -> Result<Value, String> {
        let Some(Handler::Event(handle)) = self.plan.function(name).map(|f| f.handler.clone()) else {
            return Err(format!("{name} takes no events"));
        };
        let result = self.timed(name, handle(self.world.clone(), event)).await;
        match &result {
            Ok(answer) => self.meter.told(name, answer),
            Err(error) => tracing::warn!(function = name, error, "a function failed"),
        }
        result
    }

    /// Calls a function that answers HTTP requests.
    pub(crate) async fn answer(&self, name: &str, request: Request) -> Result<Reply, String> {
        let Some(Handler::Http(handle)) = self.plan.function(name).map(|f| f.handler.clone()) else {
            return Err(format!("{name} answers no requests"));
        };
        // The time that a function may take begins with its turn.
        let _turn = self.answering.acquire().await.map_err(|e| e.to_string())?;
        let result = self.timed(name, handle(self.world.clone(), request)).await;
        if let Err(error) = &result {
            tracing::error!(function = name, error, "a function failed");
        }
        result
    }

    /// Runs a handler within its function's time limit, and counts it.
    async fn timed<T: Send + 'static>(
        &self,
        name: &str,
        handler: impl Future<Output = banto_aws::Result<T>> + Send + 'static,
    ) -> Result<T, String> {
        let started = Instant::now();
        let result = within(self.time_limit(name), tokio::spawn(handler)).await;
        self.meter.called(name, started.elapsed(), result.is_err());
        result
    }

    fn time_limit(&self, name: &str) -> Duration {
        self.plan.template.functions.get(name).map_or(Duration::from_secs(3), |f| f.timeout)
    }
}

/// The function's answer, or in words why there is none.
async fn within<T>(limit: Duration, mut task: JoinHandle<banto_aws::Result<T>>) -> Result<T, String> {
    match tokio::time::timeout(limit, &mut task).await {
        Ok(Ok(Ok(value))) => Ok(value),
        Ok(Ok(Err(error))) => Err(error.to_string()),
        Ok(Err(_)) => Err("bug: the function panicked".to_owned()),
        Err(_) => {
            task.abort();
            Err(format!("try again: timed out after {} s", limit.as_secs()))
        }
    }
}
