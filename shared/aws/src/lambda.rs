//! The Lambda host: settings from the environment, clients built and warmed during init, one function.

use std::sync::Arc;

use aws_sdk_dynamodb::config::{BehaviorVersion, Credentials, Region};
use aws_smithy_http_client::tls;
use banto_domain::keys::Keys;
use bytes::Bytes;
use lambda_http::{Body, RequestExt as _};
use lambda_runtime::{LambdaEvent, service_fn};
use serde_json::Value;

use crate::{
    Clients, Error, Function, Handler, PathParams, Request, Result, Settings, SystemClock, SystemEntropy, World,
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
                    async move { answer.await.map_err(failed) }
                });
                lambda_runtime::run(serve).await
            }
            Handler::Http(handle) => {
                let serve = lambda_http::service_fn(move |request: lambda_http::Request| {
                    let answer = handle(world.clone(), from_lambda(request));
                    async move { answer.await.map(to_lambda).map_err(failed) }
                });
                lambda_http::run(serve).await
            }
        }
    })
}

/// Logged once, here at the boundary; Lambda retries what it is told has failed.
fn failed(error: Error) -> lambda_runtime::Error {
    tracing::error!(%error);
    error.into()
}

fn logging() {
    let filter = tracing_subscriber::EnvFilter::try_from_env("BANTO_LOG");
    let filter = filter.unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("info"));
    tracing_subscriber::fmt().json().with_env_filter(filter).without_time().init();
}

fn from_lambda(request: lambda_http::Request) -> Request {
    let params = request.path_parameters();
    let params = params.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    let (parts, body) = request.into_parts();
    let body = match body {
        Body::Text(text) => Bytes::from(text),
        Body::Binary(bytes) => Bytes::from(bytes),
        _ => Bytes::new(),
    };
    let mut request = http::Request::from_parts(parts, body);
    request.extensions_mut().insert(PathParams(params));
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
    let http = aws_smithy_http_client::Builder::new()
        .tls_provider(tls::Provider::Rustls(tls::rustls_provider::CryptoMode::Ring))
        .build_https();
    Ok(Clients {
        dynamodb: client!(aws_sdk_dynamodb, "DYNAMODB", region, credentials, http),
        events: client!(aws_sdk_eventbridge, "EVENTBRIDGE", region, credentials, http),
        ses: client!(aws_sdk_sesv2, "SESV2", region, credentials, http),
        sqs: client!(aws_sdk_sqs, "SQS", region, credentials, http),
    })
}
