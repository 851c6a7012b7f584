//! What can be booked and bought: menus make sense, and nodes name menus that can be booked or sold.

use banto_domain::playbook::{AskKind, Charge, FactKind, Menu, Node};
use banto_domain::rules::billing::MAX_AMOUNT;
use banto_domain::steps::{self, Part};

use super::calendar::in_a_week;
use super::known::{Known, State};
use super::spans::seconds;
use super::{Check, MAIN};
use crate::folder::Main;
use crate::places::Spot;

/// How many seats of a session one customer may have.
const SEATS: &str = "seats_per_customer";

impl Check<'_> {
    pub(super) fn menus(&mut self, main: &Main) {
        for (name, menu) in &main.menus {
            let wrong = [
                ("minutes", menu.minutes == 0, "a session of no minutes; write how long it is"),
                ("price", menu.price < 0, "a price below 0; write 0 when it is free"),
                ("price", menu.price > MAX_AMOUNT, "a price too large to be true; write it in yen, or in pence"),
                ("sessions", menu.sessions == 0, "no sessions; write how many it has"),
                (SEATS, menu.seats_per_customer == 0, "a customer who may have no seat; write 1 or more"),
                (
                    SEATS,
                    menu.seats_per_customer > 1 && !menu.group,
                    "several seats of a session that nobody shares; remove it, or write group: true",
                ),
            ];
            for (key, _, what) in wrong.into_iter().filter(|(_, wrong, _)| *wrong) {
                self.say(MAIN, Spot::Value(&["menus", name, key]), format!("menu {name}: {what}"));
            }
            self.charges(name, menu);
            for (n, coach) in menu.coaches.iter().enumerate() {
                self.coach(&format!("menu {name}"), coach, &["menus", name, "coaches", &n.to_string()]);
            }
            self.opened(main, name, menu);
        }
    }

    /// What is kept of a cancelled booking's price rises as it comes nearer, and is said of every hour.
    fn charges(&mut self, name: &str, menu: &Menu) {
        let mut last: Option<&Charge> = None;
        for (n, charge) in menu.cancel.iter().enumerate() {
            let length = |charge: &Charge| charge.before.map_or(0.0, seconds);
            let is_last = n + 1 == menu.cancel.len();
            let wrong = [
                ("percent", charge.percent > 100, "more than all of it; write 100 or less"),
                (
                    "before",
                    charge.before.is_none() != is_last,
                    "the last alone has no before:, so that something is said of every hour",
                ),
                (
                    "before",
                    last.is_some_and(|last| length(last) <= length(charge)),
                    "is no shorter than the one above it; write the longest first",
                ),
            ];
            for (key, _, what) in wrong.into_iter().filter(|(_, wrong, _)| *wrong) {
                let path = ["menus", name, "cancel", &n.to_string(), key];
                self.say(MAIN, Spot::Value(&path), format!("menu {name}: cancel: {what}"));
            }
            last = Some(charge);
        }
    }

    /// The menu of a node is there; what is sold has a price, and what is offered can be booked.
    pub(super) fn node_menu(&mut self, file: &str, name: &str, node: &Node) {
        let Some(main) = &self.parts.main else { return };
        let place = format!("node {name}");
        if let Some(menu) = node.menu.as_ref().filter(|menu| !main.menus.contains_key(*menu)) {
            let what = format!("{place}: there is no menu {menu}; add it to menus: in playbook.yaml");
            self.say(file, Spot::Value(&["nodes", name, "menu"]), what);
        }
        let from = ["nodes", name, "menu_from"];
        if node.menu.is_some() && node.menu_from.is_some() {
            let what = format!("{place}: has both menu: and menu_from:; remove one of them");
            self.say(file, Spot::Key(&from), what);
        }
        if let Some(fact) = &node.menu_from {
            match main.facts.get(fact) {
                None => self.fact_name(&place, fact, file, Spot::Value(&from)),
                Some(spec) if spec.kind != FactKind::Choice => {
                    let what = format!("{place}: the fact {fact} is no choice, so it names no menu; name another");
                    self.say(file, Spot::Value(&from), what);
                }
                Some(spec) => {
                    for choice in spec.choices.iter().filter(|choice| !main.menus.contains_key(&choice.name)) {
                        let what = format!("{place}: {} of the fact {fact} is no menu; add it to menus:", choice.name);
                        self.say(file, Spot::Value(&from), what);
                    }
                }
            }
        }
        if is_billed(node) {
            let at = if node.menu.is_some() { ["nodes", name, "menu"] } else { from };
            for menu in menus_of(main, node).into_iter().filter(|m| main.menus.get(*m).is_some_and(|m| m.price == 0)) {
                let what = format!("{place}: {menu} is free, so there is nothing to invoice; give it a price");
                self.say(file, Spot::Value(&at), what);
            }
        }
    }

    /// What says which menu is known by then.
    pub(super) fn menu_is_known(&mut self, file: &str, name: &str, node: &Node, known: &State<'_>) {
        let Some(fact) = node.menu_from.as_deref().filter(|_| node.menu.is_none()) else { return };
        let is_fact = self.parts.main.as_ref().is_some_and(|main| main.facts.contains_key(fact));
        if is_fact && !known.contains(&Known::Fact(fact)) {
            let what = format!(
                "node {name}: the fact {fact} may be unknown by then; let every form require it, or collect it in a node before"
            );
            self.say(file, Spot::Value(&["nodes", name, "menu_from"]), what);
        }
    }

    /// Whether some node lets customers choose a slot for this menu.
    fn is_offered(&self, main: &Main, menu: &str) -> bool {
        let nodes = || self.parts.flows.values().flatten().flat_map(|flow| flow.nodes.values());
        nodes().any(|node| is_chosen(node) && menus_of(main, node).contains(&menu))
    }

    /// There are slots for what is offered.
    fn opened(&mut self, main: &Main, name: &str, menu: &Menu) {
        let Some(calendar) = &main.calendar else { return };
        let at = Spot::Key(&["menus", name]);
        if menu.group {
            let seats = calendar.sessions.iter().filter(|session| session.menu == name).map(|session| session.capacity);
            if let Some(most) = seats.max().filter(|most| menu.seats_per_customer > *most) {
                let what =
                    format!("menu {name}: {SEATS}: no session of it has more than {most} seats; write that or fewer");
                self.say(MAIN, Spot::Value(&["menus", name, SEATS]), what);
            }
            if !calendar.sessions.iter().any(|session| session.menu == name) {
                let what = format!("menu {name}: has no date; add one to calendar: sessions:");
                self.say(MAIN, at, what);
            }
            return;
        }
        if !self.is_offered(main, name) || menu.minutes == 0 {
            return;
        }
        let Some(found) = in_a_week(main, calendar, name, menu) else { return };
        if found < calendar.at_least.max(1) {
            let what = format!(
                "menu {name}: {} minutes fit {found} times into a week's open hours, but calendar: at_least: is {}; open more hours of \
                 those who hold it",
                menu.minutes, calendar.at_least
            );
            self.say(MAIN, at, what);
        }
    }
}

/// Whether a node asks for money.
pub(super) fn is_billed(node: &Node) -> bool {
    steps::contract(&node.action).is_some_and(|step| step.parts.contains(&Part::Billing))
}

/// Whether customers choose a slot at a node.
fn is_chosen(node: &Node) -> bool {
    steps::contract(&node.action).is_some_and(|step| step.asks.contains(&AskKind::Slot))
}

/// The menus that a node may book or sell: those that there are.
pub(super) fn menus_of<'a>(main: &'a Main, node: &'a Node) -> Vec<&'a str> {
    let chosen = node.menu_from.as_ref().filter(|_| node.menu.is_none()).and_then(|fact| main.facts.get(fact));
    let chosen = chosen.into_iter().flat_map(|fact| fact.choices.iter().map(|choice| choice.name.as_str()));
    let named = node.menu.as_deref().into_iter().chain(chosen);
    named.filter(|name| main.menus.contains_key(*name)).collect()
}
