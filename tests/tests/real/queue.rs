//! SQS: messages that wait, handed out in batches as the template's mappings say, and again when they fail.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use banto::template::QueueMapping;
use banto::wire::{ACCOUNT, REGION};
use serde_json::{Value, json};

use super::cloud::{Cloud, PAUSE};

/// A message in a queue.
#[derive(Debug, Clone)]
pub(crate) struct Message {
    id: String,
    body: String,
    /// How often it was handed out.
    received: u32,
}

impl Message {
    pub(crate) fn new(body: String) -> Self {
        static COUNT: AtomicUsize = AtomicUsize::new(1);
        Self { id: format!("message-{}", COUNT.fetch_add(1, Ordering::Relaxed)), body, received: 0 }
    }
}

impl Cloud {
    /// `SendMessage`.
    pub(crate) fn send_message(self: &Arc<Self>, request: &Value) -> Value {
        let url = request["QueueUrl"].as_str().expect("QueueUrl");
        let queue = self.template.queue_by_url(url).unwrap_or_else(|| panic!("there is no queue {url}"));
        let message = Message::new(request["MessageBody"].as_str().expect("MessageBody").to_owned());
        let answer = json!({ "MessageId": message.id });
        self.enqueue(&queue.name, message);
        answer
    }

    /// What lies in a queue that no function reads, read as JSON.
    pub(crate) fn lying_in(&self, queue: &str) -> Vec<Value> {
        let queues = self.queues.lock().expect("sound");
        let messages = queues.get(queue).into_iter().flatten();
        messages.map(|m| serde_json::from_str(&m.body).expect("JSON")).collect()
    }

    /// Puts a message into a queue; if a function reads it, it soon will.
    pub(crate) fn enqueue(self: &Arc<Self>, queue: &str, message: Message) {
        self.queues.lock().expect("sound").entry(queue.to_owned()).or_default().push(message);
        let mappings = self.template.queue_mappings.iter();
        if let Some((number, mapping)) = mappings.enumerate().find(|(_, m)| m.queue == queue) {
            let (cloud, mapping, flight) = (Arc::clone(self), mapping.clone(), self.flight());
            tokio::spawn(async move {
                cloud.poll(number, &mapping).await;
                drop(flight);
            });
        }
    }

    /// One batch, if any messages are left.
    async fn poll(self: &Arc<Self>, number: usize, mapping: &QueueMapping) {
        let _turn = self.pollers[number].acquire().await.expect("never closed");
        let batch: Vec<Message> = {
            let mut queues = self.queues.lock().expect("sound");
            let waiting = queues.entry(mapping.queue.clone()).or_default();
            let count = waiting.len().min(mapping.batch);
            waiting.drain(..count).map(|m| Message { received: m.received + 1, ..m }).collect()
        };
        if batch.is_empty() {
            return;
        }
        let answer = self.functions[&mapping.function].call(&event(mapping, &batch)).await;
        let failed = |message: &&Message| match &answer {
            Err(_) => true,
            Ok(answer) => answer["batchItemFailures"]
                .as_array()
                .is_some_and(|failures| failures.iter().any(|f| f["itemIdentifier"] == message.id.as_str())),
        };
        for message in batch.iter().filter(failed) {
            self.again(mapping, message.clone()).await;
        }
    }

    /// Back into the queue, or to the dead letters when it failed too often.
    async fn again(self: &Arc<Self>, mapping: &QueueMapping, message: Message) {
        let redrive = self.template.queues[&mapping.queue].redrive.as_ref();
        match redrive.filter(|(most, _)| message.received >= *most) {
            Some((_, dead)) => self.enqueue(dead, message),
            None => {
                tokio::time::sleep(PAUSE).await;
                self.enqueue(&mapping.queue, message);
            }
        }
    }
}

/// A batch as Lambda delivers it.
fn event(mapping: &QueueMapping, batch: &[Message]) -> Value {
    let record = |message: &Message| {
        json!({
            "messageId": message.id, "receiptHandle": message.id, "body": message.body,
            "attributes": { "ApproximateReceiveCount": message.received.to_string(), "SenderId": ACCOUNT },
            "messageAttributes": {}, "eventSource": "aws:sqs", "awsRegion": REGION,
            "eventSourceARN": format!("arn:aws:sqs:{REGION}:{ACCOUNT}:{}", mapping.queue),
        })
    };
    json!({ "Records": batch.iter().map(record).collect::<Vec<_>>() })
}
