//! What a node of a flow may name.

use super::{
    APPROVED, After, Answers, Contract, ELAPSED, EXPIRED, Key, Leaves, Mails, Outcome, PAID, Part, REFUSED, UNSURE, Way,
};
use crate::playbook::{AskKind, Means};

/// Seeks an approval.
pub const APPROVE: &str = "approve";
/// A policy says whose it is.
pub const ASSIGN_OWNER: &str = "assign-owner";
/// Sorts an inquiry.
pub const CLASSIFY_INQUIRY: &str = "classify-inquiry";
/// Calls a booking off.
pub const CANCEL_BOOKING: &str = "cancel-booking";
/// Moves what is booked on days that are closed.
pub const CLOSE_DAYS: &str = "close-days";
/// Takes a slot for good, and gives slots back.
pub const CONFIRM_BOOKING: &str = "confirm-booking";
/// Writes about an invoice that isn't paid.
pub const DUNNING: &str = "dunning";
/// Thanks, a survey, the next session.
pub const FOLLOW_UP: &str = "follow-up";
/// Asks for money, and draws the consequences of what becomes of it.
pub const ISSUE_INVOICE: &str = "issue-invoice";
/// Sends one mail and goes on.
pub const NOTIFY: &str = "notify";
/// Offers slots.
pub const OFFER_SLOTS: &str = "offer-slots";
/// Puts a question, and deals with tasks.
pub const OPEN_ASK: &str = "open-ask";
/// Orders what goes back, and goes on once it is on its way.
pub const REFUND_PAYMENT: &str = "refund-payment";
/// Makes a version of the playbook live that was approved.
pub const PUBLISH_PLAYBOOK: &str = "publish-playbook";
/// Asks whether imported customers may begin, and lets each of them go on.
pub const RELEASE_IMPORTED: &str = "release-imported";
/// Asks for what is missing.
pub const REQUEST_MISSING_INFO: &str = "request-missing-info";
/// The day itself.
pub const RUN_SESSION: &str = "run-session";
/// The guide before a session.
pub const SEND_GUIDE: &str = "send-guide";
/// Waits for time or an event.
pub const WAIT: &str = "wait";

const BOUGHT: &[Key] = &[Key::Menu, Key::MenuFrom, Key::NextPart];
const QUESTION: &[Key] = &[Key::Question];
const TEMPLATE: &[Key] = &[Key::Template];
const SILENCE: Outcome = Outcome::new(EXPIRED, "回答なし", "no answer");
const CAME_IN: Outcome = Outcome::new(PAID, "入金", "paid").leaving(&[Leaves::Invoice, Leaves::Package]);

const fn node(name: &'static str, ja: &'static str, en: &'static str, does: &'static str) -> Contract {
    Contract::new(name, Way::Node, ja, en, does)
}

pub(super) const ALL: &[Contract] = &[
    Contract {
        parts: &[Part::Classification],
        outcomes: &[Outcome::new(UNSURE, "判断できない", "not sure")],
        at_once: &[UNSURE],
        ..node(
            CLASSIFY_INQUIRY,
            "受付・分類",
            "Sort the inquiry",
            "sorts the inquiry by the playbook's keywords; not sure: an operator decides",
        )
    },
    Contract {
        needs: &[QUESTION, &[Key::Facts]],
        asks: &[AskKind::Fields],
        answers: Answers::Recorded,
        outcomes: &[Outcome::new("complete", "情報がそろった", "complete").leaving(&[Leaves::Facts]), SILENCE],
        at_once: &["complete"],
        ..node(
            REQUEST_MISSING_INFO,
            "不足情報回収",
            "Ask for what is missing",
            "asks only for what is missing, reminds, gives up politely",
        )
    },
    Contract {
        needs: &[QUESTION],
        takes: &[Key::Facts, Key::To],
        asks: &[AskKind::Choice, AskKind::Fields, AskKind::Openings, AskKind::Stages],
        answers: Answers::Outcomes,
        outcomes: &[SILENCE],
        may_come: &[CAME_IN],
        ..node(OPEN_ASK, "", "", "puts a question of the playbook to people and goes on by the answer")
    },
    Contract {
        needs: &[TEMPLATE],
        takes: &[Key::To, Key::Receipt],
        outcomes: &[Outcome::new("done", "", "")],
        at_once: &["done"],
        ..node(NOTIFY, "", "", "sends one mail of the playbook, to one or to all of a group, and goes on")
    },
    Contract {
        needs: &[&[Key::Policy]],
        outcomes: &[Outcome::new("assigned", "", "").leaving(&[Leaves::Owner])],
        at_once: &["assigned"],
        ..node(ASSIGN_OWNER, "担当の割当", "Choose who looks after it", "a policy says who looks after the case")
    },
    Contract {
        needs: &[&[Key::Approval]],
        outcomes: &[
            Outcome::new(APPROVED, "承認", "approved"),
            Outcome::new(REFUSED, "差し戻し", "refused"),
            Outcome::new(EXPIRED, "回答なし(承認されていない)", "no answer: not approved"),
        ],
        ..node(
            APPROVE,
            "承認",
            "Approval",
            "asks whoever may decide, one after the other, with what exactly and why; silence never approves",
        )
    },
    Contract {
        needs: &[&[Key::Ladder], QUESTION],
        takes: &[Key::To],
        parts: &[Part::Billing],
        asks: &[AskKind::Choice],
        after: Some(After { left: Leaves::Invoice, unless: "invoice is open; let its flow start on invoice.issued" }),
        answers: Answers::Outcomes,
        mails: Mails::Payer,
        outcomes: &[
            Outcome::new(PAID, "入金", "paid"),
            Outcome::new("ended", "最後のご案内のあとも未入金、または要判断", "nothing more to say: a person decides"),
            Outcome::new("withdrawn", "請求の取り消し", "nothing is owed any more"),
            SILENCE,
        ],
        may_come: &[Outcome::new("look", "ご案内の前に入金を確認", "somebody looks for the money first")],
        at_once: &[PAID, "withdrawn"],
        ..node(
            DUNNING,
            "お支払いのご案内",
            "Payment reminders",
            "writes about an unpaid invoice by a ladder of civil days, and stops the moment the facts change",
        )
    },
    Contract {
        needs: &[&[Key::For, Key::Until, Key::Events]],
        takes: &[Key::For, Key::Until, Key::Events],
        outcomes: &[Outcome::new(ELAPSED, "時間の経過", "time has passed")],
        ..node(WAIT, "待機", "Wait", "waits for a time, a day, or for something to happen")
    },
    Contract {
        needs: &[QUESTION, &[Key::Menu, Key::MenuFrom, Key::Moves]],
        parts: &[Part::Calendar],
        asks: &[AskKind::Slot],
        answers: Answers::Outcomes,
        within: &[Leaves::NoBooking],
        outcomes: &[
            Outcome::new("chosen", "日時が選ばれた", "chosen").leaving(&[Leaves::Hold]),
            Outcome::new("no-slots", "空き枠がない", "no open slot").leaving(&[Leaves::NoBooking]),
            Outcome::new(EXPIRED, "回答なし", "no answer").leaving(&[Leaves::NoBooking]),
        ],
        at_once: &["no-slots"],
        ..node(
            OFFER_SLOTS,
            "日程調整",
            "Find a time",
            "offers slots by today's calendar; too few: the coach is asked for more",
        )
    },
    Contract {
        needs: &[TEMPLATE],
        after: Some(After {
            left: Leaves::Hold,
            unless: "slot was chosen; let offer-slots come before, by its outcome chosen",
        }),
        within: &[Leaves::Confirmed],
        outcomes: &[
            Outcome::new("confirmed", "確定", "confirmed").leaving(&[Leaves::Confirmed]),
            Outcome::new("lost", "枠が埋まっていた", "the slot was taken").leaving(&[Leaves::NoBooking]),
        ],
        at_once: &["confirmed", "lost"],
        ..node(
            CONFIRM_BOOKING,
            "予約確定",
            "Confirm the booking",
            "the held slot becomes the customer's, with a calendar file",
        )
    },
    Contract {
        parts: &[Part::Billing],
        takes: &[Key::Whole],
        outcomes: &[
            Outcome::new("refunded", "返金の手配済み", "on its way back").leaving(&[Leaves::Refund]),
            Outcome::new("by-hand", "担当者が返金する", "a person sends it"),
            Outcome::new("exceeds", "入金額を超えている", "more than came in"),
            Outcome::new("nothing", "返金なし", "nothing goes back"),
        ],
        at_once: &["by-hand", "exceeds", "nothing"],
        ..node(
            REFUND_PAYMENT,
            "返金",
            "Refund",
            "orders that the amount of its request goes back, of the payments that came in, and goes on once all of it is on its way",
        )
    },
    Contract {
        needs: &[TEMPLATE],
        takes: &[Key::Counts],
        within: &[Leaves::Confirmed],
        outcomes: &[
            Outcome::new("cancelled", "キャンセル", "cancelled"),
            Outcome::new("gone", "予約がすでにない", "there is no booking any more").leaving(&[Leaves::NoBooking]),
        ],
        at_once: &["cancelled", "gone"],
        dwindles: &["cancelled"],
        ..node(
            CANCEL_BOOKING,
            "キャンセル",
            "Call the booking off",
            "calls a booking off: the slot is free again at once, calendars and reminders follow",
        )
    },
    Contract {
        needs: &[QUESTION],
        takes: &[Key::Template, Key::Facts],
        asks: &[AskKind::Fields],
        answers: Answers::Recorded,
        mails: Mails::Coach,
        outcomes: &[Outcome::new("sent", "", "")],
        at_once: &["sent"],
        ..node(
            SEND_GUIDE,
            "事前案内",
            "Guide to the session",
            "meeting link, what to prepare, terms; themes and questions go to the coach",
        )
    },
    Contract {
        needs: &[QUESTION],
        asks: &[AskKind::Choice],
        says: Some(Means::Held),
        after: Some(After {
            left: Leaves::Confirmed,
            unless: "booking was confirmed; let confirm-booking come before",
        }),
        answers: Answers::Outcomes,
        outcomes: &[SILENCE],
        ..node(
            RUN_SESSION,
            "セッションの実施",
            "The session",
            "waits for the session and asks the coach how it went (成約/見送り)",
        )
    },
    Contract {
        needs: &[TEMPLATE, BOUGHT],
        takes: &[Key::To, Key::Question],
        parts: &[Part::Billing],
        asks: &[AskKind::Choice],
        says: Some(Means::Paid),
        answers: Answers::Recorded,
        mails: Mails::Payer,
        within: &[Leaves::Invoice],
        outcomes: &[
            CAME_IN,
            Outcome::new("overdue", "期日を過ぎた", "overdue").leaving(&[Leaves::Invoice]),
            Outcome::new("failed", "決済の失敗", "the payment failed").leaving(&[Leaves::Invoice]),
        ],
        at_once: &[PAID],
        ..node(ISSUE_INVOICE, "ご請求", "Invoice", "a payment link or a transfer; paid, failed and overdue lead on")
    },
    Contract {
        needs: &[QUESTION],
        takes: &[Key::To],
        asks: &[AskKind::Choice],
        answers: Answers::Outcomes,
        outcomes: &[SILENCE],
        ..node(
            RELEASE_IMPORTED,
            "取り込みの開始",
            "Start what was imported",
            "asks whether imported customers may begin, and then lets each of them go on, or discards them",
        )
    },
    Contract {
        needs: &[&[Key::Facts]],
        outcomes: &[Outcome::new("closed", "", "").leaving(&[Leaves::Facts])],
        at_once: &["closed"],
        ..node(
            CLOSE_DAYS,
            "休業日のご予約の変更",
            "Move what is booked on closed days",
            "asks for another time for each booking on the days that a coach closed, once each",
        )
    },
    Contract {
        outcomes: &[
            Outcome::new("published", "公開", "published"),
            Outcome::new("replaced", "比較した版が差し替えられていた", "what it was compared with was replaced"),
        ],
        at_once: &["published", "replaced"],
        ..node(
            PUBLISH_PLAYBOOK,
            "運用ルールの公開",
            "Publish the playbook",
            "makes a version of the playbook live once it is approved, if what it was compared with still is",
        )
    },
    Contract {
        needs: &[&[Key::Question, Key::Template]],
        takes: &[Key::Facts],
        asks: &[AskKind::Fields],
        answers: Answers::Recorded,
        outcomes: &[
            Outcome::new("more", "残りの回数あり", "sessions left"),
            Outcome::new("finished", "すべて終了", "finished"),
        ],
        at_once: &["more", "finished"],
        ..node(FOLLOW_UP, "フォローアップ", "Follow-up", "thanks and a survey, then the next session or the close")
    },
];
