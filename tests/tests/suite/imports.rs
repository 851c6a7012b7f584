//! Customers who were there before Banto: they come in once, mail nobody before a coach says so, and then only what is
//! still ahead.

use banto_aws::import::{Imported, Preview};
use banto_domain::rules::import::{self, Record};
use banto_domain::{Actor, ClientId};

use super::house::House;

const COACH: &str = "hanako@yamada-coaching.example";
const HEADER: &str = "顧客番号,お名前,メールアドレス,メニュー,残回数,有効期限,次回予約,コーチ,請求書番号,請求額,お支払期日,同意日,送信停止";

/// What would become of a list in yamada's house.
async fn preview(house: &House, rows: &[String]) -> Preview {
    let env = &house.host.world().env;
    let client = ClientId::parse("yamada").expect("a name");
    let (_, playbook) = env.playbooks.current(&client).await.expect("the store").expect("a client");
    let cells = |line: &str| line.split(',').map(str::to_owned).collect::<Vec<_>>();
    let records: Vec<Record> = rows.iter().zip(2..).map(|(row, line)| Record { line, cells: cells(row) }).collect();
    let import = playbook.import.as_ref().expect("an import");
    let list = import::read(&playbook, import, &cells(HEADER), &records);
    env.preview_import(&playbook, import, &list).await.expect("the store")
}

/// Lets a list come in.
async fn bring_in(house: &House, rows: &[String]) -> Imported {
    let env = &house.host.world().env;
    let preview = preview(house, rows).await;
    assert_eq!(preview.faults, []);
    let client = ClientId::parse("yamada").expect("a name");
    let (_, playbook) = env.playbooks.current(&client).await.expect("the store").expect("a client");
    let by = Actor::Person { person: "desk".to_owned() };
    let imported = env.import(&playbook, &preview, &by).await.expect("imported");
    house.host.idle().await.expect("idle");
    imported
}

fn rows(rows: &[&str]) -> Vec<String> {
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
