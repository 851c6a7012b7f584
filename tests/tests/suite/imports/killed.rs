//! An import, or the start of what was imported, that is broken off anywhere ends the same when it is done again.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};

use aws_smithy_runtime_api::client::result::ConnectorError;
use banto::wire::{Answering, Backend, Call};
use banto_domain::Actor;
use tokio::sync::Notify;

use super::super::house::House;
use super::{COACH, bring_in, collector, preview, three, to_customers, yamada};

/// A store that a process dies at: at the nth transaction from now, before it is made or after.
#[derive(Debug)]
struct Deadly {
    all: Arc<dyn Backend>,
    left: Arc<AtomicI64>,
    made: Arc<AtomicBool>,
    dies: Arc<Notify>,
}

impl Backend for Deadly {
    fn call(&self, call: Call) -> Answering<'_> {
        let last = call.operation == "TransactWriteItems" && self.left.fetch_sub(1, Ordering::SeqCst) == 0;
        if !last {
            return self.all.call(call);
        }
        Box::pin(async move {
            if self.made.load(Ordering::SeqCst) {
                self.all.call(call).await?;
            }
            self.dies.notify_one();
            // Whoever waits is dead by then, or is told that nobody answers.
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
            Err(ConnectorError::timeout("nobody answers".into()))
        })
    }
}

pub(crate) struct Deaths {
    pub(crate) left: Arc<AtomicI64>,
    pub(crate) made: Arc<AtomicBool>,
    dies: Arc<Notify>,
}

pub(crate) async fn house() -> (House, Deaths) {
    let deaths = Deaths { left: Arc::new(AtomicI64::new(-1)), made: Arc::default(), dies: Arc::default() };
    let (left, made, dies) = (Arc::clone(&deaths.left), Arc::clone(&deaths.made), Arc::clone(&deaths.dies));
    let layer = Arc::new(move |all: Arc<dyn Backend>| {
        let (left, made, dies) = (Arc::clone(&left), Arc::clone(&made), Arc::clone(&dies));
        Arc::new(Deadly { all, left, made, dies }) as Arc<dyn Backend>
    });
    (House::open_behind("2026-12-01T00:00:00Z", layer).await, deaths)
}

/// Where each case stands, whoever is asked left out.
async fn all(house: &House) -> BTreeSet<String> {
    let mut all = BTreeSet::new();
    for id in house.case_numbers().await {
        all.insert(format!("{id} {}", house.stands(&id).await));
    }
    all
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_half_way_and_run_again_it_ends_the_same() {
    let (whole, _) = house().await;
    bring_in(&whole, &three()).await;
    let wanted = all(&whole).await;
    assert_eq!(wanted.len(), 4);
    for (at, made) in (0..4).flat_map(|at| [(at, false), (at, true)]) {
        let (house, deaths) = house().await;
        let (playbook, seen) = (yamada(&house).await, preview(&house, &three()).await);
        deaths.made.store(made, Ordering::SeqCst);
        deaths.left.store(at, Ordering::SeqCst);
        let env = &house.host.world().env;
        tokio::select! {
            imported = env.import(&playbook, &seen, &Actor::Operator) => panic!("it died: {imported:?}"),
            () = deaths.dies.notified() => {}
        }
        // The house runs, and nobody is asked about what isn't complete.
        house.until("2026-12-01T01:00:00Z").await;
        assert_eq!(to_customers(&house).await, [] as [&str; 0]);
        house.is_in_order().await;
        let again = bring_in(&house, &three()).await;
        assert_eq!(again.asks.is_none(), at == 3 && made, "asked once: {at} {made}");
        assert_eq!(all(&house).await, wanted, "{at} {made}");
        // And after another list that has one customer more.
        let mut more = three();
        more.push("C-4,原,hara@customer.example,6回プログラム,1,,,,,,,,".to_owned());
        assert_eq!(bring_in(&house, &more).await.opened, 1);
        house.is_in_order().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whom_another_list_left_behind_is_asked_about_once() {
    let (house, deaths) = house().await;
    let (playbook, seen) = (yamada(&house).await, preview(&house, &three()).await);
    deaths.left.store(2, Ordering::SeqCst);
    tokio::select! {
        imported = house.host.world().env.import(&playbook, &seen, &Actor::Operator) => panic!("it died: {imported:?}"),
        () = deaths.dies.notified() => {}
    }
    // Somebody mends the list before it is imported again: two are here, and nobody was asked about them.
    let mended: Vec<String> = three()
        .into_iter()
        .take(2)
        .chain(["C-4,原,hara@customer.example,6回プログラム,1,,,,,,,,".to_owned()])
        .collect();
    let imported = bring_in(&house, &mended).await;
    assert_eq!(imported.opened, 1);
    let asks = collector(&house).await;
    let link = house.open_link(COACH, &asks).await;
    let page = super::super::steps::body(&house.look(&link).await);
    assert!(page.contains("全3件") && page.contains("田中 花子") && page.contains("原"), "{page}");
    assert_eq!(bring_in(&house, &mended).await.asks, None, "asked once");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_start_that_is_broken_off_goes_on_and_starts_each_once() {
    for (at, made) in (1..6).flat_map(|at| [(at, false), (at, true)]) {
        let (house, deaths) = house().await;
        bring_in(&house, &three()).await;
        let asks = collector(&house).await;
        let link = house.open_link(COACH, &asks).await;
        // The first transaction is the answer itself.
        deaths.made.store(made, Ordering::SeqCst);
        deaths.left.store(at, Ordering::SeqCst);
        house.answer(&link, "start", &[]).await;
        house.until("2026-12-01T06:00:00Z").await;
        assert!(deaths.left.load(Ordering::SeqCst) < 0, "it died");
        assert_eq!(house.stands(&asks).await, "closed - started", "{at} {made}");
        for id in house.case_numbers().await.into_iter().filter(|id| *id != asks) {
            let started = house.journal(&id).await.into_iter().flat_map(|commit| commit.entries);
            let started = started.filter(|stamped| stamped.entry.kind() == "automation.resumed").count();
            assert_eq!(started, 1, "{id} {at} {made}");
        }
        house.is_in_order().await;
    }
}
