//! What whoever wrote an emergency word is told at once (promise 14): where help is, until a person answers. A note, and no
//! counsel.

use jiff::civil::Date;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Text;

/// The template of the note; every practice has one, and may have its own.
pub const EMERGENCY_NOTE: &str = "emergency-note";
/// What the note comes from, in the place of a node.
pub const OF_EMERGENCY: &str = "emergency:";

/// The coach agreed that the note goes out, with the numbers in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EmergencyNote {
    /// The coach, by short name.
    pub approved_by: String,
    /// When somebody of the practice last made sure that the numbers are right.
    pub confirmed: Date,
}

/// Where people in distress find somebody to talk to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Helpline {
    /// Who answers.
    pub name: Text,
    /// Telephone number, as it is dialled in the country.
    pub number: String,
    /// When, and in which languages.
    pub hours: Text,
    /// The page that says so.
    pub source: String,
}
