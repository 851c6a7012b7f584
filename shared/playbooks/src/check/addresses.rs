//! People can be written to: addresses and names that fit into a mail, and one id for one person.

use banto_domain::playbook::{Person, is_address};

use super::names::is_segment;
use super::{Check, MAIN};
use crate::folder::Main;
use crate::places::Spot;

impl Check<'_> {
    pub(super) fn addresses(&mut self, main: &Main) {
        self.address("sender", &main.sender.address, &["sender", "address"]);
        for (language, name) in [("ja", &main.sender.name.ja), ("en", &main.sender.name.en)] {
            self.name("sender", name, &["sender", "name", language]);
        }
        for (list, people) in [("coaches", &main.people.coaches), ("operators", &main.people.operators)] {
            for (n, person) in people.iter().enumerate() {
                let (n, place) = (n.to_string(), format!("people: {}", person.id));
                self.address(&place, &person.address, &["people", list, &n, "address"]);
                self.name(&place, &person.name, &["people", list, &n, "name"]);
                self.id(&person.id, &["people", list, &n, "id"]);
            }
        }
        self.one_id_one_person(main);
    }

    fn address(&mut self, place: &str, address: &str, path: &[&str]) {
        if !is_address(address) {
            let what = format!("{place}: {address:?} is no mail address; write e.g. office@example.com");
            self.say(MAIN, Spot::Value(path), what);
        }
    }

    /// A name stands in the head of a mail, on one line.
    fn name(&mut self, place: &str, name: &str, path: &[&str]) {
        if name.trim().is_empty() {
            self.say(MAIN, Spot::Value(path), format!("{place}: has an empty name; write it"));
        } else if name.chars().any(char::is_control) {
            self.say(
                MAIN,
                Spot::Value(path),
                format!("{place}: the name has a line break in it; write it on one line"),
            );
        }
    }

    fn id(&mut self, id: &str, path: &[&str]) {
        if !is_segment(id) {
            let what = format!("people: {id:?} is no id; write letters, digits and hyphens, e.g. sato");
            self.say(MAIN, Spot::Value(path), what);
        }
    }

    /// Who coaches and runs the office alone stands in both lists, as the same person.
    fn one_id_one_person(&mut self, main: &Main) {
        let same = |a: &Person, b: &Person| a.name == b.name && a.address == b.address;
        for (n, operator) in main.people.operators.iter().enumerate() {
            let coach = main.people.coach(&operator.id);
            if let Some(coach) = coach.filter(|coach| !same(coach, operator)) {
                let what = format!(
                    "people: {} is also the id of the coach {}; give this person another, or the same name and address",
                    operator.id, coach.name
                );
                self.say(MAIN, Spot::Value(&["people", "operators", &n.to_string(), "id"]), what);
            }
        }
    }
}
