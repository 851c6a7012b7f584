//! What belongs to a track, goes out, or comes by the clock.

use super::{Contract, Way};

/// Reminds before sessions.
pub const REMINDER: &str = "reminder";
/// The only way out for mails.
pub const SEND_MESSAGE: &str = "send-message";
/// The only way out for money.
pub const SEND_REFUND: &str = "send-refund";
/// Wakes what is due.
pub const WAKE_DUE: &str = "wake-due";

pub(super) const ALL: &[Contract] = &[
    Contract::new(
        REMINDER,
        Way::Track,
        "リマインド",
        "Reminder",
        "the day before, an hour before; dies with the booking",
    ),
    Contract::new(
        SEND_MESSAGE,
        Way::Message,
        "メール送信",
        "Mail",
        "the gate, the lease, the mail: the only one that may send",
    ),
    Contract::new(
        SEND_REFUND,
        Way::Refund,
        "返金の送信",
        "Refund",
        "the lease, the payment provider, once under one key: the only one that may send money",
    ),
    Contract::new(WAKE_DUE, Way::Clock, "期日の確認", "Clock", "every minute: the cases that are due, and no others"),
];
