//! Going live in steps: parts that mails can belong to, somebody who may move them, and an approval to wait for.

use std::collections::BTreeSet;

use banto_domain::playbook::{GoingLive, Part, is_control};

use super::{Check, MAIN};
use crate::folder::Main;
use crate::places::Spot;

impl Check<'_> {
    pub(super) fn stages(&mut self, main: &Main) {
        let Some(live) = &main.going_live else { return };
        if live.to.is_outside() {
            let what = format!("going_live: {} doesn't work for the practice; name a coach or a group", live.to);
            self.say(MAIN, Spot::Value(&["going_live", "to"]), what);
        }
        if !main.approvals.contains_key(&live.approval) {
            let what = format!(
                "going_live: there is no approval {}, for which mails would wait; add it to approvals:",
                live.approval
            );
            self.say(MAIN, Spot::Key(&["going_live"]), what);
        }
        if live.parts.is_empty() {
            let what = "going_live: has no parts; add one to parts:, or leave it out".to_owned();
            self.say(MAIN, Spot::Key(&["going_live", "parts"]), what);
        }
        self.parts_of(live);
    }

    fn parts_of(&mut self, live: &GoingLive) {
        let mut names = BTreeSet::new();
        // Whichever comes first and takes all.
        let mut whole: Option<&Part> = None;
        for (n, part) in live.parts.iter().enumerate() {
            let n = n.to_string();
            let place = ["going_live", "parts", &n, "name"];
            if part.name.trim().is_empty() || part.name.contains('#') || part.name.chars().any(is_control) {
                let what = "going_live: a part needs a short name, without #".to_owned();
                self.say(MAIN, Spot::Value(&place), what);
            }
            if !names.insert(part.name.as_str()) {
                let what = format!("going_live: there are two parts {}; name one otherwise", part.name);
                self.say(MAIN, Spot::Value(&place), what);
            }
            for (i, flow) in part.flows.iter().enumerate().filter(|(_, flow)| !self.parts.flows.contains_key(*flow)) {
                let what = format!("going_live: there is no flow {flow}; name one of flows/");
                self.say(MAIN, Spot::Value(&["going_live", "parts", &n, "flows", &i.to_string()]), what);
            }
            if let Some(first) = whole {
                let what = format!(
                    "going_live: no mail ever belongs to {}: {} comes first and takes all",
                    part.name, first.name
                );
                self.say(MAIN, Spot::Value(&place), what);
            }
            whole = whole.or((part.flows.is_empty() && part.topics.is_empty()).then_some(part));
        }
    }
}
