//! What an approval says of itself: what it is, why a rule doesn't decide it, who wants it, and who agreed so far.

use banto_aws::page::words;
use banto_domain::state::{Message, Seeks};

use super::Line;
use crate::view::View;

pub(super) fn lines(view: &View<'_>) -> Vec<Line> {
    let Some(seeks) = &view.ask.seeks else { return Vec::new() };
    let (books, language) = (&view.books, view.books.language);
    let spec = books.playbook.approvals.get(&seeks.approval);
    let label = spec.map_or(seeks.approval.as_str(), |spec| spec.label.get(language)).to_owned();
    let named =
        |ids: &[String]| ids.iter().map(|id| books.name_of(id)).collect::<Vec<_>>().join(words(language, "、", ", "));
    let mut lines = vec![
        Line::new(words(language, "承認の種類", "What is to be approved"), label),
        Line::new(words(language, "承認が必要な理由", "Why it waits for you"), why(view, seeks)),
    ];
    let authors = match seeks.authors.as_slice() {
        [] => words(language, "運用ルールによる(自動)", "The playbook, by itself").to_owned(),
        authors => named(authors),
    };
    lines.push(Line::new(words(language, "申請者", "Who wants it"), authors));
    let steps = spec.map_or(1, |spec| spec.approves.len());
    if steps > 1 || !seeks.given.is_empty() {
        let given = if seeks.given.is_empty() {
            words(language, "まだありません", "nobody yet").to_owned()
        } else {
            named(&seeks.given)
        };
        lines.push(Line::new(words(language, "承認済みの方", "Who agreed so far"), given));
    }
    if seeks.solo {
        let (ja, en) = (
            "お一人で運営されているため、ご自身での承認となります(記録に残ります)。",
            "You work alone, so you agree to your own; the log says so.",
        );
        lines.push(Line::new(words(language, "ご注意", "Note"), words(language, ja, en)));
    }
    lines
}

/// Why a rule doesn't decide it, and which.
fn why(view: &View<'_>, seeks: &Seeks) -> String {
    let (books, language) = (&view.books, view.books.language);
    let version = books.playbook.version;
    let message: Option<&Message> = seeks.message.as_ref().and_then(|id| view.case.message(id));
    let rule = match message {
        Some(message) if message.written > 0 => {
            words(language, "担当者が作成した文面のため", "somebody wrote it in their own words").to_owned()
        }
        Some(_) if seeks.staged.is_some() => {
            let (ja, en) = ("全件承認の段階のため", "each mail waits while its part hasn't gone live");
            words(language, ja, en).to_owned()
        }
        Some(message) => {
            let template = books.playbook.templates.get(&message.template);
            let by = template.and_then(|t| t.approved_by.as_deref()).unwrap_or_default();
            let by = books.name_of(by);
            match language {
                "en" => format!("the template {} isn't routine (approved by {by})", message.template),
                _ => format!("定型外のひな形「{}」のため(ひな形の承認者: {by})", message.template),
            }
        }
        None => {
            let spec = books.playbook.approvals.get(&seeks.approval);
            let step = usize::try_from(seeks.step).ok().and_then(|n| spec?.approves.get(n));
            let when = step.and_then(|approver| approver.when.as_deref()).map(|when| format!(" ({when})"));
            let when = when.unwrap_or_default();
            let (ja, en) = ("運用ルールで承認が必要と定められているため", "the playbook leaves it to a person");
            format!("{}{when}", words(language, ja, en))
        }
    };
    match language {
        "en" => format!("{rule}; playbook version {version}"),
        _ => format!("{rule}(運用ルール第{version}版)"),
    }
}
