//! Writes the mail from the case as it stands, and gathers what the gate must know of today.

use banto_aws::ledger::{AddressFacts, Loaded};
use banto_aws::render::{self, Unfilled};
use banto_aws::{Env, Error, Letter, Result};
use banto_domain::playbook::{Attach, Person, Template};
use banto_domain::rules::message::GateFacts;
use banto_domain::rules::{Also, name};
use banto_domain::state::{Message, Party};
use banto_domain::{Id, Playbook};

use crate::digest::{self, Waiting};
use crate::values::Page;

/// A mail, written or not, with what is known of today.
#[derive(Debug, Default)]
pub(crate) struct Composed {
    /// The mail; none when it can't be written.
    pub(crate) letter: Option<Letter>,
    /// What the gate must know.
    pub(crate) facts: GateFacts,
    /// What the lease depends on.
    pub(crate) also: Vec<Also>,
}

/// Writes the mail of a message.
///
/// # Errors
/// When the store can't be reached.
pub(crate) async fn letter(env: &Env, loaded: &Loaded, id: &Id, message: &Message) -> Result<Composed> {
    let client = &loaded.case.key.client;
    let pinned = env.playbooks.get(client, loaded.case.playbook_version).await?;
    let (_, today) =
        env.playbooks.current(client).await?.ok_or_else(|| Error::Refused(format!("there is no client {client}")))?;
    let to = recipients(loaded, &today, message);
    // Nothing silences the practice's own people (promise 15): a mail to them asks for no more than the playbook.
    let outside = to.first().filter(|_| message.to.is_outside()).map(|(_, address)| address.clone());
    let hmac = outside.as_ref().map(|address| env.keys.look_up(client, address));
    let (live, AddressFacts { suppressed, stopped, stranger }) = env.ledger.gate_facts(client, hmac.as_deref()).await?;
    let live = live.ok_or_else(|| Error::Refused(format!("there is no client {client}")))?;
    let mut facts = GateFacts {
        revoked: live.revoked.contains(&message.template),
        suppressed,
        stopped,
        has_address: !to.is_empty(),
        stranger: outside.clone().zip(stranger),
        crowded: false,
        moot: false,
        unfilled: None,
    };
    // What the gate would stop anyway needs no condition; what passes must still hold at the lease.
    let mut also = Vec::new();
    if let Some(address) = outside {
        also.extend((!suppressed).then(|| Also::NotSuppressed { address: address.clone() }));
        also.extend((!stopped).then_some(Also::NotStopped { address }));
    }
    if !facts.revoked {
        also.push(Also::NotRevoked { template: message.template.clone() });
    }
    let Some(template) = pinned.templates.get(&message.template) else {
        return Ok(Composed { letter: None, facts, also });
    };
    let language = pinned.language_of(message.to.is_outside(), &loaded.case.language);
    let page = Page { env, loaded, pinned: &pinned, today: &today, language };
    let mut values = page.values(message);
    if let Some(person) = message.to.person().filter(|_| message.is_digest()) {
        let Waiting { lines, more, urgent } = digest::waiting(env, client, &today, person).await?;
        facts.moot = lines.is_empty();
        values.insert("work".to_owned(), lines.into());
        values.insert("more".to_owned(), more.into());
        values.insert("urgent".to_owned(), urgent.into());
    }
    match render::mail(&pinned, template, language, &values) {
        Ok(mail) => {
            let from = (pinned.sender.name.get(language).to_owned(), today.sender.address.clone());
            let tags = tags(loaded, id, message, template);
            let calendar = template.attach.and_then(|Attach::Calendar| page.calendar(message));
            let letter = Letter { from, to, mail, at: env.clock.now(), id: id.clone(), calendar, tags };
            Ok(Composed { letter: Some(letter), facts, also })
        }
        Err(Unfilled(name)) => {
            facts.unfilled = Some(name);
            Ok(Composed { letter: None, facts, also })
        }
    }
}

/// What the provider's events carry back. Names and ids only: tags are seen by the provider.
fn tags(loaded: &Loaded, id: &Id, message: &Message, template: &Template) -> Vec<(&'static str, String)> {
    let mut tags = vec![
        ("client", loaded.case.key.client.to_string()),
        ("case", loaded.case.key.case.to_string()),
        ("intent", id.to_string()),
        ("template", message.template.clone()),
        ("class", template.class.name().to_owned()),
    ];
    // Should it come back, somebody else of the practice gets what it was about.
    if let Some(person) = message.to.person() {
        tags.push(("person", person.to_owned()));
        tags.extend(message.about.as_ref().map(|ask| ("ask", ask.to_string())));
    }
    tags
}

/// To whom it goes. Who that is was fixed when the mail was wanted; where they are reached is today's.
fn recipients(loaded: &Loaded, today: &Playbook, message: &Message) -> Vec<(String, String)> {
    let value = |name: &str| loaded.personal.values.get(name).cloned();
    let called = |fact: &str| value(fact).filter(|name| name::looks_like_one(name)).unwrap_or_default();
    let customer = || value("email").map(|address| (called("name"), address));
    let of = |p: &Person| (p.name.clone(), p.address.clone());
    let (people, case) = (&today.people, &loaded.case);
    // In version 1 it was a role, and whoever had it when the mail left.
    let role = |all: &[Person], concerned: Option<&String>| {
        let one = all.iter().find(|p| Some(&p.id) == concerned);
        one.map_or_else(|| all.iter().map(of).collect(), |p| vec![of(p)])
    };
    match &message.to {
        Party::Customer => customer().into_iter().collect(),
        Party::Payer => {
            let other = value("payer_email").map(|address| (called("payer_name"), address));
            other.or_else(customer).into_iter().collect()
        }
        Party::Person(id) => people.person(id).map(of).into_iter().collect(),
        Party::Coach => role(&people.coaches, case.coach.as_ref().or(case.owner.as_ref())),
        Party::Operator => role(&people.operators, case.owner.as_ref()),
    }
}
