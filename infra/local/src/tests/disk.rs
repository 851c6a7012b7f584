//! What a house is on the disk: a part that was lost, exchanged or set back is refused, and never made anew.

use std::path::{Path, PathBuf};

use banto_aws::Keys;

use super::{Cast, Scratch, at, config, poke, put};
use crate::engine::Place;
use crate::host::{Beginning, Host, HostError};
use crate::house::{self, HouseError};

/// Opens a house, lets something happen in it, and leaves.
async fn live(scratch: &Scratch, something: &str) {
    let host = Host::open(config(scratch.place(), &Cast::default())).await.expect("opens");
    put(&host, "CASE#y#1", something, &[]).await;
    host.idle().await.expect("idle");
}

/// All files of a folder with their content, but for what SQLite puts beside its own.
fn files(dir: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let entries = std::fs::read_dir(dir).expect("a folder").map(|entry| entry.expect("an entry").path());
    let mut all: Vec<_> = entries.map(|path| (path.clone(), std::fs::read(path).expect("read"))).collect();
    all.sort();
    all
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("a folder");
    for (path, content) in files(from) {
        std::fs::write(to.join(path.file_name().expect("a name")), content).expect("written");
    }
}

/// What a house says that was damaged in this way after two lives; `earlier` is how it stood after the first.
async fn after(damage: impl FnOnce(&Path, &Path)) -> String {
    let (scratch, earlier) = (Scratch::new(), Scratch::new());
    live(&scratch, "C#1").await;
    copy(&scratch.0, &earlier.0);
    live(&scratch, "C#2").await;
    damage(&scratch.0, &earlier.0);
    let (mut said, before) = (Vec::new(), files(&scratch.0));
    for beginning in [Beginning::Empty, Beginning::Past(at("2026-11-01T00:00:00Z")), Beginning::Looked] {
        let mut config = config(scratch.place(), &Cast::default());
        config.beginning = beginning;
        let error = Host::open(config).await.expect_err("a damaged house");
        let HostError::House(error) = error else { panic!("{error}") };
        assert!(error.way_out().contains("put"), "{error}");
        let dir = scratch.0.to_str().expect("text");
        said.push(error.to_string().replace(&format!("{dir}/"), ""));
    }
    assert!(said.iter().all(|once| *once == said[0]), "{said:?}");
    let names = |files: Vec<(PathBuf, Vec<u8>)>| files.into_iter().map(|(path, file)| (path, file.len()));
    assert!(names(files(&scratch.0)).eq(names(before)), "nothing was made");
    said.swap_remove(0)
}

fn put_back(file: &'static str) -> impl FnOnce(&Path, &Path) {
    move |dir, earlier| {
        std::fs::copy(earlier.join(file), dir.join(file)).expect("put back");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_house_that_lost_a_store_does_not_open_as_an_empty_one() {
    let remove = |file: &'static str| move |dir: &Path, _: &Path| std::fs::remove_file(dir.join(file)).expect("gone");
    let empty = |file: &'static str| move |dir: &Path, _: &Path| std::fs::write(dir.join(file), "").expect("emptied");
    let missing = |file: &str| format!("{file} is missing, and the rest of the house is there");
    assert_eq!(after(remove("cases.sqlite")).await, missing("cases.sqlite"));
    assert_eq!(after(remove("host.sqlite")).await, missing("host.sqlite"));
    let exchanged = |file: &str| format!("{file} is empty or another house's: the rest of the house doesn't know it");
    assert_eq!(after(empty("cases.sqlite")).await, exchanged("cases.sqlite"));
    assert_eq!(after(empty("host.sqlite")).await, exchanged("host.sqlite"));
    let other = Scratch::new();
    live(&other, "C#1").await;
    let swap = |dir: &Path, _: &Path| drop(std::fs::copy(other.0.join("cases.sqlite"), dir.join("cases.sqlite")));
    assert_eq!(after(swap).await, exchanged("cases.sqlite"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_that_was_set_back_does_not_open_beside_a_newer_one() {
    let older = |file: &str| format!("{file} is older than the rest of the house: what happened since is not in it");
    assert_eq!(after(put_back("cases.sqlite")).await, older("cases.sqlite"));
    assert_eq!(after(put_back("host.sqlite")).await, older("host.sqlite"));
    let scratch = Scratch::new();
    live(&scratch, "C#1").await;
    let earlier = Scratch::new();
    copy(&scratch.0, &earlier.0);
    live(&scratch, "C#2").await;
    copy(&earlier.0, &scratch.0);
    live(&scratch, "C#3").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cut_log_of_sqlite_is_noticed() {
    let (scratch, cut) = (Scratch::new(), Scratch::new());
    live(&scratch, "C#1").await;
    let host = Host::open(config(scratch.place(), &Cast::default())).await.expect("opens");
    put(&host, "CASE#y#1", "C#2", &[]).await;
    host.idle().await.expect("idle");
    // As a process leaves it that is killed now, but for what SQLite has not yet taken over.
    copy(&scratch.0, &cut.0);
    std::fs::remove_file(cut.0.join("cases.sqlite-wal")).expect("cut");
    let error = Host::open(config(cut.place(), &Cast::default())).await.expect_err("something is gone");
    assert!(matches!(error, HostError::House(HouseError::Older(_))), "{error}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_index_that_would_wake_nobody_is_found() {
    let scratch = Scratch::new();
    let host = Host::open(config(scratch.place(), &Cast::default())).await.expect("opens");
    put(&host, "CASE#y#1", "S", &[("due_shard", "0"), ("due_at", "2026-12-01T00:00:00Z")]).await;
    host.idle().await.expect("idle");
    drop(host);
    let astray = || async {
        let mut config = config(scratch.place(), &Cast::default());
        config.beginning = Beginning::Looked;
        let host = Host::open(config).await.expect("opens");
        let found = banto_aws::reader::verify_all(&host.world().env).await.expect("the store").1;
        found.iter().filter(|finding| finding.what == "an index doesn't have it as it stands").count()
    };
    assert_eq!(astray().await, 0);
    let connection = rusqlite::Connection::open(scratch.0.join("cases.sqlite")).expect("opens");
    assert_eq!(connection.execute("DELETE FROM \"banto::gsi::due\"", []).expect("deleted"), 1);
    drop(connection);
    assert_eq!(astray().await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_is_made_for_a_new_house_only() {
    let scratch = Scratch::new();
    let keys = house::key(&scratch.place()).expect("a new house gets one");
    assert_eq!(house::key(&scratch.place()).expect("and keeps it").check(), keys.check());
    live(&scratch, "C#1").await;
    for lost in [|path: &Path| std::fs::remove_file(path), |path: &Path| std::fs::write(path, "")] {
        lost(&scratch.0.join("root.key")).expect("lost");
        let before = files(&scratch.0);
        let error = house::key(&scratch.place()).expect_err("no new one");
        assert!(matches!(error, HouseError::NoKey(_)), "{error}");
        assert!(error.way_out().contains("backup"));
        assert_eq!(files(&scratch.0), before, "nothing was written");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wrong_key_opens_nothing() {
    let scratch = Scratch::new();
    live(&scratch, "C#1").await;
    for beginning in [Beginning::Empty, Beginning::Looked] {
        let mut config = config(scratch.place(), &Cast::default());
        (config.keys, config.beginning) = (Keys::new([8; 32]), beginning);
        let error = Host::open(config).await.expect_err("another key");
        assert!(matches!(error, HostError::House(HouseError::OtherKey(_))), "{error}");
    }
    live(&scratch, "C#2").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_house_of_a_version_without_marks_gets_them() {
    let scratch = Scratch::new();
    live(&scratch, "C#1").await;
    for (file, sql) in
        [("cases.sqlite", "DROP TABLE _banto_house"), ("host.sqlite", "DELETE FROM meta WHERE key IN ('house', 'key')")]
    {
        let connection = rusqlite::Connection::open(scratch.0.join(file)).expect("opens");
        connection.execute_batch(sql).expect("without marks");
    }
    live(&scratch, "C#2").await;
    let mut config = config(scratch.place(), &Cast::default());
    config.keys = Keys::new([8; 32]);
    Host::open(config).await.expect_err("it knows its key now");
}

#[test]
fn many_who_make_a_house_at_once_make_one_key() {
    let scratch = Scratch::new();
    let place = scratch.place();
    let made: Vec<String> = std::thread::scope(|scope| {
        let makers: Vec<_> = (0..16).map(|_| scope.spawn(|| house::key(&place).expect("a key").check())).collect();
        makers.into_iter().map(|maker| maker.join().expect("made")).collect()
    });
    assert!(made.iter().all(|key| *key == made[0]), "{made:?}");
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_else_reads_a_house() {
    use std::os::unix::fs::PermissionsExt as _;
    let scratch = Scratch::new();
    house::key(&scratch.place()).expect("a key");
    let host = Host::open(config(scratch.place(), &Cast::default())).await.expect("opens");
    put(&host, "CASE#y#1", "C#1", &[]).await;
    poke(&host, "notify").await;
    let mode = |path: &Path| std::fs::metadata(path).expect("there").permissions().mode() & 0o777;
    assert_eq!(mode(&scratch.0), 0o700);
    let names: Vec<_> = files(&scratch.0).into_iter().map(|(path, _)| path).collect();
    assert!(names.iter().any(|path| path.ends_with("cases.sqlite-wal")), "{names:?}");
    for path in &names {
        assert_eq!(mode(path), 0o600, "{}", path.display());
    }
    assert_eq!(house::open_to_others(&scratch.0), Vec::<PathBuf>::new());
    for path in [scratch.0.clone(), scratch.0.join("root.key")] {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).expect("opened");
    }
    assert_eq!(house::open_to_others(&scratch.0), [scratch.0.join("root.key")]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_preparation_left_that_was_killed_is_not_taken_for_a_practice() {
    let opened = at("2026-11-01T00:00:00Z");
    let past = |place: Place| {
        let mut config = config(place, &Cast::default());
        config.beginning = Beginning::Past(opened);
        config
    };
    let scratch = Scratch::new();
    let host = Host::open(past(scratch.place())).await.expect("opens");
    assert!(host.wants_past() && host.now() == opened);
    put(&host, "CASE#y#1", "C#1", &[]).await;
    host.advance(at("2026-11-05T00:00:00Z")).await.expect("moved");
    drop(host);

    let host = Host::open(past(scratch.place())).await.expect("opens again");
    assert!(host.wants_past() && host.now() == opened, "it begins anew");
    assert_eq!(host.engine().extent("banto").expect("read"), None, "nothing is left");
    put(&host, "CASE#y#1", "C#2", &[]).await;
    host.is_lived().await.expect("told");
    drop(host);

    let host = Host::open(past(scratch.place())).await.expect("opens");
    assert!(!host.wants_past(), "it was seen");
    assert!(host.engine().extent("banto").expect("read").is_some(), "and keeps what it has");
}
