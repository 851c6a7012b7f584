//! The pages of an ask. They work without JavaScript; Japanese, or the customer's English.

use std::collections::BTreeMap;

use banto_aws::Reply;
use banto_aws::page::{page, words};
use banto_aws::render::{session, when};
use banto_aws::words::{problem_text, reason_text};
use banto_domain::playbook::{AskKind, FactKind, FactSpec, Problem};
use banto_domain::rules::answer::Submission;
use banto_domain::{Case, Commit, Entry, Id, Playbook};
use http::StatusCode;
use maud::{Markup, html};

use crate::openings;
use crate::slots::Choice;
use crate::view::View;

pub(crate) type Problems = BTreeMap<String, Problem>;

/// The question with its form; with `problems`, what was given and what is wrong with it.
pub(crate) fn question(view: &View<'_>, choices: &[Choice], given: &Submission, problems: &Problems) -> Reply {
    let status = if problems.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let language = view.language;
    let notice = (!problems.is_empty())
        .then(|| words(language, "ご入力内容をご確認ください。", "Please check what you entered."));
    show(view, status, notice, choices, given, problems)
}

/// The slot went to somebody else meanwhile: the question again, with what is left.
pub(crate) fn taken(view: &View<'_>, choices: &[Choice]) -> Reply {
    let ja = "申し訳ございません。ほかの方のご予約が入ったか、開始が近いため、お選びの日時の受付は終了しました。別の日時をお選びください。";
    let en = "We are sorry: that time has just been taken, or is too near. Please choose another one.";
    let notice = Some(words(view.language, ja, en));
    show(view, StatusCode::CONFLICT, notice, choices, &Submission::default(), &Problems::new())
}

fn show(
    view: &View<'_>,
    status: StatusCode,
    notice: Option<&str>,
    choices: &[Choice],
    given: &Submission,
    problems: &Problems,
) -> Reply {
    let (question, language) = (view.question, view.language);
    let body = html! {
        p.say { (question.body.get(language)) }
        @if let Some(reason) = &view.ask.reason { p { b { (reason_text(reason, language)) } } }
        @if let Some(notice) = notice { p.bad role="alert" { (notice) } }
        @if !view.values.is_empty() {
            dl { @for (label, value) in &view.values { dt { (label) } dd { (value) } } }
        }
        @if let Some(inbound) = view.inbound {
            details open { summary { (words(language, "受信内容", "What came in")) } pre { (excerpt(inbound)) } }
        }
        form method="post" {
            input type="hidden" name="shown" value=(view.shown);
            @if view.ask.kind == AskKind::Fields {
                @for name in &view.ask.fields {
                    @if let Some(spec) = view.playbook.facts.get(name) {
                        (field(name, spec, given.fields.get(name).map_or("", String::as_str), problems.get(name).copied(), language))
                    }
                }
            }
            @if view.ask.kind == AskKind::Openings { (openings::fields(view, given, problems)) }
            @for choice in choices {
                button.slot type="submit" name="answer" value=(choice.name) disabled[!choice.free] {
                    (choice.time)
                    // The name stays together.
                    @if let Some(coach) = &choice.coach { " " span { (coach) } }
                    @if !choice.free { small { (words(language, "受付終了", "no longer available")) } }
                }
            }
            @for (n, answer) in question.answers.iter().enumerate() {
                button.second[n > 0 || !choices.is_empty()] type="submit" name="answer" value=(answer.name) { (answer.label.get(language)) }
            }
        }
        p { small {
            (words(language, "受付番号 ", "Number ")) (view.case.key.case) " ・ "
            (words(language, "ご回答期限 ", "Please answer by ")) (when(view.ask.deadline, &view.playbook.zone, language))
        } }
    };
    page(status, Some(view.playbook), language, question.title.get(language), &body)
}

/// As much of a payload as a page can show.
fn excerpt(inbound: &str) -> String {
    const MOST: usize = 20_000;
    let shown: String = inbound.chars().take(MOST).collect();
    if shown.len() < inbound.len() { shown + "\n…" } else { shown }
}

fn field(name: &str, spec: &FactSpec, value: &str, problem: Option<Problem>, language: &str) -> Markup {
    let id = format!("field.{name}");
    let (max, required) = (spec.max_chars(), !spec.optional);
    let label = html! {
        (spec.label.get(language))
        @if spec.optional { " " (words(language, "(任意)", "(optional)")) }
        @if let Some(hint) = &spec.hint { small { (hint.get(language)) } }
    };
    let wrong = html! { @if let Some(problem) = problem { div.bad { (problem_text(problem, language)) } } };
    if spec.kind == FactKind::Consent {
        return html! {
            (wrong)
            label.check {
                input id=(id) name=(id) type="checkbox" value="yes" checked[value == "yes"] required[required];
                span { (label) }
            }
        };
    }
    html! {
        label for=(id) { (label) }
        (wrong)
        @match spec.kind {
            FactKind::Text => textarea id=(id) name=(id) maxlength=(max) required[required] { (value) },
            FactKind::Choice => select id=(id) name=(id) required[required] {
                option value="" { (words(language, "お選びください", "Please choose")) }
                @for choice in &spec.choices {
                    option value=(choice.name) selected[choice.name == value] { (choice.label.get(language)) }
                }
            },
            kind => input id=(id) name=(id) type=(input_type(kind)) value=(value) maxlength=(max) required[required];,
        }
    }
}

fn input_type(kind: FactKind) -> &'static str {
    match kind {
        FactKind::Email => "email",
        FactKind::Phone => "tel",
        FactKind::Date => "date",
        FactKind::Number => "number",
        _ => "text",
    }
}

/// An ask that is no longer open: the receipt (回答控え) when it was answered.
pub(crate) fn over(playbook: &Playbook, case: &Case, commit: Option<&Commit>, ask: &Id) -> Reply {
    let by_staff = commit.is_some_and(|c| c.actor != banto_domain::Actor::Customer);
    let language = if by_staff { playbook.language.as_str() } else { case.language.as_str() };
    let Some(commit) = commit else {
        let title = words(language, "受付は終了しました", "This request is closed");
        let body = html! { p { (words(language, "このご案内の受付は終了しました。ご不明な点は下記までご連絡ください。", "This request is no longer open. Please contact us at the address below if you have any questions.")) } };
        return page(StatusCode::GONE, Some(playbook), language, title, &body);
    };
    let answer = commit.entries.iter().find_map(|e| match &e.entry {
        Entry::AskAnswered { ask: answered, question, answer, .. } if answered == ask => Some((question, answer)),
        _ => None,
    });
    let fields = commit.entries.iter().find_map(|e| match &e.entry {
        Entry::FactsRecorded { facts } => Some(facts.keys().collect::<Vec<_>>()),
        _ => None,
    });
    let title = words(language, "ご回答を承りました", "Thank you, we have your answer");
    let body = html! {
        p { (words(language, "ありがとうございます。次の内容で承りました(回答控え)。", "We have recorded the following (receipt).")) }
        dl {
            dt { (words(language, "受付番号", "Reference number")) } dd { (case.key.case) }
            dt { (words(language, "ご回答日時", "Answered at")) } dd { (when(commit.recorded_at, &playbook.zone, language)) }
            @match fields {
                Some(fields) => {
                    dt { (words(language, "ご回答いただいた項目", "Answered items")) }
                    dd { @for name in fields { (playbook.facts.get(name).map_or(name.as_str(), |f| f.label.get(language))) br; } }
                }
                None => @if let Some((question, answer)) = answer {
                    dt { (words(language, "ご回答", "Answer")) }
                    dd { (held(commit, language).unwrap_or_else(|| answer_label(playbook, question, answer, language).to_owned())) }
                },
            }
        }
    };
    page(StatusCode::OK, Some(playbook), language, title, &body)
}

/// The slot that was chosen.
fn held(commit: &Commit, language: &str) -> Option<String> {
    commit.entries.iter().find_map(|e| match &e.entry {
        Entry::BookingHeld { seat, .. } => Some(session(seat.begins(), seat.ends(), &seat.zone, language)),
        _ => None,
    })
}

fn answer_label<'a>(playbook: &'a Playbook, question: &str, answer: &'a str, language: &str) -> &'a str {
    let answers = playbook.questions.get(question).into_iter().flat_map(|q| &q.answers);
    answers.into_iter().find(|a| a.name == answer).map_or(answer, |a| a.label.get(language))
}

/// What was shown is no longer what is asked.
pub(crate) fn replaced(view: &View<'_>) -> Reply {
    let language = view.language;
    let title = words(language, "内容が更新されました", "The content has changed");
    let body = html! {
        p { (words(language, "ご覧の間に内容が更新されました。お手数ですが、もう一度ご確認ください。", "The content changed while you were reading. Please look at it again.")) }
        p { a href="" { (words(language, "最新の内容を表示する", "Show the current content")) } }
    };
    page(StatusCode::CONFLICT, Some(view.playbook), language, title, &body)
}

/// A POST without an explicit choice.
pub(crate) fn no_such_answer(view: &View<'_>) -> Reply {
    let language = view.language;
    let title = words(language, "ご回答をお選びください", "Please choose an answer");
    let body = html! { p { a href="" { (words(language, "戻る", "Back")) } } };
    page(StatusCode::BAD_REQUEST, Some(view.playbook), language, title, &body)
}

/// A link that was never made here.
pub(crate) fn unknown() -> Reply {
    let body = html! {
        p { "リンクが正しいかどうか、メールをもう一度ご確認ください。" small lang="en" { "Please check the link in your e-mail." } }
    };
    page(StatusCode::NOT_FOUND, None, "ja", "ページが見つかりません", &body)
}

/// A body that no page of ours sends.
pub(crate) fn too_large() -> Reply {
    let body =
        html! { p { "文字数を減らして、もう一度お試しください。" small lang="en" { "Please shorten your answer." } } };
    page(StatusCode::PAYLOAD_TOO_LARGE, None, "ja", "送信できる量を超えています", &body)
}

/// Anything but showing and answering.
pub(crate) fn method_not_allowed() -> Reply {
    page(StatusCode::METHOD_NOT_ALLOWED, None, "ja", "この操作はできません", &html! {})
}
