//! Schedules and the clock. With the machine's clock, schedules run when their time has come. With a clock that people
//! move, everything due on the way happens in order and at its own time, as if they had waited.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{Host, HostError};
use crate::bus;
use crate::clock::HostClock;
use crate::template::Schedule;
use crate::wire::{ACCOUNT, REGION};
use crate::worker::Trouble;

/// Where the clock's position is kept.
pub(super) const CLOCK: &str = "clock";
/// Expired items are deleted once in so many seconds.
const SWEEP_SECONDS: i64 = 3600;

impl Host {
    /// Moves the clock to `to`. Everything due in between happens in order, at its own time.
    ///
    /// # Errors
    /// When the clock is the machine's, or shows a later time already.
    pub async fn advance(&self, to: Timestamp) -> Result<(), HostError> {
        let host = self.clone();
        // A task of its own: a caller who goes away must not leave the clock half-way.
        tokio::spawn(async move { host.walk(to).await }).await.map_err(|e| HostError::Bug(e.to_string()))?
    }

    async fn walk(&self, to: Timestamp) -> Result<(), HostError> {
        let _alone = self.inner.moving.lock().await;
        let HostClock::Manual(clock) = &self.inner.worker.clock else { return Err(HostError::NotManual) };
        let now = self.now();
        if to < now {
            return Err(HostError::Backwards { now, to });
        }
        loop {
            self.idle().await?;
            let now = self.now();
            if now >= to {
                break;
            }
            let next = self.next(now).await?.map_or(to, |next| next.min(to));
            self.inner.worker.store.change(move |tx| tx.set_meta(CLOCK, &next.to_string())).await?;
            clock.set(next);
            self.tick(next).await?;
        }
        // It looks at every item there is, so not at each small step.
        if now.as_second() / SWEEP_SECONDS != to.as_second() / SWEEP_SECONDS {
            let worker = &self.inner.worker;
            let table = &worker.plan.template.table;
            worker.engine.sweep_expired(&table.name, table, to).await?;
        }
        Ok(())
    }

    /// The first instant after `now` at which something happens.
    async fn next(&self, now: Timestamp) -> Result<Option<Timestamp>, HostError> {
        let worker = &self.inner.worker;
        let due = self.next_due().await?;
        let schedules = worker.plan.template.schedules.iter().filter_map(|schedule| {
            let next = schedule.when.after(now)?;
            if schedule.when.is_poll() { schedule.when.from(due?.max(next)) } else { Some(next) }
        });
        Ok(schedules.chain(worker.next(now).await?).min())
    }

    /// When the next case is due.
    async fn next_due(&self) -> Result<Option<Timestamp>, HostError> {
        let worker = &self.inner.worker;
        let table = &worker.plan.template.table;
        let Some(index) = table.indexes.first() else { return Ok(None) };
        let earliest = worker.engine.earliest(&table.name, index, &self.inner.due_shards).await?;
        Ok(earliest.and_then(|at| at.parse().ok()))
    }

    /// Starts the schedules whose time is exactly `at`.
    async fn tick(&self, at: Timestamp) -> Result<(), HostError> {
        let due = self.next_due().await?.is_some_and(|due| due <= at);
        for schedule in &self.inner.worker.plan.template.schedules {
            if schedule.when.from(at) == Some(at) && (due || !schedule.when.is_poll()) {
                self.run_schedule(schedule, at).await?;
            }
        }
        Ok(())
    }

    async fn run_schedule(&self, schedule: &Schedule, at: Timestamp) -> Result<(), HostError> {
        let event = schedule.input.clone().unwrap_or_else(|| scheduled(schedule, at));
        let (function, id) = (schedule.function.clone(), crate::ids::uuid());
        Ok(self.inner.worker.store.change(move |tx| tx.call(&id, &function, &event.to_string(), at)).await?)
    }

    /// Works until it is stopped: what is due now, then waits for news or for the next instant.
    pub(super) async fn work(&self) {
        let mut news = self.inner.worker.pulse.listen();
        let (mut last, mut swept, trouble) = (self.now(), self.now(), Trouble::default());
        loop {
            news.mark_unchanged();
            match self.turn(&mut last, &mut swept).await {
                Ok(()) => trouble.over(),
                Err(error) => tokio::time::sleep(trouble.met("the host could not do its work", &error)).await,
            }
            let pause = self.pause(last).await;
            tokio::select! {
                _ = news.changed() => {}
                () = tokio::time::sleep(pause) => {}
            }
        }
    }

    async fn turn(&self, last: &mut Timestamp, swept: &mut Timestamp) -> Result<(), HostError> {
        self.idle().await?;
        if matches!(self.inner.worker.clock, HostClock::Manual(_)) {
            return Ok(());
        }
        let now = self.now();
        for schedule in &self.inner.worker.plan.template.schedules {
            // What was missed while the machine slept is not made up for: one run finds everything that is due.
            if schedule.when.after(*last).is_some_and(|at| at <= now) {
                self.run_schedule(schedule, now).await?;
            }
        }
        *last = now;
        if now.as_second() - swept.as_second() >= SWEEP_SECONDS {
            let worker = &self.inner.worker;
            let table = &worker.plan.template.table;
            worker.engine.sweep_expired(&table.name, table, now).await?;
            *swept = now;
        }
        Ok(())
    }

    /// How long nothing will happen by itself. With a clock that people move: until they do.
    async fn pause(&self, last: Timestamp) -> std::time::Duration {
        let longest = std::time::Duration::from_secs(60);
        if matches!(self.inner.worker.clock, HostClock::Manual(_)) {
            return longest;
        }
        let schedules = self.inner.worker.plan.template.schedules.iter().filter_map(|s| s.when.after(last));
        let work = self.inner.worker.next(last).await.unwrap_or_default();
        let Some(next) = schedules.chain(work).min() else { return longest };
        std::time::Duration::try_from(self.now().duration_until(next)).unwrap_or_default().min(longest)
    }
}

/// What the scheduler tells a function that asked for nothing else.
fn scheduled(schedule: &Schedule, at: Timestamp) -> Value {
    let mut event = bus::event("aws.scheduler", "Scheduled Event", at, json!("{}"));
    event["resources"] = json!([format!("arn:aws:scheduler:{REGION}:{ACCOUNT}:schedule/default/{}", schedule.name)]);
    event
}
