//! What happened to money, as sentences.

use banto_aws::render::day;
use banto_domain::Entry;
use banto_domain::rules::billing;

use super::teller::Teller;

impl Teller<'_> {
    pub(super) fn tell_money(&mut self, entry: &Entry) -> Option<String> {
        let lang = self.lang;
        match entry {
            Entry::PaymentRecorded { amount, currency, provider, .. } => {
                let amount = billing::show(*amount, currency, lang.name());
                let how = if provider == "transfer" {
                    lang.of("銀行振込", "transfer")
                } else {
                    lang.of("カード", "card")
                };
                self.say(format!("入金: {amount}({how})"), format!("Payment of {amount} ({how})"))
            }
            Entry::PaymentFailed { .. } => self.plain("決済に失敗", "The payment failed"),
            Entry::RefundOrdered { amount, currency, action, .. } => {
                let amount = billing::show(*amount, currency, lang.name());
                let (ja, en) = match action {
                    Some(_) => ("決済会社へ依頼", "the provider is asked"),
                    None => ("担当者が手配", "a person sends it"),
                };
                self.say(format!("返金を手配: {amount}({ja})"), format!("Refund of {amount} ordered: {en}"))
            }
            Entry::RefundMade { number, .. } => {
                self.say(format!("返金完了: {number}"), format!("Refund {number} is on its way"))
            }
            Entry::RefundRefused { .. } => {
                self.plain("返金できず、担当者へ", "The refund was not made: a person has it")
            }
            Entry::RefundWithdrawn { .. } => self.plain("返金を取りやめ", "The refund was withdrawn"),
            Entry::PaymentRefunded { .. } => self.plain("返金", "Money went back"),
            Entry::PaymentDisputed { .. } => self.plain("お支払いへの異議申し立て", "The payer disputes a payment"),
            _ => self.tell_invoice(entry),
        }
    }

    fn tell_invoice(&mut self, entry: &Entry) -> Option<String> {
        let lang = self.lang;
        match entry {
            Entry::InvoiceIssued { invoice, number, total, currency, due_on, part, .. } => {
                let (amount, due) = (billing::show(*total, currency, lang.name()), day(*due_on, lang.name()));
                self.named.insert(invoice.clone(), number.clone());
                let part = part
                    .as_ref()
                    .map(|p| (format!("、{}回払いの{}回目", p.of, p.n), format!(", payment {} of {}", p.n, p.of)));
                let (ja, en) = part.unwrap_or_default();
                self.say(
                    format!("請求: {number} {amount}(お支払期日 {due}{ja})"),
                    format!("Invoice {number}: {amount}, due {due}{en}"),
                )
            }
            Entry::InvoiceExtended { invoice, due_on, .. } => {
                let (number, due) = (self.name(invoice).to_owned(), day(*due_on, lang.name()));
                self.say(
                    format!("お支払期日を延長: {number}({due}まで)"),
                    format!("Invoice {number}: more time, until {due}"),
                )
            }
            Entry::ReceiptIssued { number, copy, .. } => {
                let (ja, en) = if *copy > 0 { ("(再発行)", ", issued anew") } else { ("", "") };
                self.say(format!("領収書: {number}{ja}"), format!("Receipt {number}{en}"))
            }
            Entry::InvoiceReduced { invoice, by, total, .. } => {
                let number = self.name(invoice).to_owned();
                let currency = self.currency();
                let [by, total] = [by, total].map(|amount| billing::show(*amount, currency, lang.name()));
                self.say(
                    format!("減額: {number} {by}(ご請求額 {total})"),
                    format!("Invoice {number}: {by} less, {total} in all"),
                )
            }
            Entry::InvoiceWaived { invoice, .. } => {
                let number = self.name(invoice).to_owned();
                self.say(format!("残額を請求しない: {number}"), format!("Invoice {number}: the rest is waived"))
            }
            Entry::InvoiceSettled { invoice, .. } => {
                let number = self.name(invoice).to_owned();
                self.say(format!("入金完了: {number}"), format!("Invoice {number} is paid"))
            }
            Entry::InvoiceWithdrawn { invoice, .. } => {
                let number = self.name(invoice).to_owned();
                self.say(format!("請求を取り下げ: {number}"), format!("Invoice {number} withdrawn"))
            }
            _ => None,
        }
    }
}
