//! What a function is given: clients, settings, clock and entropy. Owns nothing else; refuses to know which host it is on.

use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};

use aws_smithy_runtime_api::client::http::SharedHttpConnector;
use jiff::Timestamp;

use crate::{Keys, Ledger, Mailer, Playbooks, Publisher, Refunds};

/// Where "now" comes from. The system's on AWS, one that people can move in practice mode and in tests.
pub trait Clock: Send + Sync + std::fmt::Debug {
    /// The present instant (UTC).
    fn now(&self) -> Timestamp;

    /// How long this process has been running: for limits on a function's own work, which a clock that people move says
    /// nothing of.
    fn running(&self) -> Duration {
        static SINCE: LazyLock<Instant> = LazyLock::new(Instant::now);
        SINCE.elapsed()
    }
}

/// The machine's own clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }
}

/// Where random bytes come from: per-person keys and nonces, nothing else.
pub trait Entropy: Send + Sync + std::fmt::Debug {
    /// Fills `out` with unpredictable bytes.
    ///
    /// # Errors
    /// When the operating system has none to give.
    fn fill(&self, out: &mut [u8]) -> Result<(), crate::Error>;
}

/// The operating system's generator.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemEntropy;

impl Entropy for SystemEntropy {
    fn fill(&self, out: &mut [u8]) -> Result<(), crate::Error> {
        getrandom::fill(out).map_err(|e| crate::Error::Again(format!("no entropy: {e}")))
    }
}

/// The four AWS clients, and the way to the payment provider. On one machine their HTTP connector is answered in-process.
#[derive(Debug, Clone)]
pub struct Clients {
    /// The case store.
    pub dynamodb: aws_sdk_dynamodb::Client,
    /// The bus.
    pub events: aws_sdk_eventbridge::Client,
    /// Mail.
    pub ses: aws_sdk_sesv2::Client,
    /// The queue of what could not be published.
    pub sqs: aws_sdk_sqs::Client,
    /// The payment provider.
    pub payments: SharedHttpConnector,
}

/// What differs from one installation to the next.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Name of the table.
    pub table: String,
    /// Name of the event bus.
    pub bus: String,
    /// Where links in mails lead, without a slash at the end: `https://banto.example`.
    pub public_url: String,
    /// URL of the queue for entries that the bus refused for good.
    pub undelivered_queue_url: String,
    /// SES configuration set; `None` sends without delivery events.
    pub configuration_set: Option<String>,
    /// Where Stripe is, without a slash at the end: [`crate::refunds::STRIPE`].
    pub stripe_url: String,
    /// The root of every derived key.
    pub keys: Keys,
}

/// What every step needs.
#[derive(Debug, Clone)]
pub struct Env {
    /// The case store.
    pub ledger: Ledger,
    /// Playbooks by client and version.
    pub playbooks: Playbooks,
    /// Derived keys: links, look-ups, sealed secrets.
    pub keys: Keys,
    /// The present instant.
    pub clock: Arc<dyn Clock>,
    /// Random bytes.
    pub entropy: Arc<dyn Entropy>,
    /// Where links in mails lead.
    pub public_url: String,
}

/// `Env`, and the three ways out of the house that only one function each may use.
#[derive(Debug, Clone)]
pub struct World {
    /// What every step needs.
    pub env: Env,
    /// For `send-message` alone.
    pub mailer: Mailer,
    /// For `send-refund` alone.
    pub refunds: Refunds,
    /// For `publish-journal` alone.
    pub publisher: Publisher,
}

impl World {
    /// Puts the parts together.
    #[must_use]
    pub fn new(clients: Clients, settings: Settings, clock: Arc<dyn Clock>, entropy: Arc<dyn Entropy>) -> Self {
        let ledger = Ledger::new(clients.dynamodb, settings.table);
        Self {
            mailer: Mailer::new(clients.ses, settings.configuration_set),
            refunds: Refunds::new(clients.payments, settings.stripe_url),
            publisher: Publisher::new(clients.events, clients.sqs, settings.bus, settings.undelivered_queue_url),
            env: Env {
                playbooks: Playbooks::new(ledger.clone(), settings.keys.clone(), Arc::clone(&clock)),
                ledger,
                keys: settings.keys,
                clock,
                entropy,
                public_url: settings.public_url,
            },
        }
    }
}
