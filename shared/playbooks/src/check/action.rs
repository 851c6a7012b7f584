//! What a node may do: the functions that it may name, what each must be given, and all that may come of it.

use std::collections::BTreeSet;

use banto_domain::ask::AskKind;
use banto_domain::classify::UNSURE;
use banto_domain::playbook::{EXPIRED, Means, Node, Question, Role};

use super::Check;
use crate::folder::Parts;
use crate::places::Spot;

/// A function that a node may name.
pub(crate) struct Action {
    pub(crate) name: &'static str,
    /// What it must be given: one of each row.
    needs: &'static [&'static [&'static str]],
    /// What else it takes.
    takes: &'static [&'static str],
    /// The kinds of question that it asks.
    asks: &'static [AskKind],
    /// What may come of it, beside the answers of its question when those are outcomes.
    outcomes: &'static [&'static str],
    /// Whether its question's answers are outcomes.
    answers: bool,
}

const MENU: &[&str] = &["menu", "menu_from"];

/// The functions that a node may name.
pub(crate) const ACTIONS: [Action; 11] = [
    Action { outcomes: &[UNSURE], ..Action::new("classify-inquiry") },
    Action { needs: &[&["template"]], takes: &["to"], outcomes: &["done"], ..Action::new("notify") },
    Action {
        needs: &[&["question"]],
        takes: &["facts"],
        asks: &[AskKind::Choice, AskKind::Fields, AskKind::Openings],
        outcomes: &[EXPIRED],
        answers: true,
        ..Action::new("open-ask")
    },
    Action {
        needs: &[&["question"], &["facts"]],
        asks: &[AskKind::Fields],
        outcomes: &["complete", EXPIRED],
        ..Action::new("request-missing-info")
    },
    Action {
        needs: &[&["question"], MENU],
        asks: &[AskKind::Slot],
        outcomes: &["chosen", "no-slots", EXPIRED],
        answers: true,
        ..Action::new("offer-slots")
    },
    Action { needs: &[&["template"]], outcomes: &["confirmed", "lost"], ..Action::new("confirm-booking") },
    Action {
        needs: &[&["question"]],
        takes: &["template", "facts"],
        asks: &[AskKind::Fields],
        outcomes: &["sent"],
        ..Action::new("send-guide")
    },
    Action {
        needs: &[&["question"]],
        asks: &[AskKind::Choice],
        outcomes: &[EXPIRED],
        answers: true,
        ..Action::new("run-session")
    },
    Action {
        needs: &[&["template"], MENU],
        takes: &["to", "question"],
        asks: &[AskKind::Choice],
        outcomes: &["paid", "overdue", "failed"],
        ..Action::new("issue-invoice")
    },
    Action {
        needs: &[&["question", "template"]],
        takes: &["facts"],
        asks: &[AskKind::Fields],
        outcomes: &["more", "finished"],
        ..Action::new("follow-up")
    },
    Action { needs: &[&["policy"]], outcomes: &["assigned"], ..Action::new("assign-owner") },
];

/// What may happen to a track while an `open-ask` waits, whatever its answers are.
const ARRIVES: [&str; 1] = ["paid"];

impl Action {
    const fn new(name: &'static str) -> Self {
        Self { name, needs: &[], takes: &[], asks: &[], outcomes: &[], answers: false }
    }

    fn makes_something_of(&self, key: &str) -> bool {
        self.takes.contains(&key) || self.needs.iter().any(|row| row.contains(&key))
    }
}

impl Check<'_> {
    pub(super) fn node(&mut self, file: &str, name: &str, node: &Node) {
        let action_at = ["nodes", name, "action"];
        let Some(action) = ACTIONS.iter().find(|a| a.name == node.action) else {
            let names: Vec<&str> = ACTIONS.iter().map(|a| a.name).collect();
            let what = format!("node {name}: there is no function {}; there are {}", node.action, names.join(", "));
            self.say(file, Spot::Value(&action_at), what);
            return;
        };
        let given = given(node);
        for row in action.needs.iter().filter(|row| !row.iter().any(|key| given.contains(key))) {
            let what = format!("node {name}: {} needs {}:, which isn't there; add it", node.action, row.join(": or "));
            self.say(file, Spot::Value(&action_at), what);
        }
        for key in given.iter().filter(|key| !action.makes_something_of(key)) {
            let what = format!("node {name}: {} makes nothing of {key}:; remove it", node.action);
            self.say(file, Spot::Key(&["nodes", name, key]), what);
        }
        self.names(file, name, node);
        if self.asked(file, name, node, action) {
            self.outcomes(file, name, node);
        }
    }

    fn names(&mut self, file: &str, name: &str, node: &Node) {
        let place = format!("node {name}");
        self.fact_names(file, &place, &["nodes", name, "facts"], &node.facts);
        if let Some(template) = &node.template {
            self.template_name(&place, template, file, &["nodes", name, "template"]);
        }
        if let Some(policy) = &node.policy {
            self.policy_name(&place, policy, file, &["nodes", name, "policy"]);
        }
        self.node_menu(file, name, node);
        let Some(main) = &self.parts.main else { return };
        for (action, part, there) in
            [("offer-slots", "calendar", main.calendar.is_some()), ("issue-invoice", "billing", main.billing.is_some())]
        {
            if node.action == action && !there {
                let what = format!("{place}: {action} needs {part}: in playbook.yaml, which isn't there; add it");
                self.say(file, Spot::Value(&["nodes", name, "action"]), what);
            }
        }
    }

    /// Whether the question of a node is one that its function asks.
    fn asked(&mut self, file: &str, name: &str, node: &Node, action: &Action) -> bool {
        let (Some(wanted), Some(questions)) = (&node.question, &self.parts.questions) else { return true };
        let at = Spot::Value(&["nodes", name, "question"]);
        let Some(question) = questions.get(wanted) else {
            self.say(file, at, format!("node {name}: there is no question {wanted}; add it to questions.yaml"));
            return false;
        };
        if !action.asks.is_empty() && !action.asks.contains(&question.kind) {
            let kinds: Vec<&str> = action.asks.iter().map(|kind| kind_name(*kind)).collect();
            let (kinds, kind) = (kinds.join(" or "), kind_name(question.kind));
            let what = format!(
                "node {name}: {} asks questions of kind {kinds}, but {wanted} is of kind {kind}; name another",
                node.action
            );
            self.say(file, at, what);
            return false;
        }
        if question.kind != AskKind::Fields && !node.facts.is_empty() {
            let what = format!("node {name}: {wanted} asks for no facts, as it isn't of kind fields; remove facts:");
            self.say(file, Spot::Key(&["nodes", name, "facts"]), what);
        }
        let is_taken = |answer: &str| answer != EXPIRED && action.outcomes.contains(&answer);
        if let Some(answer) = question.answers.iter().find(|a| action.answers && is_taken(&a.name)) {
            let what = format!(
                "node {name}: {} is an outcome of {} itself; give that answer of {wanted} another name",
                answer.name, node.action
            );
            self.say(file, at, what);
        }
        match node.action.as_str() {
            "run-session" => self.staff_says(file, name, question, (Means::Held, "the session was held", "held")),
            "issue-invoice" => self.staff_says(file, name, question, (Means::Paid, "the transfer came in", "paid")),
            _ => {}
        }
        true
    }

    /// How a session went, or that a transfer came in, is known to the practice's own people, and one answer says so.
    fn staff_says(&mut self, file: &str, name: &str, question: &Question, said: (Means, &str, &str)) {
        let at = ["nodes", name, "question"];
        let (means, what, written) = said;
        if !matches!(question.to, Role::Coach | Role::Operator) {
            let what =
                format!("node {name}: the coach or an operator knows that {what}; its question is to somebody else");
            self.say(file, Spot::Value(&at), what);
        }
        if !question.answers.iter().any(|a| a.means == Some(means)) {
            let what =
                format!("node {name}: no answer of its question says that {what}; give one of them means: {written}");
            self.say(file, Spot::Value(&at), what);
        }
    }

    fn outcomes(&mut self, file: &str, name: &str, node: &Node) {
        let Some(outcomes) = outcomes_of(self.parts, node) else { return };
        for outcome in outcomes.iter().filter(|o| !node.next.contains_key(*o)) {
            let what = format!("node {name}: outcome {outcome} leads nowhere; add it to next:");
            self.say(file, Spot::Key(&["nodes", name, "next"]), what);
        }
        let arrives = |o: &str| node.action == "open-ask" && ARRIVES.contains(&o);
        for outcome in node.next.keys().filter(|o| !outcomes.contains(*o) && !arrives(o)) {
            let has: Vec<&str> = outcomes.iter().map(String::as_str).collect();
            let what = format!("node {name}: never has the outcome {outcome}; it has {}", has.join(", "));
            self.say(file, Spot::Key(&["nodes", name, "next", outcome]), what);
        }
    }
}

/// The keys that a node has, beside those that every node may have.
fn given(node: &Node) -> Vec<&'static str> {
    let keys = [
        ("question", node.question.is_some()),
        ("template", node.template.is_some()),
        ("to", node.to.is_some()),
        ("facts", !node.facts.is_empty()),
        ("menu", node.menu.is_some()),
        ("menu_from", node.menu_from.is_some()),
        ("policy", node.policy.is_some()),
    ];
    keys.into_iter().filter_map(|(key, given)| given.then_some(key)).collect()
}

/// All that may come of a node; `None` when what says so can't be read.
pub(super) fn outcomes_of(parts: &Parts, node: &Node) -> Option<BTreeSet<String>> {
    let action = ACTIONS.iter().find(|a| a.name == node.action)?;
    let mut outcomes: BTreeSet<String> = action.outcomes.iter().map(|&o| o.to_owned()).collect();
    if node.action == "classify-inquiry" {
        let categories = &parts.main.as_ref()?.classification.categories;
        outcomes.extend(categories.values().map(|c| c.outcome.clone()));
    }
    if action.answers {
        let question = parts.questions.as_ref()?.get(node.question.as_ref()?)?;
        outcomes.extend(question.answers.iter().map(|a| a.name.clone()));
    }
    Some(outcomes)
}

/// As it stands in `questions.yaml`.
fn kind_name(kind: AskKind) -> &'static str {
    match kind {
        AskKind::Choice => "choice",
        AskKind::Fields => "fields",
        AskKind::Slot => "slot",
        AskKind::Openings => "openings",
    }
}
