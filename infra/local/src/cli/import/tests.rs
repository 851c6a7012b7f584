use std::fs;

use super::*;
use crate::clock::ClockMode;
use crate::engine::Place;
use crate::host::{Host, HostConfig};
use crate::practice;

/// A house with the ready-made playbooks, and a list beside it; both gone in the end.
struct Scratch(PathBuf);

impl Scratch {
    async fn new(name: &str) -> Self {
        let scratch = Self(std::env::temp_dir().join(format!("banto-import-{name}-{}", std::process::id())));
        let place = Place::Dir(scratch.0.join("house"));
        let clock = ClockMode::Manual(Some("2026-12-01T00:00:00Z".parse().expect("an instant")));
        let keys = crate::house::key(&place).expect("a key");
        let config = HostConfig::new(place, clock, "http://127.0.0.1:1".to_owned(), keys).expect("a template");
        let host = Host::open(config).await.expect("a house");
        let folders = banto_playbooks::ready_made().expect("no problems");
        practice::publish(host.world(), &folders, true).await.expect("published");
        scratch
    }

    /// Imports such a file: what was printed, or the error.
    async fn import(&self, client: &str, bytes: &[u8], dry_run: bool) -> Result<String, CliError> {
        let file = self.0.join("customers.csv");
        fs::write(&file, bytes).expect("written");
        let (client, data, by) = (client.to_owned(), Some(self.0.join("house")), Some("desk".to_owned()));
        let mut out = Vec::new();
        bring_in(Arguments { file, client, data, dry_run, by }, &mut out).await?;
        Ok(String::from_utf8(out).expect("text"))
    }

    async fn cases(&self) -> usize {
        let house = reach::open(Some(self.0.join("house")), "").await.expect("a house");
        house.env().ledger.cases().await.expect("the store").len()
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.0).unwrap_or_default();
    }
}

const LIST: &str = "お名前,メールアドレス,メニュー,残回数,次回予約,コーチ,請求書番号,請求額,お支払期日,備考\r\n\
    髙橋 恵,megumi@customer.example,6回プログラム,4,2026/12/3 10:00,山田 花子,,,,左利き\r\n\
    \"佐藤, 太郎\",taro@customer.example,単発セッション(60分),,,,INV-7,\"16,500円\",2026/12/8,\r\n,,,,,,,,,\r\n";

#[tokio::test]
async fn a_list_is_shown_and_comes_in_whatever_its_charset_and_twice_is_once() {
    let scratch = Scratch::new("charsets").await;
    // What Excel writes in Japan, its own way of writing 髙 included.
    let (in_japan, _, unmapped) = encoding_rs::SHIFT_JIS.encode(LIST);
    assert!(!unmapped);
    let shown = scratch.import("yamada", &in_japan, true).await.expect("shown");
    assert_eq!(
        shown,
        "2  新規  髙橋 恵  6回プログラム  残4回  予約 2026-12-03 10:00 山田 花子\n\
         3  新規  佐藤, 太郎  単発セッション(60分)  請求 INV-7 16,500円(期日 2026-12-08)\n\
         取り込まない列: 備考\n\
         新規2件、取り込み済み0件、内容の相違0件(変更しません)、誤り0件\n"
    );
    assert_eq!(scratch.cases().await, 0, "a dry run changes nothing");
    let done = scratch.import("yamada", &in_japan, false).await.expect("imported");
    assert!(done.starts_with(&shown) && done.contains("2件を取り込みました"), "{done}");
    assert_eq!(scratch.cases().await, 3);
    let again = scratch.import("yamada", format!("\u{feff}{LIST}").as_bytes(), false).await.expect("imported");
    assert!(again.contains("2  取り込み済み") && again.ends_with("取り込むものはありません\n"), "{again}");
    assert_eq!(scratch.cases().await, 3);
}

#[tokio::test]
async fn a_wrong_row_is_named_by_file_line_and_column_and_nothing_comes_in() {
    let scratch = Scratch::new("wrong").await;
    let wrong = format!(
        "{LIST},nobody,6回プログラム,\"い\nっぱい\",,,,,,\r\n\u{1b}[2J木村,k@customer.example,ヨガ,1,,,,,,\r\n"
    );
    let refused = scratch.import("yamada", wrong.as_bytes(), false).await.expect_err("wrong");
    assert!(matches!(refused, CliError::Found(..)), "exit 2");
    let said = refused.to_string();
    for line in [
        "customers.csv:5: お名前: 空欄です",
        "customers.csv:5: メールアドレス: 書き方が違います",
        "customers.csv:5: 残回数: 0以上の整数",
        "customers.csv:7: お名前: 改行などの制御文字があります",
        "customers.csv:7: メニュー: 選択肢にありません",
        "何も取り込んでいません",
    ] {
        assert!(said.contains(line), "{line}: {said}");
    }
    assert!(!said.contains('\u{1b}'), "nothing of the list writes on the terminal");
    assert_eq!(scratch.cases().await, 0);
}

#[tokio::test]
async fn what_may_be_an_emergency_is_named_for_whoever_lets_it_in() {
    let scratch = Scratch::new("urgent").await;
    let list = "お名前,メールアドレス,メニュー,残回数,これまでのお支払い\n\
        木村,k@customer.example,6回プログラム,1,\"前回、死にたいとのお話あり\"\n";
    let shown = scratch.import("yamada", list.as_bytes(), true).await.expect("shown");
    assert!(shown.contains("2行目: これまでのお支払い: 緊急性の高い言葉の可能性があります"), "{shown}");
}

#[tokio::test]
async fn what_is_no_list_or_nobodys_is_refused_with_the_way_out() {
    let scratch = Scratch::new("none").await;
    let says = async |client: &str, bytes: &[u8]| {
        let refused = scratch.import(client, bytes, false).await.expect_err("refused");
        assert!(!matches!(refused, CliError::Failed(_)), "exit 2: {refused}");
        refused.to_string()
    };
    assert!(says("yamada", b"").await.contains("its first line names the columns"));
    assert!(says("yamada", &[0xff, 0x81]).await.contains("neither UTF-8 nor Shift_JIS"));
    assert!(says("suzuki", LIST.as_bytes()).await.contains("has no playbook in this house"));
    let no_menu = says("yamada", "お名前,メールアドレス\nx,x@customer.example\n".as_bytes()).await;
    assert!(no_menu.contains("customers.csv:1: メニュー: 列がありません"), "{no_menu}");
    let twice = LIST.replace("備考", "残回数");
    assert!(says("yamada", twice.as_bytes()).await.contains("customers.csv:1: 残回数: 「残回数」と同じ内容"));
    // Another client's columns are another's.
    let english = says("harbor", LIST.as_bytes()).await;
    assert!(english.contains("customers.csv:1: Name: there is no column for name"), "{english}");
    assert_eq!(scratch.cases().await, 0);
}

#[tokio::test]
async fn a_practice_that_reads_english_is_told_in_english() {
    let scratch = Scratch::new("english").await;
    let list = "Number,Name,E-mail,Menu,Sessions left,Valid until,Invoice,Amount,Due\n\
        H-1,Ann Lee,ann@customer.example,Six-session programme,3,2027-05-01,,,\n\
        H-2,Bob,bob@customer.example,single,,,INV-9,£120.50,2026-11-20\n";
    let shown = scratch.import("harbor", list.as_bytes(), false).await.expect("imported");
    assert!(shown.contains("2  new  Ann Lee  Six-session programme  3 left (until 2027-05-01)"), "{shown}");
    assert!(shown.contains("invoice INV-9 £120.50, due 2026-11-20"), "{shown}");
    assert!(shown.contains("2 new, 0 already here, 0 differ (not changed), 0 problems"), "{shown}");
    let changed = scratch.import("harbor", list.replace(",3,", ",2,").as_bytes(), false).await.expect("looked at");
    assert!(changed.contains("2  differs: not changed") && changed.ends_with("nothing to do\n"), "{changed}");
}
