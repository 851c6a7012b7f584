//! Who may decide what a rule may not (権限設計): for each kind of decision who may want it, who must agree, and who is told.

use jiff::Span;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Text, To};

/// The kind of approval that mails wait for: those of class `exception`, and what a person wrote freely.
pub const OF_MAIL: &str = "mail";
/// The kind of approval that a version of the playbook waits for.
pub const OF_PLAYBOOK: &str = "playbook";
/// The flow, and the function as the journal names it, in which a version of the playbook is approved.
pub const PROPOSE_PLAYBOOK: &str = "propose-playbook";
/// What stands before the version's number and hash in the place of the form by which such a case came.
pub const FROM_PROPOSAL: &str = "version:";
/// The question with which whoever approved something last can take it back for a while.
pub const UNDO: &str = "undo";
/// The question with which whoever wrote something harmless can stop it for a while.
pub const UNSEND: &str = "unsend";
/// What mails with a code come from, in the place of a node.
pub const OF_CODE: &str = "code:";
/// The template of mails with a code.
pub const APPROVAL_CODE: &str = "approval-code";
/// What stands before an approval's name in the origin of mails that say what came of it.
pub const OF_APPROVAL: &str = "approval:";
/// The templates of mails that say what came of an approval.
pub const RESULTS: [&str; 4] = ["approval-approved", "approval-refused", "approval-expired", "approval-void"];
/// What a mail that a person wrote freely comes from, in the place of a node.
pub const OF_REPLY: &str = "reply:";
/// The template of what a person writes freely.
pub const REPLY: &str = "reply";

/// One kind of decision.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Approval {
    /// What it is called: 返金.
    pub label: Text,
    /// The question of kind `approval` that is put to those who may agree. Its `then:` says who is asked as well when nobody
    /// answers.
    pub question: String,
    /// Who may want it (R). Shown, and drawn; whoever does can't agree to it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub prepares: Vec<To>,
    /// Who must agree (A), one after the other: each time somebody else, and nobody who wants it.
    pub approves: Vec<Approver>,
    /// Who is told what came of it (I), beside whoever wanted it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tells: Vec<To>,
    /// How long whoever agreed last can take it back, before it takes effect: `PT10M`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub undo: Option<Span>,
    /// Of `mail`: what these write to a customer leaves in their own name, and needs nobody's agreement.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub own_words: Vec<To>,
    /// Of `mail`: what anybody else writes leaves by itself when nothing stands in it that matters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub harmless: Option<Harmless>,
}

/// What a person wrote and what needs nobody's agreement, unless a word stands in it that does.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Harmless {
    /// How long whoever wrote it can stop it: `PT5M`.
    pub undo: Span,
    /// With any of these words it waits for an approval: of money, promises, changed dates, health, complaints.
    pub unless: Vec<String>,
}

/// Somebody who must agree.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Approver {
    /// Whoever of them answers first.
    pub by: To,
    /// Only if this condition holds (CEL, as in a policy): `request.amount >= 30000`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub when: Option<String>,
}

/// Whether somebody else must agree to what one wants.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Controls {
    /// Two people, always.
    #[default]
    Two,
    /// A coach who works alone agrees to her own, with time to take it back; the journal says so.
    Solo,
}
