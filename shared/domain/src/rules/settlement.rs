//! 中途解約の精算: what is paid back when what was bought ends before all of it was used: what was paid, less the sessions
//! that were used at the agreed price, less the agreed fee.

use crate::playbook::Playbook;
use crate::state::Case;

/// The arithmetic, each line of which is shown. Amounts in minor units, with tax.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settlement {
    /// What came in for it, less what went back.
    pub paid: i64,
    /// How many sessions were used.
    pub used: u32,
    /// The price of one.
    pub unit: i64,
    /// What is kept for ending it early: never more than what is left.
    pub fee: i64,
    /// What is paid back.
    pub refund: i64,
    /// What was used and not paid for, when it is paid in parts: a person decides about it.
    pub short: i64,
    /// ISO 4217.
    pub currency: String,
}

impl Settlement {
    /// What the used sessions come to.
    #[must_use]
    pub fn for_used(&self) -> i64 {
        self.unit.saturating_mul(i64::from(self.used))
    }
}

/// The price of one session where none was agreed: of what the whole costs, rounded down, in the customer's favour.
#[must_use]
pub fn unit(price: i64, sessions: u32) -> i64 {
    price / i64::from(sessions.max(1))
}

/// How what was bought would be settled now; `None` when nothing was, or its menu doesn't say how.
#[must_use]
pub fn of(playbook: &Playbook, case: &Case) -> Option<Settlement> {
    let package = case.package.as_ref()?;
    let menu = playbook.menus.get(&package.menu)?;
    let agreed = menu.quit.as_ref()?;
    let currency = playbook.billing.as_ref()?.currency.clone();
    let of_menu =
        case.invoices().filter(|(_, i)| i.currency == currency && i.lines.iter().all(|l| l.menu == package.menu));
    let received = of_menu.flat_map(|(_, invoice)| invoice.payments.values());
    let paid: i64 = received.map(|r| (r.amount - r.refunded).max(0)).sum();
    let used = case.counters.used.get(&package.menu).copied().unwrap_or(package.used);
    let unit = agreed.unit.unwrap_or_else(|| unit(menu.price, menu.sessions));
    let left = paid.saturating_sub(unit.saturating_mul(i64::from(used)));
    let (left, short) = (left.max(0), left.saturating_neg().max(0));
    let fee = agreed.fee.clamp(0, left);
    Some(Settlement { paid, used, unit, fee, refund: left - fee, short, currency })
}
