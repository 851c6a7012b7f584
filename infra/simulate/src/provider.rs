//! The mail provider as it is seen from outside: a log of what it accepted, and what it tells about it afterwards.
//! Owns no retries and no idempotency: what is accepted twice is two mails.

use std::collections::BTreeMap;

use data_encoding::BASE64;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::Sabotage;
use super::cloud::{Net, event};
use banto_cloud::wire::{ACCOUNT, Reply};

/// A mail that the provider accepted.
#[derive(Debug, Clone)]
pub(super) struct Accepted {
    pub(super) at: Timestamp,
    /// How many changes the table had seen by then.
    pub(super) after: usize,
    pub(super) id: String,
    pub(super) from: String,
    pub(super) to: Vec<String>,
    pub(super) tags: BTreeMap<String, String>,
    pub(super) subject: String,
    pub(super) text: String,
    /// The attached iCalendar.
    pub(super) calendar: Option<String>,
    configuration_set: String,
}

impl Accepted {
    pub(super) fn tag(&self, name: &str) -> &str {
        self.tags.get(name).map_or("", String::as_str)
    }

    /// Tokens of the links in the text.
    pub(super) fn tokens(&self) -> Vec<String> {
        let word = |rest: &str| rest.split(|c: char| c.is_whitespace() || c == '>').next().unwrap_or("").to_owned();
        self.text.split("/a/").skip(1).map(word).collect()
    }
}

/// Accepts a mail.
pub(super) fn accept(net: &mut Net, configuration_set: &str, body: &[u8], now: Timestamp) -> Reply {
    let request: Value = serde_json::from_slice(body).unwrap_or_default();
    let raw =
        request["Content"]["Raw"]["Data"].as_str().and_then(|d| BASE64.decode(d.as_bytes()).ok()).unwrap_or_default();
    let Some(parsed) = mail_parser::MessageParser::default().parse(&raw) else {
        return Reply::error(400, "BadRequestException", "not a mail");
    };
    if request["ConfigurationSetName"].as_str() != Some(configuration_set) {
        return Reply::error(404, "NotFoundException", "no such configuration set");
    }
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let list = |value: &Value| value.as_array().into_iter().flatten().map(text).collect::<Vec<_>>();
    let tags = request["EmailTags"].as_array().into_iter().flatten().map(|t| (text(&t["Name"]), text(&t["Value"])));
    let mut mail = Accepted {
        at: now,
        after: net.changes.len(),
        id: format!("mail-{}", net.number()),
        from: text(&request["FromEmailAddress"]),
        to: list(&request["Destination"]["ToAddresses"]),
        tags: tags.collect(),
        subject: parsed.subject().unwrap_or_default().to_owned(),
        text: parsed.body_text(0).unwrap_or_default().into_owned(),
        calendar: parsed.attachments().find_map(|a| a.text_contents()).map(str::to_owned),
        configuration_set: configuration_set.to_owned(),
    };
    if net.sabotage == Some(Sabotage::WrongSender) && net.rng.per_mille(50) {
        mail.from = "office@elsewhere.example".to_owned();
    }
    let said =
        format!("✉ accepted {} for {}: {} (intent {})", mail.id, mail.to.join(", "), mail.subject, mail.tag("intent"));
    net.log.say(now, said);
    let id = mail.id.clone();
    let own = mail.to.iter().any(|to| to.ends_with("@minato.example"));
    if net.sabotage == Some(Sabotage::LoseLetters) && own {
        return Reply::ok(&json!({ "MessageId": id }));
    }
    if net.sabotage == Some(Sabotage::MailTwice) && net.rng.per_mille(50) {
        net.accepted.push(Accepted { id: format!("{id}-again"), ..mail.clone() });
    }
    net.accepted.push(mail);
    Reply::ok(&json!({ "MessageId": id }))
}

/// What becomes of a mail at the recipient's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    Delivered,
    Permanent,
    Transient,
    Complaint,
}

/// What the provider tells about a mail: that it took it, and what became of it.
pub(super) fn tells(mail: &Accepted, fate: Fate) -> [Value; 2] {
    let people: Vec<Value> = mail.to.iter().map(|to| json!({ "emailAddress": to })).collect();
    let (kind, key, inner) = match fate {
        Fate::Delivered => ("Delivery", "delivery", json!({ "recipients": mail.to })),
        Fate::Complaint => ("Complaint", "complaint", json!({ "complainedRecipients": people })),
        Fate::Permanent => ("Bounce", "bounce", json!({ "bounceType": "Permanent", "bouncedRecipients": people })),
        Fate::Transient => ("Bounce", "bounce", json!({ "bounceType": "Transient", "bouncedRecipients": people })),
    };
    let tell = |n: usize, kind: &str, key: &str, inner: Value| {
        let id = format!("{}-event-{n}", mail.id);
        event(
            &id,
            "aws.ses",
            &format!("Email {kind}"),
            mail.at,
            json!({ "eventType": kind, "mail": about(mail), key: inner }),
        )
    };
    [tell(1, "Send", "send", json!({})), tell(2, kind, key, inner)]
}

fn about(mail: &Accepted) -> Value {
    let mut tags: BTreeMap<&str, Vec<&str>> = mail.tags.iter().map(|(k, v)| (k.as_str(), vec![v.as_str()])).collect();
    tags.insert("ses:configuration-set", vec![&mail.configuration_set]);
    json!({
        "timestamp": mail.at.to_string(), "source": mail.from, "sendingAccountId": ACCOUNT, "messageId": mail.id,
        "destination": mail.to, "tags": tags,
    })
}
