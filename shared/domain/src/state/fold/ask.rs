//! Asks.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::{Case, Entry, Track, What};
use crate::Id;
use crate::state::{Ask, Code, DEADLINE, NUDGE};

/// How many people are remembered who moved a token.
const MAX_AUTHORS: usize = 6;

impl Case {
    pub(super) fn take_ask(&mut self, at: Timestamp, id: &Id, entry: &Entry) {
        match entry {
            Entry::AskOpened { .. } => self.ask_opened(entry),
            Entry::AskAnswered { ask, answer, action, by, .. } => {
                let Some(asked) = self.ask(ask).cloned() else { return };
                self.close_track(ask);
                self.moved_by(&asked, by.as_ref());
                let what = What::Answered {
                    ask: ask.clone(),
                    answer: answer.clone(),
                    task: asked.about.clone().filter(|_| asked.is_task()),
                    flow: asked.flow,
                    node: asked.node,
                    tracks: asked.tracks,
                    seeks: asked.seeks,
                };
                self.expect(id, at, action, what);
                if let Some(pending) = self.pending.get_mut(id) {
                    (pending.token, pending.visit) = (asked.token, asked.visit);
                }
            }
            Entry::ApprovalGiven { ask, person, mark, .. } => {
                if let Some(seeks) = self.ask_mut(ask).and_then(|a| a.seeks.as_mut()) {
                    seeks.given.push(person.clone());
                    seeks.mark.clone_from(mark);
                }
            }
            Entry::CodeMailed { ask, person, n, until } => {
                if let Some(ask) = self.ask_mut(ask) {
                    let wrong = ask.codes.get(person).map_or(0, |code| code.wrong);
                    ask.codes.insert(person.clone(), Code { n: *n, until: *until, wrong });
                }
            }
            Entry::CodeRefused { ask, person } => {
                if let Some(code) = self.ask_mut(ask).and_then(|a| a.codes.get_mut(person)) {
                    code.wrong = code.wrong.saturating_add(1);
                }
            }
            Entry::AskExpired { ask } | Entry::AskWithdrawn { ask } => self.close_track(ask),
            _ => {}
        }
    }

    fn ask_mut(&mut self, id: &Id) -> Option<&mut Ask> {
        match self.tracks.get_mut(id) {
            Some(Track::Ask(ask)) => Some(ask),
            _ => None,
        }
    }

    /// Who of the practice decides where a token goes on wants what comes of it. Whoever agrees to it, or sends it back, doesn't.
    fn moved_by(&mut self, asked: &Ask, by: Option<&String>) {
        let wants = !asked.is_task() && !asked.beside && asked.seeks.is_none();
        let token = self.tokens.get_mut(&asked.token).filter(|_| wants);
        if let Some((token, by)) = token.zip(by)
            && !token.by.contains(by)
        {
            token.by.push(by.clone());
            // Of many the last are remembered.
            let more = token.by.len().saturating_sub(MAX_AUTHORS);
            token.by.drain(..more);
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
            seeks,
            code,
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
            seeks: seeks.clone(),
            code: *code,
            codes: BTreeMap::new(),
        };
        self.tracks.insert(ask.clone(), Track::Ask(opened));
        self.time(ask, DEADLINE, "", *deadline, owner);
        for (n, at) in nudges.iter().enumerate() {
            self.time(ask, NUDGE, &n.to_string(), *at, owner);
        }
    }
}
