//! Forms, and how what comes through them is sorted.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Text;

/// How a form's webhook proves where it comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "scheme", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Signature {
    /// A plain HTML form: nothing is signed, so it is rate-limited.
    None {
        /// How many a minute are taken before visitors are asked to wait.
        per_minute: u32,
    },
    /// HMAC-SHA256 of the body (RFC 2104), as most form services do.
    HmacSha256 {
        /// The header that carries it: `Typeform-Signature`.
        header: String,
        /// What stands before it: `sha256=`.
        #[serde(default)]
        prefix: String,
        /// How it is written.
        encoding: Encoding,
    },
    /// Standard Webhooks (standardwebhooks.com): `webhook-id`, `webhook-timestamp`, `webhook-signature`.
    StandardWebhooks,
}

/// How bytes are written as text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Encoding {
    /// Lower or upper case hex.
    Hex,
    /// Base64 with padding (RFC 4648 §4).
    Base64,
}

/// Where the answers are in a JSON payload that lists them: `answers[].field.ref` and one of several value fields.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Answers {
    /// JSON pointer to the list.
    pub list: String,
    /// JSON pointer, within an answer, to the field's name.
    pub key: String,
    /// JSON pointers, within an answer, of which the first that is there is the value.
    pub value: Vec<String>,
}

/// A form that customers fill in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Form {
    /// How it proves where it comes from.
    pub signature: Signature,
    /// JSON pointer to the provider's id of the submission; without it the content is the id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Where a list of answers is, for providers that send one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answers: Option<Answers>,
    /// Fact → field's name (with `answers` or a plain form) or JSON pointer (starts with `/`).
    pub fields: BTreeMap<String, String>,
    /// Language of the form.
    pub language: String,
    /// The flow that an inquiry enters.
    pub flow: String,
    /// Template of 受付のご連絡, which goes out at once; nothing does without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acknowledge: Option<String>,
    /// Without these facts it can't be answered, so it isn't understood.
    pub required: Vec<String>,
    /// It reaches an open case by the value of this fact, or by its number (`case`), and opens one only when there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reaches: Option<String>,
    /// It raises a request of this kind.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request: Option<String>,
    /// Facts that it says by itself, with their values.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub sets: BTreeMap<String, String>,
    /// The node where its cases begin, if not the flow's first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start: Option<String>,
}

/// One kind of inquiry, found by keywords and patterns.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Category {
    /// Shown to people.
    pub label: Text,
    /// Where it leads: an outcome of the node.
    pub outcome: String,
    /// Any of these gives its points.
    pub keywords: Vec<Keyword>,
}

/// A word or a pattern, after normalisation (NFKC, lower case, katakana as hiragana, no white space).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Keyword {
    /// The word.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub word: Option<String>,
    /// A regular expression over the normalised text, in its place: `貴社.{0,20}(ご提案|ご紹介)`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pattern: Option<String>,
    /// Its points.
    pub points: u32,
}

/// 受付・分類.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Classification {
    /// Facts whose text is looked at.
    pub read: Vec<String>,
    /// Fewer points than this: not sure.
    pub at_least: u32,
    /// A lead over the second best smaller than this: not sure.
    pub lead: u32,
    /// Emergency words (希死念慮 and the like): any of them goes to a person at once, whatever the points.
    #[serde(default)]
    pub emergency: Vec<String>,
    /// Phrases that hold such a word and are none, 忙殺 and the like: written just so they are passed over.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub harmless: Vec<String>,
    /// The kinds, by name.
    pub categories: BTreeMap<String, Category>,
}
