//! A function as Lambda runs it: its own binary under the runtime interface emulator. The emulator takes one call at a
//! time, so a function has as many of them as it has sandboxes.

use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::Duration;

use banto::template::{FunctionSpec, Template};
use banto_tests::{Part, free_port};
use serde_json::Value;
use tokio::sync::Semaphore;

/// Where people reach the house: what links in mails begin with.
pub(crate) const PUBLIC_URL: &str = "https://banto.example";

/// One function.
#[derive(Debug)]
pub(crate) struct Lambda {
    spec: FunctionSpec,
    idle: Mutex<Vec<Part>>,
    free: Semaphore,
}

/// Shards and ticks come one after the other; everything else may come at the same time.
pub(crate) fn sandboxes(template: &Template, name: &str) -> usize {
    let alone = name == template.stream.function || template.schedules.iter().any(|s| s.function == name);
    if alone { 1 } else { 2 }
}

impl Lambda {
    /// Starts a function with the environment that the template gives it, and what only an account can know.
    pub(crate) async fn start(
        spec: FunctionSpec,
        sandboxes: usize,
        account: Vec<(String, String)>,
        logs: PathBuf,
    ) -> Self {
        let mut variables: Vec<_> = spec.environment.clone().into_iter().chain(account).collect();
        variables.push(("AWS_LAMBDA_FUNCTION_TIMEOUT".to_owned(), spec.timeout.as_secs().to_string()));
        let mut idle = Vec::new();
        for n in 0..sandboxes {
            idle.push(sandbox(&spec.name, &variables, &logs.join(format!("{}-{n}.log", spec.name))).await);
        }
        Self { spec, idle: Mutex::new(idle), free: Semaphore::new(sandboxes) }
    }

    /// Calls it, and waits for its answer: what it returned, or why it failed.
    pub(crate) async fn call(&self, event: &Value) -> Result<Value, String> {
        let _turn = self.free.acquire().await.expect("never closed");
        let sandbox = self.idle.lock().expect("sound").pop().expect("as many as turns");
        let (path, event) = ("/2015-03-31/functions/function/invocations", event.to_string());
        let call = sandbox.http("POST", path, "", &event);
        let limit = self.spec.timeout + Duration::from_secs(5);
        let (status, body) = tokio::time::timeout(limit, call).await.expect("the emulator itself keeps the time limit");
        self.idle.lock().expect("sound").push(sandbox);
        assert_eq!(status, 200, "{} ended: {body}", self.spec.name);
        let answer: Value = serde_json::from_str(&body).map_err(|_| body)?;
        match answer["errorType"].as_str() {
            None => Ok(answer),
            Some(kind) => Err(format!("{kind}: {}", answer["errorMessage"].as_str().unwrap_or_default())),
        }
    }
}

async fn sandbox(name: &str, variables: &[(String, String)], log: &Path) -> Part {
    let (port, runtime) = (free_port(), free_port().to_string());
    let binary = binary(name);
    let binary = binary.to_str().expect("a path in UTF-8");
    Part::run(port, &["start", "lambda", &port.to_string(), &runtime, binary], variables, Some(log)).await
}

/// The function's binary, as `cargo build` leaves it beside the tests.
fn binary(name: &str) -> PathBuf {
    let test = std::env::current_exe().expect("a test knows itself");
    let path = test.ancestors().nth(2).expect("target/debug/deps/real").join(name);
    assert!(path.is_file(), "{} is missing: cargo build --workspace --bins", path.display());
    path
}

/// What a function's environment says of the account it runs in.
pub(crate) fn account(dynamodb: &str, cloud: &str) -> Vec<(String, String)> {
    let root_key = "2a".repeat(32); // banto_tests::keys()
    let account = [
        ("BANTO_PUBLIC_URL", PUBLIC_URL),
        ("BANTO_ROOT_KEY", &root_key),
        // The most a developer could turn on: what is personal must stay out of the logs even so.
        ("BANTO_LOG", "trace"),
        ("AWS_REGION", banto::wire::REGION),
        ("AWS_ACCESS_KEY_ID", "local"),
        ("AWS_SECRET_ACCESS_KEY", "local"),
        ("AWS_ENDPOINT_URL_DYNAMODB", dynamodb),
        ("AWS_ENDPOINT_URL_EVENTBRIDGE", cloud),
        ("AWS_ENDPOINT_URL_SQS", cloud),
        ("AWS_ENDPOINT_URL_SESV2", cloud),
    ];
    account.into_iter().map(|(n, v)| (n.to_owned(), v.to_owned())).collect()
}
