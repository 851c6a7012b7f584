//! The SDK clients' way out, answered in this process. Owns the one shape that all four services share, so that
//! counting, faults and delays are layers over every one of them. Refuses to know what any operation means.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use aws_sdk_dynamodb::config::retry::{RetryConfig, RetryPartition};
use aws_sdk_dynamodb::config::timeout::TimeoutConfig;
use aws_sdk_dynamodb::config::{BehaviorVersion, Credentials, Region, SharedAsyncSleep, StalledStreamProtectionConfig};
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use banto_aws::Clients;
use bytes::Bytes;

/// The region this machine says it is.
pub const REGION: &str = "ap-northeast-1";
/// The account this machine says it is.
pub const ACCOUNT: &str = "000000000000";

/// One of the services that functions talk to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Service {
    /// The case store.
    DynamoDb,
    /// The bus.
    EventBridge,
    /// Mail.
    Ses,
    /// Queues.
    Sqs,
    /// The payment provider.
    Payments,
}

impl Service {
    /// The name used in meters and logs.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::DynamoDb => "dynamodb",
            Self::EventBridge => "eventbridge",
            Self::Ses => "ses",
            Self::Sqs => "sqs",
            Self::Payments => "payments",
        }
    }
}

/// A request as the SDK sent it.
#[derive(Debug, Clone)]
pub struct Call {
    /// Which service.
    pub service: Service,
    /// The operation: `TransactWriteItems`, `PutEvents`, `SendEmail`, `SendMessage`.
    pub operation: String,
    /// The JSON body; to the payment provider, a form.
    pub body: Bytes,
    /// The payment provider's `Idempotency-Key`.
    pub key: Option<String>,
}

/// What a DynamoDB request cost.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Units {
    /// Read request units.
    pub read: f64,
    /// Write request units.
    pub write: f64,
}

/// The answer to a [`Call`].
#[derive(Debug, Clone)]
pub struct Reply {
    /// HTTP status.
    pub status: u16,
    /// The JSON body.
    pub body: Bytes,
    /// What it cost, where the service charges by size.
    pub units: Units,
}

impl Reply {
    /// A success.
    #[must_use]
    pub fn ok(body: &serde_json::Value) -> Self {
        Self { status: 200, body: Bytes::from(body.to_string()), units: Units::default() }
    }

    /// An error as AWS words it: `{"__type": …, "message": …}`.
    #[must_use]
    pub fn error(status: u16, kind: &str, message: &str) -> Self {
        let body = serde_json::json!({ "__type": kind, "message": message });
        Self { status, body: Bytes::from(body.to_string()), units: Units::default() }
    }
}

/// The future of a [`Reply`].
pub type Answering<'a> = Pin<Box<dyn Future<Output = Result<Reply, ConnectorError>> + Send + 'a>>;

/// Whatever answers the SDK. A layer is a `Backend` that holds another.
pub trait Backend: Send + Sync + std::fmt::Debug {
    /// Answers one request. An `Err` is a connection that broke: nobody knows whether the request was carried out.
    fn call(&self, call: Call) -> Answering<'_>;
}

/// How the clients behave between attempts.
#[derive(Debug, Clone)]
pub struct ClientOptions {
    /// What waits between retries; a simulator hands in one that doesn't.
    pub sleep: SharedAsyncSleep,
    /// Attempts in all, the first included. The SDK's default is 3.
    pub attempts: u32,
}

impl Default for ClientOptions {
    fn default() -> Self {
        Self { sleep: SharedAsyncSleep::new(aws_smithy_async::rt::sleep::TokioSleep::new()), attempts: 3 }
    }
}

/// The four real SDK clients, and the way to the payment provider, over one backend.
#[must_use]
pub fn clients(backend: &Arc<dyn Backend>, options: &ClientOptions) -> Clients {
    // The SDK keeps one retry budget per service for the whole process: worlds beside each other must not share it.
    static WORLDS: AtomicU64 = AtomicU64::new(0);
    let world = WORLDS.fetch_add(1, Ordering::Relaxed);
    macro_rules! client {
        ($sdk:ident, $service:expr) => {
            $sdk::Client::from_conf(
                $sdk::Config::builder()
                    .behavior_version(BehaviorVersion::latest())
                    .region(Region::from_static(REGION))
                    .credentials_provider(Credentials::new("local", "local", None, None, "this-machine"))
                    .retry_config(RetryConfig::standard().with_max_attempts(options.attempts))
                    .retry_partition(RetryPartition::new(format!("banto-{world}-{}", $service.name())))
                    .timeout_config(TimeoutConfig::disabled())
                    .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
                    .sleep_impl(options.sleep.clone())
                    .http_client(Connector { service: $service, backend: Arc::clone(backend) })
                    .build(),
            )
        };
    }
    Clients {
        dynamodb: client!(aws_sdk_dynamodb, Service::DynamoDb),
        events: client!(aws_sdk_eventbridge, Service::EventBridge),
        ses: client!(aws_sdk_sesv2, Service::Ses),
        sqs: client!(aws_sdk_sqs, Service::Sqs),
        payments: SharedHttpConnector::new(Connector { service: Service::Payments, backend: Arc::clone(backend) }),
    }
}

/// One service's connector: takes the HTTP off and puts it on again.
#[derive(Debug, Clone)]
struct Connector {
    service: Service,
    backend: Arc<dyn Backend>,
}

/// The operation of a request: JSON protocols name it in a header, SES v2 is REST.
fn operation(request: &HttpRequest) -> String {
    if let Some(target) = request.headers().get("x-amz-target") {
        return target.rsplit('.').next().unwrap_or(target).to_owned();
    }
    let path = request.uri().split_once("://").map_or(request.uri(), |(_, rest)| rest);
    let path = path.find('/').map_or("/", |at| &path[at..]);
    match (request.method(), path.split('?').next().unwrap_or(path)) {
        ("POST", "/v2/email/outbound-emails") => "SendEmail".to_owned(),
        (method, path) => format!("{method} {path}"),
    }
}

impl HttpConnector for Connector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let Self { service, backend } = self.clone();
        HttpConnectorFuture::new(async move {
            let operation = operation(&request);
            // Bodies of these services are always in memory; one that isn't would reach us empty and be refused.
            let body = Bytes::copy_from_slice(request.body().bytes().unwrap_or_default());
            let key = request.headers().get("idempotency-key").map(str::to_owned);
            let reply = backend.call(Call { service, operation, body, key }).await?;
            respond(service, reply)
        })
    }
}

fn respond(service: Service, reply: Reply) -> Result<HttpResponse, ConnectorError> {
    let status = reply.status.try_into().map_err(|_| ConnectorError::other("impossible status".into(), None))?;
    let kind = match service {
        Service::DynamoDb | Service::Sqs => "application/x-amz-json-1.0",
        Service::EventBridge => "application/x-amz-json-1.1",
        Service::Ses | Service::Payments => "application/json",
    };
    let mut response = HttpResponse::new(status, SdkBody::from(reply.body));
    response.headers_mut().insert("content-type", kind);
    Ok(response)
}

impl HttpClient for Connector {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}
