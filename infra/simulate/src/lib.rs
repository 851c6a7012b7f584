//! The simulator: the real handlers over the real SDK clients and the embedded engine, a clock that jumps, and a
//! scheduler with a seed that lets go wrong whatever can. After every run the promises are checked from outside: from
//! the items in the table, the mail provider's own log and the HTTP answers, never by asking a handler.
//!
//! ```text
//! world, task, deliver   one small world: time, order, handlers dropped and raced; stream, bus, queue
//! cloud, provider        the four services, with faults; what the mail provider accepted; refusals: how they say no
//! faults, torn, rng      what goes wrong, reads between two transactions, and the dice
//! versions               two versions at once
//! seasons                when a world begins, and how much time its coaches have
//! people, forms          customers as scripts, and their submissions
//! trouble                a practice none of whose cases can be read
//! practice, staff        a practice with side flows, whose people come and go; what they do with their mail
//! publish                what practices go by, when it changes
//! reading, visit, fill   customers, coaches and operators with their mail, at pages, filling them in
//! payments               payers, and what their providers tell of it
//! check                  the promises
//! transcript, sabotage   what happened, as text; ways to break Banto on purpose, so that checks can fail
//! ```

mod check;
mod cloud;
mod deliver;
mod faults;
mod fill;
mod forms;
mod logs;
mod payments;
mod people;
mod practice;
mod provider;
mod publish;
mod reading;
mod refusals;
mod requests;
mod rng;
mod sabotage;
mod seasons;
mod staff;
mod task;
mod till;
mod torn;
mod transcript;
mod trouble;
mod versions;
mod visit;
mod world;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use banto_cloud::plan::Plan;
use banto_cloud::template::Template;
use banto_domain::StoredCommit;

use self::check::{Story, Verdict};
use self::faults::Weather;
use self::rng::Rng;
use self::world::World;

pub use self::sabotage::Sabotage;

/// What to simulate.
#[derive(Debug, Clone, Copy, Default)]
pub struct Options {
    /// How many cases in all.
    pub cases: usize,
    /// Where all chance comes from.
    pub seed: u64,
    /// Only this world, as a report named it, of at most so many cases.
    pub world_seed: Option<u64>,
    /// Nothing goes wrong.
    pub fair: bool,
    /// Something is broken on purpose.
    pub sabotage: Option<Sabotage>,
    /// Keeps the transcripts of worlds that went well.
    pub transcript: bool,
    /// Keeps the journals, as they are stored.
    pub journals: bool,
}

/// What all worlds stand on, read once.
struct Ground {
    plan: Plan,
    folders: Vec<banto_playbooks::Folder>,
}

/// Why nothing could be simulated.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// A world could not be opened: our bug.
    #[error("the simulator could not open a world: {0}")]
    SetUp(String),
}

impl Failure {
    fn set_up(error: impl std::fmt::Display) -> Self {
        Self::SetUp(error.to_string())
    }
}

/// A world in which a promise was broken.
#[derive(Debug, Clone)]
pub struct BrokenWorld {
    /// Its seed, to run it again.
    pub seed: u64,
    /// Which promises, and how.
    pub broken: Vec<String>,
    /// What happened.
    pub transcript: String,
}

/// What came of a simulation.
#[derive(Debug, Clone, Default)]
pub struct Report {
    /// Worlds.
    pub worlds: usize,
    /// Cases in the table at the end.
    pub cases: usize,
    /// Runs of handlers.
    pub runs: u64,
    /// Requests to the four services.
    pub requests: u64,
    /// Mails accepted by the provider.
    pub mails: u64,
    /// Dead letters.
    pub dead: u64,
    /// Cases that were still open at the end.
    pub open: usize,
    /// Faults by kind.
    pub faults: BTreeMap<String, u64>,
    /// Checks by promise.
    pub checks: BTreeMap<&'static str, u64>,
    /// Cases by how they ended.
    pub outcomes: BTreeMap<String, u64>,
    /// What people did.
    pub moves: BTreeMap<String, u64>,
    /// What came of it, by the journals: entries by type.
    pub entries: BTreeMap<String, u64>,
    /// HTTP answers by status.
    pub statuses: BTreeMap<u16, u64>,
    /// Worlds in which a promise was broken.
    pub broken: Vec<BrokenWorld>,
    /// What happened, if it was asked for.
    pub transcripts: Vec<String>,
    /// The journal of each case, if they were asked for.
    pub journals: Vec<Vec<StoredCommit>>,
    /// The slowest world, and how long it took.
    pub slowest: Option<(u64, Duration)>,
    /// In all.
    pub took: Duration,
    /// A fingerprint of all transcripts: the same seed gives the same.
    pub fingerprint: u64,
}

/// Cases in one world.
const PER_WORLD: usize = 16;

/// Runs a simulation. Every third world with faults has a twin without: the stories must be the same.
///
/// # Errors
/// When a world can't be opened.
pub fn run(options: &Options) -> Result<Report, Failure> {
    let begun = Instant::now();
    let template = Template::built_in().map_err(Failure::set_up)?;
    let plan = Plan::new(template, banto_cloud::registry::functions()).map_err(Failure::set_up)?;
    let folders = banto_playbooks::ready_made().map_err(|p| Failure::SetUp(format!("{p:?}")))?;
    let ground = Ground { plan, folders: folders.into_iter().chain([practice::folder()?]).collect() };
    let worlds = worlds(options);
    let (next, lived) = (AtomicUsize::new(0), Mutex::new(BTreeMap::new()));
    // Threads of their own: within a task of tokio's, what the SDK clients wait on would count against that task's
    // budget, and be held up once it is spent.
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, usize::from).min(worlds.len()) {
            scope.spawn(|| {
                while let Some((seed, cases)) = worlds.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let world = one_world(options, *seed, *cases, &ground);
                    lived.lock().unwrap_or_else(PoisonError::into_inner).insert(*seed, world);
                }
            });
        }
    });
    let mut lived = lived.into_inner().unwrap_or_else(PoisonError::into_inner);
    let mut report = Report::default();
    // In the order of the seeds' numbers, whichever was done first.
    for (seed, _) in &worlds {
        let world = lived.remove(seed).ok_or_else(|| Failure::SetUp(format!("world {seed} was not lived")))?;
        report.add(world?);
    }
    report.took = begun.elapsed();
    Ok(report)
}

/// The seed and the size of each world.
fn worlds(options: &Options) -> Vec<(u64, usize)> {
    if let Some(seed) = options.world_seed {
        return vec![(seed, options.cases.clamp(1, PER_WORLD))];
    }
    let seed = |n: usize| Rng::of(options.seed, &["world", &n.to_string()]).next();
    let size = |n: usize| (options.cases - n * PER_WORLD).min(PER_WORLD);
    (0..options.cases.div_ceil(PER_WORLD)).map(|n| (seed(n), size(n))).collect()
}

fn one_world(options: &Options, seed: u64, cases: usize, ground: &Ground) -> Result<Report, Failure> {
    let begun = Instant::now();
    let weather = if options.fair { Weather::default() } else { Weather::of(seed) };
    let (mut world, verdict) = live(seed, cases, weather, options.sabotage, ground)?;
    let mut broken = std::mem::take(&mut world.cloud.net().broken);
    broken.extend(verdict.broken.iter().cloned());
    let mut report = Report::of(&mut world, &verdict);
    let has_twin = options.world_seed.is_some() || seed.is_multiple_of(3);
    if has_twin && !options.fair && options.sabotage.is_none() {
        let (_, twin) = live(seed, cases, Weather::default(), None, ground)?;
        broken.extend(twin.broken.iter().map(|b| format!("without faults: {b}")));
        let compared = check::same_stories(&verdict.stories, &twin.stories, &mut broken);
        *report.checks.entry("2 same story as without faults").or_default() += compared;
    }
    let text = world.cloud.net().log.text();
    report.fingerprint = Rng::of(0, &[&text]).next();
    if options.transcript {
        report.transcripts.push(text.clone());
    }
    if options.journals {
        report.journals = check::journals(&world).map_err(Failure::SetUp)?;
    }
    if !broken.is_empty() {
        report.broken.push(BrokenWorld { seed, broken, transcript: text });
    }
    report.slowest = Some((seed, begun.elapsed()));
    Ok(report)
}

/// Lives one world to its end, and judges it.
fn live(
    seed: u64,
    cases: usize,
    weather: Weather,
    sabotage: Option<Sabotage>,
    ground: &Ground,
) -> Result<(World, Verdict), Failure> {
    let (logs, world) = logs::captured(|| {
        let mut world = World::new(seed, cases, weather, sabotage, ground)?;
        world.run();
        Ok::<_, Failure>(world)
    });
    let world = world?;
    let verdict = check::all(&world, &logs);
    Ok((world, verdict))
}

impl Report {
    /// What came of one world.
    fn of(world: &mut World, verdict: &Verdict) -> Self {
        let mut outcomes = BTreeMap::new();
        for Story { flow, outcome, .. } in verdict.stories.values() {
            *outcomes.entry(format!("{flow}: {}", outcome.as_deref().unwrap_or("still open"))).or_default() += 1;
        }
        let moves = std::mem::take(&mut world.people.moves);
        let net = world.cloud.net();
        Self {
            worlds: 1,
            cases: verdict.stories.len(),
            runs: world.runs,
            requests: net.requests,
            mails: net.accepted.len() as u64,
            dead: world.dead.len() as u64,
            open: verdict.open,
            faults: net.tally.iter().map(|(kind, count)| (kind.clone(), *count)).collect(),
            checks: verdict.counts.iter().map(|(check, count)| (*check, *count)).collect(),
            outcomes,
            moves,
            entries: verdict.entries.clone(),
            statuses: world.people.statuses.iter().map(|(status, count)| (*status, *count)).collect(),
            ..Self::default()
        }
    }

    fn add(&mut self, other: Self) {
        fn sum<K: Ord>(into: &mut BTreeMap<K, u64>, from: BTreeMap<K, u64>) {
            from.into_iter().for_each(|(key, count)| *into.entry(key).or_default() += count);
        }
        self.worlds += other.worlds;
        self.cases += other.cases;
        self.runs += other.runs;
        self.requests += other.requests;
        self.mails += other.mails;
        self.dead += other.dead;
        self.open += other.open;
        sum(&mut self.faults, other.faults);
        sum(&mut self.checks, other.checks);
        sum(&mut self.outcomes, other.outcomes);
        sum(&mut self.moves, other.moves);
        sum(&mut self.entries, other.entries);
        sum(&mut self.statuses, other.statuses);
        self.broken.extend(other.broken);
        self.transcripts.extend(other.transcripts);
        self.journals.extend(other.journals);
        self.slowest = self.slowest.into_iter().chain(other.slowest).max_by_key(|(_, took)| *took);
        self.fingerprint = Rng::of(self.fingerprint, &[&other.fingerprint.to_string()]).next();
    }
}

impl std::fmt::Display for Report {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let list = |f: &mut std::fmt::Formatter<'_>,
                    title: &str,
                    rows: &mut dyn Iterator<Item = (String, u64)>|
         -> std::fmt::Result {
            writeln!(f, "{title}")?;
            for (name, count) in rows {
                writeln!(f, "  {count:>8}  {name}")?;
            }
            Ok(())
        };
        self.transcripts.iter().try_for_each(|t| writeln!(f, "{t}"))?;
        for world in &self.broken {
            writeln!(f, "world {}: {} promises broken", world.seed, world.broken.len())?;
            writeln!(f, "{}", world.transcript)?;
            world.broken.iter().try_for_each(|b| writeln!(f, "✗ {b}"))?;
            writeln!(f, "again: banto simulate --world-seed {}\n", world.seed)?;
        }
        let runs = format!("{} runs of handlers, {} requests, {} mails", self.runs, self.requests, self.mails);
        writeln!(f, "{} worlds, {} cases, {runs}, {} dead letters", self.worlds, self.cases, self.dead)?;
        list(f, "faults", &mut self.faults.iter().map(|(k, v)| (k.clone(), *v)))?;
        list(f, "moves", &mut self.moves.iter().map(|(k, v)| (k.clone(), *v)))?;
        list(f, "entries of the journals", &mut self.entries.iter().map(|(k, v)| (k.clone(), *v)))?;
        list(f, "checks", &mut self.checks.iter().map(|(k, v)| ((*k).to_owned(), *v)))?;
        list(f, "cases by how they ended", &mut self.outcomes.iter().map(|(k, v)| (k.clone(), *v)))?;
        list(f, "HTTP answers", &mut self.statuses.iter().map(|(k, v)| (k.to_string(), *v)))?;
        if let Some((seed, took)) = self.slowest {
            writeln!(f, "slowest world {seed}: {took:.1?}")?;
        }
        writeln!(f, "took {:.1?}, fingerprint {:016x}", self.took, self.fingerprint)?;
        let worlds = self.broken.len();
        write!(
            f,
            "{}",
            if worlds == 0 { "every promise kept".to_owned() } else { format!("promises broken in {worlds} worlds") }
        )
    }
}
