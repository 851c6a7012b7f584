//! Amounts that a mail says: each must be one of its invoice, or a price of the playbook.

use banto_domain::rules::instalment;
use banto_domain::state::Message;
use banto_domain::{Case, Playbook};

/// The first amount in a mail about an invoice that is neither the invoice's nor a price, as it is written.
pub(super) fn odd(case: &Case, playbook: &Playbook, message: &Message, text: &str) -> Option<String> {
    let (_, invoice) = case.invoice_in(&message.tracks)?;
    let mut known = vec![invoice.total, invoice.paid, invoice.total - invoice.paid, invoice.reduced];
    known.extend(invoice.taxes.iter().flat_map(|tax| [tax.net, tax.tax, tax.net.saturating_add(tax.tax)]));
    known.extend(instalment::schedule(playbook, invoice).iter().map(|part| part.amount));
    known.extend(playbook.menus.values().map(|menu| menu.price));
    yen(text).into_iter().find(|(_, amount)| !known.contains(amount)).map(|(written, _)| written)
}

/// Amounts in yen: digits with commas, before 円 or after ¥.
fn yen(text: &str) -> Vec<(String, i64)> {
    let is_digit = |c: char| c.is_ascii_digit() || c == ',';
    let mut found = Vec::new();
    let mut note = |digits: &str| {
        let plain: String = digits.chars().filter(char::is_ascii_digit).collect();
        if let Ok(amount) = plain.parse() {
            found.push((digits.to_owned(), amount));
        }
    };
    for (at, _) in text.match_indices('円') {
        let before = &text[..at];
        note(&before[before.trim_end_matches(is_digit).len()..]);
    }
    for (at, sign) in text.match_indices(['¥', '\u{ffe5}']) {
        let after = &text[at + sign.len()..];
        note(&after[..after.len() - after.trim_start_matches(is_digit).len()]);
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_read_as_people_write_them() {
        let found: Vec<i64> = yen("16,500円(税込)、円周率、¥88,000 と 5500円。").into_iter().map(|(_, n)| n).collect();
        assert_eq!(found, [16_500, 5_500, 88_000]);
    }
}
