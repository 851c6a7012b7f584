//! The contracts of all steps: what a function needs, takes, asks, mails and leaves behind, and what may come of it, as
//! one value each. Functions, the checker, pictures, schemas, README and the simulator read them; nobody says it again.
//!
//! ```text
//! steps/entry.rs   what comes in: forms, payments, links, the provider's word
//! steps/node.rs    what a node may name
//! steps/rest.rs    what belongs to a track, goes out, or comes by the clock
//! ```

mod entry;
mod node;
mod rest;

pub use entry::*;
pub use node::*;
pub use rest::*;

use crate::playbook::{AskKind, Means, Node, To};

/// The outcome of an ask that nobody answered. Never one of its answers.
pub const EXPIRED: &str = "expired";
/// The outcome of an inquiry that no rule could sort.
pub const UNSURE: &str = "unsure";
/// The outcome of a node that waits for an invoice: all of it came in.
pub const PAID: &str = "paid";
/// The outcome of an approval to which all who must have agreed.
pub const APPROVED: &str = "approved";
/// The outcome of an approval that somebody refused.
pub const REFUSED: &str = "refused";
/// The outcome of a wait whose time has come.
pub const ELAPSED: &str = "elapsed";

/// Words for people.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Words {
    /// Japanese.
    pub ja: &'static str,
    /// English.
    pub en: &'static str,
}

impl Words {
    /// In this language; Japanese unless it is `en`.
    #[must_use]
    pub fn get(self, language: &str) -> &'static str {
        if language == "en" { self.en } else { self.ja }
    }
}

/// What sets a step off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// A request from outside: a webhook, a link.
    Request,
    /// An event of the mail provider.
    Provider,
    /// A node of a flow.
    Node,
    /// A track's timer.
    Track,
    /// A message that is wanted.
    Message,
    /// Money that is to go back.
    Refund,
    /// The clock.
    Clock,
    /// The table's stream.
    Stream,
}

/// What a node may be given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "named as they stand in a playbook")]
pub enum Key {
    Question,
    Template,
    To,
    Facts,
    Menu,
    MenuFrom,
    NextPart,
    Receipt,
    Whole,
    Policy,
    For,
    Until,
    Events,
    Approval,
    Ladder,
    Moves,
    Counts,
}

impl Key {
    /// As it stands in a playbook.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Question => "question",
            Self::Template => "template",
            Self::To => "to",
            Self::Facts => "facts",
            Self::Menu => "menu",
            Self::MenuFrom => "menu_from",
            Self::NextPart => "next_part",
            Self::Receipt => "receipt",
            Self::Whole => "whole",
            Self::Policy => "policy",
            Self::For => "for",
            Self::Until => "until",
            Self::Events => "events",
            Self::Approval => "approval",
            Self::Ladder => "ladder",
            Self::Moves => "moves",
            Self::Counts => "counts",
        }
    }

    /// The keys that a node has, beside those that every node may have.
    #[must_use]
    pub fn given(node: &Node) -> Vec<Self> {
        let Node {
            label: _,
            action: _,
            stage: _,
            next: _,
            question,
            template,
            to,
            facts,
            menu,
            menu_from,
            next_part,
            receipt,
            whole,
            moves,
            counts,
            policy,
            ladder,
            approval,
            span,
            until,
            events,
        } = node;
        let keys = [
            (Self::Question, question.is_some()),
            (Self::Template, template.is_some()),
            (Self::To, to.is_some()),
            (Self::Facts, !facts.is_empty()),
            (Self::Menu, menu.is_some()),
            (Self::MenuFrom, menu_from.is_some()),
            (Self::NextPart, *next_part),
            (Self::Receipt, *receipt),
            (Self::Whole, *whole),
            (Self::Moves, *moves),
            (Self::Counts, *counts),
            (Self::Policy, policy.is_some()),
            (Self::For, span.is_some()),
            (Self::Until, until.is_some()),
            (Self::Events, !events.is_empty()),
            (Self::Approval, approval.is_some()),
            (Self::Ladder, ladder.is_some()),
        ];
        keys.into_iter().filter_map(|(key, given)| given.then_some(key)).collect()
    }
}

/// A part of `playbook.yaml` without which a step can do nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "named as they stand in a playbook")]
pub enum Part {
    Classification,
    Calendar,
    Billing,
}

impl Part {
    /// As it stands in a playbook.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Classification => "classification",
            Self::Calendar => "calendar",
            Self::Billing => "billing",
        }
    }
}

/// What a step leaves behind for those that come after it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Leaves {
    /// A slot is held.
    Hold,
    /// The booking is confirmed.
    Confirmed,
    /// There is no booking any more.
    NoBooking,
    /// Money is asked for.
    Invoice,
    /// Sessions that were paid for.
    Package,
    /// Money went back.
    Refund,
    /// The facts of its node are known.
    Facts,
    /// Somebody looks after the case.
    Owner,
}

/// What must be there before a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct After {
    /// What some step before has to leave.
    pub left: Leaves,
    /// What is said of a way on which none does: what doesn't happen there, and what to do.
    pub unless: &'static str,
}

/// What may come of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Outcome {
    /// As it stands under `next:`.
    pub name: &'static str,
    /// For people; empty where it goes without saying.
    pub label: Words,
    /// What is there once it has come.
    pub leaves: &'static [Leaves],
}

impl Outcome {
    pub(crate) const fn new(name: &'static str, ja: &'static str, en: &'static str) -> Self {
        Self { name, label: Words { ja, en }, leaves: &[] }
    }

    pub(crate) const fn leaving(self, leaves: &'static [Leaves]) -> Self {
        Self { leaves, ..self }
    }
}

/// Where its question's answers go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answers {
    /// It asks nothing.
    None,
    /// They are outcomes of the node.
    Outcomes,
    /// They are only recorded: the question is asked beside the flow, or asked until it is complete.
    Recorded,
}

/// To whom a step writes by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "named as in a playbook")]
pub enum Mails {
    Customer,
    Payer,
    Coach,
}

impl From<Mails> for To {
    fn from(mails: Mails) -> Self {
        match mails {
            Mails::Customer => Self::Customer,
            Mails::Payer => Self::Payer,
            Mails::Coach => Self::Coach,
        }
    }
}

/// One step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Contract {
    /// Folder = package = binary = route = resource.
    pub name: &'static str,
    /// What sets it off.
    pub way: Way,
    /// What people call it.
    pub label: Words,
    /// What it does, in one line that can be read aloud.
    pub does: &'static str,
    /// What its node must be given: one of each row.
    pub needs: &'static [&'static [Key]],
    /// What else it takes.
    pub takes: &'static [Key],
    /// The parts of the playbook that it needs.
    pub parts: &'static [Part],
    /// The kinds of question that it asks; empty: it asks none.
    pub asks: &'static [AskKind],
    /// What one of the answers must say, since it is put to the practice's own people who know.
    pub says: Option<Means>,
    /// Where the answers go.
    pub answers: Answers,
    /// What must be there before it.
    pub after: Option<After>,
    /// To whom its template goes, unless the node says otherwise.
    pub mails: Mails,
    /// What is there when its own mails leave.
    pub within: &'static [Leaves],
    /// What may come of it, beside answers and awaited events.
    pub outcomes: &'static [Outcome],
    /// What may happen to a track meanwhile, whatever it waits for: outcomes that a node may have and need not.
    pub may_come: &'static [Outcome],
    /// Somebody answers or time passes before it is left by any outcome but these.
    pub at_once: &'static [&'static str],
    /// Outcomes after each of which there is one thing less to deal with: a way round over them comes to its end.
    pub dwindles: &'static [&'static str],
}

impl Contract {
    pub(crate) const fn new(
        name: &'static str,
        way: Way,
        ja: &'static str,
        en: &'static str,
        does: &'static str,
    ) -> Self {
        Self {
            name,
            way,
            label: Words { ja, en },
            does,
            needs: &[],
            takes: &[],
            parts: &[],
            asks: &[],
            says: None,
            answers: Answers::None,
            after: None,
            mails: Mails::Customer,
            within: &[],
            outcomes: &[],
            may_come: &[],
            at_once: &[],
            dwindles: &[],
        }
    }

    /// Whether its node may be given this.
    #[must_use]
    pub fn makes_something_of(&self, key: Key) -> bool {
        self.takes.contains(&key) || self.needs.iter().any(|row| row.contains(&key))
    }

    /// Whether some way out of it leaves this behind.
    #[must_use]
    pub fn leaves(&self, left: Leaves) -> bool {
        self.outcomes.iter().any(|outcome| outcome.leaves.contains(&left))
    }

    /// Whether the node's `to:` names whom it asks; elsewhere that is to whom it writes.
    #[must_use]
    pub fn asks_whom_the_node_says(&self) -> bool {
        self.answers == Answers::Outcomes && self.takes.contains(&Key::To)
    }

    /// Something that may come of it by itself.
    #[must_use]
    pub fn outcome(&self, name: &str) -> Option<&Outcome> {
        self.outcomes.iter().chain(self.may_come).find(|o| o.name == name)
    }
}

/// All steps, in the order in which README tells of them.
#[must_use]
pub fn all() -> Vec<&'static Contract> {
    entry::ALL.iter().chain(node::ALL).chain(rest::ALL).collect()
}

/// What a node may name.
pub fn nodes() -> impl Iterator<Item = &'static Contract> {
    node::ALL.iter()
}

/// The steps that leave this behind, as they stand in a playbook.
#[must_use]
pub fn leaving(left: Leaves) -> String {
    nodes().filter(|step| step.leaves(left)).map(|step| step.name).collect::<Vec<_>>().join(" or ")
}

/// The contract of a function.
#[must_use]
pub fn contract(name: &str) -> Option<&'static Contract> {
    all().into_iter().find(|c| c.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_step_has_one_contract_that_holds_together() {
        let all = all();
        for (n, contract) in all.iter().enumerate() {
            assert!(all.iter().skip(n + 1).all(|other| other.name != contract.name), "{} twice", contract.name);
            let asks = !contract.asks.is_empty();
            assert_eq!(asks, contract.answers != Answers::None, "{}: asks, and answers go somewhere", contract.name);
            assert_eq!(asks, contract.makes_something_of(Key::Question), "{}: asks its question", contract.name);
            assert_eq!(contract.way == Way::Node, nodes().any(|n| n.name == contract.name), "{}", contract.name);
            for name in contract.at_once {
                assert!(contract.outcome(name).is_some(), "{}: {name}", contract.name);
            }
        }
    }
}
