//! On which side somebody is: the customer's, the coach's or the office's.

use banto_domain::Playbook;
use banto_domain::state::{Ask, Party};

/// A side.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// The customer.
    Customer,
    /// Who pays.
    Payer,
    /// A coach.
    Coach,
    /// Everybody else of the practice.
    Office,
}

impl Side {
    /// The side of one person.
    #[must_use]
    pub fn of(party: &Party, playbook: &Playbook) -> Self {
        match party {
            Party::Customer => Self::Customer,
            Party::Payer => Self::Payer,
            Party::Coach => Self::Coach,
            Party::Operator => Self::Office,
            Party::Person(id) if playbook.people.coach(id).is_some() => Self::Coach,
            Party::Person(_) => Self::Office,
        }
    }

    /// The side of whoever is asked first.
    #[must_use]
    pub fn of_ask(ask: &Ask, playbook: &Playbook) -> Self {
        ask.readers().first().map_or(Self::Office, |party| Self::of(party, playbook))
    }

    /// Whether it is outside of the practice.
    #[must_use]
    pub fn is_outside(self) -> bool {
        matches!(self, Self::Customer | Self::Payer)
    }
}
