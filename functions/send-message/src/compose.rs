//! Writes the mail from the case as it stands, and gathers what the gate must know of today.

use std::collections::BTreeMap;

use banto_aws::ledger::{Also, Loaded};
use banto_aws::render::{self, Unfilled, link, when};
use banto_aws::{Env, Error, Letter, Result};
use banto_domain::message::{GateFacts, Message};
use banto_domain::playbook::{Person, Role, Template};
use banto_domain::{Id, Playbook};

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
    let to = recipients(loaded, &today, message.to);
    let hmac = to.first().map(|(_, address)| env.keys.look_up(client, address));
    let (live, suppressed) = env.ledger.gate_facts(client, hmac.as_deref()).await?;
    let live = live.ok_or_else(|| Error::Refused(format!("there is no client {client}")))?;
    let mut facts = GateFacts {
        revoked: live.revoked.contains(&message.template),
        suppressed,
        has_address: !to.is_empty(),
        unfilled: None,
    };
    // What the gate would stop anyway needs no condition; what passes must still hold at the lease.
    let mut also: Vec<Also> =
        hmac.filter(|_| !suppressed).map(|hmac| Also::NotSuppressed { hmac }).into_iter().collect();
    if !facts.revoked {
        also.push(Also::NotRevoked { template: message.template.clone() });
    }
    let Some(template) = pinned.templates.get(&message.template) else {
        return Ok(Composed { letter: None, facts, also });
    };
    let language = if message.to == Role::Customer { loaded.case.language.as_str() } else { "ja" };
    match render::mail(&pinned, template, language, &values(env, loaded, &pinned, message, language)) {
        Ok(mail) => {
            let from = (pinned.sender.name.get(language).to_owned(), today.sender.address.clone());
            let tags = tags(loaded, id, message, template);
            let letter = Letter { from, to, mail, at: env.clock.now(), id: id.clone(), tags };
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
    vec![
        ("client", loaded.case.key.client.to_string()),
        ("case", loaded.case.key.case.to_string()),
        ("intent", id.to_string()),
        ("template", message.template.clone()),
        ("class", template.class.name().to_owned()),
    ]
}

fn recipients(loaded: &Loaded, today: &Playbook, role: Role) -> Vec<(String, String)> {
    let staff = |people: &[Person]| people.iter().map(|p| (p.name.clone(), p.address.clone())).collect();
    match role {
        Role::Customer => {
            let value = |name: &str| loaded.personal.values.get(name).cloned();
            value("email").map(|address| (value("name").unwrap_or_default(), address)).into_iter().collect()
        }
        Role::Coach => staff(&today.people.coaches),
        Role::Operator => staff(&today.people.operators),
    }
}

/// What templates may say. A placeholder that isn't here makes the gate hold the mail.
fn values(
    env: &Env,
    loaded: &Loaded,
    playbook: &Playbook,
    message: &Message,
    language: &str,
) -> BTreeMap<String, minijinja::Value> {
    let case = &loaded.case;
    let mut values = BTreeMap::new();
    let mut put = |name: &str, value: minijinja::Value| drop(values.insert(name.to_owned(), value));
    put("practice", playbook.name.get(language).into());
    put("number", case.key.case.as_str().into());
    // Counts the calls that the provider may have taken, also those before it was busy.
    put("again", (message.attempts > 0).into());
    // Only what goes to the customer may quote the customer.
    if message.to == Role::Customer {
        let facts: BTreeMap<String, String> = case
            .facts
            .keys()
            .filter_map(|name| {
                let value = loaded.personal.value(&case.facts, name)?;
                let shown = playbook.facts.get(name).map_or(value, |spec| spec.show(value, language));
                Some((name.clone(), shown.to_owned()))
            })
            .collect();
        put("facts", facts.into());
    }
    if let Some((id, ask)) = message.about.as_ref().and_then(|id| Some((id, case.ask(id)?))) {
        let label = |name: &String| playbook.facts.get(name).map(|spec| spec.label.get(language).to_owned());
        put("link", link(&format!("{}/a/{}", env.public_url, env.keys.token(&case.key, id))));
        put("deadline", when(ask.deadline, &playbook.zone, language).into());
        put("asked", ask.fields.iter().filter_map(label).collect::<Vec<_>>().into());
        if let Some(question) = playbook.questions.get(&ask.question) {
            put("question", question.title.get(language).into());
        }
        if let Some(reason) = &ask.reason {
            put("reason", banto_domain::ask::reason_text(reason, language).into());
        }
    }
    values
}
