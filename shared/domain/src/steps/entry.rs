//! What comes in.

use super::{
    ANSWER_ASK, Contract, PUBLISH_JOURNAL, RECEIVE_FORM, RECEIVE_PAYMENT, RECORD_DELIVERY, SHOW_CALENDAR, Way,
};

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
