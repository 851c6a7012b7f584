//! Tokens, waits, suspensions, requests, and the end.

use jiff::Timestamp;

use super::{Case, Entry, Status, Suspension, Track, What};
use crate::Id;
use crate::playbook::IMPORTED;
use crate::state::{REMINDS, Request, STARTS, Token, TokenId, WAIT_END, visited};
use crate::steps::{PAID, WAIT};

impl Case {
    pub(super) fn take_token(&mut self, at: Timestamp, id: &Id, entry: &Entry) {
        match entry {
            Entry::NodeEntered { node, action, token } => self.enter(at, id, (node, action, token)),
            Entry::NodeLeft { outcome, token, .. } => self.leave(outcome, token),
            Entry::TokenStarted { token, flow, tracks, by, .. } => {
                let (flow, tracks, by) = (flow.clone(), tracks.clone(), by.iter().cloned().collect());
                let started = Token { flow, node: String::new(), entered: id.clone(), tracks, by, parked: false };
                self.tokens.insert(token.clone(), started);
            }
            Entry::TokenEnded { token, .. } => self.end_token(at, token),
            Entry::TokenParked { token, .. } => {
                if let Some(token) = self.tokens.get_mut(token) {
                    token.parked = true;
                }
            }
            Entry::WaitStarted { token, until, then } => {
                let visit = self.tokens.get(token).map(|t| t.entered.clone());
                if let Some((visit, until)) = visit.zip(*until) {
                    self.time(&visit, WAIT_END, "", until, then.as_deref().unwrap_or(WAIT));
                }
            }
            Entry::ScheduleSet { flow, at } => {
                let about = Id::derive(&["schedule", flow]);
                self.untime(&about);
                self.time(&about, &format!("{STARTS}{flow}"), "", *at, WAIT);
            }
            Entry::RequestRaised { request, kind, tracks, amount, said_at, told, settled, .. } => {
                let (kind, tracks, said_at) = (kind.clone(), tracks.clone(), said_at.unwrap_or(at));
                let (amount, told, settled) = (*amount, *told, settled.clone());
                self.proposed.remove(&kind);
                let raised = Request { kind, tracks, said_at, amount, told, settled };
                self.tracks.insert(request.clone(), Track::Request(raised));
            }
            Entry::RequestProposed { kinds, said_at } => self.propose(kinds, *said_at),
            Entry::RequestClosed { request, .. } => self.close_request(request),
            Entry::AutomationSuspended { suspension, by, token, scope } => {
                let token = Some(token.clone());
                let suspended = Suspension { by: by.clone(), token, scope: scope.clone() };
                self.suspensions.insert(suspension.clone(), suspended);
            }
            Entry::AutomationResumed { suspension } => {
                let over = suspension.clone().or_else(|| self.emergency().cloned());
                // What was imported begins with what is still ahead: nobody is reminded because it waited.
                if over.as_ref().and_then(|id| self.suspensions.get(id)).is_some_and(|s| s.by == IMPORTED) {
                    self.timers.retain(|_, t| t.at > at || !t.name.starts_with(REMINDS));
                }
                self.suspensions.retain(|id, _| Some(id) != over.as_ref());
            }
            Entry::CaseClosed { outcome } => {
                self.status = Status::Closed;
                self.outcome = Some(outcome.clone());
                let visits: Vec<Id> = self.tokens.values().map(|t| t.entered.clone()).collect();
                visits.iter().for_each(|visit| self.untime(visit));
                self.timers.retain(|_, timer| !timer.name.starts_with(STARTS));
                self.tokens.clear();
                self.suspensions.retain(|_, s| s.token.is_none());
            }
            _ => {}
        }
    }

    /// Whoever proposes something wants what comes of the main token, before it stands anywhere.
    pub(super) fn wanted_by(&mut self, id: &Id, by: &str) {
        let (flow, by) = (self.flow.clone(), vec![by.to_owned()]);
        let token = Token { flow, node: String::new(), entered: id.clone(), tracks: Vec::new(), by, parked: false };
        self.tokens.insert(TokenId::default(), token);
    }

    fn enter(&mut self, at: Timestamp, id: &Id, (node, action, token): (&str, &str, &TokenId)) {
        let before = self.tokens.get(token);
        let flow = before.map_or_else(|| self.flow.clone(), |t| t.flow.clone());
        let (tracks, by) = before.map(|t| (t.tracks.clone(), t.by.clone())).unwrap_or_default();
        self.counters.visits.entry(visited(&self.flow, &flow, node)).or_default().count(at);
        let stands = Token { flow, node: node.to_owned(), entered: id.clone(), tracks, by, parked: false };
        self.tokens.insert(token.clone(), stands);
        self.expect(id, at, action, What::Entered { node: node.to_owned() });
        if let Some(pending) = self.pending.get_mut(id) {
            (pending.token, pending.visit) = (token.clone(), Some(id.clone()));
        }
    }

    /// Of a side flow that runs no more, only the visits of the day are remembered.
    fn end_token(&mut self, at: Timestamp, token: &TokenId) {
        self.tokens.remove(token);
        let runs = |flow: &str| self.tokens.values().any(|token| token.flow == flow);
        let counts = |node: &str| node.split_once('/').is_none_or(|(flow, _)| runs(flow));
        self.counters.visits.retain(|node, tally| counts(node) || tally.on_day_of(at) > 0);
    }

    fn propose(&mut self, kinds: &[String], said_at: Timestamp) {
        self.proposed.extend(kinds.iter().map(|kind| (kind.clone(), said_at)));
    }

    /// What was dealt with is gone; mails that are still to leave may say how it was settled.
    fn close_request(&mut self, request: &Id) {
        let settled = self.request(request).and_then(|request| request.settled.clone());
        self.close_track(request);
        if let Some(settled) = settled {
            self.tracks.insert(request.clone(), Track::Settlement(settled));
        }
    }

    fn leave(&mut self, outcome: &str, token: &TokenId) {
        let Some(left) = self.tokens.get(token) else { return };
        let (visit, tracks) = (left.entered.clone(), left.tracks.clone());
        self.untime(&visit);
        if outcome == PAID {
            // The flow went on by what was paid: entering the node again asks for the next invoice.
            for id in &tracks {
                if let Some(Track::Invoice(invoice)) = self.tracks.get_mut(id)
                    && invoice.token == *token
                {
                    invoice.led_on |= invoice.settled;
                }
            }
        }
    }
}
