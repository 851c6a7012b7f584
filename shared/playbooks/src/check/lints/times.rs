//! Times that are hardly meant: quiet by day, reminders that come too late or out of order, dates that are over.

use banto_domain::playbook::MailHours;
use jiff::civil::{Date, Time, time};

use crate::check::spans::seconds;
use crate::check::{Check, MAIN};
use crate::folder::Main;
use crate::places::Spot;

/// When nobody means to be left alone.
const NOON: Time = time(12, 0, 0, 0);

impl Check<'_> {
    pub(super) fn times(&mut self, today: Option<Date>) {
        self.nudges();
        let Some(main) = &self.parts.main else { return };
        self.quiet(main);
        self.reminders(main);
        if let Some(today) = today {
            self.dates(main, today);
            self.confirmed(main, today);
        }
    }

    fn quiet(&mut self, main: &Main) {
        match main.quiet {
            Some(quiet) if quiet.from <= NOON && NOON < quiet.to => {
                let what =
                    "quiet: is by day, so mails that wait leave at night; write e.g. from: \"21:00\", to: \"08:00\"";
                self.warn(MAIN, Spot::Value(&["quiet", "from"]), what.to_owned());
            }
            Some(_) => {}
            None => {
                let waits = self.parts.templates.iter().filter_map(|(name, pair)| Some((name, pair.ja.as_ref()?)));
                let waits: Vec<&String> =
                    waits.filter(|(_, ja)| ja.front.hours == MailHours::Day).map(|(name, _)| name).collect();
                if let Some(first) = waits.first() {
                    let mails = if waits.len() == 1 { "1 mail".to_owned() } else { format!("{} mails", waits.len()) };
                    let what = format!(
                        "quiet: there are no quiet hours, so {mails} with hours: day ({first} …) wait for nothing; add quiet:, e.g. \
                         from: \"21:00\", to: \"08:00\""
                    );
                    self.warn(MAIN, Spot::Key(&["quiet"]), what);
                }
            }
        }
    }

    fn nudges(&mut self) {
        for (name, question) in self.parts.questions.iter().flatten() {
            let file = self.sources.of_question(name);
            if question.nudge.is_some() && question.nudges.is_empty() {
                let what = format!("question {name}: nudge: is never sent without nudges:; add them, or remove it");
                self.warn(file, Spot::Key(&[name, "nudge"]), what);
            }
            for (n, pair) in question.nudges.windows(2).enumerate() {
                if seconds(pair[1]) <= seconds(pair[0]) {
                    let what = format!(
                        "question {name}: nudges: {} comes after {} here, but not in time; all count from the question on",
                        pair[1], pair[0]
                    );
                    self.warn(file, Spot::Value(&[name, "nudges", &(n + 1).to_string()]), what);
                }
            }
        }
    }

    /// At a time of the same day, a session may have begun by then.
    fn reminders(&mut self, main: &Main) {
        let Some(calendar) = &main.calendar else { return };
        let weekly = calendar.weekly.iter().map(|weekly| weekly.from);
        let groups = calendar.sessions.iter().map(|session| session.at.time());
        let Some(first) = weekly.chain(groups).min() else { return };
        for (name, rung) in &main.reminders {
            let Some(at) = rung.at.filter(|at| *at >= first && seconds(rung.before) == 0.0) else { continue };
            let what = format!(
                "reminder {name}: at {} on the same day a session may have begun, as they do from {} on; write an earlier time, or \
                 before: P1D",
                at.strftime("%H:%M"),
                first.strftime("%H:%M")
            );
            self.warn(MAIN, Spot::Value(&["reminders", name, "at"]), what);
        }
    }

    fn dates(&mut self, main: &Main, today: Date) {
        let Some(calendar) = &main.calendar else { return };
        for name in main.menus.iter().filter(|(_, menu)| menu.group).map(|(name, _)| name) {
            let mut dates = calendar.sessions.iter().filter(|session| session.menu == *name).map(|s| s.at.date());
            let is_over = dates.clone().next().is_some() && dates.all(|date| date < today);
            if is_over {
                let what = format!(
                    "menu {name}: all its dates are over, so nothing can be offered; add one to calendar: sessions:"
                );
                self.warn(MAIN, Spot::Key(&["menus", name]), what);
            }
        }
    }
}
