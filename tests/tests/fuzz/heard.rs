//! What the house said while an input was played: panics, and what functions failed of.

use std::io::Write;
use std::sync::{Mutex, Once};

static SAID: Mutex<Vec<u8>> = Mutex::new(Vec::new());
static PANICS: Mutex<Vec<String>> = Mutex::new(Vec::new());
static LISTENING: Once = Once::new();
/// Of what was said, the last so many bytes are kept.
const MOST: usize = 64 * 1024;

struct Said;

impl Write for Said {
    fn write(&mut self, more: &[u8]) -> std::io::Result<usize> {
        let mut said = SAID.lock().expect("sound");
        if said.len() > MOST {
            said.drain(..MOST / 2);
        }
        said.extend_from_slice(more);
        Ok(more.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// From now on all of it is heard.
pub(crate) fn listen() {
    LISTENING.call_once(|| {
        let level = tracing_subscriber::filter::LevelFilter::WARN;
        tracing_subscriber::fmt().with_max_level(level).with_ansi(false).with_writer(|| Said).init();
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            PANICS.lock().expect("sound").push(info.to_string());
            // The test's own are told as always.
            if info.location().is_some_and(|l| l.file().contains("tests/fuzz")) {
                before(info);
            }
        }));
    });
}

/// What was said since somebody asked.
pub(crate) fn take() -> String {
    String::from_utf8_lossy(&std::mem::take(&mut *SAID.lock().expect("sound"))).into_owned()
}

/// A panic since somebody asked.
pub(crate) fn panicked() -> Result<(), String> {
    let all = std::mem::take(&mut *PANICS.lock().expect("sound"));
    if all.is_empty() { Ok(()) } else { Err(format!("panicked: {}", all.join("; ").replace('\n', " "))) }
}

/// Refuses a status that may not be, with what was said last.
pub(crate) fn expects(status: u16, may: &[u16]) -> Result<(), String> {
    if may.contains(&status) {
        return Ok(());
    }
    Err(format!("answered {status} where {may:?} may be: {}", take().lines().last().unwrap_or_default()))
}
