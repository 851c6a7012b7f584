//! From the table's stream to the bus, from the bus to functions and queues: at least once, in any order, and given up
//! after as many tries as the template says.

use jiff::SignedDuration;
use serde_json::{Value, json};

use super::task::{Call, Ended, Message, Purpose};
use super::world::{Due, World};
use banto_cloud::template::Target;
use banto_cloud::wire::{ACCOUNT, REGION};

impl World {
    /// Takes up what is new: changes of the table, events on the bus, mails at the provider's.
    pub(super) fn collect(&mut self) {
        loop {
            let event = self.cloud.net().events.pop_front();
            let Some(event) = event else { break };
            let bus = self.plan.template.bus.clone();
            self.route(&bus, &event);
        }
        let count = self.cloud.net().changes.len();
        for n in std::mem::replace(&mut self.changes_seen, count)..count {
            self.stream_to_shard(n);
        }
        let count = self.cloud.net().accepted.len();
        for n in std::mem::replace(&mut self.mails_seen, count)..count {
            self.accepted(n);
        }
    }

    fn stream_to_shard(&mut self, n: usize) {
        let (wanted, shard) = {
            let net = self.cloud.net();
            let change = &net.changes[n];
            (
                self.plan.router.wants_record(&change.event),
                change.pk.bytes().map(usize::from).sum::<usize>() % self.shards.len(),
            )
        };
        if !wanted {
            return;
        }
        self.tell(n);
        let wait = self.wait(50, 800);
        let at = self.now().saturating_add(wait).unwrap_or_default();
        let shard = &mut self.shards[shard];
        if shard.waiting.is_empty() {
            shard.again_at = shard.again_at.max(at);
        }
        shard.waiting.push_back(n);
    }

    /// A new commit, for the transcript.
    fn tell(&self, n: usize) {
        let mut net = self.cloud.net();
        let image = &net.changes[n].event["dynamodb"]["NewImage"];
        let Ok(commit) = serde_json::from_str::<Value>(image["body"]["S"].as_str().unwrap_or_default()) else { return };
        let word = |e: &Value, name: &str| e[name].as_str().map(|v| format!(" {v}")).unwrap_or_default();
        let entry = |e: &Value| {
            let about =
                ["node", "outcome", "template", "question", "answer", "name", "reason", "message", "ask", "cause"];
            format!("{}{}", e["type"].as_str().unwrap_or_default(), about.map(|name| word(e, name)).concat())
        };
        let entries: Vec<String> = commit["entries"].as_array().into_iter().flatten().map(entry).collect();
        let said = format!(
            "{}/{} #{} {}: {}",
            commit["client"].as_str().unwrap_or_default(),
            commit["case"].as_str().unwrap_or_default(),
            commit["seq"],
            commit["function"].as_str().unwrap_or_default(),
            entries.join("; ")
        );
        let now = self.now();
        net.log.say(now, said);
    }

    /// How long something takes to come: usually so many milliseconds, sometimes minutes or hours.
    pub(super) fn wait(&self, from: i64, to: i64) -> SignedDuration {
        let late = self.weather().late;
        self.roll(|rng| match rng.per_mille(late) {
            false => SignedDuration::from_millis(rng.between(from, to)),
            true if rng.per_mille(800) => SignedDuration::from_secs(rng.between(5, 1_800)),
            true => SignedDuration::from_secs(rng.between(1_800, 40_000)),
        })
    }

    /// Delivers an event to whom the template's rules name, once or twice.
    pub(super) fn route(&mut self, bus: &str, event: &Value) {
        for routed in self.plan.router.route(bus, event) {
            let twice = self.weather().twice;
            let times = if self.roll(|rng| rng.per_mille(twice)) { 2 } else { 1 };
            for n in 0..times {
                if n > 0 {
                    self.cloud.net().count("event delivered twice");
                }
                let again = self.roll(|rng| if rng.per_mille(500) { 50 } else { 86_400_000 * 2 });
                let wait = if n == 0 {
                    self.wait(20, 900)
                } else {
                    self.roll(|rng| SignedDuration::from_millis(rng.between(20, again)))
                };
                match &routed.target {
                    Target::Function(function) => {
                        self.later(
                            wait,
                            Due::Call(Call { function: function.clone(), event: event.clone(), attempt: 0 }),
                        );
                    }
                    Target::Queue(_) => {
                        let id = format!("message-{}", self.cloud.net().number());
                        let visible_at = self.now().saturating_add(wait).unwrap_or_default();
                        self.queue.push(Message { id, body: event.to_string(), receives: 0, visible_at });
                    }
                    Target::Bus(_) => {}
                }
            }
        }
    }

    pub(super) fn start_call(&mut self, call: Call) {
        // Another wake-up in the midst of things.
        if self.weather().request > 0 && self.roll(|rng| rng.per_mille(20)) {
            self.later(SignedDuration::ZERO, Due::Tick);
        }
        let (function, event) = (call.function.clone(), call.event.clone());
        self.spawn_event(&function, event, Purpose::Call(call));
    }

    /// Hands a batch of each shard to the function that reads the stream.
    pub(super) fn start_stream(&mut self) {
        let now = self.now();
        for n in 0..self.shards.len() {
            let shard = &self.shards[n];
            if shard.busy || shard.waiting.is_empty() || shard.again_at > now {
                continue;
            }
            let size = shard.limit.min(shard.waiting.len());
            let batch: Vec<usize> = shard.waiting.iter().take(size).copied().collect();
            let records: Vec<Value> = {
                let net = self.cloud.net();
                batch.iter().map(|c| net.changes[*c].event.clone()).collect()
            };
            self.shards[n].busy = true;
            let function = self.plan.template.stream.function.clone();
            self.spawn_event(&function, json!({ "Records": records }), Purpose::Stream(n, batch));
        }
    }

    /// Hands visible messages to the function that is fed by the queue.
    pub(super) fn start_queue(&mut self) {
        let Some(mapping) = self.plan.template.queue_mappings.first().cloned() else { return };
        let now = self.now();
        while self.handing_out < mapping.concurrency {
            let (mut taken, mut left) = (Vec::new(), Vec::new());
            for message in std::mem::take(&mut self.queue) {
                if message.visible_at <= now && taken.len() < mapping.batch {
                    taken.push(message)
                } else {
                    left.push(message)
                }
            }
            self.queue = left;
            if taken.is_empty() {
                return;
            }
            self.handing_out += 1;
            let record = |m: &Message| {
                json!({
                    "messageId": m.id, "receiptHandle": m.id, "body": m.body, "messageAttributes": {}, "eventSource": "aws:sqs",
                    "attributes": { "ApproximateReceiveCount": (m.receives + 1).to_string() },
                    "eventSourceARN": format!("arn:aws:sqs:{REGION}:{ACCOUNT}:{}", mapping.queue), "awsRegion": REGION,
                })
            };
            let records: Vec<Value> = taken.iter().map(record).collect();
            self.spawn_event(&mapping.function, json!({ "Records": records }), Purpose::Messages(taken));
        }
    }

    /// What follows from the end of a run.
    pub(super) fn follow(&mut self, purpose: Purpose, ended: Ended) {
        match purpose {
            Purpose::Call(call) => self.call_ended(call, &ended),
            Purpose::Messages(messages) => self.messages_ended(messages, &ended),
            Purpose::Stream(shard, batch) => self.stream_ended(shard, &batch, &ended),
            Purpose::Tick => {}
            Purpose::Errand(errand) => self.errand_ended(errand, ended),
        }
    }

    /// Lambda repeats a failed asynchronous call after one minute and after two more; then it is a dead letter.
    fn call_ended(&mut self, call: Call, ended: &Ended) {
        if matches!(ended, Ended::Answered(_)) {
            return;
        }
        let retries = self.plan.template.functions.get(&call.function).map_or(2, |f| f.retries);
        if call.attempt < retries {
            let wait = SignedDuration::from_mins(i64::from(call.attempt) + 1);
            self.later(wait, Due::Call(Call { attempt: call.attempt + 1, ..call }));
            return;
        }
        self.bury(&call.function, call.event["id"].as_str().unwrap_or_default().to_owned());
        // Some day an operator redrives it; it may long be settled by then.
        if self.roll(|rng| rng.per_mille(300)) {
            let wait = self.roll(|rng| SignedDuration::from_mins(rng.between(30, 4_000)));
            self.later(wait, Due::Call(Call { attempt: 0, ..call }));
        }
    }

    fn bury(&mut self, function: &str, event: String) {
        self.say(format!("☠ {function} gave up on {event}: a dead letter"));
        self.cloud.net().count("dead letter");
        self.dead.push(format!("{function} {event}"));
    }

    fn messages_ended(&mut self, messages: Vec<Message>, ended: &Ended) {
        self.handing_out -= 1;
        let mapping = self.plan.template.queue_mappings.first().cloned();
        let queue = mapping.as_ref().and_then(|m| self.plan.template.queues.get(&m.queue)).cloned();
        let (Some(mapping), Some(queue)) = (mapping, queue) else { return };
        let failed: Vec<String> = match ended {
            Ended::Answered(answer) => {
                let failures = answer["batchItemFailures"].as_array().into_iter().flatten();
                failures.map(|f| f["itemIdentifier"].as_str().unwrap_or_default().to_owned()).collect()
            }
            _ => messages.iter().map(|m| m.id.clone()).collect(),
        };
        let twice = self.weather().twice;
        for mut message in messages {
            let fails = failed.contains(&message.id);
            if !fails && !self.roll(|rng| rng.per_mille(twice / 4)) {
                continue;
            }
            message.receives += 1;
            let most = queue.redrive.as_ref().map_or(u32::MAX, |(count, _)| *count);
            if fails && message.receives >= most {
                self.bury(&mapping.function, message.id);
                continue;
            }
            let visibility = SignedDuration::try_from(queue.visibility).unwrap_or(SignedDuration::from_secs(180));
            message.visible_at = self.now().saturating_add(visibility).unwrap_or_default();
            self.queue.push(message);
        }
    }

    fn stream_ended(&mut self, n: usize, batch: &[usize], ended: &Ended) {
        let done = match ended {
            Ended::Answered(answer) => match answer["batchItemFailures"][0]["itemIdentifier"].as_str() {
                None => batch.len(),
                Some(at) => {
                    let net = self.cloud.net();
                    batch.iter().position(|c| net.changes[*c].event["dynamodb"]["SequenceNumber"] == at).unwrap_or(0)
                }
            },
            _ => 0,
        };
        let twice = self.weather().twice;
        // The checkpoint may be lost: the batch comes again.
        let forgotten = done == batch.len() && self.roll(|rng| rng.per_mille(twice / 3));
        let now = self.now();
        let spec = self.plan.template.stream.clone();
        let shard = &mut self.shards[n];
        shard.busy = false;
        if forgotten {
            return;
        }
        shard.waiting.drain(..done);
        if done == batch.len() {
            (shard.attempts, shard.limit) = (0, 10);
            return;
        }
        shard.attempts = if done > 0 { 1 } else { shard.attempts + 1 };
        shard.limit = (shard.limit / 2).max(1);
        let pause = SignedDuration::from_secs(1 << shard.attempts.min(6));
        shard.again_at = now.saturating_add(pause).unwrap_or_default();
        if spec.retries.is_some_and(|most| shard.attempts > most) {
            shard.attempts = 0;
            let given_up = shard.waiting.pop_front();
            self.bury(&spec.function, format!("change {given_up:?}"));
        }
    }
}
