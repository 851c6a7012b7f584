//! The practice with side flows: what its customers write about their cases, and what its people do with their mail. Two of
//! a group answer at the same instant, some by a link that is theirs no more, some never; and mails to them bounce.

use banto_aws::{Reply, Request};
use banto_domain::state::WAIT_END;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::Sabotage;
use super::forms;
use super::practice::MINATO;
use super::provider::{Accepted, Fate};
use super::rng::Rng;
use super::visit::{Errand, Reader};
use super::world::{Due, World};

/// How many minutes a request may be under way.
const UNDER_WAY: i64 = 10;

/// The zone of the practice.
fn tokyo() -> TimeZone {
    TimeZone::fixed(jiff::tz::offset(9))
}

/// Which case somebody writes about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Number {
    /// Their own, open or not.
    Own,
    /// One that there isn't.
    Wrong,
}

/// What somebody writes about a case that there is.
#[derive(Debug, Clone)]
pub(super) struct About {
    script: usize,
    form: &'static str,
    number: Number,
    /// Tells what the same person writes from one another.
    nth: u32,
    /// At the very instant at which a wait of the case ends.
    as_it_ends: bool,
    attempt: u32,
}

impl std::fmt::Display for About {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "customer {} sends the form {} ({:?}, {})", self.script, self.form, self.number, self.nth)
    }
}

impl About {
    fn new(script: usize, form: &'static str, nth: u32) -> Self {
        Self { script, form, number: Number::Own, nth, as_it_ends: false, attempt: 0 }
    }

    /// For the count of moves.
    pub(super) fn what(&self) -> String {
        match self.number {
            Number::Own => format!("a customer sends the form {}", self.form),
            Number::Wrong => "a customer writes a wrong number".to_owned(),
        }
    }
}

fn hours(rng: &mut Rng, from: i64, to: i64) -> SignedDuration {
    SignedDuration::from_mins(rng.between(from * 60, to * 60))
}

impl World {
    /// A customer who submits then will write about it, in some ways.
    pub(super) fn goes_on_about(&mut self, n: usize, submits: Timestamp) {
        let mut rng = Rng::of(self.seed, &["about", &n.to_string()]);
        let mut wanted: Vec<(SignedDuration, About)> = Vec::new();
        for nth in 0..2 {
            // Some come when all is over.
            let last = if rng.per_mille(200) { 1_000 } else { 400 };
            if rng.per_mille(600) {
                let number = if rng.per_mille(120) { Number::Wrong } else { Number::Own };
                wanted.push((hours(&mut rng, 2, last), About { number, ..About::new(n, "complain", nth) }));
            }
            if rng.per_mille(250) {
                wanted.push((hours(&mut rng, 20, last), About::new(n, "dispute", 10 + nth)));
            }
            if rng.per_mille(350) {
                let as_it_ends = rng.per_mille(700);
                wanted.push((hours(&mut rng, 2, last), About { as_it_ends, ..About::new(n, "more", 20 + nth) }));
            }
        }
        // Without a brake the check for it must have something to see.
        let tempted = self.cloud.net().sabotage == Some(Sabotage::NoBrake);
        if rng.per_mille(60) || tempted {
            let begins = hours(&mut rng, 2, 200);
            wanted.push((begins, About::new(n, "pester", 30)));
            wanted.push((begins + hours(&mut rng, 30, 90), About::new(n, "more", 31)));
        }
        if rng.per_mille(20) {
            let begins = hours(&mut rng, 2, 200);
            let every = rng.between(1, 40);
            wanted.extend(
                (0..70_u32).map(|k| {
                    (begins + SignedDuration::from_mins(every * i64::from(k)), About::new(n, "more", 100 + k))
                }),
            );
        }
        for (wait, about) in wanted {
            // A case that its number doesn't reach is one more, and so is one whose first is closed.
            self.people.unclear += 1;
            let at = submits.saturating_add(wait).unwrap_or_default();
            self.at(at, Due::Errand(Errand::About(about)));
        }
    }

    /// What is sent; nothing when its case isn't known, or it is put off until a wait ends.
    pub(super) fn about(&mut self, about: &About) -> Option<Request> {
        let number = match about.number {
            Number::Wrong => {
                ["ZZZZZZZZZZZZ", "12-34", "消えた番号"][usize::try_from(about.nth % 3).unwrap_or(0)].to_owned()
            }
            Number::Own => self.people.cases.get(&about.script)?.clone(),
        };
        if about.as_it_ends
            && let Some(wait) = self.until_a_wait_ends(&number)
        {
            self.later(wait, Due::Errand(Errand::About(About { as_it_ends: false, ..about.clone() })));
            return None;
        }
        let n = self.cloud.net().number();
        let script = &self.people.scripts[about.script];
        let mut rng = Rng::of(self.seed, &["says", &about.script.to_string(), &about.nth.to_string()]);
        let words = if rng.per_mille(30) { "もう消 えたい" } else { "お願いがございます" };
        Some(forms::about(about.form, &number, script, &format!("{words} {}", about.nth), (self.now(), n)))
    }

    /// Until the minute at which a wait of the case will be found to be over, give or take a second.
    fn until_a_wait_ends(&self, case: &str) -> Option<SignedDuration> {
        let snapshot = self.snapshot(&format!("CASE#{MINATO}#{case}"))?;
        let ends = snapshot.timers.values().filter(|t| t.name == WAIT_END && t.at > self.now()).map(|t| t.at).min()?;
        let to_the_minute = SignedDuration::from_secs(60 - ends.as_second().rem_euclid(60));
        let jitter = self.roll(|rng| SignedDuration::from_millis(rng.between(-1_500, 1_500)));
        Some(ends.duration_since(self.now()) + to_the_minute + jitter)
    }

    /// What follows: whoever hears nothing sends it again.
    pub(super) fn said_about(&mut self, about: About, reply: Option<&Reply>) {
        let status = reply.map(|r| r.status().as_u16());
        match status {
            Some(202) => {
                let body: serde_json::Value =
                    reply.and_then(|r| serde_json::from_slice(r.body()).ok()).unwrap_or_default();
                let case = body["case"].as_str().unwrap_or_default().to_owned();
                if self.people.cases.get(&about.script) == Some(&case) {
                    self.people.count("a form reached its case");
                }
                self.came_where_it_came(&about, case);
                // A provider may tell it twice, and people press twice.
                if about.attempt == 0 && self.roll(|rng| rng.per_mille(150)) {
                    let wait = self.roll(|rng| SignedDuration::from_mins(rng.between(0, 300)));
                    self.later(wait, Due::Errand(Errand::About(About { attempt: 9, ..about })));
                }
            }
            Some(status) if status < 500 => self.breaks(format!("1: {about} was answered {status}")),
            _ if about.attempt < 6 => {
                let wait = SignedDuration::from_secs(self.roll(|rng| rng.between(20, 400)));
                self.later(wait, Due::Errand(Errand::About(About { attempt: about.attempt + 1, ..about })));
            }
            _ => {}
        }
    }

    /// What comes again belongs where it came before. Without a provider's id, only the day tells a second click from a
    /// second letter; what was under way at midnight may be of either.
    fn came_where_it_came(&mut self, about: &About, case: String) {
        let before = |minutes| self.now().saturating_sub(SignedDuration::from_mins(minutes)).unwrap_or_default();
        let day = |at: Timestamp| (about.form != "dispute").then(|| at.to_zoned(tokyo()).date());
        if day(self.now()) != day(before(UNDER_WAY)) {
            return;
        }
        let of = (about.script, about.nth, day(self.now()));
        let known = self.people.reached.entry(of).or_insert_with(|| case.clone()).clone();
        if known != case {
            self.breaks(format!("2: what reached case {known} reached {case} when it came again: {about}"));
        }
    }

    /// What becomes of a mail to somebody of the practice.
    pub(super) fn staff_fate(&self, mail: &Accepted) -> Fate {
        let mut rng = Rng::of(self.seed, &["fate", mail.tag("intent")]);
        match rng.below(100) {
            0..=3 => Fate::Permanent,
            4..=5 => Fate::Transient,
            6..=7 => Fate::Complaint,
            _ => Fate::Delivered,
        }
    }

    /// Somebody has a link of their own.
    pub(super) fn staff_reads(&mut self, case: &str, token: &str, nth: u32, round: usize) {
        let ask = token.split('.').nth(2).unwrap_or_default().to_owned();
        let mut rng = Rng::of(self.seed, &["staff", token, &nth.to_string()]);
        let together = Rng::of(self.seed, &["together", &ask]).per_mille(350);
        let (wait, pressed) = match rng.below(20) {
            // At the same instant as the others, on the half hour.
            _ if together => {
                let left = 1_800 - self.now().as_second().rem_euclid(1_800);
                (SignedDuration::from_secs(left), 1)
            }
            0..=1 => return self.people.count("somebody of a group never looks"),
            // By a link that may be theirs no more.
            2..=4 => (hours(&mut rng, 60, 300), 0),
            5..=7 => (hours(&mut rng, 5, 40), 0),
            8 => (self.until_its_timer(token, &mut rng), 0),
            _ => (SignedDuration::from_mins(rng.between(2, 200)), 0),
        };
        self.people.untidy.insert(case.to_owned());
        self.later(wait, Due::Errand(Errand::open(token, Reader::Staff, pressed, round)));
    }

    /// Whether and when other people will work for the practice.
    pub(super) fn staff_moves(&mut self) {
        let mut rng = Rng::of(self.seed, &["staff moves"]);
        for n in 0..2 {
            if rng.per_mille(600) {
                let wait = hours(&mut rng, 24 * (3 + 20 * n), 24 * (20 + 25 * n));
                let at = self.begins.saturating_add(wait).unwrap_or_default();
                self.at(at, Due::Staff(usize::try_from(n).unwrap_or(0)));
            }
        }
    }
}
