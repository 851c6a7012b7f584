//! What a transfer may fall short by, as was agreed: the fee of the payer's bank, and tax that a company withholds.

use super::billing::MAX_AMOUNT;
use crate::playbook::{Billing, Tolerance};
use crate::state::Invoice;

/// Whether a transfer that falls short by so much is all that was asked for, as was agreed: the bank's fee was taken off, or
/// tax was withheld, or both.
pub(super) fn is_as_good(billing: Option<&Billing>, invoice: &Invoice, short: i64) -> bool {
    let Some(Tolerance { fee, withholding }) = billing.map(|b| b.tolerance) else { return false };
    let fee = 0..=fee.max(0);
    let net: i64 = invoice.taxes.iter().map(|t| t.net).sum();
    // Where the tax is shown apart it may be withheld from the price alone (National Tax Agency, basic circular 204-2 on the Income Tax Act).
    let withheld = [net, invoice.total].map(withheld);
    fee.contains(&short) || (withholding && withheld.iter().any(|tax| fee.contains(&(short - tax))))
}

/// The income tax that is withheld from a payment, in yen: 10.21 % up to 1,000,000 yen, 20.42 % of what is above, rounded down
/// (Income Tax Act art. 205; Act on Special Measures for Reconstruction art. 28).
#[must_use]
pub fn withheld(amount: i64) -> i64 {
    const UP_TO: i64 = 1_000_000;
    let (low, high) = (amount.clamp(0, UP_TO), amount.saturating_sub(UP_TO).clamp(0, MAX_AMOUNT));
    (low * 1_021 + high * 2_042).div_euclid(10_000)
}

#[cfg(test)]
mod tests {
    use super::super::billing::taxes;
    use super::*;
    use crate::playbook::Prices;
    use crate::state::Line;

    fn line(price: i64) -> Line {
        Line { menu: "x".to_owned(), quantity: 1, price, rate: 10 }
    }

    #[test]
    fn a_transfer_may_fall_short_by_what_was_agreed() {
        let lines = [line(55_000)];
        let invoice = |price: i64| {
            let taxes = taxes(&[line(price)], Prices::Included).expect("true");
            serde_json::from_value::<Invoice>(serde_json::json!({
                "n": 1, "number": "1", "lines": lines, "taxes": taxes, "total": price, "currency": "JPY",
                "due_on": "2026-12-01", "paid": 0,
            }))
            .expect("an invoice")
        };
        let billing = |fee: i64, withholding: bool| {
            serde_json::from_value::<Billing>(serde_json::json!({
                "currency": "JPY", "prices": "included", "tax": 10, "due": "P7D", "providers": ["stripe"], "link": "",
                "bank": { "ja": "", "en": "" }, "tolerance": { "fee": fee, "withholding": withholding },
            }))
            .expect("billing")
        };
        let is = |price: i64, (fee, withholding), short| {
            is_as_good(Some(&billing(fee, withholding)), &invoice(price), short)
        };
        assert!(is(55_000, (880, false), 880) && !is(55_000, (880, false), 881) && !is(55_000, (0, false), 1));
        // 10.21 % of 50,000 and of 55,000; with a fee beside it.
        assert!(is(55_000, (0, true), 5_105) && is(55_000, (0, true), 5_615) && !is(55_000, (0, true), 5_000));
        assert!(is(55_000, (440, true), 5_105 + 440) && !is(55_000, (440, true), 5_105 + 441 + 510));
        assert_eq!(
            (withheld(1_000_000), withheld(1_500_000)),
            (102_100, 204_200),
            "20.42 % of what is above a million"
        );
        assert!(!is_as_good(None, &invoice(55_000), 1));
    }
}
