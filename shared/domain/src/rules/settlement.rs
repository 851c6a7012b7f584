//! 精算: what is paid back when what was bought ends before its time. 中途解約: what was paid, less the sessions that were used at the
//! agreed price, less the agreed fee. キャンセル料: what was paid for a booking, less a part of it, by when it was said.

use jiff::{SignedDuration, Span, SpanRelativeTo, Timestamp};

use crate::playbook::{About, Playbook};
use crate::state::{Booking, Case, Request, Settlement};

/// The price of one session where none was agreed: of what the whole costs, rounded down, in the customer's favour.
#[must_use]
pub fn unit(price: i64, sessions: u32) -> i64 {
    price / i64::from(sessions.max(1))
}

/// How what a request is about would be settled, as it was said at that instant; `None` when it settles nothing.
#[must_use]
pub fn of_request(playbook: &Playbook, case: &Case, request: &Request) -> Option<Settlement> {
    let wanted = playbook.requests.get(&request.kind).filter(|wanted| wanted.settles)?;
    match wanted.about {
        About::Booking => of_booking(playbook, case, case.booking_in(&request.tracks)?.1, request.said_at),
        // Who ends it for their own sake keeps nothing for that.
        About::Case | About::Invoice | About::Unpaid => of_package(playbook, case, wanted.by.is_customer()),
    }
}

/// 中途解約: `None` when nothing was bought, or its menu doesn't say how.
fn of_package(playbook: &Playbook, case: &Case, by_customer: bool) -> Option<Settlement> {
    let package = case.package.as_ref()?;
    let menu = playbook.menus.get(&package.menu)?;
    let agreed = menu.quit.as_ref()?;
    let currency = playbook.billing.as_ref()?.currency.clone();
    let paid = paid_for(case, &package.menu, &currency);
    let used = case.counters.used.get(&package.menu).copied().unwrap_or(package.used);
    let unit = agreed.unit.unwrap_or_else(|| unit(menu.price, menu.sessions));
    let left = paid.saturating_sub(unit.saturating_mul(i64::from(used)));
    let (left, short) = (left.max(0), left.saturating_neg().max(0));
    let fee = if by_customer { agreed.fee.clamp(0, left) } else { 0 };
    Some(Settlement { paid, used, unit, percent: None, fee, refund: left - fee, short, currency })
}

/// キャンセル料: so much of what was paid for a booking is kept, rounded down, in the customer's favour. `None` when nothing was
/// paid, or its menu doesn't say how much.
fn of_booking(playbook: &Playbook, case: &Case, booking: &Booking, said_at: Timestamp) -> Option<Settlement> {
    let menu = playbook.menus.get(&booking.menu)?;
    let ahead = booking.seat.begins().duration_since(said_at);
    let percent = menu.cancel.iter().find(|charge| charge.before.is_none_or(|before| length(before) <= ahead))?.percent;
    let currency = playbook.billing.as_ref()?.currency.clone();
    let paid = Some(paid_for(case, &booking.menu, &currency)).filter(|paid| *paid > 0)?;
    let fee = paid.saturating_mul(i64::from(percent)) / 100;
    let (unit, used, short) = (0, 0, 0);
    Some(Settlement { paid, used, unit, percent: Some(percent), fee, refund: paid - fee, short, currency })
}

/// How long a span is; a day is 24 hours. What can't be measured is longer than anything.
fn length(span: Span) -> SignedDuration {
    span.to_duration(SpanRelativeTo::days_are_24_hours()).unwrap_or(SignedDuration::MAX)
}

/// What came in for a menu, less what went back.
fn paid_for(case: &Case, menu: &str, currency: &str) -> i64 {
    let of_menu = case.invoices().filter(|(_, i)| i.currency == currency && i.lines.iter().all(|l| l.menu == menu));
    let received = of_menu.flat_map(|(_, invoice)| invoice.payments.values());
    received.map(|r| (r.amount - r.refunded).max(0)).sum()
}
