//! One value is shown, marked and answered as JSON: each part of it counts.

use std::collections::BTreeSet;

use banto_domain::playbook::Problem;
use banto_domain::rules::answer::Submission;
use banto_domain::rules::{Step, ask};
use banto_domain::state::{Party, Personal};
use banto_domain::{Actor, Case, CaseId, CaseKey, Draft, Entry, Id, Playbook};
use serde_json::{Value, json};

use crate::page::{self, Moment, Problems};
use crate::reply::shown_json;
use crate::shown::Shown;
use crate::view::View;

fn text(words: &str) -> Value {
    json!({ "ja": words, "en": words })
}

fn playbook() -> Value {
    json!({
        "v": 1, "client": "yamada", "version": 1, "name": text("山田"), "zone": "Asia/Tokyo",
        "sender": { "name": text("x"), "address": "x@x.example", "contact": text("x") },
        "people": { "operators": [
            { "id": "sato", "name": "佐藤", "address": "sato@x.example" },
            { "id": "suzuki", "name": "鈴木", "address": "suzuki@x.example" },
        ] },
        "facts": {
            "message": { "kind": "text", "label": text("ご用件") },
            "price": { "kind": "money", "label": text("お見積額") },
            "helper": { "kind": "person", "label": text("同行者"), "optional": true },
            "why": { "kind": "text", "label": text("理由"), "hint": text("一言で") },
            "plan": { "kind": "choice", "label": text("プラン"),
                "choices": [{ "name": "small", "label": text("小(11,000円)") }] },
            "terms": { "kind": "consent", "label": text("規約に同意します") },
        },
        "forms": {},
        "classification": { "read": [], "at_least": 1, "lead": 1, "categories": {} },
        "questions": { "deal": {
            "kind": "choice", "to": "operator", "title": text("ご相談"), "body": text("お選びください"),
            "shows": ["message"], "template": "deal", "deadline": "P3D",
            "answers": [
                { "name": "take", "label": text("引き受ける"), "asks": ["price", "helper", "plan", "terms"] },
                { "name": "refuse", "label": text("見送る"), "asks": ["why"] },
                { "name": "later", "label": text("後で") },
            ],
        } },
        "templates": { "deal": { "class": "routine", "effect": "information", "subject": text("x"), "body": text("x") } },
        "flows": {},
    })
}

fn read(value: &Value) -> Playbook {
    serde_json::from_value(value.clone()).expect("a playbook")
}

/// A case that asks, under this playbook.
fn case(playbook: &Playbook) -> (Case, Personal, Id) {
    let key = CaseKey { client: playbook.client.clone(), case: CaseId::derive(&["case"]) };
    let now = "2026-12-01T00:00:00Z".parse().expect("an instant");
    let step = Step { cause: Id::derive(&["form"]), function: "receive-form", actor: Actor::Customer, now };
    let personal = Personal { key: "00".repeat(32), ..Personal::default() };
    let mut draft = Draft::first(key, personal, playbook, &step);
    let opened = Entry::CaseOpened {
        flow: "inquiry".to_owned(),
        playbook_version: 1,
        form: "inquiry".to_owned(),
        language: "ja".to_owned(),
        person: Id::derive(&["person"]),
        same_address: Vec::new(),
    };
    draft.push(opened).expect("opened");
    draft.record([("message".to_owned(), "営業の相談です。".to_owned())].into()).expect("recorded");
    let opening = ask::Opening { question: "deal", owner: "open-ask", ..ask::Opening::default() };
    let id = ask::open(&mut draft, opening).expect("asked");
    (draft.case().expect("a case").clone(), draft.personal().clone(), id)
}

/// What is shown to one of the two, under this playbook, once the case was changed like that.
fn shown_to(value: &Value, who: &str, change: impl Fn(&mut Case, &mut Personal)) -> Shown {
    let playbook = read(value);
    let (mut case, mut personal, id) = case(&playbook);
    change(&mut case, &mut personal);
    let who = Party::Person(who.to_owned());
    Shown::of(&View::of((&playbook, &playbook), (&case, &personal), &id, &who).expect("open"))
}

fn shown(value: &Value) -> Shown {
    shown_to(value, "sato", |_, _| ())
}

fn mark(shown: &Shown) -> String {
    shown.mark(&"00".repeat(32))
}

#[test]
fn each_part_of_what_is_shown_changes_the_mark() {
    let before = mark(&shown(&playbook()));
    assert_eq!(before, mark(&shown(&playbook())), "the same twice");
    let parts = [
        "/questions/deal/title/ja",
        "/questions/deal/body/ja",
        "/questions/deal/answers/0/label/ja",
        "/facts/message/label/ja",
        "/facts/why/hint/ja",
        "/facts/plan/label/ja",
        "/facts/plan/choices/0/label/ja",
        "/facts/terms/label/ja",
        "/people/operators/1/name",
    ];
    let mut marks = BTreeSet::from([before]);
    for part in parts {
        let mut changed = playbook();
        *changed.pointer_mut(part).expect(part) = json!("別のもの");
        assert!(marks.insert(mark(&shown(&changed))), "{part} is part of what is shown");
    }
    let mut optional = playbook();
    optional["facts"]["why"]["optional"] = json!(true);
    assert!(marks.insert(mark(&shown(&optional))), "whether it must be filled in");
    let mut zone = playbook();
    zone["zone"] = json!("Europe/London");
    assert!(marks.insert(mark(&shown(&zone))), "the deadline as it is written");
    assert!(marks.insert(mark(&shown_to(&playbook(), "suzuki", |_, _| ()))), "to whom");
    let said = |_: &mut Case, personal: &mut Personal| {
        personal.values.insert("message".to_owned(), "別の相談です。".to_owned());
    };
    assert!(marks.insert(mark(&shown_to(&playbook(), "sato", said))), "what the customer wrote");
    assert_ne!(shown(&playbook()).mark("another key"), mark(&shown(&playbook())), "it is the person's");
}

fn moment<'a>(mark: &'a str, gone: &'a BTreeSet<String>, given: &'a Submission, problems: &'a Problems) -> Moment<'a> {
    Moment { mark, gone, given, problems, notice: None, history: &[] }
}

#[test]
fn the_json_has_what_was_agreed() {
    let (shown, gone, given, problems) = (shown(&playbook()), BTreeSet::new(), Submission::default(), Problems::new());
    let json = shown_json(&shown, &moment("0a1b", &gone, &given, &problems));
    let expected = json!({
        "case": shown.case, "ask": shown.ask, "question": "deal", "kind": "choice", "to": "operator", "person": "sato", "name": "佐藤",
        "put_to": ["佐藤", "鈴木"], "language": "ja", "title": "ご相談", "body": "お選びください",
        "deadline": "2026-12-04T00:00:00Z", "until": "12月4日(金)09:00(日本時間)",
        "shows": [{ "label": "ご用件", "value": "営業の相談です。" }],
        "fields": [],
        "answers": [
            { "name": "take", "label": "引き受ける", "asks": [
                { "name": "price", "label": "お見積額", "hint": "円(例:16,500)", "kind": "money", "required": true,
                  "choices": [], "max": 100 },
                { "name": "helper", "label": "同行者", "kind": "person", "required": false, "max": 100,
                  "choices": [{ "name": "sato", "label": "佐藤" }, { "name": "suzuki", "label": "鈴木" }] },
                { "name": "plan", "label": "プラン", "kind": "choice", "required": true, "max": 100,
                  "choices": [{ "name": "small", "label": "小(11,000円)" }] },
                { "name": "terms", "label": "規約に同意します", "kind": "consent", "required": true, "choices": [],
                  "max": 100 },
            ] },
            { "name": "refuse", "label": "見送る", "asks": [
                { "name": "why", "label": "理由", "hint": "一言で", "kind": "text", "required": true, "choices": [],
                  "max": 4000 },
            ] },
            { "name": "later", "label": "後で" },
        ],
        "needs": [], "shown": "0a1b", "open": true,
    });
    assert_eq!(json, expected);
}

#[test]
fn an_answer_that_asks_for_more_has_a_form_of_its_own() {
    let (gone, mut given, mut problems) = (BTreeSet::new(), Submission::default(), Problems::new());
    given.fields.insert("price".to_owned(), "about 100".to_owned());
    problems.insert("price".to_owned(), Problem::Form);
    let shown = shown(&playbook());
    let page = page::question(&shown, &moment("0a1b", &gone, &given, &problems)).into_string();
    let forms: Vec<&str> = page.split("<form").skip(1).filter_map(|rest| rest.split("</form>").next()).collect();
    let names = |form: &str, before: &str| -> Vec<String> {
        form.split(before).skip(1).filter_map(|rest| rest.split('"').next()).map(str::to_owned).collect()
    };
    let told: Vec<_> =
        forms.iter().map(|f| (names(f, "name=\"field."), names(f, "name=\"answer\" value=\""))).collect();
    let owned = |names: &[&str]| names.iter().map(|n| (*n).to_owned()).collect::<Vec<_>>();
    assert_eq!(
        told,
        [
            (owned(&["price", "helper", "plan", "terms"]), owned(&["take"])),
            (owned(&["why"]), owned(&["refuse"])),
            (owned(&[]), owned(&["later"])),
        ]
    );
    assert!(forms.iter().all(|form| form.contains("name=\"shown\" value=\"0a1b\"")), "{page}");
    assert!(forms[0].contains("inputmode=\"numeric\" value=\"about 100\"") && forms[0].contains("class=\"bad\""));
    assert!(!page.contains("checked") && !page.contains(" selected"), "nothing is chosen beforehand: {page}");
}

/// What a program sends that presses the first button of a page, as browsers would.
fn pressed(page: &str) -> Option<String> {
    let button = page.split("<button").nth(1)?.split('>').next()?;
    let value = button.split("value=\"").nth(1)?.split('"').next()?;
    button.contains("name=\"answer\"").then(|| value.to_owned())
}

#[test]
fn no_single_press_decides() {
    let (gone, given, problems) = (BTreeSet::new(), Submission::default(), Problems::new());
    let mut shown = shown(&playbook());
    let page = page::question(&shown, &moment("0a1b", &gone, &given, &problems)).into_string();
    assert_eq!(pressed(&page), None, "{page}");
    assert_eq!(page.matches("type=\"radio\"").count(), 3);
    for answer in &mut shown.answers {
        (answer.asks, answer.slot) = (Vec::new(), true);
    }
    let page = page::question(&shown, &moment("0a1b", &gone, &given, &problems)).into_string();
    assert_eq!((pressed(&page), page.matches("<button").count()), (None, 1), "{page}");
}

#[test]
fn where_an_emergency_word_stands_is_shown_first_and_marked_to_whoever_must_look() {
    let mut urgent = playbook();
    urgent["classification"]["emergency"] = json!(["死にたい"]);
    let playbook = read(&urgent);
    let (mut case, mut personal, id) = case(&playbook);
    let emergency = Id::derive(&["emergency"]);
    personal.values.insert("why".to_owned(), "もう死にたい".to_owned());
    case.facts.insert("why".to_owned(), banto_domain::state::Fact::Personal("x".to_owned()));
    let lines = |case: &Case| {
        let who = Party::Person("sato".to_owned());
        let shown = Shown::of(&View::of((&playbook, &playbook), (case, &personal), &id, &who).expect("open"));
        shown.shows.into_iter().map(|line| (line.label, line.urgent)).collect::<Vec<_>>()
    };
    assert_eq!(lines(&case), [("ご用件".to_owned(), false)], "any other question shows what it shows");
    case.suspensions.insert(
        emergency.clone(),
        serde_json::from_value(json!({ "by": "emergency", "scope": "case" })).expect("a suspension"),
    );
    if let Some(banto_domain::Track::Ask(ask)) = case.tracks.get_mut(&id) {
        ask.about = Some(emergency);
    }
    assert_eq!(lines(&case), [("理由".to_owned(), true), ("ご用件".to_owned(), false)]);
}
