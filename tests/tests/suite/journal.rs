//! Properties of the rules, without any store: the fold of the entries is the snapshot, and every duplicate or
//! reordering of inputs ends in the same journal.

use std::collections::BTreeMap;

use banto_cloud::registry::functions;
use banto_domain::rules::answer::{self, Chosen, Submission, With};
use banto_domain::rules::calendar::{Search, slots};
use banto_domain::rules::flow::{self, Here};
use banto_domain::rules::gate::GateFacts;
use banto_domain::rules::inquiry::{self, Inquiry};
use banto_domain::rules::message::{self, Outcome};
use banto_domain::rules::{Ready, Step, ask, due};
use banto_domain::state::{Ask, Party, Personal, Room, Seat, Slot, commit, verify};
use banto_domain::steps::{ANSWER_ASK, CONFIRM_BOOKING, OFFER_SLOTS, SEND_MESSAGE, WAKE_DUE};
use banto_domain::{
    Actor, Case, CaseId, CaseKey, ClientId, Draft, Id, Pending, Playbook, Rejection, Status, StoredCommit, What,
};
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;

/// What customers write into fields.
const ANSWERS: [(&str, &str); 14] = [
    ("menu", "trial"),
    ("goal", "転職"),
    ("preferred", "平日の夜"),
    ("plan", "programme"),
    ("family_name", "佐々木"),
    ("given_name", "奈緒"),
    ("family_kana", "ささき"),
    ("given_kana", "なお"),
    ("payer", "self"),
    ("payment", "transfer"),
    ("terms", "yes"),
    ("law_notice", "yes"),
    ("theme", "転職"),
    ("satisfaction", "good"),
];

/// A case driven by the rules alone, with the journal it leaves.
struct Run {
    playbook: Playbook,
    case: Case,
    personal: Personal,
    journal: Vec<StoredCommit>,
    taken: Vec<(Id, &'static str)>,
    now: Timestamp,
}

/// Something that happens to a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Input {
    /// The nth pending step is taken up; or one that was taken up before, again.
    Step(usize),
    /// One that was taken up before comes again.
    Again(usize),
    /// The nth open ask is answered by its nth answer.
    Answer(usize, usize),
    /// Time passes, and what is due wakes.
    Wake(u32),
}

impl Run {
    fn new(message: &str) -> Self {
        let playbook = banto_playbooks::ready_made().expect("no problems").remove(0).playbook;
        let now: Timestamp = "2026-12-01T00:00:00Z".parse().expect("an instant");
        let key = CaseKey { client: ClientId::parse("yamada").expect("a name"), case: CaseId::derive(&[message]) };
        let personal = Personal { key: "00".to_owned(), values: BTreeMap::new() };
        let form = playbook.forms["inquiry"].clone();
        let taken = [("name", "奈緒"), ("email", "nao@customer.example"), ("message", message)];
        let taken = taken.into_iter().map(|(n, v)| (n.to_owned(), v.to_owned())).collect();
        let step = Step { cause: Id::derive(&["form"]), function: "receive-form", actor: Actor::Customer, now };
        let mut draft = Draft::first(key.clone(), personal, &playbook, &step);
        let inquiry = Inquiry {
            name: "inquiry",
            form: &form,
            urgent: urgent(&playbook, message),
            taken,
            same_address: Vec::new(),
            signed: true,
        };
        inquiry::open(&mut draft, &key, inquiry).expect("opened");
        let ready = draft.finish().expect("ready");
        let personal = ready.personal.clone().expect("values");
        Self { playbook, case: ready.case, personal, journal: vec![ready.stored], taken: Vec::new(), now }
    }

    /// One decision and its commit, as the ledger would make it: a claim is taken once, or nothing happens.
    fn commit<E: std::fmt::Debug>(
        &mut self,
        cause: Id,
        function: &'static str,
        decide: impl FnOnce(&mut Draft<'_>) -> Result<(), E>,
    ) {
        let claim = banto_domain::Commit::claim(&cause, function);
        if self.journal.iter().any(|c| c.claim == claim) {
            return;
        }
        let step = Step { cause: cause.clone(), function, actor: Actor::Banto, now: self.now };
        let mut draft = Draft::next(self.case.clone(), self.personal.clone(), &self.playbook, &step);
        if decide(&mut draft).is_err() {
            return;
        }
        let Ready { case, stored, personal, .. } = draft.finish().expect("ready");
        self.case = case;
        self.personal = personal.unwrap_or_else(|| self.personal.clone());
        self.journal.push(stored);
        self.taken.push((cause, function));
    }

    fn take_up(&mut self, cause: &Id, step: &Pending) {
        let step = step.clone();
        if !self.case.is_ready(cause, &step) {
            return;
        }
        let function = functions().into_iter().find(|f| f.name == step.action).expect("a function").name;
        self.commit(cause.clone(), function, |draft| decide(draft, &step));
        // The provider answers at once; its outcome is a commit of its own.
        if let Some(message) = step.about().filter(|_| function == SEND_MESSAGE) {
            let outcome = Outcome::Sent { provider_id: "p".to_owned() };
            self.commit(Id::derive(&["outcome", cause.as_str()]), SEND_MESSAGE, |d| {
                message::settle(d, message, &outcome)
            });
        }
    }

    fn apply(&mut self, input: Input) {
        match input {
            Input::Step(n) => {
                let pending: Vec<_> = self.case.pending.iter().map(|(c, p)| (c.clone(), p.clone())).collect();
                if let Some((cause, step)) = (!pending.is_empty()).then(|| &pending[n % pending.len()]) {
                    self.take_up(cause, step);
                }
            }
            Input::Again(n) => {
                if let Some((cause, function)) =
                    (!self.taken.is_empty()).then(|| self.taken[n % self.taken.len()].clone())
                {
                    self.commit(cause, function, |draft| ask::skip(draft, "a duplicate that was not recognised"));
                }
            }
            Input::Answer(which, answer) => {
                let open: Vec<_> = self.case.asks().map(|(id, a)| (id.clone(), a.clone())).collect();
                if let Some((id, asked)) = (!open.is_empty()).then(|| open[which % open.len()].clone()) {
                    let answer = asked.answers[answer % asked.answers.len()].clone();
                    let submission = Submission {
                        with: self.chosen(&asked, &answer).map_or(With::Nothing, With::Slot),
                        answer,
                        shown: "s".to_owned(),
                        fields: ANSWERS.into_iter().map(|(n, v)| (n.to_owned(), v.to_owned())).collect(),
                        confirm: true,
                        code: String::new(),
                    };
                    let who: Party = asked.readers().swap_remove(0);
                    self.commit(id.clone(), ANSWER_ASK, |d| answer::decide(d, &id, &who, &submission, ("s", None)));
                }
            }
            Input::Wake(hours) => {
                self.now = self.now.checked_add(SignedDuration::from_hours(i64::from(hours))).expect("an instant");
                if self.case.due_at().is_some_and(|at| at <= self.now) {
                    self.commit(due::cause(&self.case), WAKE_DUE, due::wake);
                }
            }
        }
    }

    /// The slot that an answer chooses.
    fn chosen(&self, asked: &Ask, answer: &str) -> Option<Chosen> {
        let zone = self.playbook.time_zone();
        let slot = Slot::read(answer, |_| zone.clone())?;
        let seat = Seat::of(&slot, &self.playbook.menus[asked.menu.as_ref()?], &zone);
        let booking = Id::derive(&["booking", answer, &self.case.seq.to_string()]);
        let until = self.now + SignedDuration::from_hours(72);
        Some(Chosen {
            booking,
            seat,
            until,
            room: Room::ALONE,
            holder: None,
            days: BTreeMap::new(),
            freed: BTreeMap::new(),
        })
    }

    /// Takes up everything that is pending, oldest id first, until nothing is.
    fn settle(&mut self) {
        loop {
            let next = self.case.awake_steps().next().map(|(c, p)| (c.clone(), p.clone()));
            let Some((cause, step)) = next else { return };
            self.take_up(&cause, &step);
        }
    }

    /// What happened, without when and in which order side by side things did: entries by kind and node.
    fn story(&self) -> Vec<String> {
        let mut story: Vec<String> = self
            .journal
            .iter()
            .flat_map(|stored| stored.open().expect("a commit").entries)
            .map(|stamped| format!("{} {}", stamped.id, stamped.entry.kind()))
            .collect();
        story.sort();
        story
    }
}

/// Emergency words in a message, as a form finds them.
fn urgent(playbook: &Playbook, message: &str) -> Vec<u32> {
    banto_domain::rules::emergency::words_in(playbook, [&message.to_owned()])
}

/// The functions' own decisions, from the registry; the coaches' days are empty here, so whatever is open can be taken.
fn decide(draft: &mut Draft<'_>, step: &Pending) -> Result<(), Rejection> {
    match step.action.as_str() {
        CONFIRM_BOOKING => {
            let days = confirm_booking::Days::default();
            confirm_booking::decide(draft, step, &days)
        }
        OFFER_SLOTS => {
            let left = draft.case()?.asks().flat_map(|(_, a)| a.answers.clone()).collect();
            let here = flow::current(draft, step)?.filter(|_| matches!(step.what, What::Entered { .. }));
            let offered = here.map_or(Ok(Vec::new()), |here| open(draft, &here))?;
            offer_slots::decide(draft, step, &Some(offer_slots::Open { offered, enough: true, left }))
        }
        SEND_MESSAGE => {
            let facts = GateFacts { has_address: true, ..GateFacts::default() };
            let message = step.about().cloned().expect("a message");
            message::take_up(draft, &message, &facts).map(|_| ())
        }
        name => {
            let function = functions().into_iter().find(|f| f.name == name).expect("a function");
            function.decide.expect("a step of its own")(draft, step)
        }
    }
}

fn open(draft: &Draft<'_>, here: &Here<'_>) -> Result<Vec<Slot>, Rejection> {
    let (playbook, name) = (draft.playbook, flow::menu(draft, here)?);
    let calendar = playbook.calendar.as_ref().expect("a calendar");
    let (zones, days) = (playbook.zones(), BTreeMap::new());
    let menu = (name.as_str(), &playbook.menus[&name]);
    Ok(calendar.choose(&slots(Search { calendar, menu, zones: &zones, days: &days, now: draft.now }), &[]))
}

fn inputs() -> impl Strategy<Value = Vec<Input>> {
    let one = prop_oneof![
        6 => (0..8_usize).prop_map(Input::Step),
        2 => (0..20_usize).prop_map(Input::Again),
        2 => (0..4_usize, 0..8_usize).prop_map(|(a, b)| Input::Answer(a, b)),
        1 => (1..100_u32).prop_map(Input::Wake),
    ];
    prop::collection::vec(one, 0..120)
}

fn messages() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec!["コーチングの無料体験", "SEO対策のご提案", "こんにちは", "もう消えたいです"])
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_fold_of_the_entries_is_the_snapshot(message in messages(), inputs in inputs()) {
        let mut run = Run::new(message);
        for input in inputs {
            run.apply(input);
            prop_assert!(!run.case.is_forgotten(), "an open case has a next");
            let size = serde_json::to_string(&run.case).expect("JSON").len();
            // In all its parts; what each may hold is measured by the simulator.
            prop_assert!(size < 8192, "the snapshot has {size} bytes");
        }
        let folded = verify::journal(&run.journal).expect("the chain holds").expect("a case");
        prop_assert_eq!(folded, run.case);
    }

    #[test]
    fn any_order_and_any_duplicates_end_in_the_same_journal(
        message in messages(),
        order in prop::collection::vec((0..8_usize, 0..20_usize), 0..30),
    ) {
        let mut straight = Run::new(message);
        straight.settle();
        let mut crooked = Run::new(message);
        for (step, again) in order {
            crooked.apply(Input::Step(step));
            crooked.apply(Input::Again(again));
        }
        crooked.settle();
        prop_assert_eq!(straight.story(), crooked.story());
        prop_assert_eq!(straight.case.status, crooked.case.status);
        prop_assert_eq!(straight.case.tokens, crooked.case.tokens);
    }
}

#[test]
fn tampering_with_one_byte_is_found() {
    let mut run = Run::new("コーチング");
    run.settle();
    let mut journal = run.journal.clone();
    journal[1].body = journal[1].body.replace("classify-inquiry", "classify-inquirY");
    assert_eq!(verify::journal(&journal), Err(verify::Broken::Bytes(2)));
    let mut rehashed = run.journal.clone();
    rehashed[1].hash = commit::hash(&journal[1].body);
    rehashed[1].body.clone_from(&journal[1].body);
    assert_eq!(verify::journal(&rehashed), Err(verify::Broken::Chain(3)));
    let mut cut = run.journal;
    cut.remove(1);
    assert!(verify::journal(&cut).is_err());
}

#[test]
fn silence_gives_up_politely_and_never_approves() {
    let mut run = Run::new("コーチングの無料体験");
    run.settle();
    for _ in 0..10 {
        run.apply(Input::Wake(24));
        run.settle();
    }
    assert_eq!((run.case.status, run.case.outcome.as_deref()), (Status::Closed, Some("gave-up")));
    assert!(!run.story().iter().any(|s| s.ends_with("ask.answered")));
}
