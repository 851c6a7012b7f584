//! The mailbox and its mails. A mail's HTML is shown in a frame that may open links and nothing else.

use jiff::Timestamp;
use maud::{Markup, html};

use super::{both, frame, linked, when};
use crate::mailbox::Mail;

pub(crate) fn list(mails: &[Mail], now: Timestamp) -> Markup {
    let body = html! {
        h1 { (both("送信したメール", "Mail sent")) }
        @if mails.is_empty() {
            p.empty { (both("まだありません。入口のフォームからお問い合わせを送ってみてください。", "None yet. Send an inquiry from the start page.")) }
        } @else {
            table.stack {
                thead { tr { th { (both("日時", "Sent")) } th { (both("宛先", "To")) } th { (both("件名", "Subject")) } th { (both("差出人", "From")) } } }
                tbody {
                    @for mail in mails {
                        tr {
                            td.when { (when(mail.sent_at)) }
                            td data-name="宛先" { (mail.to) }
                            td { a href={ "/_local/mail/" (mail.id) } { (subject(mail)) } }
                            td data-name="差出人" { (mail.from) }
                        }
                    }
                }
            }
        }
    };
    frame("送信したメール", now, &body)
}

pub(crate) fn one(mail: &Mail, now: Timestamp) -> Markup {
    let body = html! {
        h1 { (subject(mail)) }
        dl {
            dt { (both("差出人", "From")) } dd { (mail.from) }
            dt { (both("宛先", "To")) } dd { (mail.to) }
            @if let Some(reply_to) = &mail.reply_to { dt { (both("返信先", "Reply to")) } dd { (reply_to) } }
            dt { (both("日時", "Sent")) } dd { (when(mail.sent_at)) }
            @if let Some(case) = &mail.case { dt { (both("案件", "Case")) } dd { a href={ "/_local/cases/" (case) } { (case) } } }
            @if let Some(template) = &mail.template { dt { (both("ひな形", "Template")) } dd { (template) } }
            @if !mail.attachments.is_empty() {
                dt { (both("添付", "Attachments")) }
                dd { @for a in &mail.attachments { div { (a.name) " " span.en { (a.content_type) ", " (a.size) " bytes" } } } }
            }
        }
        h2 { (both("本文", "Text")) }
        pre { (linked(&mail.text)) }
        @if let Some(html) = &mail.html {
            h2 { (both("HTML 表示", "As HTML")) }
            iframe title="HTML" sandbox="allow-popups allow-popups-to-escape-sandbox" srcdoc={ "<base target=\"_blank\">" (html) } {}
        }
        p { a href={ "/_local/mail/" (mail.id) ".eml" } { (both("原文を保存", "Save the original (.eml)")) } }
    };
    frame(subject(mail), now, &body)
}

fn subject(mail: &Mail) -> &str {
    if mail.subject.is_empty() { "(件名なし)" } else { &mail.subject }
}
