//! What is known of a case: marks in the journal, personal values apart, erasable.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::playbook::FactSpec;

/// A known fact, as the journal and the snapshot hold it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Fact {
    /// The value itself.
    Plain(String),
    /// HMAC of the value under the person's key; the value is in an erasable item.
    Personal(String),
}

/// What a person wrote: values by fact. Kept apart from the journal, erasable.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Personal {
    /// The person's key (hex of 32 bytes): marks are made with it, and erasing it makes them meaningless.
    pub key: String,
    /// Values by fact.
    pub values: BTreeMap<String, String>,
}

impl Personal {
    /// The value of a fact, plain or personal.
    #[must_use]
    pub fn value<'a>(&'a self, facts: &'a BTreeMap<String, Fact>, name: &str) -> Option<&'a str> {
        match facts.get(name)? {
            Fact::Plain(value) => Some(value),
            Fact::Personal(_) => self.values.get(name).map(String::as_str),
        }
    }

    /// The value of a fact as it was recorded then; `None` when it was erased, or is another by now.
    #[must_use]
    pub fn recorded<'a>(&'a self, name: &str, fact: &'a Fact) -> Option<&'a str> {
        match fact {
            Fact::Plain(value) => Some(value),
            Fact::Personal(mark) => {
                let known = self.values.get(name).map(String::as_str);
                known.filter(|value| crate::keys::mark(&self.key, &[name, value]) == *mark)
            }
        }
    }

    /// Splits values that were taken into what the journal may hold and what only this item may.
    pub fn record(
        &mut self,
        specs: &BTreeMap<String, FactSpec>,
        taken: BTreeMap<String, String>,
    ) -> BTreeMap<String, Fact> {
        let mut facts = BTreeMap::new();
        for (name, value) in taken {
            let personal = specs.get(&name).is_none_or(|s| s.kind.is_personal());
            let fact = if personal {
                Fact::Personal(crate::keys::mark(&self.key, &[&name, &value]))
            } else {
                Fact::Plain(value.clone())
            };
            if personal {
                self.values.insert(name.clone(), value);
            }
            facts.insert(name, fact);
        }
        facts
    }
}
