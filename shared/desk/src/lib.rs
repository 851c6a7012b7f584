//! What people see of cases, whoever shows it: the work list, history in sentences, what is under way, whose turn it is
//! and what comes next. Owns words and order; knows no host, no address of a page and no frame, and changes nothing.
//!
//! ```text
//! reader     for whom it is: the language, the office's clock
//! story      a case as it is read: where it stands, whose turn it is, what comes next, its sessions
//! inside     what its playbook calls things
//! work       the list of cases
//! tracks     what is under way
//! history    what happened, in sentences (history/teller.rs); what belongs to one approval (history/approval.rs)
//! side       whose side somebody is on
//! words      what machines call things, in the words of an office
//! ```

mod history;
mod inside;
mod reader;
mod side;
mod story;
mod tracks;
mod words;
mod work;

pub use history::{Line, evidence, lines, table as history_table, trail};
pub use inside::Inside;
pub use reader::{Lang, Reader, long, when};
pub use side::Side;
pub use story::{Session, Story, Todo, Way};
pub use tracks::{Under, list as tracks_list, under_way};
pub use work::table as work_table;
