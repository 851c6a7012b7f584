//! What comes in.

use super::{Contract, Way};

/// Shows an ask, decides its answer.
pub const ANSWER_ASK: &str = "answer-ask";
/// The customer's own page: what is agreed, and what they want.
pub const HANDLE_REQUEST: &str = "handle-request";
/// Puts the journal on the bus.
pub const PUBLISH_JOURNAL: &str = "publish-journal";
/// Takes forms.
pub const RECEIVE_FORM: &str = "receive-form";
/// Takes what payment providers tell.
pub const RECEIVE_PAYMENT: &str = "receive-payment";
/// Takes what the mail provider tells.
pub const RECORD_DELIVERY: &str = "record-delivery";
/// A coach's calendar.
pub const SHOW_CALENDAR: &str = "show-calendar";

pub(super) const ALL: &[Contract] = &[
    Contract::new(
        RECEIVE_FORM,
        Way::Request,
        "フォームの受付",
        "Form",
        "a form's webhook becomes a case, or reaches an open one, and 受付のご連絡 goes out at once",
    ),
    Contract::new(
        RECEIVE_PAYMENT,
        Way::Request,
        "入金の受付",
        "Payment",
        "a payment provider's webhook: paid, failed, refunded, disputed",
    ),
    Contract::new(
        ANSWER_ASK,
        Way::Request,
        "ご回答の受付",
        "Answer",
        "shows a question to whom it was put, and decides the answer",
    ),
    Contract::new(
        HANDLE_REQUEST,
        Way::Request,
        "お客様のページ",
        "The customer's page",
        "the customer's own page: what is agreed, and what they want, with its consequence before it is sent",
    ),
    Contract::new(
        SHOW_CALENDAR,
        Way::Request,
        "カレンダー",
        "Calendar",
        "a coach's confirmed sessions to subscribe to (.ics)",
    ),
    Contract::new(
        RECORD_DELIVERY,
        Way::Provider,
        "配信結果の記録",
        "Delivery",
        "what the mail provider says: sent, delivered, bounced, complained",
    ),
    Contract::new(
        PUBLISH_JOURNAL,
        Way::Stream,
        "対応履歴の配信",
        "Journal",
        "carries new commits from the table's stream to the bus",
    ),
];
