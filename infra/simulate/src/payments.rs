//! Payers and their providers: what is paid, how often it is told, what is told wrongly. Every event is signed as the
//! real provider would, but those that somebody forged, and they must change nothing.

mod notice;

use banto_aws::Reply;
use jiff::SignedDuration;
pub(super) use notice::{Notice, Seal, Tells};

use super::provider::Accepted;
use super::rng::Rng;
use super::visit::Errand;
use super::world::{Due, World};
use super::{Sabotage, people::MARK};

/// A payment as its provider knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Deal {
    pub(super) client: String,
    pub(super) case: String,
    pub(super) invoice: String,
    /// What really came in, in minor units.
    pub(super) amount: i64,
    pub(super) currency: String,
    /// Our answer to an event of it was that it is recorded.
    pub(super) acknowledged: bool,
    /// All that went back.
    pub(super) refunded: i64,
}

/// How somebody pays.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    AtOnce,
    /// The same event comes twice.
    ToldTwice,
    /// Two events tell of the same payment.
    TwoEvents,
    /// It was begun first.
    Begun,
    /// Two payments.
    PaidTwice,
    Under,
    UnderThenRest,
    Over,
    OtherCurrency,
    FailedFirst,
    /// After the last day to pay on.
    Late,
    /// When nobody waits for it any more.
    VeryLate,
    Never,
}

const WAYS: [(u64, Way); 13] = [
    (38, Way::AtOnce),
    (48, Way::ToldTwice),
    (58, Way::TwoEvents),
    (62, Way::Begun),
    (66, Way::PaidTwice),
    (70, Way::Under),
    (73, Way::UnderThenRest),
    (76, Way::Over),
    (78, Way::OtherCurrency),
    (86, Way::FailedFirst),
    (91, Way::Late),
    (95, Way::VeryLate),
    (100, Way::Never),
];

impl World {
    /// An invoice is in somebody's inbox: some pay, in their ways.
    pub(super) fn pays(&mut self, customer: Option<usize>, mail: &Accepted) {
        let (client, case) = (mail.tag("client").to_owned(), mail.tag("case").to_owned());
        let word = |rest: &str| rest.split(|c: char| !c.is_ascii_alphanumeric()).next().unwrap_or("").to_owned();
        let Some(invoice) = mail.text.split("/pay/").nth(1).map(word).filter(|_| mail.tag("template") == "invoice")
        else {
            return;
        };
        if self.people.round(&case, "invoice", &invoice) > 0 || self.people.paying.contains(&invoice) {
            return;
        }
        self.people.paying.insert(invoice.clone());
        let mut rng = Rng::of(self.seed, &["pays", &case]);
        let drawn = rng.below(100);
        let way = WAYS.iter().find(|(below, _)| drawn < *below).map_or(Way::Never, |(_, way)| *way);
        // Where nobody looks for the money on purpose, nobody pays: the check has something to see.
        let tempted = self.cloud.net().sabotage == Some(Sabotage::HastyLadder);
        let way = if tempted { Way::Never } else { way };
        let marker = customer.map_or(MARK.to_owned(), |c| self.people.scripts[c].marker.clone());
        let payer = Payer { client, case, invoice, marker };
        self.forge(&payer, &mut rng);
        self.pay_by(&payer, way, &mut rng);
    }

    fn pay_by(&mut self, payer: &Payer, way: Way, rng: &mut Rng) {
        let soon = SignedDuration::from_mins(rng.between(5, 1_200));
        let (day, minute) = (SignedDuration::from_hours(24), SignedDuration::from_mins(1));
        let Some((total, currency)) = self.owed(payer) else { return };
        if matches!(way, Way::FailedFirst | Way::Late | Way::VeryLate) {
            self.people.untidy.insert(payer.case.clone());
        }
        let whole = |n: u32| Deal::of(payer, n, total, &currency);
        match way {
            Way::AtOnce => self.settles(payer, whole(1), &[(soon, Tells::Paid, 1)], rng),
            Way::ToldTwice => {
                let again = soon + SignedDuration::from_millis(rng.between(0, 90_000_000));
                self.settles(payer, whole(1), &[(soon, Tells::Paid, 1), (again, Tells::Paid, 1)], rng);
            }
            Way::TwoEvents => {
                let again = soon + SignedDuration::from_millis(rng.between(0, 90_000));
                self.settles(payer, whole(1), &[(soon, Tells::Paid, 1), (again, Tells::PaidAfterAll, 2)], rng);
            }
            Way::Begun => {
                let later = soon + minute * 30;
                self.settles(payer, whole(1), &[(soon, Tells::Begun, 1), (later, Tells::PaidAfterAll, 2)], rng);
            }
            Way::PaidTwice => {
                self.settles(payer, whole(1), &[(soon, Tells::Paid, 1)], rng);
                let again = soon + SignedDuration::from_secs(rng.between(0, 4_000));
                self.settles(payer, whole(2), &[(again, Tells::Paid, 2)], rng);
            }
            Way::Under | Way::UnderThenRest => {
                let part = total - rng.between(1, total / 2);
                self.settles(payer, Deal::of(payer, 1, part, &currency), &[(soon, Tells::Paid, 1)], rng);
                if way == Way::UnderThenRest {
                    let rest = Deal::of(payer, 2, total - part, &currency);
                    self.settles(payer, rest, &[(soon + day, Tells::Paid, 2)], rng);
                }
            }
            Way::Over => {
                let more = Deal::of(payer, 1, total + rng.between(1, 5_000), &currency);
                self.settles(payer, more, &[(soon, Tells::Paid, 1)], rng);
            }
            Way::OtherCurrency => {
                self.settles(payer, Deal::of(payer, 1, total, "USD"), &[(soon, Tells::Paid, 1)], rng);
            }
            Way::FailedFirst => {
                let then =
                    soon + if rng.per_mille(500) { SignedDuration::from_millis(rng.between(0, 5_000)) } else { day };
                self.settles(payer, whole(1), &[(soon, Tells::Failed, 1), (then, Tells::Paid, 2)], rng);
            }
            Way::Late => {
                let late = day * i32::try_from(rng.between(7, 16)).unwrap_or(9) + soon;
                self.settles(payer, whole(1), &[(late, Tells::Paid, 1)], rng);
            }
            Way::VeryLate => self.settles(payer, whole(1), &[(day * 24 + soon, Tells::Paid, 1)], rng),
            Way::Never => {}
        }
    }

    /// What an invoice asks for.
    fn owed(&self, payer: &Payer) -> Option<(i64, String)> {
        let snapshot = self.snapshot(&format!("CASE#{}#{}", payer.client, payer.case))?;
        let (_, invoice) = snapshot.invoices().find(|(id, _)| id.as_str() == payer.invoice)?;
        Some((invoice.total, invoice.currency.clone()))
    }

    /// The provider takes a payment in, and tells of it: when, what, and by which of its events.
    fn settles(
        &mut self,
        payer: &Payer,
        (id, deal): (String, Deal),
        told: &[(SignedDuration, Tells, u32)],
        rng: &mut Rng,
    ) {
        let paid_at = told.last().map_or(SignedDuration::ZERO, |t| t.0);
        let full = self.owed(payer).map_or(deal.amount, |(total, _)| total);
        let careless = self.cloud.net().sabotage == Some(Sabotage::SettleUnpaid);
        let claim = if careless { full } else { deal.amount };
        for (wait, tells, event) in told {
            // Not every provider tells that a payment was only begun.
            self.people.unclear += usize::from(*tells == Tells::Begun);
            let notice = self.notice(payer, *tells, (&id, *event), (claim, &deal.currency));
            self.tell_of_payment(*wait, notice);
        }
        // Some money goes back, and some payments are disputed.
        let later = paid_at + SignedDuration::from_hours(rng.between(1, 300));
        // What is told of a payment that we never heard of is nobody's, and so a person's.
        self.people.unclear += 1;
        self.turns_oddly(payer, (&id, &deal), paid_at, rng);
        if rng.per_mille(100) {
            let part = if rng.per_mille(500) { deal.amount } else { rng.between(1, deal.amount) };
            let notice = self.notice(payer, Tells::Refunded(part), (&id, 8), (part, &deal.currency));
            self.tell_of_payment(later, notice);
            self.people.untidy.insert(payer.case.clone());
        } else if rng.per_mille(50) {
            let notice = self.notice(payer, Tells::Disputed, (&id, 9), (deal.amount, &deal.currency));
            self.tell_of_payment(later, notice);
            self.people.untidy.insert(payer.case.clone());
        }
        self.cloud.net().till.paid.insert(id.clone(), deal.amount);
        self.people.deals.insert(id, deal);
    }

    /// A refund or a dispute that is told before its payment, or twice; less than nothing goes back, or more than came in.
    fn turns_oddly(&mut self, payer: &Payer, (id, deal): (&str, &Deal), paid_at: SignedDuration, rng: &mut Rng) {
        if !rng.per_mille(250) {
            return;
        }
        let first = SignedDuration::from_secs(rng.between(0, paid_at.as_secs().max(1)));
        let part = rng.between(1, deal.amount);
        let over = deal.amount + rng.between(1, 9_000);
        let told = [(part, 10), (part, 10), (over, 11), (-part, 12), (i64::MAX, 13), (rng.between(1, part), 14)];
        for (all, event) in told {
            if !rng.per_mille(600) {
                continue;
            }
            let notice = self.notice(payer, Tells::Refunded(all), (id, event), (all, &deal.currency));
            let about_when_it_is_paid = SignedDuration::from_millis(rng.between(-2_000, 2_000));
            let wait = if rng.per_mille(300) { paid_at + about_when_it_is_paid } else { first };
            self.tell_of_payment(wait.max(SignedDuration::ZERO), notice);
        }
        if rng.per_mille(300) {
            let notice = self.notice(payer, Tells::Disputed, (id, 15), (deal.amount, &deal.currency));
            self.tell_of_payment(first, notice);
        }
        self.people.unclear += 4;
        self.people.untidy.insert(payer.case.clone());
    }

    /// Somebody who knows no secret, and a provider that talks nonsense.
    fn forge(&mut self, payer: &Payer, rng: &mut Rng) {
        let wait = |rng: &mut Rng| SignedDuration::from_mins(rng.between(1, 3_000));
        for seal in [Seal::Forged, Seal::Old, Seal::Elsewhere] {
            if rng.per_mille(200) {
                let notice = self.notice(payer, Tells::Paid, ("pi_forged", 1), (1, "JPY"));
                let wait = wait(rng);
                self.tell_of_payment(wait, Notice { seal, ..notice });
            }
        }
        for tells in [Tells::Garbage, Tells::NotJson] {
            if rng.per_mille(150) {
                self.people.unclear += 1;
                let id = format!("pi_nonsense_{}", payer.case);
                let notice = self.notice(payer, tells, (&id, 1), (1, "JPY"));
                let wait = wait(rng);
                self.tell_of_payment(wait, notice);
            }
        }
        // Right in everything, but about nothing of this practice.
        if rng.per_mille(100) {
            self.people.unclear += 1;
            let stranger = Payer {
                client: if payer.client == "yamada" { "harbor" } else { "yamada" }.to_owned(),
                ..payer.clone()
            };
            let notice = self.notice(&stranger, Tells::Paid, (&format!("pi_stranger_{}", payer.case), 1), (100, "JPY"));
            let wait = wait(rng);
            self.tell_of_payment(wait, Notice { marker: "nobody".to_owned(), ..notice });
        }
    }

    fn notice(
        &self,
        payer: &Payer,
        tells: Tells,
        (payment, event): (&str, u32),
        (amount, currency): (i64, &str),
    ) -> Notice {
        Notice {
            client: payer.client.clone(),
            tells,
            seal: Seal::Right,
            event: format!("evt_{payment}_{event}"),
            payment: payment.to_owned(),
            reference: format!("{}-{}", payer.case, payer.invoice),
            amount,
            currency: currency.to_owned(),
            marker: payer.marker.clone(),
            created: self.now(),
            attempt: 0,
        }
    }

    fn tell_of_payment(&mut self, wait: SignedDuration, notice: Notice) {
        let created = self.now().saturating_add(wait).unwrap_or_default();
        self.later(wait, Due::Errand(Errand::Pay(Notice { created, ..notice })));
    }

    /// What follows from our answer: a provider tries again until it is told that all is well.
    pub(super) fn told_of_payment(&mut self, notice: Notice, reply: Option<&Reply>) {
        let status = reply.map(|r| r.status().as_u16());
        let wanted = notice.wanted();
        if status.is_some_and(|s| s < 500 && s != wanted) {
            return self.breaks(format!("1: {notice} was answered {status:?}, not {wanted}"));
        }
        if status == Some(wanted) {
            let recorded = reply.is_some_and(|r| r.body().windows(10).any(|w| w == b"\"recorded\""));
            if let Some(deal) = self.people.deals.get_mut(&notice.payment) {
                match notice.tells {
                    Tells::Paid | Tells::PaidAfterAll => deal.acknowledged |= recorded,
                    // Recorded, or kept until its payment comes.
                    Tells::Refunded(all) if (1..=deal.amount).contains(&all) => deal.refunded = deal.refunded.max(all),
                    _ => {}
                }
            }
            return;
        }
        if notice.attempt < 14 {
            let wait = SignedDuration::from_secs(20 << notice.attempt.min(12));
            self.later(wait, Due::Errand(Errand::Pay(Notice { attempt: notice.attempt + 1, ..notice })));
        }
    }
}

/// Who pays what.
#[derive(Debug, Clone)]
struct Payer {
    client: String,
    case: String,
    invoice: String,
    marker: String,
}

impl Deal {
    fn of(payer: &Payer, n: u32, amount: i64, currency: &str) -> (String, Self) {
        let deal = Self {
            client: payer.client.clone(),
            case: payer.case.clone(),
            invoice: payer.invoice.clone(),
            amount,
            currency: currency.to_owned(),
            acknowledged: false,
            refunded: 0,
        };
        (format!("pi_{}_{n}", payer.invoice), deal)
    }
}
