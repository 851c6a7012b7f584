//! Mails in people's inboxes: who reads them, when, and what they do then. A coach or an operator may be late, or never
//! answer; each is asked again by Banto, and somebody looks in the end.

use jiff::{SignedDuration, Timestamp};

use super::people::{Conduct, markers};
use super::practice::MINATO;
use super::provider::Fate;
use super::rng::Rng;
use super::visit::{Errand, Reader};
use super::world::{Due, World};

/// Whose address this is, when it is none of a customer's or payer's.
fn is_desk(address: &str) -> bool {
    address.starts_with("desk@")
}

impl World {
    /// A mail was accepted: the provider will tell, and the recipient will read.
    pub(super) fn accepted(&mut self, n: usize) {
        let mail = self.cloud.net().accepted[n].clone();
        let own = mail.to.iter().any(|to| !to.contains("-pays@"));
        let customer = self.customer_at(mail.tag("case"), &mail.to);
        let fate = match customer {
            Some(c) if own => self.people.scripts[c].fate,
            None if mail.tag("client") == MINATO => self.staff_fate(&mail),
            _ => Fate::Delivered,
        };
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

    /// The customer, or whose payer it is, to whom a mail goes.
    pub(super) fn customer_at(&self, case: &str, to: &[String]) -> Option<usize> {
        let marker = to.iter().find_map(|to| markers(to).first().map(|m| (*m).to_owned()))?;
        let known = self.people.cases.iter().find(|(_, c)| *c == case).map(|(n, _)| *n);
        known.or_else(|| self.people.scripts.iter().position(|s| s.marker == marker))
    }

    /// A mail is in somebody's inbox.
    pub(super) fn arrives(&mut self, n: usize) {
        let mail = self.cloud.net().accepted[n].clone();
        let customer = self.customer_at(mail.tag("case"), &mail.to);
        self.pays(customer, &mail);
        if let Some(customer) = customer {
            self.looks_at_own_page(customer, &mail);
        }
        if customer.is_none() && mail.tag("client") != MINATO {
            self.staff_looks_at_own_page(&mail);
        }
        let mut tokens = mail.tokens();
        tokens.dedup();
        for token in tokens {
            let seen = self.people.seen.entry(token.clone()).or_default();
            *seen += 1;
            let nth = *seen;
            self.prefetch(&token, nth);
            let round = self.people.round(mail.tag("case"), mail.tag("template"), &token);
            match customer {
                Some(customer) => self.customer_reads(customer, &token, nth, round),
                None if mail.tag("client") == MINATO => self.staff_reads(mail.tag("case"), &token, nth, round),
                None if mail.to.iter().any(|to| is_desk(to)) => {
                    self.operator_reads(mail.tag("case"), &token, nth, round)
                }
                None => self.coach_reads(mail.tag("case"), mail.tag("template"), &token, round),
            }
        }
    }

    /// Mail scanners look at every link, and somebody tries what else a token could open.
    fn prefetch(&mut self, token: &str, nth: u32) {
        let mut rng = Rng::of(self.seed, &["prefetch", token, &nth.to_string()]);
        for method in [http::Method::GET, http::Method::HEAD] {
            if rng.per_mille(150) {
                let wait = SignedDuration::from_millis(rng.between(0, 60_000));
                self.later(wait, Due::Errand(Errand::Show { token: token.to_owned(), method }));
            }
        }
        if rng.per_mille(60) {
            let other = match token.split_once('.') {
                Some(("yamada", rest)) => format!("harbor.{rest}"),
                Some((_, rest)) => format!("yamada.{rest}"),
                None => "yamada".to_owned(),
            };
            self.later(SignedDuration::from_secs(5), Due::Errand(Errand::Altered { token: other }));
        }
    }

    fn customer_reads(&mut self, customer: usize, token: &str, nth: u32, round: usize) {
        let script = &self.people.scripts[customer];
        let (conduct, twice) = (script.conduct, script.twice);
        let mut rng = Rng::of(self.seed, &["reads", token, &nth.to_string()]);
        // Whoever went some way doesn't stop answering at every question.
        let tires = round == 0 || rng.per_mille(300);
        let wait = match (conduct, nth) {
            (Conduct::Promptly, _) => SignedDuration::from_mins(rng.between(1, 90)),
            (Conduct::NextDay, _) => SignedDuration::from_mins(rng.between(1_300, 1_600)),
            (Conduct::AfterReminder, 2..) => SignedDuration::from_mins(rng.between(5, 120)),
            (Conduct::AtTimer, _) => self.until_its_timer(token, &mut rng),
            (Conduct::Late, 1) if tires => SignedDuration::from_hours(24 * 7 + rng.between(1, 48)),
            (Conduct::Late, _) => SignedDuration::from_hours(rng.between(2, 40)),
            _ => return,
        };
        let reader = Reader::Customer(customer);
        self.later(wait, Due::Errand(Errand::open(token, reader, 0, round)));
        if twice {
            let again = if rng.per_mille(500) {
                SignedDuration::from_millis(rng.between(0, 3_000))
            } else {
                SignedDuration::from_mins(rng.between(10, 3_000))
            };
            self.later(wait + again, Due::Errand(Errand::open(token, reader, 1, round)));
        }
    }

    /// The minute at which one of the ask's timers will be noticed.
    pub(super) fn until_its_timer(&self, token: &str, rng: &mut Rng) -> SignedDuration {
        let timers = self.timers_of(token);
        if timers.is_empty() {
            return SignedDuration::from_hours(1);
        }
        let at = *rng.pick(&timers);
        let jitter = SignedDuration::from_millis(rng.between(-1_500, 1_500));
        let to_the_minute = SignedDuration::from_secs(60 - at.as_second().rem_euclid(60));
        at.duration_since(self.now()) + if rng.per_mille(700) { to_the_minute } else { SignedDuration::ZERO } + jitter
    }

    fn operator_reads(&mut self, case: &str, token: &str, nth: u32, round: usize) {
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
        self.later(wait, Due::Errand(Errand::open(token, Reader::Operator, 0, round)));
        if rng.per_mille(80) {
            self.people.contested.insert(case.to_owned());
            let again = SignedDuration::from_millis(rng.between(0, 2_000));
            self.later(wait + again, Due::Errand(Errand::open(token, Reader::Operator, 1, round)));
        }
    }

    /// A coach is asked how a session went, or for more hours.
    fn coach_reads(&mut self, case: &str, template: &str, token: &str, round: usize) {
        let mut rng = Rng::of(self.seed, &["coach", case, template, &round.to_string()]);
        let wait = match rng.below(20) {
            0..=11 => SignedDuration::from_mins(rng.between(5, 360)),
            12..=14 => SignedDuration::from_hours(rng.between(20, 40)),
            15..=16 => SignedDuration::from_hours(rng.between(49, 90)),
            17 => {
                self.people.untidy.insert(case.to_owned());
                self.until_its_timer(token, &mut rng)
            }
            _ => SignedDuration::ZERO,
        };
        if wait.is_zero() {
            return self.people.count("a coach never answers");
        }
        self.later(wait, Due::Errand(Errand::open(token, Reader::Coach, 0, round)));
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
