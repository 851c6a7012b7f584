//! The answers of a form: a page for a browser, JSON for a provider.

use std::collections::BTreeMap;

use banto_aws::page::{json, page, words};
use banto_aws::words::problem_text;
use banto_aws::{Reply, Request};
use banto_domain::playbook::Problem;
use banto_domain::{CaseId, Playbook};
use http::{StatusCode, header};
use maud::html;
use serde_json::json;

/// What became of a submission.
#[derive(Debug)]
pub(crate) enum Answer {
    /// Stored, understood or not.
    Taken(CaseId),
    /// The signature is wrong or missing.
    BadSignature,
    /// Broken syntax.
    Broken(String),
    /// An unsigned form with fields to be corrected.
    Incorrect(BTreeMap<String, Problem>),
    /// No such client or form.
    Unknown,
    /// Over 1 MB.
    TooLarge,
    /// An unsigned form that came too often.
    TooMany,
}

impl Answer {
    pub(crate) fn status(&self) -> StatusCode {
        match self {
            Self::Taken(_) => StatusCode::ACCEPTED,
            Self::BadSignature => StatusCode::UNAUTHORIZED,
            Self::Broken(_) | Self::Incorrect(_) => StatusCode::BAD_REQUEST,
            Self::Unknown => StatusCode::NOT_FOUND,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::TooMany => StatusCode::TOO_MANY_REQUESTS,
        }
    }

    /// For the log: never what was sent.
    pub(crate) fn log(&self) -> &'static str {
        match self {
            Self::Taken(_) => "taken",
            Self::BadSignature => "bad signature",
            Self::Broken(_) => "broken syntax",
            Self::Incorrect(_) => "to be corrected",
            Self::Unknown => "unknown client or form",
            Self::TooLarge => "too large",
            Self::TooMany => "too many",
        }
    }

    fn reason(&self) -> String {
        match self {
            Self::Taken(_) => "stored".to_owned(),
            Self::BadSignature => "the signature is missing or does not match the body".to_owned(),
            Self::Broken(why) => why.clone(),
            Self::Incorrect(problems) => {
                problems.iter().map(|(fact, problem)| format!("{fact} {problem}")).collect::<Vec<_>>().join(", ")
            }
            Self::Unknown => "there is no such client or form".to_owned(),
            Self::TooLarge => "the body is over 1 MB".to_owned(),
            Self::TooMany => "too many submissions; try again in a minute".to_owned(),
        }
    }
}

/// Whether a person is waiting in a browser.
pub(crate) fn wants_page(request: &Request) -> bool {
    request.headers().get(header::ACCEPT).and_then(|v| v.to_str().ok()).is_some_and(|a| a.contains("text/html"))
}

/// Makes the answer, in the language of the form.
pub(crate) fn make(answer: &Answer, playbook: Option<&Playbook>, language: &str, html: bool) -> Reply {
    let mut reply = if html { as_page(answer, playbook, language) } else { as_json(answer) };
    if matches!(answer, Answer::TooMany) {
        reply.headers_mut().insert(header::RETRY_AFTER, http::HeaderValue::from_static("60"));
    }
    reply
}

fn as_json(answer: &Answer) -> Reply {
    let body = match answer {
        Answer::Taken(case) => json!({ "case": case }),
        other => json!({ "error": other.reason() }),
    };
    json(answer.status(), &body)
}

fn as_page(answer: &Answer, playbook: Option<&Playbook>, language: &str) -> Reply {
    let say = |ja: &'static str, en: &'static str| words(language, ja, en);
    let (title, body) = match answer {
        // The page doesn't promise a mail that an emergency may have stopped.
        Answer::Taken(case) => (
            say("お問い合わせを受け付けました", "We have received your inquiry"),
            html! {
                p { (say(
                    "ありがとうございます。ご連絡はメールでお送りします。しばらくしても届かない場合は、迷惑メールフォルダーもご確認ください。",
                    "Thank you. You will hear from us by e-mail. If nothing arrives, please also look into your spam folder.",
                )) }
                dl { dt { (say("受付番号", "Reference number")) } dd { (case) } }
            },
        ),
        Answer::Incorrect(problems) => (
            say("ご入力内容をご確認ください", "Please check what you entered"),
            html! {
                p { (say("恐れ入りますが、前の画面にお戻りのうえ、次の項目をご確認ください。", "Please go back and check the following.")) }
                ul {
                    @for (fact, problem) in problems {
                        @let label = playbook.and_then(|p| p.facts.get(fact)).map(|f| f.label.get(language));
                        li { (label.unwrap_or(fact)) ": " (problem_text(*problem, language)) }
                    }
                }
            },
        ),
        Answer::TooMany => (
            say("ただいま混み合っております", "We are busy just now"),
            html! { p { (say("恐れ入りますが、1分ほどおいて、もう一度お試しください。", "Please try again in a minute.")) } },
        ),
        other => (
            say("受け付けられませんでした", "This could not be taken"),
            html! { p { "お手数ですが、フォームの画面からもう一度お試しください。" small lang="en" { (other.reason()) } } },
        ),
    };
    page(answer.status(), playbook, language, title, &body)
}
