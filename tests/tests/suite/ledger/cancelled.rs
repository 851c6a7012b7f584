//! Transactions that are cancelled for another reason than a condition: those that met another one are made again as they
//! are, and those that never can be made are our bug at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use banto::wire::{Answering, Backend, Call, Reply};
use banto_aws::{Changed, Error, Plan};
use banto_domain::rules::ask;
use banto_domain::{Actor, Id, Rejection};
use banto_tests::TestWorld;
use serde_json::json;

use crate::suite::steps::{case, inquire};

/// What the store of one machine answers when its disk is full.
const FULL: &str = "StorageFull";

/// Cancels so many transactions with this code, and hands on everything else.
#[derive(Debug)]
struct Cancels {
    store: Arc<dyn Backend>,
    code: &'static str,
    left: AtomicUsize,
}

impl Backend for Cancels {
    fn call(&self, call: Call) -> Answering<'_> {
        let take = |left: usize| left.checked_sub(1);
        let cancels = call.operation == "TransactWriteItems"
            && self.left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, take).is_ok();
        if !cancels {
            return self.store.call(call);
        }
        if self.code == FULL {
            return Box::pin(async { Ok(Reply::error(400, FULL, "the disk is full")) });
        }
        let body = json!({
            "__type": "com.amazonaws.dynamodb.v20120810#TransactionCanceledException", "Message": "cancelled",
            "CancellationReasons": [{ "Code": "None" }, { "Code": self.code, "Message": "why" }],
        });
        let reply = Reply { body: body.to_string().into(), ..Reply::error(400, "", "") };
        Box::pin(async move { Ok(reply) })
    }
}

/// What comes of a change when its first `times` transactions are cancelled with this code, how often it was decided, and
/// how many commits there are then.
async fn changed(code: &'static str, times: usize) -> (banto_aws::Result<Changed<(), Rejection>>, usize, u64) {
    let cancels = Arc::new(std::sync::OnceLock::new());
    let kept = Arc::clone(&cancels);
    let t = TestWorld::embedded_behind(move |store| {
        let between = Arc::new(Cancels { store, code, left: AtomicUsize::new(0) });
        kept.set(Arc::clone(&between)).expect("once");
        between
    });
    let t = t.with_playbooks().await;
    let key = inquire(&t).await;
    let cancels = cancels.get().expect("in between");
    cancels.left.store(times, Ordering::SeqCst);
    let plan = Plan { key: &key, function: "test", actor: Actor::Banto };
    let (cause, decided) = (Id::derive(&["x"]), AtomicUsize::new(0));
    let decide = |draft: &mut banto_domain::Draft<'_>| {
        decided.fetch_add(1, Ordering::SeqCst);
        ask::skip(draft, "x").map(Some)
    };
    let changed = t.world.env.change(&plan, None, |_| Some(cause.clone()), decide).await;
    cancels.left.store(0, Ordering::SeqCst);
    (changed, decided.load(Ordering::SeqCst), case(&t, &key).await.seq)
}

#[tokio::test(flavor = "multi_thread")]
async fn who_met_another_makes_the_same_commit_again() {
    let (changed, decided, seq) = changed("TransactionConflict", 5).await;
    assert!(matches!(changed.expect("made"), Changed::Mine((), _)));
    assert_eq!((decided, seq), (1, 2), "nobody was faster, so nothing is decided anew");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_is_not_asked_again_and_again() {
    let (changed, decided, seq) = changed(FULL, usize::MAX).await;
    let error = changed.expect_err("not made");
    assert!(matches!(&error, Error::Again(said) if said.contains("disk is full")), "{error}");
    assert_eq!((decided, seq), (1, 1), "deciding anew makes no room");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_always_meets_others_gives_up_for_now() {
    let begun = std::time::Instant::now();
    let (changed, decided, seq) = changed("TransactionConflict", usize::MAX).await;
    assert!(matches!(changed.expect_err("not made"), Error::Again(_)));
    assert_eq!((decided, seq), (1, 1));
    assert!(begun.elapsed() < std::time::Duration::from_secs(10), "about two seconds at the most");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_never_can_be_written_is_a_bug_at_once() {
    let (changed, decided, seq) = changed("ValidationError", usize::MAX).await;
    let error = changed.expect_err("not made");
    assert!(matches!(&error, Error::Bug(said) if said.contains("why")), "{error}");
    assert_eq!((decided, seq), (1, 1));
}
