//! What somebody may ask for on their own page, each with what follows from it.

use jiff::{SignedDuration, Timestamp};

use crate::Id;
use crate::playbook::{ALWAYS, About, By, Playbook, Text, Wanted};
use crate::rules::policy;
use crate::rules::settlement;
use crate::state::{Booking, Case, Invoice, Party, Request, Settlement};

/// What stands behind a kind when circumstances are told with it.
const TELLS: &str = ".tell";
/// For how long what was proposed to somebody counts from when they wrote it.
pub const PROPOSED: SignedDuration = SignedDuration::from_hours(72);

/// Whose page it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reader<'a> {
    /// The customer's: all bookings of the case.
    Customer,
    /// A coach's: the bookings that are hers, or that she stands in for.
    Coach(&'a str),
    /// An operator's: all bookings of the case, and what its customer may ask for, for whoever said it by telephone or in a letter.
    Operator(&'a str),
}

impl<'a> Reader<'a> {
    /// Whose page it is: of the practice's people only coaches and operators who work there today have one.
    #[must_use]
    pub fn of(today: &Playbook, who: &'a Party) -> Option<Self> {
        match who {
            Party::Customer => Some(Self::Customer),
            Party::Person(id) => Self::of_person(today, id),
            _ => None,
        }
    }

    /// Whose page it is, of the practice's people.
    #[must_use]
    pub fn of_person(today: &Playbook, id: &'a str) -> Option<Self> {
        let operates = || today.people.operators.iter().any(|operator| operator.id == *id);
        if today.people.coach(id).is_some() {
            return Some(Self::Coach(id));
        }
        operates().then_some(Self::Operator(id))
    }

    /// Whether what this one asks for stands on the page.
    #[must_use]
    pub fn may_ask(self, by: By) -> bool {
        match self {
            Self::Customer => by == By::Customer,
            Self::Coach(_) => matches!(by, By::Coach | By::Staff),
            Self::Operator(_) => matches!(by, By::Customer | By::Staff),
        }
    }

    /// What the page says of a request that is dealt with: what it is called, or to the customer of the practice's what the playbook wants
    /// them to know.
    #[must_use]
    pub fn label(self, wanted: &Wanted) -> Option<&Text> {
        match self {
            Self::Customer if !wanted.by.is_customer() => wanted.shown.as_ref(),
            Self::Coach(_) if !self.may_ask(wanted.by) => None,
            _ => Some(&wanted.label),
        }
    }

    /// Whether a booking is on the page at an instant.
    #[must_use]
    pub fn sees(self, today: &Playbook, booking: &Booking, at: Timestamp) -> bool {
        match self {
            Self::Customer | Self::Operator(_) => true,
            Self::Coach(person) => {
                let day = at.to_zoned(today.time_zone()).date();
                let coach = booking.seat.coach.as_str();
                coach == person || today.people.acting(coach, day) == person
            }
        }
    }
}

/// Something that somebody may ask for now, with what would follow.
#[derive(Debug, Clone)]
pub struct Offer<'a> {
    /// Its name on the page: the kind; with the booking's number where there are several, and `.tell` when circumstances
    /// are told.
    pub name: String,
    /// As the playbook calls it.
    pub kind: &'a str,
    /// As the playbook has it.
    pub wanted: &'a Wanted,
    /// The booking that it is about.
    pub booking: Option<Id>,
    /// All that it is about.
    pub tracks: Vec<Id>,
    /// What the policy would decide.
    pub then: String,
    /// What is paid back, when it ends what was bought.
    pub settled: Option<Settlement>,
    /// Circumstances are told.
    pub told: bool,
    /// When it was said: now, or when the customer wrote that they may want it.
    pub said_at: Timestamp,
}

impl<'a> Offer<'a> {
    /// The facts that it asks for.
    #[must_use]
    pub fn fields(&self) -> Vec<&'a String> {
        match &self.wanted.circumstances {
            Some(tells) if self.told => vec![&tells.fact],
            _ => self.wanted.asks.iter().collect(),
        }
    }
}

/// What the reader of a page may ask for at an instant. Of what is asked for already nothing is offered again: about a booking
/// that somebody deals with, or of a kind that is open. The first playbook is that of the case, the second today's.
#[must_use]
pub fn offers<'a>(
    (playbook, today): (&'a Playbook, &Playbook),
    case: &Case,
    reader: Reader<'_>,
    at: Timestamp,
) -> Vec<Offer<'a>> {
    let seen = |b: &Booking| b.is_confirmed() && reader.sees(today, b, at);
    let mut confirmed: Vec<_> = case.bookings().filter(|(_, b)| seen(b)).collect();
    confirmed.sort_by_key(|(_, b)| b.n);
    let mut offers = Vec::new();
    for (kind, wanted) in playbook.requests.iter().filter(|(_, wanted)| reader.may_ask(wanted.by)) {
        let about: Vec<Option<(&Id, u32)>> = match wanted.about {
            About::Case => vec![None],
            About::Booking => {
                let open = confirmed.iter().filter(|(_, b)| is_open(wanted, b, at));
                open.map(|(id, b)| Some((*id, b.n))).collect()
            }
            About::Invoice | About::Unpaid => {
                let paid = wanted.about == About::Invoice;
                let fits = |invoice: &Invoice| if paid { invoice.receipts > 0 } else { invoice.open() > 0 };
                let mut fitting: Vec<_> = case.invoices().filter(|(_, invoice)| fits(invoice)).collect();
                fitting.sort_by_key(|(_, invoice)| invoice.n);
                fitting.into_iter().map(|(id, invoice)| Some((id, invoice.n))).collect()
            }
        };
        let several = about.len() > 1;
        for track in about {
            let id = track.map(|(id, _)| id);
            let number = track.filter(|_| several).map(|(_, n)| format!(".{n}")).unwrap_or_default();
            let plain = format!("{kind}{number}");
            offers.extend(offer((playbook, case), (kind, wanted), id, plain.clone(), (at, false)));
            if wanted.circumstances.is_some() {
                offers.extend(offer((playbook, case), (kind, wanted), id, format!("{plain}{TELLS}"), (at, true)));
            }
        }
    }
    // What is booked stands first, then money, and last what may be said at any time.
    offers.sort_by_key(|offer: &Offer<'_>| match offer.wanted.about {
        About::Booking => 0,
        About::Case if offer.wanted.settles => 1,
        About::Invoice | About::Unpaid => 2,
        About::Case => 3,
    });
    offers
}

/// Whether something may be asked for about a booking at an instant.
pub(super) fn is_open(wanted: &Wanted, booking: &Booking, at: Timestamp) -> bool {
    wanted.is_open(at, booking.seat.begins(), booking.seat.ends())
}

/// Whether it is the day itself at an instant: a session runs, or its reader may ask for something that belongs to its day.
#[must_use]
pub fn is_day_of(playbook: &Playbook, booking: &Booking, reader: Reader<'_>, at: Timestamp) -> bool {
    let (begins, ends) = (booking.seat.begins(), booking.seat.ends());
    let mut days =
        playbook.requests.values().filter(|wanted| reader.may_ask(wanted.by)).filter_map(|wanted| wanted.during);
    begins <= at && at < ends || days.any(|during| during.has(at, begins, ends))
}

/// One offer, unless it can't be had.
fn offer<'a>(
    (playbook, case): (&'a Playbook, &Case),
    (kind, wanted): (&'a str, &'a Wanted),
    track: Option<&Id>,
    name: String,
    (at, told): (Timestamp, bool),
) -> Option<Offer<'a>> {
    let mut tracks: Vec<Id> = track.into_iter().cloned().collect();
    let booking = track.filter(|_| wanted.about == About::Booking);
    if wanted.settles && wanted.about == About::Case {
        let confirmed = || case.bookings().filter(|(_, booking)| booking.is_confirmed());
        // A session that began is counted first: nobody has said yet what became of it.
        if confirmed().any(|(_, booking)| booking.seat.begins() <= at) {
            return None;
        }
        // What is booked ends with it.
        tracks = confirmed().map(|(id, _)| id.clone()).collect();
    }
    if open_about((playbook, case), kind, &tracks).is_some() {
        return None;
    }
    let said_at = meant(case, kind, at).unwrap_or(at);
    let mut wished =
        Request { kind: kind.to_owned(), tracks: tracks.clone(), said_at, amount: None, told, settled: None };
    let settled = settlement::of_request(playbook, case, &wished);
    if wanted.settles && settled.is_none() {
        return None;
    }
    wished.amount = settled.as_ref().map(|s| s.refund);
    let holds = |when: &String| policy::would_hold(playbook, case, &tracks, &wished, when);
    if !wanted.when.as_ref().is_none_or(holds) {
        return None;
    }
    let then = match &wanted.policy {
        Some(policy) => policy::foresee(playbook, case, &tracks, &wished, policy)?,
        None => ALWAYS.to_owned(),
    };
    Some(Offer { name, kind, wanted, booking: booking.cloned(), tracks, then, settled, told, said_at })
}

/// When the customer wrote that they may want it, if it was proposed to them because of that, and still counts.
fn meant(case: &Case, kind: &str, at: Timestamp) -> Option<Timestamp> {
    let said_at = *case.proposed.get(kind)?;
    let stands = at.duration_since(said_at);
    (!stands.is_negative() && stands <= PROPOSED).then_some(said_at)
}

/// The open request that somebody deals with already: about the same booking, or of the same kind. What belongs to the day
/// itself waits for nothing else: whoever said that they are late may find that they can't connect; and what the coach has to
/// say waits for nothing that the customer said.
#[must_use]
pub fn open_about<'a>(
    (playbook, case): (&Playbook, &'a Case),
    kind: &str,
    tracks: &[Id],
) -> Option<(&'a Id, &'a Request)> {
    let is = |kind: &str, of: fn(&Wanted) -> bool| playbook.requests.get(kind).is_some_and(of);
    let of_day = |kind: &str| is(kind, |wanted| wanted.during.is_some());
    let of_coach = |kind: &str| is(kind, |wanted| !wanted.by.is_customer());
    // A session that the coach can't hold has no day any more.
    let gone = |other: &str| of_coach(other) && !of_day(other);
    let first = |other: &str| of_coach(kind) && !of_coach(other);
    let apart = |other: &str| kind != other && (first(other) || ((of_day(kind) || of_day(other)) && !gone(other)));
    let same = |request: &Request| match tracks {
        [] => request.kind == kind,
        tracks => !apart(&request.kind) && tracks.iter().any(|track| request.tracks.contains(track)),
    };
    case.requests().find(|(_, request)| same(request))
}
