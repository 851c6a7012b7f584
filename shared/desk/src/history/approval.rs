//! Which entries belong to one approval.

use std::collections::BTreeSet;

use banto_domain::state::TokenId;
use banto_domain::{Entry, Id};

/// What an approval consists of.
pub(super) struct Parts {
    asks: BTreeSet<Id>,
    message: Option<Id>,
    /// The token that waits for it, and the nodes at which it did.
    waits: Option<(TokenId, BTreeSet<String>)>,
}

/// The approval that one of its questions, or a mail, belongs to.
pub(super) fn of<'a>(entries: impl Iterator<Item = &'a Entry> + Clone, id: &Id) -> Parts {
    let opened = |entry: &'a Entry| match entry {
        Entry::AskOpened { ask, seeks: Some(seeks), token, node, .. } => Some((ask, seeks, token, node)),
        _ => None,
    };
    let asked = entries.clone().filter_map(opened);
    let mine = asked.clone().find(|(ask, seeks, ..)| *ask == id || seeks.message.as_ref() == Some(id));
    let Some((_, seeks, token, _)) = mine else {
        return Parts { asks: BTreeSet::new(), message: Some(id.clone()), waits: None };
    };
    let (approval, message) = (&seeks.approval, seeks.message.clone());
    let same = asked.filter(|(_, other, at, _)| {
        other.approval == *approval && other.message == message && (message.is_some() || *at == token)
    });
    let same: Vec<_> = same.collect();
    let nodes = same.iter().map(|(.., node)| (*node).clone()).collect();
    let waits = message.is_none().then(|| (token.clone(), nodes));
    Parts { asks: same.into_iter().map(|(ask, ..)| ask.clone()).collect(), message, waits }
}

impl Parts {
    pub(super) fn contains(&self, entry: &Entry) -> bool {
        match entry {
            Entry::AskOpened { ask, .. }
            | Entry::CodeMailed { ask, .. }
            | Entry::CodeRefused { ask, .. }
            | Entry::ApprovalGiven { ask, .. }
            | Entry::AskAnswered { ask, .. }
            | Entry::AskExpired { ask }
            | Entry::AskWithdrawn { ask } => self.asks.contains(ask),
            Entry::MessageIntended { message, .. }
            | Entry::MessageHeld { message, .. }
            | Entry::MessageWritten { message, .. }
            | Entry::MessageApproved { message, .. }
            | Entry::MessageReleased { message, .. }
            | Entry::MessageSampled { message, .. }
            | Entry::MessageSending { message, .. }
            | Entry::MessageSent { message, .. }
            | Entry::MessageClosed { message }
            | Entry::MessageDropped { message, .. } => self.message.as_ref() == Some(message),
            Entry::NodeEntered { token, node, .. } | Entry::NodeLeft { token, node, .. } => {
                self.waits.as_ref().is_some_and(|(waits, nodes)| waits == token && nodes.contains(node))
            }
            Entry::VersionProposed { .. } | Entry::VersionPublished { .. } => self.waits.is_some(),
            _ => false,
        }
    }
}
