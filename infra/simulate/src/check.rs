//! The promises, checked from outside when a world has come to its end.
//!
//! ```text
//! evidence   the table's items, read as anybody could read them
//! journal    1 nothing lost, 2 nothing twice, 5 silence, 11 the chain, 13 nothing forgotten
//! absence    5 a no-show is heard before it is judged
//! approval   3 and 6: what isn't routine leaves as somebody else saw it, and nobody agrees to their own
//! booking    7 one interval of a coach's day, one booking
//! closure    7 days that a coach closes
//! money      8 exact, and only what came in
//! instalment 8: what is paid in parts
//! expiry     9 until when what was bought may be used
//! receipt    8: one receipt for each payment
//! refund     2 and 8: what goes back goes once, and no more than came in
//! time       9 reminders, due dates, offers
//! emergency  14 stops everything
//! said       4 and 9, in a mail's words
//! side       2 tokens, 4 suspensions, 16 the brake
//! neighbours 16 a busy provider is left alone, 17 nobody waits for another's trouble
//! staff      6 who decides, by name; 15 the practice's people can be reached
//! stage      3 what is said of going live is obeyed
//! mail       2 one mail, 3 the gate, 4 what it states, 10 from whom and to whom
//! office     16 the practice's people under a flood
//! privacy    10 tenants never meet, and nothing personal where it must not stand
//! story      the same course with faults and without
//! ```

mod absence;
mod approval;
mod booking;
mod closure;
mod dunning;
mod emergency;
mod evidence;
mod expiry;
mod instalment;
mod journal;
mod mail;
mod money;
mod neighbours;
mod office;
mod privacy;
mod receipt;
mod refund;
mod request;
mod said;
mod side;
mod staff;
mod stage;
mod story;
mod stranger;
mod time;

use std::collections::BTreeMap;

use banto_domain::{Entry, StoredCommit};

use super::world::World;
pub(super) use story::{Story, same_stories};

/// What the checks say.
#[derive(Debug, Default)]
pub(super) struct Verdict {
    /// Promises broken.
    pub(super) broken: Vec<String>,
    /// How often each check looked at something.
    pub(super) counts: BTreeMap<&'static str, u64>,
    /// Entries of the journals by type.
    pub(super) entries: BTreeMap<String, u64>,
    /// What became of each case.
    pub(super) stories: BTreeMap<String, Story>,
    /// Cases that are still open.
    pub(super) open: usize,
}

impl Verdict {
    /// Looks at one thing; when it doesn't hold, `what` says how.
    pub(super) fn expect(&mut self, check: &'static str, holds: bool, what: impl FnOnce() -> String) {
        *self.counts.entry(check).or_default() += 1;
        if !holds {
            self.broken.push(format!("{check}: {}", what()));
        }
    }
}

/// All checks.
pub(super) fn all(world: &World, logs: &str) -> Verdict {
    let mut verdict = Verdict::default();
    let evidence = match evidence::gather(world) {
        Ok(evidence) => evidence,
        Err(what) => {
            verdict.broken.push(format!("the table can't be read: {what}"));
            return verdict;
        }
    };
    journal::check(world, &evidence, &mut verdict);
    let bookings = booking::all(&evidence);
    let silences = emergency::check(&evidence, &mut verdict);
    mail::check(world, &evidence, (&bookings, &silences), &mut verdict);
    time::check(&evidence, &bookings, &mut verdict);
    booking::check(world, &evidence, &bookings, &mut verdict);
    closure::check(&evidence, &bookings, &mut verdict);
    money::check(world, &evidence, &mut verdict);
    expiry::check(&evidence, &mut verdict);
    instalment::check(&evidence, &mut verdict);
    receipt::check(&evidence, &mut verdict);
    refund::check(world, &evidence, &mut verdict);
    dunning::check(&evidence, &mut verdict);
    absence::check(&evidence, &mut verdict);
    request::check(world, &evidence, &mut verdict);
    side::check(&evidence, &mut verdict);
    staff::check(world, &evidence, &mut verdict);
    approval::check(world, &evidence, &mut verdict);
    stage::check(world, &evidence, &mut verdict);
    office::check(&evidence, &mut verdict);
    neighbours::check(world, &evidence, &mut verdict);
    privacy::check(world, &evidence, logs, &mut verdict);
    for stamped in evidence.cases.values().flat_map(|f| &f.commits).flat_map(|k| &k.commit.entries) {
        let kind = match &stamped.entry {
            Entry::BookingReleased { reason, .. } => format!("booking.released {reason}"),
            entry => entry.kind().to_owned(),
        };
        *verdict.entries.entry(kind).or_default() += 1;
    }
    verdict.stories = story::all(world, &evidence);
    verdict.open = evidence.cases.values().filter(|c| c.snapshot.status == banto_domain::Status::Open).count();
    verdict
}

/// The journal of each case, as it is stored.
pub(super) fn journals(world: &World) -> Result<Vec<Vec<StoredCommit>>, String> {
    let cases = evidence::gather(world)?.cases.into_values();
    Ok(cases.map(|filed| filed.commits.into_iter().map(|kept| kept.stored).collect()).collect())
}
