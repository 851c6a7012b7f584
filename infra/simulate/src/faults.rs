//! What goes wrong, how often, and until when. Owns the dice; refuses to know what a request means beyond its service
//! and operation.

use jiff::{SignedDuration, Timestamp};

use super::rng::Rng;
use banto_cloud::wire::{Call, Service};

/// One thing that goes wrong with one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    /// Too many requests: nothing was done.
    Throttled,
    /// Another transaction has the item: nothing was done.
    Conflict,
    /// The connection broke, and nothing was done.
    TimeoutBefore,
    /// The connection broke after it was done.
    TimeoutAfter,
    /// An error of the service, and nothing was done.
    ErrorBefore,
    /// An error of the service, though it was done.
    ErrorAfter,
    /// The index doesn't show everything yet.
    Lag,
    /// The index shows what is no longer so.
    Stale,
    /// A query shows some items as they were before the last transaction, and some as they are after it.
    Torn,
    /// A batch comes back undone.
    Unprocessed,
    /// The bus takes some entries and not others.
    SomeFailed,
    /// Refused, now and ever.
    Refused,
    /// The account is stopped: nothing is taken until somebody has settled it.
    Paused,
}

impl Fault {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Throttled => "throttled",
            Self::Conflict => "transaction conflict",
            Self::TimeoutBefore => "timeout, nothing done",
            Self::TimeoutAfter => "timeout after it was done",
            Self::ErrorBefore => "server error, nothing done",
            Self::ErrorAfter => "server error after it was done",
            Self::Lag => "index lags",
            Self::Stale => "index shows the past",
            Self::Torn => "torn read",
            Self::Unprocessed => "batch left unprocessed",
            Self::SomeFailed => "some entries failed",
            Self::Refused => "refused for good",
            Self::Paused => "sending is paused",
        }
    }
}

/// How rough a world is, in thousandths. All zero: nothing goes wrong.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Weather {
    /// A query falls between two commits of a case, if it can. It costs a good reader a second look, so it is frequent.
    pub(super) torn: u32,
    /// A request fails.
    pub(super) request: u32,
    /// … and the next ones with it, up to so many.
    pub(super) burst: u64,
    /// A handler is dropped at some await.
    pub(super) drop: u32,
    /// An event comes twice.
    pub(super) twice: u32,
    /// An event comes minutes to hours late.
    pub(super) late: u32,
    /// The mail provider's event is never told.
    pub(super) untold: u32,
    /// The schedule skips a minute.
    pub(super) no_tick: u32,
}

impl Weather {
    /// The weather of a world: mild, rough or stormy.
    pub(super) fn of(seed: u64) -> Self {
        let mut rng = Rng::of(seed, &["weather"]);
        match rng.below(10) {
            0..=3 => Self { torn: 50, request: 20, burst: 3, drop: 30, twice: 50, late: 30, untold: 50, no_tick: 50 },
            4..=7 => {
                Self { torn: 150, request: 60, burst: 6, drop: 120, twice: 150, late: 80, untold: 200, no_tick: 150 }
            }
            _ => {
                Self { torn: 300, request: 120, burst: 10, drop: 250, twice: 300, late: 150, untold: 500, no_tick: 300 }
            }
        }
    }
}

/// The dice.
#[derive(Debug)]
pub(super) struct Faults {
    pub(super) weather: Weather,
    until: Timestamp,
    burst: Option<(Service, Fault, u64)>,
    /// When the mail provider takes nothing for hours, and what it says then.
    outages: Vec<(Timestamp, Timestamp, Fault)>,
}

impl Faults {
    /// Faults of this weather until an instant; then everything works.
    pub(super) fn new(weather: Weather, (begins, until): (Timestamp, Timestamp), seed: u64) -> Self {
        let mut rng = Rng::of(seed, &["outages"]);
        let days = until.duration_since(begins).as_hours() / 24;
        let outage = |n| {
            let from = SignedDuration::from_mins(rng.between(2, days) * 24 * 60 + rng.between(-30, 600));
            let from = begins.saturating_add(from).unwrap_or(until);
            let lasts = rng.between(65, 140);
            // In some worlds one of them lasts for half a day.
            let long = n == 0 && rng.per_mille(400);
            let lasts = if long { 5 * lasts } else { lasts };
            let said = if long && rng.per_mille(400) { Fault::Paused } else { Fault::Throttled };
            (from, from.saturating_add(SignedDuration::from_mins(lasts)).unwrap_or(until), said)
        };
        Self { weather, until, burst: None, outages: (0..3).map(outage).collect() }
    }

    /// The weather as it is now.
    pub(super) fn now(&self, now: Timestamp) -> Weather {
        if now < self.until { self.weather } else { Weather::default() }
    }

    /// Whether this request goes wrong, and how.
    pub(super) fn strike(&mut self, rng: &mut Rng, call: &Call, now: Timestamp) -> Option<Fault> {
        let weather = self.now(now);
        if weather.request == 0 {
            return None;
        }
        let outage = self.outages.iter().find(|(from, to, _)| *from <= now && now < *to);
        if let Some((_, _, said)) = outage.filter(|_| call.service == Service::Ses) {
            return Some(*said);
        }
        if let Some((service, fault, left)) = self.burst.filter(|b| b.0 == call.service)
            && possible(call).contains(&fault)
        {
            self.burst = (left > 1).then_some((service, fault, left - 1));
            return Some(fault);
        }
        if is_of_a_case(call) && rng.per_mille(weather.torn) {
            return Some(Fault::Torn);
        }
        if !rng.per_mille(weather.request) {
            return None;
        }
        let fault = *rng.pick(possible(call));
        // What is refused for good is rare: each becomes somebody's task.
        let fault = if fault == Fault::Refused && !rng.per_mille(300) { Fault::Throttled } else { fault };
        if fault != Fault::Refused && rng.per_mille(300) {
            self.burst = Some((call.service, fault, 1 + rng.below(weather.burst)));
        }
        Some(fault)
    }
}

/// What can go wrong with a request.
fn possible(call: &Call) -> &'static [Fault] {
    use Fault::{
        Conflict, ErrorAfter, ErrorBefore, Lag, Refused, SomeFailed, Stale, Throttled, TimeoutAfter, TimeoutBefore,
        Unprocessed,
    };
    match (call.service, call.operation.as_str()) {
        (Service::DynamoDb, "TransactWriteItems") => {
            &[Throttled, Conflict, TimeoutBefore, TimeoutAfter, TimeoutAfter, ErrorBefore, ErrorAfter]
        }
        (Service::DynamoDb, "BatchGetItem") => &[Throttled, TimeoutBefore, ErrorBefore, Unprocessed],
        (Service::DynamoDb, _) if is_index(call) => &[Throttled, TimeoutBefore, Lag, Stale],
        (Service::DynamoDb, _) => &[Throttled, TimeoutBefore, ErrorBefore],
        (Service::EventBridge, _) => &[SomeFailed, SomeFailed, TimeoutBefore, TimeoutAfter, ErrorAfter, Refused],
        (Service::Ses, _) => &[Throttled, TimeoutBefore, TimeoutAfter, TimeoutAfter, ErrorBefore, ErrorAfter, Refused],
        (Service::Payments, _) => {
            &[Throttled, TimeoutBefore, TimeoutAfter, TimeoutAfter, ErrorBefore, ErrorAfter, Refused]
        }
        (Service::Sqs, _) => &[TimeoutBefore, TimeoutAfter, ErrorBefore],
    }
}

/// A query of one case's items.
fn is_of_a_case(call: &Call) -> bool {
    call.operation == "Query" && !is_index(call) && call.body.windows(6).any(|w| w == b"\"CASE#")
}

/// A query of an index, which reads what was true a moment ago.
pub(super) fn is_index(call: &Call) -> bool {
    call.operation == "Query" && call.body.windows(11).any(|w| w == b"\"IndexName\"")
}
