//! The sandbox payment page: what is to be paid, and what becomes of it.

use banto_domain::billing;
use jiff::Timestamp;
use maud::{Markup, html};

use super::{both, frame};
use crate::pay::Payable;

pub(crate) fn page(payable: &Payable, now: Timestamp) -> Markup {
    let invoice = &payable.invoice;
    let body = html! {
        h1 { (both("お支払い(練習用)", "Payment (sandbox)")) }
        dl {
            dt { (both("お支払い先", "To")) } dd { (payable.practice) }
            dt { (both("請求番号", "Invoice")) } dd { (invoice.number) }
            dt { (both("金額", "Amount")) } dd { (billing::show(invoice.total, &invoice.currency, &payable.language)) }
        }
        @if invoice.settled {
            p { (both("お支払い済みです。ありがとうございました。", "This has been paid. Thank you.")) }
        } @else {
            form method="post" {
                button.main name="result" value="paid" { (both("カードで支払う", "Pay by card")) } " "
                button name="result" value="failed" { (both("決済に失敗する", "Let the payment fail")) }
            }
            p { span.en lang="en" { "No card is charged: this page sends the provider's signed webhook to Banto." } }
        }
        p { a href="/" { (both("入口へ戻る", "Back to the start")) } }
    };
    frame("お支払い", now, &body)
}
