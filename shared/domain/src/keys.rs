//! Keyed hashes: HMAC-SHA256 (RFC 2104). Every key is derived from the root for one client and one purpose.

use data_encoding::{BASE64URL_NOPAD, HEXLOWER};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use subtle::ConstantTimeEq;

use crate::state::Party;
use crate::{CaseId, CaseKey, ClientId, Id};

/// HMAC-SHA256 over parts, each with its length before it.
fn hmac(key: &[u8], parts: &[&str]) -> [u8; 32] {
    let mut mac = match Hmac::<Sha256>::new_from_slice(key) {
        Ok(mac) => mac,
        Err(_) => unreachable!("HMAC takes keys of any length (RFC 2104 §2)"),
    };
    for part in parts {
        mac.update(&(part.len() as u64).to_be_bytes());
        mac.update(part.as_bytes());
    }
    mac.finalize().into_bytes().into()
}

/// The mark of a personal value under the person's key: what the journal holds instead of it.
#[must_use]
pub fn mark(person_key: &str, parts: &[&str]) -> String {
    HEXLOWER.encode(&hmac(person_key.as_bytes(), parts)[..12])
}

/// The root of every derived key: 32 bytes that never leave the installation.
#[derive(Clone)]
pub struct Keys([u8; 32]);

impl std::fmt::Debug for Keys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Keys(…)")
    }
}

/// A root key that can't be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the root key must be 64 hex digits (32 bytes)")]
pub struct NotAKey;

impl Keys {
    /// From raw bytes.
    #[must_use]
    pub fn new(root: [u8; 32]) -> Self {
        Self(root)
    }

    /// From 64 hex digits.
    ///
    /// # Errors
    /// When it isn't 32 bytes of hex.
    pub fn parse(hex: &str) -> Result<Self, NotAKey> {
        let bytes = HEXLOWER.decode(hex.trim().to_ascii_lowercase().as_bytes()).map_err(|_| NotAKey)?;
        bytes.try_into().map(Self).map_err(|_| NotAKey)
    }

    fn derived(&self, client: &ClientId, purpose: &str) -> [u8; 32] {
        hmac(&self.0, &[purpose, client.as_str()])
    }

    /// The key under which a client's secrets are sealed.
    #[must_use]
    pub fn sealing(&self, client: &ClientId) -> [u8; 32] {
        self.derived(client, "seal")
    }

    /// The look-up of an address: the same address gives the same text within a client, and nothing across clients.
    #[must_use]
    pub fn look_up(&self, client: &ClientId, address: &str) -> String {
        let normal = crate::playbook::normal_address(address);
        HEXLOWER.encode(&hmac(&self.derived(client, "look-up"), &[&normal])[..16])
    }

    /// The look-up of a fact's value, as forms reach cases by it. An address has its own.
    #[must_use]
    pub fn find(&self, client: &ClientId, fact: &str, value: &str) -> String {
        if fact == "email" {
            return self.look_up(client, value);
        }
        HEXLOWER.encode(&hmac(&self.derived(client, "find"), &[fact, value])[..16])
    }

    /// Whose seat of a group session it is: the same address gives the same text within one session, and nothing across
    /// sessions.
    #[must_use]
    pub fn seat(&self, client: &ClientId, group: &str, address: &str) -> String {
        let normal = crate::playbook::normal_address(address);
        HEXLOWER.encode(&hmac(&self.derived(client, "seat"), &[group, &normal])[..12])
    }

    /// By this an installation knows its own root again. It tells nothing of the root itself.
    #[must_use]
    pub fn check(&self) -> String {
        HEXLOWER.encode(&hmac(&self.0, &["key check"])[..16])
    }

    /// Tells one root from another, so that links of both can be told apart while they change.
    fn id(&self) -> String {
        HEXLOWER.encode(&hmac(&self.0, &["key id"])[..2])
    }

    /// The token of a link to an ask: `client.case.ask.whose.key.mac`. It is one person's: it names the case, the ask, the
    /// person and the key. It is made when a mail is written and stored nowhere.
    #[must_use]
    pub fn token(&self, key: &CaseKey, ask: &Id, whose: &Party) -> String {
        let whose = match whose {
            Party::Customer => "c".to_owned(),
            Party::Payer => "p".to_owned(),
            Party::Person(id) => format!("-{id}"),
            Party::Coach | Party::Operator => return self.token_of_version_1(key, ask),
        };
        let mac = hmac(&self.derived(&key.client, "link"), &[key.case.as_str(), ask.as_str(), &whose]);
        format!("{}.{}.{ask}.{whose}.{}.{}", key.client, key.case, self.id(), BASE64URL_NOPAD.encode(&mac[..16]))
    }

    /// Links in mails of version 1 were nobody's by name.
    fn token_of_version_1(&self, key: &CaseKey, ask: &Id) -> String {
        let mac = hmac(&self.derived(&key.client, "link"), &[key.case.as_str(), ask.as_str()]);
        format!("{}.{}.{ask}.{}", key.client, key.case, BASE64URL_NOPAD.encode(&mac[..16]))
    }

    /// The code with this number that is mailed to somebody who answers an ask: six digits.
    #[must_use]
    pub fn code(&self, key: &CaseKey, ask: &Id, person: &str, n: u32) -> String {
        let parts = [key.case.as_str(), ask.as_str(), person, &n.to_string()];
        let mac = hmac(&self.derived(&key.client, "code"), &parts);
        let number = mac.iter().take(8).fold(0u64, |all, byte| (all << 8) | u64::from(*byte));
        format!("{:06}", number % 1_000_000)
    }

    /// The name of a coach's calendar: `client.coach.mac.ics`. Whoever knows it can read when that coach is busy.
    #[must_use]
    pub fn calendar(&self, client: &ClientId, coach: &str) -> String {
        let mac = hmac(&self.derived(client, "calendar"), &[coach]);
        format!("{client}.{coach}.{}.ics", BASE64URL_NOPAD.encode(&mac[..16]))
    }

    /// Reads the name of a coach's calendar.
    #[must_use]
    pub fn read_calendar(&self, file: &str) -> Option<(ClientId, String)> {
        let mut parts = file.split('.');
        let (client, coach) = (ClientId::parse(parts.next()?).ok()?, parts.next()?.to_owned());
        let right: bool = self.calendar(&client, &coach).as_bytes().ct_eq(file.as_bytes()).into();
        right.then_some((client, coach))
    }

    /// Reads a token: the case, the ask, and whose link it is; nobody's by name in mails of version 1.
    #[must_use]
    pub fn read_token(&self, token: &str) -> Option<(CaseKey, Id, Option<Party>)> {
        let parts: Vec<&str> = token.split('.').collect();
        let (client, case, ask) = (parts.first()?, parts.get(1)?, parts.get(2)?);
        let key = CaseKey { client: ClientId::parse(client).ok()?, case: CaseId::parse(case).ok()? };
        let ask = Id::parse(ask).ok()?;
        let whose = match parts.get(3).copied().filter(|_| parts.len() == 6) {
            None => None,
            Some("c") => Some(Party::Customer),
            Some("p") => Some(Party::Payer),
            Some(id) => Some(Party::Person(id.strip_prefix('-')?.to_owned())),
        };
        let right = match &whose {
            Some(whose) => self.token(&key, &ask, whose),
            None => self.token_of_version_1(&key, &ask),
        };
        let right: bool = right.as_bytes().ct_eq(token.as_bytes()).into();
        right.then_some((key, ask, whose))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_opens_its_own_ask_only() {
        let keys = Keys::new([7; 32]);
        let key = CaseKey { client: ClientId::parse("yamada").expect("name"), case: CaseId::derive(&["c"]) };
        let ask = Id::derive(&["a"]);
        let whose = |whose| keys.token(&key, &ask, &whose);
        let token = whose(Party::Person("sato".to_owned()));
        assert_eq!(keys.read_token(&token), Some((key.clone(), ask.clone(), Some(Party::Person("sato".to_owned())))));
        for party in [Party::Customer, Party::Payer] {
            assert_eq!(keys.read_token(&whose(party.clone())).map(|read| read.2), Some(Some(party)));
        }
        assert_eq!(keys.read_token(&whose(Party::Operator)).map(|read| read.2), Some(None), "of version 1");
        assert_eq!(keys.read_token(&token.replacen("-sato", "-kato", 1)), None, "somebody else's");
        let other = token.replacen("yamada", "suzuki", 1);
        assert_eq!(keys.read_token(&other), None);
        assert_eq!(Keys::new([8; 32]).read_token(&token), None);
        for bad in ["", "....", "yamada", &token[..token.len() - 1], &format!("{token}x")] {
            assert_eq!(keys.read_token(bad), None, "{bad}");
        }
        assert_eq!(format!("{keys:?}"), "Keys(…)");
        assert_ne!(keys.check(), Keys::new([8; 32]).check());
    }
}
