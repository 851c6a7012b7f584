//! Mail through SES v2. Only `send-message` may hold a [`Mailer`].

use aws_sdk_sesv2::Client;
use aws_sdk_sesv2::config::retry::RetryConfig;
use aws_sdk_sesv2::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_sesv2::primitives::Blob;
use aws_sdk_sesv2::types::{Destination, EmailContent, MessageTag, RawMessage};
use banto_domain::Id;
use banto_domain::playbook::mail_address;
use banto_domain::rules::message::Outcome;
use jiff::Timestamp;
use mail_builder::MessageBuilder;
use mail_builder::headers::raw::Raw;

use crate::render::Mail;
use crate::{Error, Result};

/// A mail with its addresses, ready to leave.
#[derive(Debug, Clone)]
pub struct Letter {
    /// Name and address of the practice.
    pub from: (String, String),
    /// Name and address of each recipient.
    pub to: Vec<(String, String)>,
    /// What it says.
    pub mail: Mail,
    /// When it leaves (UTC).
    pub at: Timestamp,
    /// The intent, as the local part of the Message-ID. (SES writes its own over it.)
    pub id: Id,
    /// The booking as iCalendar, if it carries one.
    pub calendar: Option<String>,
    /// Where whoever reads it stops mails like it, if it promotes something.
    pub unsubscribe: Option<String>,
    /// What the provider's events will carry back: `client`, `case`, `intent`, `template`, `class`.
    pub tags: Vec<(&'static str, String)>,
}

/// The way out for mail.
#[derive(Debug, Clone)]
pub struct Mailer {
    client: Client,
    configuration_set: Option<String>,
}

impl Mailer {
    /// A mailer over this client.
    #[must_use]
    pub fn new(client: Client, configuration_set: Option<String>) -> Self {
        Self { client, configuration_set }
    }

    /// Calls the provider, once: SES has no idempotency key, so the client's own retries are off. `None` when it is
    /// unknown what came of it.
    ///
    /// # Errors
    /// When the mail can't be written as MIME: our bug.
    pub async fn send(&self, letter: Letter) -> Result<Option<Outcome>> {
        let mime = mime(&letter)?;
        let raw = RawMessage::builder().data(Blob::new(mime)).build().map_err(|e| Error::Bug(e.to_string()))?;
        let to = letter.to.into_iter().map(|(_, address)| mail_address(&address)).collect();
        let tags: std::result::Result<Vec<_>, _> = letter
            .tags
            .into_iter()
            .map(|(name, value)| MessageTag::builder().name(name).value(value).build())
            .collect();
        let call = self
            .client
            .send_email()
            .from_email_address(&letter.from.1)
            .destination(Destination::builder().set_to_addresses(Some(to)).build())
            .content(EmailContent::builder().raw(raw).build())
            .set_email_tags(Some(tags.map_err(|e| Error::Bug(e.to_string()))?))
            .set_configuration_set_name(self.configuration_set.clone())
            .customize()
            .config_override(aws_sdk_sesv2::config::Builder::new().retry_config(RetryConfig::disabled()));
        Ok(match call.send().await {
            Ok(out) => Some(Outcome::Sent { provider_id: out.message_id().unwrap_or_default().to_owned() }),
            Err(error) => understood(&error),
        })
    }
}

/// What an error says of the mail: refused, not taken, or unknown.
fn understood<E: ProvideErrorMetadata>(error: &SdkError<E>) -> Option<Outcome> {
    let service = match error {
        SdkError::ServiceError(service) => service.err(),
        SdkError::ConstructionFailure(_) => return Some(Outcome::Refused("could not be written".to_owned())),
        // A time-out, a broken connection, an answer that can't be read: it may have been taken.
        _ => return None,
    };
    let code = service.code().unwrap_or("unknown").to_owned();
    match code.as_str() {
        "TooManyRequestsException" | "LimitExceededException" | "ThrottlingException" => Some(Outcome::Busy(code)),
        // Of the account, not of this mail: it leaves once somebody has spoken with the provider.
        "SendingPausedException" | "AccountSuspendedException" => Some(Outcome::Paused(code)),
        "MessageRejected"
        | "MailFromDomainNotVerifiedException"
        | "BadRequestException"
        | "NotFoundException"
        | "AccessDeniedException" => Some(Outcome::Refused(code)),
        _ => None,
    }
}

fn mime(letter: &Letter) -> Result<Vec<u8>> {
    let pair = |(name, address): &(String, String)| (name.clone(), mail_address(address));
    let domain = letter.from.1.rsplit('@').next().unwrap_or_default();
    let mut message = MessageBuilder::new()
        .message_id(format!("{}@{domain}", letter.id))
        .date(letter.at.as_second())
        .from(pair(&letter.from))
        .reply_to(pair(&letter.from))
        .to(letter.to.iter().map(pair).collect::<Vec<_>>())
        .subject(letter.mail.subject.as_str())
        .header("Auto-Submitted", Raw::new("auto-generated")) // RFC 3834 §5
        .text_body(letter.mail.text.as_str())
        .html_body(letter.mail.html.as_str());
    if let Some(link) = &letter.unsubscribe {
        // RFC 2369 §3.2, RFC 8058 §3.1.
        message = message.header("List-Unsubscribe", Raw::new(format!("<{link}>")));
        message = message.header("List-Unsubscribe-Post", Raw::new("List-Unsubscribe=One-Click"));
    }
    if let Some(calendar) = &letter.calendar {
        // Information, not an invitation that one accepts or declines: RFC 5546 §3.2.1.
        let media = format!("text/calendar; charset=utf-8; method={}", crate::ical::method(calendar));
        message = message.attachment(media, "session.ics", calendar.as_str());
    }
    message.write_to_vec().map_err(|e| Error::Bug(format!("a mail could not be written as MIME: {e}")))
}
