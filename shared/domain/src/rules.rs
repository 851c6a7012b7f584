//! What may happen: pure decisions over what there is, by what was agreed.
//!
//! ```text
//! draft      a commit in the making: pushes entries, folds as it goes; also: what is written beside it
//! flow       the routing slip: entering nodes, leaving them by an outcome; side: flows beside the main one; wait
//! ask        opening, nudging, expiring; answer: deciding what came in; people: who it is; reach: who gets no mails
//! message    intents, the lease, what comes of it; gate: 送信前チェック
//! approval   what is put to a second person, one step after the other; stages: going live in steps
//! version    a version of the playbook that is proposed; compare: what it changes, in words
//! inquiry    forms; request: what is wanted outside the flow; closure: days that a coach closes
//! import     customers who were there before
//! booking    a seat in a coach's day; calendar: when there is time; holidays; business: working time
//! billing    invoices, tax, payments; early: what is told of a payment before it came; refund: what goes back;
//!            instalment: what is paid in parts; relief: less or nothing more is asked for; validity: until when
//!            it may be used; shortfall: what a transfer may fall short by;
//!            receipt: 領収書, issued once
//!            settlement: what is paid back when something ends before its time
//! stop       who wants no more mails that promote something
//! provider   when the mail provider takes nothing
//! policy     what a rule may decide; classify: 受付・分類
//! emergency  promise 14: stopping, resuming, handing over
//! due        what wakes a case, and what waking does
//! migrate    whether a case may go on under another version of its playbook
//! ```

mod also;
pub mod answer;
pub mod approval;
pub mod ask;
pub mod billing;
pub mod booking;
mod business;
pub mod calendar;
pub mod classify;
pub mod closure;
pub mod compare;
pub mod digest;
pub mod draft;
pub mod due;
pub mod dunning;
pub mod early;
pub mod emergency;
pub mod flow;
pub mod gate;
pub mod holidays;
pub mod import;
pub mod inquiry;
pub mod instalment;
pub mod message;
pub mod migrate;
pub mod name;
pub mod people;
pub mod policy;
pub mod provider;
pub mod reach;
pub mod receipt;
pub mod refund;
mod relief;
pub mod request;
pub mod settlement;
pub mod shortfall;
pub mod side;
pub mod stages;
pub mod stop;
pub mod stranger;
mod validity;
pub mod version;
pub mod wait;

#[cfg(test)]
mod sample;

pub use also::{Also, Proposal};
pub use draft::{Books, Draft, Ready, Rejection, Step};
