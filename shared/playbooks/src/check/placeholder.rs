//! Placeholders: what templates may say, and what fills each of them where a template is used.

use std::borrow::Cow;

use banto_domain::playbook::{APPROVAL_CODE, ATTEND, AskKind, FactKind, HEED, People, REPLY, RESULTS, URGENT};
use banto_domain::steps::{self, Leaves};

use super::Check;
use super::known::Known;
use super::menu::{is_billed, menus_of};
use super::uses::{Origin, Use};

/// What every template may say.
pub(super) const ALWAYS: [&str; 5] = ["practice", "number", "again", "customer", "payer"];

/// What some templates may say besides, and what must be there.
pub(super) const NAMES: [(&str, Of); 55] = [
    ("link", Of::Question),
    ("deadline", Of::Question),
    ("asked", Of::Question),
    ("question", Of::Question),
    ("reason", Of::Task),
    ("session", Of::Booking),
    ("menu", Of::Menu),
    ("coach", Of::Coach),
    ("owner", Of::Owner),
    ("meeting", Of::Meeting),
    ("backup", Of::Backup),
    ("hold_until", Of::Hold),
    ("invoice_number", Of::Invoice),
    ("amount", Of::Invoice),
    ("open", Of::Invoice),
    ("partly_paid", Of::Invoice),
    ("paid_so_far", Of::Invoice),
    ("net", Of::Invoice),
    ("tax", Of::Invoice),
    ("tax_rate", Of::Invoice),
    ("due_on", Of::Invoice),
    ("pay_link", Of::Invoice),
    ("bank", Of::Invoice),
    ("bought", Of::Invoice),
    ("schedule", Of::Invoice),
    ("reduced", Of::Invoice),
    ("was_reduced", Of::Invoice),
    ("method", Of::Invoice),
    ("paid_on", Of::Payment),
    ("by_card", Of::Payment),
    ("receipt_number", Of::Receipt),
    ("reissued", Of::Receipt),
    ("registration", Of::Registration),
    ("overdue", Of::Billing),
    ("proposed", Of::Requests),
    ("settlement", Of::Request),
    ("request_amount", Of::Request),
    ("refund_amount", Of::Refund),
    ("refund_number", Of::Refund),
    ("refund_net", Of::Refund),
    ("refund_tax", Of::Refund),
    ("refunded_on", Of::Refund),
    ("credit_note", Of::Refund),
    ("sessions_left", Of::Package),
    ("expires_on", Of::Expiry),
    ("helplines", Of::Emergency),
    ("work", Of::Digest),
    ("more", Of::Digest),
    ("urgent", Of::Digest),
    ("approval", Of::Approval),
    ("note", Of::Result),
    ("code", Of::Code),
    ("code_until", Of::Code),
    ("subject", Of::Written),
    ("text", Of::Written),
];

/// What fills a placeholder.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Of {
    /// The ask whose link the mail carries.
    Question,
    /// Something that Banto can't settle.
    Task,
    /// A slot that was chosen.
    Booking,
    /// What was booked last, or bought.
    Menu,
    /// The coach of the last booking, or the first of the practice.
    Coach,
    /// Whoever looks after the case.
    Owner,
    /// The coach's link.
    Meeting,
    /// The link for when that one doesn't work.
    Backup,
    /// A slot that is only held.
    Hold,
    /// An invoice.
    Invoice,
    /// The practice's number.
    Registration,
    /// How the practice is paid.
    Billing,
    /// What customers may ask for.
    Requests,
    /// An invoice that was paid.
    Payment,
    /// Its receipt.
    Receipt,
    /// A request about an amount.
    Request,
    /// Money that went back.
    Refund,
    /// Sessions that were paid for.
    Package,
    /// Their end.
    Expiry,
    /// Who can be called.
    Emergency,
    /// What waits for somebody.
    Digest,
    /// The kind of decision that is sought.
    Approval,
    /// What came of one.
    Result,
    /// A code.
    Code,
    /// What a person wrote.
    Written,
}

/// Why nothing is known of a refund.
fn unsent() -> Cow<'static, str> {
    let by = steps::leaving(Leaves::Refund);
    format!("money went back only when every way leads over {by}, or an answer with means: refunded; remove it").into()
}

impl Check<'_> {
    /// What is wrong with a placeholder in one use of its template.
    pub(super) fn lacks(&self, used: &Use<'_>, name: &str, guarded: bool) -> Option<String> {
        let (root, rest) = name.split_once('.').map_or((name, None), |(root, rest)| (root, Some(rest)));
        match (root, rest) {
            ("facts", _) if !used.has_facts() => Some(format!(
                "{} can't say {{{{ {name} }}}}: whoever pays isn't told what the customer said; remove it",
                used.by
            )),
            ("facts", None) => Some("facts can't be written as a whole; write {{ facts.NAME }}".to_owned()),
            ("facts", Some(fact)) => self.lacks_fact(used, fact, guarded),
            (root, _) if !ALWAYS.contains(&root) && of(root).is_none() => {
                Some(format!("nothing fills {{{{ {name} }}}}; {}", self.instead(used, root)))
            }
            (root, Some(_)) => Some(format!("{root} has no parts; write {{{{ {root} }}}}")),
            (_, None) if guarded => None,
            (root, None) => {
                let why = self.unfilled(used, root)?;
                Some(format!(
                    "{{{{ {root} }}}} may be empty when {} sends it: {why}, or write {{% if {root} is defined %}}",
                    used.by
                ))
            }
        }
    }

    /// Why a placeholder may be empty in one use of its template, and the way out; `None` when it is always filled.
    pub(super) fn unfilled(&self, used: &Use<'_>, root: &str) -> Option<Cow<'static, str>> {
        let has = |known| used.known.contains(&known);
        let why = match of(root)? {
            Of::Question if used.question.is_none() => "only templates of questions have it; remove it",
            Of::Task if !matches!(used.question, Some(ATTEND | HEED | URGENT)) => {
                "only mails of the questions attend, heed and urgent have it; remove it"
            }
            Of::Emergency if !matches!(used.from, Origin::Emergency) => {
                "only the template emergency-note has it; remove it"
            }
            Of::Digest if !matches!(used.from, Origin::Digest) => "only the template digest has it; remove it",
            Of::Approval if !self.is_of_approval(used) => "only mails of approvals have it; remove it",
            Of::Result if !matches!(used.from, Origin::Own(name) if RESULTS.contains(&name)) => {
                "only mails that say what came of an approval have it; remove it"
            }
            Of::Code if !matches!(used.from, Origin::Own(APPROVAL_CODE)) => {
                "only the template approval-code has it; remove it"
            }
            Of::Written if !matches!(used.from, Origin::Own(REPLY)) => "only the template reply has it; remove it",
            Of::Hold if !has(Known::Hold) => "only a slot that was chosen and isn't confirmed yet is held; remove it",
            Of::Booking | Of::Meeting | Of::Backup if !has(Known::Booking) => {
                "there is a booking only from the chosen slot until the session was held or missed; remove it"
            }
            Of::Menu if !has(Known::Booking) && !has(Known::Package) => {
                "nothing is booked or bought yet on some way to it; remove it"
            }
            Of::Coach if self.parts.main.as_ref().is_some_and(|main| main.people.coaches.is_empty()) => {
                "the practice has no coach; add one to people:"
            }
            Of::Owner if !has(Known::Owner) => {
                let by = steps::leaving(Leaves::Owner);
                let why = format!("somebody has the case only after {by}, or an answer with means: claim; remove it");
                return Some(why.into());
            }
            Of::Meeting if self.lacks_meeting() => "not every coach has one; add meeting: to all coaches",
            Of::Backup if self.lacks_backup() => "not every coach has one; add backup: to people:, or to all coaches",
            of => return self.unfilled_of_money(used, of),
        };
        Some(why.into())
    }

    /// The same of what is about money.
    fn unfilled_of_money(&self, used: &Use<'_>, of: Of) -> Option<Cow<'static, str>> {
        let has = |known| used.known.contains(&known);
        let why = match of {
            Of::Invoice | Of::Registration if !has(Known::Invoice) => {
                let by = steps::leaving(Leaves::Invoice);
                return Some(format!("there is an invoice only when every way leads over {by}; remove it").into());
            }
            Of::Registration if self.lacks_registration() => "there is none; add registration: to billing:",
            Of::Requests if self.parts.main.as_ref().is_some_and(|main| main.requests.is_empty()) => {
                "there are no requests: to be proposed; remove it"
            }
            Of::Billing if self.parts.main.as_ref().is_some_and(|main| main.billing.is_none()) => {
                "nothing is paid here; add billing:, or remove it"
            }
            Of::Receipt if !self.is_receipt(used) => {
                "only a mail of a node with receipt: true has one; add that to its node, or remove it"
            }
            Of::Payment | Of::Receipt if !has(Known::Invoice) || !has(Known::Package) => {
                "there is a payment only when every way leads over one; remove it"
            }
            Of::Request if !self.has_amount(used) => {
                "only mails of a side flow that a request about an amount starts have it; remove it"
            }
            Of::Refund if !has(Known::Refund) => return Some(unsent()),
            Of::Package | Of::Expiry if !has(Known::Package) => {
                "there are paid sessions only when every way leads over a payment; remove it"
            }
            Of::Expiry if self.sells_for_ever() => "some of what is sold never ends; add valid: to its menu",
            _ => return None,
        };
        Some(why.into())
    }

    /// Whether a mail is about an approval.
    fn is_of_approval(&self, used: &Use<'_>) -> bool {
        let asks = used.question.and_then(|name| self.parts.questions.as_ref()?.get(name));
        asks.is_some_and(|question| question.kind == AskKind::Approval)
            || matches!(used.from, Origin::Own(name) if RESULTS.contains(&name))
    }

    /// Whether a mail is a receipt.
    fn is_receipt(&self, used: &Use<'_>) -> bool {
        let Origin::Node(flow, node) = used.from else { return false };
        let node = self.parts.flows.get(flow).and_then(Option::as_ref).and_then(|flow| flow.nodes.get(node));
        node.is_some_and(|node| node.receipt)
    }

    /// Whether a mail is of a side flow that is about a request with an amount: one that settles, or that an answer raises.
    fn has_amount(&self, used: &Use<'_>) -> bool {
        // A question that no node asks is told of as such.
        let Origin::Node(flow, _) = used.from else { return matches!(used.from, Origin::Question(_)) };
        let flow = self.parts.flows.get(flow).and_then(Option::as_ref);
        let starts: Vec<&str> = flow.into_iter().flat_map(|f| &f.starts).filter_map(|s| s.on.as_deref()).collect();
        let kinds = starts.iter().map(|on| on.strip_prefix("request:"));
        let settles =
            |kind: &str| self.parts.main.as_ref().and_then(|m| m.requests.get(kind)).is_some_and(|w| w.settles);
        !starts.is_empty()
            && kinds.into_iter().all(|kind| kind.is_some_and(|kind| settles(kind) || self.is_raised(kind)))
    }

    /// Whether an answer raises a request of this kind, with an amount.
    fn is_raised(&self, kind: &str) -> bool {
        let answers = self.parts.questions.iter().flat_map(|all| all.values()).flat_map(|q| &q.answers);
        let is_money = |fact: &String| {
            let spec = self.parts.main.as_ref().and_then(|m| m.facts.get(fact));
            spec.is_some_and(|spec| spec.kind == FactKind::Money)
        };
        answers.into_iter().any(|a| a.request.as_deref() == Some(kind) && a.asks.iter().any(is_money))
    }

    fn lacks_meeting(&self) -> bool {
        self.parts.main.as_ref().is_some_and(|main| main.people.coaches.iter().any(|coach| coach.meeting.is_none()))
    }

    fn lacks_backup(&self) -> bool {
        let lacks = |people: &People| people.backup.is_none() && people.coaches.iter().any(|c| c.backup.is_none());
        self.parts.main.as_ref().is_some_and(|main| lacks(&main.people))
    }

    fn lacks_registration(&self) -> bool {
        let billing = self.parts.main.as_ref().and_then(|main| main.billing.as_ref());
        billing.is_some_and(|billing| billing.registration.is_none())
    }

    /// Whether some of what is invoiced can be used without end.
    fn sells_for_ever(&self) -> bool {
        let Some(main) = &self.parts.main else { return false };
        let nodes = self.parts.flows.values().flatten().flat_map(|flow| flow.nodes.values());
        let mut sold = nodes.filter(|node| is_billed(node)).flat_map(|node| menus_of(main, node));
        sold.any(|name| main.menus.get(name).is_some_and(|menu| menu.valid.is_none()))
    }

    fn lacks_fact(&self, used: &Use<'_>, fact: &str, guarded: bool) -> Option<String> {
        let spec = self.parts.main.as_ref()?.facts.get(fact);
        let Some(spec) = spec else {
            return Some(format!("there is no fact {fact}; add it to facts: in playbook.yaml"));
        };
        if !used.may_say(spec) {
            return Some(format!(
                "{} can't say {{{{ facts.{fact} }}}}: of what a customer wrote only mails to them and to coaches have it; \
                 let the question show it (shows:), or remove it",
                used.by
            ));
        }
        if guarded || used.any_fact || used.known.contains(&Known::Fact(fact)) {
            return None;
        }
        let by = &used.by;
        Some(match spec.optional {
            true => format!(
                "the fact {fact} may have been left empty when {by} sends it; write {{% if facts.{fact} is defined %}}"
            ),
            false => format!(
                "the fact {fact} may be unknown when {by} sends it; let every form require it, collect it in a node \
                 before, or write {{% if facts.{fact} is defined %}}"
            ),
        })
    }

    /// What to write in the place of something that nobody knows.
    fn instead(&self, used: &Use<'_>, root: &str) -> String {
        if used.has_facts() && self.parts.main.as_ref().is_some_and(|main| main.facts.contains_key(root)) {
            return format!("write {{{{ facts.{root} }}}}");
        }
        let facts = used.has_facts().then_some("facts.NAME");
        let more = NAMES.into_iter().map(|(name, _)| name).filter(|name| self.unfilled(used, name).is_none());
        let there: Vec<&str> = ALWAYS.into_iter().chain(facts).chain(more).collect();
        format!("there are {}", there.join(", "))
    }
}

fn of(root: &str) -> Option<Of> {
    NAMES.iter().find(|(name, _)| *name == root).map(|(_, of)| *of)
}
