//! A mail as the provider got it, as its reader sees it, and what the provider tells of it afterwards.

use std::collections::BTreeMap;

use banto::template::Template;
use data_encoding::BASE64;
use jiff::Timestamp;
use mail_parser::MessageParser;
use serde_json::{Value, json};

use super::cloud::event;
use super::lambda::PUBLIC_URL;

/// One mail.
#[derive(Debug, Clone)]
pub(crate) struct Mail {
    pub(crate) id: String,
    pub(crate) to: Vec<String>,
    pub(crate) tags: BTreeMap<String, String>,
    configuration_set: Option<String>,
    raw: Vec<u8>,
}

impl Mail {
    /// From `SendEmail` and its answer.
    pub(crate) fn read(request: &str, answer: &str) -> Self {
        let request: Value = serde_json::from_str(request).expect("JSON");
        let answer: Value = serde_json::from_str(answer).expect("JSON");
        let text = |value: &Value| value.as_str().expect("a text").to_owned();
        let raw = request["Content"]["Raw"]["Data"].as_str().expect("finished MIME");
        let to = request["Destination"]["ToAddresses"].as_array().expect("addresses");
        let tags = request["EmailTags"].as_array().expect("tags");
        Self {
            id: text(&answer["MessageId"]),
            to: to.iter().map(text).collect(),
            tags: tags.iter().map(|t| (text(&t["Name"]), text(&t["Value"]))).collect(),
            configuration_set: request["ConfigurationSetName"].as_str().map(str::to_owned),
            raw: BASE64.decode(raw.as_bytes()).expect("base64"),
        }
    }

    fn parsed(&self) -> mail_parser::Message<'_> {
        MessageParser::default().parse(&self.raw).expect("MIME")
    }

    pub(crate) fn subject(&self) -> String {
        self.parsed().subject().expect("a subject").to_owned()
    }

    pub(crate) fn text(&self) -> String {
        self.parsed().body_text(0).expect("a plain text").replace("\r\n", "\n")
    }

    pub(crate) fn says(&self, words: &str) {
        assert!(self.text().contains(words), "{words} is not in the mail: {}", self.text());
    }

    /// A header as it stands in the mail.
    pub(crate) fn header(&self, name: &str) -> String {
        self.parsed().header_raw(name).expect("the header").trim().to_owned()
    }

    /// The calendar file that comes with it.
    pub(crate) fn calendar(&self) -> String {
        let parsed = self.parsed();
        let files: Vec<_> = parsed.attachments().filter_map(|a| a.text_contents().map(str::to_owned)).collect();
        assert_eq!(files.len(), 1, "one file is attached");
        // RFC 5545 §3.1: a line goes on where the next one begins with a space.
        files[0].replace("\r\n ", "")
    }

    /// The path of the link it carries.
    pub(crate) fn link(&self) -> String {
        let text = self.text();
        let at = text.find(PUBLIC_URL).unwrap_or_else(|| panic!("no link in {text}"));
        let link = text[at + PUBLIC_URL.len()..].split_whitespace().next().expect("a path");
        link.trim_end_matches(['>', ')']).to_owned()
    }

    /// Two readers that know nothing of each other read the same: mail-parser, and the SES server's own.
    pub(crate) fn reads_like(&self, stored: &Value) {
        let same = |ours: &str, theirs: &Value| assert_eq!(ours.trim(), theirs.as_str().expect("a text").trim());
        same(&self.subject(), &stored["subject"]);
        same(&self.text(), &stored["body"]["text"]);
        assert!(stored["body"]["html"].as_str().is_some_and(|html| html.contains("<p>")), "{stored}");
        let to = stored["destination"]["to"].to_string();
        assert!(self.to.iter().all(|address| to.contains(address)), "{to}");
    }

    /// What SES tells on the default bus: that it took the mail, and what became of it. Addresses that begin with
    /// `bounce` don't exist. (Amazon SES developer guide, "Contents of event data".)
    pub(crate) fn events(&self, template: &Template) -> Vec<Value> {
        let told = template.mail_events.as_ref().expect("the template asks for the provider's events");
        if self.configuration_set.as_ref() != Some(&told.configuration_set) {
            return Vec::new();
        }
        let people: Vec<Value> = self.to.iter().map(|to| json!({ "emailAddress": to })).collect();
        let now = Timestamp::now().to_string();
        let outcome = if self.to.iter().any(|to| to.starts_with("bounce")) {
            let bounce = json!({ "bounceType": "Permanent", "bouncedRecipients": people, "timestamp": now });
            ("Bounced", "Bounce", "bounce", bounce)
        } else {
            ("Delivered", "Delivery", "delivery", json!({ "timestamp": now, "recipients": self.to }))
        };
        let all = [("Sent", "Send", "send", json!({})), outcome];
        let wanted = all.into_iter().filter(|(_, kind, ..)| told.types.contains(&kind.to_uppercase()));
        let tell = |(title, kind, key, inner): (&str, &str, &str, Value)| {
            event("aws.ses", &format!("Email {title}"), json!({ "eventType": kind, "mail": self.about(), key: inner }))
        };
        wanted.map(tell).collect()
    }

    fn about(&self) -> Value {
        let mut tags: BTreeMap<_, _> = self.tags.iter().map(|(name, value)| (name.as_str(), vec![value])).collect();
        tags.insert("ses:configuration-set", self.configuration_set.iter().collect());
        json!({ "timestamp": Timestamp::now().to_string(), "messageId": self.id, "destination": self.to, "tags": tags })
    }
}
