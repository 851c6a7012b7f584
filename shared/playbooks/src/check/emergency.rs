//! What whoever writes an emergency word is told: approved by a coach, with numbers that somebody has looked at.

use jiff::ToSpan;
use jiff::civil::Date;

use super::{Check, MAIN};
use crate::folder::Main;
use crate::places::Spot;
use crate::sources::HELPLINES;

impl Check<'_> {
    pub(super) fn emergency(&mut self, main: &Main) {
        let Some(note) = &main.emergency else { return };
        let people = &main.people;
        let may =
            if people.coaches.is_empty() { people.person(&note.approved_by) } else { people.coach(&note.approved_by) };
        if may.is_none() {
            let what = format!(
                "emergency: {} is no coach; the note goes out in the practice's name, so a coach approves it",
                note.approved_by
            );
            self.say(MAIN, Spot::Value(&["emergency", "approved_by"]), what);
        }
        if self.parts.helplines.as_ref().is_some_and(Vec::is_empty) {
            let what = "names nobody to call, and the note for emergencies says whom; add one, or remove the file";
            self.say_at(HELPLINES, None, what.to_owned());
        }
    }

    /// Numbers change: whoever is sent to one must reach somebody.
    pub(super) fn confirmed(&mut self, main: &Main, today: Date) {
        let Some(note) = &main.emergency else { return };
        let is_old = note.confirmed.checked_add(6.months()).is_ok_and(|until| until < today);
        let what = if is_old {
            "was more than six months ago; make sure that the numbers of helplines.yaml are right, and write today's date"
        } else if note.confirmed > today {
            "is still to come; write the day on which somebody made sure that the numbers of helplines.yaml are right"
        } else {
            return;
        };
        let what = format!("emergency: confirmed: {} {what}", note.confirmed);
        self.warnings.push(self.sources.problem(
            MAIN,
            self.sources.at(MAIN, Spot::Value(&["emergency", "confirmed"])),
            what,
        ));
    }
}
