use std::fs;

use super::*;
use crate::cli::demo;

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
        Publish { dir: self.folder(), data: Some(self.house()), approved_by: by.to_owned() }
    }

    fn change(&self, from: &str, to: &str) {
        let path = self.folder().join("playbook.yaml");
        let text = fs::read_to_string(&path).expect("text");
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
    let host = dead_letters::open(Some(scratch.house())).await.expect("a house");
    let playbooks = &host.world().env.playbooks;
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

fn config(scratch: &Scratch) -> crate::host::HostConfig {
    let place = crate::engine::Place::Dir(scratch.house());
    let keys = demo::keys(&place).expect("a key");
    let mode = crate::clock::ClockMode::Manual(None);
    crate::host::HostConfig::new(place, mode, String::new(), keys).expect("the template")
}
