//! kill -9 of the local host in the middle of load, again and again (`BANTO_KILLS`, 20): nothing acknowledged is lost,
//! nothing is sent twice, no hour of a coach has two bookings, no payment counts twice and none goes back twice; `verify`
//! and `doctor` are content with what each death left.
#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "tests fail by panicking and print what they counted"
)]

mod crash {
    mod alone;
    mod check;
    mod load;

    use std::path::{Path, PathBuf};
    use std::process::{Child, Command, Stdio};
    use std::sync::Arc;
    use std::time::Duration;

    use banto_tests::free_port;
    use banto_tests::parts::http;
    use serde_json::{Value, json};

    use self::check::Found;
    use self::load::{Load, UnderWay};

    /// People who fill in the form and leave it at that, at the same time.
    const WRITERS: usize = 2;
    /// People who go on to a slot, and to a payment.
    const CUSTOMERS: usize = 4;
    /// A life lasts until so many answers and payments were acknowledged, and some moments more.
    const HEARD_IN_A_LIFE: usize = 4;

    /// A house is killed so many times at the most: then its seminars are full, and nobody pays any more.
    const KILLS_OF_A_HOUSE: u64 = 20;

    fn kills() -> u64 {
        std::env::var("BANTO_KILLS").map_or(20, |said| said.parse().expect("BANTO_KILLS is a number"))
    }

    /// The `banto` command, as `cargo build --bins` leaves it beside this test.
    fn banto() -> PathBuf {
        let test = std::env::current_exe().expect("a path");
        let path = test.parent().and_then(Path::parent).expect("a target directory").join("banto");
        assert!(path.exists(), "{} is missing: run `cargo build --workspace --bins` first", path.display());
        path
    }

    fn command(arguments: &[&str], data: &Path) -> Command {
        let mut command = Command::new(banto());
        command
            .args(arguments)
            .arg("--data")
            .arg(data)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        command
    }

    async fn start(data: &Path, port: u16) -> Child {
        let listen = format!("127.0.0.1:{port}");
        let clock = format!("manual={}", load::NOW);
        let mut child =
            command(&["demo", "--empty", "--listen", &listen, "--clock", &clock], data).spawn().expect("banto starts");
        for _ in 0..600 {
            if tokio::net::TcpStream::connect(("127.0.0.1", port)).await.is_ok() {
                return child;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        end(&mut child);
        panic!("banto does not listen");
    }

    /// SIGKILL.
    fn end(child: &mut Child) {
        child.kill().expect("killed");
        child.wait().expect("gone");
    }

    /// What the commands say of the house as it was left.
    fn is_in_order(data: &Path, when: &str) {
        for check in ["verify", "doctor"] {
            let output =
                command(&[check], data).stdout(Stdio::piped()).stderr(Stdio::piped()).output().expect("it runs");
            let said = [output.stdout, output.stderr].map(|said| String::from_utf8_lossy(&said).into_owned());
            assert!(output.status.success(), "banto {check} {when}: {said:?}");
        }
    }

    #[tokio::test(flavor = "multi_thread")]
    #[ignore = "takes some minutes, and needs `cargo build --workspace --bins`"]
    async fn nothing_acknowledged_is_lost_and_nothing_happens_twice() {
        let (began, all) = (std::time::Instant::now(), kills());
        let (mut killed, mut under_way) = (0, UnderWay::default());
        while killed < all {
            let now = KILLS_OF_A_HOUSE.min(all - killed);
            house(now, &mut under_way).await;
            killed += now;
        }
        if all >= KILLS_OF_A_HOUSE {
            under_way.check();
        }
        println!("{killed} kills, {under_way}; {} s", began.elapsed().as_secs());
    }

    /// One house, from its first day to its last.
    async fn house(kills: u64, under_way: &mut UnderWay) {
        let data = std::env::temp_dir().join(format!("banto-crash-{}", std::process::id()));
        let load = Arc::new(Load::new(free_port(), data.clone()));
        let writers = (0..WRITERS).map(|_| tokio::spawn(Arc::clone(&load).write()));
        let people: Vec<_> = writers.collect();
        let customers: Vec<_> = (0..CUSTOMERS).map(|_| tokio::spawn(Arc::clone(&load).walk())).collect();
        for kill in 1..=kills {
            let mut child = start(&data, load.port).await;
            load.is_away(false);
            load.hears(HEARD_IN_A_LIFE).await;
            // Different each time, so that it hits every part of the work: an answer, a payment, a refund, or whatever.
            match usize::try_from(kill % 4).expect("small") {
                3 => tokio::time::sleep(Duration::from_millis(kill * 37 % 300)).await,
                what => load.begins(what).await,
            }
            tokio::time::sleep(Duration::from_millis(kill * 7 % 12)).await;
            under_way.count(&load);
            end(&mut child);
            load.is_away(true);
            let data = data.clone();
            let checked = tokio::task::spawn_blocking(move || is_in_order(&data, &format!("after {kill} kills")));
            checked.await.expect("in order");
        }
        load.stop();
        for person in people.into_iter().chain(customers) {
            person.await.expect("every answer was one that a visitor may get");
        }

        let mut child = start(&data, load.port).await;
        // Longer than a lease, and than all retries of a step.
        for by in ["PT1H", "PT3H"] {
            let by = json!({ "advance": by }).to_string();
            let headers = "content-type: application/json\r\n";
            let (status, said) = http(load.port, "POST", "/_local/clock", headers, &by).await;
            assert_eq!(status, 200, "{said}");
        }
        let found = Found::read(&load).await;
        end(&mut child);
        found.check(&load.known());
        if kills == KILLS_OF_A_HOUSE {
            let enough = [("booking.confirmed", 10), ("payment.recorded", 3), ("payment.refunded", 0)];
            assert!(enough.iter().all(|(kind, few)| found.booked(kind) > *few), "{load}; {found}");
        }
        is_in_order(&data, "in the end");
        std::fs::remove_dir_all(&data).expect("removed");
        println!("{load}; {found}; {kills} kills");
    }

    /// One page of practice mode, as JSON.
    async fn get(port: u16, path: &str) -> Value {
        let (status, body) = http(port, "GET", path, "accept: application/json\r\n", "").await;
        assert_eq!(status, 200, "{path}: {body}");
        serde_json::from_str(&body).expect("JSON")
    }
}
