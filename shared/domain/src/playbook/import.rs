//! How customers come in who were there before Banto: what the columns of a list mean, and where their cases begin.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::japanese;

/// The side flow on which an imported case waits until a coach says that it may begin.
pub const IMPORTED: &str = "imported";
/// The flow, and the question, by which a coach is asked whether what was imported may begin.
pub const START_IMPORTED: &str = "start-imported";
/// What sets the flow [`IMPORTED`] off.
pub const ON_IMPORT: &str = "import";
/// What ends its wait: the coach said that it may begin.
pub const STARTED: &str = "import:start";
/// What ends its wait: the coach said that it is not to be.
pub const DISCARDED: &str = "import:discard";
/// What stands before the batch in the place of the form by which a case came.
pub const FROM_IMPORT: &str = "import:";

/// What the practice's list of customers says, and where their cases begin.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Import {
    /// The flow that their cases go on in.
    pub flow: String,
    /// The fact of kind `choice` that says which menu a customer has; also taken by the menu's label.
    pub menu_from: String,
    /// Language for these customers: `ja` or `en`.
    #[serde(default = "japanese")]
    pub language: String,
    /// The node where a case begins, by what is open of it.
    pub begins: Begins,
    /// Column's header → what it says: `fact:NAME`, `number`, `sessions-left`, `expires-on`, `session`, `coach`,
    /// `invoice-number`, `invoice-amount`, `invoice-due` or `no-mail`.
    #[schemars(with = "BTreeMap<String, String>")]
    pub columns: BTreeMap<String, Meaning>,
}

/// Where a case begins: the first that is true of it. A customer for whom none is named doesn't come in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Begins {
    /// A session is booked: a node of `run-session`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub booked: Option<String>,
    /// An invoice is open, and its last day to pay on is over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub overdue: Option<String>,
    /// An invoice is open: a node of `issue-invoice`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owed: Option<String>,
    /// Sessions are left, and nothing is booked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub left: Option<String>,
}

impl Begins {
    /// The nodes, as they stand in a playbook.
    #[must_use]
    pub fn named(&self) -> Vec<(&'static str, &str)> {
        let Self { booked, overdue, owed, left } = self;
        let all = [("booked", booked), ("overdue", overdue), ("owed", owed), ("left", left)];
        all.into_iter().filter_map(|(name, node)| Some((name, node.as_deref()?))).collect()
    }
}

/// What a column says.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Meaning {
    /// The customer's number with the practice: by it the same customer is known again.
    Number,
    /// How many sessions that were paid for are left.
    SessionsLeft,
    /// The last day on which one may be held.
    ExpiresOn,
    /// When the next session begins, in the coach's zone.
    Session,
    /// Who holds it, by name or short name.
    Coach,
    /// The number of the open invoice.
    InvoiceNumber,
    /// Its amount with tax, in the practice's currency (yen; pounds and pence).
    InvoiceAmount,
    /// The last day to pay on.
    InvoiceDue,
    /// Mails must not go there.
    NoMail,
    /// A fact.
    Fact(String),
}

impl Meaning {
    /// Those that aren't facts, as they stand in a playbook.
    pub const WORDS: [(&'static str, Self); 9] = [
        ("number", Self::Number),
        ("sessions-left", Self::SessionsLeft),
        ("expires-on", Self::ExpiresOn),
        ("session", Self::Session),
        ("coach", Self::Coach),
        ("invoice-number", Self::InvoiceNumber),
        ("invoice-amount", Self::InvoiceAmount),
        ("invoice-due", Self::InvoiceDue),
        ("no-mail", Self::NoMail),
    ];
}

/// A word that means nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} says nothing; write fact:NAME, number, sessions-left, expires-on, session, coach, invoice-number, invoice-amount, \
     invoice-due or no-mail"
)]
pub struct Meaningless(String);

impl TryFrom<String> for Meaning {
    type Error = Meaningless;

    fn try_from(text: String) -> Result<Self, Meaningless> {
        if let Some(fact) = text.strip_prefix("fact:").filter(|fact| !fact.is_empty()) {
            return Ok(Self::Fact(fact.to_owned()));
        }
        let known = Self::WORDS.into_iter().find(|(word, _)| *word == text);
        known.map(|(_, meaning)| meaning).ok_or(Meaningless(text))
    }
}

impl From<Meaning> for String {
    fn from(meaning: Meaning) -> Self {
        match &meaning {
            Meaning::Fact(fact) => format!("fact:{fact}"),
            other => Meaning::WORDS.iter().find(|(_, m)| m == other).map_or("", |(word, _)| word).to_owned(),
        }
    }
}
