//! Rows of a list become customers, as far as they can be read. Nothing here looks at what there is already.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::Date;
use serde::Serialize;

use super::fault::{Fault, both, of_problem};
use super::value;
use crate::keys::Keys;
use crate::playbook::{FactKind, Import, Meaning, Menu, Playbook, Problem, normal_address};
use crate::rules::billing;
use crate::state::{Seat, Slot};
use crate::{CaseId, CaseKey, Id};

/// A line of the list, as it stands there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// The line of the file on which it begins, from 1.
    pub line: u64,
    /// Its cells.
    pub cells: Vec<String>,
}

/// One customer, as the list says it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Row {
    /// The line of the file, from 1.
    #[serde(skip)]
    pub line: u64,
    /// The customer's number with the practice, if there is one.
    pub number: Option<String>,
    /// What is known, by fact.
    pub facts: BTreeMap<String, String>,
    /// What was bought.
    pub menu: String,
    /// How many sessions that were paid for are left.
    pub left: Option<u32>,
    /// The last day on which one may be held.
    pub expires_on: Option<Date>,
    /// The next session.
    pub seat: Option<Seat>,
    /// The open invoice.
    pub owed: Option<Owed>,
    /// Mails must not go there.
    pub no_mail: bool,
}

/// An open invoice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Owed {
    /// As people quote it.
    pub number: String,
    /// With tax, in minor units.
    pub amount: i64,
    /// The last day to pay on.
    pub due_on: Date,
}

impl Row {
    /// The customer's address.
    #[must_use]
    pub fn address(&self) -> &str {
        self.facts.get("email").map_or("", String::as_str)
    }

    /// What tells this customer from another: the practice's number, or the address with the menu.
    fn identity(&self) -> [&str; 2] {
        match &self.number {
            Some(number) => ["number", number],
            None => [self.address(), &self.menu],
        }
    }

    /// The case that it becomes: the same customer gives the same case, under the client's key.
    #[must_use]
    pub fn key(&self, keys: &Keys, playbook: &Playbook) -> CaseKey {
        let [kind, what] = self.identity();
        let marked = keys.find(&playbook.client, &format!("!import {}", normal_address(kind)), what);
        CaseKey { client: playbook.client.clone(), case: CaseId::derive(&["import", &marked]) }
    }

    /// What opens the case: the same content gives the same cause, and a changed row another.
    #[must_use]
    pub fn cause(&self, keys: &Keys, playbook: &Playbook) -> Id {
        // Strings, numbers and dates alone: they can always be written.
        let content = serde_json::to_string(self).unwrap_or_default();
        Id::derive(&["import", &keys.find(&playbook.client, "!import row", &content)])
    }

    /// What is wrong with it by now, if it is to come in: a session that is past, sessions that nobody may hold any more.
    #[must_use]
    pub fn late(&self, playbook: &Playbook, header: &Header, now: Timestamp) -> Vec<Fault> {
        let today = now.to_zoned(playbook.time_zone()).date();
        let mut faults = Vec::new();
        if self.seat.as_ref().is_some_and(|seat| seat.begins() <= now) {
            let what = both(
                "すでに過ぎた日時です。空欄にして、残回数を合わせてください",
                "is past; leave it empty, and correct the sessions left",
            );
            faults.push(Fault::new(self.line, header.column(&Meaning::Session), what));
        }
        if self.left.is_some_and(|left| left > 0) && self.expires_on.is_some_and(|last| last < today) {
            let what = both(
                "有効期限が過ぎています。期限を直すか、残回数を空欄にしてください",
                "is over, and sessions are left; correct it, or leave the sessions empty",
            );
            faults.push(Fault::new(self.line, header.column(&Meaning::ExpiresOn), what));
        }
        faults
    }
}

/// The first line: which column says what.
#[derive(Debug, Clone, Default)]
pub struct Header {
    columns: Vec<(String, Option<Meaning>)>,
}

impl Header {
    /// The header of a meaning's column; empty when there is none.
    #[must_use]
    pub fn column(&self, meaning: &Meaning) -> &str {
        self.columns.iter().find(|(_, m)| m.as_ref() == Some(meaning)).map_or("", |(name, _)| name)
    }

    /// Columns that the playbook makes nothing of: they stay out.
    pub fn left_out(&self) -> impl Iterator<Item = &str> {
        self.columns.iter().filter(|(name, m)| m.is_none() && !name.is_empty()).map(|(name, _)| name.as_str())
    }

    /// Reads it.
    fn read(import: &Import, cells: &[String], faults: &mut Vec<Fault>) -> Self {
        let mut header = Self::default();
        for cell in cells {
            let name = cell.trim().to_owned();
            let meaning = import.columns.get(&name).cloned();
            if let Some(meaning) = meaning.as_ref().filter(|m| !header.column(m).is_empty()) {
                let first = header.column(meaning).to_owned();
                let what = both(
                    format!("「{first}」と同じ内容の列です。どちらかを取り除いてください"),
                    format!("says the same as {first}; remove one of them"),
                );
                faults.push(Fault::new(1, &name, what));
            }
            header.columns.push((name, meaning));
        }
        for fact in ["name", "email", &import.menu_from] {
            let meaning = Meaning::Fact(fact.to_owned());
            if header.column(&meaning).is_empty() {
                let named: Vec<&str> =
                    import.columns.iter().filter(|(_, m)| **m == meaning).map(|(name, _)| name.as_str()).collect();
                let what = both(
                    format!("列がありません({fact})。1行目に {} を加えてください", named.join(" / ")),
                    format!("there is no column for {fact}; add {} to the first line", named.join(" or ")),
                );
                faults.push(Fault::new(1, named.first().unwrap_or(&fact), what));
            }
        }
        header
    }
}

/// What a list says.
#[derive(Debug, Clone, Default)]
pub struct List {
    /// Its first line.
    pub header: Header,
    /// The rows that could be read.
    pub rows: Vec<Row>,
    /// What is wrong with the others.
    pub faults: Vec<Fault>,
}

/// Reads a list of customers.
#[must_use]
pub fn read(playbook: &Playbook, import: &Import, first: &[String], records: &[Record]) -> List {
    let mut list = List::default();
    list.header = Header::read(import, first, &mut list.faults);
    if !list.faults.is_empty() {
        return list;
    }
    let mut seen: BTreeMap<Vec<String>, u64> = BTreeMap::new();
    for record in records {
        let mut reading = Reading { playbook, import, header: &list.header, record, faults: Vec::new() };
        let row = reading.row();
        let mut faults = reading.faults;
        if let Some(row) = row.filter(|_| faults.is_empty()) {
            let [kind, what] = row.identity();
            match seen.insert(vec![normal_address(kind), what.to_owned()], row.line) {
                Some(line) => faults.push(Fault::new(
                    row.line,
                    list.header.column(&Meaning::Fact("email".to_owned())),
                    both(
                        format!("{line}行目と同じお客様・メニューです。1行にまとめるか、顧客番号で分けてください"),
                        format!("is the same customer and menu as line {line}; make them one, or give them numbers"),
                    ),
                )),
                None => list.rows.push(row),
            }
        }
        list.faults.extend(faults);
    }
    list
}

/// One record, being read.
struct Reading<'a> {
    playbook: &'a Playbook,
    import: &'a Import,
    header: &'a Header,
    record: &'a Record,
    faults: Vec<Fault>,
}

impl<'a> Reading<'a> {
    /// What stands in a column; `None` when nothing does.
    fn cell(&self, meaning: &Meaning) -> Option<&'a str> {
        let n = self.header.columns.iter().position(|(_, m)| m.as_ref() == Some(meaning))?;
        self.record.cells.get(n).map(|cell| cell.trim()).filter(|cell| !cell.is_empty())
    }

    fn wrong(&mut self, meaning: &Meaning, ja: &str, en: &str) {
        let column = self.header.column(meaning);
        self.faults.push(Fault::new(self.record.line, column, both(ja, en)));
    }

    /// A value, when it is there and can be read.
    fn take<T>(&mut self, meaning: &Meaning, read: impl Fn(&str) -> Option<T>, (ja, en): (&str, &str)) -> Option<T> {
        let cell = self.cell(meaning)?;
        let value = read(cell);
        if value.is_none() {
            self.wrong(meaning, ja, en);
        }
        value
    }

    fn row(&mut self) -> Option<Row> {
        if self.record.cells.len() != self.header.columns.len() {
            let (is, wanted) = (self.record.cells.len(), self.header.columns.len());
            let what = both(
                format!("列が{is}個あります(1行目は{wanted}個)。引用符とコンマをご確認ください"),
                format!("has {is} columns, and the first line {wanted}; look at its quotes and commas"),
            );
            self.faults.push(Fault::new(self.record.line, "", what));
            return None;
        }
        let facts = self.facts();
        let number = self.take(&Meaning::Number, plain, CONTROL);
        let left =
            self.take(&Meaning::SessionsLeft, value::count, ("0以上の整数で書いてください", "write a whole number"));
        let expires_on = self.take(&Meaning::ExpiresOn, value::date, DAY);
        let no_mail = self.take(&Meaning::NoMail, value::yes, YES).unwrap_or(false);
        let menu = facts.get(&self.import.menu_from).cloned()?;
        let spec = self.playbook.menus.get(&menu);
        let seat = spec.and_then(|spec| self.seat(&menu, spec));
        let owed = self.owed();
        let nothing = seat.is_none() && owed.is_none() && left.is_none_or(|left| left == 0);
        if nothing && self.faults.is_empty() {
            self.wrong(
                &Meaning::SessionsLeft,
                "残回数・予約・請求のいずれもありません。行を取り除くか、ご記入ください",
                "no session is left or booked, and nothing is owed; remove the line, or fill it in",
            );
        }
        Some(Row { line: self.record.line, number, facts, menu, left, expires_on, seat, owed, no_mail })
    }

    fn facts(&mut self) -> BTreeMap<String, String> {
        let mut facts = BTreeMap::new();
        for (name, meaning) in &self.header.columns {
            let Some(Meaning::Fact(fact)) = meaning else { continue };
            let given = self.cell(&Meaning::Fact(fact.clone())).unwrap_or_default();
            match self.fact(fact, given) {
                Ok(Some(value)) => drop(facts.insert(fact.clone(), value)),
                Ok(None) => {}
                Err(problem) => self.faults.push(Fault::new(self.record.line, name, of_problem(problem))),
            }
        }
        facts
    }

    /// The value of a fact; `None` when it may stay empty and does.
    fn fact(&self, fact: &str, given: &str) -> Result<Option<String>, Problem> {
        let needed = ["name", "email"].contains(&fact) || fact == self.import.menu_from;
        let Some(spec) = self.playbook.facts.get(fact) else { return Ok(None) };
        let given = match spec.kind {
            FactKind::Date => value::date(given).map_or(given.to_owned(), |day| day.to_string()),
            FactKind::Consent if !given.is_empty() => match value::yes(given) {
                Some(true) => "yes".to_owned(),
                Some(false) => String::new(),
                None => return Err(Problem::Form),
            },
            FactKind::Choice if fact == self.import.menu_from => self.menu_named(given),
            _ => given.to_owned(),
        };
        match self.playbook.take(fact, &given) {
            Some(Ok(value)) => Ok(Some(value)),
            Some(Err(Problem::Missing)) if !needed => Ok(None),
            Some(Err(problem)) => Err(problem),
            None => Ok(None),
        }
    }

    /// The menu that is called so, in whichever language; else as it was given.
    fn menu_named(&self, given: &str) -> String {
        let called = |menu: &Menu| menu.label.ja == given || menu.label.en == given;
        let named = self.playbook.menus.iter().find(|(_, menu)| called(menu));
        named.map_or(given, |(name, _)| name).to_owned()
    }

    /// The next session.
    fn seat(&mut self, menu: &str, spec: &Menu) -> Option<Seat> {
        let start = self.take(&Meaning::Session, value::date_time, TIME)?;
        let Some(coach) = self.coach(spec) else {
            self.wrong(
                &Meaning::Coach,
                "どのコーチか分かりません。このメニューを担当するコーチの名前を書いてください",
                "nobody who holds this menu is called so; write a coach's name",
            );
            return None;
        };
        let zone = self.playbook.zone_of(&coach);
        let Ok(at) = zone.to_ambiguous_timestamp(start).unambiguous() else {
            self.wrong(
                &Meaning::Session,
                "時刻の切り替えで一つに決まらない日時です",
                "is no single instant: the clocks change then",
            );
            return None;
        };
        let dates = self.playbook.calendar.iter().flat_map(|calendar| &calendar.sessions);
        let mut dates = dates.filter(|s| s.menu == menu && s.coach == coach && s.at == start);
        let group = dates.next().map(|session| session.id.clone());
        if spec.group && group.is_none() {
            self.wrong(
                &Meaning::Session,
                "この開催日は運用ルールにありません",
                "is no date of this menu in calendar: sessions:",
            );
            return None;
        }
        Some(Seat::of(&Slot { at, start, coach, group: group.filter(|_| spec.group) }, spec, &zone))
    }

    /// Who holds it: named, or the only one who may.
    fn coach(&self, menu: &Menu) -> Option<String> {
        let mut may = self.playbook.people.coaches.iter().filter(|coach| menu.is_held_by(&coach.id));
        let bare = |name: &str| name.chars().filter(|c| !c.is_whitespace()).collect::<String>();
        match self.cell(&Meaning::Coach) {
            Some(named) => may.find(|coach| coach.id == named || bare(&coach.name) == bare(named)),
            None => may.next().filter(|_| may.next().is_none()),
        }
        .map(|coach| coach.id.clone())
    }

    /// The open invoice: all of it, or nothing.
    fn owed(&mut self) -> Option<Owed> {
        let parts = [Meaning::InvoiceNumber, Meaning::InvoiceAmount, Meaning::InvoiceDue];
        let empty: Vec<&Meaning> = parts.iter().filter(|part| self.cell(part).is_none()).collect();
        if empty.len() == parts.len() {
            return None;
        }
        for part in empty {
            self.wrong(
                part,
                "請求は番号・金額・期日をすべてご記入ください",
                "an invoice has a number, an amount and a due date; fill it in",
            );
        }
        let currency = self.playbook.billing.as_ref().map_or("JPY", |billing| &billing.currency);
        let amount = |cell: &str| value::amount(cell, currency).filter(|a| *a > 0 && billing::is_amount(*a));
        Some(Owed {
            number: self.take(&Meaning::InvoiceNumber, plain, CONTROL)?,
            amount: self.take(
                &Meaning::InvoiceAmount,
                amount,
                ("金額を数字で書いてください", "write the amount in figures"),
            )?,
            due_on: self.take(&Meaning::InvoiceDue, value::date, DAY)?,
        })
    }
}

const DAY: (&str, &str) = ("日付は 2026-12-03 のように書いてください", "write the day as 2026-12-03");
const TIME: (&str, &str) = ("日時は 2026-12-03 10:00 のように書いてください", "write day and time as 2026-12-03 10:00");
const YES: (&str, &str) = ("はい か いいえ で書いてください(空欄は いいえ)", "write yes or no (empty: no)");
const CONTROL: (&str, &str) =
    ("長すぎるか、制御文字があります。直してください", "is too long, or has control characters; correct it");

/// A short text that can stand in the journal.
fn plain(cell: &str) -> Option<String> {
    let fits = cell.chars().count() <= 60 && !cell.chars().any(crate::playbook::is_control);
    fits.then(|| cell.to_owned())
}
