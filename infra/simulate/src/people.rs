//! The people of a world as seeded scripts: what customers submit and what they are like. Every decision hangs on the seed and on what it is about, never on the order of events, so that a run with
//! faults and one without meet the same people.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};

use super::payments::Deal;
use super::practice::{MINATO, Rosters};
use super::provider::Fate;
use super::rng::Rng;
use super::visit::Errand;
use super::world::{Due, World};

/// How every customer's marker begins: it stands in each of their personal values, and nowhere else.
pub(super) const MARK: &str = "uliou";
/// Letters and digits after [`MARK`].
const MARK_LENGTH: usize = 8;

/// The form that is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Channel {
    /// `yamada/inquiry`, a plain form in Japanese: with a free trial.
    Plain,
    /// `yamada/inquiry-en`.
    PlainEnglish,
    /// `yamada/typeform`, signed.
    Typeform,
    /// `yamada/session`: without a trial.
    Session,
    /// `yamada/session-en`.
    SessionEnglish,
    /// `yamada/seminar`.
    Seminar,
    /// `yamada/seminar-en`.
    SeminarEnglish,
    /// `harbor/inquiry`.
    HarborPlain,
    /// `harbor/website`, signed by Standard Webhooks.
    Website,
    /// `minato/inquiry`: with side flows.
    Minato,
}

impl Channel {
    pub(super) fn route(self) -> (&'static str, &'static str) {
        match self {
            Self::Plain => ("yamada", "inquiry"),
            Self::PlainEnglish => ("yamada", "inquiry-en"),
            Self::Typeform => ("yamada", "typeform"),
            Self::Session => ("yamada", "session"),
            Self::SessionEnglish => ("yamada", "session-en"),
            Self::Seminar => ("yamada", "seminar"),
            Self::SeminarEnglish => ("yamada", "seminar-en"),
            Self::HarborPlain => ("harbor", "inquiry"),
            Self::Website => ("harbor", "website"),
            Self::Minato => (MINATO, "inquiry"),
        }
    }

    /// The flow that its cases take.
    pub(super) fn flow(self) -> &'static str {
        match self {
            Self::Session | Self::SessionEnglish => "session",
            Self::Seminar | Self::SeminarEnglish => "seminar",
            Self::Minato => "care",
            _ => "inquiry",
        }
    }

    pub(super) fn is_signed(self) -> bool {
        matches!(self, Self::Typeform | Self::Website)
    }

    pub(super) fn is_english(self) -> bool {
        matches!(self.route(), ("harbor", _) | (_, "inquiry-en" | "session-en" | "seminar-en"))
    }
}

/// What an inquiry is like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Complete,
    Partly,
    OutOfScope,
    Unsure,
    Emergency,
    /// Signed, but not to be understood.
    Unreadable,
    /// Signed, and only one field of it not to be understood.
    PartlyUnreadable,
}

impl Kind {
    fn is_readable(self) -> bool {
        !matches!(self, Self::Unreadable | Self::PartlyUnreadable)
    }
}

/// When a customer follows a link.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Conduct {
    Promptly,
    NextDay,
    AfterReminder,
    /// At the very instant at which one of the ask's timers fires.
    AtTimer,
    /// After the deadline.
    Late,
    Never,
}

/// Which of the slots that are offered a customer likes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Taste {
    /// The first that is free, as most do: that is where they meet.
    Earliest,
    /// Any.
    Any,
    /// One that the page says is taken, at first.
    Taken,
    /// None fits, the first time.
    NoneFits,
}

/// One customer.
#[derive(Debug, Clone)]
pub(super) struct Script {
    pub(super) channel: Channel,
    pub(super) kind: Kind,
    /// Somebody who writes twice has the same in both.
    pub(super) marker: String,
    /// The provider's id of the submission.
    pub(super) submission: String,
    /// What is submitted.
    pub(super) values: BTreeMap<&'static str, String>,
    pub(super) conduct: Conduct,
    pub(super) taste: Taste,
    /// Chooses a slot at the stroke of the hour, as others do.
    pub(super) on_the_hour: bool,
    /// Somebody else pays.
    pub(super) other_pays: bool,
    /// The field in which an emergency word will stand.
    pub(super) outcry: Option<&'static str>,
    /// Writes a second time, by another case.
    pub(super) returns: bool,
    pub(super) nonsense_first: bool,
    pub(super) twice: bool,
    pub(super) fate: Fate,
    pub(super) double_click: bool,
    /// One of many who want the same at the same instant.
    pub(super) crowd: bool,
}

impl Script {
    /// Whether nothing it does is near a deadline.
    pub(super) fn is_calm(&self) -> bool {
        let in_time = !matches!(self.conduct, Conduct::AtTimer | Conduct::Late) && self.fate == Fate::Delivered;
        in_time && self.outcry.is_none() && !self.returns && self.kind != Kind::Emergency && !self.crowd
    }
}

/// All people, and what is known of them from outside.
#[derive(Debug, Default)]
pub(super) struct People {
    pub(super) scripts: Vec<Script>,
    /// The case that a submission was answered with.
    pub(super) cases: BTreeMap<usize, String>,
    /// What customers asked for on their own pages: case, and the mark of what they were shown.
    pub(super) wanted: BTreeSet<(String, String)>,
    /// Answers that were posted: ask and answer.
    pub(super) posted: BTreeSet<(String, String)>,
    /// By links of the practice's people: ask, answer, and whose link it was.
    pub(super) posted_by: BTreeSet<(String, String, String)>,
    /// Mails as approvers saw them: by ask and the mark of what was shown.
    pub(super) approvable: BTreeMap<(String, String), String>,
    /// The case that answered what somebody wrote about theirs: who, which of their letters, and the day if it counts.
    pub(super) reached: BTreeMap<(usize, u32, Option<Date>), String>,
    /// Who worked for each practice, and when.
    pub(super) rosters: Rosters,
    /// Tokens whose POST was answered with a receipt.
    pub(super) receipts: BTreeSet<String>,
    /// How many mails with each token arrived.
    pub(super) seen: BTreeMap<String, u32>,
    /// Tokens by case and template, in the order in which they came: somebody asked anew decides anew.
    pub(super) rounds: BTreeMap<(String, String), Vec<String>>,
    /// How often an operator answered for a case.
    pub(super) attended: BTreeMap<String, u32>,
    /// Cases about which two operators decided at once.
    pub(super) contested: BTreeSet<String>,
    /// Cases about which somebody gave up, after no answer again and again.
    pub(super) gave_up: BTreeSet<String>,
    /// Cases in which a coach answered at a deadline, or a payment came late or only after it had failed.
    pub(super) untidy: BTreeSet<String>,
    /// Revoked templates, and how many changes the table had seen by then.
    pub(super) revoked: BTreeMap<(String, String), usize>,
    /// Payments as their provider knows them, by its id.
    pub(super) deals: BTreeMap<String, Deal>,
    /// Invoices that somebody has seen.
    pub(super) paying: BTreeSet<String>,
    /// Cases that a payment's event alone may have made, at the most.
    pub(super) unclear: usize,
    /// HTTP answers by status.
    pub(super) statuses: BTreeMap<u16, u64>,
    /// What people did, and what came of it.
    pub(super) moves: BTreeMap<String, u64>,
}

impl People {
    /// How often the case was asked by this template before this token.
    pub(super) fn round(&mut self, case: &str, template: &str, token: &str) -> usize {
        let tokens = self.rounds.entry((case.to_owned(), template.to_owned())).or_default();
        tokens.iter().position(|t| t == token).unwrap_or_else(|| {
            tokens.push(token.to_owned());
            tokens.len() - 1
        })
    }

    /// Counts something that people did.
    pub(super) fn count(&mut self, what: impl Into<String>) {
        *self.moves.entry(what.into()).or_default() += 1;
    }
}

/// The markers in a text.
pub(super) fn markers(text: &str) -> Vec<&str> {
    text.match_indices(MARK).filter_map(|(at, _)| text.get(at..at + MARK.len() + MARK_LENGTH)).collect()
}

impl World {
    /// Puts everybody's first steps on the agenda.
    pub(super) fn move_in(&mut self, cases: usize) {
        // In some worlds all come within a few days, and want the same hours.
        let days = *Rng::of(self.seed, &["rush"]).pick(&[1, 3, 9]);
        let office = if Rng::of(self.seed, &["office"]).per_mille(80) { super::forms::MANY } else { 0 };
        for n in 0..cases + office {
            let floods = n >= cases;
            let mut rng = Rng::of(self.seed, &["customer", &n.to_string()]);
            let before = n.checked_sub(1).and_then(|n| self.people.scripts.get(n));
            let again = before.filter(|b| b.returns && n % 2 == 1 && !floods).cloned();
            let mut script = script(&mut rng, self.seed, n, again.as_ref());
            super::forms::tempt(&mut script, n, self.cloud.net().sabotage);
            if floods {
                super::forms::unsure(&mut script, &mut rng);
            }
            // Within office hours of the first days: no second click crosses midnight anywhere.
            let wait = SignedDuration::from_hours(24 * rng.between(0, days))
                + SignedDuration::from_secs(rng.between(0, 8 * 3_600));
            let wait = if floods { SignedDuration::from_secs(rng.between(3_600, 4_200)) } else { wait };
            let at = self.begins.saturating_add(wait).unwrap_or_default();
            self.at(at, Due::Errand(Errand::Submit { script: n, attempt: 0, resent: false }));
            if script.double_click {
                let again = at.saturating_add(SignedDuration::from_millis(rng.between(0, 900))).unwrap_or_default();
                self.at(again, Due::Errand(Errand::Submit { script: n, attempt: 9, resent: true }));
            }
            if script.channel.is_signed() && rng.per_mille(300) {
                let days_later =
                    at.saturating_add(SignedDuration::from_mins(rng.between(1, 8_000))).unwrap_or_default();
                self.at(days_later, Due::Errand(Errand::Submit { script: n, attempt: 9, resent: true }));
            }
            if rng.per_mille(400) {
                let bad = at.saturating_add(SignedDuration::from_secs(rng.between(1, 9_000))).unwrap_or_default();
                let which = rng.index(super::forms::BAD);
                self.people.unclear += usize::from(which == super::forms::SIGNED);
                self.at(bad, Due::Errand(Errand::Bad { which, script: n }));
            }
            if script.channel == Channel::Minato {
                self.goes_on_about(n, at);
            } else if !script.channel.is_signed() {
                self.floods(n, at);
            }
            self.people.scripts.push(script);
        }
        self.staff_moves();
        let mut rng = Rng::of(self.seed, &["revocation"]);
        if rng.per_mille(200) {
            let template = *rng.pick(&["missing-info-again", "gave-up", "declined", "missing-info", "survey", "guide"]);
            let client = *rng.pick(&["yamada", "harbor"]);
            let at = self.begins.saturating_add(SignedDuration::from_mins(rng.between(60, 20_000))).unwrap_or_default();
            self.at(at, Due::Revoke(client.to_owned(), template.to_owned()));
        }
    }

    /// In some worlds a stranger fills in forms in customers' names, over and over.
    fn floods(&mut self, n: usize, submits: Timestamp) {
        let mut rng = Rng::of(self.seed, &["flood", &n.to_string()]);
        if !Rng::of(self.seed, &["floods"]).per_mille(250) || !rng.per_mille(150) {
            return;
        }
        for nth in 0..rng.between(3, 70) {
            self.people.unclear += 1;
            let wait =
                SignedDuration::from_secs(if nth < 20 { rng.between(60, 120) } else { rng.between(0, 2_000_000) });
            let at = submits.saturating_add(wait).unwrap_or_default();
            self.at(at, Due::Errand(Errand::Flood { script: n, n: nth.unsigned_abs() }));
        }
    }
}

/// A customer's script; `again` when it is the customer before once more.
fn script(rng: &mut Rng, seed: u64, n: usize, again: Option<&Script>) -> Script {
    let letters = b"23456789abcdefghkmnp";
    let mut marker = MARK.to_owned();
    let mut own = Rng::of(seed, &["marker", &n.to_string()]);
    (0..MARK_LENGTH).for_each(|_| marker.push(char::from(*own.pick(letters))));
    let channel = match again {
        Some(before) if before.channel.route().0 == "harbor" => *rng.pick(&[Channel::HarborPlain, Channel::Website]),
        Some(_) => *rng.pick(&[Channel::Plain, Channel::Session, Channel::Seminar]),
        None => *rng.pick(&CHANNELS),
    };
    let kind = match rng.below(100) {
        0..=35 => Kind::Complete,
        36..=65 => Kind::Partly,
        66..=73 => Kind::OutOfScope,
        74..=82 => Kind::Unsure,
        83..=88 => Kind::Emergency,
        89..=94 if channel.is_signed() => Kind::Unreadable,
        _ if channel.is_signed() => Kind::PartlyUnreadable,
        _ => Kind::Complete,
    };
    let (conduct, fate, taste) = habits(rng);
    let marker = again.map_or(marker, |before| before.marker.clone());
    // In some worlds all want the same, at the same instant: what nobody can share is taken once.
    let crowd = again.is_none() && Rng::of(seed, &["crowd"]).per_mille(150);
    let (channel, kind) = if crowd { (Channel::Plain, Kind::Complete) } else { (channel, kind) };
    let channel = if goes_to_minato(seed, n, again) && !crowd { Channel::Minato } else { channel };
    let kind = if channel == Channel::Minato && !kind.is_readable() { Kind::Complete } else { kind };
    let values = super::forms::values(rng, channel, kind, &marker);
    let outcry = rng.per_mille(60).then(|| *rng.pick(&["goal", "preferred", "theme", "comment", "family_name"]));
    Script {
        channel,
        kind,
        submission: format!("submission-{:08x}", rng.next() >> 32),
        marker,
        values,
        conduct: if crowd { Conduct::Promptly } else { conduct },
        taste: if crowd { Taste::Earliest } else { taste },
        on_the_hour: rng.per_mille(600) || crowd,
        other_pays: rng.per_mille(250),
        outcry,
        returns: again.is_some()
            || (n.is_multiple_of(2)
                && rng.per_mille(if kind == Kind::Emergency || outcry.is_some() { 600 } else { 120 })),
        nonsense_first: rng.per_mille(200),
        twice: rng.per_mille(200),
        fate: again.map_or(fate, |before| before.fate),
        double_click: rng.per_mille(200),
        crowd,
    }
}

/// How somebody answers, what becomes of mails to them, and which slots they like.
fn habits(rng: &mut Rng) -> (Conduct, Fate, Taste) {
    let conduct = match rng.below(100) {
        0..=54 => Conduct::Promptly,
        55..=63 => Conduct::NextDay,
        64..=73 => Conduct::AfterReminder,
        74..=82 => Conduct::AtTimer,
        83..=88 => Conduct::Late,
        _ => Conduct::Never,
    };
    let fate = match rng.below(100) {
        0..=2 => Fate::Permanent,
        3..=4 => Fate::Transient,
        5..=6 => Fate::Complaint,
        _ => Fate::Delivered,
    };
    let taste = match rng.below(100) {
        0..=69 => Taste::Earliest,
        70..=84 => Taste::Any,
        85..=91 => Taste::Taken,
        _ => Taste::NoneFits,
    };
    (conduct, fate, taste)
}

/// In more than half of the worlds there is a third practice, and some go to it: each of its cases is worth three others.
fn goes_to_minato(seed: u64, n: usize, again: Option<&Script>) -> bool {
    let there = Rng::of(seed, &["minato"]).per_mille(600);
    let drawn = Rng::of(seed, &["to minato", &n.to_string()]).per_mille(350);
    again.map_or(there && drawn, |before| before.channel == Channel::Minato)
}

/// Forms, by how often they are used.
const CHANNELS: [Channel; 12] = [
    Channel::Plain,
    Channel::PlainEnglish,
    Channel::Typeform,
    Channel::Typeform,
    Channel::Session,
    Channel::SessionEnglish,
    Channel::Seminar,
    Channel::Seminar,
    Channel::SeminarEnglish,
    Channel::HarborPlain,
    Channel::HarborPlain,
    Channel::Website,
];
