//! Money: exact, in integer minor units (yen; pence). Tax is rounded once per rate and invoice, as the qualified invoice
//! system asks (適格請求書, Consumption Tax Act art. 57-4, order art. 70-10).

use std::collections::BTreeMap;

use jiff::civil::Date;
use jiff::{Span, Timestamp, ToSpan};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::ask::Ask;
use crate::case::Package;
use crate::playbook::Text;
use crate::{Draft, Entry, Id, Rejection, ask};

/// How the practice is paid.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Billing {
    /// ISO 4217: `JPY`.
    pub currency: String,
    /// Whether prices have the tax in them (総額表示).
    pub prices: Prices,
    /// Percent.
    pub tax: u32,
    /// How long there is to pay; the day rolls forward over weekends, holidays and breaks.
    pub due: Span,
    /// Registration number of a qualified invoice issuer (適格請求書発行事業者の登録番号).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub registration: Option<String>,
    /// Whose webhook tells of payments.
    pub provider: Provider,
    /// Where customers pay: `{public_url}`, `{client}`, `{invoice}` and `{reference}` are filled in. A Stripe Payment Link
    /// takes `?client_reference_id={reference}` (Stripe: "Track payments with URL parameters").
    pub link: String,
    /// The account for transfers. Always today's.
    pub bank: Text,
}

/// Whether prices have the tax in them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Prices {
    /// 税込.
    Included,
    /// 税抜.
    Excluded,
}

/// A payment provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Provider {
    /// Stripe, with its own signature scheme.
    Stripe,
    /// Any other that speaks Standard Webhooks.
    Generic,
}

impl Provider {
    /// As it stands in addresses.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Stripe => "stripe",
            Self::Generic => "generic",
        }
    }
}

/// What was bought.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Line {
    /// Of the playbook's menus.
    pub menu: String,
    /// How many.
    pub quantity: u32,
    /// Price of one, in minor units, with or without tax as was agreed.
    pub price: i64,
    /// Percent.
    pub rate: u32,
}

/// What is owed at one rate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Tax {
    /// Percent.
    pub rate: u32,
    /// Without tax, in minor units.
    pub net: i64,
    /// The tax, in minor units.
    pub tax: i64,
}

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

/// An invoice that the case knows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Invoice {
    /// Its place among the invoices of the case, from 1.
    pub n: u32,
    /// As people quote it.
    pub number: String,
    /// What was bought.
    pub lines: Vec<Line>,
    /// Tax by rate.
    pub taxes: Vec<Tax>,
    /// With tax, in minor units.
    pub total: i64,
    /// ISO 4217.
    pub currency: String,
    /// The last day to pay on.
    pub due_on: Date,
    /// What came in so far, in minor units.
    pub paid: i64,
    /// Everything came in.
    #[serde(default)]
    pub settled: bool,
    /// The flow went on because of it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub led_on: bool,
    /// When the last payment came in (UTC).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub paid_at: Option<Timestamp>,
}

/// The outcome of a node that waits for an invoice: all of it came in.
pub const PAID: &str = "paid";
/// Why a person looks: less was paid than was asked for.
const UNDERPAID: &str = "underpaid";
/// The timer at the end of the last day to pay on.
pub const DUE: &str = "due";
/// The function that draws the consequences of what happens to invoices.
pub const ISSUE_INVOICE: &str = "issue-invoice";

/// The last day to pay on, and when it is over, counted from now: a business day in the practice's zone.
#[must_use]
pub fn due(draft: &Draft<'_>) -> Option<(Date, Timestamp)> {
    let playbook = draft.playbook;
    let billing = playbook.billing.as_ref()?;
    let day = playbook.after(draft.now, billing.due).to_zoned(playbook.time_zone()).date();
    let day = playbook.calendar.as_ref().map_or(day, |c| c.business_day(day));
    let over = day.checked_add(1.day()).ok()?.to_zoned(playbook.time_zone()).ok()?.timestamp();
    Some((day, over))
}

/// Asks for the price of a menu.
///
/// # Errors
/// When the playbook lacks the menu or billing.
pub fn issue(draft: &mut Draft<'_>, menu: &str) -> Result<Id, Rejection> {
    let playbook = draft.playbook;
    let billing = playbook.billing.as_ref().ok_or_else(|| draft.lacks("part", "billing"))?;
    let price = playbook.menus.get(menu).ok_or_else(|| draft.lacks("menu", menu))?.price;
    let lines = vec![Line { menu: menu.to_owned(), quantity: 1, price, rate: billing.tax }];
    let taxes = taxes(&lines, billing.prices).ok_or(Rejection::Misplaced("a price too large to be true"))?;
    let (due_on, due_at) = due(draft).ok_or(Rejection::Misplaced("no day to pay on"))?;
    let case = draft.case()?;
    let number = format!("{}-{}", case.key.case, case.invoices_issued + 1);
    let invoice = draft.new_id("invoice", &draft.index());
    draft.push(Entry::InvoiceIssued {
        invoice: invoice.clone(),
        number,
        total: taxes.iter().map(|t| t.net + t.tax).sum(),
        lines,
        taxes,
        currency: billing.currency.clone(),
        due_on,
        due_at,
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

/// Records a payment. What is exactly paid is settled; anything else goes to a person.
///
/// # Errors
/// When the playbook lacks something.
pub fn pay(draft: &mut Draft<'_>, payment: Payment) -> Result<(), Rejection> {
    let before = draft.case()?.invoice_of(&payment.invoice).cloned();
    let (invoice, currency) = (payment.invoice.clone(), payment.currency.clone());
    draft.push(Entry::PaymentRecorded {
        payment: payment.id,
        invoice: payment.invoice,
        provider: payment.provider,
        amount: payment.amount,
        currency: payment.currency,
        occurred_at: payment.occurred_at,
    })?;
    let Some(before) = before else { return ask::attend(draft, &invoice, "payment-unexpected") };
    if before.settled {
        return ask::attend(draft, &invoice, "paid-twice");
    }
    if before.currency != currency {
        return ask::attend(draft, &invoice, "payment-in-other-currency");
    }
    let paid = draft.case()?.invoice_of(&invoice).map_or(0, |i| i.paid);
    if paid < before.total {
        return ask::attend(draft, &invoice, UNDERPAID);
    }
    settle(draft, &invoice)?;
    if paid > before.total { ask::attend(draft, &invoice, "overpaid") } else { Ok(()) }
}

fn settle(draft: &mut Draft<'_>, id: &Id) -> Result<(), Rejection> {
    ask::withdraw_beside(draft, id)?;
    // The rest has come in.
    let less = |task: &Ask| task.about.as_ref() == Some(id) && task.reason.as_deref() == Some(UNDERPAID);
    ask::withdraw(draft, less)?;
    draft.push(Entry::InvoiceSettled { invoice: id.clone(), action: ISSUE_INVOICE.to_owned() })?;
    let playbook = draft.playbook;
    let lines = draft.case()?.invoice_of(id).map(|i| i.lines.clone()).unwrap_or_default();
    for Line { menu, quantity, .. } in lines {
        let bought = playbook.menus.get(&menu).ok_or_else(|| draft.lacks("menu", &menu))?;
        let today = draft.now.to_zoned(playbook.time_zone()).date();
        draft.push(Entry::PackageStarted {
            used: draft.case()?.held.get(&menu).copied().unwrap_or(0),
            sessions: bought.sessions.saturating_mul(quantity),
            expires_on: bought.valid.and_then(|span| today.checked_add(span).ok()),
            menu,
        })?;
    }
    Ok(())
}

impl Package {
    /// How many sessions can still be held on this day.
    #[must_use]
    pub fn left(&self, today: Date) -> u32 {
        let over = self.expires_on.is_some_and(|last| last < today);
        if over { 0 } else { self.sessions.saturating_sub(self.used) }
    }
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
