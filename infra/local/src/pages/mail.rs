//! The mailbox and its mails. A mail's HTML is shown in a frame that may open links and nothing else.

use maud::{Markup, html};

use super::{Sheet, frame, linked};
use crate::mailbox::Mail;

pub(crate) fn list(sheet: &Sheet, mails: &[Mail]) -> Markup {
    let title = sheet.of("送信したメール", "Mail sent");
    let heads =
        [sheet.of("日時", "Sent"), sheet.of("宛先", "To"), sheet.of("件名", "Subject"), sheet.of("差出人", "From")];
    let body = html! {
        h1 { (title) }
        @if mails.is_empty() {
            p.empty { (sheet.of("まだありません。入口のフォームからお問い合わせを送ってみてください。", "None yet. Send an inquiry from the start page.")) }
        } @else {
            table.stack {
                thead { tr { @for head in heads { th { (head) } } } }
                tbody {
                    @for mail in mails {
                        tr {
                            td.when { (sheet.when(mail.sent_at)) }
                            td data-name=(heads[1]) { (mail.to) }
                            td { a href={ "/_local/mail/" (mail.id) } { (subject(mail, sheet)) } }
                            td data-name=(heads[3]) { (mail.from) }
                        }
                    }
                }
            }
        }
    };
    frame(sheet, title, &body)
}

pub(crate) fn one(sheet: &Sheet, mail: &Mail) -> Markup {
    let body = html! {
        h1 { (subject(mail, sheet)) }
        dl {
            dt { (sheet.of("差出人", "From")) } dd { (mail.from) }
            dt { (sheet.of("宛先", "To")) } dd { (mail.to) }
            @if let Some(reply_to) = &mail.reply_to { dt { (sheet.of("返信先", "Reply to")) } dd { (reply_to) } }
            dt { (sheet.of("日時", "Sent")) } dd { (sheet.when(mail.sent_at)) }
            @if let Some(case) = &mail.case { dt { (sheet.of("案件", "Case")) } dd { a href={ "/?case=" (case) } { (case) } } }
            @if !mail.attachments.is_empty() {
                dt { (sheet.of("添付", "Attachments")) }
                dd { @for a in &mail.attachments { div { (a.name) " " span.quiet { (a.content_type) ", " (a.size) " " (sheet.of("バイト", "bytes")) } } } }
            }
        }
        h2 { (sheet.of("本文", "Text")) }
        pre { (linked(mail.text.trim_end())) }
        @if let Some(html) = &mail.html {
            h2 { (sheet.of("HTML 表示", "As HTML")) }
            iframe title="HTML" sandbox="allow-popups allow-popups-to-escape-sandbox" srcdoc={ "<base target=\"_blank\">" (html) } {}
        }
        p { a href={ "/_local/mail/" (mail.id) ".eml" } { (sheet.of("原文を保存(.eml)", "Save the original (.eml)")) } }
    };
    frame(sheet, subject(mail, sheet), &body)
}

fn subject<'a>(mail: &'a Mail, sheet: &Sheet) -> &'a str {
    if mail.subject.is_empty() { sheet.lang.of("(件名なし)", "(no subject)") } else { &mail.subject }
}
