//! People by name: groups, deputies and shifts name people that there are, and so does whoever something is for.

use banto_domain::playbook::To;

use super::{Check, MAIN};
use crate::folder::Main;
use crate::places::Spot;

impl Check<'_> {
    pub(super) fn groups(&mut self, main: &Main) {
        let people = &main.people;
        for (n, person) in people.others.iter().enumerate() {
            if people.coaches.iter().chain(&people.operators).any(|p| p.id == person.id) {
                let what = format!("people: {} is a coach or an operator already; remove it from others:", person.id);
                self.say(MAIN, Spot::Value(&["people", "others", &n.to_string(), "id"]), what);
            }
        }
        for (name, ids) in &people.groups {
            if ids.is_empty() && people.group(name).is_none_or(|all| all.is_empty()) {
                let what = format!("group {name}: nobody is in it; name somebody");
                self.say(MAIN, Spot::Value(&["people", "groups", name]), what);
            }
            for (n, id) in ids.iter().enumerate() {
                self.is_somebody(main, &format!("group {name}"), id, &["people", "groups", name, &n.to_string()]);
            }
        }
        for (n, deputy) in people.deputies.iter().enumerate() {
            let (n, place) = (n.to_string(), format!("deputy of {}", deputy.of));
            self.is_somebody(main, &place, &deputy.of, &["people", "deputies", &n, "of"]);
            self.is_somebody(main, &place, &deputy.by, &["people", "deputies", &n, "by"]);
            if deputy.to < deputy.from {
                let what = format!("{place}: ends before it begins; write to: on or after {}", deputy.from);
                self.say(MAIN, Spot::Value(&["people", "deputies", &n, "to"]), what);
            }
        }
        for (n, shift) in people.shifts.iter().enumerate() {
            let n = n.to_string();
            let Some(group) = people.group(&shift.group) else {
                let what = format!("shift: there is no group {}; add it to groups:", shift.group);
                self.say(MAIN, Spot::Value(&["people", "shifts", &n, "group"]), what);
                continue;
            };
            for (m, who) in shift.who.iter().enumerate().filter(|(_, who)| !group.contains(&who.as_str())) {
                let what = format!("shift: {who} is not in group {}; it has {}", shift.group, group.join(", "));
                self.say(MAIN, Spot::Value(&["people", "shifts", &n, "who", &m.to_string()]), what);
            }
            if shift.to <= shift.from {
                let what = "shift: ends before it begins; one over midnight is two".to_owned();
                self.say(MAIN, Spot::Value(&["people", "shifts", &n, "to"]), what);
            }
        }
    }

    fn is_somebody(&mut self, main: &Main, place: &str, id: &str, path: &[&str]) {
        if main.people.person(id).is_none() {
            let ids: Vec<&str> = main.people.all().map(|p| p.id.as_str()).collect();
            let what = format!("{place}: {id} is nobody under people:; there are {}", ids.join(", "));
            self.say(MAIN, Spot::Value(path), what);
        }
    }

    /// Whoever something is for is there.
    pub(super) fn addressee(&mut self, place: &str, to: &To, file: &str, path: &[&str]) {
        let Some(main) = &self.parts.main else { return };
        let people = &main.people;
        let what = match to {
            To::Group(group) | To::OnDuty(group) if people.group(group).is_none() => {
                let groups: Vec<&str> =
                    ["coaches", "operators"].into_iter().chain(people.groups.keys().map(String::as_str)).collect();
                format!("{place}: there is no group {group}; there are {}", groups.join(", "))
            }
            To::Person(id) if people.person(id).is_none() => {
                let ids: Vec<&str> = people.all().map(|p| p.id.as_str()).collect();
                format!("{place}: {id} is nobody under people:; there are {}", ids.join(", "))
            }
            To::Coach if people.coaches.is_empty() => {
                format!("{place}: the practice has no coach; add one to people:, or write to: operator")
            }
            _ => return,
        };
        self.say(file, Spot::Value(path), what);
    }
}
