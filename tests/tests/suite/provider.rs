//! When the mail provider takes nothing: it is asked more and more seldom, one person of each client learns of it, and when
//! it works again the mails leave by themselves.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use banto::wire::{Answering, Backend, Call, Reply, Service};

use super::house::House;

/// A provider that says this, until it is told to work again.
#[derive(Debug)]
struct Busy {
    all: Arc<dyn Backend>,
    says: Arc<Says>,
}

#[derive(Debug)]
struct Says {
    word: std::sync::Mutex<Option<&'static str>>,
    asked: AtomicUsize,
    /// The store fails whenever somebody is to be told of the provider.
    untold: AtomicBool,
}

impl Backend for Busy {
    fn call(&self, call: Call) -> Answering<'_> {
        let tells = call.operation == "TransactWriteItems" && call.body.windows(13).any(|w| w == b"provider-busy");
        if tells && self.says.untold.load(Ordering::SeqCst) {
            return Box::pin(async { Ok(Reply::error(500, "InternalServerError", "try again")) });
        }
        let word = *self.says.word.lock().expect("no panic");
        match word.filter(|_| call.service == Service::Ses) {
            Some(word) => {
                self.says.asked.fetch_add(1, Ordering::SeqCst);
                Box::pin(async move { Ok(Reply::error(400, word, "not now")) })
            }
            None => self.all.call(call),
        }
    }
}

async fn house(word: &'static str) -> (House, Arc<Says>) {
    let (asked, untold) = (AtomicUsize::new(0), AtomicBool::new(false));
    let says = Arc::new(Says { word: std::sync::Mutex::new(Some(word)), asked, untold });
    let kept = Arc::clone(&says);
    let layer = Arc::new(move |all: Arc<dyn Backend>| {
        let busy: Arc<dyn Backend> = Arc::new(Busy { all, says: Arc::clone(&kept) });
        busy
    });
    (House::open_behind("2026-12-01T00:00:00Z", layer).await, says)
}

impl House {
    async fn inquires(&self, client: &str, n: u32) {
        let address = format!("n{n}@customer.example");
        let fields = [("name", "佐々木 奈緒"), ("email", &address), ("message", "コーチングの無料体験を希望します。")];
        self.inquire([client, "inquiry"], &fields).await;
    }

    /// The cases in which somebody learns that the provider takes nothing, by client.
    async fn told(&self) -> Vec<String> {
        let ledger = &self.host.world().env.ledger;
        let mut told = Vec::new();
        for key in ledger.cases().await.expect("cases") {
            let case = ledger.load(&key).await.expect("the store").expect("a case").case;
            let reasons = case.asks().filter_map(|(_, ask)| ask.reason.clone());
            told.extend(reasons.filter(|r| r.starts_with("provider-busy")).map(|r| format!("{}: {r}", key.client)));
        }
        told
    }

    async fn acknowledged(&self) -> usize {
        self.post().await.iter().filter(|line| line.ends_with(" acknowledge")).count()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_busy_for_hours_is_asked_seldom_and_makes_one_task_for_each_client() {
    let (house, says) = house("TooManyRequestsException").await;
    for n in 0..4 {
        house.inquires("yamada", n).await;
    }
    house.inquires("harbor", 9).await;
    house.until("2026-12-01T00:40:00Z").await;
    assert_eq!(house.told().await, Vec::<String>::new(), "half an hour is no trouble yet");
    house.until("2026-12-01T06:00:00Z").await;
    let mut told = house.told().await;
    told.sort();
    assert_eq!(
        told,
        ["harbor: provider-busy:TooManyRequestsException", "yamada: provider-busy:TooManyRequestsException"],
        "however many mails there are"
    );
    // Five customers' mails to them, and some to the office, in six hours: every two minutes would be thousands.
    let asked = says.asked.load(Ordering::SeqCst);
    assert!(asked < 250, "asked {asked} times");
    assert_eq!(house.acknowledged().await, 0);
    *says.word.lock().expect("no panic") = None;
    house.until("2026-12-01T07:01:00Z").await;
    assert_eq!(house.acknowledged().await, 5, "within the hour all have left");
    house.is_in_order().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn that_sending_is_paused_is_told_at_once_and_once() {
    let (house, says) = house("SendingPausedException").await;
    house.inquires("yamada", 1).await;
    house.inquires("yamada", 2).await;
    assert_eq!(house.told().await, ["yamada: provider-busy:SendingPausedException"]);
    *says.word.lock().expect("no panic") = None;
    house.until("2026-12-01T02:00:00Z").await;
    assert_eq!(house.acknowledged().await, 2);
    // Whoever looked says so, and nothing is left of it.
    let told = house.case_numbers().await.len();
    let link = house.link("office").await;
    assert_eq!(house.answer(&link, "done", &[]).await.status(), 200);
    assert_eq!(house.told().await, Vec::<String>::new());
    assert_eq!(house.case_numbers().await.len(), told);
    house.is_in_order().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_could_not_be_told_is_told_before_the_mail_is_tried_again() {
    let (house, says) = house("TooManyRequestsException").await;
    says.untold.store(true, Ordering::SeqCst);
    house.inquires("yamada", 1).await;
    house.until("2026-12-01T01:10:00Z").await;
    let asked = says.asked.load(Ordering::SeqCst);
    assert_eq!((house.told().await.len(), asked), (0, 12), "two mails, and the store failed at the sixth time of each");
    // Then all works again, and no other mail is ever refused.
    says.untold.store(false, Ordering::SeqCst);
    *says.word.lock().expect("no panic") = None;
    house.until("2026-12-01T02:10:00Z").await;
    assert_eq!(house.told().await, ["yamada: provider-busy:again-and-again"]);
    assert_eq!(house.acknowledged().await, 1);
    house.is_in_order().await;
}
