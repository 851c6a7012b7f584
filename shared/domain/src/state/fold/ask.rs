//! Asks.

use jiff::Timestamp;

use super::{Case, Entry, Track, What};
use crate::Id;
use crate::state::{Ask, DEADLINE, NUDGE};

impl Case {
    pub(super) fn take_ask(&mut self, at: Timestamp, id: &Id, entry: &Entry) {
        match entry {
            Entry::AskOpened { .. } => self.ask_opened(entry),
            Entry::AskAnswered { ask, answer, action, .. } => {
                let Some(asked) = self.ask(ask).cloned() else { return };
                self.close_track(ask);
                let what = What::Answered {
                    ask: ask.clone(),
                    answer: answer.clone(),
                    task: asked.about.clone().filter(|_| asked.is_task()),
                    flow: asked.flow,
                    node: asked.node,
                    tracks: asked.tracks,
                };
                self.expect(id, at, action, what);
                if let Some(pending) = self.pending.get_mut(id) {
                    (pending.token, pending.visit) = (asked.token, asked.visit);
                }
            }
            Entry::AskExpired { ask } | Entry::AskWithdrawn { ask } => self.close_track(ask),
            _ => {}
        }
    }

    fn ask_opened(&mut self, entry: &Entry) {
        let Entry::AskOpened {
            ask,
            question,
            kind,
            to,
            people,
            owner,
            flow,
            node,
            token,
            fields,
            answers,
            deadline,
            nudges,
            about,
            reason,
            tracks,
            beside,
            menu,
        } = entry
        else {
            return;
        };
        // In version 1 a question, too, was about one thing: a track.
        let of_version_1 = || about.iter().filter(|_| reason.is_none()).cloned().collect();
        let opened = Ask {
            question: question.clone(),
            kind: *kind,
            to: to.clone(),
            people: people.clone(),
            owner: owner.clone(),
            flow: flow.clone(),
            node: node.clone(),
            token: token.clone(),
            visit: self.tokens.get(token).filter(|t| t.node == *node).map(|t| t.entered.clone()),
            fields: fields.clone(),
            answers: answers.clone(),
            deadline: *deadline,
            about: about.clone().filter(|_| reason.is_some()),
            reason: reason.clone(),
            tracks: if tracks.is_empty() { of_version_1() } else { tracks.clone() },
            beside: *beside,
            menu: menu.clone(),
        };
        self.tracks.insert(ask.clone(), Track::Ask(opened));
        self.time(ask, DEADLINE, "", *deadline, owner);
        for (n, at) in nudges.iter().enumerate() {
            self.time(ask, NUDGE, &n.to_string(), *at, owner);
        }
    }
}
