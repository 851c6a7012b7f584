//! Promise 11 from behind: whatever is changed, exchanged or deleted in the store by other hands is found by `verify`,
//! which says what to do.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use banto::practice::seed;
use banto_aws::reader::{Finding, verify_all};
use data_encoding::BASE64;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use super::house::House;

type Row = HashMap<String, AttributeValue>;

/// What becomes of an item; empty: it is deleted; `None`: it can't be done to this one.
type Change = Box<dyn Fn(&Row) -> Option<Row>>;

/// A practice that has been lived in, with a signed form in it that nobody could read.
async fn lived_in() -> House {
    let present = "2026-12-10T03:00:00Z".parse::<jiff::Timestamp>().expect("an instant");
    let house = House::open(&(present - seed::LIVED).to_string()).await;
    seed::live(&house.host, &banto_tests::keys(), present).await.expect("lived");
    let mut mac = Hmac::<Sha256>::new_from_slice(b"demo-typeform-secret").expect("any length");
    mac.update(b"{\"event_id\":");
    let signature = format!("sha256={}", BASE64.encode(&mac.finalize().into_bytes()));
    let request = http::Request::post("/").header("content-type", "application/json");
    let request = request.header("typeform-signature", signature);
    let params = [("client", "yamada"), ("form", "typeform")];
    assert_eq!(house.http("receive-form", &params, request, "{\"event_id\":").await.status(), 202);
    house
}

impl House {
    async fn rows(&self) -> Vec<Row> {
        let call = self.host.clients().dynamodb.scan().table_name("banto").consistent_read(true);
        let rows: Result<Vec<Row>, _> = call.into_paginator().items().send().collect().await;
        rows.expect("the table")
    }

    async fn put(&self, row: &Row) {
        let call = self.host.clients().dynamodb.put_item().table_name("banto");
        call.set_item(Some(row.clone())).send().await.expect("written");
    }

    async fn delete(&self, row: &Row) {
        let call = self.host.clients().dynamodb.delete_item().table_name("banto");
        call.key("pk", row["pk"].clone()).key("sk", row["sk"].clone()).send().await.expect("deleted");
    }

    async fn finds(&self) -> Vec<Finding> {
        verify_all(&self.host.world().env).await.expect("the store").1
    }

    /// Does something to the first item of a kind to which it can be done, asks `verify`, and undoes it.
    async fn after(&self, rows: &[Row], kind: [&str; 2], change: impl Fn(&Row) -> Option<Row>) -> Vec<Finding> {
        let of_kind = rows.iter().filter(|row| is(row, kind));
        let (row, changed) = of_kind.filter_map(|row| Some((row, change(row)?))).next().expect("an item");
        if changed.is_empty() {
            self.delete(row).await
        } else {
            self.put(&changed).await
        }
        let found = self.finds().await;
        self.put(row).await;
        found
    }
}

fn text<'a>(row: &'a Row, name: &str) -> &'a str {
    row.get(name).and_then(|v| v.as_s().ok()).map_or("", String::as_str)
}

/// Of a partition that begins so, and a sort key that does.
fn is(row: &Row, [pk, sk]: [&str; 2]) -> bool {
    let of_sk =
        if sk.ends_with('#') { text(row, "sk").starts_with(sk) } else { sk.is_empty() || text(row, "sk") == sk };
    // What is kept of an address itself no journal tells.
    let of_sk = of_sk && !text(row, "sk").starts_with('!');
    text(row, "pk").starts_with(pk) && of_sk
}

fn delete(_: &Row) -> Option<Row> {
    Some(Row::new())
}

fn without(names: &'static [&str]) -> impl Fn(&Row) -> Option<Row> {
    move |row| {
        let mut row = row.clone();
        let gone = names.iter().filter_map(|name| row.remove(*name)).count();
        (gone == names.len()).then_some(row)
    }
}

fn replaced(from: &'static str, to: &'static str) -> impl Fn(&Row) -> Option<Row> {
    move |row| {
        let body = text(row, "body");
        let changed = body.contains(from).then(|| body.replacen(from, to, 1))?;
        let mut row = row.clone();
        row.insert("body".to_owned(), AttributeValue::S(changed));
        Some(row)
    }
}

/// A day in which the time is taken by a booking that nobody made.
fn of_another_booking(row: &Row) -> Option<Row> {
    let mut body = text(row, "body").to_owned();
    let at = body.find("\"booking\":\"")? + "\"booking\":\"".len();
    let other = if body[at..].starts_with('0') { "1" } else { "0" };
    body.replace_range(at..=at, other);
    let mut row = row.clone();
    row.insert("body".to_owned(), AttributeValue::S(body));
    Some(row)
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_other_hands_changed_is_found() {
    let house = lived_in().await;
    assert_eq!(house.finds().await, [], "as it is, it is in order");
    let rows = house.rows().await;
    let (case, coach) = ("CASE#yamada#", "CALENDAR#yamada#");

    let all: [(&str, [&str; 2], Change); 20] = [
        ("its snapshot is missing", [case, "S"], Box::new(delete)),
        ("snapshot can't be read", [case, "SF"], Box::new(delete)),
        (
            "not the fold of the journal",
            [case, "S"],
            Box::new(replaced("\"opened_at\":\"2026-1", "\"opened_at\":\"2025-1")),
        ),
        ("not the fold of the journal", [case, "ST"], Box::new(replaced("\"total\":", "\"total\":1"))),
        (
            "does not continue the one before",
            [case, "C#"],
            Box::new(|row| (text(row, "body").contains("\"seq\":2,")).then(Row::new)),
        ),
        ("don't match their hash", [case, "C#"], Box::new(replaced("\"seq\":3", "\"seq\": 3"))),
        ("is not what the customer wrote", [case, "SP"], Box::new(replaced("\"name\":\"", "\"name\":\"x"))),
        ("what the customer wrote as name is missing", [case, "SP"], Box::new(replaced("\"name\":", "\"nobody\":"))),
        ("the journal knows nothing of nobody", [case, "SP"], Box::new(replaced("\"name\":", "\"nobody\":"))),
        ("the payload", ["CASE#yamada#", "I#"], Box::new(delete)),
        ("index of what is due", [case, "S"], Box::new(without(&["due_at", "due_shard"]))),
        ("list of open cases", [case, "S"], Box::new(without(&["desk_pk", "desk_sk"]))),
        ("doesn't show what waits for staff", [case, "D#"], Box::new(without(&["desk_pk", "desk_sk"]))),
        ("doesn't show what waits for staff", [case, "D#"], Box::new(|row| row.contains_key("desk_pk").then(Row::new))),
        ("not found by the address", ["LOOKUP#yamada#", ""], Box::new(delete)),
        ("would count twice", ["PAYMENT#yamada#", ""], Box::new(delete)),
        (
            "doesn't stand in the day of",
            [coach, "D#"],
            Box::new(|row| text(row, "body").contains("\"booking\"").then(Row::new)),
        ),
        ("whose journal knows nothing of it", [coach, "D#"], Box::new(of_another_booking)),
        ("is not what was published", ["PLAYBOOK#yamada", "V#"], Box::new(replaced("\"bank\":", "\"bank\": "))),
        ("is gone, and somebody goes by it", ["PLAYBOOK#yamada", "V#"], Box::new(delete)),
    ];
    for (says, kind, change) in all {
        let found = house.after(&rows, kind, change).await;
        assert!(found.iter().any(|finding| finding.what.contains(says)), "{says}: {found:#?}");
        assert!(found.iter().all(|finding| !finding.way_out.is_empty() && !finding.about.is_empty()), "{found:#?}");
    }
    assert_eq!(house.finds().await, [], "all of it was undone");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_case_that_is_gone_is_missed() {
    let house = lived_in().await;
    let rows = house.rows().await;
    let look_up = rows.iter().find(|row| is(row, ["LOOKUP#yamada#", ""])).expect("a look-up");
    let case = text(look_up, "sk");
    for row in rows.iter().filter(|row| text(row, "pk") == format!("CASE#yamada#{case}")) {
        house.delete(row).await;
    }
    let found = house.finds().await;
    let gone = |finding: &Finding| finding.about == format!("yamada/{case}") && finding.what.contains("is gone");
    assert!(found.iter().any(gone), "{found:#?}");
    // The mails that were sent for it know it too, when nothing in the table does.
    assert!(house.host.written_to().await.expect("the store").contains(&format!("yamada/{case}")));
}
