//! The hands of the host: takes what is due (stream records, messages, calls), calls the functions, and writes down
//! what came of it. Owns retries and giving up, as AWS does them; refuses to decide when: the host and its clock do.
//!
//! ```text
//! call.rs    one call of a function: its time limit, its panics, its meter
//! settle.rs  what becomes of a call or a batch of messages afterwards
//! stream.rs  the table's stream: filter, batches, checkpoint
//! trouble.rs what fails for a long time is told once, and tried slowly
//! ```

mod call;
mod settle;
mod stream;
mod trouble;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use banto_aws::World;
use jiff::Timestamp;
use tokio::sync::{Mutex, Semaphore};
use tokio::task::JoinSet;

use crate::clock::HostClock;
use crate::engine::Engine;
use crate::host::HostError;
use crate::meter::Meter;
use crate::plan::Plan;
use crate::store::{Job, Store};
use banto_cloud::Pulse;
pub(crate) use stream::STREAM;
use stream::Stream;
pub(crate) use trouble::Trouble;

/// Everything the work needs.
#[derive(Debug)]
pub(crate) struct Worker {
    pub(crate) plan: Plan,
    pub(crate) world: World,
    pub(crate) engine: Engine,
    pub(crate) store: Store,
    pub(crate) clock: HostClock,
    pub(crate) pulse: Pulse,
    pub(crate) meter: Arc<Meter>,
    /// What can't be written down.
    pub(crate) trouble: Trouble,
    /// Asynchronous calls at the same time, at most.
    pub(crate) concurrency: usize,
    /// Requests that are answered at the same time, at most: whoever comes when so many want the same coach's day waits for
    /// a turn, and doesn't race with all of them.
    pub(crate) answering: Semaphore,
    /// Who holds this does the work; everybody else waits for it to be done.
    pub(crate) turn: Mutex<Option<Stream>>,
}

/// What is being done right now. It lives in memory only: after a crash it simply is due again.
#[derive(Debug, Default)]
struct Taken {
    calls: BTreeSet<i64>,
    /// By the mapping's place in the template: messages handed out, and calls under way.
    messages: BTreeMap<usize, (BTreeSet<i64>, usize)>,
    stream: bool,
}

/// Something that came to its end, whichever.
#[derive(Debug)]
enum Finished {
    Call(i64),
    Batch(usize, Vec<i64>),
    Stream(Stream),
}

impl Worker {
    /// Does everything that is due now, and what follows from it, until nothing is.
    pub(crate) async fn drain(self: &Arc<Self>) -> Result<(), HostError> {
        let mut turn = self.turn.lock().await;
        let mut stream = match turn.take() {
            Some(stream) => stream,
            None => self.load_stream().await?,
        };
        let mut news = self.pulse.listen();
        let (mut running, mut taken) = (JoinSet::new(), Taken::default());
        loop {
            news.mark_unchanged();
            self.start(&mut running, &mut taken, &stream).await?;
            if running.is_empty() {
                if news.has_changed().unwrap_or(false) {
                    continue;
                }
                break;
            }
            tokio::select! {
                Some(finished) = running.join_next() => {
                    let finished = finished.map_err(|e| HostError::Bug(format!("the worker itself failed: {e}")))?;
                    taken.release(finished, &mut stream);
                }
                _ = news.changed() => {}
            }
        }
        self.trim(&mut stream).await?;
        *turn = Some(stream);
        Ok(())
    }

    /// When something of ours is due next, after `now`.
    pub(crate) async fn next(&self, now: Timestamp) -> Result<Option<Timestamp>, HostError> {
        let work = self.store.read(move |tx| tx.next_work(now)).await?;
        let stream = self.turn.lock().await.as_ref().and_then(|s| s.again_at);
        Ok([work, stream.filter(|at| *at > now)].into_iter().flatten().min())
    }

    /// Starts what is due and may start.
    async fn start(
        self: &Arc<Self>,
        running: &mut JoinSet<Finished>,
        taken: &mut Taken,
        stream: &Stream,
    ) -> Result<(), HostError> {
        let now = self.clock.now();
        if !taken.stream && stream.again_at.is_none_or(|at| at <= now) {
            let records =
                self.engine.stream(&self.plan.template.table.name, stream.after.clone(), stream.limit).await?;
            if !records.is_empty() {
                taken.stream = true;
                let (worker, stream) = (Arc::clone(self), stream.clone());
                running.spawn(async move { Finished::Stream(worker.publish(stream, records).await) });
            }
        }
        let (calls, batches) = self.due(taken, now).await?;
        for job in calls {
            taken.calls.insert(job.n);
            let worker = Arc::clone(self);
            running.spawn(async move { Finished::Call(worker.carry_out(job).await) });
        }
        for (mapping, jobs) in batches {
            let (messages, under_way) = taken.messages.entry(mapping).or_default();
            messages.extend(jobs.iter().map(|j| j.n));
            *under_way += 1;
            let worker = Arc::clone(self);
            running.spawn(async move { Finished::Batch(mapping, worker.hand_out(mapping, jobs).await) });
        }
        Ok(())
    }

    /// What is due and not yet taken, within the limits: calls, and batches of messages by mapping.
    async fn due(&self, taken: &Taken, now: Timestamp) -> Result<(Vec<Job>, Vec<(usize, Vec<Job>)>), HostError> {
        let free = self.concurrency.saturating_sub(taken.calls.len());
        let busy = taken.calls.clone();
        let mut wanted = Vec::new();
        for (number, mapping) in self.plan.template.queue_mappings.iter().enumerate() {
            let (messages, under_way) = taken.messages.get(&number).cloned().unwrap_or_default();
            let batches = mapping.concurrency.saturating_sub(under_way);
            wanted.push((number, mapping.queue.clone(), mapping.batch, batches, messages));
        }
        let found = self.store.read(move |tx| {
            let mut calls = tx.due_calls(now, free + busy.len())?;
            calls.retain(|j| !busy.contains(&j.n));
            calls.truncate(free);
            let mut all = Vec::new();
            for (number, queue, batch, batches, messages) in wanted {
                let mut jobs = tx.due_messages(&queue, now, batch * batches + messages.len())?;
                jobs.retain(|j| !messages.contains(&j.n));
                all.extend(jobs.chunks(batch).take(batches).map(|jobs| (number, jobs.to_vec())));
            }
            Ok((calls, all))
        });
        Ok(found.await?)
    }
}

impl Taken {
    fn release(&mut self, finished: Finished, stream: &mut Stream) {
        match finished {
            Finished::Call(n) => {
                self.calls.remove(&n);
            }
            Finished::Batch(mapping, jobs) => {
                let (messages, under_way) = self.messages.entry(mapping).or_default();
                messages.retain(|n| !jobs.contains(n));
                *under_way = under_way.saturating_sub(1);
            }
            Finished::Stream(next) => {
                self.stream = false;
                *stream = next;
            }
        }
    }
}
