//! The sandbox payment page: what is to be paid, and what becomes of it.

use banto_aws::render::day;
use banto_domain::rules::billing;
use maud::{Markup, html};

use super::{Sheet, frame};
use crate::pay::Payable;

pub(crate) fn page(sheet: &Sheet, payable: &Payable) -> Markup {
    let (invoice, lang) = (&payable.invoice, sheet.lang.name());
    let body = html! {
        h1 { (sheet.of("お支払い(練習用)", "Payment (sandbox)")) }
        dl {
            dt { (sheet.of("お支払い先", "To")) } dd { (payable.practice.get(lang)) }
            dt { (sheet.of("請求書番号", "Invoice")) } dd { (invoice.number) }
            dt { (sheet.of("金額", "Amount")) } dd { strong.amount { (billing::show(invoice.total, &invoice.currency, lang)) } " " span.quiet { (sheet.of("税込", "tax included")) } }
            @if !invoice.settled { dt { (sheet.of("お支払期日", "Due")) } dd { (day(invoice.due_on, lang)) } }
        }
        @if invoice.settled {
            p.good { (sheet.of("お支払い済みです。ありがとうございました。", "This has been paid. Thank you.")) }
        } @else {
            form.buttons method="post" {
                button.main name="result" value="paid" { (sheet.of("カードで支払う", "Pay by card")) }
                button name="result" value="failed" { (sheet.of("決済に失敗する", "Let the payment fail")) }
            }
            p.quiet { (sheet.of(
                "実際の請求は発生しません。決済サービスと同じ署名つきの通知を、番頭に送ります。",
                "No card is charged: this page sends the provider's signed webhook to Banto."
            )) }
        }
        p { a.button href={ "/?case=" (payable.key.case) } { (sheet.of("練習の画面へ", "To the practice")) " →" } }
    };
    frame(sheet, sheet.of("お支払い", "Payment"), &body)
}
