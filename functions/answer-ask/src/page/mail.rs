//! A mail that waits, as its reader will see it, with what a person wrote in the place of its template's words marked.

use banto_aws::page::words;
use maud::{Markup, html};

use crate::shown::Letter;

pub(super) fn letter(mail: &Letter, language: &str) -> Markup {
    let either = |ja, en| words(language, ja, en);
    html! {
        section.mail aria-label=(either("お送りするメール", "The mail as it will leave")) {
            dl {
                dt { (either("差出人", "From")) } dd { (mail.from) }
                dt { (either("宛先", "To")) } dd { (mail.to.join(", ")) }
                dt { (either("件名", "Subject")) } dd { (subject(mail)) }
                @if !mail.attachments.is_empty() {
                    dt { (either("添付", "Attached")) } dd { (mail.attachments.join(", ")) }
                }
                @if let Some(author) = &mail.author { dt { (either("作成", "Written by")) } dd { (author) } }
            }
            (text(mail))
            @if mail.template_says.is_some() {
                p { small { (either(
                    "色の付いた行はひな形と異なる部分、取り消し線は省かれた部分です。",
                    "Marked lines differ from the template; struck ones were left out.",
                )) } }
            }
        }
    }
}

fn subject(mail: &Letter) -> Markup {
    match &mail.template_says {
        Some((before, _)) if *before != mail.subject => html! { del { (before) } " " mark { (mail.subject) } },
        _ => html! { (mail.subject) },
    }
}

fn text(mail: &Letter) -> Markup {
    let Some((_, before)) = &mail.template_says else { return html! { pre { (mail.text) } } };
    let diff = similar::TextDiff::from_lines(before, &mail.text);
    html! {
        pre {
            @for change in diff.iter_all_changes() {
                @match change.tag() {
                    similar::ChangeTag::Equal => (change.value()),
                    similar::ChangeTag::Insert => mark { (change.value()) },
                    similar::ChangeTag::Delete => del { (change.value()) },
                }
            }
        }
    }
}
