//! Banto on AWS: the only place that knows SDK types. Functions know this crate and the domain, nothing else.
//!
//! ```text
//! ledger     the case store: load, commit, due, look-ups (items: how things stand in the table; parts: the snapshot's;
//!            desk: a client's open cases, and what waits for whom)
//! change     load → decide → commit, again when somebody else was faster; what node functions are made of
//! spread     one step that changes many cases
//! import     customers who were there before come in; versions: a version of the playbook is proposed
//! calendar   coaches' days: what can be offered, taking a seat, opening hours
//! playbooks  versions and what is live, in the same table
//! compose    a mail of a message, as it would leave now; render     a mail out of a template; mailer: SES v2
//! refunds    money that goes back, at the payment provider
//! publisher  the journal on the bus; stream: commits out of a stream batch
//! reader     whole cases and whole tables, for people
//! reading    bytes as text, in whatever charset
//! webhook    whether a webhook comes from whom it says
//! ical       sessions as iCalendar
//! page       the frame of every page; fields: what it asks for; posted: what its form sends; links: to pages of a case
//! words      for the codes that the rules give
//! env        what a function is given; function: what a host sees of it
//! lambda     the Lambda host; metrics: numbers that people watch
//! ```

mod calendar;
mod change;
pub mod compose;
pub mod desk;
mod env;
mod error;
pub mod fields;
mod function;
pub mod ical;
pub mod import;
mod items;
pub mod lambda;
pub mod ledger;
mod links;
pub mod live;
mod mailer;
pub mod metrics;
pub mod page;
pub mod parts;
mod playbooks;
pub mod posted;
mod publisher;
pub mod reader;
pub mod reading;
pub mod refunds;
pub mod render;
pub mod spread;
pub mod stream;
mod versions;
pub mod webhook;
pub mod words;

pub use banto_domain::keys::Keys;
pub use change::{Changed, Made, Plan, Poke, Prepared, take_up, take_up_prepared};
pub use env::{Clients, Clock, Entropy, Env, Settings, SystemClock, SystemEntropy, World};
pub use error::{Error, Result};
pub use function::{Decide, Function, Handler, PathParams, Reply, Request, Source};
pub use ledger::Ledger;
pub use mailer::{Letter, Mailer};
pub use playbooks::{Approval, Live, Playbooks, Proposed, Published};
pub use publisher::{Publisher, SOURCE};
pub use refunds::Refunds;
pub use versions::Asked;
