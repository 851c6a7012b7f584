//! Money: exact, in integer minor units (yen; pence). Tax is rounded once per rate and invoice, as the qualified invoice
//! system asks (適格請求書, Consumption Tax Act art. 57-4, order art. 70-10).

use std::collections::BTreeMap;

use jiff::civil::Date;
use jiff::{Timestamp, ToSpan};

use super::{Draft, Rejection, ask, business, dunning, instalment, policy, refund, shortfall, stranger};
use crate::Id;
use crate::playbook::{FactKind, Prices};
use crate::state::{Ask, Case, Entry, Instalment, Line, Party, Received, Tax, TokenId, Turn};
use crate::steps::ISSUE_INVOICE;

/// Tax by rate: summed first, rounded down once. `None` when the numbers are too large to be true.
#[must_use]
pub fn taxes(lines: &[Line], prices: Prices) -> Option<Vec<Tax>> {
    let mut sums: BTreeMap<u32, i64> = BTreeMap::new();
    for line in lines {
        let sum = sums.entry(line.rate).or_default();
        *sum = sum.checked_add(line.price.checked_mul(i64::from(line.quantity))?)?;
    }
    sums.into_iter()
        .map(|(rate, sum)| {
            let percent = i64::from(rate);
            let tax = match prices {
                Prices::Included => sum.checked_mul(percent)?.div_euclid(percent + 100),
                Prices::Excluded => sum.checked_mul(percent)?.div_euclid(100),
            };
            let net = if prices == Prices::Included { sum - tax } else { sum };
            Some(Tax { rate, net, tax })
        })
        .collect()
}

/// More than any amount that is true: what is said to be more isn't counted, and sums of many stay exact.
pub const MAX_AMOUNT: i64 = 1_000_000_000_000;
/// How many payments an invoice counts: far more than are true, and the case stays small.
pub const MAX_PAYMENTS: usize = 32;
/// How many tasks about payments there are in a case, before what comes is told of in one of them.
pub const MAX_TASKS: usize = 8;
/// What tells of a payment that a person saw in the bank's books.
const TRANSFER: &str = "transfer";
/// Why a person looks: less was paid than was asked for.
const UNDERPAID: &str = "underpaid";
/// Why a person looks: what is said of a payment can't be.
pub const ODD: &str = "payment-does-not-add-up";
/// Why a person looks: more is said of payments than anybody can look at one by one.
pub const FLOOD: &str = "payments-flood";
/// Why a person looks: paying fails again and again.
pub const FAILING: &str = "payment-keeps-failing";
/// The last day to pay on, and when it is over, counted from now: a business day, in the zone of whoever pays. Where a month is
/// closed for whoever pays, it is the end of a later one.
#[must_use]
pub fn due(draft: &Draft<'_>) -> Option<(Date, Timestamp)> {
    let billing = draft.playbook.billing.as_ref()?;
    let zone = dunning::zone(draft.playbook, draft.case().ok()?);
    let today = draft.now.to_zoned(zone);
    let closing = billing.closing.as_ref().filter(|c| policy::holds(draft, &[], &c.when).unwrap_or(false));
    let day = match closing {
        Some(closing) => {
            today.date().first_of_month().checked_add(i64::from(closing.months).months()).ok()?.last_of_month()
        }
        None => today.checked_add(billing.due).ok()?.date(),
    };
    due_on(draft, day)
}

/// The first business day from a day on, as the last to pay on; and when it is over (UTC).
pub(super) fn due_on(draft: &Draft<'_>, day: Date) -> Option<(Date, Timestamp)> {
    let zone = dunning::zone(draft.playbook, draft.case().ok()?);
    let day = business::day(draft.playbook, day);
    let over = day.checked_add(1.day()).ok()?.to_zoned(zone).ok()?.timestamp();
    Some((day, over))
}

/// Asks for the price of a menu, or for the first part of it if whoever pays chose to pay in parts; the token waits for it.
///
/// # Errors
/// When the playbook lacks the menu or billing.
pub fn issue(draft: &mut Draft<'_>, token: &TokenId, menu: &str) -> Result<Id, Rejection> {
    let due = due(draft).ok_or(Rejection::Misplaced("no day to pay on"))?;
    let price = draft.playbook.menus.get(menu).ok_or_else(|| draft.lacks("menu", menu))?.price;
    let (price, part) = match instalment::first(draft.playbook, draft.case()?, menu, due.0) {
        Some((amount, part)) => (amount, Some(part)),
        None => (price, None),
    };
    ask_for(draft, token, (menu, price), due, part)
}

/// Asks for the part that comes after an invoice's; the token waits for it. `None`: there is none, or it was asked for.
///
/// # Errors
/// As [`issue`].
pub fn issue_next(draft: &mut Draft<'_>, token: &TokenId, before: &Id) -> Result<Option<Id>, Rejection> {
    let case = draft.case()?;
    let Some(next) = instalment::next(draft.playbook, case, before) else { return Ok(None) };
    let (soonest, _) = due(draft).ok_or(Rejection::Misplaced("no day to pay on"))?;
    let due = due_on(draft, next.due_on.max(soonest)).ok_or(Rejection::Misplaced("no day to pay on"))?;
    ask_for(draft, token, (&next.menu, next.amount), due, Some(next.part)).map(Some)
}

fn ask_for(
    draft: &mut Draft<'_>,
    token: &TokenId,
    (menu, price): (&str, i64),
    (due_on, due_at): (Date, Timestamp),
    part: Option<Instalment>,
) -> Result<Id, Rejection> {
    let billing = draft.playbook.billing.as_ref().ok_or_else(|| draft.lacks("part", "billing"))?;
    let lines = vec![Line { menu: menu.to_owned(), quantity: 1, price, rate: billing.tax }];
    let taxes = taxes(&lines, billing.prices).ok_or(Rejection::Misplaced("a price too large to be true"))?;
    let total = taxes.iter().try_fold(0_i64, |sum, t| sum.checked_add(t.net)?.checked_add(t.tax));
    let total = total.filter(|total| is_amount(*total)).ok_or(Rejection::Misplaced("a price too large to be true"))?;
    let case = draft.case()?;
    let number = format!("{}-{}", case.key.case, case.counters.invoices + 1);
    let invoice = draft.new_id("invoice", &draft.index());
    draft.push(Entry::InvoiceIssued {
        invoice: invoice.clone(),
        number,
        total,
        lines,
        taxes,
        currency: billing.currency.clone(),
        due_on,
        due_at,
        token: token.clone(),
        part,
    })?;
    Ok(invoice)
}

/// Money that came in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Payment {
    /// The provider's id.
    pub id: String,
    /// The invoice it names.
    pub invoice: Id,
    /// `stripe`, `generic` or `transfer`.
    pub provider: String,
    /// Minor units.
    pub amount: i64,
    /// ISO 4217, upper case.
    pub currency: String,
    /// When, as the provider says (UTC).
    pub occurred_at: Timestamp,
}

/// A person saw a transfer in the bank's books: of the amount and on the day that they gave, or else of all that is open, now.
/// It counts for the open invoice among these tracks.
///
/// # Errors
/// As [`pay`].
pub fn transferred(draft: &mut Draft<'_>, ask: &Id, tracks: &[Id], given: &[String]) -> Result<(), Rejection> {
    let case = draft.case()?;
    let Some((invoice, open)) = case.invoice_in(tracks).filter(|(_, i)| !i.settled) else { return Ok(()) };
    let of = |kind: FactKind| case.plain(draft.fact_of(kind, given)?);
    let day = of(FactKind::Date).and_then(|day| day.parse::<Date>().ok());
    let day = day.and_then(|day| day.to_zoned(draft.playbook.time_zone()).ok()).map(|day| day.timestamp());
    let payment = Payment {
        id: ask.to_string(),
        invoice: invoice.clone(),
        provider: TRANSFER.to_owned(),
        amount: of(FactKind::Money).and_then(|amount| amount.parse().ok()).unwrap_or(open.open()),
        currency: open.currency.clone(),
        occurred_at: day.unwrap_or(draft.now).min(draft.now),
    };
    pay(draft, payment)
}

/// Records a payment. What is exactly paid is settled; anything else goes to a person.
///
/// # Errors
/// When the playbook lacks something.
pub fn pay(draft: &mut Draft<'_>, payment: Payment) -> Result<(), Rejection> {
    let before = draft.case()?.invoice(&payment.invoice).cloned();
    let (invoice, currency) = (payment.invoice.clone(), payment.currency.clone());
    let by_transfer = payment.provider == TRANSFER;
    if !can_pay(draft.case()?, &payment) {
        return attend(draft, &about(draft.case()?, &payment.id), ODD);
    }
    draft.push(Entry::PaymentRecorded {
        payment: payment.id,
        invoice: payment.invoice,
        provider: payment.provider,
        amount: payment.amount,
        currency: payment.currency,
        occurred_at: payment.occurred_at,
    })?;
    stranger::prove(draft, &Party::Payer);
    let Some(before) = before else { return attend(draft, &invoice, "payment-unexpected") };
    if before.settled {
        return attend(draft, &invoice, "paid-twice");
    }
    if before.currency != currency {
        return attend(draft, &invoice, "payment-in-other-currency");
    }
    let paid = draft.case()?.invoice(&invoice).map_or(0, |i| i.paid);
    let short = before.total.saturating_sub(paid).max(0);
    if short > 0 && !(by_transfer && shortfall::is_as_good(draft.playbook.billing.as_ref(), &before, short)) {
        return attend(draft, &invoice, UNDERPAID);
    }
    settle(draft, &invoice, short)?;
    if paid > before.total { attend(draft, &invoice, "overpaid") } else { Ok(()) }
}

/// Whether an amount is one: nothing or something, and no more than can be true.
#[must_use]
pub fn is_amount(amount: i64) -> bool {
    (0..=MAX_AMOUNT).contains(&amount)
}

/// Whether a payment can be counted: it is an amount, and there are not more of them than anybody makes.
#[must_use]
pub fn can_pay(case: &Case, payment: &Payment) -> bool {
    is_amount(payment.amount) && case.invoice(&payment.invoice).is_none_or(|i| i.payments.len() < MAX_PAYMENTS)
}

/// What the case knows of a payment.
pub(super) fn received<'a>(case: &'a Case, payment: &str) -> Option<&'a Received> {
    case.invoices().find_map(|(_, i)| i.payments.get(payment))
}

/// What a task about a payment is about: the invoice that counts it.
fn about(case: &Case, payment: &str) -> Id {
    let counts = case.invoices().find(|(_, i)| i.payments.contains_key(payment)).map(|(id, _)| id.clone());
    counts.unwrap_or_else(|| Id::derive(&["payment", payment]))
}

/// Whether what went back, or is disputed, can be: something, and no more than came in (promise 8). `came_in` is what the
/// payment's mark says, when no open invoice counts it; of one that is older than marks nothing is known.
///
/// # Errors
/// When there is no case.
pub fn can_turn(draft: &Draft<'_>, payment: &str, turn: Turn, came_in: Option<i64>) -> Result<bool, Rejection> {
    let known = received(draft.case()?, payment).map(|received| received.amount).or(came_in);
    Ok((1..=known.unwrap_or(MAX_AMOUNT)).contains(&turn.amount()))
}

/// Records what became of a payment; a person looks at it. What goes back is told as a sum: of several, in whatever order,
/// the largest is what counts.
///
/// # Errors
/// When the playbook lacks something.
pub fn turn(draft: &mut Draft<'_>, payment: &str, turn: Turn) -> Result<(), Rejection> {
    let case = draft.case()?;
    let known = received(case, payment).map_or((0, 0), |received| (received.refunded, received.disputed));
    let (about, payment) = (about(case, payment), payment.to_owned());
    match turn {
        Turn::Refunded(refunded) if refunded > known.0 => {
            // What we asked the provider for is no news to anybody.
            let ours = refund::told(draft, &payment, refunded)?;
            draft.push(Entry::PaymentRefunded { payment, refunded })?;
            if ours { Ok(()) } else { attend(draft, &about, "refunded") }
        }
        Turn::Disputed(amount) if amount > known.1 => {
            draft.push(Entry::PaymentDisputed { payment, amount })?;
            attend(draft, &about, "disputed")
        }
        Turn::Refunded(_) | Turn::Disputed(_) => ask::skip(draft, "as much of it is known"),
    }
}

/// A person looks at what is said of payments that can't be, whatever it was.
///
/// # Errors
/// When the playbook lacks the question of a task.
pub fn doubt(draft: &mut Draft<'_>, payment: &str) -> Result<(), Rejection> {
    let about = about(draft.case()?, payment);
    attend(draft, &about, ODD)
}

/// A task about payments. Beyond their budget the rest is told of in one, which counts (promise 16).
fn attend(draft: &mut Draft<'_>, about: &Id, reason: &str) -> Result<(), Rejection> {
    let case = draft.case()?;
    let same = |a: &Ask| a.is_task_about(about) && a.reason.as_deref() == Some(reason);
    let ours = |a: &Ask| a.reason.as_deref().is_some_and(|r| REASONS.contains(&r));
    if case.asks().any(|(_, a)| same(a)) || case.asks().filter(|(_, a)| ours(a)).count() < MAX_TASKS {
        return ask::attend(draft, about, reason);
    }
    let all = case.person.clone();
    ask::attend_counting(draft, &all, FLOOD, 1)
}

/// Why people look at payments.
const REASONS: [&str; 8] = [
    "payment-unexpected",
    "paid-twice",
    "payment-in-other-currency",
    UNDERPAID,
    "overpaid",
    "refunded",
    "disputed",
    ODD,
];

/// A payment was tried and did not succeed; whoever waits for its invoice hears of it.
///
/// # Errors
/// When the case is in no state for it.
pub fn fail(draft: &mut Draft<'_>, invoice: Id, provider: String, reason: String) -> Result<(), Rejection> {
    draft.push(Entry::PaymentFailed { invoice, provider, reason, action: ISSUE_INVOICE.to_owned() })
}

fn settle(draft: &mut Draft<'_>, id: &Id, short: i64) -> Result<(), Rejection> {
    ask::withdraw_beside(draft, id)?;
    // The rest has come in.
    let moot = |reason: &str| reason == UNDERPAID || reason.split(':').next() == Some(FAILING);
    ask::withdraw(draft, |task| task.about.as_ref() == Some(id) && task.reason.as_deref().is_some_and(moot))?;
    draft.push(Entry::InvoiceSettled { invoice: id.clone(), short, action: ISSUE_INVOICE.to_owned() })?;
    // With the first part all of it may be used.
    let bought = draft.case()?.invoice(id).filter(|i| i.part.as_ref().is_none_or(|part| part.n == 1));
    let lines = bought.map(|i| i.lines.clone()).unwrap_or_default();
    lines.into_iter().try_for_each(|line| start_package(draft, line))
}

/// What was bought may be used. Sessions that were held before it was paid for are of it, and so is what an earlier package
/// of the same menu has left.
fn start_package(draft: &mut Draft<'_>, Line { menu, quantity, .. }: Line) -> Result<(), Rejection> {
    let playbook = draft.playbook;
    let bought = playbook.menus.get(&menu).ok_or_else(|| draft.lacks("menu", &menu))?;
    let today = draft.now.to_zoned(playbook.time_zone()).date();
    let case = draft.case()?;
    let count = |counts: &BTreeMap<String, u32>| counts.get(&menu).copied().unwrap_or(0);
    let used = count(&case.counters.held).saturating_sub(count(&case.counters.used));
    let left = case.package.as_ref().filter(|p| p.menu == menu).map_or(0, |p| p.left(today));
    draft.push(Entry::PackageStarted {
        used,
        sessions: bought.sessions.saturating_mul(quantity).saturating_add(left),
        expires_on: bought.valid.and_then(|span| today.checked_add(span).ok()),
        menu,
    })
}

/// Nothing is owed any more: every invoice that isn't settled is withdrawn.
///
/// # Errors
/// As [`Draft::push`].
pub(super) fn withdraw_open(draft: &mut Draft<'_>, reason: &str) -> Result<(), Rejection> {
    let open: Vec<Id> = draft.case()?.invoices().filter(|(_, i)| !i.settled).map(|(id, _)| id.clone()).collect();
    for invoice in open {
        ask::withdraw_beside(draft, &invoice)?;
        draft.push(Entry::InvoiceWithdrawn { invoice, reason: reason.to_owned() })?;
    }
    Ok(())
}

/// An amount as people write it: `16,500円`, `¥16,500`, `£120.00`.
#[must_use]
pub fn show(amount: i64, currency: &str, language: &str) -> String {
    let (sign, amount) = (if amount < 0 { "-" } else { "" }, amount.unsigned_abs());
    let (whole, rest) =
        if currency == "JPY" { (amount, String::new()) } else { (amount / 100, format!(".{:02}", amount % 100)) };
    let digits = whole.to_string();
    let mut grouped = String::new();
    for (n, digit) in digits.chars().enumerate() {
        if n > 0 && (digits.len() - n) % 3 == 0 {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    match (currency, language) {
        ("JPY", "en") => format!("{sign}¥{grouped}"),
        ("JPY", _) => format!("{sign}{grouped}円"),
        ("GBP", _) => format!("{sign}£{grouped}{rest}"),
        ("USD", _) => format!("{sign}${grouped}{rest}"),
        ("EUR", _) => format!("{sign}€{grouped}{rest}"),
        (other, _) => format!("{sign}{other} {grouped}{rest}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(price: i64, quantity: u32, rate: u32) -> Line {
        Line { menu: "x".to_owned(), quantity, price, rate }
    }

    #[test]
    fn tax_is_rounded_once_per_rate() {
        let lines = [line(105, 1, 10), line(105, 1, 10), line(105, 1, 10), line(99, 1, 8)];
        // Line by line it would be 10 + 10 + 10; together 31.5 is 31.
        assert_eq!(
            taxes(&lines, Prices::Excluded).as_deref(),
            Some(&[Tax { rate: 8, net: 99, tax: 7 }, Tax { rate: 10, net: 315, tax: 31 }][..])
        );
        let included = taxes(&[line(16_500, 1, 10)], Prices::Included);
        assert_eq!(included.as_deref(), Some(&[Tax { rate: 10, net: 15_000, tax: 1_500 }][..]));
        assert_eq!(taxes(&[line(i64::MAX, 2, 10)], Prices::Included), None);
    }

    #[test]
    fn amounts_are_written_as_people_write_them() {
        assert_eq!(show(88_000, "JPY", "ja"), "88,000円");
        assert_eq!(show(1_234_567, "JPY", "en"), "¥1,234,567");
        assert_eq!(show(12_050, "GBP", "en"), "£120.50");
        assert_eq!(show(-5, "GBP", "en"), "-£0.05");
    }
}
