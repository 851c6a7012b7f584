//! What stands on the page beside what may be asked for: to the customer invoices and what became of them, and to its reader
//! the questions that wait for them. It changes by itself, and voids no request.

use banto_aws::Env;
use banto_aws::render::{day, when};
use banto_aws::words::part_of;
use banto_domain::playbook::To;
use banto_domain::rules::billing;
use banto_domain::state::{Ask, Invoice, Party};
use banto_domain::{Id, Playbook};
use jiff::Timestamp;
use jiff::civil::Date;
use serde::Serialize;

use crate::Opened;

/// What stands beside.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Beside {
    pub(crate) invoices: Vec<Billed>,
    /// Somebody else pays: what they are asked for is theirs alone.
    pub(crate) paid_by_another: bool,
    pub(crate) asks: Vec<Asked>,
}

/// An invoice.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Billed {
    /// What was bought, and which part of it is asked for, when it is paid in parts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) of: Option<String>,
    pub(crate) number: String,
    pub(crate) state: &'static str,
    /// Minor units, with tax.
    pub(crate) total: i64,
    pub(crate) paid: i64,
    pub(crate) open: i64,
    pub(crate) currency: String,
    pub(crate) due_on: Date,
    /// The day on which it was paid, when it was: the receipt.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) paid_on: Option<Date>,
    /// Where it is paid.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) link: Option<String>,
    /// As people read it.
    pub(crate) amount: String,
    pub(crate) still: String,
    pub(crate) until: String,
    pub(crate) received: Option<String>,
}

/// A question that waits for the reader.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Asked {
    pub(crate) title: String,
    pub(crate) deadline: Timestamp,
    pub(crate) until: String,
    pub(crate) link: String,
}

/// What stands beside, as it is now.
pub(crate) fn of(env: &Env, opened: &Opened) -> Beside {
    let (playbook, today) = opened.books();
    let (case, personal, language) = (&opened.loaded.case, &opened.loaded.personal, opened.language());
    // What is paid, and by whom, is no business of the coach's page.
    let theirs = opened.who == Party::Customer;
    let paid_by_another = theirs && personal.value(&case.facts, "payer_email").is_some();
    let mut invoices: Vec<(&Id, &Invoice)> = case.invoices().filter(|_| theirs && !paid_by_another).collect();
    invoices.sort_by_key(|(_, invoice)| invoice.n);
    let billed = |(id, invoice): (&Id, &Invoice)| {
        let by_card = personal.value(&case.facts, "payment").is_none_or(|method| method != "transfer");
        let pattern = today.billing.as_ref().filter(|_| by_card && !invoice.settled).map(|billing| &billing.link);
        let link = pattern.map(|pattern| env.pay_link(&case.key, pattern, id));
        of_invoice(playbook, invoice, link, language)
    };
    let now = env.clock.now();
    // Who pays for themselves is asked as both.
    let whose = |ask: &Ask| match (&opened.who, &ask.to) {
        (Party::Customer, To::Customer) => Some(Party::Customer),
        (Party::Customer, To::Payer) if !paid_by_another => Some(Party::Payer),
        (Party::Person(id), _) if ask.people.contains(id) => Some(opened.who.clone()),
        _ => None,
    };
    let mut asks: Vec<Asked> = case
        .asks()
        .filter(|(_, ask)| now < ask.deadline)
        .filter_map(|(id, ask)| {
            let whose = whose(ask)?;
            let question = playbook.questions.get(&ask.question)?;
            Some(Asked {
                title: question.title.get(language).to_owned(),
                deadline: ask.deadline,
                until: when(ask.deadline, &playbook.zone, language),
                link: env.ask_link(&case.key, id, &whose),
            })
        })
        .collect();
    asks.sort_by_key(|ask| ask.deadline);
    Beside { invoices: invoices.into_iter().map(billed).collect(), paid_by_another, asks }
}

fn of_invoice(playbook: &Playbook, invoice: &Invoice, link: Option<String>, language: &str) -> Billed {
    let open = invoice.open();
    let paid_on = invoice.paid_at.map(|at| at.to_zoned(playbook.time_zone()).date());
    let show = |amount| billing::show(amount, &invoice.currency, language);
    Billed {
        of: part_of(playbook, invoice, language),
        number: invoice.number.clone(),
        state: invoice.state(),
        total: invoice.total,
        paid: invoice.paid,
        open,
        currency: invoice.currency.clone(),
        due_on: invoice.due_on,
        paid_on,
        link,
        amount: show(invoice.total),
        still: show(open),
        until: day(invoice.due_on, language),
        received: paid_on.map(|on| day(on, language)),
    }
}
