//! The host with functions made for the test: what it promises, seen from outside through the real SDK clients.

mod cases;
mod connections;
mod disk;
mod events;
mod http;
mod mail;
mod restart;
mod time;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use banto_aws::{Error, Function, Keys, Reply};
use banto_domain::steps::{self, Contract, Way};
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::clock::ClockMode;
use crate::engine::Place;
use crate::host::{Host, HostConfig};

/// Where every test begins: Tuesday, 1 December 2026, 09:00 in Tokyo.
const START: &str = "2026-12-01T00:00:00Z";

fn at(text: &str) -> Timestamp {
    text.parse().expect("an instant")
}

type Behaviour = Arc<dyn Fn(&Value) -> banto_aws::Result<Value> + Send + Sync>;

/// Functions that remember what they were given, and answer as the test says.
#[derive(Clone, Default)]
struct Cast {
    heard: Arc<Mutex<Vec<(String, Timestamp, Value)>>>,
    behaviours: Arc<Mutex<BTreeMap<String, Behaviour>>>,
}

impl Cast {
    /// From now on the function behaves like this.
    fn behave(&self, name: &str, behaviour: impl Fn(&Value) -> banto_aws::Result<Value> + Send + Sync + 'static) {
        self.behaviours.lock().expect("sound").insert(name.to_owned(), Arc::new(behaviour));
    }

    /// What a function was given so far, and when by the host's clock.
    fn heard(&self, name: &str) -> Vec<(Timestamp, Value)> {
        let heard = self.heard.lock().expect("sound");
        heard.iter().filter(|(n, ..)| n == name).map(|(_, at, event)| (*at, event.clone())).collect()
    }

    fn count(&self, name: &str) -> usize {
        self.heard(name).len()
    }

    fn functions(&self) -> Vec<Function> {
        let (requests, events): (Vec<&Contract>, Vec<_>) =
            steps::all().into_iter().partition(|step| step.way == Way::Request);
        let mut all: Vec<_> = events.into_iter().map(|step| self.event_function(step.name)).collect();
        all.extend(requests.into_iter().map(|step| {
            Function::http(step.name, |_, request| async move {
                let params = request.extensions().get::<banto_aws::PathParams>().expect("path parameters").0.clone();
                let text = format!("{} {:?} {}", request.method(), BTreeMap::from_iter(params), request.body().len());
                Ok(Reply::new(text.into()))
            })
        }));
        all
    }

    fn event_function(&self, name: &'static str) -> Function {
        let cast = self.clone();
        Function::event(name, move |world, event| {
            let cast = cast.clone();
            async move {
                cast.heard.lock().expect("sound").push((name.to_owned(), world.env.clock.now(), event.clone()));
                let behaviour = cast.behaviours.lock().expect("sound").get(name).cloned();
                behaviour.map_or(Ok(Value::Null), |behave| behave(&event))
            }
        })
    }
}

fn config(place: Place, cast: &Cast) -> HostConfig {
    let clock = ClockMode::Manual(Some(at(START)));
    let mut config =
        HostConfig::new(place, clock, "http://127.0.0.1:1".to_owned(), Keys::new([7; 32])).expect("template");
    config.functions = cast.functions();
    config
}

async fn house(cast: &Cast) -> Host {
    Host::open(config(Place::Memory, cast)).await.expect("opens")
}

/// A directory that goes when the test ends.
struct Scratch(PathBuf);

impl Scratch {
    fn new() -> Self {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let name = format!("banto-host-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        Self(std::env::temp_dir().join(name))
    }

    fn place(&self) -> Place {
        Place::Dir(self.0.clone())
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.0).unwrap_or_default();
    }
}

/// Puts an event on our bus that names an action.
async fn poke(host: &Host, action: &str) {
    let entry = entry("banto", &json!({ "action": action }).to_string());
    let out = host.clients().events.put_events().entries(entry).send().await.expect("taken");
    assert_eq!(out.failed_entry_count(), 0, "{out:?}");
}

fn entry(source: &str, detail: &str) -> aws_sdk_eventbridge::types::PutEventsRequestEntry {
    aws_sdk_eventbridge::types::PutEventsRequestEntry::builder()
        .event_bus_name("banto")
        .source(source)
        .detail_type("node.entered")
        .detail(detail)
        .build()
}

/// Puts an item into the table, with more attributes than its key.
async fn put(host: &Host, pk: &str, sk: &str, more: &[(&str, &str)]) {
    use aws_sdk_dynamodb::types::AttributeValue::S;
    let mut call = host.clients().dynamodb.put_item().table_name("banto");
    for (name, value) in [("pk", pk), ("sk", sk)].iter().chain(more) {
        call = call.item(*name, S((*value).to_owned()));
    }
    call.send().await.expect("stored");
}

fn refuse(_: &Value) -> banto_aws::Result<Value> {
    Err(Error::Refused("not today".to_owned()))
}
