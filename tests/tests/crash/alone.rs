//! One machine, and what may befall a house on it: a log that can't be written, a hasty end, many who start at once, a
//! preparation that is cut short, files that are lost, a folder that can only be read.

use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use banto_tests::free_port;
use banto_tests::parts::http;

use super::{banto, command, end, get, load};

/// A directory that goes when the test ends.
struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str) -> Self {
        Self(std::env::temp_dir().join(format!("banto-alone-{name}-{}", std::process::id())))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.0).unwrap_or_default();
    }
}

/// One after the other: a free port is free until somebody takes it.
static TURN: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());

/// Practice mode, by the shell: with redirections.
fn demo(data: &Path, port: u16, more: &str) -> Child {
    let (banto, data) = (banto(), data.display().to_string());
    let line = format!("exec '{}' demo --data '{data}' --listen 127.0.0.1:{port} {more}", banto.display());
    let mut shell = Command::new("sh");
    shell.args(["-c", &line]).stdin(Stdio::null()).stdout(Stdio::null()).spawn().expect("a shell")
}

fn clock() -> String {
    format!("--clock manual={}", load::NOW)
}

/// Waits until it answers.
async fn answers(port: u16) {
    for _ in 0..2400 {
        if let Ok(mut stream) = std::net::TcpStream::connect(("127.0.0.1", port)) {
            stream.set_read_timeout(Some(Duration::from_secs(120))).expect("set");
            stream
                .write_all(b"GET /_local/clock HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
                .expect("asked");
            let mut answer = String::new();
            if stream.read_to_string(&mut answer).is_ok() && answer.starts_with("HTTP/1.1 200") {
                return;
            }
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("banto does not answer");
}

fn signal(child: &Child, name: &str) {
    let sent = Command::new("sh").args(["-c", &format!("kill -{name} {}", child.id())]).status().expect("a shell");
    assert!(sent.success());
}

fn run(arguments: &[&str], data: &Path) -> Output {
    command(arguments, data).stdout(Stdio::piped()).stderr(Stdio::piped()).output().expect("it runs")
}

/// The newest link in somebody's mailbox.
async fn link(port: u16, to: &str) -> String {
    let mails = get(port, "/_local/mail").await;
    let mine = mails.as_array().expect("mails").iter().find(|m| m["to"].as_str().is_some_and(|all| all.contains(to)));
    let text = mine.and_then(|mail| mail["text"].as_str()).expect("a mail").to_owned();
    let rest = text.split("/a/").nth(1).expect("a link");
    format!("/a/{}", rest.split_whitespace().next().expect("a token"))
}

/// The ready-made playbook as a folder of one's own, with another price.
fn dearer(scratch: &Path) -> PathBuf {
    let (from, to) = (Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/playbooks/yamada"), scratch.join("yamada"));
    let copied = Command::new("cp").arg("-r").args([&from, &to]).status().expect("a shell");
    assert!(copied.success());
    let file = to.join("playbook.yaml");
    let text = std::fs::read_to_string(&file).expect("text");
    assert!(text.contains("price: 16500"));
    std::fs::write(file, text.replace("price: 16500", "price: 22000")).expect("written");
    to
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs `cargo build --workspace --bins`"]
async fn a_version_is_proposed_while_the_house_runs_and_live_by_a_link() {
    let _turn = TURN.lock().await;
    let scratch = Scratch::new("versions");
    let data = scratch.0.join("house");
    std::fs::create_dir_all(&scratch.0).expect("made");
    let (folder, port) = (dearer(&scratch.0), free_port());
    // It is killed, and leaves its door: the next one has the house, and a door of its own.
    let mut killed = demo(&data, port, &format!("--empty {}", clock()));
    answers(port).await;
    end(&mut killed);
    let mut child = demo(&data, port, &format!("--empty {}", clock()));
    answers(port).await;
    let dir = folder.display().to_string();
    let asked = run(&["playbook", "propose", &dir, "--by", "desk"], &data);
    let said = String::from_utf8_lossy(&asked.stdout).into_owned();
    assert!(asked.status.success() && said.contains("+ 22000") && said.contains("第2版を提案しました"), "{asked:?}");
    http(port, "POST", "/_local/idle", "", "").await;
    let form = "name=Nao&email=nao%40customer.example&message=coaching";
    let kind = "content-type: application/x-www-form-urlencoded\r\n";
    let version = async || {
        let (status, said) = http(port, "POST", "/hooks/forms/yamada/inquiry", kind, form).await;
        assert_eq!(status, 202, "{said}");
        let newest = get(port, "/_local/cases").await;
        let all = newest.as_array().expect("cases").iter().filter(|case| case["flow"] == "inquiry");
        all.map(|case| case["playbook_version"].as_u64().expect("a version")).max().expect("a case")
    };
    assert_eq!(version().await, 1, "nobody approved it yet");
    let link = link(port, "hanako@").await;
    let (_, page) = http(port, "GET", &link, "accept: application/json\r\n", "").await;
    let page: serde_json::Value = serde_json::from_str(&page).expect("JSON");
    assert_eq!(page["version"]["changes"][0]["changes"][0]["lines"][1]["text"], "22000");
    let answer = format!("answer=approve&confirm=yes&shown={}", page["shown"].as_str().expect("a mark"));
    let (status, said) = http(port, "POST", &link, kind, &answer).await;
    assert_eq!(status, 200, "{said}");
    http(port, "POST", "/_local/idle", "", "").await;
    // Another submission of the same form reaches the case that is open: a new one wants another address.
    let other = "name=Ryo&email=ryo%40customer.example&message=coaching";
    assert_eq!(http(port, "POST", "/hooks/forms/yamada/inquiry", kind, other).await.0, 202);
    assert_eq!(version().await, 2, "new cases begin with it, though the clock stands");
    let again = run(&["playbook", "propose", &dir, "--by", "desk"], &data);
    assert_eq!(again.status.code(), Some(2), "it says the same: {again:?}");
    signal(&child, "TERM");
    assert!(child.wait().expect("it ends").success());
    assert!(!data.join("banto.sock").exists(), "the door goes with the house");
    super::is_in_order(&data, "after a version was published");
}

/// A house that was opened, and left in order.
async fn left(scratch: &Scratch) {
    let port = free_port();
    let mut child = demo(&scratch.0, port, &format!("--empty {}", clock()));
    answers(port).await;
    signal(&child, "INT");
    let ended = child.wait().expect("it ends");
    assert!(ended.success(), "{ended}");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs `cargo build --workspace --bins`"]
async fn business_goes_on_when_the_log_cant_be_written() {
    let _turn = TURN.lock().await;
    for redirected in ["2>/dev/full", "2>&-", ">&- 2>&-", ">/dev/full 2>/dev/full"] {
        let scratch = Scratch::new("log");
        let port = free_port();
        let mut child = demo(&scratch.0, port, &format!("--empty {} {redirected}", clock()));
        answers(port).await;
        let form = "content-type: application/x-www-form-urlencoded\r\n";
        let body = "name=Nao&email=nao%40customer.example&message=hello";
        let (status, said) = http(port, "POST", "/hooks/forms/harbor/inquiry", form, body).await;
        assert_eq!(status, 202, "{redirected}: {said}");
        http(port, "POST", "/_local/idle", "", "").await;
        assert!(!get(port, "/_local/mail").await.as_array().expect("mails").is_empty(), "{redirected}");
        end(&mut child);
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs `cargo build --workspace --bins`"]
async fn it_ends_within_seconds_whoever_is_connected() {
    let _turn = TURN.lock().await;
    for name in ["INT", "TERM"] {
        let scratch = Scratch::new("end");
        let port = free_port();
        let mut child = demo(&scratch.0, port, &format!("--empty {}", clock()));
        answers(port).await;
        let mut open = std::net::TcpStream::connect(("127.0.0.1", port)).expect("connected");
        open.write_all(b"POST /hooks/forms/harbor/inquiry HTTP/1.1\r\nHost: localhost\r\n").expect("half sent");
        let began = Instant::now();
        signal(&child, name);
        assert!(child.wait().expect("it ends").success(), "{name}");
        assert!(began.elapsed() < Duration::from_secs(8), "{name}: {:?}", began.elapsed());
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs `cargo build --workspace --bins`"]
async fn of_many_who_start_at_once_one_has_the_house() {
    let _turn = TURN.lock().await;
    let scratch = Scratch::new("many");
    let start = |_| {
        let mut started = command(&["demo", "--empty", "--listen", "127.0.0.1:0"], &scratch.0);
        started.stderr(Stdio::piped()).spawn().expect("banto starts")
    };
    let mut all: Vec<Child> = (0..5).map(start).collect();
    let began = Instant::now();
    let mut refused = Vec::new();
    while refused.len() < 4 {
        assert!(began.elapsed() < Duration::from_secs(60), "{refused:?}");
        tokio::time::sleep(Duration::from_millis(50)).await;
        let over = all.iter_mut().position(|child| child.try_wait().expect("waited").is_some());
        if let Some(n) = over {
            let output = all.swap_remove(n).wait_with_output().expect("over");
            refused.push((output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned()));
        }
    }
    end(&mut all[0]);
    for (code, said) in refused {
        assert!(code == Some(2) && said.contains("another banto is using this directory"), "{code:?} {said}");
    }
    assert!(run(&["verify"], &scratch.0).status.success());
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "takes a minute, and needs `cargo build --workspace --bins`"]
async fn a_preparation_that_was_killed_is_made_again() {
    let _turn = TURN.lock().await;
    let (whole, killed) = (Scratch::new("whole"), Scratch::new("killed"));
    let port = free_port();
    let mut child = demo(&whole.0, port, &clock());
    answers(port).await;
    let cases = get(port, "/_local/cases").await.as_array().expect("cases").len();
    end(&mut child);
    for millis in [700, 1900] {
        let mut child = demo(&killed.0, free_port(), &clock());
        tokio::time::sleep(Duration::from_millis(millis)).await;
        end(&mut child);
    }
    let port = free_port();
    let mut child = demo(&killed.0, port, &clock());
    answers(port).await;
    assert_eq!(get(port, "/_local/cases").await.as_array().expect("cases").len(), cases);
    end(&mut child);
    for check in ["verify", "doctor"] {
        let output = run(&[check], &killed.0);
        assert!(output.status.success(), "{check}: {}", String::from_utf8_lossy(&output.stdout));
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs `cargo build --workspace --bins`"]
async fn a_house_that_lost_something_is_neither_green_nor_begun_anew() {
    let _turn = TURN.lock().await;
    for lost in ["root.key", "cases.sqlite", "host.sqlite"] {
        let scratch = Scratch::new("lost");
        left(&scratch).await;
        std::fs::remove_file(scratch.0.join(lost)).expect("lost");
        for command in [["verify"].as_slice(), &["doctor"], &["demo", "--listen", "127.0.0.1:0"], &["dead-letters"]] {
            let output = run(command, &scratch.0);
            let said = String::from_utf8_lossy(&output.stderr);
            assert_eq!(output.status.code(), Some(2), "{command:?} without {lost}: {said}");
            assert!(said.contains(&format!("{lost} is missing")) && said.contains("backup"), "{command:?}: {said}");
            assert!(!scratch.0.join(lost).exists(), "{command:?} made {lost} anew");
        }
    }
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs `cargo build --workspace --bins`"]
async fn a_folder_that_can_only_be_read_is_verified() {
    let _turn = TURN.lock().await;
    use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
    use std::os::unix::process::CommandExt as _;
    let (scratch, elsewhere) = (Scratch::new("read"), Scratch::new("binary"));
    left(&scratch).await;
    let allow = |path: &Path, mode| std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).expect("set");
    for entry in std::fs::read_dir(&scratch.0).expect("a folder") {
        allow(&entry.expect("an entry").path(), 0o444);
    }
    allow(&scratch.0, 0o555);
    // Whoever may do everything may write everywhere: then it is nobody who looks.
    std::fs::create_dir_all(&elsewhere.0).expect("a folder");
    allow(&elsewhere.0, 0o755);
    let copy = elsewhere.0.join("banto");
    std::fs::copy(banto(), &copy).expect("copied");
    let is_root = std::fs::metadata("/proc/self").is_ok_and(|me| me.uid() == 0);
    for check in ["verify", "doctor"] {
        let mut command = Command::new(&copy);
        command.arg(check).arg("--data").arg(&scratch.0);
        if is_root {
            command.uid(65_534);
        }
        let output = command.output().expect("it runs");
        let said = [output.stdout, output.stderr].map(|said| String::from_utf8_lossy(&said).into_owned());
        assert!(output.status.success(), "{check}: {said:?}");
    }
    allow(&scratch.0, 0o755);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs `cargo build --workspace --bins`"]
async fn a_house_is_verified_while_it_runs_and_goes_on() {
    let _turn = TURN.lock().await;
    let scratch = Scratch::new("running");
    let port = free_port();
    let mut child = demo(&scratch.0, port, &format!("--empty {}", clock()));
    answers(port).await;
    let writer = tokio::spawn(async move {
        for taken in 0..150 {
            let body = format!(
                "name=%E5%A5%88%E7%B7%92&email=nao{taken}%40customer.example&message=%E7%84%A1%E6%96%99%E4%BD%93%E9%A8%93"
            );
            let kind = "content-type: application/x-www-form-urlencoded\r\n";
            let (status, said) = http(port, "POST", "/hooks/forms/yamada/inquiry", kind, &body).await;
            assert_eq!(status, 202, "{said}");
        }
    });
    for command in ["verify", "doctor", "verify"] {
        let looked = run(&[command], &scratch.0);
        assert!(looked.status.success(), "{command}: {}", String::from_utf8_lossy(&looked.stderr));
    }
    writer.await.expect("it goes on");
    signal(&child, "INT");
    assert!(child.wait().expect("it ends").success());
    let looked = run(&["verify"], &scratch.0);
    assert!(looked.status.success(), "{}", String::from_utf8_lossy(&looked.stderr));
}
