//! A function as both hosts see it: a name and a handler.

use std::collections::HashMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use bytes::Bytes;
use serde_json::Value;

use banto_domain::{Draft, Pending, Rejection};

use crate::ledger::Loaded;
use crate::{Env, Error, Prepared, World, take_up, take_up_prepared};

/// The values of `{…}` in a route, as an extension of the request.
#[derive(Debug, Clone, Default)]
pub struct PathParams(pub HashMap<String, String>);

/// The address that a request came from, as the host saw it, as an extension of the request: of whoever sent it, or of
/// the proxy's visitor. Nothing of it is kept but a hash that ends with its hour.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source(pub String);

/// An HTTP request, whichever host it came through. Carries [`PathParams`] as an extension, and [`Source`] when it is known.
pub type Request = http::Request<Bytes>;
/// The answer to it.
pub type Reply = http::Response<Bytes>;

type Answer<T> = Pin<Box<dyn Future<Output = Result<T, Error>> + Send>>;

/// What a function takes.
#[derive(Clone)]
pub enum Handler {
    /// An EventBridge event, a schedule's tick, an SQS batch or a DynamoDB stream batch: JSON as Lambda delivers it.
    Event(Arc<dyn Fn(World, Value) -> Answer<Value> + Send + Sync>),
    /// An HTTP request.
    Http(Arc<dyn Fn(World, Request) -> Answer<Reply> + Send + Sync>),
}

/// One function of the house.
#[derive(Clone)]
pub struct Function {
    /// Folder = package = binary = route name.
    pub name: &'static str,
    /// What it does.
    pub handler: Handler,
    /// Whether it reads or writes the case store, so that its connection is worth opening during start-up.
    pub uses_store: bool,
    /// What it decides, when it takes up steps: pure, for whoever drives cases without a store.
    pub decide: Option<Decide>,
}

/// What a function that takes up steps decides.
pub type Decide = fn(&mut Draft<'_>, &Pending) -> Result<(), Rejection>;

impl std::fmt::Debug for Function {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)
    }
}

impl Function {
    /// A function that takes events.
    pub fn event<F, A>(name: &'static str, handle: F) -> Self
    where
        F: Fn(World, Value) -> A + Send + Sync + 'static,
        A: Future<Output = Result<Value, Error>> + Send + 'static,
    {
        Self {
            name,
            handler: Handler::Event(Arc::new(move |w, e| Box::pin(handle(w, e)))),
            uses_store: true,
            decide: None,
        }
    }

    /// A function that takes up steps, by what stands in the case alone.
    #[must_use]
    pub fn step(name: &'static str, decide: Decide) -> Self {
        let handle = move |w: World, e| async move { take_up(&w.env, &e, name, decide).await };
        Self { decide: Some(decide), ..Self::event(name, handle) }
    }

    /// A function that takes up steps, and needs to know more than the case: `prepare` reads it.
    pub fn prepared<T, F, D>(name: &'static str, prepare: F, decide: D) -> Self
    where
        T: Send + Sync + 'static,
        F: for<'a> Fn(&'a Env, &'a Loaded, &'a Pending) -> Prepared<'a, T> + Copy + Send + Sync + 'static,
        D: Fn(&mut Draft<'_>, &Pending, &T) -> Result<(), Rejection> + Copy + Send + Sync + 'static,
    {
        Self::event(name, move |w, e| async move { take_up_prepared(&w.env, &e, name, prepare, decide).await })
    }

    /// A function that takes HTTP requests.
    pub fn http<F, A>(name: &'static str, handle: F) -> Self
    where
        F: Fn(World, Request) -> A + Send + Sync + 'static,
        A: Future<Output = Result<Reply, Error>> + Send + 'static,
    {
        Self {
            name,
            handler: Handler::Http(Arc::new(move |w, r| Box::pin(handle(w, r)))),
            uses_store: true,
            decide: None,
        }
    }

    /// Says that a function has no business with the case store.
    #[must_use]
    pub fn without_store(self) -> Self {
        Self { uses_store: false, ..self }
    }
}
