//! Spans of time that are some time: deadlines in which one can answer, reminders before them, what is sold and held.

use jiff::{Span, Unit};

use super::{Check, MAIN};
use crate::folder::Main;
use crate::places::Spot;

/// How long a span is, in seconds: of a year that begins on 1 January 2026, as months differ.
pub(super) fn seconds(span: Span) -> f64 {
    let from = jiff::civil::date(2026, 1, 1);
    // What no calendar holds is longer than anything.
    span.total((Unit::Second, from)).unwrap_or(if span.is_negative() { f64::MIN } else { f64::MAX })
}

impl Check<'_> {
    pub(super) fn spans(&mut self, main: Option<&Main>) {
        self.deadlines();
        for (name, menu) in main.into_iter().flat_map(|main| &main.menus) {
            for (key, span) in [("valid", menu.valid), ("hold", menu.hold)] {
                if let Some(span) = span.filter(|span| seconds(*span) <= 0.0) {
                    let instead = if key == "valid" { "P6M, or leave it out when it never ends" } else { "P3D" };
                    let what = format!("menu {name}: {key}: {span} is no time at all; write e.g. {instead}");
                    self.say(MAIN, Spot::Value(&["menus", name, key]), what);
                }
            }
        }
    }

    fn deadlines(&mut self) {
        for (name, question) in self.parts.questions.iter().flatten() {
            let (file, place) = (self.sources.of_question(name), format!("question {name}"));
            let deadline = seconds(question.deadline);
            if deadline <= 0.0 {
                let what =
                    format!("{place}: a deadline of {} is no time to answer in; write e.g. P3D", question.deadline);
                self.say(file, Spot::Value(&[name, "deadline"]), what);
            }
            for (n, nudge) in question.nudges.iter().enumerate() {
                let what = match seconds(*nudge) {
                    at if at <= 0.0 => format!("{place}: a reminder after {nudge} is no reminder; write e.g. P2D"),
                    at if deadline > 0.0 && at >= deadline => format!(
                        "{place}: a reminder after {nudge} would come when its deadline {} is over; write an earlier one",
                        question.deadline
                    ),
                    _ => continue,
                };
                self.say(file, Spot::Value(&[name, "nudges", &n.to_string()]), what);
            }
        }
    }
}
