//! Who sends a template, to whom, and what is surely known by then.

use std::collections::{BTreeMap, BTreeSet};

use banto_domain::playbook::{Flow, Node, Role, Target};

use crate::folder::{Main, Parts};

/// One use of a template.
pub(super) struct Use<'a> {
    /// As people know it: `node confirm of flow inquiry`.
    pub(super) by: String,
    /// Whether it goes to the customer.
    pub(super) customer: bool,
    /// The question whose link it carries.
    pub(super) question: Option<&'a str>,
    /// The facts that are surely known by then; `None` when that can't be told.
    pub(super) known: Option<BTreeSet<&'a str>>,
}

/// Facts that are surely known, by node.
type Known<'a> = BTreeMap<&'a str, BTreeSet<&'a str>>;

/// All uses of templates, by template, as far as the playbook can be read.
pub(super) fn of(parts: &Parts) -> BTreeMap<&str, Vec<Use<'_>>> {
    let mut uses: BTreeMap<&str, Vec<Use<'_>>> = BTreeMap::new();
    let mut note = |template, used| uses.entry(template).or_default().push(used);
    for (name, form) in parts.main.iter().flat_map(|main| &main.forms) {
        let known = Some(form.required.iter().map(String::as_str).collect());
        note(form.acknowledge.as_str(), Use { by: format!("form {name}"), customer: true, question: None, known });
    }
    let mut asked = BTreeSet::new();
    for (name, flow) in parts.flows.iter().filter_map(|(name, flow)| Some((name, flow.as_ref()?))) {
        let known = parts.main.as_ref().and_then(|main| known(main, name, flow));
        for (node_name, node) in &flow.nodes {
            let by = || format!("node {node_name} of flow {name}");
            let known = || known.as_ref().and_then(|known| known.get(node_name.as_str()).cloned());
            if let Some(template) = node.template.as_deref() {
                let customer = node.to.is_none_or(|to| to == Role::Customer);
                note(template, Use { by: by(), customer, question: None, known: known() });
            }
            let Some((question_name, question)) =
                node.question.as_ref().and_then(|q| parts.questions.as_ref()?.get_key_value(q))
            else {
                continue;
            };
            asked.insert(question_name);
            for template in question.nudge.iter().chain([&question.template]) {
                let customer = question.to == Role::Customer;
                note(template, Use { by: by(), customer, question: Some(question_name), known: known() });
            }
        }
    }
    // Those that Banto itself asks, whatever the flow.
    for (name, question) in parts.questions.iter().flatten().filter(|(name, _)| !asked.contains(name)) {
        for template in question.nudge.iter().chain([&question.template]) {
            let customer = question.to == Role::Customer;
            note(template, Use { by: format!("question {name}"), customer, question: Some(name), known: None });
        }
    }
    uses
}

/// What every way to a node makes known: what all forms of the flow require, and what nodes on the way collected.
/// `None` for a flow that no form begins.
fn known<'a>(main: &'a Main, name: &str, flow: &'a Flow) -> Option<Known<'a>> {
    let forms = main.forms.values().filter(|form| form.flow == name);
    let required = forms.map(|form| form.required.iter().map(String::as_str).collect::<BTreeSet<_>>());
    let mut known = Known::from([(flow.start.as_str(), required.reduce(|a, b| &a & &b)?)]);
    let mut todo = vec![flow.start.as_str()];
    while let Some(here) = todo.pop() {
        let Some(node) = flow.nodes.get(here) else { continue };
        let before = known.get(here).cloned().unwrap_or_default();
        for (outcome, to) in &node.next {
            let Target::Node(next) = Target::of(to) else { continue };
            let after = &before | &collected(node, outcome);
            let both = known.get(next).map_or(after.clone(), |others| others & &after);
            if known.get(next) != Some(&both) {
                known.insert(next, both);
                todo.push(next);
            }
        }
    }
    Some(known)
}

fn collected<'a>(node: &'a Node, outcome: &str) -> BTreeSet<&'a str> {
    let collects = node.action == "request-missing-info" && outcome == "complete";
    node.facts.iter().filter(|_| collects).map(String::as_str).collect()
}
