//! Every function of the house, on one screen. The hosts find here what the template names.

use banto_aws::Function;

/// All functions: one line each.
#[must_use]
pub fn functions() -> Vec<Function> {
    vec![
        receive_form::function(),
        answer_ask::function(),
        receive_payment::function(),
        handle_request::function(),
        show_calendar::function(),
        classify_inquiry::function(),
        request_missing_info::function(),
        open_ask::function(),
        approve::function(),
        notify::function(),
        assign_owner::function(),
        wait::function(),
        offer_slots::function(),
        confirm_booking::function(),
        cancel_booking::function(),
        refund_payment::function(),
        send_guide::function(),
        reminder::function(),
        run_session::function(),
        dunning::function(),
        issue_invoice::function(),
        follow_up::function(),
        release_imported::function(),
        close_days::function(),
        publish_playbook::function(),
        send_message::function(),
        send_refund::function(),
        record_delivery::function(),
        wake_due::function(),
        publish_journal::function(),
    ]
}
