//! What an ask says of a request to whoever deals with it: what is wanted, when it was said, what was told with it, and what
//! follows by the terms: rule, facts and money on one page.

use banto_aws::page::words;
use banto_aws::render::when;
use banto_aws::words as words_for;
use banto_domain::playbook::Wanted;
use banto_domain::rules::{billing, policy};
use banto_domain::state::Request;

use super::Line;
use crate::facts;
use crate::view::View;

pub(super) fn lines(view: &View<'_>) -> Vec<Line> {
    let inside = !view.ask.to.is_outside();
    let Some((_, request)) = view.case.request_in(&view.ask.tracks).filter(|_| inside) else { return Vec::new() };
    let (books, language) = (&view.books, view.books.language);
    let line = |ja, en, value: String| Line::new(words(language, ja, en), value);
    let amount = request.amount.zip(books.playbook.billing.as_ref());
    let amount = amount.map(|(amount, b)| line("金額", "Amount", billing::show(amount, &b.currency, language)));
    let Some(wanted) = books.playbook.requests.get(&request.kind) else { return amount.into_iter().collect() };
    let mut lines = vec![
        line("お申し出", "Request", wanted.label.get(language).to_owned()),
        line("お申し出の日時", "Said at", when(request.said_at, &books.playbook.zone, language)),
    ];
    for name in wanted.facts() {
        let spec = books.playbook.facts.get(name);
        let value = view.personal.value(&view.case.facts, name).filter(|value| !value.is_empty());
        if let Some((spec, value)) = spec.zip(value) {
            lines.push(Line::new(spec.label.get(language), facts::written(books, spec, value)));
        }
    }
    lines.extend(terms(view, request, wanted).map(|says| line("規約上の扱い", "By the terms", says)));
    if let Some((_, booking)) = view.case.booking_in(&view.ask.tracks) {
        let hours = booking.seat.begins().duration_since(request.said_at).as_hours();
        let said = match language {
            "en" => format!("{hours} hours before it begins"),
            _ => format!("開始の{hours}時間前"),
        };
        lines.push(line("お申し出の時点", "When it was said", said));
        let moves = booking.moves();
        let moves = if language == "en" { moves.to_string() } else { format!("{moves}回") };
        lines.push(line("これまでの変更", "Moved so far", moves));
    }
    if let Some(settled) = &request.settled {
        lines.push(line("精算", "Arithmetic", words_for::settlement(settled, language).join("\n")));
    }
    lines.extend(amount);
    if let Some(package) = &view.case.package {
        let today = request.said_at.to_zoned(books.playbook.time_zone()).date();
        let left = package.left(today);
        let left = if language == "en" { left.to_string() } else { format!("{left}回") };
        lines.push(line("残りの回数", "Sessions left", left));
    }
    lines
}

/// What follows by the terms alone, whatever was told with it.
fn terms(view: &View<'_>, request: &Request, wanted: &Wanted) -> Option<String> {
    let books = &view.books;
    let plain = Request { told: false, ..request.clone() };
    let foreseen = |policy: &String| policy::foresee(books.playbook, view.case, &request.tracks, &plain, policy);
    let then = foreseen(wanted.policy.as_ref()?)?;
    Some(wanted.says.get(&then)?.get(books.language).to_owned())
}
