//! Whoever is written to has an address by then: a form asks for one where the customer is mailed, and only there.

use banto_domain::playbook::{Node, To};

use super::known::{self, Known, State};
use super::uses::{addressee, asked_of};
use super::{ADDRESS, Check, MAIN};
use crate::folder::Main;
use crate::places::Spot;

/// Where invoices go instead, once it is known.
const PAYER: &str = "payer_email";

impl Check<'_> {
    pub(super) fn reach(&mut self, main: &Main) {
        for (name, form) in main.forms.iter().filter(|(_, form)| !form.required.iter().any(|fact| fact == ADDRESS)) {
            let writes = match &form.acknowledge {
                Some(_) => Some("its acknowledgement goes there".to_owned()),
                None => self.unreachable(&form.flow),
            };
            if let Some(why) = writes {
                let what = format!("form {name}: {ADDRESS} isn't required, but {why}; add it to required:");
                self.say(MAIN, Spot::Key(&["forms", name, "required"]), what);
            }
        }
    }

    /// The first node of a flow that writes to a customer whose address may be unknown by then.
    fn unreachable(&self, name: &str) -> Option<String> {
        let flow = self.parts.flows.get(name)?.as_ref()?;
        let file = format!("flows/{name}.yaml");
        let known = known::at_nodes(self.parts, name, flow);
        let mut nodes: Vec<_> = flow.nodes.iter().filter(|(node, _)| known.contains_key(node.as_str())).collect();
        nodes.sort_by_key(|(node, _)| self.sources.at(&file, Spot::Key(&["nodes", node])));
        let (node, _) = nodes.into_iter().find(|(name, node)| self.misses(node, &known[name.as_str()]))?;
        Some(format!("node {node} of flow {name} writes to the customer"))
    }

    fn misses(&self, node: &Node, known: &State<'_>) -> bool {
        let asks = known::question_of(self.parts, node).map(|question| asked_of(node, question));
        let tells = node.template.as_ref().map(|_| addressee(node));
        let has = |fact| known.contains(&Known::Fact(fact));
        asks.into_iter().chain(tells).any(|to| match to {
            To::Customer => !has(ADDRESS),
            To::Payer => !has(ADDRESS) && !has(PAYER),
            To::Coach | To::Operator | To::Owner | To::Group(_) | To::OnDuty(_) | To::Person(_) => false,
        })
    }
}
