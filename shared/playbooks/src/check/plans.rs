//! What is paid in parts, or at the end of a month: amounts that add up, days that come one after the other, and somebody who
//! asks for what comes next.

use banto_domain::playbook::{Billing, FactKind, Menu, Node, Plan};

use super::spans::seconds;
use super::{Check, MAIN};
use crate::folder::Main;
use crate::places::Spot;

/// More parts than anybody agrees on; a case stays small.
const MOST: u32 = 24;

impl Check<'_> {
    pub(super) fn plans(&mut self, main: &Main) {
        let Some(billing) = &main.billing else { return };
        for (name, menu) in &main.menus {
            for (plan, agreed) in &menu.plans {
                self.plan((name, menu), plan, agreed);
            }
        }
        self.chosen(main, billing);
        if let Some(closing) = &billing.closing {
            let path = ["billing", "closing", "when"];
            self.condition(main, MAIN, "billing: closing", &path, &closing.when);
            if closing.months > 12 {
                let what = "billing: closing: pays more than a year later; write 1 for the end of the next month";
                self.say(MAIN, Spot::Value(&["billing", "closing", "months"]), what.to_owned());
            }
        }
    }

    fn plan(&mut self, (name, menu): (&str, &Menu), plan: &str, agreed: &Plan) {
        let first = agreed.first.unwrap_or(1);
        let wrong = [
            ("parts", !(2..=MOST).contains(&agreed.parts), format!("{} parts; write 2 to {MOST}", agreed.parts)),
            ("every", seconds(agreed.every) <= 0.0, format!("{} is no time at all; write e.g. P1M", agreed.every)),
            (
                "first",
                !(1..menu.price.max(2)).contains(&first),
                format!(
                    "a first payment of {first} of a price of {}; write less than that, and more than 0",
                    menu.price
                ),
            ),
        ];
        let path = |key| ["menus", name, "plans", plan, key];
        for (key, _, what) in wrong.into_iter().filter(|(_, wrong, _)| *wrong) {
            self.say(MAIN, Spot::Value(&path(key)), format!("menu {name}: plan {plan}: {what}"));
        }
        // Installment Sales Act (割賦販売法) art. 2, 3, 4: two months or more in three payments or more, of what the order names.
        let long = seconds(agreed.every) * f64::from(agreed.parts.saturating_sub(1)) >= 59.0 * 86_400.0;
        if agreed.parts >= 3 && long && menu.price > 0 && agreed.parts <= MOST {
            let what = format!(
                "menu {name}: plan {plan}: three payments or more over two months may be instalment sales of a designated service \
                 (割賦販売法 2条・3条); have it looked at, and show price, parts and days before anybody applies"
            );
            self.warn(MAIN, Spot::Value(&path("parts")), what);
        }
    }

    /// A fact says which plan was chosen, and some node asks for the parts that follow.
    fn chosen(&mut self, main: &Main, billing: &Billing) {
        let plans: Vec<&String> = main.menus.values().flat_map(|menu| menu.plans.keys()).collect();
        let at = ["billing", "plan_from"];
        let Some(fact) = &billing.plan_from else {
            if let Some(plan) = plans.first() {
                let what = format!("billing: nothing says who pays by the plan {plan}; write plan_from: and a fact");
                self.say(MAIN, Spot::Key(&["billing"]), what);
            }
            return;
        };
        let choices = main.facts.get(fact).filter(|spec| spec.kind == FactKind::Choice).map(|spec| &spec.choices);
        let Some(choices) = choices else {
            let what = format!("billing: plan_from needs a fact of kind choice, which {fact} isn't; name another");
            return self.say(MAIN, Spot::Value(&at), what);
        };
        for plan in plans.iter().filter(|plan| !choices.iter().any(|choice| choice.name == ***plan)) {
            let what = format!("billing: nobody can choose the plan {plan}, as {fact} has no such choice; add it");
            self.say(MAIN, Spot::Value(&at), what);
        }
        let asks = |node: &Node| node.next_part;
        let asked = self.parts.flows.values().flatten().flat_map(|flow| flow.nodes.values()).any(asks);
        let readable = !self.parts.flows.is_empty() && self.parts.flows.values().all(Option::is_some);
        if readable && !asked && !plans.is_empty() {
            let what = "billing: nothing asks for the parts after the first; add a flow that starts on invoice.settled when \
                        \"invoice.parts_left > 0\", with a node that has next_part: true";
            self.say(MAIN, Spot::Value(&at), what.to_owned());
        }
    }
}
