//! The services of this machine behind one [`Backend`]: each request goes to the part that answers it.

use crate::clock::HostClock;
use crate::engine::Engine;
use crate::plan::Plan;
use crate::store::Store;
use crate::wire::{Answering, Backend, Call, Reply, Service};
use crate::{bus, mail, queue, sandbox};

/// Case store, bus, mail, queues, and the sandbox of the payment provider.
#[derive(Debug, Clone)]
pub(crate) struct Cloud {
    pub(crate) engine: Engine,
    pub(crate) store: Store,
    pub(crate) plan: Plan,
    pub(crate) clock: HostClock,
}

impl Backend for Cloud {
    fn call(&self, call: Call) -> Answering<'_> {
        Box::pin(async move {
            let now = self.clock.now();
            match (call.service, call.operation.as_str()) {
                (Service::DynamoDb, _) => self.engine.call(call).await,
                (Service::EventBridge, "PutEvents") => {
                    Ok(bus::put_events(&self.plan, &self.store, now, &call.body).await)
                }
                (Service::Ses, "SendEmail") => Ok(mail::send_email(&self.plan, &self.store, now, &call.body).await),
                (Service::Sqs, "SendMessage") => Ok(queue::take(&self.plan, &self.store, now, &call.body).await),
                (Service::Payments, "POST /v1/refunds") => Ok(sandbox::refund(&self.store, &call).await),
                (service, operation) => {
                    let reason = format!("{operation} of {} is not offered on this machine", service.name());
                    Ok(Reply::error(400, "UnknownOperationException", &reason))
                }
            }
        })
    }
}
