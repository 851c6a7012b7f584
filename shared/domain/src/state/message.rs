//! One outgoing mail, and what it states.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Case;
use super::case::{Status, is_usual};
use crate::Id;
use crate::playbook::{Effect, OF_DIGEST, OF_EMERGENCY, To, Topic};

/// Something that a message states and that must still be true when it leaves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "hold", rename_all = "kebab-case")]
pub enum Hold {
    /// The ask is still open.
    AskOpen {
        /// The ask.
        ask: Id,
    },
    /// The case is still open.
    CaseOpen,
    /// The booking stands as it was.
    BookingStands {
        /// The booking.
        booking: Id,
        /// Its version.
        version: u32,
    },
    /// The session hasn't begun.
    SessionAhead {
        /// The booking.
        booking: Id,
    },
    /// Something is still to be paid.
    InvoiceOpen {
        /// The invoice.
        invoice: Id,
    },
}

impl Hold {
    /// Whether it is true now.
    #[must_use]
    pub fn is_true(&self, case: &Case, now: Timestamp) -> bool {
        match self {
            Self::AskOpen { ask } => case.ask(ask).is_some(),
            Self::CaseOpen => case.status == Status::Open,
            Self::BookingStands { booking, version } => {
                case.booking(booking).is_some_and(|b| b.is_confirmed() && b.version == *version)
            }
            Self::SessionAhead { booking } => case.booking(booking).is_some_and(|b| now < b.seat.begins()),
            Self::InvoiceOpen { invoice } => case.invoice(invoice).is_some_and(|i| !i.settled),
        }
    }

    /// Its name, as a reason for dropping.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::AskOpen { .. } => "ask-open",
            Self::CaseOpen => "case-open",
            Self::BookingStands { .. } => "booking-stands",
            Self::SessionAhead { .. } => "session-ahead",
            Self::InvoiceOpen { .. } => "invoice-open",
        }
    }
}

/// Where a message stands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// Wanted; not a mail yet.
    #[default]
    Intended,
    /// Leased: the provider is being called, or was.
    Sending,
    /// The lease ended without an outcome.
    Uncertain,
    /// A person decides.
    Held,
}

/// One person that a mail goes to, or that did something: fixed when the mail is wanted, never when it leaves.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Party {
    /// The customer.
    Customer,
    /// Who pays.
    Payer,
    /// Somebody of the practice, by short name.
    Person(String),
    /// Whichever coach the case had when the mail left: in journals of version 1.
    Coach,
    /// Whichever operators there were when the mail left: in journals of version 1.
    Operator,
}

impl Party {
    /// Whether it is somebody outside of the practice.
    #[must_use]
    pub fn is_outside(&self) -> bool {
        matches!(self, Self::Customer | Self::Payer)
    }

    /// The short name, when it is somebody of the practice.
    #[must_use]
    pub fn person(&self) -> Option<&str> {
        match self {
            Self::Person(id) => Some(id),
            _ => None,
        }
    }
}

impl TryFrom<String> for Party {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        match To::try_from(text) {
            Ok(To::Customer) => Ok(Self::Customer),
            Ok(To::Payer) => Ok(Self::Payer),
            Ok(To::Coach) => Ok(Self::Coach),
            Ok(To::Operator) => Ok(Self::Operator),
            Ok(To::Person(id)) => Ok(Self::Person(id)),
            Ok(other) => Err(format!("{other} is not one person")),
            Err(nobody) => Err(nobody.to_string()),
        }
    }
}

impl From<Party> for To {
    fn from(party: Party) -> Self {
        match party {
            Party::Customer => Self::Customer,
            Party::Payer => Self::Payer,
            Party::Person(id) => Self::Person(id),
            Party::Coach => Self::Coach,
            Party::Operator => Self::Operator,
        }
    }
}

impl From<Party> for String {
    fn from(party: Party) -> Self {
        To::from(party).to_string()
    }
}

impl std::fmt::Display for Party {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        To::from(self.clone()).fmt(f)
    }
}

impl JsonSchema for Party {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Party".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "description": "One person: customer, payer, or person: and a short name (coach and operator in version 1).",
            "type": "string",
            "pattern": "^(customer|payer|coach|operator|person:.+)$",
        })
    }
}

/// One outgoing mail that hasn't found its end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Message {
    /// Its place among the messages of the case, from 1: mails leave in the order in which they were wanted.
    pub n: u32,
    /// Template of the playbook.
    pub template: String,
    /// To whom.
    pub to: Party,
    /// What decides when its fate is unknown.
    #[serde(default, skip_serializing_if = "is_usual")]
    pub effect: Effect,
    /// What it is about, for those who stop a class of mails.
    #[serde(default, skip_serializing_if = "is_usual")]
    pub topic: Topic,
    /// What must still be true when it leaves.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub holds: Vec<Hold>,
    /// The ask whose link it carries.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub about: Option<Id>,
    /// The tracks that it speaks of.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tracks: Vec<Id>,
    /// The flow of the node that wants it, if not the case's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub flow: Option<String>,
    /// Node, or `form:` and its name, that wants it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub origin: String,
    /// Where it stands.
    #[serde(default, skip_serializing_if = "is_usual")]
    pub state: State,
    /// How many times the provider was called.
    #[serde(default, skip_serializing_if = "is_usual")]
    pub attempts: u32,
    /// Who wrote it freely, or wants it, by short name; nobody when a rule does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub author: Option<String>,
    /// Of a receipt: 0 is the first, others are issued anew.
    #[serde(default, skip_serializing_if = "super::case::is_usual")]
    pub copy: u32,
    /// How often it was written freely, in the place of its template's words.
    #[serde(default, skip_serializing_if = "is_usual")]
    pub written: u32,
    /// A person let it go, whatever it was held for.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub released: bool,
    /// The mark of the mail as it was approved.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approved: Option<String>,
    /// It goes to this one of the practice's own, as a sample, in the place of whom it is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sample: Option<Party>,
    /// How many times in a row the provider took nothing.
    #[serde(default, skip_serializing_if = "is_usual")]
    pub busy: u32,
}

impl Message {
    /// Who reads it: whom it is for, or who gets it as a sample.
    #[must_use]
    pub fn reader(&self) -> &Party {
        self.sample.as_ref().unwrap_or(&self.to)
    }

    /// By what two mails are the same: to whom, of which template, about what. Those that carry a question, and those to the
    /// practice's own people, are each another.
    #[must_use]
    pub fn same(&self) -> Option<String> {
        let is_plain = self.about.is_none() && self.reader().is_outside() && self.written == 0;
        let tracks = self.tracks.iter().map(Id::as_str).collect::<Vec<_>>().join(" ");
        let same = || Id::derive(&["same", &self.to.to_string(), &self.template, &tracks]);
        is_plain.then(|| same().as_str().chars().take(8).collect())
    }

    /// Whether it is the note to whoever wrote an emergency word: what stops everything else doesn't stop it.
    #[must_use]
    pub fn is_of_emergency(&self) -> bool {
        self.origin == OF_EMERGENCY
    }

    /// Whether it is a list of what waits for a person.
    #[must_use]
    pub fn is_digest(&self) -> bool {
        self.origin == OF_DIGEST
    }
}
