//! What belongs to a track, goes out, or comes by the clock.

use super::{Contract, REMINDER, SEND_MESSAGE, WAKE_DUE, Way};

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
    Contract::new(WAKE_DUE, Way::Clock, "期日の確認", "Clock", "every minute: the cases that are due, and no others"),
];
