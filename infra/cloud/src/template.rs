//! The SAM template as the host understands it: routes, rules, queues, mappings, schedules and the table. Owns the
//! list of what may stand there; refuses the rest at load, so that AWS never does what this machine silently doesn't.
//!
//! ```text
//! names.rs      what a reference (Ref, Fn::GetAtt, Fn::Sub) comes to on this machine
//! resources.rs  the shape of each permitted resource
//! read.rs       resources into the model below
//! ```

mod names;
mod read;
mod resources;

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::Value;

/// The template that is deployed to AWS, as it was when this program was built.
pub const BUILT_IN: &str = include_str!("../../aws/template.yaml");

/// Why a template can't be hosted.
#[derive(Debug, thiserror::Error)]
pub enum TemplateError {
    /// Not YAML.
    #[error("template: {0}")]
    Yaml(String),
    /// Something the host would not carry out as AWS does.
    #[error("template: {place}: {reason}")]
    Refused {
        /// Where: `Resources.Bus.Properties`.
        place: String,
        /// What is wrong with it.
        reason: String,
    },
}

impl TemplateError {
    pub(crate) fn refused(place: impl Into<String>, reason: impl Into<String>) -> Self {
        Self::Refused { place: place.into(), reason: reason.into() }
    }
}

/// Everything the host takes from the template. Queues and buses go by their names on this machine.
#[derive(Debug, Clone)]
pub struct Template {
    /// Functions by name.
    pub functions: BTreeMap<String, FunctionSpec>,
    /// HTTP routes.
    pub routes: Vec<Route>,
    /// Event rules, on our bus and on the default one.
    pub rules: Vec<Rule>,
    /// Queues by name.
    pub queues: BTreeMap<String, Queue>,
    /// Queues that feed functions.
    pub queue_mappings: Vec<QueueMapping>,
    /// What reads the table's stream.
    pub stream: StreamMapping,
    /// What happens by the clock.
    pub schedules: Vec<Schedule>,
    /// The one table.
    pub table: Table,
    /// The name of our bus.
    pub bus: String,
    /// The mail provider's events, if the template asks for them.
    pub mail_events: Option<MailEvents>,
}

/// A function: how long it may take, what happens when it fails.
#[derive(Debug, Clone, PartialEq)]
pub struct FunctionSpec {
    /// Folder = package = route name: `receive-form`.
    pub name: String,
    /// It is stopped after this.
    pub timeout: Duration,
    /// Megabytes, for the price.
    pub memory: u32,
    /// How often a failed asynchronous call is repeated.
    pub retries: u32,
    /// Where an asynchronous call goes that failed for good. `None`: it is dropped, as on AWS.
    pub dead_letter_queue: Option<String>,
    /// Its environment, references resolved; those to parameters without a default are left out.
    pub environment: BTreeMap<String, String>,
}

/// `POST /hooks/forms/{client}/{form}`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Route {
    /// The method.
    pub method: String,
    /// The path, whole segments in braces.
    pub path: String,
    /// Who answers.
    pub function: String,
}

/// An event rule.
#[derive(Debug, Clone, PartialEq)]
pub struct Rule {
    /// Its place in the template, for messages.
    pub name: String,
    /// The bus it listens on; `default` is the account's own.
    pub bus: String,
    /// The pattern.
    pub pattern: Value,
    /// Where matching events go.
    pub target: Target,
}

/// Where an event goes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Target {
    /// An asynchronous call.
    Function(String),
    /// A queue; the message body is the whole event.
    Queue(String),
    /// Another bus.
    Bus(String),
}

/// A queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Queue {
    /// Its name.
    pub name: String,
    /// How long a message that was handed out stays away.
    pub visibility: Duration,
    /// After so many times it goes to that queue.
    pub redrive: Option<(u32, String)>,
}

impl Queue {
    /// The URL by which the SDK addresses it.
    #[must_use]
    pub fn url(&self) -> String {
        names::queue_url(&self.name)
    }
}

/// A queue that feeds a function.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueueMapping {
    /// The queue.
    pub queue: String,
    /// The function.
    pub function: String,
    /// Messages in one call, at most.
    pub batch: usize,
    /// Calls at the same time, at most.
    pub concurrency: usize,
    /// The function names the messages that failed; otherwise one failure fails them all.
    pub partial: bool,
}

/// What reads the table's stream.
#[derive(Debug, Clone, PartialEq)]
pub struct StreamMapping {
    /// The function.
    pub function: String,
    /// Patterns over the record; one must match. None: every record does.
    pub filters: Vec<Value>,
    /// Records in one call, at most.
    pub batch: usize,
    /// How often a failed batch is repeated. `None`: until the records are a day old.
    pub retries: Option<u32>,
    /// A failed batch is halved.
    pub bisect: bool,
    /// The function names the first record that failed.
    pub partial: bool,
    /// Where a batch goes that failed for good.
    pub dead_letter_queue: Option<String>,
}

/// Something that happens by the clock.
#[derive(Debug, Clone, PartialEq)]
pub struct Schedule {
    /// Its name.
    pub name: String,
    /// Who is called.
    pub function: String,
    /// When.
    pub when: crate::schedule::When,
    /// What it is told; by default the scheduler's own event.
    pub input: Option<Value>,
}

/// The one table.
#[derive(Debug, Clone, PartialEq)]
pub struct Table {
    /// Its name.
    pub name: String,
    /// The body of `CreateTable`, without the name.
    pub create: Value,
    /// Attribute names of its key.
    pub keys: Vec<String>,
    /// Its indexes.
    pub indexes: Vec<Index>,
    /// The attribute that says when an item expires.
    pub expires: Option<String>,
}

/// An index of the table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Index {
    /// Its name.
    pub name: String,
    /// The attribute it is partitioned by.
    pub hash: String,
    /// The attribute it is sorted by.
    pub range: String,
}

/// The mail provider's events.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MailEvents {
    /// The configuration set a mail must name for its events to be told.
    pub configuration_set: String,
    /// Which ones: `SEND`, `DELIVERY`, `BOUNCE`, …
    pub types: Vec<String>,
}

impl Template {
    /// Reads and checks a template.
    ///
    /// # Errors
    /// When it isn't YAML, or holds something outside the permitted list; the error says where and what.
    pub fn parse(yaml: &str) -> Result<Self, TemplateError> {
        let document: Value = serde_saphyr::from_str(yaml).map_err(|e| TemplateError::Yaml(e.to_string()))?;
        read::template(&document)
    }

    /// The template this program was built with.
    ///
    /// # Errors
    /// As [`parse`](Self::parse); a test keeps it from happening.
    pub fn built_in() -> Result<Self, TemplateError> {
        Self::parse(BUILT_IN)
    }

    /// The value of a function's environment variable, where the template alone decides it.
    #[must_use]
    pub fn variable(&self, function: &str, name: &str) -> Option<&str> {
        self.functions.get(function)?.environment.get(name).map(String::as_str)
    }

    /// The queue with this URL.
    #[must_use]
    pub fn queue_by_url(&self, url: &str) -> Option<&Queue> {
        self.queues.values().find(|q| q.url() == url)
    }
}
