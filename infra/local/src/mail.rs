//! SES in this process: `SendEmail` puts a mail into the mailbox and, in the same transaction, the provider's events
//! about it on the default bus. Nothing leaves this machine. Owns what SES does to a mail (its Message-ID, its checks
//! of tags); refuses to judge what is sent.

use std::collections::BTreeMap;

use data_encoding::BASE64;
use jiff::Timestamp;
use mail_builder::MessageBuilder;
use mail_builder::headers::address::Address;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::plan::Plan;
use crate::store::{Store, StoredMail};
use crate::wire::{ACCOUNT, REGION, Reply};
use crate::{bus, ids};

/// The largest mail, after decoding.
const MAX_BYTES: usize = 40 * 1024 * 1024;
/// Addresses at this domain behave as their name says, as SES's mailbox simulator does.
const SIMULATOR: &str = "@simulator.amazonses.com";

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct SendEmail {
    from_email_address: Option<String>,
    destination: Destination,
    reply_to_addresses: Vec<String>,
    content: Content,
    email_tags: Vec<Tag>,
    configuration_set_name: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Destination {
    to_addresses: Vec<String>,
    cc_addresses: Vec<String>,
    bcc_addresses: Vec<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Content {
    raw: Option<Data>,
    simple: Option<Simple>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Data {
    data: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Simple {
    subject: Data,
    body: Body,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Body {
    text: Option<Data>,
    html: Option<Data>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Tag {
    name: String,
    value: String,
}

/// Answers `SendEmail`.
pub(crate) async fn send_email(plan: &Plan, store: &Store, now: Timestamp, body: &[u8]) -> Reply {
    let request: SendEmail = match serde_json::from_slice(body) {
        Ok(request) => request,
        Err(e) => return Reply::error(400, "BadRequestException", &e.to_string()),
    };
    let mail = match compose(&request, now) {
        Ok(mail) => mail,
        Err(reason) => return Reply::error(400, "BadRequestException", &reason),
    };
    let id = mail.id.clone();
    let events = match events(plan, request.configuration_set_name.as_deref(), &mail) {
        Ok(events) => events,
        Err(reason) => return Reply::error(400, "BadRequestException", &reason),
    };
    let plan = plan.clone();
    let stored = store.change(move |tx| {
        tx.add_mail(&mail)?;
        events.iter().try_for_each(|event| bus::deliver(&plan, tx, "default", event, now))
    });
    match stored.await {
        Ok(()) => Reply::ok(&json!({ "MessageId": id })),
        Err(e) => Reply::error(500, "InternalFailure", &e.to_string()),
    }
}

fn compose(request: &SendEmail, now: Timestamp) -> Result<StoredMail, String> {
    check_tags(&request.email_tags)?;
    let id = ids::mail();
    let raw = match (&request.content.raw, &request.content.simple) {
        (Some(raw), None) => BASE64.decode(raw.data.as_bytes()).map_err(|e| format!("Raw.Data is not base64: {e}"))?,
        (None, Some(simple)) => build(request, simple, now)?,
        _ => return Err("Content must be Raw or Simple.".to_owned()),
    };
    if raw.is_empty() || raw.len() > MAX_BYTES {
        return Err("the message is empty or longer than 40 MB".to_owned());
    }
    let raw = with_message_id(&raw, &id);
    let recipients = recipients(request, &raw)?;
    let tags = request.email_tags.iter().map(|t| (t.name.clone(), t.value.clone())).collect();
    Ok(StoredMail { id, sent_at: now, recipients, tags, raw })
}

/// The envelope: the request's destination, else the mail's own headers.
fn recipients(request: &SendEmail, raw: &[u8]) -> Result<Vec<String>, String> {
    let parsed = mail_parser::MessageParser::default().parse_headers(raw).ok_or("the message has no headers")?;
    if parsed.from().is_none() {
        return Err("Missing required header 'From'.".to_owned());
    }
    let Destination { to_addresses, cc_addresses, bcc_addresses } = &request.destination;
    let mut all: Vec<String> =
        [to_addresses, cc_addresses, bcc_addresses].into_iter().flatten().map(|a| bare(a)).collect();
    if all.is_empty() {
        let headers = [parsed.to(), parsed.cc(), parsed.bcc()].into_iter().flatten();
        all = headers.flat_map(|a| a.iter()).filter_map(|a| a.address()).map(str::to_owned).collect();
    }
    if all.is_empty() || all.len() > 50 || all.iter().any(|a| !a.contains('@')) {
        return Err("a mail goes to 1 to 50 addresses".to_owned());
    }
    Ok(all)
}

/// `name@example.org` from `Name <name@example.org>`.
fn bare(address: &str) -> String {
    let inner = address.rsplit_once('<').and_then(|(_, rest)| rest.strip_suffix('>'));
    inner.unwrap_or(address).trim().to_owned()
}

/// SES takes only these characters in tags.
fn check_tags(tags: &[Tag]) -> Result<(), String> {
    let fits = |text: &str| {
        !text.is_empty() && text.len() <= 256 && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-".contains(&b))
    };
    match tags.iter().find(|t| !fits(&t.name) || !fits(&t.value)) {
        Some(tag) => {
            Err(format!("Invalid tag <{}>: only alphanumeric ASCII characters, '_' and '-' are allowed.", tag.name))
        }
        None if tags.len() > 50 => Err("a mail has at most 50 tags".to_owned()),
        None => Ok(()),
    }
}

fn build(request: &SendEmail, simple: &Simple, now: Timestamp) -> Result<Vec<u8>, String> {
    let from = request.from_email_address.as_deref().ok_or("FromEmailAddress is missing.")?;
    let list = |addresses: &[String]| Address::new_list(addresses.iter().map(|a| address(a)).collect());
    let mut message = MessageBuilder::new()
        .from(address(from))
        .to(list(&request.destination.to_addresses))
        .date(now.as_second())
        .subject(simple.subject.data.as_str());
    if !request.reply_to_addresses.is_empty() {
        message = message.reply_to(list(&request.reply_to_addresses));
    }
    if let Some(text) = &simple.body.text {
        message = message.text_body(text.data.as_str());
    }
    if let Some(html) = &simple.body.html {
        message = message.html_body(html.data.as_str());
    }
    message.write_to_vec().map_err(|e| e.to_string())
}

fn address(text: &str) -> Address<'static> {
    let name =
        text.rsplit_once('<').map(|(name, _)| name.trim().trim_matches('"').to_owned()).filter(|n| !n.is_empty());
    Address::new_address(name, bare(text))
}

/// SES puts its own Message-ID in place of whatever was there.
fn with_message_id(raw: &[u8], id: &str) -> Vec<u8> {
    let end = header_end(raw);
    let mut out = format!("Message-ID: <{id}@{REGION}.amazonses.com>\r\n").into_bytes();
    let mut dropping = false;
    for line in raw[..end].split_inclusive(|b| *b == b'\n') {
        let folded = line.first().is_some_and(|b| *b == b' ' || *b == b'\t');
        dropping = if folded { dropping } else { line.len() >= 11 && line[..11].eq_ignore_ascii_case(b"message-id:") };
        if !dropping {
            out.extend_from_slice(line);
        }
    }
    out.extend_from_slice(&raw[end..]);
    out
}

/// Where the empty line after the headers begins.
fn header_end(raw: &[u8]) -> usize {
    let mut at = 0;
    for line in raw.split_inclusive(|b| *b == b'\n') {
        if line == b"\r\n" || line == b"\n" {
            return at;
        }
        at += line.len();
    }
    raw.len()
}

/// What SES tells about a mail: that it took it, and what became of it.
fn events(plan: &Plan, set: Option<&str>, mail: &StoredMail) -> Result<Vec<Value>, String> {
    let (Some(set), Some(told)) = (set, &plan.template.mail_events) else { return Ok(Vec::new()) };
    if set != told.configuration_set {
        return Err(format!("Configuration set <{set}> does not exist."));
    }
    let about = about(set, mail);
    let mut kinds = vec![("SEND", "Email Sent", "Send", "send", json!({}))];
    kinds.push(outcome(mail));
    let wanted = kinds.into_iter().filter(|(kind, ..)| told.types.iter().any(|t| t == kind));
    let event = |(_, detail_type, event_type, key, inner): (&str, &str, &str, &str, Value)| {
        let detail = json!({ "eventType": event_type, "mail": about, key: inner });
        bus::event("aws.ses", detail_type, mail.sent_at, detail)
    };
    Ok(wanted.map(event).collect())
}

fn outcome(mail: &StoredMail) -> (&'static str, &'static str, &'static str, &'static str, Value) {
    let at = mail.sent_at.to_string();
    let simulated = |name: &str| mail.recipients.iter().any(|r| r.starts_with(name) && r.ends_with(SIMULATOR));
    let people: Vec<Value> = mail.recipients.iter().map(|r| json!({ "emailAddress": r })).collect();
    if simulated("bounce") {
        let inner = json!({ "bounceType": "Permanent", "bounceSubType": "General", "bouncedRecipients": people, "timestamp": at, "feedbackId": mail.id });
        ("BOUNCE", "Email Bounced", "Bounce", "bounce", inner)
    } else if simulated("complaint") {
        let inner = json!({ "complainedRecipients": people, "complaintFeedbackType": "abuse", "timestamp": at, "feedbackId": mail.id });
        ("COMPLAINT", "Email Complaint Received", "Complaint", "complaint", inner)
    } else {
        let inner = json!({ "timestamp": at, "processingTimeMillis": 0, "recipients": mail.recipients, "smtpResponse": "250 2.0.0 OK", "reportingMTA": "this-machine" });
        ("DELIVERY", "Email Delivered", "Delivery", "delivery", inner)
    }
}

fn about(set: &str, mail: &StoredMail) -> Value {
    let mut tags: BTreeMap<&str, Vec<&str>> = mail.tags.iter().map(|(k, v)| (k.as_str(), vec![v.as_str()])).collect();
    tags.insert("ses:operation", vec!["SendEmail"]);
    tags.insert("ses:configuration-set", vec![set]);
    let parsed = mail_parser::MessageParser::default().parse_headers(mail.raw.as_slice());
    let source = parsed.as_ref().and_then(|p| p.from()?.first()?.address().map(str::to_owned));
    json!({
        "timestamp": mail.sent_at.to_string(), "source": source, "sendingAccountId": ACCOUNT,
        "messageId": mail.id, "destination": mail.recipients, "headersTruncated": false, "headers": [],
        "commonHeaders": { "messageId": mail.id, "subject": parsed.as_ref().and_then(|p| p.subject()) }, "tags": tags,
    })
}
