//! What is agreed and what may be asked for, as one value. What a request brings back is the mark of exactly its bytes, with
//! the instant as of which it was shown: whatever changes voids it, and that instant says when it was said.

use banto_aws::fields::{Field, of_fact};
use banto_aws::page::words;
use banto_aws::render::{session, when};
use banto_aws::words::settlement;
use banto_domain::playbook::About;
use banto_domain::rules::request::{self, Offer, Reader};
use banto_domain::state::{Booking, Personal, Status};
use banto_domain::{Case, CaseId, Id, Playbook, keys};
use jiff::Timestamp;
use jiff::civil::DateTime;
use serde::Serialize;

/// What the page shows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Shown {
    pub(crate) case: CaseId,
    pub(crate) title: String,
    /// The customer, as they called themselves.
    pub(crate) person: String,
    /// The coach whose page it is, when it is a coach's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) coach: Option<String>,
    /// The operator whose page it is, when it is an operator's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) operator: Option<String>,
    pub(crate) language: String,
    /// Whether the case is open.
    pub(crate) open: bool,
    /// Confirmed sessions, in order.
    pub(crate) bookings: Vec<Booked>,
    /// What is left of what was bought.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) sessions_left: Option<u32>,
    /// What was asked for and is being dealt with.
    pub(crate) pending: Vec<Pending>,
    /// What may be asked for now.
    pub(crate) requests: Vec<Request>,
    /// As of when.
    #[serde(skip)]
    at: Timestamp,
}

/// A confirmed session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Booked {
    pub(crate) n: u32,
    pub(crate) menu: String,
    pub(crate) coach: String,
    /// Civil time in the zone.
    pub(crate) start: DateTime,
    pub(crate) zone: String,
    pub(crate) minutes: u32,
    /// The instant.
    pub(crate) at: Timestamp,
    /// As it is written.
    pub(crate) when: String,
    /// On the day itself: where it takes place …
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) meeting: Option<String>,
    /// … and where it goes on when that link doesn't work.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) backup: Option<String>,
}

/// Something that is being dealt with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Pending {
    pub(crate) name: String,
    pub(crate) label: String,
    /// When it was said, as it is written.
    pub(crate) said: String,
}

/// Something that may be asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Request {
    pub(crate) name: String,
    pub(crate) label: String,
    /// What it is called with what else may be chosen of it.
    pub(crate) group: String,
    /// What follows from it, line by line.
    pub(crate) consequence: Vec<String>,
    pub(crate) fields: Vec<Field>,
    /// What it wants beside the choice.
    pub(crate) needs: Vec<&'static str>,
}

impl Shown {
    /// What is shown of a case as of an instant.
    pub(crate) fn of(
        books: (&Playbook, &Playbook),
        (case, personal): (&Case, &Personal),
        reader: Reader<'_>,
        at: Timestamp,
    ) -> Self {
        let (playbook, today) = books;
        let language = playbook.language_of(reader == Reader::Customer, &case.language);
        let seen = |b: &Booking| b.is_confirmed() && reader.sees(today, b, at);
        let mut bookings: Vec<(&Id, &Booking)> = case.bookings().filter(|(_, b)| seen(b)).collect();
        bookings.sort_by_key(|(_, b)| b.seat.begins());
        let mut pending: Vec<_> = case.requests().map(|(_, request)| request).collect();
        pending.sort_by_key(|request| request.said_at);
        let title = match reader {
            Reader::Customer => words(language, "お客様専用ページ", "Your page"),
            Reader::Coach(_) => words(language, "コーチ用ページ", "The coach's page"),
            Reader::Operator(_) => words(language, "担当者用ページ", "The operator's page"),
        };
        let called = |id: &str| today.people.person(id).map_or(id, |person| &person.name).to_owned();
        let date = at.to_zoned(playbook.time_zone()).date();
        Self {
            case: case.key.case.clone(),
            title: title.to_owned(),
            person: personal.value(&case.facts, "name").unwrap_or_default().to_owned(),
            coach: if let Reader::Coach(id) = reader { Some(called(id)) } else { None },
            operator: if let Reader::Operator(id) = reader { Some(called(id)) } else { None },
            language: language.to_owned(),
            open: case.status == Status::Open,
            bookings: bookings.iter().map(|(id, b)| booked(books, (id, b), (language, reader), at)).collect(),
            sessions_left: case.package.as_ref().map(|package| package.left(date)),
            pending: pending
                .into_iter()
                .filter_map(|request| {
                    Some(Pending {
                        name: request.kind.clone(),
                        label: reader.label(playbook.requests.get(&request.kind)?)?.get(language).to_owned(),
                        said: when(request.said_at, &playbook.zone, language),
                    })
                })
                .collect(),
            requests: request::offers(books, case, reader, at)
                .iter()
                .map(|offer| offered(books, case, offer, (language, reader), at))
                .collect(),
            at,
        }
    }

    /// The mark of exactly this value, under the person's key, with the instant before it: what `shown` brings back.
    pub(crate) fn mark(&self, person_key: &str) -> String {
        // Strings, numbers and lists alone: they can always be written.
        let bytes = serde_json::to_string(self).unwrap_or_default();
        let at = self.at.as_second().to_string();
        format!("{at}.{}", keys::mark(person_key, &["my page", &at, &bytes]))
    }
}

/// The instant before a mark.
pub(crate) fn mark_and_time(shown: &str) -> Option<Timestamp> {
    let (at, _) = shown.split_once('.')?;
    Timestamp::from_second(at.parse().ok()?).ok()
}

fn booked(
    (playbook, today): (&Playbook, &Playbook),
    (id, booking): (&Id, &Booking),
    (language, reader): (&str, Reader<'_>),
    at: Timestamp,
) -> Booked {
    let seat = &booking.seat;
    let is_day = request::is_day_of(playbook, booking, reader, at);
    let menu = playbook.menus.get(&booking.menu).map_or(booking.menu.as_str(), |m| m.label.get(language));
    Booked {
        n: booking.n,
        menu: menu.to_owned(),
        coach: today.people.person(&seat.coach).map_or(String::new(), |coach| coach.name.clone()),
        start: seat.start,
        zone: seat.zone.clone(),
        minutes: seat.minutes,
        at: seat.begins(),
        when: session(seat.begins(), seat.ends(), &seat.zone, language),
        meeting: today.people.meeting(&seat.coach, id).filter(|_| is_day),
        backup: today.people.backup(&seat.coach, id).filter(|_| is_day),
    }
}

fn offered(
    books: (&Playbook, &Playbook),
    case: &Case,
    offer: &Offer<'_>,
    (language, reader): (&str, Reader<'_>),
    at: Timestamp,
) -> Request {
    let (playbook, _) = books;
    let tells = offer.wanted.circumstances.as_ref().filter(|_| offer.told);
    let says = match tells {
        Some(tells) => Some(&tells.says),
        None => offer.wanted.says.get(&offer.then),
    };
    let about = offer.booking.as_ref().and_then(|id| Some((id, case.booking(id)?)));
    let booking = about.map(|about| booked(books, about, (language, reader), at));
    let mut consequence: Vec<String> = Vec::new();
    if let Some(booking) = booking.as_ref().filter(|_| offer.wanted.about == About::Booking) {
        let before = words(language, "対象のご予約: ", "About: ");
        consequence.push(format!("{before}{} {}", booking.when, booking.menu));
    }
    if let Some((_, invoice)) =
        case.invoice_in(&offer.tracks).filter(|_| matches!(offer.wanted.about, About::Invoice | About::Unpaid))
    {
        consequence.push(format!("{}{}", words(language, "対象のご請求: ", "About: "), invoice.number));
    }
    if offer.said_at < at {
        let said = when(offer.said_at, &playbook.zone, language);
        consequence.push(match language {
            "en" => format!("It counts as said at {said}, when you wrote to us."),
            _ => format!("{said}にご連絡いただいた時点のお申し出として承ります。"),
        });
    }
    let settled = offer.settled.as_ref().filter(|_| !offer.told);
    consequence.extend(settled.into_iter().flat_map(|settled| settlement(settled, language)));
    consequence.extend(says.into_iter().flat_map(|text| text.get(language).lines()).map(str::to_owned));
    let label = offer.wanted.label.get(language);
    let group = match &booking {
        Some(booking) => format!("{label} {}", booking.when),
        None => label.to_owned(),
    };
    Request {
        name: offer.name.clone(),
        label: tells.map_or(label, |tells| tells.label.get(language)).to_owned(),
        group,
        consequence,
        fields: offer.fields().into_iter().filter_map(|name| of_fact((playbook, books.1), language, name)).collect(),
        needs: vec!["confirm"],
    }
}
