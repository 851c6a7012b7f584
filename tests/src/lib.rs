//! What the tests share: the case store on either engine, behind the real SDK client, with every request counted.

#![expect(clippy::expect_used, clippy::panic, reason = "tests fail by panicking")]

mod counter;
pub mod parts;

use std::sync::{Arc, Mutex};

use aws_smithy_runtime_api::client::result::ConnectorError;
use banto::engine::{Engine, Place};
use banto::template::Template;
use banto::wire::{Answering, Backend, Call, ClientOptions, REGION, Reply, Service, clients};
use banto_aws::{Clients, Clock, Keys, Settings, SystemEntropy, World};
use jiff::{SignedDuration, Timestamp};

pub use counter::Counter;
pub use parts::{Part, free_port};

/// A clock that a test moves.
#[derive(Debug)]
pub struct TestClock(Mutex<Timestamp>);

impl TestClock {
    /// Shows this instant.
    ///
    /// # Panics
    /// When the text is no instant.
    #[must_use]
    pub fn at(text: &str) -> Arc<Self> {
        Arc::new(Self(Mutex::new(text.parse().expect("an instant"))))
    }

    /// Moves on.
    ///
    /// # Panics
    /// When the clock is broken.
    pub fn advance(&self, by: SignedDuration) {
        let mut now = self.0.lock().expect("the clock");
        *now = now.checked_add(by).expect("an instant");
    }
}

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        *self.0.lock().expect("the clock")
    }
}

/// A case store, a mail provider that takes everything, and silence in the place of bus and queues.
#[derive(Debug)]
struct StoreOnly(Engine);

impl Backend for StoreOnly {
    fn call(&self, call: Call) -> Answering<'_> {
        match call.service {
            Service::DynamoDb => self.0.call(call),
            Service::Ses => Box::pin(async { Ok(Reply::ok(&serde_json::json!({ "MessageId": "taken" }))) }),
            _ => Box::pin(async { Err(ConnectorError::timeout("nobody answers".into())) }),
        }
    }
}

/// A world whose case store is one of the two engines.
#[derive(Debug)]
pub struct TestWorld {
    /// What functions get.
    pub world: World,
    /// Every DynamoDB request since the last look.
    pub counter: Counter,
    /// The clock.
    pub clock: Arc<TestClock>,
    /// The clients themselves.
    pub clients: Clients,
    /// The table's name.
    pub table: String,
    /// Ends with the test.
    part: Option<Part>,
}

/// The root key of tests.
#[must_use]
pub fn keys() -> Keys {
    Keys::new([42; 32])
}

impl TestWorld {
    /// On the embedded engine, in memory.
    ///
    /// # Panics
    /// When the engine can't be opened.
    #[must_use]
    pub fn embedded() -> Self {
        Self::embedded_behind(|store| store)
    }

    /// On the embedded engine, with something between it and its clients.
    ///
    /// # Panics
    /// When the engine can't be opened.
    #[must_use]
    pub fn embedded_behind(between: impl FnOnce(Arc<dyn Backend>) -> Arc<dyn Backend>) -> Self {
        let template = Template::built_in().expect("the template");
        let engine = Engine::open(&Place::Memory, banto::Mode::Pool).expect("an engine");
        engine.ensure_table(&template.table.name, &template.table).expect("a table");
        let backend = between(Arc::new(StoreOnly(engine)));
        Self::over(clients(&backend, &ClientOptions::default()), &template, None)
    }

    /// On Amazon's DynamoDB Local, over HTTP.
    ///
    /// # Panics
    /// When it can't be started: `scripts/real-parts install` fetches it.
    pub async fn dynamodb_local() -> Self {
        let template = Template::built_in().expect("the template");
        let part = Part::start(&["dynamodb"]).await;
        let mut create = template.table.create.clone();
        create["TableName"] = template.table.name.clone().into();
        part.dynamodb("CreateTable", &create).await;
        let nothing = Engine::open(&Place::Memory, banto::Mode::Pool).expect("an engine");
        let backend: Arc<dyn Backend> = Arc::new(StoreOnly(nothing));
        let mut all = clients(&backend, &ClientOptions::default());
        let config = all.dynamodb.config().to_builder().region(aws_sdk_dynamodb::config::Region::new(REGION));
        let http = aws_smithy_http_client::Builder::new().build_http();
        all.dynamodb = aws_sdk_dynamodb::Client::from_conf(config.http_client(http).endpoint_url(part.url()).build());
        Self::over(all, &template, Some(part))
    }

    /// The server behind the store.
    ///
    /// # Panics
    /// When the store is embedded.
    #[must_use]
    pub fn part(&self) -> &Part {
        self.part.as_ref().expect("a store that is a server")
    }

    fn over(mut clients: Clients, template: &Template, part: Option<Part>) -> Self {
        let counter = Counter::default();
        let config = clients.dynamodb.config().to_builder().interceptor(counter.clone());
        clients.dynamodb = aws_sdk_dynamodb::Client::from_conf(config.build());
        let clock = TestClock::at("2026-12-01T00:00:00Z");
        let settings = Settings {
            table: template.table.name.clone(),
            bus: template.bus.clone(),
            public_url: "http://127.0.0.1:8080".to_owned(),
            undelivered_queue_url: String::new(),
            stripe_url: banto_aws::refunds::STRIPE.to_owned(),
            configuration_set: None,
            keys: keys(),
        };
        let table = settings.table.clone();
        let world =
            World::new(clients.clone(), settings, Arc::clone(&clock) as Arc<dyn Clock>, Arc::new(SystemEntropy));
        Self { world, counter, clock, clients, table, part }
    }

    /// Publishes the ready-made playbooks with their demo secrets.
    ///
    /// # Panics
    /// When one has a problem.
    pub async fn with_playbooks(self) -> Self {
        for folder in banto_playbooks::ready_made().expect("no problems") {
            let env = &self.world.env;
            env.playbooks.publish(&folder.playbook, &folder.demo_secrets, &SystemEntropy).await.expect("published");
        }
        self
    }
}
