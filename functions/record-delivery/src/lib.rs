//! What the mail provider says happened: sent (which settles what was uncertain), delivered, bounced, complained.

use banto_aws::{Changed, Env, Error, Function, Plan, Result};
use banto_domain::rules::message::{self, Outcome};
use banto_domain::rules::{Also, ask, reach};
use banto_domain::state::Message;
use banto_domain::steps::RECORD_DELIVERY;
use banto_domain::{Actor, CaseId, CaseKey, ClientId, Draft, Entry, Id, Rejection};
use serde_json::{Value, json};

/// What an event says of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
enum News {
    Sent,
    Delivered,
    Bounced { kind: &'static str, address: Option<String> },
}

/// Takes SES's events (source `aws.ses`), as EventBridge carries them.
#[must_use]
pub fn function() -> Function {
    Function::event(RECORD_DELIVERY, |w, e| async move { handle(&w.env, e).await })
}

/// Takes an SES event (source `aws.ses`), as EventBridge carries it.
///
/// # Errors
/// When it names a case that isn't there, or the case can't be changed.
pub async fn handle(env: &Env, event: Value) -> Result<Value> {
    let detail = &event["detail"];
    let Some(news) = read(detail) else { return Ok(json!({ "did": "not about a message's fate" })) };
    let Some((key, message)) = subject(detail) else { return Ok(json!({ "did": "not a mail of ours" })) };
    let cause = Id::derive(&["delivery", message.as_str(), provider_id(detail), kind(&news)]);
    let plan = Plan { key: &key, function: RECORD_DELIVERY, actor: Actor::Provider };
    let mail = Mail { id: &message, provider_id: provider_id(detail), detail };
    let changed = env.change(&plan, None, |_| Some(cause.clone()), |draft| decide(draft, &mail, &news)).await?;
    match changed {
        Changed::NoCase => Err(Error::Refused(format!("there is no case {key}"))),
        Changed::Refused(rejection) => Err(Error::Refused(rejection.to_string())),
        Changed::Mine(Some(person), _) => {
            // An alarm looks for this line.
            tracing::error!(client = %key.client, case = %key.case, person, "staff cannot be reached");
            Ok(json!({ "did": "recorded" }))
        }
        _ => Ok(json!({ "did": "recorded" })),
    }
}

/// A mail that something is told of.
struct Mail<'a> {
    id: &'a Id,
    provider_id: &'a str,
    detail: &'a Value,
}

/// Records it; gives who of the practice's own people it did not reach.
fn decide(draft: &mut Draft<'_>, mail: &Mail<'_>, news: &News) -> Result<Option<Option<String>>, Rejection> {
    suppress(draft, news);
    // The usual way: our own record was first, and that it was sent is nothing new.
    let known = draft.case()?.message(mail.id).cloned();
    // What came to its end at the recipient's had been taken: that settles it even when nobody told of the sending.
    if known.is_some() {
        message::settle(draft, mail.id, &Outcome::Sent { provider_id: mail.provider_id.to_owned() })?;
    }
    let message = mail.id.clone();
    match news {
        News::Sent => Ok(known.map(|_| None)),
        News::Delivered => {
            draft.push(Entry::MessageDelivered { message })?;
            Ok(Some(None))
        }
        News::Bounced { kind, address } => {
            draft.push(Entry::MessageBounced { message, kind: (*kind).to_owned() })?;
            let Some(person) = staff(draft, known.as_ref(), mail, address.as_ref()) else {
                ask::attend(draft, mail.id, &format!("bounced:{kind}"))?;
                return Ok(Some(None));
            };
            let about = known.and_then(|m| m.about).or_else(|| Id::parse(tag(mail.detail, "ask")?).ok());
            reach::pass_on(draft, &person, about.as_ref())?;
            Ok(Some(Some(person)))
        }
    }
}

/// Who of the practice's own people it went to: as the case still knows, as the mail's tags say, or by the address.
fn staff(draft: &Draft<'_>, known: Option<&Message>, mail: &Mail<'_>, address: Option<&String>) -> Option<String> {
    let wanted = known.and_then(|m| m.reader().person()).or_else(|| tag(mail.detail, "person"));
    let by_address = || {
        let address = address?;
        draft.today.people.all().find(|p| p.address.eq_ignore_ascii_case(address)).map(|p| p.id.as_str())
    };
    wanted.or_else(by_address).map(str::to_owned)
}

/// A mailbox that is gone, or a person who complained: never again (a full mailbox may empty). Not the practice's own
/// people: they must be reached (promise 15), and what can't reach one of them reaches the next.
fn suppress(draft: &mut Draft<'_>, news: &News) {
    let News::Bounced { kind: "permanent" | "complaint", address: Some(address) } = news else { return };
    let own = |p: &banto_domain::playbook::Person| p.address.eq_ignore_ascii_case(address);
    if !draft.today.people.all().any(own) {
        draft.also(Also::Suppress { address: address.clone() });
    }
}

/// The tags that `send-message` gave the mail.
fn subject(detail: &Value) -> Option<(CaseKey, Id)> {
    let client = ClientId::parse(tag(detail, "client")?).ok()?;
    let case = CaseId::parse(tag(detail, "case")?).ok()?;
    Some((CaseKey { client, case }, Id::parse(tag(detail, "intent")?).ok()?))
}

fn tag<'a>(detail: &'a Value, name: &str) -> Option<&'a str> {
    detail["mail"]["tags"][name][0].as_str()
}

fn provider_id(detail: &Value) -> &str {
    detail["mail"]["messageId"].as_str().unwrap_or("")
}

/// Event types: Amazon SES developer guide, "Contents of event data".
fn read(detail: &Value) -> Option<News> {
    match detail["eventType"].as_str()? {
        "Send" => Some(News::Sent),
        "Delivery" => Some(News::Delivered),
        "Bounce" => {
            let kind = if detail["bounce"]["bounceType"] == "Permanent" { "permanent" } else { "transient" };
            Some(News::Bounced { kind, address: address(&detail["bounce"]["bouncedRecipients"]) })
        }
        "Complaint" => {
            Some(News::Bounced { kind: "complaint", address: address(&detail["complaint"]["complainedRecipients"]) })
        }
        _ => None,
    }
}

fn address(recipients: &Value) -> Option<String> {
    recipients[0]["emailAddress"].as_str().map(str::to_owned)
}

fn kind(news: &News) -> &'static str {
    match news {
        News::Sent => "sent",
        News::Delivered => "delivered",
        News::Bounced { kind, .. } => kind,
    }
}
