//! One run of a handler: polled by hand, so that it can be held up, raced and dropped at any await.

use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use banto_aws::{Error, Reply};
use jiff::Timestamp;
use serde_json::Value;

use super::visit::Errand;

/// The future of a handler.
pub(super) enum Work {
    Event(Pin<Box<dyn Future<Output = Result<Value, Error>> + Send>>),
    Http(Pin<Box<dyn Future<Output = Result<Reply, Error>> + Send>>),
}

/// An asynchronous call, as often as it was tried.
#[derive(Debug, Clone)]
pub(super) struct Call {
    pub(super) function: String,
    pub(super) event: Value,
    pub(super) attempt: u32,
}

/// A message in the queue.
#[derive(Debug, Clone)]
pub(super) struct Message {
    pub(super) id: String,
    pub(super) body: String,
    pub(super) receives: u32,
    pub(super) visible_at: Timestamp,
}

/// What a run is for, and so what follows from its end.
#[derive(Debug)]
pub(super) enum Purpose {
    Call(Call),
    Messages(Vec<Message>),
    /// Changes of the table, by their number, of one shard.
    Stream(usize, Vec<usize>),
    Tick,
    Errand(Errand),
}

/// How a run ended.
#[derive(Debug)]
pub(super) enum Ended {
    Answered(Value),
    Replied(Reply),
    Failed(String),
    /// The process died.
    Dropped,
}

/// A run.
pub(super) struct Task {
    pub(super) id: u64,
    pub(super) label: String,
    pub(super) work: Work,
    pub(super) purpose: Purpose,
    /// It is dropped at this many awaits.
    pub(super) doom: Option<u32>,
    pub(super) polls: u32,
    /// Held up until then.
    pub(super) frozen: Option<Timestamp>,
    /// It must not change anything.
    pub(super) read_only: bool,
}

impl Task {
    /// Lets it go on to its next await. `None` while it isn't at its end.
    pub(super) fn poll(&mut self) -> Option<Ended> {
        if self.doom == Some(self.polls) {
            return Some(Ended::Dropped);
        }
        self.polls += 1;
        let mut context = Context::from_waker(Waker::noop());
        let work = &mut self.work;
        let polled = catch_unwind(AssertUnwindSafe(|| match work {
            Work::Event(future) => future.as_mut().poll(&mut context).map(|r| r.map(Ended::Answered)),
            Work::Http(future) => future.as_mut().poll(&mut context).map(|r| r.map(Ended::Replied)),
        }));
        match polled {
            Ok(Poll::Pending) => None,
            Ok(Poll::Ready(Ok(ended))) => Some(ended),
            Ok(Poll::Ready(Err(error))) => Some(Ended::Failed(error.to_string())),
            Err(_) => Some(Ended::Failed("bug: the handler panicked".to_owned())),
        }
    }
}
