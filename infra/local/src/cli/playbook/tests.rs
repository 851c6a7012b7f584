use std::fs;

use banto_aws::reader::verify_all;
use banto_aws::{PathParams, Request};
use banto_domain::{Case, Status};
use bytes::Bytes;

use super::migrate::{Migrate, migrate};
use super::*;
use crate::host::Host;

/// A house with the demo's key and nothing in it, and a copy of a playbook's folder; both gone in the end.
struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str) -> Self {
        let scratch = Self(std::env::temp_dir().join(format!("banto-{name}-{}", std::process::id())));
        let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/playbooks/yamada");
        copy(&from, &scratch.folder());
        scratch
    }

    fn folder(&self) -> PathBuf {
        self.0.join("playbook")
    }

    fn house(&self) -> PathBuf {
        self.0.join("house")
    }

    fn flags(&self, by: &str) -> Publish {
        Publish { dir: self.folder(), data: Some(self.house()), approved_by: by.to_owned(), secrets: None }
    }

    fn with_secrets(&self, file: &Path) -> Publish {
        Publish { secrets: Some(file.to_owned()), ..self.flags("hanako") }
    }

    fn migrating(&self, map: &[&str], dry_run: bool) -> Migrate {
        let map = map.iter().map(|map| (*map).to_owned()).collect();
        Migrate { dir: self.folder(), data: Some(self.house()), map, dry_run }
    }

    fn change(&self, from: &str, to: &str) {
        self.change_in("playbook.yaml", from, to);
    }

    fn change_in(&self, file: &str, from: &str, to: &str) {
        let path = self.folder().join(file);
        let text = fs::read_to_string(&path).expect("text");
        assert!(text.contains(from), "{file} has {from}");
        fs::write(path, text.replace(from, to)).expect("written");
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.0).unwrap_or_default();
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a directory");
    for entry in fs::read_dir(from).expect("a directory") {
        let entry = entry.expect("an entry");
        let to = to.join(entry.file_name());
        match entry.path().is_dir() {
            true => copy(&entry.path(), &to),
            false => assert!(fs::copy(entry.path(), to).expect("copied") > 0),
        }
    }
}

async fn approvals(scratch: &Scratch) -> (u32, Vec<Option<String>>) {
    let house = reach::open(Some(scratch.house()), "").await.expect("a house");
    let playbooks = &house.env().playbooks;
    let client = read(&scratch.folder()).expect("no problem").playbook.client;
    let live = playbooks.live(&client).await.expect("the store").expect("a client");
    let mut by = Vec::new();
    for version in 1..=live.version {
        by.push(playbooks.approval(&client, version).await.expect("the store").map(|approval| approval.by));
    }
    (live.version, by)
}

#[tokio::test]
async fn a_version_is_published_once_with_who_approved_it() {
    let scratch = Scratch::new("publish");
    let nowhere = publish(scratch.flags("hanako")).await.expect_err("no house");
    assert!(nowhere.to_string().contains("no house of banto's is here"), "{nowhere}");

    drop(crate::host::Host::open(config(&scratch)).await.expect("a house"));
    publish(scratch.flags("hanako")).await.expect("published");
    publish(scratch.flags("somebody else")).await.expect("the same");
    assert_eq!(approvals(&scratch).await, (1, vec![Some("hanako".to_owned())]));

    scratch.change("at_least: 3", "at_least: 4");
    publish(scratch.flags(" taro ")).await.expect("published");
    assert_eq!(approvals(&scratch).await, (2, vec![Some("hanako".to_owned()), Some("taro".to_owned())]));

    assert!(matches!(publish(scratch.flags(" ")).await, Err(CliError::Input(..))), "nobody approved it");
    scratch.change("zone: Asia/Tokyo", "zone: Asia/Tokio");
    let problem = publish(scratch.flags("taro")).await.expect_err("has a problem").to_string();
    assert!(problem.contains("playbook.yaml:6:7: zone: Asia/Tokio is no IANA time zone"), "{problem}");
    scratch.change("zone: Asia/Tokio", "zone: Asia/Tokyo");
    assert_eq!(approvals(&scratch).await.0, 2);
}

#[tokio::test]
async fn a_house_that_runs_is_left_alone() {
    let scratch = Scratch::new("running");
    let host = crate::host::Host::open(config(&scratch)).await.expect("a house");
    let refused = publish(scratch.flags("hanako")).await.expect_err("it runs").to_string();
    assert!(refused.contains("stop it first") && refused.contains("then publish"), "{refused}");
    drop(host);
}

#[tokio::test]
async fn secrets_come_from_a_file_of_their_own_and_are_sealed() {
    let scratch = Scratch::new("secrets");
    drop(Host::open(config(&scratch)).await.expect("a house"));
    let file = scratch.0.join("secrets.yaml");
    let publish_with = async |text: &str| {
        fs::write(&file, text).expect("written");
        publish(scratch.with_secrets(&file)).await.map_err(|error| error.to_string())
    };
    for (text, says) in [
        ("\"form:typeform\": [tell-nobody]", "secrets.yaml:1:18: is no list of secrets"),
        ("\"form:typeform\": tell-nobody\n\"form:inquiry\": tell-nobody", "secrets.yaml:2:1: form:inquiry is nothing"),
        ("\"form:typeform\": ' '", "secrets.yaml:1:1: form:typeform is empty"),
        ("\"form:typeform\": demo-typeform-secret", "secrets.yaml:1:1: form:typeform is a demo's"),
    ] {
        let refused = publish_with(text).await.expect_err(text);
        assert!(refused.contains(says) && !refused.contains("tell-nobody"), "{refused}");
    }
    let inside = scratch.folder().join("secrets.yaml");
    fs::write(&inside, "\"form:typeform\": tell-nobody").expect("written");
    let refused = publish(scratch.with_secrets(&inside)).await.expect_err("inside").to_string();
    assert!(refused.contains("inside the playbook's folder"), "{refused}");
    fs::remove_file(inside).expect("removed");

    let client = read(&scratch.folder()).expect("no problem").playbook.client;
    publish_with("\"form:typeform\": tell-nobody\n").await.expect("published");
    publish(scratch.flags("hanako")).await.expect("published without: what was given stays");
    let house = reach::open(Some(scratch.house()), "").await.expect("a house");
    let playbooks = &house.env().playbooks;
    let live = playbooks.live(&client).await.expect("the store").expect("a client");
    assert_eq!((live.version, live.secrets.len()), (1, 1));
    assert!(!format!("{live:?}").contains("tell-nobody"), "sealed");
    let secret = playbooks.secret(&client, &live, "form:typeform").expect("opened");
    assert_eq!(secret.as_deref(), Some(b"tell-nobody".as_slice()));
}

/// The only case of the house.
async fn case(host: &Host) -> Case {
    let ledger = &host.world().env.ledger;
    let keys = ledger.cases().await.expect("the store");
    assert_eq!(keys.len(), 1);
    ledger.load(&keys[0]).await.expect("the store").expect("a case").case
}

fn node(case: &Case) -> Option<&str> {
    case.main().map(|token| token.node.as_str())
}

async fn inquire(host: &Host) {
    submit(host, "yamada", "inquiry").await;
}

async fn submit(host: &Host, client: &str, name: &str) {
    let form = "name=%E4%BD%90%E8%97%A4&email=sato%40example.com&message=coaching";
    let request = http::Request::post("/").header("content-type", "application/x-www-form-urlencoded");
    let mut request: Request = request.body(Bytes::from(form)).expect("a request");
    let params = [("client", client), ("form", name)].map(|(n, v)| (n.to_owned(), v.to_owned()));
    request.extensions_mut().insert(PathParams(params.into_iter().collect()));
    let reply = host.request("receive-form", request).await.expect("an answer");
    assert_eq!(reply.status(), 202);
    host.idle().await.expect("idle");
}

/// The files of the smallest playbook, as the README of playbooks has them.
fn write_smallest(folder: &Path) {
    let readme = include_str!("../../../../../shared/playbooks/README.md");
    let (_, chapter) = readme.split_once("## The smallest that runs\n").expect("a chapter");
    let (chapter, _) = chapter.split_once("\n## ").expect("another after it");
    let parts: Vec<&str> = chapter.split("```").collect();
    for pair in parts.chunks_exact(2) {
        let path = folder.join(pair[0].rsplit('`').nth(1).expect("a name"));
        fs::create_dir_all(path.parent().expect("a folder")).expect("made");
        fs::write(path, pair[1].split_once('\n').expect("a block").1).expect("written");
    }
}

#[tokio::test]
async fn the_smallest_playbook_of_the_readme_plays_a_case() {
    let scratch = Scratch::new("smallest");
    fs::remove_dir_all(scratch.folder()).expect("removed");
    write_smallest(&scratch.folder());
    drop(Host::open(config(&scratch)).await.expect("a house"));
    publish(scratch.flags("aoi")).await.expect("published");
    let host = Host::open(config(&scratch)).await.expect("a house");
    submit(&host, "aoi", "question").await;
    let waiting = case(&host).await;
    assert_eq!((node(&waiting), waiting.status), (Some("look"), Status::Open));
    assert_eq!(waiting.tracks.values().filter(|track| matches!(track, banto_domain::Track::Ask(_))).count(), 1);
}

#[tokio::test]
async fn check_begins_each_line_with_its_place_and_can_refuse_what_is_odd() {
    let scratch = Scratch::new("check");
    let flags = |deny_warnings| Check { dir: scratch.folder(), deny_warnings };
    check(&flags(true)).expect("nothing is odd");
    scratch.change("quiet: {", "# quiet: {");
    check(&flags(false)).expect("odd, and let be");
    let odd = check(&flags(true)).expect_err("odd, and refused");
    let place =
        format!("{}:3:1: warning: quiet: there are no quiet hours", scratch.folder().join("playbook.yaml").display());
    assert!(odd.to_string().starts_with(&place) && matches!(odd, CliError::Found(..)), "{odd}");
    scratch.change("zone: Asia/Tokyo", "zone: Asia/Tokio");
    let wrong = check(&flags(false)).expect_err("wrong").to_string();
    let place = scratch.folder().join("playbook.yaml").display().to_string();
    assert!(wrong.starts_with(&format!("{place}:6:7: zone: Asia/Tokio")), "{wrong}");
    assert!(
        wrong.ends_with(&format!("\nbanto: 1 problem in {}: mend and check again", scratch.folder().display())),
        "{wrong}"
    );
}

#[tokio::test]
async fn a_running_case_goes_on_under_another_version() {
    let scratch = Scratch::new("migrate");
    drop(Host::open(config(&scratch)).await.expect("a house"));
    let refused = migrate(scratch.migrating(&[], true)).await.expect_err("nothing there").to_string();
    assert!(refused.contains("yamada has no playbook in this house"), "{refused}");
    publish(scratch.flags("hanako")).await.expect("published");
    let host = Host::open(config(&scratch)).await.expect("a house");
    inquire(&host).await;
    let before = case(&host).await;
    assert_eq!((node(&before), before.playbook_version), (Some("collect"), 1));
    drop(host);

    // The node gets another name.
    scratch.change_in("flows/inquiry.yaml", "  collect:\n", "  gather:\n");
    scratch.change_in("flows/inquiry.yaml", "accepted: collect", "accepted: gather");
    let refused = migrate(scratch.migrating(&[], true)).await.expect_err("not published").to_string();
    assert!(refused.contains("is not version 1, which is live"), "{refused}");
    publish(scratch.flags("hanako")).await.expect("published");
    let refused = migrate(scratch.migrating(&["collect=gathre"], true)).await.expect_err("no node").to_string();
    assert!(refused.contains("version 2 has no node gathre"), "{refused}");

    let here = format!("{}  version 1  inquiry/collect", before.key.case);
    let said = migrate(scratch.migrating(&[], false)).await.expect("told");
    let stays = format!("{here}: stays, as flow inquiry has no node collect; name the new one with --map collect=NEW");
    assert!(said[0].starts_with(&stays), "{said:?}");
    assert_eq!(said[1], "yamada: 0 cases went on to version 2; kept back: 1 case");
    let said = migrate(scratch.migrating(&["inquiry/collect=gather"], true)).await.expect("told");
    let would = "yamada: 1 case would go on to version 2; kept back: 0 cases".to_owned();
    assert_eq!(said, [format!("{here}: would go on at gather"), would]);
    let host = Host::open(config(&scratch)).await.expect("a house");
    assert_eq!(case(&host).await, before, "nothing changed so far");
    drop(host);

    let said = migrate(scratch.migrating(&["collect=gather"], false)).await.expect("moved");
    assert_eq!(said[0], format!("{here}: goes on at gather"));
    assert_eq!(migrate(scratch.migrating(&[], false)).await.expect("told").len(), 1, "nothing is left to move");

    // Nobody answers: the case goes on by the outcome that the new node has.
    let host = Host::open(config(&scratch)).await.expect("a house");
    let moved = case(&host).await;
    assert_eq!((node(&moved), moved.playbook_version, moved.seq), (Some("gather"), 2, before.seq + 1));
    host.advance(host.now() + jiff::SignedDuration::from_hours(24 * 9)).await.expect("advanced");
    let over = case(&host).await;
    assert_eq!((over.status, over.outcome.as_deref()), (Status::Closed, Some("gave-up")));
    let (cases, findings) = verify_all(&host.world().env).await.expect("read");
    assert_eq!((cases, findings), (1, Vec::new()));
}

fn config(scratch: &Scratch) -> crate::host::HostConfig {
    let place = crate::engine::Place::Dir(scratch.house());
    let keys = crate::house::key(&place).expect("a key");
    let mode = crate::clock::ClockMode::Manual(None);
    crate::host::HostConfig::new(place, mode, String::new(), keys).expect("the template")
}

#[test]
fn each_payment_provider_wants_its_secret() {
    let mut made = banto_playbooks::ready_made().unwrap();
    let playbook = &mut made[0].playbook;
    let billing = playbook.billing.as_mut().unwrap();
    billing.providers = vec![banto_domain::playbook::Provider::Stripe, banto_domain::playbook::Provider::Generic];
    let wanted = secrets::needed(playbook);
    assert!(wanted.contains("payment:stripe") && wanted.contains("payment:generic"), "{wanted:?}");
}
