//! When sessions may be held: weekly hours, exceptions, holidays, breaks, group sessions.

use jiff::Span;
use jiff::civil::{Date, DateTime, Time, Weekday};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// When sessions may be held. Always today's: a running case is offered what is open now.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Calendar {
    /// Nothing sooner than this is offered: `PT24H`.
    pub lead: Span,
    /// Nothing later than this is offered: `P28D`.
    pub horizon: Span,
    /// How many slots are offered at a time.
    pub offers: usize,
    /// At most this many on one day.
    pub per_day: usize,
    /// Fewer open slots than this: the coach is asked for more.
    pub at_least: usize,
    /// How long a chosen slot is held until it is confirmed: `P3D`.
    pub hold: Span,
    /// Sessions begin at multiples of this within open hours, in minutes.
    #[serde(default = "half_an_hour")]
    pub every: u32,
    /// Days on which nothing is offered unless an exception opens them.
    pub holidays: Holidays,
    /// Spans of each year on which nothing is offered either: 年末年始.
    #[serde(default)]
    pub breaks: Vec<Break>,
    /// Weekly hours.
    #[serde(default)]
    pub weekly: Vec<Weekly>,
    /// Single days that differ.
    #[serde(default)]
    pub exceptions: Vec<Exception>,
    /// Group sessions, on fixed dates.
    #[serde(default)]
    pub sessions: Vec<GroupSession>,
}

fn half_an_hour() -> u32 {
    30
}

/// Whose public holidays are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Holidays {
    /// 国民の祝日.
    Japan,
    /// None.
    None,
}

/// A span of each year, both ends included; it may go over the year's end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Break {
    /// First day, `12-29`.
    #[schemars(regex(pattern = "^[01][0-9]-[0-3][0-9]$"))]
    pub from: String,
    /// Last day, `01-03`.
    #[schemars(regex(pattern = "^[01][0-9]-[0-3][0-9]$"))]
    pub to: String,
}

/// Hours that repeat each week.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Weekly {
    /// The coach's short name.
    pub coach: String,
    /// On these days.
    pub days: Vec<Weekday7>,
    /// From, in the coach's zone.
    pub from: Time,
    /// To, later on the same day.
    pub to: Time,
}

/// A day of the week.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "days of the week say what they are")]
pub enum Weekday7 {
    Mon,
    Tue,
    Wed,
    Thu,
    Fri,
    Sat,
    Sun,
}

impl Weekday7 {
    /// Whether this is that day.
    #[must_use]
    pub fn is(self, day: Weekday) -> bool {
        self as i8 == day.to_monday_zero_offset()
    }
}

/// A single day that differs: closed, or open at other hours beside the weekly ones.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Exception {
    /// The coach's short name.
    pub coach: String,
    /// The day.
    pub date: Date,
    /// Nothing is offered on it.
    #[serde(default)]
    pub closed: bool,
    /// Open from, also on a holiday.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Time>,
    /// Open to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<Time>,
}

/// A session for several customers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GroupSession {
    /// Its name.
    pub id: String,
    /// What it is.
    pub menu: String,
    /// The coach's short name.
    pub coach: String,
    /// When it begins, in the coach's zone.
    pub at: DateTime,
    /// How many seats it has.
    pub capacity: u32,
}
