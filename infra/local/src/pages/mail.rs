//! The mailbox and its mails. A mail's HTML is shown in a frame that may open links and nothing else.

use maud::{Markup, html};

use super::{Sheet, frame, linked};
use crate::http::Tried;
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
        @if mail.text.contains("/a/") {
            form method="post" action={ "/_local/mail/" (mail.id) "/scan" } {
                button.quiet type="submit" { (sheet.of("メールスキャナーに読ませてみる", "Send a mail scanner at it")) }
            }
        }
        p { a href={ "/_local/mail/" (mail.id) ".eml" } { (sheet.of("原文を保存(.eml)", "Save the original (.eml)")) } }
    };
    frame(sheet, subject(mail, sheet), &body)
}

/// What a scanner tried, and that nothing came of it.
pub(crate) fn scanned(sheet: &Sheet, mail: &Mail, tried: &[Tried], unchanged: bool) -> Markup {
    let title = sheet.of("メールスキャナーの結果", "What the mail scanner did");
    let said = match unchanged {
        true => sheet.of(
            "リンクを開き、ボタンを押しましたが、案件の記録は何も変わっていません。回答には、読んだ人による選択と確認が必要です。",
            "It opened the links and pressed the buttons, and nothing in the case has changed: an answer takes a choice and a confirmation by somebody who reads.",
        ),
        false => sheet.of("案件の記録が変わりました。", "The case has changed."),
    };
    let body = html! {
        h1 { (title) }
        p { (said) }
        table {
            thead { tr { th { (sheet.of("したこと", "What it did")) } th { (sheet.of("応答", "Answer")) } } }
            tbody { @for one in tried { tr { td { (one.what) } td { (one.status) } } } }
        }
        p { a href={ "/_local/mail/" (mail.id) } { (sheet.of("メールに戻る", "Back to the mail")) } }
    };
    frame(sheet, title, &body)
}

fn subject<'a>(mail: &'a Mail, sheet: &Sheet) -> &'a str {
    if mail.subject.is_empty() { sheet.lang.of("(件名なし)", "(no subject)") } else { &mail.subject }
}
