//! The log, as it leaves the process. Owns that it never holds anybody up: lines wait in a bounded list for a thread that
//! writes them, and what can't be written (a full disk, a closed pipe, nobody who reads) is counted, and told once it
//! works again. Refuses to fail.

use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::Duration;

/// How many lines may wait.
const WAITING: usize = 4096;
/// How long the end of the process waits for the last lines.
const LAST: Duration = Duration::from_secs(1);

/// Where lines go. Clones share it.
#[derive(Debug, Clone)]
pub(super) struct Log {
    lines: SyncSender<Line>,
    lost: Arc<AtomicU64>,
}

#[derive(Debug)]
enum Line {
    Text(Vec<u8>),
    /// Everything before it was written, as far as that is possible.
    Written(SyncSender<()>),
}

impl Log {
    /// A log that is written to `out`.
    pub(super) fn to(out: impl Write + Send + 'static) -> Self {
        let (lines, waiting) = sync_channel(WAITING);
        let lost = Arc::new(AtomicU64::new(0));
        let count = Arc::clone(&lost);
        let thread = std::thread::Builder::new().name("log".to_owned());
        if thread.spawn(move || write(out, &waiting, &count)).is_err() {
            // Without a thread there is no log, and all the same a house.
            lost.fetch_add(1, Ordering::Relaxed);
        }
        Self { lines, lost }
    }

    /// Waits a little until what was said is written.
    pub(super) fn finish(&self) {
        let (written, heard) = sync_channel(1);
        if self.lines.try_send(Line::Written(written)).is_ok() {
            heard.recv_timeout(LAST).unwrap_or_default();
        }
    }
}

impl Write for Log {
    fn write(&mut self, text: &[u8]) -> std::io::Result<usize> {
        if self.lines.try_send(Line::Text(text.to_owned())).is_err() {
            self.lost.fetch_add(1, Ordering::Relaxed);
        }
        Ok(text.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Writes line after line, and how many were lost before one that can be written.
fn write(mut out: impl Write, lines: &Receiver<Line>, lost: &AtomicU64) {
    while let Ok(line) = lines.recv() {
        let text = match line {
            Line::Text(text) => text,
            Line::Written(heard) => {
                // Whoever waited may have gone.
                heard.try_send(()).unwrap_or_default();
                continue;
            }
        };
        let missing = lost.load(Ordering::Relaxed);
        let told = missing == 0 || writeln!(out, "{missing} lines of the log could not be written").is_ok();
        if told {
            lost.fetch_sub(missing, Ordering::Relaxed);
        }
        if !told || out.write_all(&text).and_then(|()| out.flush()).is_err() {
            lost.fetch_add(1, Ordering::Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;
    use std::sync::atomic::AtomicBool;

    use super::*;

    /// A disk that may be full.
    #[derive(Clone, Default)]
    struct Disk {
        full: Arc<AtomicBool>,
        written: Arc<Mutex<Vec<u8>>>,
    }

    impl Write for Disk {
        fn write(&mut self, text: &[u8]) -> std::io::Result<usize> {
            if self.full.load(Ordering::SeqCst) {
                return Err(std::io::ErrorKind::StorageFull.into());
            }
            self.written.lock().expect("sound").extend(text);
            Ok(text.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_log_that_cant_be_written_stops_nobody_and_tells_how_much_is_missing() {
        let disk = Disk::default();
        let log = Log::to(disk.clone());
        let said = log.clone();
        let subscriber = super::super::subscriber("info", move || said.clone());
        let _guard = tracing::subscriber::set_default(subscriber);
        tracing::info!("before");
        log.finish();
        disk.full.store(true, Ordering::SeqCst);
        for _ in 0..3 {
            tracing::info!("lost");
        }
        log.finish();
        disk.full.store(false, Ordering::SeqCst);
        tracing::info!("after");
        log.finish();
        let written = String::from_utf8(disk.written.lock().expect("sound").clone()).expect("text");
        let lines: Vec<&str> = written.lines().collect();
        assert_eq!(lines.len(), 3, "{written}");
        assert!(lines[0].ends_with("before") && lines[2].ends_with("after"), "{written}");
        assert_eq!(lines[1], "3 lines of the log could not be written");
    }

    #[test]
    fn a_log_that_nobody_reads_stops_nobody() {
        /// A pipe that is full.
        struct Full(Arc<Mutex<()>>);
        impl Write for Full {
            fn write(&mut self, text: &[u8]) -> std::io::Result<usize> {
                drop(self.0.lock());
                Ok(text.len())
            }
            fn flush(&mut self) -> std::io::Result<()> {
                Ok(())
            }
        }
        let pipe = Arc::new(Mutex::new(()));
        let held = pipe.lock().expect("sound");
        let mut log = Log::to(Full(Arc::clone(&pipe)));
        for _ in 0..2 * WAITING {
            log.write_all(b"a line\n").expect("never fails");
        }
        assert!(log.lost.load(Ordering::Relaxed) as usize >= WAITING - 1, "the rest is counted");
        drop(held);
    }
}
