//! A case without a store: decided step by step, in memory, under a playbook that a test may change as it likes, also into
//! one that `check` refuses.

use banto::registry::functions;
use banto_domain::playbook::Flow;
use banto_domain::rules::{Step, flow};
use banto_domain::state::{Ask, Personal};
use banto_domain::steps::SEND_MESSAGE;
use banto_domain::{Actor, Case, CaseId, CaseKey, Draft, Entry, Id, Pending, Playbook, Rejection};
use banto_playbooks::Folder;
use jiff::Timestamp;

/// 山田コーチング, changed.
pub(crate) fn yamada(change: impl FnOnce(&mut Folder)) -> Folder {
    let folders = banto_playbooks::ready_made().expect("no problems");
    let mut folder = folders.into_iter().find(|f| f.playbook.client.as_str() == "yamada").expect("yamada");
    change(&mut folder);
    folder
}

/// A second operator, who is asked with the first.
pub(crate) fn with_a_second(folder: &mut Folder) {
    let people = &mut folder.playbook.people;
    let mut second = people.operators[0].clone();
    (second.id, second.address) = ("night".to_owned(), "night@banto-office.example".to_owned());
    people.operators.push(second);
}

/// A flow, written as data.
pub(crate) fn flow_of(value: serde_json::Value) -> Flow {
    serde_json::from_value(value).expect("a flow")
}

/// A case in memory.
pub(crate) struct Pure<'a> {
    pub(crate) playbook: &'a Playbook,
    pub(crate) case: Case,
    pub(crate) now: Timestamp,
    pub(crate) log: Vec<Entry>,
    personal: Personal,
    n: u32,
}

impl<'a> Pure<'a> {
    /// Opens a case in a flow of the playbook, at 10:00 in Tokyo.
    pub(crate) fn open(playbook: &'a Playbook, flow: &str) -> Self {
        let now = "2026-12-01T10:00:00+09:00".parse().expect("an instant");
        let key = CaseKey { client: playbook.client.clone(), case: CaseId::derive(&["case", flow]) };
        let opened = Entry::CaseOpened {
            flow: flow.to_owned(),
            playbook_version: playbook.version,
            form: "inquiry".to_owned(),
            language: "ja".to_owned(),
            person: Id::derive(&["person"]),
            same_address: Vec::new(),
        };
        let step = Step { cause: Id::derive(&["opens"]), function: "test", actor: Actor::Customer, now };
        let personal = Personal { key: "00".repeat(32), ..Personal::default() };
        let mut draft = Draft::first(key, personal.clone(), playbook, &step);
        draft.push(opened).and_then(|()| flow::start(&mut draft)).expect("a case");
        let ready = draft.finish().expect("a commit");
        let log = ready.commit.entries.into_iter().map(|s| s.entry).collect();
        Self { playbook, case: ready.case, now, log, personal, n: 0 }
    }

    /// Commits what is decided.
    pub(crate) fn commit<T>(&mut self, decide: impl FnOnce(&mut Draft<'_>) -> Result<T, Rejection>) -> T {
        self.n += 1;
        let cause = Id::derive(&["test", &self.n.to_string()]);
        self.commit_because(cause, decide)
    }

    fn commit_because<T>(&mut self, cause: Id, decide: impl FnOnce(&mut Draft<'_>) -> Result<T, Rejection>) -> T {
        let step = Step { cause, function: "test", actor: Actor::Banto, now: self.now };
        let mut draft = Draft::next(self.case.clone(), self.personal.clone(), self.playbook, &step);
        let decided = decide(&mut draft).expect("decided");
        let ready = draft.finish().expect("a commit");
        self.log.extend(ready.commit.entries.into_iter().map(|s| s.entry));
        self.case = ready.case;
        self.personal = ready.personal.unwrap_or_else(|| self.personal.clone());
        decided
    }

    /// Takes up every step that waits, until none does. Mails stay where they are.
    pub(crate) fn run(&mut self) {
        for _ in 0..1_000 {
            let waits = |(id, step): &(&Id, &Pending)| self.case.is_ready(id, step) && step.action != SEND_MESSAGE;
            let Some((cause, step)) = self.case.pending.iter().find(waits) else { return };
            let (cause, step) = (cause.clone(), step.clone());
            let function = functions().into_iter().find(|f| f.name == step.action).expect("a function");
            let decide = function.decide.expect("a step that needs only the case");
            self.commit_because(cause, |draft| decide(draft, &step));
        }
        panic!("it never comes to rest");
    }

    /// The reasons of the tasks that people have, in order.
    pub(crate) fn tasks(&self) -> Vec<&str> {
        let mut reasons: Vec<&str> = self.case.asks().filter_map(|(_, a)| a.reason.as_deref()).collect();
        reasons.sort_unstable();
        reasons
    }

    /// A person answers the task of this reason, or this question.
    pub(crate) fn answer(&mut self, asked: &str, answer: &str) {
        let is = |(_, a): &(&Id, &Ask)| a.reason.as_deref().unwrap_or(&a.question) == asked;
        let task = self.case.asks().find(is).expect("an ask");
        let (ask, question, action) = (task.0.clone(), task.1.question.clone(), task.1.owner.clone());
        let answer = answer.to_owned();
        self.commit(|draft| {
            draft.push(Entry::AskAnswered { ask, question, answer, shown: String::new(), by: None, action })
        });
        self.run();
    }

    /// How many mails to somebody wait to leave.
    pub(crate) fn mails(&self, to: &banto_domain::state::Party) -> usize {
        let leaves = |m: &banto_domain::state::Message| m.state == banto_domain::state::State::Intended;
        self.case.messages().filter(|(_, m)| m.to == *to && leaves(m)).count()
    }
}
