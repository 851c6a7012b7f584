//! Policies: their conditions can be evaluated, their bands leave no number out, and what they decide is there.

use std::collections::BTreeSet;

use banto_domain::playbook::{Band, FactKind, Flow, Policy, Target};
use banto_domain::rules::policy::{self, Flaw};
use banto_domain::steps::{self, Leaves};

use super::{Check, MAIN, conditions};
use crate::folder::Main;
use crate::places::Spot;

/// What a policy may ask beside facts, and is a number.
const NUMBERS: [&str; 2] = ["sessions_held", "sessions_left"];

/// Whether values of this kind are numbers.
pub(super) fn is_counted(kind: FactKind) -> bool {
    matches!(kind, FactKind::Number | FactKind::Money)
}

/// A result of a policy, and where it stands: `rules`, `0`, `then`.
type Decided<'a> = (Vec<String>, &'a str);

impl Check<'_> {
    pub(super) fn policies(&mut self, main: &Main) {
        for fact in policy::NAMES.into_iter().filter(|name| main.facts.contains_key(*name)) {
            let what = format!("fact {fact}: policies know something else by this name; give the fact another");
            self.say(MAIN, Spot::Key(&["facts", fact]), what);
        }
        for (name, policy) in &main.policies {
            self.conditions(main, name, policy);
            self.bands(main, name, policy);
            self.results(main, name, policy);
        }
    }

    fn conditions(&mut self, main: &Main, name: &str, policy: &Policy) {
        let flows = self.parts.whole_flows();
        // Nobody can tell which nodes a flow has that can't be read.
        let unread = flows.is_empty() || flows.len() < self.parts.flows.len();
        for (n, rule) in policy.rules.iter().enumerate() {
            let spot = ["policies", name, "rules", &n.to_string(), "when"];
            let when = shown(&rule.when);
            let Err(flaw) = policy::check(&rule.when, &main.facts, &flows) else {
                for flaw in conditions::flaws(&rule.when, &main.facts) {
                    self.say(MAIN, Spot::Value(&spot), format!("policy {name}: {when:?} {flaw}"));
                }
                continue;
            };
            if unread && matches!(flaw, Flaw::NotBoolean(_)) && rule.when.contains("visits[") {
                continue;
            }
            let way_out = match flaw {
                Flaw::TooLong => "split it into several rules",
                Flaw::NotBoolean(_) => "compare it with something",
                _ => "write e.g. menu == 'single' && !paid",
            };
            self.say(MAIN, Spot::Value(&spot), format!("policy {name}: {when:?} {flaw}; {way_out}"));
        }
    }

    fn bands(&mut self, main: &Main, name: &str, policy: &Policy) {
        let at = Spot::Key(&["policies", name, "bands"]);
        let is_number = |on: &str| NUMBERS.contains(&on) || main.facts.get(on).is_some_and(|f| is_counted(f.kind));
        match &policy.on {
            Some(on) if !is_number(on) => {
                let what = format!(
                    "policy {name}: on: {on} is no number; name sessions_left, sessions_held or a fact of kind number"
                );
                self.say(MAIN, Spot::Value(&["policies", name, "on"]), what);
            }
            None if !policy.bands.is_empty() => {
                let what =
                    format!("policy {name}: has bands, but no number that they are about; add on: sessions_left");
                self.say(MAIN, at, what);
            }
            Some(_) if policy.bands.is_empty() => {
                let what = format!("policy {name}: on: says nothing without bands:; add them, or remove it");
                self.say(MAIN, Spot::Key(&["policies", name, "on"]), what);
            }
            _ => {}
        }
        let flaw = match &policy.otherwise {
            Some(_) => policy::check_bands(&gapless(&policy.bands)),
            None if policy.bands.is_empty() => {
                let what = format!("policy {name}: decides nothing when no rule matches; add otherwise:");
                self.say(MAIN, Spot::Key(&["policies", name]), what);
                return;
            }
            None => policy::check_bands(&policy.bands),
        };
        if let Err(flaw) = flaw {
            let more = if policy.otherwise.is_none() { ", or add otherwise:" } else { "" };
            self.say(MAIN, at, format!("policy {name}: bands: {flaw}; mend them{more}"));
        }
    }

    /// What it decides is a node of each flow that it leads on in, and a person where it chooses who looks after a case.
    fn results(&mut self, main: &Main, name: &str, policy: &Policy) {
        let leads_by = format!("policy:{name}");
        for (flow_name, flow) in &self.parts.flows {
            let Some(flow) = flow else { continue };
            let leads = flow.nodes.values().any(|node| node.next.values().any(|to| *to == leads_by));
            let asks_who = flow.nodes.values().filter(|node| node.policy.as_deref() == Some(name));
            let assigns = asks_who.filter_map(|n| steps::contract(&n.action)).any(|step| step.leaves(Leaves::Owner));
            for (spot, then) in decided(policy) {
                let mut say = |what: String| {
                    let spot: Vec<&str> =
                        ["policies", name].into_iter().chain(spot.iter().map(String::as_str)).collect();
                    self.say(MAIN, Spot::Value(&spot), what);
                };
                if leads && let Some(what) = leads_nowhere(flow_name, flow, then) {
                    say(format!("policy {name}: {what}"));
                }
                if assigns && let Some(what) = is_nobody(main, then) {
                    say(format!("policy {name}: {what}"));
                }
            }
        }
    }

    /// A policy that a node names is there.
    pub(super) fn policy_name(&mut self, place: &str, name: &str, file: &str, path: &[&str]) {
        if self.parts.main.as_ref().is_some_and(|main| !main.policies.contains_key(name)) {
            let what = format!("{place}: there is no policy {name}; add it to policies: in playbook.yaml");
            self.say(file, Spot::Value(path), what);
        }
    }
}

/// Its beginning, when it is long.
fn shown(when: &str) -> String {
    match when.char_indices().nth(80) {
        Some((end, _)) => format!("{}…", &when[..end]),
        None => when.to_owned(),
    }
}

/// Why what a policy decides names nobody who could look after a case.
fn is_nobody(main: &Main, then: &str) -> Option<String> {
    if let Some(fact) = then.strip_prefix("fact:") {
        let is_person = main.facts.get(fact).is_some_and(|spec| spec.kind == FactKind::Person);
        return (!is_person).then(|| format!("{fact} is no fact of kind person; name one"));
    }
    let ids: Vec<&str> = main.people.all().map(|person| person.id.as_str()).collect();
    (!ids.contains(&then)).then(|| format!("{then} is nobody under people:; there are {}", ids.join(", ")))
}

fn leads_nowhere(name: &str, flow: &Flow, then: &str) -> Option<String> {
    match Target::of(then) {
        Target::End("") => Some("ends without a result; write end:RESULT".to_owned()),
        Target::Policy(_) => Some(format!("leads to {then}, but no policy may lead to another; write a node's name")),
        Target::Node(next) if !flow.nodes.contains_key(next) => {
            Some(format!("leads to {next}, which is no node of flow {name}; write a node's name or end:RESULT"))
        }
        _ => None,
    }
}

/// All that it may decide, once each.
fn decided(policy: &Policy) -> Vec<Decided<'_>> {
    let spot = |key: &str, n: usize| vec![key.to_owned(), n.to_string(), "then".to_owned()];
    let rules = policy.rules.iter().enumerate().map(|(n, r)| (spot("rules", n), r.then.as_str()));
    let bands = policy.bands.iter().enumerate().map(|(n, b)| (spot("bands", n), b.then.as_str()));
    let otherwise = policy.otherwise.as_deref().map(|then| (vec!["otherwise".to_owned()], then));
    let mut seen = BTreeSet::new();
    rules.chain(bands).chain(otherwise).filter(|(_, then)| seen.insert(*then)).collect()
}

/// The bands with what `otherwise` takes given to one beside it, so that only overlaps are left to find.
fn gapless(bands: &[Band]) -> Vec<Band> {
    let mut bands = bands.to_vec();
    if let Some(first) = bands.first_mut() {
        first.from = None;
    }
    if let Some(last) = bands.last_mut() {
        last.to = None;
    }
    for n in 1..bands.len() {
        if let (Some(to), Some(from)) = (bands[n - 1].to, bands[n].from)
            && to < from
        {
            bands[n].from = Some(to);
        }
    }
    bands
}
