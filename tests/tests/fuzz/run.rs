//! Tries one way in for as long as it is told to, and tells all that it found: each with its input in a file.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use proptest::strategy::{Strategy as _, ValueTree as _};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

use super::heard;
use super::mutate::recipes;

/// A way in.
pub(crate) trait Way: Sized {
    /// The name of its corpus.
    const NAME: &'static str;
    /// What is odd for it, beside what is odd everywhere.
    const ODD: &'static [&'static str];
    /// The most changes of one seed.
    const CHANGES: usize;
    /// A house of its own sees so many inputs.
    const ROUND: usize;
    /// Seeds beside its corpus.
    fn seeds() -> Vec<Vec<u8>> {
        Vec::new()
    }
    /// With a fresh house.
    async fn open() -> Self;
    /// Plays one input; what broke a promise.
    async fn play(&mut self, input: &[u8]) -> Result<(), String>;
    /// What became of the house in the end.
    async fn close(self) -> Result<(), String>;
}

/// So many finds of different kinds end a run.
const MOST: usize = 12;

/// What was found so far.
struct Finds {
    name: &'static str,
    kinds: BTreeSet<String>,
    told: Vec<String>,
}

impl Finds {
    fn of(name: &'static str) -> Self {
        Self { name, kinds: BTreeSet::new(), told: Vec::new() }
    }

    /// Two finds are of one kind when they differ in numbers alone.
    fn is_new(&mut self, why: &str) -> bool {
        let kind = why.lines().next().unwrap_or_default().chars().filter(|c| !c.is_ascii_digit()).take(90).collect();
        self.kinds.insert(kind)
    }

    fn tell(&mut self, why: &str, inputs: &[Vec<u8>]) {
        let at = place(&format!("{}-{}", self.name, self.told.len() + 1));
        let path =
            |n: usize| if inputs.len() == 1 { at.clone() } else { PathBuf::from(format!("{}.{n}", at.display())) };
        for (n, input) in inputs.iter().enumerate() {
            std::fs::write(path(n), input).expect("written");
        }
        println!("FOUND in {}: {why}\n  {} input(s): {}", self.name, inputs.len(), path(0).display());
        self.told.push(why.to_owned());
    }
}

fn place(name: &str) -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("fuzz-{name}"))
}

/// The seeds, by name.
fn corpus(name: &str) -> Vec<(String, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz/corpus").join(name);
    let files = std::fs::read_dir(&folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display()));
    let read = |file: std::io::Result<std::fs::DirEntry>| {
        let path = file.expect("a seed").path();
        (path.display().to_string(), std::fs::read(&path).expect("a seed"))
    };
    let mut all: Vec<_> = files.map(read).collect();
    all.sort();
    all
}

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|said| said.parse().unwrap_or_else(|_| panic!("{name} is a number")))
}

/// Plays the seeds: what was found once is looked at each time.
async fn sow<W: Way>(finds: &mut Finds) -> Vec<Vec<u8>> {
    let mut seeds = Vec::new();
    let mut way = W::open().await;
    for (path, content) in corpus(W::NAME) {
        if let Err(why) = way.play(&content).await {
            finds.is_new(&why);
            finds.tell(&format!("{path}: {why}"), std::slice::from_ref(&content));
        }
        seeds.push(content);
    }
    if let Err(why) = way.close().await {
        finds.is_new(&why);
        finds.tell(&format!("after the seeds: {why}"), &seeds);
    }
    seeds
}

/// Runs a way.
pub(crate) async fn run<W: Way>() {
    heard::listen();
    if let Ok(path) = std::env::var("BANTO_FUZZ_INPUT") {
        return one::<W>(Path::new(&path)).await;
    }
    let seconds = number("BANTO_FUZZ_SECONDS").unwrap_or(20);
    let seed = number("BANTO_SEED").unwrap_or_else(|| jiff::Timestamp::now().as_second().unsigned_abs());
    println!("{}: {seconds} s, BANTO_SEED={seed}", W::NAME);
    let mut finds = Finds::of(W::NAME);
    let mut seeds = sow::<W>(&mut finds).await;
    let began = Instant::now();
    let (played, mut bytes) = (seeds.len(), [0; 32]);
    seeds.extend(W::seeds());
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    let mut runner = TestRunner::new_with_rng(Config::default(), TestRng::from_seed(RngAlgorithm::ChaCha, &bytes));
    let (mut inputs, mut houses) = (played, 1);
    while began.elapsed() < Duration::from_secs(seconds) && finds.told.len() < MOST {
        inputs += round::<W>(&mut runner, &seeds, &mut finds, began + Duration::from_secs(seconds)).await;
        houses += 1;
    }
    println!(
        "{}: {inputs} inputs in {houses} houses, {} s, {} found",
        W::NAME,
        began.elapsed().as_secs(),
        finds.told.len()
    );
    assert!(finds.told.is_empty(), "{:#?}", finds.told);
}

/// One house, and what it saw.
async fn round<W: Way>(runner: &mut TestRunner, seeds: &[Vec<u8>], finds: &mut Finds, until: Instant) -> usize {
    let mut way = W::open().await;
    let mut seen = Vec::new();
    while seen.len() < W::ROUND && Instant::now() < until {
        let mut tree = recipes(W::ODD, W::CHANGES).new_tree(runner).expect("a recipe");
        let input = tree.current().make(seeds);
        // What ends the whole process is in `fuzz-WAY-last`.
        std::fs::write(place(&format!("{}-last", W::NAME)), &input).expect("written");
        let came = way.play(&input).await;
        seen.push(input);
        let Err(mut why) = came else { continue };
        if !finds.is_new(&why) {
            continue;
        }
        // The smallest that breaks it as well, in a house of its own.
        let (mut least, began) = (seen.pop().unwrap_or_default(), Instant::now());
        let mut smaller = tree.simplify();
        while smaller && began.elapsed() < Duration::from_secs(20) {
            let input = tree.current().make(seeds);
            smaller = match W::open().await.play(&input).await {
                Err(same) => {
                    (least, why) = (input, same);
                    tree.simplify()
                }
                Ok(()) => tree.complicate(),
            };
        }
        finds.tell(&why, &[least]);
        break;
    }
    let count = seen.len();
    if let Err(why) = way.close().await
        && finds.is_new(&why)
    {
        finds.tell(&why, &alone::<W>(&seen).await.map_or(seen, |one| vec![one]));
    }
    count
}

/// The input that alone leaves a house in disorder.
async fn alone<W: Way>(seen: &[Vec<u8>]) -> Option<Vec<u8>> {
    let began = Instant::now();
    for input in seen {
        if began.elapsed() > Duration::from_secs(60) {
            break;
        }
        let mut way = W::open().await;
        if way.play(input).await.is_err() || way.close().await.is_err() {
            return Some(input.clone());
        }
    }
    None
}

/// Plays one input, and prints what the house said of it.
async fn one<W: Way>(path: &Path) {
    let mut way = W::open().await;
    let came = way.play(&std::fs::read(path).expect("an input")).await;
    let closed = way.close().await;
    println!("{}\n{came:?} {closed:?}", heard::take());
    assert_eq!((came, closed), (Ok(()), Ok(())));
}
