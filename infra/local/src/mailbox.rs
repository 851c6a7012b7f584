//! The mailbox as people and tests read it: what a mail says, taken from the bytes that were sent.

use jiff::Timestamp;
use mail_parser::{MessageParser, MimeHeaders as _};
use serde::Serialize;

use crate::store::StoredMail;

/// A mail that was sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Mail {
    /// The id the provider returned.
    pub id: String,
    /// The envelope's recipients, separated by commas.
    pub to: String,
    /// Name and address of the sender.
    pub from: String,
    /// Where an answer goes.
    pub reply_to: Option<String>,
    /// The subject.
    pub subject: String,
    /// The plain part.
    pub text: String,
    /// The HTML part, if there is one.
    pub html: Option<String>,
    /// What is attached.
    pub attachments: Vec<Attachment>,
    /// When the provider took it.
    pub sent_at: Timestamp,
    /// Whose back office sent it.
    pub client: Option<String>,
    /// About which case.
    pub case: Option<String>,
    /// From which template.
    pub template: Option<String>,
    /// Which class of message.
    pub class: Option<String>,
}

/// Something attached to a mail.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Attachment {
    /// Its file name.
    pub name: String,
    /// Its media type.
    pub content_type: String,
    /// Its size in bytes.
    pub size: usize,
}

/// Reads a stored mail. What can't be parsed still shows by its envelope.
pub(crate) fn read(stored: &StoredMail) -> Mail {
    let tag = |name: &str| stored.tags.get(name).cloned();
    let mut mail = Mail {
        id: stored.id.clone(),
        to: stored.recipients.join(", "),
        from: String::new(),
        reply_to: None,
        subject: String::new(),
        text: String::new(),
        html: None,
        attachments: Vec::new(),
        sent_at: stored.sent_at,
        client: tag("client"),
        case: tag("case"),
        template: tag("template"),
        class: tag("class"),
    };
    let Some(parsed) = MessageParser::default().parse(stored.raw.as_slice()) else { return mail };
    mail.from = parsed.from().map(people).unwrap_or_default();
    mail.reply_to = parsed.reply_to().map(people);
    mail.subject = parsed.subject().unwrap_or_default().to_owned();
    mail.text = parsed.body_text(0).map(std::borrow::Cow::into_owned).unwrap_or_default();
    mail.html = parsed.html_part(0).filter(|p| p.is_text_html()).and_then(|p| p.text_contents()).map(str::to_owned);
    mail.attachments = parsed.attachments().map(attachment).collect();
    mail
}

fn people(addresses: &mail_parser::Address<'_>) -> String {
    let one = |a: &mail_parser::Addr<'_>| match (a.name(), a.address()) {
        (Some(name), Some(address)) => format!("{name} <{address}>"),
        (name, address) => name.or(address).unwrap_or_default().to_owned(),
    };
    addresses.iter().map(one).collect::<Vec<_>>().join(", ")
}

fn attachment(part: &mail_parser::MessagePart<'_>) -> Attachment {
    let kind =
        part.content_type().map(|c| c.subtype().map_or_else(|| c.ctype().to_owned(), |s| format!("{}/{s}", c.ctype())));
    Attachment {
        name: part.attachment_name().unwrap_or("attachment").to_owned(),
        content_type: kind.unwrap_or_else(|| "application/octet-stream".to_owned()),
        size: part.contents().len(),
    }
}
