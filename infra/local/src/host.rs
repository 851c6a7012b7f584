//! One house in one process: opens the stores, hands the functions their clients, and moves time. Owns the order in
//! which things happen when people move the clock; refuses to know what any function does.
//!
//! ```text
//! host/open.rs  both stores, the clock and the settings of a house that is opened
//! host/time.rs  schedules and the clock: what is next, what is due, advance
//! ```

mod open;
mod time;

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use banto_aws::{Clients, Entropy, Function, Keys, Reply, Request, SystemEntropy, World};
use jiff::Timestamp;
use serde_json::Value;
use tokio::sync::{Mutex, Semaphore};
use tokio::task::JoinHandle;

use crate::clock::{ClockMode, HostClock};
use crate::cloud::Cloud;
use crate::engine::{Engine, EngineError, Place};
use crate::mailbox::{self, Mail};
use crate::meter::{Meter, Metered};
use crate::plan::Plan;
use crate::store::{DeadLetter, StoreError};
use crate::template::{Template, TemplateError};
use crate::wire::{Backend, ClientOptions, clients};
use crate::worker::{Trouble, Worker};
use banto_cloud::{Mode, Pulse};
use open::Stores;
pub(crate) use open::settings;

/// Requests that are answered at the same time, at most.
const ANSWERING: usize = 12;

/// Why the host could not do something.
#[derive(Debug, thiserror::Error)]
pub enum HostError {
    /// A house that lost a part, or whose parts don't belong together.
    #[error(transparent)]
    House(#[from] crate::house::HouseError),
    /// The host's own store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The case store.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// The template.
    #[error(transparent)]
    Template(#[from] TemplateError),
    /// Only a clock that was made for it can be moved.
    #[error("this clock is the machine's own and can't be moved; start with --clock manual")]
    NotManual,
    /// Time does not go back.
    #[error("the clock shows {now}; it can't go back to {to}")]
    Backwards {
        /// What the clock shows.
        now: Timestamp,
        /// What was asked for.
        to: Timestamp,
    },
    /// Somebody else redrove it, or it never was.
    #[error("there is no dead letter {0}")]
    NoSuchDeadLetter(String),
    /// It was tried again and failed at once.
    #[error("could not be redriven: {0}")]
    Redrive(String),
    /// Our own mistake.
    #[error("bug: {0}")]
    Bug(String),
}

/// Puts a layer around everything the SDK clients reach: faults, delays, records.
pub type Layer = Arc<dyn Fn(Arc<dyn Backend>) -> Arc<dyn Backend> + Send + Sync>;

/// Publishes again what `publish-journal` set aside: given the message's body.
pub type Undelivered =
    Arc<dyn Fn(World, Value) -> Pin<Box<dyn Future<Output = banto_aws::Result<()>> + Send>> + Send + Sync>;

/// How a host is set up. [`HostConfig::new`] gives what most want.
#[derive(Clone)]
pub struct HostConfig {
    /// Where the data lives.
    pub place: Place,
    /// Which clock.
    pub clock: ClockMode,
    /// Where blocking work runs.
    pub mode: Mode,
    /// Where links in mails lead, without a slash at the end.
    pub public_url: String,
    /// The root of every derived key.
    pub keys: Keys,
    /// Random bytes for the functions.
    pub entropy: Arc<dyn Entropy>,
    /// The functions.
    pub functions: Vec<Function>,
    /// The template.
    pub template: Template,
    /// Asynchronous calls at the same time.
    pub concurrency: usize,
    /// The partitions of the table's index of what is due.
    pub due_shards: Vec<String>,
    /// Retries and pauses of the SDK clients.
    pub options: ClientOptions,
    /// A layer around all services.
    pub layer: Option<Layer>,
    /// How to publish again what was set aside.
    pub undelivered: Option<Undelivered>,
    /// What a house begins with that was never lived in.
    pub beginning: Beginning,
}

/// What a house begins with that was never lived in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Beginning {
    /// It is only looked at: nothing is made, marked or brought up to date.
    Looked,
    /// With what it is given.
    #[default]
    Empty,
    /// With a past that is lived from this instant on, before anybody sees it. Until [`Host::is_lived`] it counts as never
    /// lived in, so that what a process left that died on the way is forgotten.
    Past(Timestamp),
}

impl std::fmt::Debug for HostConfig {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("HostConfig").field("place", &self.place).field("clock", &self.clock).finish_non_exhaustive()
    }
}

impl HostConfig {
    /// All functions, the built-in template, the operating system's randomness.
    ///
    /// # Errors
    /// When the built-in template is broken.
    pub fn new(place: Place, clock: ClockMode, public_url: String, keys: Keys) -> Result<Self, HostError> {
        Ok(Self {
            place,
            clock,
            mode: Mode::Pool,
            public_url,
            keys,
            entropy: Arc::new(SystemEntropy),
            functions: crate::registry::functions(),
            template: Template::built_in()?,
            concurrency: 8,
            due_shards: (0..banto_aws::ledger::DUE_SHARDS).map(|n| n.to_string()).collect(),
            options: ClientOptions::default(),
            layer: None,
            undelivered: None,
            beginning: Beginning::Empty,
        })
    }
}

/// A house that is open. Clones share it.
#[derive(Clone)]
pub struct Host {
    inner: Arc<Inner>,
}

struct Inner {
    worker: Arc<Worker>,
    meter: Arc<Meter>,
    backend: Arc<dyn Backend>,
    clients: Clients,
    due_shards: Vec<String>,
    undelivered: Option<Undelivered>,
    /// One at a time moves the clock.
    moving: Mutex<()>,
    /// Its past is still to be lived.
    past: bool,
}

impl std::fmt::Debug for Host {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Host").field("clock", &self.inner.worker.clock).finish_non_exhaustive()
    }
}

impl Host {
    /// Opens a house. Nothing moves until [`idle`](Self::idle), [`advance`](Self::advance) or
    /// [`start`](Self::start) is called.
    ///
    /// # Errors
    /// When a file can't be opened, is in use, is lost or set back, or the template names what this program doesn't have.
    pub async fn open(config: HostConfig) -> Result<Self, HostError> {
        let pulse = Pulse::default();
        let Stores { store, engine, past } = open::stores(&config, &pulse).await?;
        let clock = open::clock(config.clock, &store).await?;
        let plan = Plan::new(config.template, config.functions)?;
        let cloud = Cloud { engine: engine.clone(), store: store.clone(), plan: plan.clone(), clock: clock.clone() };
        let meter = Arc::new(Meter::new(clock.now()));
        let mut backend: Arc<dyn Backend> = Arc::new(Metered { inner: Arc::new(cloud), meter: Arc::clone(&meter) });
        if let Some(layer) = &config.layer {
            backend = layer(backend);
        }
        let clients = clients(&backend, &config.options);
        let settings = open::settings(&plan.template, config.public_url, config.keys);
        let world = World::new(clients.clone(), settings, clock.shared(), config.entropy);
        let concurrency = config.concurrency.max(1);
        let answering = Semaphore::new(ANSWERING);
        let turn = Mutex::new(None);
        let (counted, trouble) = (Arc::clone(&meter), Trouble::default());
        let worker =
            Worker { plan, world, engine, store, clock, pulse, meter: counted, trouble, concurrency, answering, turn };
        Ok(Self {
            inner: Arc::new(Inner {
                worker: Arc::new(worker),
                meter,
                backend,
                clients,
                due_shards: config.due_shards,
                undelivered: config.undelivered,
                moving: Mutex::new(()),
                past,
            }),
        })
    }

    /// Whether the past of this house is still to be lived: [`Beginning::Past`] was asked for, and it is new.
    #[must_use]
    pub fn wants_past(&self) -> bool {
        self.inner.past
    }

    /// From now on it is a house that was lived in.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn is_lived(&self) -> Result<(), HostError> {
        Ok(self.inner.worker.store.change(|tx| tx.forget_meta(open::UNLIVED)).await?)
    }

    /// Lets the house work by itself, until the handle is aborted or the process ends.
    #[must_use]
    pub fn start(&self) -> JoinHandle<()> {
        let host = self.clone();
        tokio::spawn(async move { host.work().await })
    }

    /// Returns when nothing is in flight: no stream record waits, no call or message is due now.
    ///
    /// # Errors
    /// When a store fails.
    pub async fn idle(&self) -> Result<(), HostError> {
        let worker = Arc::clone(&self.inner.worker);
        // A task of its own: a caller who goes away must not take the work with him.
        tokio::spawn(async move { worker.drain().await }).await.map_err(|e| HostError::Bug(e.to_string()))?
    }

    /// What the clock shows.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.inner.worker.clock.now()
    }

    /// What the clock shows, if people move it.
    pub(crate) fn moved(&self) -> Option<Timestamp> {
        matches!(self.inner.worker.clock, HostClock::Manual(_)).then(|| self.now())
    }

    /// The host's own store.
    pub(crate) fn store(&self) -> &crate::store::Store {
        &self.inner.worker.store
    }

    /// What answers the SDK clients, through all layers.
    pub(crate) fn backend(&self) -> &Arc<dyn Backend> {
        &self.inner.backend
    }

    /// What every function is given.
    #[must_use]
    pub fn world(&self) -> &World {
        &self.inner.worker.world
    }

    /// The SDK clients, through all layers.
    #[must_use]
    pub fn clients(&self) -> &Clients {
        &self.inner.clients
    }

    /// The case store itself, below all layers.
    #[must_use]
    pub fn engine(&self) -> &Engine {
        &self.inner.worker.engine
    }

    /// Template, rules and functions.
    #[must_use]
    pub fn plan(&self) -> &Plan {
        &self.inner.worker.plan
    }

    /// Answers an HTTP request by a function, as API Gateway would; `None` if it failed.
    pub async fn request(&self, function: &str, request: Request) -> Option<Reply> {
        self.inner.worker.answer(function, request).await.ok()
    }

    /// What was sent, newest first.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn mails(&self) -> Result<Vec<Mail>, HostError> {
        let stored = self.inner.worker.store.read(|tx| tx.mails()).await?;
        Ok(stored.iter().map(mailbox::read).collect())
    }

    /// Every case that a mail was sent for, as `client/case`.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn written_to(&self) -> Result<std::collections::BTreeSet<String>, HostError> {
        Ok(self.inner.worker.store.read(|tx| tx.written_to()).await?)
    }

    /// One mail, and the bytes that were sent.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn mail(&self, id: &str) -> Result<Option<(Mail, Vec<u8>)>, HostError> {
        let id = id.to_owned();
        let stored = self.inner.worker.store.read(move |tx| tx.mail(&id)).await?;
        Ok(stored.map(|m| (mailbox::read(&m), m.raw)))
    }

    /// What was used since the start, and what it would cost.
    #[must_use]
    pub fn meter(&self) -> Value {
        self.inner.meter.report(&self.inner.worker.plan.template)
    }

    /// What failed for good, newest first.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn dead_letters(&self) -> Result<Vec<DeadLetter>, HostError> {
        Ok(self.inner.worker.store.read(|tx| tx.dead()).await?)
    }

    /// Puts a dead letter back to where it came from.
    ///
    /// # Errors
    /// When there is none of this id, or it can't be put back.
    pub async fn redrive(&self, id: &str) -> Result<(), HostError> {
        let worker = &self.inner.worker;
        let key = id.to_owned();
        let found = worker.store.read(move |tx| tx.dead_letter(&key)).await?;
        let (letter, body) = found.ok_or_else(|| HostError::NoSuchDeadLetter(id.to_owned()))?;
        if letter.source.is_none() && letter.function.is_none() {
            self.publish_again(letter.event.clone()).await?;
        }
        let now = self.now();
        let back = worker.store.change(move |tx| {
            if !tx.forget_dead(&letter.id)? {
                return Ok(false);
            }
            match (&letter.source, &letter.function) {
                (Some(queue), _) => tx.message(queue, &body, now).map(|_| ())?,
                (None, Some(function)) => tx.call(&letter.id, function, &body, now)?,
                (None, None) => {}
            }
            Ok(true)
        });
        if back.await? { Ok(()) } else { Err(HostError::NoSuchDeadLetter(id.to_owned())) }
    }

    async fn publish_again(&self, body: Value) -> Result<(), HostError> {
        let Some(publish) = &self.inner.undelivered else {
            return Err(HostError::Redrive("nothing here knows how to publish it again".to_owned()));
        };
        publish(self.world().clone(), body).await.map_err(|e| HostError::Redrive(e.to_string()))
    }
}
