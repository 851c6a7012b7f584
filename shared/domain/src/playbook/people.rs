//! The people who work for a client, by name: in groups, with deputies and shifts. Always today's.

use std::collections::BTreeMap;

use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Quiet, Weekday7, normal_address};
use crate::Id;

/// The group of the coaches, that every practice has.
pub const COACHES: &str = "coaches";
/// The group of the operators, that every practice has: who gets every exception.
pub const OPERATORS: &str = "operators";

/// Who something is for, as a playbook says it: `customer`, `payer`, `coach`, `operator`, `owner`, `group:NAME` (all of
/// it), `duty:NAME` (whoever of it is on duty) or `person:ID`. Who that is is fixed when it is wanted.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum To {
    /// The customer of the case.
    Customer,
    /// Who pays: the address that the customer named, or the customer's own.
    Payer,
    /// The coach of the booking or of the case; all coaches while there is none.
    Coach,
    /// Whoever looks after the case, if an operator does; else all operators.
    Operator,
    /// Whoever looks after the case; all operators while nobody does.
    Owner,
    /// Everybody in a group.
    Group(String),
    /// Whoever of a group is on duty; everybody in it while nobody is.
    OnDuty(String),
    /// One person.
    Person(String),
}

/// A word that names nobody.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is nobody; write customer, payer, coach, operator, owner, group:NAME, duty:NAME or person:ID")]
pub struct Nobody(String);

impl TryFrom<String> for To {
    type Error = Nobody;

    fn try_from(text: String) -> Result<Self, Nobody> {
        let named = |name: &str| name.to_owned();
        Ok(match text.split_once(':') {
            None => match text.as_str() {
                "customer" => Self::Customer,
                "payer" => Self::Payer,
                "coach" => Self::Coach,
                "operator" => Self::Operator,
                "owner" => Self::Owner,
                _ => return Err(Nobody(text)),
            },
            Some(("group", name)) if !name.is_empty() => Self::Group(named(name)),
            Some(("duty", name)) if !name.is_empty() => Self::OnDuty(named(name)),
            Some(("person", id)) if !id.is_empty() => Self::Person(named(id)),
            Some(_) => return Err(Nobody(text)),
        })
    }
}

impl From<To> for String {
    fn from(to: To) -> Self {
        to.to_string()
    }
}

impl std::fmt::Display for To {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Customer => f.write_str("customer"),
            Self::Payer => f.write_str("payer"),
            Self::Coach => f.write_str("coach"),
            Self::Operator => f.write_str("operator"),
            Self::Owner => f.write_str("owner"),
            Self::Group(name) => write!(f, "group:{name}"),
            Self::OnDuty(name) => write!(f, "duty:{name}"),
            Self::Person(id) => write!(f, "person:{id}"),
        }
    }
}

impl JsonSchema for To {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "To".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "description": "Who something is for.",
            "type": "string",
            "pattern": "^(customer|payer|coach|operator|owner|group:.+|duty:.+|person:.+)$",
        })
    }
}

impl To {
    /// Whether it is somebody outside of the practice: the customer, or who pays.
    #[must_use]
    pub fn is_outside(&self) -> bool {
        matches!(self, Self::Customer | Self::Payer)
    }
}

/// A person who works for the client.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Person {
    /// Short name for logs and links, of `a-z`, `0-9` and `-`: `sato`.
    pub id: String,
    /// As written in mails.
    pub name: String,
    /// Mail address.
    pub address: String,
    /// IANA zone of a person who lives elsewhere; the practice's without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub zone: Option<String>,
    /// Where a coach's sessions take place: a link, fixed, or a room per session with `{booking}` in it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub meeting: Option<String>,
    /// Where a coach's session goes on when that link doesn't work: as `meeting`; the practice's without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub backup: Option<String>,
    /// When this person is left alone, in their zone; the practice's hours without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quiet: Option<Quiet>,
}

/// Somebody stands in for somebody else, from one day to another, both included, in the practice's zone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Deputy {
    /// Who is away.
    pub of: String,
    /// Who stands in.
    pub by: String,
    /// The first day.
    pub from: Date,
    /// The last day.
    pub to: Date,
}

/// When people of a group are on duty, each week, in the practice's zone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Shift {
    /// The group.
    pub group: String,
    /// Who of it.
    pub who: Vec<String>,
    /// On these days.
    pub days: Vec<Weekday7>,
    /// From.
    pub from: Time,
    /// To, later on the same day.
    pub to: Time,
}

/// The people of today.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct People {
    /// The coaches, who are the group `coaches`.
    #[serde(default)]
    pub coaches: Vec<Person>,
    /// The operators, who are the group `operators`: first to last, so that the first is asked first.
    #[serde(default)]
    pub operators: Vec<Person>,
    /// Everybody else: for money, for sales, for the audit.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub others: Vec<Person>,
    /// Groups by name, of short names.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub groups: BTreeMap<String, Vec<String>>,
    /// Who stands in for whom.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub deputies: Vec<Deputy>,
    /// Where a session goes on when the coach's link doesn't work and the coach has no other: as `meeting`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub backup: Option<String>,
    /// Who is on duty when. A group without shifts is always on duty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub shifts: Vec<Shift>,
}

impl People {
    /// Whether two short names are one person's: the same address or the same name, who may stand in two groups.
    #[must_use]
    pub fn is_same(&self, one: &str, other: &str) -> bool {
        let same = |a: &Person, b: &Person| {
            normal_address(&a.address) == normal_address(&b.address) || a.name.trim() == b.name.trim()
        };
        one == other || self.person(one).zip(self.person(other)).is_some_and(|(a, b)| same(a, b))
    }

    /// Everybody.
    pub fn all(&self) -> impl Iterator<Item = &Person> {
        self.coaches.iter().chain(&self.operators).chain(&self.others)
    }

    /// Somebody, by short name.
    #[must_use]
    pub fn person(&self, id: &str) -> Option<&Person> {
        self.all().find(|p| p.id == id)
    }

    /// A coach, by short name.
    #[must_use]
    pub fn coach(&self, id: &str) -> Option<&Person> {
        self.coaches.iter().find(|c| c.id == id)
    }

    /// Where a coach's session takes place.
    #[must_use]
    pub fn meeting(&self, coach: &str, booking: &Id) -> Option<String> {
        let link = self.coach(coach)?.meeting.as_ref()?;
        Some(link.replace("{booking}", booking.as_str()))
    }

    /// Where it goes on when that link doesn't work: a link of the coach's own, or the practice's.
    #[must_use]
    pub fn backup(&self, coach: &str, booking: &Id) -> Option<String> {
        let own = self.coach(coach).and_then(|coach| coach.backup.as_ref());
        own.or(self.backup.as_ref()).map(|link| link.replace("{booking}", booking.as_str()))
    }

    /// The short names of a group, each once; `None` when there is no such group.
    #[must_use]
    pub fn group(&self, name: &str) -> Option<Vec<&str>> {
        let listed = self.groups.get(name).map(|ids| ids.iter().map(String::as_str));
        let born: &[Person] = match name {
            COACHES => &self.coaches,
            OPERATORS => &self.operators,
            _ if listed.is_none() => return None,
            _ => &[],
        };
        let mut names: Vec<&str> = born.iter().map(|p| p.id.as_str()).collect();
        for id in listed.into_iter().flatten() {
            if !names.contains(&id) {
                names.push(id);
            }
        }
        Some(names)
    }

    /// Who acts for a person on a day: themselves, or who stands in for them (and for that one, if away as well).
    #[must_use]
    pub fn acting<'a>(&'a self, id: &'a str, day: Date) -> &'a str {
        let mut acting = id;
        // Deputies of deputies end, also when they stand in for each other.
        for _ in 0..self.deputies.len() {
            let stands_in = |d: &&Deputy| d.of == acting && d.from <= day && day <= d.to;
            match self.deputies.iter().find(stands_in) {
                Some(deputy) if deputy.by != id => acting = &deputy.by,
                _ => break,
            }
        }
        acting
    }

    /// Who of a group is on duty at an instant; everybody when nobody is, or when it has no shifts.
    #[must_use]
    pub fn on_duty(&self, group: &str, now: Timestamp, zone: &TimeZone) -> Option<Vec<&str>> {
        let all = self.group(group)?;
        let local = now.to_zoned(zone.clone());
        let working = self.shifts.iter().filter(|s| s.group == group && s.covers(&local));
        let on_duty: Vec<&str> = working.flat_map(|s| s.who.iter().map(String::as_str)).collect();
        let present: Vec<&str> = all.iter().copied().filter(|id| on_duty.contains(id)).collect();
        Some(if present.is_empty() { all } else { present })
    }
}

impl Shift {
    fn covers(&self, local: &Zoned) -> bool {
        let time = local.time();
        self.days.iter().any(|d| d.is(local.weekday())) && self.from <= time && time < self.to
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn people() -> People {
        let person = |id: &str| Person {
            id: id.to_owned(),
            name: id.to_owned(),
            address: format!("{id}@x.example"),
            zone: None,
            meeting: None,
            backup: None,
            quiet: None,
        };
        let (sato, suzuki) = ("sato".to_owned(), "suzuki".to_owned());
        let day = |d| jiff::civil::date(2026, 12, d);
        People {
            operators: vec![person("sato"), person("suzuki")],
            others: vec![person("kato")],
            groups: [("finance".to_owned(), vec!["kato".to_owned(), sato.clone()])].into(),
            deputies: vec![
                Deputy { of: sato.clone(), by: suzuki.clone(), from: day(1), to: day(3) },
                Deputy { of: suzuki.clone(), by: sato.clone(), from: day(3), to: day(4) },
            ],
            shifts: vec![Shift {
                group: OPERATORS.to_owned(),
                who: vec![suzuki],
                days: vec![Weekday7::Tue],
                from: jiff::civil::time(9, 0, 0, 0),
                to: jiff::civil::time(12, 0, 0, 0),
            }],
            ..People::default()
        }
    }

    #[test]
    fn groups_deputies_and_shifts_name_people() {
        let people = people();
        assert_eq!(people.group("finance"), Some(vec!["kato", "sato"]));
        assert_eq!(people.group("operators"), Some(vec!["sato", "suzuki"]));
        assert_eq!(people.group("nobody"), None);
        let day = |d| jiff::civil::date(2026, 12, d);
        assert_eq!(people.acting("sato", day(2)), "suzuki");
        assert_eq!(people.acting("sato", day(5)), "sato");
        // Each away for the other: whoever was asked stays asked, or the deputy does; nobody is lost.
        assert_eq!(people.acting("sato", day(3)), "suzuki");
        let at = |text: &str| text.parse::<Timestamp>().expect("an instant");
        let tokyo = TimeZone::get("Asia/Tokyo").expect("a zone");
        assert_eq!(people.on_duty("operators", at("2026-12-01T01:00:00Z"), &tokyo), Some(vec!["suzuki"]));
        assert_eq!(people.on_duty("operators", at("2026-12-01T04:00:00Z"), &tokyo), Some(vec!["sato", "suzuki"]));
    }

    #[test]
    fn whom_something_is_for_is_read_as_it_is_written() {
        for word in ["customer", "payer", "coach", "operator", "owner", "group:sales", "duty:desk", "person:sato"] {
            assert_eq!(To::try_from(word.to_owned()).map(String::from).as_deref(), Ok(word));
        }
        for word in ["", "boss", "group:", "team:sales"] {
            assert!(To::try_from(word.to_owned()).is_err(), "{word}");
        }
    }
}
