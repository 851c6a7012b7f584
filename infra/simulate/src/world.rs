//! One small world: some practices, their customers and operators, and the machinery of the cloud, moved by a scheduler
//! with a seed. Owns time and order; refuses to know what any function does.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex};

use aws_sdk_dynamodb::config::SharedAsyncSleep;
use aws_smithy_async::rt::sleep::{AsyncSleep, Sleep};
use banto_aws::{Clock as _, Handler, Keys, Settings};
use banto_playbooks::Folder;
use jiff::{SignedDuration, Timestamp, Unit};
use serde_json::{Value, json};

use super::cloud::{Cloud, Net, breathe};
use super::faults::{Faults, Weather};
use super::people::People;
use super::rng::{Rng, SeededEntropy};
use super::seasons::BEGINS;
use super::task::{Call, Ended, Message, Purpose, Task, Work};
use super::versions::Versions;
use super::visit::Errand;
use super::{Failure, Ground, Sabotage};
use banto_cloud::Mode;
use banto_cloud::clock::ManualClock;
use banto_cloud::engine::{Engine, Place};
use banto_cloud::plan::Plan;
use banto_cloud::wire::{self, Backend, ClientOptions, clients};

/// The root key of every simulated installation.
pub(super) const ROOT_KEY: [u8; 32] = [0x42; 32];
/// How long a world is watched.
const HORIZON: SignedDuration = SignedDuration::from_hours(56 * 24);
/// When faults stop: enough is left for everything to recover.
const ROUGH: SignedDuration = SignedDuration::from_hours(34 * 24);
/// More runs of handlers than any world needs, and for each of its cases, and more instants at which nothing happened.
const MAX_RUNS: u64 = 4_000;
const MAX_RUNS_EACH: u64 = 2_500;
const MAX_IDLE: u64 = 100_000;
/// A handler that hasn't ended after so many awaits never will.
const MAX_POLLS: u32 = 5_000;

/// Something that will happen.
#[derive(Debug)]
pub(super) enum Due {
    Call(Call),
    /// A request whose caller was dropped reaches its service after all.
    Late(wire::Call),
    /// The mail provider tells something.
    Told(Value),
    /// A mail arrives, by its number.
    Mail(usize),
    Errand(Errand),
    /// A template is revoked.
    Revoke(String, String),
    /// Other people work for a practice: its next version is published, the `n`th after the first.
    Staff(usize),
    /// What nobody could read is put right.
    Mended,
    /// A tick beside the schedule: the scheduler, too, calls at least once.
    Tick,
}

/// One shard of the table's stream.
#[derive(Debug)]
pub(super) struct Shard {
    pub(super) waiting: VecDeque<usize>,
    pub(super) busy: bool,
    pub(super) attempts: u32,
    pub(super) limit: usize,
    pub(super) again_at: Timestamp,
}

/// A world.
pub(super) struct World {
    pub(super) seed: u64,
    pub(super) cloud: Cloud,
    pub(super) plan: Plan,
    pub(super) inside: banto_aws::World,
    /// Without faults: for setting up and looking.
    pub(super) outside: banto_aws::World,
    pub(super) begins: Timestamp,
    agenda: BTreeMap<(Timestamp, u64), Due>,
    pub(super) running: Vec<Task>,
    pub(super) queue: Vec<Message>,
    pub(super) handing_out: usize,
    pub(super) shards: Vec<Shard>,
    pub(super) changes_seen: usize,
    pub(super) mails_seen: usize,
    pub(super) people: People,
    /// What each practice goes by today.
    pub(super) published: BTreeMap<String, Folder>,
    /// What failed for good, and is shown to people.
    pub(super) dead: Vec<String>,
    last_tick: Timestamp,
    pub(super) runs: u64,
}

/// The world's clock, by which its processes run as well: nothing in a world goes by the machine's.
#[derive(Debug)]
struct OfWorld(Arc<ManualClock>);

impl banto_aws::Clock for OfWorld {
    fn now(&self) -> Timestamp {
        self.0.now()
    }

    fn running(&self) -> std::time::Duration {
        self.0.now().duration_since(Timestamp::UNIX_EPOCH).unsigned_abs()
    }
}

/// Waits for nothing: time is the scheduler's.
#[derive(Debug)]
struct NoSleep;

impl AsyncSleep for NoSleep {
    fn sleep(&self, _: std::time::Duration) -> Sleep {
        Sleep::new(breathe())
    }
}

impl World {
    /// Opens a world of so many cases.
    pub(super) fn new(
        seed: u64,
        cases: usize,
        weather: Weather,
        sabotage: Option<Sabotage>,
        ground: &Ground,
    ) -> Result<Self, Failure> {
        let plan = &ground.plan;
        let begins: Timestamp = Rng::of(seed, &["begins"]).pick(&BEGINS).parse().map_err(Failure::set_up)?;
        let clock = Arc::new(ManualClock::new(begins));
        let engine = Engine::open(&Place::Memory, Mode::Inline).map_err(Failure::set_up)?;
        let table = plan.template.table.name.clone();
        engine.ensure_table(&table, &plan.template.table).map_err(Failure::set_up)?;
        let until = begins.saturating_add(ROUGH).map_err(Failure::set_up)?;
        let net = Net::new(
            Rng::of(seed, &["net"]),
            Faults::new(weather, (begins, until), seed),
            sabotage,
            Versions::of(seed),
        );
        let configuration_set =
            plan.template.mail_events.as_ref().map_or("", |m| m.configuration_set.as_str()).to_owned();
        let net = Arc::new(Mutex::new(net));
        let cloud = Cloud { engine, table, configuration_set, clock, net, clean: false };
        let clean = Cloud { clean: true, ..cloud.clone() };
        let (inside, outside) = (functions_world(&cloud, plan, seed), functions_world(&clean, plan, seed ^ 1));
        let mut world = Self {
            seed,
            cloud,
            plan: plan.clone(),
            inside,
            outside,
            begins,
            agenda: BTreeMap::new(),
            running: Vec::new(),
            queue: Vec::new(),
            handing_out: 0,
            shards: (0..3)
                .map(|_| Shard { waiting: VecDeque::new(), busy: false, attempts: 0, limit: 10, again_at: begins })
                .collect(),
            changes_seen: 0,
            mails_seen: 0,
            people: People::default(),
            published: BTreeMap::new(),
            dead: Vec::new(),
            last_tick: begins,
            runs: 0,
        };
        world.publish(&ground.folders)?;
        world.move_in(cases);
        world.get_into_trouble();
        Ok(world)
    }

    pub(super) fn now(&self) -> Timestamp {
        self.cloud.clock.now()
    }

    /// Draws from the scheduler's chance.
    pub(super) fn roll<T>(&self, draw: impl FnOnce(&mut Rng) -> T) -> T {
        draw(&mut self.cloud.net().rng)
    }

    /// How rough it is now.
    pub(super) fn weather(&self) -> Weather {
        self.cloud.net().faults.now(self.now())
    }

    pub(super) fn say(&self, what: impl Into<String>) {
        let now = self.now();
        self.cloud.net().log.say(now, what);
    }

    pub(super) fn breaks(&self, what: impl Into<String>) {
        let now = self.now();
        self.cloud.net().breaks(now, what);
    }

    /// Puts something on the agenda.
    pub(super) fn later(&mut self, wait: SignedDuration, due: Due) {
        let at = self.now().saturating_add(wait).unwrap_or(Timestamp::MAX);
        self.at(at, due);
    }

    pub(super) fn at(&mut self, at: Timestamp, due: Due) {
        let n = self.cloud.net().number();
        self.agenda.insert((at, n), due);
    }

    /// Moves until nothing is left to do, or the horizon.
    pub(super) fn run(&mut self) {
        let horizon = self.begins.saturating_add(HORIZON).unwrap_or(Timestamp::MAX);
        let customers = u64::try_from(self.people.scripts.len()).unwrap_or(u64::MAX);
        let max_runs = MAX_RUNS + MAX_RUNS_EACH * customers;
        let mut idle = 0;
        loop {
            self.collect();
            self.start_due();
            idle = if self.ready().is_empty() { idle + 1 } else { 0 };
            if idle > MAX_IDLE || self.runs > max_runs {
                self.breaks(format!("13: the world never gets quiet: {} runs, {idle} idle", self.runs));
                break;
            }
            if self.ready().is_empty() {
                match self.next_instant() {
                    Some(at) if at <= horizon => self.cloud.clock.set(at),
                    _ => break,
                }
            } else {
                self.step();
            }
        }
    }

    /// Runs that can go on now.
    fn ready(&self) -> Vec<usize> {
        let now = self.now();
        (0..self.running.len()).filter(|n| self.running[*n].frozen.is_none_or(|until| until <= now)).collect()
    }

    /// When the next thing happens.
    fn next_instant(&mut self) -> Option<Timestamp> {
        let agenda = self.agenda.keys().next().map(|(at, _)| *at);
        let frozen = self.running.iter().filter_map(|t| t.frozen).min();
        let shards = self.shards.iter().filter(|s| !s.busy && !s.waiting.is_empty()).map(|s| s.again_at).min();
        // Messages wait for a free hand as well.
        let hands = self.plan.template.queue_mappings.first().map_or(0, |m| m.concurrency);
        let queue = self.queue.iter().map(|m| m.visible_at).min().filter(|_| self.handing_out < hands);
        let tick = self.next_tick();
        let next = [agenda, frozen, shards, queue, tick].into_iter().flatten().min()?;
        if Some(next) == tick {
            self.last_tick = next;
            if !self.skips() {
                self.at(next, Due::Tick);
            }
        }
        // Time always moves: what is due now was started before.
        Some(next.max(self.now()))
    }

    fn skips(&self) -> bool {
        let chance = self.weather().no_tick;
        self.roll(|rng| rng.per_mille(chance))
    }

    /// The minute at which the schedule finds something due: those in between find nothing.
    fn next_tick(&self) -> Option<Timestamp> {
        let due = {
            let net = self.cloud.net();
            (net.sabotage != Some(Sabotage::NoWatchdog)).then(|| net.due.values().min().copied())??
        };
        let after_last = self.last_tick.saturating_add(SignedDuration::from_secs(1)).ok()?;
        let round = jiff::TimestampRound::new().smallest(Unit::Minute).mode(jiff::RoundMode::Ceil);
        due.max(after_last).max(self.now()).round(round).ok()
    }

    fn start_due(&mut self) {
        let now = self.now();
        while let Some(entry) = self.agenda.first_entry().filter(|e| e.key().0 <= now) {
            let due = entry.remove();
            self.start(due);
        }
        self.start_stream();
        self.start_queue();
    }

    fn start(&mut self, due: Due) {
        match due {
            Due::Call(call) => self.start_call(call),
            Due::Late(call) => self.cloud.late(&call),
            Due::Told(event) => self.route("default", &event),
            Due::Mail(n) => self.arrives(n),
            Due::Errand(errand) => self.go(errand),
            Due::Tick => self.spawn_event("wake-due", json!({ "source": "schedule" }), Purpose::Tick),
            Due::Revoke(client, template) => self.revoke(&client, &template),
            Due::Staff(n) => self.staff_changes(n),
            Due::Mended => self.mended(),
        }
    }

    /// Starts a run of a function that takes events.
    pub(super) fn spawn_event(&mut self, function: &str, event: Value, purpose: Purpose) {
        let Some(Handler::Event(handle)) = self.plan.function(function).map(|f| f.handler.clone()) else {
            self.breaks(format!("set-up: there is no function {function}"));
            return;
        };
        let work = Work::Event(handle(self.inside.clone(), event));
        self.spawn(function.to_owned(), work, purpose, false);
    }

    pub(super) fn spawn(&mut self, label: String, work: Work, purpose: Purpose, read_only: bool) {
        let weather = self.weather();
        let id = self.cloud.net().number();
        let doom = self.roll(|rng| rng.per_mille(weather.drop).then(|| u32::try_from(rng.below(16)).unwrap_or(0)));
        self.runs += 1;
        self.running.push(Task { id, label, work, purpose, doom, polls: 0, frozen: None, read_only });
    }

    /// Lets one run go on to its next await.
    fn step(&mut self) {
        let ready = self.ready();
        let n = ready[self.roll(|rng| rng.index(ready.len()))];
        let now = self.now();
        let weather = self.weather();
        if weather.request > 0 && self.roll(|rng| rng.per_mille(5)) {
            let hold_up = self.roll(|rng| rng.between(1, 25));
            self.running[n].frozen = now.saturating_add(SignedDuration::from_secs(hold_up)).ok();
            return;
        }
        let task = &mut self.running[n];
        task.frozen = None;
        {
            let mut net = self.cloud.net();
            let over = self.begins.saturating_add(ROUGH).is_ok_and(|until| until <= now);
            (net.task, net.read_only) = (task.id, task.read_only);
            net.newer = net.versions.is_newer(task.id, over);
        }
        let ended = task.poll();
        let endless = task.polls > MAX_POLLS;
        self.cloud.net().read_only = false;
        if let Some(ended) = ended {
            let task = self.running.swap_remove(n);
            self.ended(task, ended);
        } else if endless {
            let task = self.running.swap_remove(n);
            self.breaks(format!("{} never ends", task.label));
        }
    }

    fn ended(&mut self, task: Task, ended: Ended) {
        let Task { id, label, purpose, work, .. } = task;
        drop(work);
        match &ended {
            Ended::Dropped => {
                self.say(format!("⚡ {label} is dropped"));
                self.cloud.net().count("handler dropped");
                self.leave_orphans(id);
            }
            Ended::Failed(error) => {
                self.say(format!("{label} failed: {error}"));
                if error.starts_with("bug:") {
                    self.breaks(format!("1: {label}: {error}"));
                }
            }
            Ended::Answered(_) | Ended::Replied(_) => {}
        }
        self.follow(purpose, ended);
    }

    /// Requests of a dropped handler that were under way: some are carried out after all, some never.
    fn leave_orphans(&mut self, task: u64) {
        for call in self.cloud.orphans(task) {
            if self.roll(|rng| rng.per_mille(500)) {
                let wait = self.roll(|rng| SignedDuration::from_millis(rng.between(0, 20_000)));
                self.later(wait, Due::Late(call));
            }
        }
    }
}

fn functions_world(cloud: &Cloud, plan: &Plan, seed: u64) -> banto_aws::World {
    let backend: Arc<dyn Backend> = Arc::new(cloud.clone());
    let options = ClientOptions { sleep: SharedAsyncSleep::new(NoSleep), attempts: 3 };
    let undelivered = plan.template.variable(&plan.template.stream.function, "BANTO_UNDELIVERED_QUEUE_URL");
    let settings = Settings {
        table: plan.template.table.name.clone(),
        bus: plan.template.bus.clone(),
        public_url: "https://banto.example".to_owned(),
        undelivered_queue_url: undelivered.unwrap_or_default().to_owned(),
        stripe_url: banto_aws::refunds::STRIPE.to_owned(),
        configuration_set: Some(cloud.configuration_set.clone()),
        keys: Keys::new(ROOT_KEY),
    };
    let clock = Arc::new(OfWorld(Arc::clone(&cloud.clock)));
    banto_aws::World::new(clients(&backend, &options), settings, clock, Arc::new(SeededEntropy::new(seed)))
}
