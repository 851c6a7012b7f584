//! How much there was so far of what has a budget or a number.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::case::is_usual;
use super::{Message, Party};

/// How often a node may be visited in one case on one day (UTC): far more than people can do, far less than harm.
pub const MAX_VISITS: u32 = 24;
/// How many mails one person may get about one case on one day (UTC).
pub const MAX_MAILS: u32 = 24;
/// How many side flows may run in one case at once. (One that starts again and again is stopped by its visits.)
pub const MAX_TOKENS: usize = 16;

/// How much there was so far in a case.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Counters {
    /// Messages that were wanted.
    #[serde(default, skip_serializing_if = "is_usual")]
    pub messages: u32,
    /// Bookings that were made.
    #[serde(default, skip_serializing_if = "is_usual")]
    pub bookings: u32,
    /// Invoices that were issued.
    #[serde(default, skip_serializing_if = "is_usual")]
    pub invoices: u32,
    /// Refunds that were ordered.
    #[serde(default, skip_serializing_if = "is_usual")]
    pub refunds: u32,
    /// Sessions that were held, by menu; those that were missed and count all the same too.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub held: BTreeMap<String, u32>,
    /// … of which a package was or will be used up.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub used: BTreeMap<String, u32>,
    /// Visits by node; in side flows with the flow before it: `dunning/remind`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub visits: BTreeMap<String, Tally>,
    /// Mails of the last days, by who got them.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub mails: BTreeMap<Party, Tally>,
    /// The last mails to people outside that carried no question, by what they were about, and when they left.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lately: Vec<(String, Timestamp)>,
}

/// How many mails are remembered that left.
const LATELY: usize = 4;

impl Counters {
    /// A mail left.
    pub(super) fn left(&mut self, message: &Message, at: Timestamp) {
        if let Some(same) = message.same() {
            self.lately.retain(|(other, _)| *other != same);
            self.lately.push((same, at));
            let more = self.lately.len().saturating_sub(LATELY);
            self.lately.drain(..more);
        }
    }
}

/// A count, in all and on the last day (UTC) on which there was something to count: `[all, day, on that day]`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Tally(pub u32, i32, u32);

impl Tally {
    /// Counts one more.
    pub(super) fn count(&mut self, at: Timestamp) {
        let day = day(at);
        *self = Self(self.0.saturating_add(1), day, if self.1 == day { self.2.saturating_add(1) } else { 1 });
    }

    /// How many there were on the day of this instant.
    #[must_use]
    pub fn on_day_of(&self, at: Timestamp) -> u32 {
        if self.1 == day(at) { self.2 } else { 0 }
    }
}

fn day(at: Timestamp) -> i32 {
    let date = at.to_zoned(TimeZone::UTC).date();
    date.year() as i32 * 366 + i32::from(date.day_of_year())
}

/// The name under which visits of a node are counted.
#[must_use]
pub fn visited(main: &str, flow: &str, node: &str) -> String {
    if flow == main { node.to_owned() } else { format!("{flow}/{node}") }
}
