//! Promise 16: nothing runs away, not even under a playbook that `check` would refuse; a person gets one task, and what they
//! answer lets it go on or ends it.

use banto_domain::rules::{ask, gate, message, side};
use banto_domain::state::{MAX_MAILS, MAX_TOKENS, MAX_VISITS, Party};
use banto_domain::{Entry, Id, Playbook, Status, TokenId};
use serde_json::json;

use super::pure::{Pure, flow_of, yamada};

const ROUND: &str = "round";

/// Two mails and no end.
fn going_round(starts: serde_json::Value, to: &str) -> serde_json::Value {
    let label = json!({ "ja": "堂々巡り", "en": "Round" });
    let mail = |next: &str| json!({ "action": "notify", "template": "gave-up", "to": to, "next": { "done": next } });
    let nodes = json!({ "a": mail("policy:on"), "b": mail("a") });
    json!({ "label": label, "starts": starts, "start": "a", "nodes": nodes })
}

fn playbook(flow: serde_json::Value) -> Playbook {
    let mut playbook = yamada(|_| {}).playbook;
    playbook.flows.insert(ROUND.to_owned(), flow_of(flow));
    let on = json!({ "label": { "ja": "次へ", "en": "On" }, "otherwise": "b" });
    playbook.policies.insert("on".to_owned(), serde_json::from_value(on).expect("a policy"));
    playbook
}

fn visits(case: &Pure<'_>) -> usize {
    case.log.iter().filter(|e| matches!(e, Entry::NodeEntered { .. })).count()
}

#[test]
fn a_loop_stops_and_one_person_gets_one_task() {
    let playbook = playbook(going_round(json!([]), "customer"));
    let mut case = Pure::open(&playbook, ROUND);
    case.run();
    let most = usize::try_from(MAX_VISITS).expect("a number");
    assert_eq!(visits(&case), 2 * most + 1, "the next visit of the first node is one too many");
    assert!(case.case.main().is_some_and(|t| t.parked));
    assert_eq!(case.mails(&Party::Customer), usize::try_from(MAX_MAILS).expect("a number"));
    assert_eq!(case.tasks(), ["too-many-mails", "too-often"], "one of each, however many there were");
    // Whoever looks lets it go on: one step, and it stands again.
    case.answer("too-often", "again");
    assert_eq!(visits(&case), 2 * most + 2, "it went on, to the other node, which had its share as well");
    assert_eq!(case.tasks(), ["too-many-mails", "too-often"]);
    // Or ends it.
    case.answer("too-often", "done");
    assert_eq!(case.case.status, Status::Open, "a mail still waits for somebody's word");
    case.answer("too-many-mails", "done");
    assert_eq!(case.case.status, Status::Closed);
}

#[test]
fn what_a_person_let_go_is_not_held_again() {
    let playbook = playbook(going_round(json!([]), "customer"));
    let mut case = Pure::open(&playbook, ROUND);
    case.run();
    let before = case.mails(&Party::Customer);
    case.answer("too-many-mails", "again");
    assert_eq!((case.mails(&Party::Customer), case.tasks()), (before + 1, vec!["too-often"]));
    // The next day is a new one, once what waits has left.
    case.now = "2026-12-03T10:00:00+09:00".parse().expect("an instant");
    let waiting: Vec<Id> = case.case.messages().map(|(id, _)| id.clone()).collect();
    case.commit(|draft| waiting.into_iter().try_for_each(|message| draft.push(Entry::MessageClosed { message })));
    case.answer("too-often", "again");
    assert!(case.mails(&Party::Customer) > 1);
}

#[test]
fn a_token_that_a_person_lets_go_on_hears_what_happens() {
    let mut flow = going_round(json!([]), "customer");
    flow["nodes"]["a"] =
        json!({ "action": "open-ask", "question": "triage", "next": { "accepted": "a", "declined": "end:x" } });
    let playbook = playbook(flow);
    let mut case = Pure::open(&playbook, ROUND);
    for _ in 0..MAX_VISITS {
        case.run();
        case.commit(|draft| banto_domain::rules::flow::advance(draft, &TokenId::default(), "accepted"));
    }
    case.run();
    assert!(case.case.main().is_some_and(|t| t.parked), "{:?}", case.case.tokens);
    let moved = case.commit(|draft| {
        let moved = banto_domain::rules::flow::happened(draft, "declined", None)?;
        ask::skip(draft, "looked").map(|()| moved)
    });
    assert!(!moved, "what stands still is moved by nothing");
    case.answer("too-often", "again");
    assert!(case.case.main().is_some_and(|t| !t.parked));
    assert!(case.case.asks().any(|(_, a)| a.question == "triage"), "its question is put");
    assert!(case.commit(|draft| banto_domain::rules::flow::happened(draft, "declined", None)));
    assert_eq!(case.case.status, Status::Closed);
}

#[test]
fn a_side_flow_that_ran_too_often_ends_when_somebody_dealt_with_it() {
    let playbook = playbook(going_round(json!([{ "on": "hand" }]), "operator"));
    let mut case = Pure::open(&playbook, "unreadable");
    case.run();
    case.commit(|draft| side::by_hand(draft, ROUND, Vec::new()));
    case.run();
    assert_eq!(
        (case.case.tokens.len(), case.tasks()),
        (2, vec!["too-often"]),
        "the desk isn't asked about its own mails"
    );
    assert_eq!(case.mails(&Party::Person("desk".to_owned())), usize::try_from(MAX_MAILS).expect("a number") + 1);
    case.answer("too-often", "done");
    assert_eq!((case.case.tokens.len(), case.case.status), (1, Status::Open), "the main flow goes on");
    assert_eq!(case.tasks(), [] as [&str; 0]);
}

#[test]
fn so_many_side_flows_run_at_once_and_no_more() {
    let mut flow = going_round(json!([{ "on": "hand" }]), "operator");
    flow["nodes"] = json!({ "a": { "action": "open-ask", "question": "triage",
        "next": { "accepted": "leave:x", "declined": "leave:x" } } });
    let mut playbook = playbook(flow.clone());
    let names: Vec<String> = (0..MAX_TOKENS + 5).map(|n| format!("{ROUND}-{n}")).collect();
    for name in &names {
        playbook.flows.insert(name.clone(), flow_of(flow.clone()));
    }
    let mut case = Pure::open(&playbook, "unreadable");
    case.run();
    let start = |case: &mut Pure<'_>, name: &str| {
        case.commit(|draft| {
            side::by_hand(draft, name, Vec::new())?;
            ask::skip(draft, "by hand")
        });
        case.run();
    };
    names.iter().for_each(|name| start(&mut case, name));
    let running = |case: &Pure<'_>| case.case.tokens.keys().filter(|t| !t.is_main()).count();
    assert_eq!(running(&case), MAX_TOKENS);
    assert!(case.tasks().contains(&"too-many-side-flows"), "{:?}", case.tasks());
    // One less, and there is room for another.
    case.answer("triage", "accepted");
    assert_eq!(running(&case), MAX_TOKENS - 1);
    start(&mut case, &names[MAX_TOKENS]);
    assert_eq!(running(&case), MAX_TOKENS);
}

#[test]
fn whose_a_mail_is_stands_when_it_is_wanted() {
    let label = json!({ "ja": "担当", "en": "Owner" });
    let assign =
        |policy: &str, next: &str| json!({ "action": "assign-owner", "policy": policy, "next": { "assigned": next } });
    let tell = json!({ "action": "notify", "template": "coach-booked", "to": "owner", "next": { "done": "second" } });
    let wait =
        json!({ "action": "open-ask", "question": "triage", "next": { "accepted": "first", "declined": "end:x" } });
    let nodes =
        json!({ "first": assign("to-a", "tell"), "tell": tell, "second": assign("to-b", "look"), "look": wait });
    let mut playbook = playbook(json!({ "label": label, "start": "first", "nodes": nodes }));
    for (name, who) in [("to-a", "yamada"), ("to-b", "mori")] {
        let to = json!({ "label": label, "otherwise": who });
        playbook.policies.insert(name.to_owned(), serde_json::from_value(to).expect("a policy"));
    }
    let mut case = Pure::open(&playbook, ROUND);
    case.run();
    assert_eq!(case.case.owner.as_deref(), Some("mori"));
    let told: Vec<&Party> =
        case.case.messages().filter(|(_, m)| m.template == "coach-booked").map(|(_, m)| &m.to).collect();
    assert_eq!(told, [&Party::Person("yamada".to_owned())]);
}

#[test]
fn everybody_has_quiet_hours_of_their_own() {
    let folder = yamada(|folder| {
        let people = &mut folder.playbook.people;
        people.coaches[0].zone = Some("Europe/London".to_owned());
        let quiet = json!({ "from": "12:00", "to": "13:00" });
        people.operators[0].quiet = Some(serde_json::from_value(quiet).expect("hours"));
    });
    let playbook = &folder.playbook;
    let mut case = Pure::open(playbook, "inquiry");
    case.run();
    let intent = message::Intent { template: "gave-up", origin: "give-up", ..message::Intent::default() };
    let people = ["yamada", "mori", "desk"].map(|id| Party::Person(id.to_owned()));
    let all = people.iter().cloned().chain([Party::Customer]).collect();
    case.commit(|draft| message::intend(draft, &intent, all));
    let facts = gate::GateFacts { has_address: true, ..gate::GateFacts::default() };
    let books = banto_domain::rules::Books::from(playbook);
    let later = |to: &Party, at: &str| {
        let (_, m) = case.case.messages().find(|(_, m)| m.to == *to && m.template == "gave-up").expect("a mail");
        let at = at.parse().expect("an instant");
        match gate::gate(&case.case, books, m, &facts, at) {
            gate::Verdict::Later(until) => Some(until.to_string()),
            _ => None,
        }
    };
    let [london, tokyo, desk] = &people;
    // 10:00 in Tokyo is 1:00 in London.
    let morning = "2026-12-01T10:00:00+09:00";
    assert_eq!(later(london, morning).as_deref(), Some("2026-12-01T08:00:00Z"));
    assert_eq!((later(tokyo, morning), later(desk, morning), later(&Party::Customer, morning)), (None, None, None));
    // 22:00 in Tokyo is 13:00 in London; the desk has hours of its own.
    let night = "2026-12-01T22:00:00+09:00";
    assert_eq!((later(london, night), later(desk, night)), (None, None));
    assert_eq!(later(tokyo, night).as_deref(), Some("2026-12-01T23:00:00Z"));
    assert_eq!(later(&Party::Customer, night).as_deref(), Some("2026-12-01T23:00:00Z"));
    assert_eq!(later(desk, "2026-12-01T12:30:00+09:00").as_deref(), Some("2026-12-01T04:00:00Z"));
}
