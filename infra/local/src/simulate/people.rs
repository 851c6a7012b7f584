//! The people of a world as seeded scripts: what customers submit and how they behave with links, what operators
//! decide. Every decision hangs on the seed and on what it is about, never on the order of events, so that a run with
//! faults and one without meet the same people.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};

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
    /// `yamada/inquiry`, a plain form in Japanese.
    Plain,
    /// `yamada/inquiry-en`.
    PlainEnglish,
    /// `yamada/typeform`, signed.
    Typeform,
    /// `harbor/inquiry`.
    HarborPlain,
    /// `harbor/website`, signed by Standard Webhooks.
    Website,
}

impl Channel {
    pub(super) fn route(self) -> (&'static str, &'static str) {
        match self {
            Self::Plain => ("yamada", "inquiry"),
            Self::PlainEnglish => ("yamada", "inquiry-en"),
            Self::Typeform => ("yamada", "typeform"),
            Self::HarborPlain => ("harbor", "inquiry"),
            Self::Website => ("harbor", "website"),
        }
    }

    pub(super) fn is_signed(self) -> bool {
        matches!(self, Self::Typeform | Self::Website)
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

/// One customer.
#[derive(Debug, Clone)]
pub(super) struct Script {
    pub(super) channel: Channel,
    pub(super) kind: Kind,
    pub(super) marker: String,
    /// The provider's id of the submission.
    pub(super) submission: String,
    /// What is submitted.
    pub(super) values: BTreeMap<&'static str, String>,
    pub(super) conduct: Conduct,
    pub(super) nonsense_first: bool,
    pub(super) twice: bool,
    pub(super) fate: Fate,
    pub(super) double_click: bool,
}

impl Script {
    /// Whether nothing it does is near a deadline.
    pub(super) fn is_calm(&self) -> bool {
        !matches!(self.conduct, Conduct::AtTimer | Conduct::Late) && self.fate == Fate::Delivered
    }
}

/// All people, and what is known of them from outside.
#[derive(Debug, Default)]
pub(super) struct People {
    pub(super) scripts: Vec<Script>,
    /// The case that a submission was answered with.
    pub(super) cases: BTreeMap<usize, String>,
    /// Answers that were posted: ask and answer.
    pub(super) posted: BTreeSet<(String, String)>,
    /// Tokens whose POST was answered with a receipt.
    pub(super) receipts: BTreeSet<String>,
    /// How many mails with each token arrived.
    pub(super) seen: BTreeMap<String, u32>,
    /// How often an operator answered for a case.
    pub(super) attended: BTreeMap<String, u32>,
    /// Cases about which two operators decided at once.
    pub(super) contested: BTreeSet<String>,
    /// Cases about which somebody gave up, after no answer again and again.
    pub(super) gave_up: BTreeSet<String>,
    /// Revoked templates, and how many changes the table had seen by then.
    pub(super) revoked: BTreeMap<(String, String), usize>,
    /// HTTP answers by status.
    pub(super) statuses: BTreeMap<u16, u64>,
}

/// The markers in a text.
pub(super) fn markers(text: &str) -> Vec<&str> {
    text.match_indices(MARK).filter_map(|(at, _)| text.get(at..at + MARK.len() + MARK_LENGTH)).collect()
}

impl World {
    /// Puts everybody's first steps on the agenda.
    pub(super) fn move_in(&mut self, cases: usize) {
        for n in 0..cases {
            let mut rng = Rng::of(self.seed, &["customer", &n.to_string()]);
            let script = script(&mut rng, self.seed, n);
            // Within office hours of the first ten days: no second click crosses midnight anywhere.
            let wait = SignedDuration::from_hours(24 * rng.between(0, 9))
                + SignedDuration::from_secs(rng.between(0, 8 * 3_600));
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
                self.at(bad, Due::Errand(Errand::Bad { which: rng.index(super::forms::BAD), script: n }));
            }
            self.people.scripts.push(script);
        }
        let mut rng = Rng::of(self.seed, &["revocation"]);
        if rng.per_mille(300) {
            let template = *rng.pick(&["missing-info-again", "gave-up", "declined", "info-received", "missing-info"]);
            let client = *rng.pick(&["yamada", "harbor"]);
            let at = self.begins.saturating_add(SignedDuration::from_mins(rng.between(60, 20_000))).unwrap_or_default();
            self.at(at, Due::Revoke(client.to_owned(), template.to_owned()));
        }
    }

    /// A mail was accepted: the provider will tell, and the recipient will read.
    pub(super) fn accepted(&mut self, n: usize) {
        let mail = self.cloud.net().accepted[n].clone();
        let fate = self.customer_of(&mail.text).map_or(Fate::Delivered, |c| self.people.scripts[c].fate);
        for event in super::provider::tells(&mail, fate) {
            let untold = self.weather().untold;
            if self.roll(|rng| rng.per_mille(untold)) {
                self.cloud.net().count("ses: event never told");
                continue;
            }
            // Late and out of order, before our own record or after it.
            let wait = self.wait(10, 4_000);
            let event_at = self.now().saturating_add(wait).unwrap_or_default();
            self.at(event_at, Due::Told(event));
        }
        if fate != Fate::Permanent {
            let wait = SignedDuration::from_secs(self.roll(|rng| rng.between(1, 90)));
            self.later(wait, Due::Mail(n));
        }
    }

    /// The customer whom a mail greets.
    pub(super) fn customer_of(&self, text: &str) -> Option<usize> {
        let marker = markers(text).first().copied()?.to_owned();
        self.people.scripts.iter().position(|s| s.marker == marker)
    }

    /// A mail is in somebody's inbox.
    pub(super) fn arrives(&mut self, n: usize) {
        let mail = self.cloud.net().accepted[n].clone();
        let customer = self.customer_of(&mail.text);
        let mut tokens = mail.tokens();
        tokens.dedup();
        for token in tokens {
            let seen = self.people.seen.entry(token.clone()).or_default();
            *seen += 1;
            let nth = *seen;
            self.prefetch(&token, nth);
            match customer {
                Some(customer) => self.customer_reads(customer, &token, nth),
                None => self.operator_reads(mail.tag("case"), &token, nth),
            }
        }
    }

    /// Mail scanners look at every link, and somebody tries what else a token could open.
    fn prefetch(&mut self, token: &str, nth: u32) {
        let mut rng = Rng::of(self.seed, &["prefetch", token, &nth.to_string()]);
        for method in [http::Method::GET, http::Method::HEAD] {
            if rng.per_mille(300) {
                let wait = SignedDuration::from_millis(rng.between(0, 60_000));
                self.later(wait, Due::Errand(Errand::Show { token: token.to_owned(), method }));
            }
        }
        if rng.per_mille(100) {
            let other = if token.starts_with("yamada") {
                token.replacen("yamada", "harbor", 1)
            } else {
                token.replacen("harbor", "yamada", 1)
            };
            self.later(SignedDuration::from_secs(5), Due::Errand(Errand::Altered { token: other }));
        }
    }

    fn customer_reads(&mut self, customer: usize, token: &str, nth: u32) {
        let script = &self.people.scripts[customer];
        let (conduct, twice) = (script.conduct, script.twice);
        let mut rng = Rng::of(self.seed, &["reads", token, &nth.to_string()]);
        let wait = match (conduct, nth) {
            (Conduct::Promptly, _) => SignedDuration::from_mins(rng.between(1, 90)),
            (Conduct::NextDay, _) => SignedDuration::from_mins(rng.between(1_300, 1_600)),
            (Conduct::AfterReminder, 2..) => SignedDuration::from_mins(rng.between(5, 120)),
            (Conduct::AtTimer, _) => self.until_a_timer(token, &mut rng),
            (Conduct::Late, 1) => SignedDuration::from_hours(24 * 7 + rng.between(1, 48)),
            _ => return,
        };
        self.later(wait, Due::Errand(Errand::open(token, Some(customer), 0)));
        if twice {
            let again = if rng.per_mille(500) {
                SignedDuration::from_millis(rng.between(0, 3_000))
            } else {
                SignedDuration::from_mins(rng.between(10, 3_000))
            };
            self.later(wait + again, Due::Errand(Errand::open(token, Some(customer), 1)));
        }
    }

    /// The minute at which one of the ask's timers will be noticed.
    fn until_a_timer(&self, token: &str, rng: &mut Rng) -> SignedDuration {
        let timers = self.timers_of(token);
        if timers.is_empty() {
            return SignedDuration::from_hours(1);
        }
        let at = *rng.pick(&timers);
        let jitter = SignedDuration::from_millis(rng.between(-1_500, 1_500));
        let to_the_minute = SignedDuration::from_secs(60 - at.as_second().rem_euclid(60));
        at.duration_since(self.now()) + if rng.per_mille(700) { to_the_minute } else { SignedDuration::ZERO } + jitter
    }

    fn operator_reads(&mut self, case: &str, token: &str, nth: u32) {
        let mut rng = Rng::of(self.seed, &["operator", token, &nth.to_string()]);
        let patience = self.people.attended.get(case).copied().unwrap_or_default();
        let wait = match rng.below(20) {
            // Not for ever: after a few, somebody always looks.
            0..=2 if patience < 3 => {
                *self.people.attended.entry(case.to_owned()).or_default() += 1;
                return;
            }
            3 if patience < 3 => SignedDuration::from_hours(25),
            4..=5 => SignedDuration::from_mins(rng.between(240, 420)),
            _ => SignedDuration::from_mins(rng.between(2, 40)),
        };
        self.later(wait, Due::Errand(Errand::open(token, None, 0)));
        if rng.per_mille(80) {
            self.people.contested.insert(case.to_owned());
            let again = SignedDuration::from_millis(rng.between(0, 2_000));
            self.later(wait + again, Due::Errand(Errand::open(token, None, 1)));
        }
    }

    /// When the timers of a token's ask fire, looked up in the table.
    fn timers_of(&self, token: &str) -> Vec<Timestamp> {
        let mut parts = token.split('.');
        let (Some(client), Some(case), Some(ask)) = (parts.next(), parts.next(), parts.next()) else {
            return Vec::new();
        };
        let Some(snapshot) = self.snapshot(&format!("CASE#{client}#{case}")) else { return Vec::new() };
        let of_ask = |t: &&banto_domain::Timer| t.about.as_ref().is_some_and(|a| a.as_str() == ask);
        snapshot.timers.values().filter(of_ask).map(|t| t.at).collect()
    }
}

fn script(rng: &mut Rng, seed: u64, n: usize) -> Script {
    let letters = b"23456789abcdefghkmnp";
    let mut marker = MARK.to_owned();
    let mut own = Rng::of(seed, &["marker", &n.to_string()]);
    (0..MARK_LENGTH).for_each(|_| marker.push(char::from(*own.pick(letters))));
    let channels = [
        Channel::Plain,
        Channel::PlainEnglish,
        Channel::Typeform,
        Channel::Typeform,
        Channel::HarborPlain,
        Channel::Website,
        Channel::Website,
    ];
    let channel = *rng.pick(&channels);
    let kind = match rng.below(100) {
        0..=19 => Kind::Complete,
        20..=56 => Kind::Partly,
        57..=66 => Kind::OutOfScope,
        67..=84 => Kind::Unsure,
        85..=89 => Kind::Emergency,
        90..=96 if channel.is_signed() => Kind::Unreadable,
        _ if channel.is_signed() => Kind::PartlyUnreadable,
        _ => Kind::Partly,
    };
    let conduct = match rng.below(100) {
        0..=49 => Conduct::Promptly,
        50..=59 => Conduct::NextDay,
        60..=73 => Conduct::AfterReminder,
        74..=83 => Conduct::AtTimer,
        84..=90 => Conduct::Late,
        _ => Conduct::Never,
    };
    let fate = match rng.below(100) {
        0..=3 => Fate::Permanent,
        4..=5 => Fate::Transient,
        6..=7 => Fate::Complaint,
        _ => Fate::Delivered,
    };
    let values = super::forms::values(rng, channel, kind, &marker);
    Script {
        channel,
        kind,
        submission: format!("submission-{:08x}", rng.next() >> 32),
        marker,
        values,
        conduct,
        nonsense_first: rng.per_mille(200),
        twice: rng.per_mille(200),
        fate,
        double_click: rng.per_mille(200),
    }
}
