//! What failed for good, with the button that tries it again.

use maud::{Markup, html};

use super::{Sheet, frame};
use crate::store::DeadLetter;

pub(crate) fn list(sheet: &Sheet, letters: &[DeadLetter]) -> Markup {
    let title = sheet.of("処理できなかったもの", "Dead letters");
    let body = html! {
        h1 { (title) }
        @if letters.is_empty() {
            p.empty { (sheet.of("ありません。すべて処理できています。", "None: everything was taken care of.")) }
        }
        @for letter in letters {
            div.card {
                dl {
                    dt { (sheet.of("処理", "Function")) } dd { (letter.function.as_deref().unwrap_or("–")) }
                    dt { (sheet.of("日時", "At")) } dd { (sheet.when(letter.at)) }
                    dt { (sheet.of("試した回数", "Attempts")) } dd { (letter.attempts) }
                    dt { (sheet.of("理由", "Error")) } dd { (letter.error) }
                    @if let Some(queue) = &letter.queue { dt { (sheet.of("置き場所", "Queue")) } dd { (queue) } }
                }
                details {
                    summary.more { (sheet.of("内容を見る", "Event")) }
                    pre.code { (serde_json::to_string_pretty(&letter.event).unwrap_or_default()) }
                }
                form method="post" action={ "/_local/dead-letters/" (letter.id) "/redrive" } {
                    button { (sheet.of("もう一度処理する", "Redrive")) }
                }
            }
        }
    };
    frame(sheet, title, &body)
}
