//! Who did something.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Party;

/// Who did it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", tag = "role")]
pub enum Actor {
    /// Banto itself, by the rules of the playbook.
    Banto,
    /// The customer of the case, by a form or a signed link.
    Customer,
    /// Who pays, by a signed link.
    Payer,
    /// Somebody who works for the practice, by a signed link or signed in.
    Person {
        /// Short name.
        person: String,
    },
    /// A coach, by a signed link: in journals of version 1, which name no people.
    Coach,
    /// An operator, by a signed link: in journals of version 1, which name no people.
    Operator,
    /// A provider's signed event.
    Provider,
}

impl Actor {
    /// As it stands in JSON: `banto`, `customer`, `person:sato`.
    #[must_use]
    pub fn name(&self) -> String {
        match self {
            Self::Banto => "banto".to_owned(),
            Self::Customer => "customer".to_owned(),
            Self::Payer => "payer".to_owned(),
            Self::Person { person } => format!("person:{person}"),
            Self::Coach => "coach".to_owned(),
            Self::Operator => "operator".to_owned(),
            Self::Provider => "provider".to_owned(),
        }
    }
}

impl From<Party> for Actor {
    fn from(party: Party) -> Self {
        match party {
            Party::Customer => Self::Customer,
            Party::Payer => Self::Payer,
            Party::Person(person) => Self::Person { person },
            Party::Coach => Self::Coach,
            Party::Operator => Self::Operator,
        }
    }
}
