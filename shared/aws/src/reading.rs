//! Bytes as text: by the charset that is declared, or, where none is and somebody's cry may stand in them, in every way in
//! which they may be meant. Owns no rule of what is done with a text; guesses only for people and for emergency words, never
//! for what is recorded.

use std::borrow::Cow;

use banto_domain::state::commit::hash;
use data_encoding::HEXLOWER;
use encoding_rs::{EUC_JP, Encoding, ISO_2022_JP, SHIFT_JIS, UTF_8, UTF_16BE, UTF_16LE};

/// The charsets that a Japanese form may come in beside UTF-8.
const OTHERS: [&Encoding; 3] = [SHIFT_JIS, EUC_JP, ISO_2022_JP];

/// Why a text can't be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unread {
    /// Nothing known is called so.
    UnknownCharset,
    /// It isn't in this charset.
    Not(&'static str),
    /// It isn't UTF-8 from this byte on, and nothing else is declared.
    Utf8(usize),
}

impl std::fmt::Display for Unread {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::UnknownCharset => write!(f, "a charset that is not known"),
            Self::Not(charset) => write!(f, "not {charset}, which it says it is"),
            Self::Utf8(at) => write!(f, "not UTF-8 after byte {at}, and no other charset is declared"),
        }
    }
}

/// The charset that a `Content-Type` declares.
///
/// # Errors
/// When it isn't known.
pub fn declared(content_type: &str) -> Result<Option<&'static Encoding>, Unread> {
    let mut parameters = content_type.split(';').skip(1).filter_map(|p| p.split_once('='));
    let charset = parameters.find(|(name, _)| name.trim().eq_ignore_ascii_case("charset"));
    charset.map(|(_, label)| labelled(label.trim().trim_matches(['"', '\'']).as_bytes())).transpose()
}

fn labelled(label: &[u8]) -> Result<&'static Encoding, Unread> {
    let known = match label.to_ascii_lowercase().as_slice() {
        b"cp932" | b"windows-932" => Some(SHIFT_JIS),
        _ => Encoding::for_label_no_replacement(label),
    };
    known.ok_or(Unread::UnknownCharset)
}

/// A text in the charset that its first bytes, or else its sender, or else nobody but the times declare.
///
/// # Errors
/// When it isn't in that charset.
pub fn text<'a>(bytes: &'a [u8], declared: Option<&'static Encoding>) -> Result<Cow<'a, str>, Unread> {
    let (charset, rest) = match Encoding::for_bom(bytes) {
        Some((charset, length)) => (Some(charset), bytes.get(length..).unwrap_or_default()),
        None => (declared, bytes),
    };
    match charset {
        Some(charset) => {
            charset.decode_without_bom_handling_and_without_replacement(rest).ok_or(Unread::Not(charset.name()))
        }
        None => std::str::from_utf8(rest).map(Cow::Borrowed).map_err(|e| Unread::Utf8(e.valid_up_to())),
    }
}

/// The fields of a form-encoded body. A field `_charset_` says what a browser took, before the header.
///
/// # Errors
/// When it isn't in the charset that is declared.
pub fn form(body: &[u8], declared: Option<&'static Encoding>) -> Result<Vec<(String, String)>, Unread> {
    let parts = body.split(|b| *b == b'&').filter(|part| !part.is_empty());
    let pairs: Vec<(Vec<u8>, Vec<u8>)> = parts
        .map(|part| {
            let (name, value) = part.split_at(part.iter().position(|b| *b == b'=').unwrap_or(part.len()));
            (unquoted(name, b'%', true), unquoted(value.get(1..).unwrap_or_default(), b'%', true))
        })
        .collect();
    let named = pairs.iter().find(|(name, value)| name == b"_charset_" && !value.is_empty());
    let charset = named.map(|(_, label)| labelled(label)).transpose()?.or(declared);
    let is_old = charset.is_some_and(|c| c.output_encoding() == c && c != UTF_8);
    let read = |bytes: &[u8]| {
        let text = text(bytes, charset)?;
        // Browsers write so what the charset has no place for.
        Ok(if is_old { without_entities(&text) } else { text.into_owned() })
    };
    pairs.iter().map(|(name, value)| Ok((read(name)?, read(value)?))).collect()
}

/// What tells two bodies apart: of text the hash of it, of other bytes that of all of them.
#[must_use]
pub fn fingerprint(body: &[u8]) -> String {
    match std::str::from_utf8(body) {
        Ok(text) => hash(text),
        Err(_) => hash(&format!("bytes:{}", HEXLOWER.encode(body))),
    }
}

/// Bytes as a person most likely meant them; what can't be read is marked.
#[must_use]
pub fn guessed(bytes: &[u8]) -> String {
    // First what says which it is, then the stricter.
    let charsets =
        [ISO_2022_JP, UTF_8, EUC_JP, SHIFT_JIS].into_iter().filter(|c| *c != ISO_2022_JP || has_escape(bytes));
    let mut read = charsets.filter_map(|charset| charset.decode_without_bom_handling_and_without_replacement(bytes));
    read.next().unwrap_or_else(|| String::from_utf8_lossy(bytes)).into_owned()
}

/// ISO-2022-JP is written in ASCII alone, and changes what it means by this character.
fn has_escape(bytes: &[u8]) -> bool {
    bytes.contains(&0x1B)
}

/// Every way in which a body may be meant, whatever is broken about it: for emergency words alone.
#[must_use]
pub fn readings(body: &[u8], declared: Option<&'static Encoding>) -> Vec<String> {
    let mut readings = Vec::new();
    for bytes in [Cow::Borrowed(body), once_more(body, b'%', true), once_more(body, b'=', false)] {
        let is_text = std::str::from_utf8(&bytes).is_ok();
        let mut charsets = vec![UTF_8];
        charsets.extend(declared);
        charsets.extend(OTHERS.into_iter().filter(|_| !is_text || has_escape(&bytes)));
        charsets.extend([UTF_16LE, UTF_16BE]);
        for charset in charsets {
            let text = plain(&charset.decode_with_bom_removal(&bytes).0);
            if !readings.contains(&text) {
                readings.push(text);
            }
        }
    }
    readings
}

/// A value as it may be meant when it is written twice over; `None` when it isn't.
#[must_use]
pub fn meant(value: &str) -> Option<String> {
    let bytes = unquoted(value.as_bytes(), b'%', false);
    let meant = plain(&guessed(&bytes));
    (meant != value).then_some(meant)
}

/// Without what JSON and HTML put in the place of a letter, also where both did, or one twice.
fn plain(text: &str) -> String {
    without_escapes(&without_entities(&without_escapes(text)))
}

fn once_more(body: &[u8], mark: u8, plus: bool) -> Cow<'_, [u8]> {
    if body.contains(&mark) { Cow::Owned(unquoted(body, mark, plus)) } else { Cow::Borrowed(body) }
}

/// `%E6`, or `=E6` of mails, as bytes; what is no such thing stays.
fn unquoted(bytes: &[u8], mark: u8, plus: bool) -> Vec<u8> {
    let (mut out, mut at) = (Vec::with_capacity(bytes.len()), 0);
    while let Some(byte) = bytes.get(at) {
        let digits = bytes.get(at + 1..at + 3).filter(|_| *byte == mark);
        let coded = digits.and_then(|d| data_encoding::HEXLOWER_PERMISSIVE.decode(d).ok());
        if let Some(coded) = coded {
            out.extend(coded);
            at += 3;
        } else if *byte == mark && mark == b'=' && bytes.get(at + 1..).is_some_and(|rest| rest.starts_with(b"\r\n")) {
            at += 3;
        } else {
            out.push(if plus && *byte == b'+' { b' ' } else { *byte });
            at += 1;
        }
    }
    out
}

/// `\u6b7b` as what it is, in pairs where it must be, and line breaks as spaces.
fn without_escapes(text: &str) -> String {
    let (mut out, mut rest) = (String::with_capacity(text.len()), text);
    while let Some((before, after)) = rest.split_once('\\') {
        out.push_str(before);
        let (c, left) = escape(after);
        out.push(c);
        rest = left;
    }
    out + rest
}

/// The character after a backslash, and what is left.
fn escape(after: &str) -> (char, &str) {
    let unit = |text: &str| text.get(..4).and_then(|hex| u16::from_str_radix(hex, 16).ok());
    if let Some(first) = after.strip_prefix('u').and_then(unit) {
        let rest = after.get(5..).unwrap_or_default();
        let second = rest.strip_prefix("\\u").and_then(unit);
        let both = second.and_then(|second| char::decode_utf16([first, second]).next()?.ok());
        return match (both, char::from_u32(u32::from(first))) {
            (Some(c), None) => (c, rest.get(6..).unwrap_or_default()),
            (_, one) => (one.filter(|c| !c.is_control()).unwrap_or(' '), rest),
        };
    }
    match after.chars().next() {
        Some('n' | 'r' | 't' | 'b' | 'f') => (' ', after.get(1..).unwrap_or_default()),
        Some(c @ ('"' | '/' | '\\')) => (c, after.get(1..).unwrap_or_default()),
        _ => ('\\', after),
    }
}

/// `&#27515;` and `&#x6b7b;` as what they are.
fn without_entities(text: &str) -> String {
    let (mut out, mut rest) = (String::with_capacity(text.len()), text);
    while let Some((before, after)) = rest.split_once("&#") {
        out.push_str(before);
        // No further than a number goes: there may be many, and none that ends.
        let end = after.bytes().take(9).position(|b| b == b';');
        let coded = end.and_then(|end| Some((after.get(..end)?, after.get(end + 1..)?)));
        let coded = coded.and_then(|(code, left)| {
            let number = match code.strip_prefix(['x', 'X']) {
                Some(hex) => u32::from_str_radix(hex, 16),
                None => code.parse(),
            };
            Some((char::from_u32(number.ok()?).filter(|c| !c.is_control())?, left))
        });
        match coded {
            Some((c, left)) => {
                out.push(c);
                rest = left;
            }
            None => {
                out.push_str("&#");
                rest = after;
            }
        }
    }
    out + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    const CRY: &str = "もう死にたい";

    fn percent(bytes: &[u8]) -> String {
        bytes.iter().map(|b| format!("%{b:02X}")).collect()
    }

    #[test]
    fn a_text_is_read_by_the_charset_that_it_declares_or_not_at_all() {
        for label in ["Shift_JIS", "\"windows-31j\"", "cp932", "EUC-JP", "ISO-2022-JP", "utf-8", "UTF8"] {
            let charset = declared(&format!("text/plain; x=y; Charset={label}")).unwrap();
            let bytes = charset.unwrap().encode(CRY).0;
            assert_eq!(text(&bytes, charset).unwrap(), CRY, "{label}");
        }
        let utf16: Vec<u8> = CRY.encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert_eq!(text(&utf16, declared("text/plain; charset=utf-16").unwrap()).unwrap(), CRY);
        assert_eq!(text("\u{FEFF}a".as_bytes(), None).unwrap(), "a", "without its mark");
        assert_eq!(declared("text/plain; charset=klingon"), Err(Unread::UnknownCharset));
        assert_eq!(declared("text/plain"), Ok(None));
        let sjis = SHIFT_JIS.encode(CRY).0;
        assert_eq!(text(&sjis, None), Err(Unread::Utf8(0)));
        assert_eq!(text(&[0xFF, 0xFF], Some(EUC_JP)), Err(Unread::Not("EUC-JP")));
    }

    #[test]
    fn a_form_says_its_charset_in_its_header_or_in_a_field() {
        for charset in OTHERS {
            let value = percent(&charset.encode(CRY).0);
            let body = format!("message={value}&a=+%2b");
            let read = form(body.as_bytes(), Some(charset)).unwrap();
            assert_eq!(read, [("message".to_owned(), CRY.to_owned()), ("a".to_owned(), " +".to_owned())]);
            let body = format!("{body}&_charset_={}", charset.name());
            assert_eq!(form(body.as_bytes(), Some(UTF_8)).unwrap()[0].1, CRY, "{}", charset.name());
        }
        assert_eq!(form(b"a=%20070%26%2320407;&b", Some(SHIFT_JIS)).unwrap()[0].1, " 070侷");
        assert_eq!(form(b"a=%26%2320407;", None).unwrap()[0].1, "&#20407;", "nobody wrote it in their place");
        assert_eq!(form(b"a=%82%A0", None), Err(Unread::Utf8(0)));
        assert_eq!(form(b"a=b&_charset_=klingon", None), Err(Unread::UnknownCharset));
        assert_eq!(form(b"&&=&a=%&b=%4", None).unwrap().len(), 3, "what is no code stays");
    }

    #[test]
    fn a_cry_is_read_out_of_whatever_it_came_in() {
        let escaped: String = CRY.encode_utf16().map(|u| format!("\\u{u:04x}")).collect();
        let entities: String = CRY.chars().map(|c| format!("&#{};", u32::from(c))).collect();
        let mut bodies: Vec<Vec<u8>> = vec![
            format!("{{\"a\": \"{escaped}").into_bytes(),
            format!("{{\"a\": \"{}", escaped.replace('\\', "\\\\")).into_bytes(),
            format!("<p>{entities}").into_bytes(),
            format!("a={}", percent(CRY.as_bytes())).into_bytes(),
            percent(CRY.as_bytes()).replace('%', "=").into_bytes(),
            format!("--b\r\nContent-Disposition: form-data; name=m\r\n\r\n{CRY}\r\n--b--").into_bytes(),
            CRY.encode_utf16().flat_map(u16::to_le_bytes).collect(),
            CRY.encode_utf16().flat_map(u16::to_be_bytes).collect(),
        ];
        for charset in OTHERS {
            let bytes = charset.encode(CRY).0;
            bodies.extend([[b"\xFF\xFE\xFD{", bytes.as_ref()].concat(), percent(&bytes).into_bytes()]);
        }
        for body in bodies {
            let readings = readings(&body, None);
            let heard = readings.iter().any(|reading| reading.contains("死にたい"));
            assert!(heard, "{:?} as {readings:?}", String::from_utf8_lossy(&body));
        }
        assert_eq!(meant("%E6%AD%BB").as_deref(), Some("死"));
        assert_eq!(meant("\\ud842\\udfb7\\n\\x").as_deref(), Some("𠮷 \\x"));
        assert_eq!(meant(&String::from_utf8_lossy(&ISO_2022_JP.encode(CRY).0)).as_deref(), Some(CRY));
        assert_eq!(meant("50%, a+b"), None);
    }

    #[test]
    fn a_flood_of_codes_that_never_end_is_read_in_time() {
        let began = std::time::Instant::now();
        for unit in ["&#", "\\u", "%", "=", "\\ud842", "&#1;"] {
            assert!(!readings(unit.repeat(400_000 / unit.len()).as_bytes(), None).is_empty());
        }
        assert!(began.elapsed().as_secs() < 30, "{:?}", began.elapsed());
    }

    #[test]
    fn a_person_reads_what_was_meant_and_no_two_bodies_are_one() {
        for charset in [UTF_8, SHIFT_JIS, EUC_JP, ISO_2022_JP] {
            assert_eq!(guessed(&charset.encode("死にたいです。名前").0), "死にたいです。名前", "{}", charset.name());
        }
        assert_eq!(guessed(b"\xFFa"), "\u{FFFD}a");
        assert!(fingerprint(b"\xFF") != fingerprint(b"\xFE"));
        assert_eq!(fingerprint(b"a"), hash("a"), "as it always was");
    }
}
