//! Customers who were there before Banto: they come in once, mail nobody before a coach says so, and then only what is
//! still ahead.

pub(crate) mod killed;

use std::collections::BTreeSet;
use std::sync::Arc;

use banto_aws::import::{Fate, Imported, Preview};
use banto_domain::rules::import::{self, Record};
use banto_domain::{Actor, ClientId, Playbook};

use super::house::House;

pub(crate) const COACH: &str = "hanako@yamada-coaching.example";
const HEADER: &str = "顧客番号,お名前,メールアドレス,メニュー,残回数,有効期限,次回予約,コーチ,請求書番号,請求額,お支払期日,同意日,送信停止";

/// The playbook of today.
async fn yamada(house: &House) -> Arc<Playbook> {
    let client = ClientId::parse("yamada").expect("a name");
    let current = house.host.world().env.playbooks.current(&client).await.expect("the store");
    current.expect("a client").1
}

/// What would become of a list in yamada's house.
async fn preview(house: &House, rows: &[String]) -> Preview {
    let (env, playbook) = (&house.host.world().env, yamada(house).await);
    let cells = |line: &str| line.split(',').map(str::to_owned).collect::<Vec<_>>();
    let records: Vec<Record> = rows.iter().zip(2..).map(|(row, line)| Record { line, cells: cells(row) }).collect();
    let import = playbook.import.as_ref().expect("an import");
    let list = import::read(&playbook, import, &cells(HEADER), &records);
    env.preview_import(&playbook, import, &list).await.expect("the store")
}

/// Lets a list come in.
pub(crate) async fn bring_in(house: &House, rows: &[String]) -> Imported {
    let (env, playbook) = (&house.host.world().env, yamada(house).await);
    let preview = preview(house, rows).await;
    assert_eq!(preview.faults, []);
    let by = Actor::Person { person: "desk".to_owned() };
    let imported = env.import(&playbook, &preview, &by).await.expect("imported");
    house.host.idle().await.expect("idle");
    imported
}

pub(crate) fn rows(rows: &[&str]) -> Vec<String> {
    rows.iter().map(|row| (*row).to_owned()).collect()
}

/// Three customers: one has a session on Thursday, one owes, one has only sessions left.
fn three() -> Vec<String> {
    rows(&[
        "C-1,田中 花子,hanako@customer.example,6回プログラム,4回,2027-03-31,2026/12/3 10:00,山田 花子,,,,2025-04-01,",
        "C-2,=HYPERLINK(\"http://evil.example\";\"x\"),sato@customer.example,単発セッション(60分),,,,,INV-77,\"16500\",2026-12-08,,",
        "C-3,<b>鈴木</b>,suzuki@customer.example,6回プログラム,2,2027年1月31日,,,,,,,はい",
    ])
    .into_iter()
    .map(|row| row.replace("\"16500\"", "16500円"))
    .collect()
}

async fn to_customers(house: &House) -> Vec<String> {
    house.post().await.into_iter().filter(|line| line.contains("@customer.example")).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_imported_mails_nobody_before_the_coach_starts_it_and_then_what_is_ahead() {
    let house = House::open("2026-12-01T00:00:00Z").await;
    let imported = bring_in(&house, &three()).await;
    assert_eq!(imported.opened, 3);
    let asks = imported.asks.expect("a question").case.to_string();
    house.is_in_order().await;
    // The day before, when the reminder would have left, nobody had said anything.
    house.until("2026-12-02T02:00:00Z").await;
    assert_eq!(to_customers(&house).await, [] as [&str; 0]);
    let link = house.open_link(COACH, &asks).await;
    let page = super::steps::body(&house.look(&link).await);
    assert!(page.contains("全3件") && page.contains("田中 花子") && page.contains("&lt;b&gt;鈴木"), "{page}");
    house.answer(&link, "start", &[]).await;
    assert_eq!(house.stands(&asks).await, "closed - started");
    assert_eq!(to_customers(&house).await, [] as [&str; 0], "nothing because of the start itself");
    house.until("2026-12-03T03:00:00Z").await;
    assert_eq!(to_customers(&house).await, ["12-03 09:00 hanako@customer.example reminder-hour"]);
    house.is_in_order().await;
}

fn faults(preview: &Preview) -> Vec<String> {
    preview.faults.iter().map(|fault| format!("{}: {}: {}", fault.line, fault.column, fault.what.en)).collect()
}

/// All that stands in the table: each item by its key, with its version and its bytes.
async fn table(house: &House) -> BTreeSet<String> {
    let scan = house.host.clients().dynamodb.scan().table_name(house.host.plan().template.table.name.clone());
    let mut pages = scan.into_paginator().items().send();
    let mut all = BTreeSet::new();
    while let Some(item) = pages.next().await {
        let item = item.expect("an item");
        all.insert(["pk", "sk", "seq", "body", "due_at"].map(|name| format!("{:?}", item.get(name))).join(" "));
    }
    all
}

/// Says which items differ, by their keys.
fn same(before: &BTreeSet<String>, after: &BTreeSet<String>) {
    let differ: Vec<String> = before.symmetric_difference(after).map(|row| row.chars().take(90).collect()).collect();
    assert_eq!(differ, [] as [&str; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn imported_twice_nothing_doubles_and_a_changed_row_changes_nothing() {
    let house = House::open("2026-12-01T00:00:00Z").await;
    bring_in(&house, &three()).await;
    let before = table(&house).await;
    let again = bring_in(&house, &three()).await;
    assert_eq!((again.opened, again.asks), (0, None));
    let mut changed = three();
    changed[0] = changed[0].replace("4回", "5回");
    let seen = preview(&house, &changed).await;
    let fates: Vec<&Fate> = seen.found.iter().map(|found| &found.fate).collect();
    assert_eq!(fates, [&Fate::Differs, &Fate::Here, &Fate::Here]);
    let changed = bring_in(&house, &changed).await;
    assert_eq!((changed.opened, changed.asks), (0, None));
    same(&before, &table(&house).await);
    // Also once the coach has started them, and long after their sessions: what is here isn't judged anew.
    let asks = house.open_link(COACH, &collector(&house).await).await;
    house.answer(&asks, "start", &[]).await;
    house.until("2026-12-20T00:00:00Z").await;
    let again = bring_in(&house, &three()).await;
    assert_eq!((again.opened, again.asks), (0, None));
    house.is_in_order().await;
}

/// The open case in which the coach is asked.
pub(crate) async fn collector(house: &House) -> String {
    for id in house.case_numbers().await {
        let case = house.case(&id).await;
        if case["flow"] == "start-imported" && case["status"] == "open" {
            return id;
        }
    }
    panic!("nobody is asked")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_row_changes_nothing_and_says_where_and_what_to_do() {
    let house = House::open("2026-12-01T00:00:00Z").await;
    let before = table(&house).await;
    let mut list = three();
    list.extend(rows(&[
        ",,nobody@customer.example,6回プログラム,2,,,,,,,,",
        ",加藤,kato@customer,ヨガ,たくさん,12/3/2026,,,,,,,",
        ",中村,nakamura@customer.example,6回プログラム,2,2026-11-30,2026-11-30 10:00,山田,,,,,",
        ",木村,kimura@customer.example,6回プログラム,1,,2026-12-03 10:30,山田花子,,,,,",
        ",林,hayashi@customer.example,6回プログラム,1,,2026-12-04 10:30,,,,,,多分",
        ",清水,shimizu@customer.example,6回プログラム,,,,,,88000,,,",
        ",原,hara@customer.example,6回プログラム,,,,,,,,,",
        ",岡\u{7}田,okada@customer.example,6回プログラム,1,,,,,,,,",
        "C-1,田中 花子,hanako@customer.example,6回プログラム,1,,,,,,,,",
        ",山田,hanako@yamada-coaching.example,6回プログラム,1",
    ]));
    let seen = preview(&house, &list).await;
    assert_eq!(
        faults(&seen),
        [
            "5: お名前: is empty; fill it in",
            "6: メニュー: is none of the choices; write one of the playbook's",
            "6: メールアドレス: is not of the expected form; correct it",
            "6: 有効期限: write the day as 2026-12-03",
            "6: 残回数: write a whole number",
            "7: コーチ: nobody who holds this menu is called so; write a coach's name",
            "8: 次回予約: the coach's time is taken then; look at day, time and coach",
            "9: コーチ: nobody who holds this menu is called so; write a coach's name",
            "9: 送信停止: write yes or no (empty: no)",
            "10: お支払期日: an invoice has a number, an amount and a due date; fill it in",
            "10: 請求書番号: an invoice has a number, an amount and a due date; fill it in",
            "11: 残回数: no session is left or booked, and nothing is owed; remove the line, or fill it in",
            "12: お名前: has control characters; remove them",
            "13: メールアドレス: is the same customer and menu as line 2; make them one, or give them numbers",
            "14: : has 5 columns, and the first line 13; look at its quotes and commas",
        ]
    );
    let (env, playbook) = (&house.host.world().env, yamada(&house).await);
    assert!(env.import(&playbook, &seen, &Actor::Operator).await.is_err());
    same(&before, &table(&house).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_or_a_validity_that_is_past_comes_in_nowhere() {
    let house = House::open("2026-12-01T00:00:00Z").await;
    let list = rows(&[
        ",中村,nakamura@customer.example,6回プログラム,2,2026-11-30,,,,,,,",
        ",木村,kimura@customer.example,6回プログラム,1,,2026-11-30 10:30,mori,,,,,",
    ]);
    let said = [
        "2: 有効期限: is over, and sessions are left; correct it, or leave the sessions empty",
        "3: 次回予約: is past; leave it empty, and correct the sessions left",
    ];
    assert_eq!(faults(&preview(&house, &list).await), said);
}

#[tokio::test(flavor = "multi_thread")]
async fn names_with_markup_formulas_and_commands_are_data() {
    let house = House::open("2026-12-01T00:00:00Z").await;
    let imported = bring_in(&house, &three()).await;
    let asks = imported.asks.expect("a question").case.to_string();
    let link = house.open_link(COACH, &asks).await;
    let page = super::steps::body(&house.look(&link).await);
    assert!(!page.contains("<b>鈴木") && page.contains("=HYPERLINK(&quot;http://evil.example"), "{page}");
    // The invoice falls due: the office sees the name as it is written, and no mail has it in its head.
    house.answer(&link, "start", &[]).await;
    house.until("2026-12-10T00:00:00Z").await;
    for mail in house.mails().await {
        assert!(!mail.subject.contains("HYPERLINK") && !mail.html.as_deref().unwrap_or("").contains("<b>鈴木"));
    }
    house.is_in_order().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_coach_discards_ends_without_a_mail_and_gives_its_time_back() {
    let house = House::open("2026-12-01T00:00:00Z").await;
    let asks = bring_in(&house, &three()).await.asks.expect("a question").case.to_string();
    let link = house.open_link(COACH, &asks).await;
    house.answer(&link, "discard", &[]).await;
    for id in house.case_numbers().await {
        assert_eq!(house.stands(&id).await, "closed - discarded");
    }
    house.until("2026-12-20T00:00:00Z").await;
    assert_eq!(to_customers(&house).await, [] as [&str; 0]);
    let other = [",木村,kimura@customer.example,6回プログラム,1,,2026-12-29 10:30,山田花子,,,,,".to_owned()];
    assert_eq!(preview(&house, &other).await.faults, []);
    house.is_in_order().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn silence_starts_nothing_and_the_coach_is_asked_again() {
    let house = House::open("2026-12-01T00:00:00Z").await;
    let asks = bring_in(&house, &three()).await.asks.expect("a question").case.to_string();
    house.until("2027-02-15T00:00:00Z").await;
    assert_eq!(to_customers(&house).await, [] as [&str; 0]);
    let asked = house.post().await.iter().filter(|line| line.ends_with("start-imported")).count();
    assert!(asked > 10, "asked and reminded each week: {asked}");
    assert_eq!(house.stands(&asks).await, "open ask -");
    house.is_in_order().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_clients_house_is_not_touched() {
    let house = House::open("2026-12-01T00:00:00Z").await;
    let fields = [("name", "田中 花子"), ("email", "hanako@customer.example"), ("message", "coaching, please")];
    house.inquire(["harbor", "inquiry"], &fields).await;
    let of_harbor =
        |rows: BTreeSet<String>| rows.into_iter().filter(|row| row.contains("#harbor")).collect::<BTreeSet<_>>();
    let before = of_harbor(table(&house).await);
    let asks = bring_in(&house, &three()).await.asks.expect("a question").case.to_string();
    house.answer(&house.open_link(COACH, &asks).await, "start", &[]).await;
    same(&before, &of_harbor(table(&house).await));
    for found in preview(&house, &three()).await.found {
        assert_eq!(found.key.client.as_str(), "yamada");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_known_already_is_named_and_never_merged() {
    let house = House::open("2026-12-01T00:00:00Z").await;
    let fields =
        [("name", "田中 花子"), ("email", "Hanako@customer.example"), ("message", "コーチングの無料体験を希望します")];
    let case = house.inquire(["yamada", "inquiry"], &fields).await;
    let seen = preview(&house, &three()).await;
    let Fate::New { same_address } = &seen.found[0].fate else { panic!("{:?}", seen.found[0].fate) };
    assert_eq!(same_address.iter().map(ToString::to_string).collect::<Vec<_>>(), [case]);
    bring_in(&house, &three()).await;
    house.is_in_order().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invoice_keeps_its_day_and_nobody_is_dunned_because_it_was_imported() {
    let house = House::open("2026-12-01T00:00:00Z").await;
    let list = rows(&[
        ",支払 待ち,open@customer.example,単発セッション(60分),,,,,INV-1,16500,2026-12-04,,",
        ",期日 過ぎ,over@customer.example,単発セッション(60分),,,,,INV-2,16500,2026-11-20,,",
    ]);
    let asks = bring_in(&house, &list).await.asks.expect("a question").case.to_string();
    // The first one's day goes by while nobody says anything.
    house.until("2026-12-07T01:00:00Z").await;
    house.answer(&house.open_link(COACH, &asks).await, "start", &[]).await;
    house.until("2026-12-08T09:00:00Z").await;
    assert_eq!(to_customers(&house).await, [] as [&str; 0]);
    for id in house.case_numbers().await.into_iter().filter(|id| *id != asks) {
        assert_eq!(house.stands(&id).await, "open unpaid -", "the office looks");
        let case = house.case(&id).await;
        let kinds = case["journal"].as_array().expect("a journal").iter().map(|row| row["type"].clone());
        assert!(!kinds.into_iter().any(|kind| kind == "invoice.extended"), "{case:#}");
    }
    house.is_in_order().await;
}

/// A thousand customers, each with a session of their own within the next weeks.
fn thousand() -> Vec<String> {
    let first: jiff::civil::DateTime = "2026-12-02T06:00".parse().expect("a time");
    let session = |n: i64| {
        let (coach, slot) = (if n % 2 == 0 { "yamada" } else { "mori" }, n / 2);
        let day = first.saturating_add(jiff::Span::new().days(slot / 14).minutes(75 * (slot % 14)));
        (day.strftime("%Y-%m-%d %H:%M").to_string(), coach)
    };
    (0..1_000)
        .map(|n| {
            let (at, coach) = session(n);
            format!(",客{n},c{n}@customer.example,6回プログラム,3,2027-06-30,{at},{coach},,,,,")
        })
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_live_bookings_mail_nobody_before_the_start_and_then_no_burst_of_what_is_past() {
    let house = House::open("2026-12-01T00:00:00Z").await;
    let asks = bring_in(&house, &thousand()).await.asks.expect("a question").case.to_string();
    // Days go by in which hundreds of reminders would have left.
    house.until("2026-12-05T03:00:00Z").await;
    assert_eq!(to_customers(&house).await, [] as [&str; 0]);
    house.answer(&house.open_link(COACH, &asks).await, "start", &[]).await;
    assert_eq!(house.stands(&asks).await, "closed - started");
    // It is noon in Tokyo: those of the day before left at ten, so today's next are those an hour before sessions.
    let at_once = to_customers(&house).await;
    assert_eq!(at_once, [] as [&str; 0], "nothing by the start itself: {at_once:?}");
    house.until("2026-12-05T12:00:00Z").await;
    let today = to_customers(&house).await;
    assert!((1..=28).contains(&today.len()) && today.iter().all(|line| line.ends_with("reminder-hour")), "{today:?}");
    house.until("2026-12-06T02:00:00Z").await;
    let tomorrow = to_customers(&house).await;
    let new: Vec<&String> = tomorrow.iter().filter(|line| line.starts_with("12-06")).collect();
    assert!((28..=60).contains(&new.len()), "one day's sessions: {}: {new:?}", new.len());
    house.is_in_order().await;
}
