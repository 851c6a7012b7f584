//! The Lambda host: settings from the environment, clients built and warmed during init, one function.

use std::sync::Arc;

use aws_sdk_dynamodb::config::{BehaviorVersion, Credentials, Region};
use aws_smithy_http_client::{Connector, tls};
use aws_smithy_runtime_api::client::http::SharedHttpConnector;
use banto_domain::keys::Keys;
use bytes::Bytes;
use lambda_http::request::RequestContext;
use lambda_http::{Body, RequestExt as _};
use lambda_runtime::{Diagnostic, LambdaEvent, service_fn};
use serde_json::Value;
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::layer::{Layer as _, SubscriberExt as _};
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::refunds::STRIPE;
use crate::{
    Clients, Error, Function, Handler, PathParams, Request, Result, Settings, Source, SystemClock, SystemEntropy,
    World, metrics,
};

/// Runs one function as a Lambda, until the runtime ends it. The whole of a `main`.
///
/// # Errors
/// When the environment lacks something, or the runtime can't be reached.
pub fn run(function: Function) -> std::result::Result<(), lambda_runtime::Error> {
    logging();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let world = world_from_env()?;
        if function.uses_store {
            world.env.ledger.warm().await?;
        }
        match function.handler {
            Handler::Event(handle) => {
                let serve = service_fn(move |event: LambdaEvent<Value>| {
                    let answer = handle(world.clone(), event.payload);
                    async move { answer.await.map_err(Failed) }
                });
                lambda_runtime::run(serve).await
            }
            Handler::Http(handle) => {
                let serve = lambda_http::service_fn(move |request: lambda_http::Request| {
                    let answer = handle(world.clone(), from_lambda(request));
                    async move { answer.await.map(to_lambda).map_err(Failed) }
                });
                lambda_http::run(serve).await
            }
        }
    })
}

/// What Lambda is told of a failure. The runtime logs it, once, by its `Debug`; Lambda retries.
struct Failed(Error);

impl std::fmt::Debug for Failed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.0)
    }
}

impl From<Failed> for Diagnostic {
    fn from(Failed(error): Failed) -> Self {
        let kind = match error {
            Error::Again(_) => "Again",
            Error::Refused(_) => "Refused",
            Error::Bug(_) => "Bug",
        };
        Self { error_type: kind.to_owned(), error_message: error.to_string() }
    }
}

/// `BANTO_LOG` sets how much is logged. Logs hold no personal data, no bodies and no paths: so what others would tell of
/// them (the SDK, HTTP, the runtime) stays out, whatever the level.
fn logging() {
    let mut filter = tracing_subscriber::EnvFilter::try_from_env("BANTO_LOG")
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("info"));
    // The runtime's own span carries the request's id: it stays.
    for silent in ["aws=warn", "hyper=warn", "h2=warn", "tower=warn", "lambda_http=info", "lambda_runtime=info"] {
        filter = silent.parse().into_iter().fold(filter, tracing_subscriber::EnvFilter::add_directive);
    }
    let told = tracing_subscriber::fmt::layer().json().with_span_list(false).without_time();
    let is_metric = |metadata: &tracing::Metadata<'_>| metadata.target() == metrics::TARGET;
    let told = told.with_filter(filter).with_filter(filter_fn(move |metadata| !is_metric(metadata)));
    let function = std::env::var("AWS_LAMBDA_FUNCTION_NAME").unwrap_or_default();
    let measured = metrics::Embedded { function }.with_filter(filter_fn(is_metric));
    tracing_subscriber::registry().with(told).with(measured).init();
}

fn from_lambda(request: lambda_http::Request) -> Request {
    let params = request.path_parameters();
    let params = params.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    let source = match request.request_context_ref() {
        Some(RequestContext::ApiGatewayV2(context)) => context.http.source_ip.clone(),
        _ => None,
    };
    let (parts, body) = request.into_parts();
    let body = match body {
        Body::Text(text) => Bytes::from(text),
        Body::Binary(bytes) => Bytes::from(bytes),
        _ => Bytes::new(),
    };
    let mut request = http::Request::from_parts(parts, body);
    request.extensions_mut().insert(PathParams(params));
    if let Some(source) = source {
        request.extensions_mut().insert(Source(source));
    }
    request
}

fn to_lambda(reply: crate::Reply) -> lambda_http::Response<Body> {
    reply.map(|bytes| match String::from_utf8(bytes.to_vec()) {
        Ok(text) => Body::Text(text),
        Err(binary) => Body::Binary(binary.into_bytes()),
    })
}

fn var(name: &str) -> Result<String> {
    std::env::var(name).map_err(|_| Error::Bug(format!("the environment lacks {name}")))
}

/// The world as the template describes it by environment variables.
fn world_from_env() -> Result<World> {
    let settings = Settings {
        table: var("BANTO_TABLE")?,
        bus: std::env::var("BANTO_BUS").unwrap_or_default(),
        public_url: var("BANTO_PUBLIC_URL")?.trim_end_matches('/').to_owned(),
        undelivered_queue_url: std::env::var("BANTO_UNDELIVERED_QUEUE_URL").unwrap_or_default(),
        configuration_set: std::env::var("BANTO_CONFIGURATION_SET").ok().filter(|name| !name.is_empty()),
        stripe_url: std::env::var("BANTO_STRIPE_URL").unwrap_or_else(|_| STRIPE.to_owned()),
        keys: Keys::parse(&var("BANTO_ROOT_KEY")?).map_err(|e| Error::Bug(format!("BANTO_ROOT_KEY: {e}")))?,
    };
    Ok(World::new(clients()?, settings, Arc::new(SystemClock), Arc::new(SystemEntropy)))
}

macro_rules! client {
    ($sdk:ident, $service:literal, $region:expr, $credentials:expr, $http:expr) => {{
        let mut config = $sdk::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region($region.clone())
            .credentials_provider($credentials.clone())
            .http_client($http.clone());
        if let Ok(url) = std::env::var(concat!("AWS_ENDPOINT_URL_", $service)) {
            config = config.endpoint_url(url);
        }
        $sdk::Client::from_conf(config.build())
    }};
}

/// The real clients. Built by hand: the loader's credential chain and aws-lc's start-up are most of a cold start.
/// Lambda's own credentials stand in the environment and live as long as the sandbox.
fn clients() -> Result<Clients> {
    let region = Region::new(var("AWS_REGION")?);
    let credentials = Credentials::new(
        var("AWS_ACCESS_KEY_ID")?,
        var("AWS_SECRET_ACCESS_KEY")?,
        std::env::var("AWS_SESSION_TOKEN").ok().filter(|token| !token.is_empty()),
        None,
        "lambda",
    );
    let rustls = tls::Provider::Rustls(tls::rustls_provider::CryptoMode::Ring);
    let http = aws_smithy_http_client::Builder::new().tls_provider(rustls.clone()).build_https();
    Ok(Clients {
        dynamodb: client!(aws_sdk_dynamodb, "DYNAMODB", region, credentials, http),
        events: client!(aws_sdk_eventbridge, "EVENTBRIDGE", region, credentials, http),
        ses: client!(aws_sdk_sesv2, "SESV2", region, credentials, http),
        sqs: client!(aws_sdk_sqs, "SQS", region, credentials, http),
        payments: SharedHttpConnector::new(Connector::builder().tls_provider(rustls).build()),
    })
}
