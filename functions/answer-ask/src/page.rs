//! The page of an open ask, made of [`Shown`] alone. It works without JavaScript: an answer that asks for more has a form of
//! its own with its fields, so that those of the others are neither wanted nor sent.

mod mail;
mod version;

use std::collections::{BTreeMap, BTreeSet};

use banto_aws::fields::{self, Filled};
use banto_aws::page::words;
use banto_aws::words::problem_text;
use banto_domain::playbook::{AskKind, Problem};
use banto_domain::rules::answer::Submission;
use maud::{Markup, html};

use crate::shown::{Choice, Field, Line, Shown};

/// What is wrong, by field.
pub(crate) type Problems = BTreeMap<String, Problem>;

/// What stands on the page beside what is asked.
pub(crate) struct Moment<'a> {
    /// The mark of what is shown.
    pub(crate) mark: &'a str,
    /// Answers that can't be had any more.
    pub(crate) gone: &'a BTreeSet<String>,
    /// What was filled in before.
    pub(crate) given: &'a Submission,
    pub(crate) problems: &'a Problems,
    pub(crate) notice: Option<&'a str>,
    /// What happened last, for whoever decides about more than an answer: when, who, what.
    pub(crate) history: &'a [Line],
}

/// The question with its forms.
pub(crate) fn question(shown: &Shown, moment: &Moment<'_>) -> Markup {
    let language = shown.language.as_str();
    html! {
        p.say { (shown.body) }
        @if let Some(reason) = &shown.reason { p { b { (reason) } } }
        @if let Some(notice) = moment.notice { p.bad role="alert" { (notice) } }
        (lines(shown))
        @if let Some(mail) = &shown.mail { (mail::letter(mail, language)) }
        @if let Some(version) = &shown.version { (version::changes(version, language)) }
        @if let Some(inbound) = &shown.inbound {
            details open { summary { (words(language, "受信内容", "What came in")) } pre { (inbound) } }
        }
        @if !moment.history.is_empty() {
            details open { summary { (words(language, "これまでの経緯", "What happened so far")) }
                dl { @for line in moment.history { dt { (line.label) } dd { (line.value) } } }
            }
        }
        @for (n, answers) in forms(&shown.answers).into_iter().enumerate() {
            form method="post" {
                input type="hidden" name="shown" value=(moment.mark);
                @if n == 0 { (fields(shown, &shown.fields, moment, "field")) }
                (choices(shown, answers, moment))
            }
        }
        p { small {
            (words(language, "受付番号 ", "Number ")) (shown.case) " ・ "
            (words(language, "ご回答期限 ", "Please answer by ")) (shown.until)
            @if !shown.put_to.is_empty() {
                br; (words(language, "ご確認をお願いした方 ", "Put to ")) (shown.put_to.join(words(language, "、", ", ")))
                (words(language, "(最初の回答が有効です)", " (the first answer stands)"))
            }
        } }
    }
}

/// What there is to see; where an emergency word stands is marked.
fn lines(shown: &Shown) -> Markup {
    let language = shown.language.as_str();
    let (ja, en) = ("緊急性の高い言葉を検知した項目", "An emergency word stands here");
    html! {
        @if !shown.shows.is_empty() {
            dl {
                @for line in &shown.shows {
                    dt { (line.label) @if line.urgent { " " b.bad { "【" (words(language, ja, en)) "】" } } }
                    dd { @if line.urgent { mark { (line.value) } } @else { (line.value) } }
                }
            }
        }
    }
}

/// Answers that ask for nothing of their own share a form with those beside them; the order stays.
fn forms(answers: &[Choice]) -> Vec<&[Choice]> {
    answers.chunk_by(|one, next| one.asks.is_empty() && next.asks.is_empty()).collect()
}

/// A decision is a choice that nothing preselects, and a press apart from it: what follows links and presses buttons gives
/// none (design §2). Where there is nothing to choose, and only fields to fill in, the press says it all.
fn choices(shown: &Shown, answers: &[Choice], moment: &Moment<'_>) -> Markup {
    let language = shown.language.as_str();
    if let ([only], AskKind::Fields) = (&shown.answers[..], shown.kind)
        && only.asks.is_empty()
    {
        return html! { button type="submit" name="answer" value=(only.name) { (only.label) } };
    }
    html! {
        @for answer in answers {
            @if answer.asks.is_empty() {
                (choice(shown, answer, moment))
            } @else {
                fieldset { (choice(shown, answer, moment)) (fields(shown, &answer.asks, moment, &answer.name)) }
            }
        }
        (assurance(shown, answers, moment))
        button type="submit" { (words(language, "選んだ内容で回答する", "Send this answer")) }
    }
}

/// What an answer wants beside the choice: something that a reader chooses by hand, and for what can't be undone the code
/// that came by mail.
fn assurance(shown: &Shown, answers: &[Choice], moment: &Moment<'_>) -> Markup {
    let (language, problems) = (shown.language.as_str(), moment.problems);
    let of = answers.first().map_or("", |answer| answer.name.as_str());
    let wrong = |name: &str| {
        let problem = problems.get(name).map(|problem| problem_text(*problem, language));
        html! { @if let Some(problem) = problem { div.bad { (problem) } } }
    };
    let read = words(language, "本人が内容を確認しました", "I have read it myself");
    let read = match &shown.name {
        Some(name) if language == "en" => format!("I am {name}, and {read}"),
        Some(name) => format!("{name}: {read}"),
        None => read.to_owned(),
    };
    // Where a code was mailed, whoever has it asked for it by this very form.
    let code = problems.contains_key("code");
    html! {
        @if shown.needs.contains(&"confirm") {
            label for={ (of) ".confirm" } { (words(language, "確認", "Confirm")) } (wrong("confirm"))
            select id={ (of) ".confirm" } name="confirm" required {
                option value="" { (words(language, "内容をお読みのうえ、お選びください", "Please read, then choose")) }
                option value="yes" selected[code] { (read) }
            }
        }
        @if code {
            label for={ (of) ".code" } { (words(language, "確認コード(6桁)", "Code (six digits)")) } (wrong("code"))
            input id={ (of) ".code" } name="code" type="text" inputmode="numeric" autocomplete="one-time-code" maxlength="6";
        }
    }
}

fn choice(shown: &Shown, answer: &Choice, moment: &Moment<'_>) -> Markup {
    let gone = answer.slot && moment.gone.contains(&answer.name);
    // Nothing preselects a choice; whoever made it and only has to add the code need not make it again.
    let chosen = moment.problems.contains_key("code") && moment.given.answer == answer.name;
    html! {
        label.choice {
            input type="radio" name="answer" value=(answer.name) required disabled[gone] checked[chosen];
            span {
                (answer.label)
                // The name stays together.
                @if let Some(coach) = &answer.coach { " " span { (coach) } }
                @if gone { small { (words(&shown.language, "受付終了", "no longer available")) } }
            }
        }
    }
}

/// Fields with what was filled in before. `of` keeps ids apart where two answers ask the same.
fn fields(shown: &Shown, fields: &[Field], moment: &Moment<'_>, of: &str) -> Markup {
    let filled = Filled { language: &shown.language, given: &moment.given.fields, problems: moment.problems };
    fields::markup(fields, filled, of)
}
