use std::os::unix::fs::{FileTypeExt as _, PermissionsExt as _};
use std::os::unix::net::UnixListener;
use std::path::Path;

use aws_sdk_dynamodb::types::AttributeValue;
use banto_aws::{PathParams, Request};
use bytes::Bytes;
use jiff::Timestamp;
use tokio::task::JoinHandle;

use super::*;
use crate::cli::{import, playbook};
use crate::door::Door;
use crate::practice;

/// A house that runs, with the ready-made playbooks; gone in the end.
struct Running {
    dir: PathBuf,
    host: Host,
    work: JoinHandle<()>,
    door: Option<Door>,
}

impl Running {
    async fn open(name: &str) -> Self {
        Self::open_in(std::env::temp_dir().join(format!("banto-door-{name}-{}", std::process::id()))).await
    }

    async fn open_in(dir: PathBuf) -> Self {
        let place = Place::Dir(dir.join("house"));
        let clock = ClockMode::Manual(Some(at("2026-12-01T00:00:00Z")));
        let keys = house::key(&place).expect("a key");
        let mut config =
            HostConfig::new(place.clone(), clock, "http://127.0.0.1:1".to_owned(), keys).expect("a template");
        config.undelivered = Some(practice::undelivered());
        let host = Host::open(config).await.expect("a house");
        let folders = banto_playbooks::ready_made().expect("no problems");
        practice::publish(host.world(), &folders, false).await.expect("published");
        let (work, door) = (host.start(), Door::open(&host, &place));
        Self { dir, host, work, door }
    }

    fn house(&self) -> PathBuf {
        self.dir.join("house")
    }

    async fn reached(&self) -> Reached {
        let reached = open(Some(self.house()), "").await.expect("by its door");
        assert!(reached.runs());
        reached
    }

    /// The version with which a case begins that somebody's form opens now.
    async fn begins_with(&self, name: &str) -> u32 {
        let form = format!("name=%E4%BD%90%E8%97%A4&email={name}%40example.com&message=coaching");
        let request = http::Request::post("/").header("content-type", "application/x-www-form-urlencoded");
        let mut request: Request = request.body(Bytes::from(form)).expect("a request");
        let params = [("client", "yamada"), ("form", "inquiry")].map(|(n, v)| (n.to_owned(), v.to_owned()));
        request.extensions_mut().insert(PathParams(params.into_iter().collect()));
        let reply = self.host.request("receive-form", request).await.expect("an answer");
        let said: serde_json::Value = serde_json::from_slice(reply.body()).expect("JSON");
        let ledger = &self.host.world().env.ledger;
        let keys = ledger.cases().await.expect("the store");
        let key = keys.iter().find(|key| said["case"] == key.case.as_str()).expect("a case");
        ledger.load(key).await.expect("the store").expect("a case").case.playbook_version
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.work.abort();
        std::fs::remove_dir_all(&self.dir).unwrap_or_default();
    }
}

fn at(text: &str) -> Timestamp {
    text.parse().expect("an instant")
}

/// The ready-made playbook, changed, as a folder.
fn changed(dir: &Path) -> PathBuf {
    let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/playbooks/yamada");
    let to = dir.join("playbook");
    for part in ["", "flows", "templates"] {
        std::fs::create_dir_all(to.join(part)).expect("made");
        for entry in std::fs::read_dir(from.join(part)).expect("a folder") {
            let entry = entry.expect("an entry");
            if entry.path().is_file() {
                std::fs::copy(entry.path(), to.join(part).join(entry.file_name())).expect("copied");
            }
        }
    }
    let file = to.join("playbook.yaml");
    let text = std::fs::read_to_string(&file).expect("text");
    assert!(text.contains("at_least: 3"));
    std::fs::write(file, text.replace("at_least: 3", "at_least: 4")).expect("written");
    to
}

#[tokio::test(flavor = "multi_thread")]
async fn a_version_that_is_published_while_the_house_runs_is_what_the_next_case_begins_with() {
    let running = Running::open("publish").await;
    assert_eq!(running.begins_with("one").await, 1);
    let dir = changed(&running.dir);
    let flags = playbook::Publish { dir, data: Some(running.house()), approved_by: "yamada".to_owned(), secrets: None };
    playbook::publish(flags).await.expect("published");
    // The clock stood still, and the house had read what was live a moment ago.
    assert_eq!(running.begins_with("two").await, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn customers_who_come_in_while_the_house_runs_are_asked_about_at_once() {
    let running = Running::open("import").await;
    let file = running.dir.join("customers.csv");
    let list = "お名前,メールアドレス,メニュー,残回数\r\n髙橋 恵,megumi@customer.example,6回プログラム,4\r\n";
    std::fs::write(&file, list).expect("written");
    let (data, by, client) = (Some(running.house()), Some("desk".to_owned()), "yamada".to_owned());
    let mut out = Vec::new();
    let arguments = import::Arguments { file, client, data, dry_run: false, by };
    import::bring_in(arguments, &mut out).await.expect("imported");
    let said = String::from_utf8(out).expect("text");
    assert!(said.contains("1件を取り込みました") && !said.contains("起動すると"), "{said}");
    running.host.idle().await.expect("idle");
    let mails = running.host.mails().await.expect("mails");
    assert!(mails.iter().any(|mail| mail.template.as_deref() == Some("start-imported")), "the coach is asked");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_goes_by_the_clock_of_the_house() {
    let running = Running::open("clock").await;
    let reached = running.reached().await;
    assert_eq!(reached.env().clock.now(), at("2026-12-01T00:00:00Z"));
    running.host.advance(at("2026-12-03T09:00:00Z")).await.expect("advanced");
    reached.env().ledger.cases().await.expect("the store");
    assert_eq!(reached.env().clock.now(), at("2026-12-03T09:00:00Z"), "each answer says what it shows");
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_reaches_anything_but_the_table_of_the_house_by_its_door() {
    let running = Running::open("table").await;
    let door = running.house().join("banto.sock");
    assert_eq!(std::fs::metadata(&door).expect("a door").permissions().mode() & 0o777, 0o600);
    let reached = running.reached().await;
    let Reached::Running(visit) = &reached else { panic!("it runs") };
    let client = &visit.clients().dynamodb;
    let table = &running.host.plan().template.table.name;
    let get = |table: &str| {
        let key = |name: &str| (name.to_owned(), AttributeValue::S("x".to_owned()));
        client.get_item().table_name(table).set_key(Some([key("pk"), key("sk")].into())).send()
    };
    assert!(get(table).await.is_ok());
    for refused in [
        get("other").await.err().map(|e| format!("{e:?}")),
        client.delete_table().table_name(table).send().await.err().map(|e| format!("{e:?}")),
    ] {
        assert!(refused.is_some_and(|why| why.contains("only the house's own table")));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_failed_for_good_is_shown_and_put_back_while_the_house_runs() {
    let running = Running::open("dead").await;
    let host = &running.host;
    let entry = aws_sdk_eventbridge::types::PutEventsRequestEntry::builder();
    let bus = &host.plan().template.bus;
    let entry = entry.event_bus_name(bus).source("banto").detail_type("node.entered").detail(r#"{"action":"notify"}"#);
    host.clients().events.put_events().entries(entry.build()).send().await.expect("taken");
    host.advance(at("2026-12-01T01:00:00Z")).await.expect("tried three times");
    let reached = running.reached().await;
    let letters = reached.dead_letters().await.expect("letters");
    assert_eq!(letters, host.dead_letters().await.expect("letters"));
    let [letter] = &letters[..] else { panic!("{letters:?}") };
    reached.redrive(&letter.id).await.expect("put back");
    let gone = reached.redrive(&letter.id).await.expect_err("it is gone").to_string();
    assert!(gone.contains("there is no dead letter"), "{gone}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_door_that_a_killed_process_left_is_replaced_and_goes_with_the_house() {
    let dir = std::env::temp_dir().join(format!("banto-door-stale-{}", std::process::id()));
    let house = dir.join("house");
    house::folder(&house).expect("made");
    // Dropped, it leaves its file, as a process does that is killed.
    drop(UnixListener::bind(house.join("banto.sock")).expect("bound"));
    let mut running = Running::open_in(dir).await;
    running.reached().await;
    running.door.take().expect("a door").close().await;
    assert!(!running.house().join("banto.sock").exists());
    let none = open(Some(running.house()), "stop it").await.expect_err("no door").to_string();
    assert!(none.contains("stop it first") && none.contains("nobody answers at"), "{none}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_house_whose_path_is_too_long_for_a_door_runs_and_commands_say_why() {
    let long = "a-path-that-goes-on-and-on-".repeat(4);
    let running = Running::open_in(std::env::temp_dir().join(format!("banto-{}-{long}", std::process::id()))).await;
    assert!(running.door.is_none() && running.begins_with("one").await == 1, "it runs");
    let why = open(Some(running.house()), "then publish").await.expect_err("no door").to_string();
    assert!(why.contains("longer than the path of a socket") && why.contains("then publish"), "{why}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_in_the_place_of_the_door_stays() {
    let dir = std::env::temp_dir().join(format!("banto-door-file-{}", std::process::id()));
    house::folder(&dir.join("house")).expect("made");
    std::fs::write(dir.join("house/banto.sock"), "mine").expect("written");
    let running = Running::open_in(dir).await;
    assert!(
        running.door.is_none()
            && !std::fs::metadata(running.house().join("banto.sock")).expect("there").file_type().is_socket()
    );
    let why = open(Some(running.house()), "").await.expect_err("no door").to_string();
    assert!(why.contains("nobody answers"), "{why}");
}
