//! Every function of the house, on one screen. The host finds here what the template names.

use banto_aws::Function;

/// All functions: one line each.
#[must_use]
pub fn functions() -> Vec<Function> {
    vec![
        Function::http("receive-form", |w, r| async move { receive_form::handle(&w.env, r).await }),
        Function::http("answer-ask", |w, r| async move { answer_ask::handle(&w.env, r).await }),
        Function::event("classify-inquiry", |w, e| async move { classify_inquiry::handle(&w.env, e).await }),
        Function::event("request-missing-info", |w, e| async move { request_missing_info::handle(&w.env, e).await }),
        Function::event("open-ask", |w, e| async move { open_ask::handle(&w.env, e).await }),
        Function::event("notify", |w, e| async move { notify::handle(&w.env, e).await }),
        Function::event("send-message", |w, e| async move { send_message::handle(&w.env, &w.mailer, e).await }),
        Function::event("record-delivery", |w, e| async move { record_delivery::handle(&w.env, e).await }),
        Function::event("wake-due", |w, e| async move { wake_due::handle(&w.env, e).await }),
        Function::event("publish-journal", |w, e| async move { publish_journal::handle(&w.publisher, e).await }),
    ]
}
