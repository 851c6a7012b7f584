//! What failed for good, with the button that tries it again.

use jiff::Timestamp;
use maud::{Markup, html};

use super::{both, frame, when};
use crate::store::DeadLetter;

pub(crate) fn list(letters: &[DeadLetter], now: Timestamp) -> Markup {
    let body = html! {
        h1 { (both("処理できなかったもの", "Dead letters")) }
        @if letters.is_empty() {
            p.empty { (both("ありません。すべて処理できています。", "None: everything was taken care of.")) }
        }
        @for letter in letters {
            div.card {
                dl {
                    dt { (both("処理", "Function")) } dd { (letter.function.as_deref().unwrap_or("–")) }
                    dt { (both("日時", "At")) } dd { (when(letter.at)) }
                    dt { (both("試した回数", "Attempts")) } dd { (letter.attempts) }
                    dt { (both("理由", "Error")) } dd { (letter.error) }
                    @if let Some(queue) = &letter.queue { dt { (both("置き場所", "Queue")) } dd { (queue) } }
                }
                details {
                    summary { (both("内容を見る", "Event")) }
                    pre.code { (serde_json::to_string_pretty(&letter.event).unwrap_or_default()) }
                }
                form method="post" action={ "/_local/dead-letters/" (letter.id) "/redrive" } {
                    button { (both("もう一度処理する", "Redrive")) }
                }
            }
        }
    };
    frame("処理できなかったもの", now, &body)
}
