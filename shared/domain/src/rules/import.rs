//! Customers who were there before Banto: a row of the practice's list becomes a case with what is booked, bought and owed.
//! It mails nobody and nothing of it moves until a coach says that it may begin. Then it goes on with what is still ahead.
//!
//! ```text
//! fault   what is wrong, where, and the way out
//! value   dates, amounts and ticks as people write them
//! row     a line of the list becomes a customer
//! ```

mod fault;
mod row;
mod value;

use std::collections::BTreeMap;

use jiff::ToSpan;
use jiff::civil::Date;

use super::{Also, Draft, Rejection, billing, booking, emergency, flow, inquiry, side, stranger};
use crate::playbook::{
    DISCARDED, FROM_IMPORT, IMPORTED, Import, Meaning, Playbook, Prices, START_IMPORTED, STARTED, Text,
};
use crate::state::{Case, Day, Entry, Line, NotFree, Party, Room, Scope, Taken, Tax, TokenId};
use crate::{CaseId, CaseKey, ClientId, Id};

pub use fault::Fault;
pub use row::{Header, List, Owed, Record, Row, read};

/// The function, as the journal names it.
pub const IMPORT_CUSTOMERS: &str = "import-customers";
/// How many customers come in at once: what a coach can be asked about, and one step can let go on.
pub const MOST: usize = 2_000;

/// What a row needs to know beside itself.
#[derive(Debug, Clone)]
pub struct Around {
    /// The import that it belongs to.
    pub batch: Id,
    /// Cases that know the address.
    pub same_address: Vec<CaseId>,
    /// The coach's days around its session.
    pub days: BTreeMap<Date, Day>,
    /// How many may share the slot.
    pub room: Room,
    /// The mark of whose seat of a group session it is.
    pub holder: Option<String>,
}

/// Why a row doesn't come in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotIn {
    /// Somebody has the coach's time.
    NotFree(NotFree),
    /// The playbook's fault or ours.
    Rejected(Rejection),
}

impl From<Rejection> for NotIn {
    fn from(rejection: Rejection) -> Self {
        Self::Rejected(rejection)
    }
}

/// The import that these rows make: the same list is the same import.
#[must_use]
pub fn batch(client: &ClientId, mut causes: Vec<Id>) -> Id {
    causes.sort();
    let mut parts = vec!["import", client.as_str()];
    parts.extend(causes.iter().map(Id::as_str));
    Id::derive(&parts)
}

/// The case in which a coach is asked about an import.
#[must_use]
pub fn collector(client: &ClientId, batch: &Id) -> CaseKey {
    let case = CaseId::derive(&["case", START_IMPORTED, client.as_str(), batch.as_str()]);
    CaseKey { client: client.clone(), case }
}

/// The import that a case came by, while it waits for a coach's word.
#[must_use]
pub fn waits(case: &Case) -> Option<Id> {
    let waits = case.tokens.values().any(|token| token.flow == IMPORTED);
    case.form.strip_prefix(FROM_IMPORT).filter(|_| waits).and_then(|batch| Id::parse(batch).ok())
}

/// Where a row's case begins.
fn node<'a>(import: &'a Import, row: &Row, today: Date) -> Option<&'a str> {
    let begins = &import.begins;
    let named = match &row.owed {
        _ if row.seat.is_some() => &begins.booked,
        Some(owed) if owed.due_on < today => &begins.overdue,
        Some(_) => &begins.owed,
        None => &begins.left,
    };
    named.as_deref()
}

/// What is wrong with a row for which the playbook names no node.
#[must_use]
pub fn nowhere(playbook: &Playbook, import: &Import, row: &Row, today: Date) -> Option<Fault> {
    let lacks = node(import, row, today).is_none_or(|node| playbook.node(&import.flow, node).is_none());
    let what = fault::both(
        "この状態のお客様をどの工程から始めるか、運用ルール(import: begins:)にありません",
        "import: begins: of the playbook names no node for such a customer; name one, or leave the line out",
    );
    lacks.then(|| Fault::new(row.line, "", what))
}

/// What the practice wrote of its customers, and may hold words of an emergency, with the column where it stands. It is
/// nobody's cry, so nothing stops by it: whoever lets them in reads it.
#[must_use]
pub fn urgent<'a>(playbook: &Playbook, list: &'a List) -> Vec<(&'a Row, &'a str)> {
    if emergency::words_in(playbook, list.rows.iter().flat_map(|row| row.facts.values())).is_empty() {
        return Vec::new();
    }
    let of_row = |row: &'a Row| {
        let texts = row.facts.iter().filter(|(_, text)| !emergency::words_in(playbook, [*text]).is_empty());
        texts.map(move |(fact, _)| (row, list.header.column(&Meaning::Fact(fact.clone()))))
    };
    list.rows.iter().flat_map(of_row).collect()
}

/// More than come in at once.
#[must_use]
pub fn too_many(list: &List) -> Option<Fault> {
    let beyond = list.rows.get(MOST)?;
    let what = fault::both(
        format!("一度に取り込めるのは{MOST}件までです。ここから別のファイルに分けてください"),
        format!("at most {MOST} customers come in at once; put the rest into another file from here on"),
    );
    Some(Fault::new(beyond.line, "", what))
}

/// What is wrong with a row whose session can't be held then. `days` are the coaches' days with the rows before it.
#[must_use]
pub fn collides(header: &Header, row: &Row, why: NotFree) -> Fault {
    let what = match why {
        NotFree::Taken => fault::both(
            "コーチのその時間はすでに埋まっています。日時をご確認ください",
            "the coach's time is taken then; look at day, time and coach",
        ),
        NotFree::Enough => fault::both(
            "このお客様の席はすでにあります",
            "the customer has as many seats of this session as one may have",
        ),
    };
    Fault::new(row.line, header.column(&Meaning::Session), what)
}

/// The interval that a row takes of a coach's time.
#[must_use]
pub fn taken(row: &Row, key: &CaseKey, holder: Option<String>) -> Option<Taken> {
    let seat = row.seat.as_ref()?;
    Some(Taken { holder, ..seat.taken(&booking_id(key), &key.case, &row.menu, None) })
}

fn booking_id(key: &CaseKey) -> Id {
    Id::derive(&["booking", IMPORT_CUSTOMERS, key.client.as_str(), key.case.as_str()])
}

/// Opens a row's case: all that is known stands in it, the coach's time is taken, and everything about it waits.
///
/// # Errors
/// When the coach's time is taken, or the playbook lacks something.
pub fn open(draft: &mut Draft<'_>, key: &CaseKey, row: &Row, around: Around) -> Result<(), NotIn> {
    let playbook = draft.playbook;
    let import = playbook.import.as_ref().ok_or_else(|| draft.lacks("part", "import"))?;
    let today = draft.now.to_zoned(playbook.time_zone()).date();
    let begins = node(import, row, today).ok_or_else(|| draft.lacks("node of import: begins:", &row.menu))?;
    let form = format!("{FROM_IMPORT}{}", around.batch);
    inquiry::opened(draft, key, &import.flow, (&form, &import.language), around.same_address.clone())?;
    hold_back(draft)?;
    draft.also(Also::LookUp { fact: "email".to_owned(), value: row.address().to_owned() });
    draft.record(row.facts.clone())?;
    // The practice vouches for its own customers.
    stranger::prove(draft, &Party::Customer);
    if row.no_mail {
        draft.also(Also::Suppress { address: row.address().to_owned() });
    }
    flow::enter(draft, &TokenId::default(), begins)?;
    bought(draft, row)?;
    owe(draft, row)?;
    book(draft, key, row, &around)
}

/// Everything about the case waits for a coach's word.
fn hold_back(draft: &mut Draft<'_>) -> Result<(), Rejection> {
    side::by_import(draft)?;
    let stops_all = draft.case()?.suspensions.values().any(|s| s.by == IMPORTED && s.scope == Scope::Case);
    if stops_all { Ok(()) } else { Err(draft.lacks("flow that has suspends: [case]", IMPORTED)) }
}

/// Sessions that were paid for.
fn bought(draft: &mut Draft<'_>, row: &Row) -> Result<(), Rejection> {
    let Some(left) = row.left.filter(|left| *left > 0) else { return Ok(()) };
    let menu = draft.playbook.menus.get(&row.menu).ok_or_else(|| draft.lacks("menu", &row.menu))?;
    let sessions = menu.sessions.max(left);
    let (menu, used, expires_on) = (row.menu.clone(), sessions - left, row.expires_on);
    draft.push(Entry::PackageStarted { menu, sessions, used, expires_on })
}

/// The open invoice, with the number and the day that it had.
fn owe(draft: &mut Draft<'_>, row: &Row) -> Result<(), Rejection> {
    let Some(owed) = &row.owed else { return Ok(()) };
    let playbook = draft.playbook;
    let terms = playbook.billing.as_ref().ok_or_else(|| draft.lacks("part", "billing"))?;
    let line = |price| Line { menu: row.menu.clone(), quantity: 1, price, rate: terms.tax };
    // The amount has its tax in it, however prices are written.
    let taxes = billing::taxes(&[line(owed.amount)], Prices::Included);
    let taxes: Vec<Tax> = taxes.ok_or(Rejection::Misplaced("an amount too large to be true"))?;
    let net = taxes.iter().map(|tax| tax.net).sum();
    let price = if terms.prices == Prices::Included { owed.amount } else { net };
    let over = owed.due_on.checked_add(1.day()).ok().and_then(|day| day.to_zoned(playbook.time_zone()).ok());
    let due_at = over.ok_or(Rejection::Misplaced("no day to pay on"))?.timestamp();
    draft.push(Entry::InvoiceIssued {
        invoice: draft.new_id("invoice", &draft.index()),
        number: owed.number.clone(),
        lines: vec![line(price)],
        taxes,
        total: owed.amount,
        currency: terms.currency.clone(),
        due_on: owed.due_on,
        due_at,
        token: TokenId::default(),
        part: None,
    })
}

/// The next session: agreed already, so it is confirmed at once.
fn book(draft: &mut Draft<'_>, key: &CaseKey, row: &Row, around: &Around) -> Result<(), NotIn> {
    let wanted = taken(row, key, around.holder.clone());
    let (Some(seat), Some(wanted)) = (row.seat.clone(), wanted) else { return Ok(()) };
    booking::take(draft, &seat, &wanted, around.room, &around.days).map_err(NotIn::NotFree)?;
    let (booking, until) = (booking_id(key), seat.begins());
    let (menu, token) = (row.menu.clone(), TokenId::default());
    draft.push(Entry::BookingHeld { booking: booking.clone(), menu, seat, until, token })?;
    Ok(booking::confirm(draft, &booking)?)
}

/// A coach said that it may begin: what is still ahead goes on, and what is past falls silently.
///
/// # Errors
/// When the playbook lacks something.
pub fn start(draft: &mut Draft<'_>) -> Result<(), Rejection> {
    side::set_schedules(draft)?;
    ends(draft, STARTED)
}

/// A coach said that it is not to be: the coach's time is free again, nothing is owed, and the case ends without a mail.
///
/// # Errors
/// When the playbook lacks something.
pub fn discard(draft: &mut Draft<'_>) -> Result<(), Rejection> {
    let booked: Vec<Id> = draft.case()?.bookings().map(|(id, _)| id.clone()).collect();
    booked.iter().try_for_each(|id| booking::release(draft, id, "discarded"))?;
    ends(draft, DISCARDED)
}

/// The wait is over by a coach's word.
fn ends(draft: &mut Draft<'_>, event: &str) -> Result<(), Rejection> {
    if flow::happened(draft, event, None)? {
        Ok(())
    } else {
        Err(draft.lacks("wait for a coach's word in the flow", IMPORTED))
    }
}

/// One case that a coach is asked about.
#[derive(Debug, Clone)]
pub struct Listed<'a> {
    /// Its number.
    pub case: CaseId,
    /// What came in.
    pub row: &'a Row,
}

/// The list that a coach sees: how many, then a line each, which begins with its number. What it names is what the coach's
/// word is about, and nothing else.
#[must_use]
pub fn list(playbook: &Playbook, listed: &[Listed<'_>]) -> String {
    let title = fault::both(format!("全{}件", listed.len()), format!("{} in all", listed.len()));
    let line = |l: &Listed<'_>| format!("\n{}  {}", l.case, summary(playbook, l.row));
    let lines: String = listed.iter().map(line).collect();
    format!("{}\n{lines}\n", title.get(&playbook.language))
}

/// The cases that such a list names.
#[must_use]
pub fn listed(list: &str) -> Vec<CaseId> {
    list.lines().filter_map(|line| CaseId::parse(line.split_once("  ")?.0).ok()).collect()
}

/// Opens the case in which a coach is asked about these.
///
/// # Errors
/// When the playbook lacks the flow.
pub fn ask(draft: &mut Draft<'_>, key: &CaseKey, list: &str, cases: u32) -> Result<(), Rejection> {
    let language = &draft.playbook.language;
    inquiry::opened(draft, key, START_IMPORTED, (FROM_IMPORT, language), Vec::new())?;
    let inbound = draft.new_id("inbound", &draft.index());
    draft.also(Also::Inbound { id: inbound.clone(), body: list.as_bytes().to_vec() });
    draft.push(Entry::ImportListed { inbound, cases })?;
    flow::start(draft)
}

/// What comes in with a row, in the language of the practice's own people: name, menu, what is left, booked and owed.
#[must_use]
pub fn summary(playbook: &Playbook, row: &Row) -> String {
    let language = &playbook.language;
    let say = |ja: String, en: String| Text { ja, en }.get(language).to_owned();
    let menu = playbook.menus.get(&row.menu).map_or(row.menu.as_str(), |menu| menu.label.get(language));
    let mut parts = vec![row.facts.get("name").cloned().unwrap_or_default(), menu.to_owned()];
    if let Some(left) = row.left {
        let until = row.expires_on.map(|day| (format!("({day}まで)"), format!(" (until {day})"))).unwrap_or_default();
        parts.push(say(format!("残{left}回{}", until.0), format!("{left} left{}", until.1)));
    }
    if let Some(seat) = &row.seat {
        let coach = playbook.people.person(&seat.coach).map_or(seat.coach.as_str(), |coach| &coach.name);
        let at = seat.start.strftime("%Y-%m-%d %H:%M");
        parts.push(say(format!("予約 {at} {coach}"), format!("booked {at}, {coach}")));
    }
    if let Some(owed) = &row.owed {
        let currency = playbook.billing.as_ref().map_or("JPY", |billing| &billing.currency);
        let (amount, number) = (billing::show(owed.amount, currency, language), &owed.number);
        parts.push(say(
            format!("請求 {number} {amount}(期日 {})", owed.due_on),
            format!("invoice {number} {amount}, due {}", owed.due_on),
        ));
    }
    if row.no_mail {
        parts.push(say("送信停止".to_owned(), "no mail".to_owned()));
    }
    parts.join("  ")
}
