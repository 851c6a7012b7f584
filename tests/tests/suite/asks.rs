//! What is asked, of whom, and what the receipt says: the first decision stands, and everybody sees by whom and of what.

use std::path::Path;

use banto_aws::{Changed, Plan, Reply, SystemEntropy};
use banto_domain::playbook::Text;
use banto_domain::{Actor, CaseKey, Draft, Entry, Id, Rejection};
use banto_playbooks::Folder;
use serde_json::Value;

use super::house::House;
use super::steps::{body, encode, shown};

const YOKO: [(&str, &str); 3] =
    [("name", "渡辺 陽子"), ("email", "yoko@customer.example"), ("message", "営業の相談です。")];
const TAKES: [(&str, &str); 3] = [("price", "１６,５００"), ("at", "19:30"), ("helper", "suzuki")];
const WISHES: [(&str, &str); 3] = [("plan", "large"), ("goal", "早めに始めたい"), ("terms", "yes")];

fn folder() -> Folder {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("playbooks/asks");
    banto_playbooks::read(&dir).unwrap_or_else(|problems| panic!("{problems:#?}"))
}

/// A practice with a case whose first question is put to all of sales.
async fn asked() -> (House, String) {
    let house = House::open_with("2026-12-01T09:00:00+09:00", &[folder()]).await;
    let case = house.inquire(["asks", "inquiry"], &YOKO).await;
    (house, case)
}

async fn as_json(house: &House, token: &str) -> Value {
    let request = http::Request::get("/").header("accept", "application/json");
    let reply = house.http("answer-ask", &[("token", token)], request, "").await;
    serde_json::from_slice(reply.body()).expect("JSON")
}

/// Posts what stood on the page that was seen before.
async fn post(house: &House, token: &str, mark: &str, answer: &str, fields: &[(&str, &str)]) -> Reply {
    let named: Vec<(String, &str)> = fields.iter().map(|(n, v)| (format!("field.{n}"), *v)).collect();
    let mut all = vec![("answer", answer), ("shown", mark)];
    all.extend(named.iter().map(|(n, v)| (n.as_str(), *v)));
    house.http("answer-ask", &[("token", token)], http::Request::post("/"), &encode(&all)).await
}

fn said(page: &str, words: &[&str]) {
    let mut rest = page;
    for word in words {
        let at = rest.find(word).unwrap_or_else(|| panic!("{word}, in this order, in {page}"));
        rest = &rest[at + word.len()..];
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_of_a_group_decides_and_the_others_see_by_whom_and_what() {
    let (house, case) = asked().await;
    let (sato, suzuki) = (house.open_link("sato@", &case).await, house.open_link("suzuki@", &case).await);
    let page = body(&house.look(&sato).await);
    said(&page, &["<fieldset>", "お見積額", "お電話の時刻", "type=\"time\"", "同行者", "佐藤 葵", "</fieldset>"]);
    said(&page, &["<fieldset>", "見送る理由", "</fieldset>", "佐藤 葵、鈴木 蓮"]);
    let mark = shown(&body(&house.look(&suzuki).await)).to_owned();
    assert_ne!(mark, shown(&page), "each sees a page of their own");

    // Only the fields of what is chosen are wanted.
    let reply = house.answer(&sato, "take", &[("price", "about 100"), ("at", "19:30"), ("why", "x")]).await;
    assert_eq!(reply.status(), 422);
    assert!(body(&reply).contains("about 100"), "what was written is still there");
    let reply = house.answer(&sato, "take", &TAKES).await;
    assert_eq!(reply.status(), 200);
    let receipt = body(&reply);
    said(&receipt, &["回答控え", "引き受ける", "お見積額", "16,500円", "お電話の時刻", "19:30", "同行者", "鈴木 蓮"]);
    said(&receipt, &["回答者", "佐藤 葵", "ご回答日時", "12月1日(火)09:00", "照合番号", shown(&page)]);
    assert_eq!(house.answer(&sato, "take", &TAKES).await.status(), 200, "the same press again");

    // 鈴木 presses later, and looks again.
    let late = post(&house, &suzuki, &mark, "refuse", &[("why", "忙しい")]).await;
    assert_eq!(late.status(), 409);
    for page in [body(&late), body(&house.look(&suzuki).await)] {
        said(&page, &["最初の回答が有効です", "引き受ける", "16,500円", "佐藤 葵"]);
        assert!(!page.contains("忙しい") && !page.contains("<form"), "{page}");
    }
    let shown = house.case(&case).await;
    assert_eq!((shown["facts"]["verdict"].as_str(), shown["facts"]["price"].as_str()), (Some("take"), Some("16500")));
    assert_eq!(shown["owner"], "sato", "whoever took it has it: {shown:#}");
    assert!(shown["facts"]["why"].is_null(), "{shown:#}");
    house.is_in_order().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_receipt_lists_what_was_answered_in_the_order_of_the_page_while_it_is_known() {
    let (house, case) = asked().await;
    let link = house.open_link("sato@", &case).await;
    house.answer(&link, "take", &TAKES).await;
    let link = house.open_link("yoko@", &case).await;
    let json = as_json(&house, &link).await;
    assert_eq!(
        (&json["kind"], &json["to"], &json["open"], &json["needs"]),
        (&"fields".into(), &"customer".into(), &true.into(), &serde_json::json!([]))
    );
    let names: Vec<&str> =
        json["fields"].as_array().expect("fields").iter().filter_map(|f| f["name"].as_str()).collect();
    assert_eq!(names, ["plan", "goal", "terms"]);
    assert_eq!(json["fields"][0]["choices"][1]["label"], "大(33,000円)");
    assert_eq!(json["shown"].as_str(), Some(shown(&body(&house.look(&link).await))), "page and JSON are one value");

    let receipt = body(&house.answer(&link, "send", &WISHES).await);
    let lines = ["プラン", "大(33,000円)", "ご希望", "早めに始めたい", "規約(2026年版)に同意します", "はい"];
    said(&receipt, &lines);
    said(&receipt, &["渡辺 陽子", json["shown"].as_str().expect("a mark")]);
    said(&body(&house.look(&link).await), &lines);
    let json = as_json(&house, &link).await;
    assert_eq!(
        (json["open"].as_bool(), json["receipt"]["lines"][1]["value"].as_str()),
        (Some(false), Some("早めに始めたい"))
    );
    house.is_in_order().await;
}

/// Another version of the playbook is published, and the case goes on under it.
async fn migrate(house: &House, case: &str, change: impl Fn(&mut Folder)) {
    let mut folder = folder();
    change(&mut folder);
    let env = &house.host.world().env;
    env.playbooks.publish(&folder.playbook, &folder.demo_secrets, &SystemEntropy).await.expect("published");
    let keys = env.ledger.cases().await.expect("cases");
    let key: &CaseKey = keys.iter().find(|k| k.case.as_str() == case).expect("a case");
    let plan = Plan { key, function: "migrate", actor: Actor::Banto };
    let entry = Entry::PlaybookMigrated { from: 1, to: 2, nodes: std::collections::BTreeMap::new() };
    let push = |draft: &mut Draft<'_>| -> Result<Option<()>, Rejection> { draft.push(entry.clone()).map(Some) };
    let changed = env.change(&plan, None, |_| Some(Id::derive(&["migrate", case])), push).await.expect("the store");
    assert!(matches!(changed, Changed::Mine(..)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_price_or_consent_voids_what_was_seen_before() {
    let (house, case) = asked().await;
    let link = house.open_link("sato@", &case).await;
    house.answer(&link, "take", &TAKES).await;
    let link = house.open_link("yoko@", &case).await;
    let mark = shown(&body(&house.look(&link).await)).to_owned();
    migrate(&house, &case, |folder| {
        let plan = folder.playbook.facts.get_mut("plan").expect("a fact");
        plan.choices[1].label = Text { ja: "大(44,000円)".to_owned(), en: "Large (44,000 yen)".to_owned() };
    })
    .await;
    let reply = post(&house, &link, &mark, "send", &WISHES).await;
    assert_eq!(reply.status(), 409);
    said(&body(&reply), &["内容が更新されました", &link]);
    assert_eq!(house.stands(&case).await, "open collect -", "nothing was agreed to");
    assert!(body(&house.look(&link).await).contains("44,000円"));
    assert_eq!(house.answer(&link, "send", &WISHES).await.status(), 200);
    house.is_in_order().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_may_not_decide_is_told_so_and_what_is_over_is_over() {
    let (house, case) = asked().await;
    let sato = house.open_link("sato@", &case).await;
    let ask = Id::parse(sato.split('.').nth(2).expect("an ask")).expect("an id");
    let keys = house.host.world().env.ledger.cases().await.expect("cases");
    let token = banto_tests::keys().token(&keys[0], &ask, &banto_domain::state::Party::Person("desk".to_owned()));
    let page = house.look(&token).await;
    assert_eq!(page.status(), 403);
    assert!(body(&page).contains("ほかの担当の方") && !body(&page).contains("営業の相談"), "{}", body(&page));

    // Nobody answers for three days: the customer is thanked, and the question is over.
    house.until("2026-12-05T09:00:00+09:00").await;
    let late = house.look(&sato).await;
    assert_eq!(late.status(), 410);
    assert_eq!(house.answer(&sato, "take", &TAKES).await.status(), 409);
    house.is_in_order().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_emergency_word_in_what_can_not_be_taken_is_seen_by_whoever_must_look() {
    let (house, case) = asked().await;
    let link = house.open_link("sato@", &case).await;
    house.answer(&link, "take", &TAKES).await;
    let link = house.open_link("yoko@", &case).await;
    let letter = format!("{}もう死にたいです。{}", "あ".repeat(9_000), "い".repeat(3_000));
    let reply = house.answer(&link, "send", &[("goal", &letter), ("plan", "neither")]).await;
    assert_eq!(reply.status(), 200, "never sent back to be corrected");
    let urgent = house.open_link("desk@", &case).await;
    let page = body(&house.look(&urgent).await);
    said(&page, &["ご希望", "緊急性の高い言葉を検知した項目", "<mark>", "もう死にたいです。", "</mark>"]);
    let journal = house.case(&case).await["journal"].to_string();
    assert!(!journal.contains("死にたい"), "the journal never holds what a person wrote");
    // Nobody looks for four hours: it is asked anew, and the old link leads there.
    house.until("2026-12-01T13:30:00+09:00").await;
    let old = house.look(&urgent).await;
    assert_eq!(old.status(), 410);
    let anew = house.open_link("desk@", &case).await;
    assert!(anew != urgent && body(&old).contains(&anew), "{}", body(&old));
    house.is_in_order().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_emergency_word_on_a_page_that_has_changed_meanwhile_is_heard() {
    let (house, case) = asked().await;
    let link = house.open_link("sato@", &case).await;
    house.answer(&link, "take", &TAKES).await;
    let link = house.open_link("yoko@", &case).await;
    let reply = post(&house, &link, "another mark", "send", &[("goal", "もう死にたい")]).await;
    assert_eq!(reply.status(), 409);
    let urgent = house.open_link("desk@", &case).await;
    said(&body(&house.look(&urgent).await), &["送信された内容(抜粋)", "もう死にたい"]);
    house.is_in_order().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_letter_that_is_too_long_reaches_a_person_with_the_words() {
    let house = House::open_with("2026-12-01T09:00:00+09:00", &[folder()]).await;
    let letter = format!("{}もう死にたいです。{}", "あ".repeat(30_000), "い".repeat(3_000));
    let cry = [YOKO[0], YOKO[1], ("message", letter.as_str())];
    let case = house.inquire(["asks", "inquiry"], &cry).await;
    let urgent = house.open_link("desk@", &case).await;
    said(&body(&house.look(&urgent).await), &["<mark>", "もう死にたいです。", "</mark>"]);
    house.is_in_order().await;
}
