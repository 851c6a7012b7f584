//! Every function of the house, on one screen. The host finds here what the template names.

use banto_aws::Function;

/// All functions: one line each.
#[must_use]
pub fn functions() -> Vec<Function> {
    vec![
        Function::http("receive-form", |w, r| async move { receive_form::handle(&w.env, r).await }),
        Function::http("answer-ask", |w, r| async move { answer_ask::handle(&w.env, r).await }),
        Function::http("receive-payment", |w, r| async move { receive_payment::handle(&w.env, r).await }),
        Function::http("show-calendar", |w, r| async move { show_calendar::handle(&w.env, r).await }),
        Function::event("classify-inquiry", |w, e| async move { classify_inquiry::handle(&w.env, e).await }),
        Function::event("request-missing-info", |w, e| async move { request_missing_info::handle(&w.env, e).await }),
        Function::event("open-ask", |w, e| async move { open_ask::handle(&w.env, e).await }),
        Function::event("notify", |w, e| async move { notify::handle(&w.env, e).await }),
        Function::event("assign-owner", |w, e| async move { assign_owner::handle(&w.env, e).await }),
        Function::event("offer-slots", |w, e| async move { offer_slots::handle(&w.env, e).await }),
        Function::event("confirm-booking", |w, e| async move { confirm_booking::handle(&w.env, e).await }),
        Function::event("send-guide", |w, e| async move { send_guide::handle(&w.env, e).await }),
        Function::event("reminder", |w, e| async move { reminder::handle(&w.env, e).await }),
        Function::event("run-session", |w, e| async move { run_session::handle(&w.env, e).await }),
        Function::event("issue-invoice", |w, e| async move { issue_invoice::handle(&w.env, e).await }),
        Function::event("follow-up", |w, e| async move { follow_up::handle(&w.env, e).await }),
        Function::event("send-message", |w, e| async move { send_message::handle(&w.env, &w.mailer, e).await }),
        Function::event("record-delivery", |w, e| async move { record_delivery::handle(&w.env, e).await }),
        Function::event("wake-due", |w, e| async move { wake_due::handle(&w.env, e).await }),
        Function::event("publish-journal", |w, e| async move { publish_journal::handle(&w.publisher, e).await }),
    ]
}
