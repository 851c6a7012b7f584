//! What happened in a world, as text one can read: virtual time, who, what. Faults begin with ⚡, broken promises with ✗.

use jiff::Timestamp;

/// Dated lines.
#[derive(Debug, Default)]
pub(super) struct Transcript(Vec<(Timestamp, String)>);

impl Transcript {
    pub(super) fn say(&mut self, at: Timestamp, what: impl Into<String>) {
        self.0.push((at, what.into()));
    }

    /// All lines; a new day gets a line of its own.
    pub(super) fn text(&self) -> String {
        let mut text = String::new();
        let mut day = String::new();
        for (at, what) in &self.0 {
            let date = at.strftime("%a %Y-%m-%d").to_string();
            if date != day {
                text.push_str(&format!("— {date} (UTC)\n"));
                day = date;
            }
            text.push_str(&format!("  {} {what}\n", at.strftime("%H:%M:%S%.3f")));
        }
        text
    }
}
