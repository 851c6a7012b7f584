//! The page and the same as JSON. It works without JavaScript; each request has a form of its own, in which nothing is
//! chosen beforehand.

use std::collections::BTreeMap;

use banto_aws::Reply;
use banto_aws::fields::{Filled, markup};
use banto_aws::page::{json, page, words};
use banto_aws::words::problem_text;
use banto_domain::Playbook;
use banto_domain::playbook::Problem;
use banto_domain::rules::answer::Submission;
use http::StatusCode;
use maud::{Markup, html};
use serde_json::json;

use crate::beside::Beside;
use crate::receipt::Receipt;
use crate::shown::{Request, Shown};

/// What stands on the page because of what was just sent.
#[derive(Debug, Default)]
pub(crate) struct Moment<'a> {
    pub(crate) given: Option<&'a Submission>,
    pub(crate) problems: BTreeMap<String, Problem>,
    pub(crate) notice: Option<&'a str>,
}

/// How to answer: whose practice, in which language, as what.
#[derive(Clone, Copy)]
pub(crate) struct Site<'a> {
    pub(crate) playbook: Option<&'a Playbook>,
    pub(crate) language: &'a str,
    pub(crate) json: bool,
}

impl Site<'_> {
    fn words<'b>(&self, ja: &'b str, en: &'b str) -> &'b str {
        words(self.language, ja, en)
    }

    /// Somebody's own page.
    pub(crate) fn page(
        &self,
        status: StatusCode,
        shown: &Shown,
        beside: &Beside,
        mark: &str,
        moment: Moment<'_>,
    ) -> Reply {
        if self.json {
            let mut body = json!(shown);
            body["invoices"] = json!(beside.invoices);
            body["paid_by_another"] = json!(beside.paid_by_another);
            body["asks"] = json!(beside.asks);
            body["shown"] = json!(mark);
            if let Some(notice) = moment.notice {
                body["notice"] = json!(notice);
            }
            if !moment.problems.is_empty() {
                let text =
                    |(name, problem): (&String, &Problem)| (name.clone(), json!(problem_text(*problem, self.language)));
                body["problems"] = moment.problems.iter().map(text).collect::<serde_json::Map<_, _>>().into();
            }
            return json(status, &body);
        }
        page(status, self.playbook, self.language, &shown.title, &self.body(shown, beside, mark, &moment))
    }

    fn body(&self, shown: &Shown, beside: &Beside, mark: &str, moment: &Moment<'_>) -> Markup {
        let is_staff = shown.coach.is_some() || shown.operator.is_some();
        html! {
            @if let Some(notice) = moment.notice { p.bad role="alert" { (notice) } }
            dl {
                dt { (self.words("受付番号", "Reference number")) } dd { (shown.case) }
                @if !shown.person.is_empty() {
                    dt { @if is_staff { (self.words("お客様", "Customer")) } @else { (self.words("お名前", "Name")) } }
                    dd { (shown.person) }
                }
                @if let Some(coach) = &shown.coach { dt { (self.words("コーチ", "Coach")) } dd { (coach) } }
                @if let Some(operator) = &shown.operator { dt { (self.words("担当者", "Operator")) } dd { (operator) } }
            }
            @if !shown.open && is_staff {
                p { b { (self.words("この受付番号のお手続きは終了しております。", "This matter is closed.")) } }
            }
            @if !shown.open && !is_staff {
                p { b { (self.words(
                    "この受付番号のお手続きは終了しております。",
                    "This matter is closed.",
                )) } }
                p { (self.words(
                    "ご意見・ご要望は、引き続きこのページまたは下記の連絡先で承ります。新しいお申し込みは、お問い合わせフォームからお願いいたします。",
                    "You can still tell us anything on this page or at the address below. To begin anew, please use our inquiry form.",
                )) }
            }
            (self.asks(beside))
            (self.bookings(shown))
            (self.invoices(beside))
            @if !shown.pending.is_empty() {
                h2 { (self.words("お手続き中のお申し出", "Being dealt with")) }
                dl { @for one in &shown.pending { dt { (one.label) } dd { (one.said) } } }
            }
            @if !shown.requests.is_empty() {
                h2 { (self.words("お手続き・ご連絡", "What you may ask for")) }
                @if shown.operator.is_some() {
                    p { (self.words(
                        "お電話などで伺ったお申し出を、お客様に代わって入力できます。入力した担当者として記録され、お客様にはいつもどおりメールでお知らせします。",
                        "What the customer said by telephone can be entered here for them. It is recorded as entered by you, and the customer hears by mail as usual.",
                    )) }
                }
                p { small { (self.words(
                    "送信する前に、それぞれの結果をご確認ください。送信されるまで、何も変わりません。",
                    "Please read what follows from each before you send it. Nothing changes until you do.",
                )) } }
            }
            @for group in shown.requests.chunk_by(|one, next| one.group == next.group) {
                fieldset {
                    legend { (group[0].group) }
                    @for one in group { (self.form(one, mark, moment)) }
                }
            }
        }
    }

    fn asks(&self, beside: &Beside) -> Markup {
        html! {
            @if !beside.asks.is_empty() {
                h2 { (self.words("ご回答をお願いしていること", "What we ask of you")) }
                @for ask in &beside.asks {
                    p { a href=(ask.link) { (ask.title) } br;
                        small { (self.words("ご回答期限 ", "Please answer by ")) (ask.until) } }
                }
            }
        }
    }

    fn bookings(&self, shown: &Shown) -> Markup {
        html! {
            h2 { (self.words("ご予約", "Your bookings")) }
            @if shown.bookings.is_empty() {
                p { (self.words("現在、確定しているご予約はありません。", "There is no confirmed booking.")) }
            }
            @for one in &shown.bookings {
                dl {
                    dt { (self.words("日時", "When")) } dd { (one.when) }
                    dt { (self.words("内容", "What")) } dd { (one.menu) }
                    dt { (self.words("担当コーチ", "Coach")) } dd { (one.coach) }
                    @if let Some(link) = &one.meeting {
                        dt { (self.words("接続先", "Meeting link")) } dd { a href=(link) { (link) } }
                    }
                    @if let Some(link) = &one.backup {
                        dt { (self.words("つながらないときの予備のリンク", "Backup link, if you can't connect")) }
                        dd { a href=(link) { (link) } }
                    }
                }
            }
            @if let Some(left) = shown.sessions_left {
                p { (self.words("残りの回数: ", "Sessions left: ")) (left) (self.words("回", "")) }
            }
        }
    }

    fn invoices(&self, beside: &Beside) -> Markup {
        html! {
            @if beside.paid_by_another {
                h2 { (self.words("ご請求", "Invoices")) }
                p { (self.words(
                    "ご請求は、お支払いになる方に直接ご案内しております。",
                    "Whoever pays is written to directly.",
                )) }
            }
            @if !beside.invoices.is_empty() {
                h2 { (self.words("ご請求・お支払い", "Invoices and payments")) }
                @for one in &beside.invoices {
                    dl {
                        dt { (self.words("請求番号", "Invoice")) } dd { (one.number) }
                        @if let Some(of) = &one.of { dt { (self.words("内容", "For")) } dd { (of) } }
                        dt { (self.words("ご請求額(税込)", "Amount, tax included")) } dd { (one.amount) }
                        @if one.state == "paid" {
                            dt { (self.words("ご入金日(領収済み)", "Paid on (received)")) }
                            dd { (one.received.as_deref().unwrap_or_default()) }
                        } @else if one.state == "waived" {
                            dt { (self.words("お支払い残額", "Still to pay")) }
                            dd { (self.words("ご請求いたしません", "Nothing more is asked for")) }
                        } @else {
                            dt { (self.words("お支払い残額", "Still to pay")) } dd { (one.still) }
                            dt { (self.words("お支払期日", "Due")) } dd { (one.until) }
                        }
                    }
                    @if let Some(link) = &one.link {
                        p { a href=(link) { (self.words("お支払い手続きへ", "Pay")) } }
                    }
                }
            }
        }
    }

    fn form(&self, one: &Request, mark: &str, moment: &Moment<'_>) -> Markup {
        let (none, nothing) = (BTreeMap::new(), BTreeMap::new());
        let is_this = moment.given.is_some_and(|given| given.answer == one.name);
        let given = moment.given.filter(|_| is_this).map_or(&none, |given| &given.fields);
        let problems = if is_this { &moment.problems } else { &nothing };
        let filled = Filled { language: self.language, given, problems };
        let id = format!("{}.confirm", one.name);
        html! {
            form method="post" {
                input type="hidden" name="shown" value=(mark);
                label.choice {
                    input type="radio" name="request" value=(one.name) required;
                    span { (one.label) }
                }
                @for line in &one.consequence { p { small { (line) } } }
                (markup(&one.fields, filled, &one.name))
                label for=(id) { (self.words("確認", "Confirm")) }
                @if problems.contains_key("confirm") { div.bad { (problem_text(Problem::Missing, self.language)) } }
                select id=(id) name="confirm" required {
                    option value="" { (self.words("内容をお読みのうえ、お選びください", "Please read, then choose")) }
                    option value="yes" { (self.words("上記の内容を確認しました", "I have read what follows from it")) }
                }
                button type="submit" { (self.words("この内容で申し出る", "Send")) }
            }
        }
    }

    /// What was asked for.
    pub(crate) fn receipt(&self, receipt: &Receipt) -> Reply {
        if self.json {
            return json(StatusCode::OK, &json!({ "taken": true, "receipt": receipt }));
        }
        let title = self.words("お申し出を承りました", "We have received your request");
        let body = html! {
            p { (self.words("次の内容で承りました(控え)。", "We have recorded the following (receipt).")) }
            dl {
                dt { (self.words("受付番号", "Reference number")) } dd { (receipt.case) }
                dt { (self.words("お申し出", "Request")) } dd { (receipt.label) }
                @for (label, value) in &receipt.lines { dt { (label) } dd { (value) } }
                dt { (self.words("お申し出の日時", "Said at")) } dd { (receipt.said) }
                dt { (self.words("受付日時", "Recorded at")) } dd { (receipt.recorded) }
                dt { (self.words("表示内容の照合番号", "Mark of what was shown")) } dd { (receipt.shown) }
            }
            p { (self.words("結果はメールでお知らせいたします。", "We will tell you by mail what comes of it.")) }
            p { a href="" { (self.words("ページへ戻る", "Back to your page")) } }
        };
        page(StatusCode::OK, self.playbook, self.language, title, &body)
    }

    /// A link that was never made here.
    pub(crate) fn unknown(&self) -> Reply {
        let text = "リンクが正しいかどうか、メールをもう一度ご確認ください。 Please check the link in your e-mail.";
        self.say(StatusCode::NOT_FOUND, "unknown", ("ページが見つかりません", text))
    }

    /// A body that no page of ours sends.
    pub(crate) fn too_large(&self) -> Reply {
        let text = "文字数を減らして、もう一度お試しください。 Please shorten what you wrote.";
        self.say(StatusCode::PAYLOAD_TOO_LARGE, "too-large", ("送信できる量を超えています", text))
    }

    /// Anything but showing and asking.
    pub(crate) fn method_not_allowed(&self) -> Reply {
        self.say(StatusCode::METHOD_NOT_ALLOWED, "method-not-allowed", ("この操作はできません", ""))
    }

    fn say(&self, status: StatusCode, error: &str, (title, text): (&str, &str)) -> Reply {
        if self.json {
            return json(status, &json!({ "error": error, "title": title, "open": false }));
        }
        page(status, self.playbook, self.language, title, &html! { @if !text.is_empty() { p { (text) } } })
    }
}
