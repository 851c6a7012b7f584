//! Ids of this machine's own: events, messages, mails. Nothing in a case is named by them.

use std::sync::atomic::{AtomicU64, Ordering};

/// A random UUID.
pub(crate) fn uuid() -> String {
    let mut bytes = [0_u8; 16];
    if getrandom::fill(&mut bytes).is_err() {
        // Unique within the process is enough for a name that nobody must guess.
        static COUNT: AtomicU64 = AtomicU64::new(0);
        bytes[8..].copy_from_slice(&COUNT.fetch_add(1, Ordering::Relaxed).to_be_bytes());
    }
    bytes[6] = (bytes[6] & 0x0f) | 0x40;
    bytes[8] = (bytes[8] & 0x3f) | 0x80;
    let hex = data_encoding::HEXLOWER.encode(&bytes);
    format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
}

/// An id as SES gives them: 60 characters, the last six always zero.
pub(crate) fn mail() -> String {
    let prefix = uuid().replace('-', "");
    format!("0106{}-{}-000000", &prefix[..12], uuid())
}
