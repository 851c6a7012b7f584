//! The entry page: three panes (customers, office, coach), what to do next, and the inquiry forms.

use std::collections::BTreeSet;

use banto_domain::playbook::Role;
use jiff::Timestamp;
use maud::{Markup, html};
use serde_json::Value;

use super::{Both, both, frame, when};
use crate::mailbox::Mail;

/// What the entry page offers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Welcome {
    /// One inquiry form for each practice of the demo.
    pub forms: Vec<DemoForm>,
    /// Addresses of the operators.
    pub operators: BTreeSet<String>,
    /// Addresses of the coaches.
    pub coaches: BTreeSet<String>,
}

impl Welcome {
    /// Whose mailbox a mail went to: the envelope's recipients, separated by commas.
    fn role(&self, to: &str) -> Role {
        let any = |addresses: &BTreeSet<String>| to.split(',').any(|a| addresses.contains(a.trim()));
        if any(&self.operators) {
            Role::Operator
        } else if any(&self.coaches) {
            Role::Coach
        } else {
            Role::Customer
        }
    }
}

/// An inquiry form as a practice would have it on its own site.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DemoForm {
    /// Whose it is, and what for.
    pub title: Both,
    /// Where it posts to: `/hooks/forms/{client}/{form}`.
    pub action: String,
    /// What it asks.
    pub fields: Vec<Field>,
}

/// One field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    /// The name it is posted under.
    pub name: String,
    /// What stands beside it.
    pub label: Both,
    /// What it takes.
    pub kind: FieldKind,
    /// It must be filled in.
    pub required: bool,
    /// What stands in it from the start.
    pub value: String,
}

/// What a field takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FieldKind {
    /// One line.
    Text,
    /// A mail address.
    Email,
    /// A telephone number.
    Tel,
    /// Several lines.
    Area,
    /// One of these; each a value and what is shown for it.
    Choice(Vec<(String, String)>),
}

/// What the page shows of the practice.
pub(crate) struct Scene<'a> {
    /// Newest first.
    pub(crate) mails: &'a [Mail],
    /// Latest first, as design §7 shows them.
    pub(crate) cases: &'a [Value],
    /// How many things failed for good.
    pub(crate) dead: usize,
}

/// How many rows a pane shows.
const ROWS: usize = 7;
/// How many things to do next are offered.
const NEXT: usize = 4;

pub(crate) fn page(welcome: &Welcome, now: Timestamp, scene: &Scene<'_>) -> Markup {
    let of = |role: Role| scene.mails.iter().filter(move |m| welcome.role(&m.to) == role);
    let body = html! {
        h1 { "番頭 " span.en lang="en" { "Banto: the back office of a coaching practice" } }
        p {
            "お問い合わせを送ると、受付から先の事務を番頭が進めます。メールはこの画面の中だけに届きます。時計を進めると、期限やお知らせも順に動きます。"
            br;
            span.en lang="en" { "Send an inquiry and watch what the back office does with it. Mails arrive in this window only; move the clock to see reminders and deadlines." }
        }
        (next(welcome, scene))
        div.panes {
            (pane(&Both::new("お客様の受信箱", "Customers' mailbox"), of(Role::Customer)))
            section {
                h2 { (both("事務局", "The office")) }
                (office(scene.cases))
                p { a href="/_local/cases" { (both("すべての案件", "All cases")) } " " @if scene.dead > 0 { a href="/_local/dead-letters" { (both("処理できなかったもの", "Dead letters")) " " (scene.dead) "件" } } }
                h3 { (both("事務局宛のメール", "Mails to the office")) }
                (mails(of(Role::Operator)))
            }
            (pane(&Both::new("コーチの受信箱", "The coach's mailbox"), of(Role::Coach)))
        }
        @for (n, form) in welcome.forms.iter().enumerate() { (inquiry(form, n == 0)) }
    };
    frame("入口", now, &body)
}

/// What a visitor may do next: answer an open question in somebody's place, or let a day pass.
fn next(welcome: &Welcome, scene: &Scene<'_>) -> Markup {
    let mut seen = BTreeSet::new();
    let open = scene.mails.iter().filter_map(|mail| {
        let link = open_link(mail, scene.cases)?;
        seen.insert(link.clone()).then_some((mail, link))
    });
    let open: Vec<(&Mail, String)> = open.take(NEXT).collect();
    html! {
        section.next {
            h2 { (both("次にできること", "What to do next")) }
            ul {
                @for (mail, link) in &open {
                    li {
                        a href=(link) { @match welcome.role(&mail.to) {
                            Role::Customer | Role::Payer => (both("お客様として回答する", "Answer as the customer")),
                            Role::Operator => (both("事務局として判断する", "Decide as the office")),
                            Role::Coach => (both("コーチとして判断する", "Decide as the coach")),
                        } }
                        " " span.en { (mail.subject) }
                    }
                }
                li {
                    form.inline method="post" action="/_local/clock" {
                        button name="advance" value="PT24H" { (both("翌日に進める", "To the next day")) }
                    }
                }
                li { a href="#form" { (both("新しいお問い合わせを送る", "Send a new inquiry")) } }
            }
        }
    }
}

/// The link of a mail whose question is still open, as a path of ours.
fn open_link(mail: &Mail, cases: &[Value]) -> Option<String> {
    let token = mail.text.split("/a/").nth(1)?.split_whitespace().next()?;
    let ask = token.split('.').nth(2)?;
    let case = cases.iter().find(|case| case["id"].as_str() == mail.case.as_deref())?;
    let open = case["tracks"].as_array()?.iter().any(|track| track["id"] == ask);
    open.then(|| format!("/a/{token}"))
}

fn pane<'a>(title: &Both, list: impl Iterator<Item = &'a Mail>) -> Markup {
    html! { section { h2 { (title) } (mails(list)) } }
}

fn mails<'a>(list: impl Iterator<Item = &'a Mail>) -> Markup {
    let list: Vec<&Mail> = list.take(ROWS).collect();
    html! {
        @if list.is_empty() { p.empty { (both("まだありません。", "None yet.")) } }
        ul.mails {
            @for mail in list {
                li {
                    span.en { (when(mail.sent_at)) " " (mail.to) } br;
                    a href={ "/_local/mail/" (mail.id) } { (mail.subject) }
                }
            }
        }
    }
}

fn office(cases: &[Value]) -> Markup {
    let text = |value: &Value| value.as_str().unwrap_or("–").to_owned();
    html! {
        @if cases.is_empty() { p.empty { (both("まだありません。", "None yet.")) } }
        ul.mails {
            @for case in cases.iter().take(ROWS + NEXT) {
                li {
                    a href={ "/_local/cases/" (text(&case["id"])) } { (text(&case["customer"]["name"])) "様" }
                    " " (stands(case)) br;
                    span.en { (text(&case["id"])) " " (text(&case["client"])) }
                }
            }
        }
    }
}

/// Where a case stands, in a word.
fn stands(case: &Value) -> Markup {
    let node = case["node"].as_str().unwrap_or_default();
    let outcome = case["outcome"].as_str().unwrap_or_default();
    html! { @if case["status"] == "open" { mark { (node) } } @else { span.done { (outcome) } } }
}

fn inquiry(form: &DemoForm, first: bool) -> Markup {
    html! {
        details.form open[first] id=[first.then_some("form")] {
            summary { (form.title) }
            form.fields method="post" action=(form.action) {
                @for field in &form.fields { (input(field)) }
                div { button.main { (both("送信する", "Send")) } }
            }
        }
    }
}

fn input(field: &Field) -> Markup {
    let kind = match field.kind {
        FieldKind::Email => "email",
        FieldKind::Tel => "tel",
        _ => "text",
    };
    html! {
        label {
            span { (field.label) @if field.required { " " span.must { "必須" } } }
            @match &field.kind {
                FieldKind::Area => textarea name=(field.name) required[field.required] { (field.value) },
                FieldKind::Choice(choices) => select name=(field.name) required[field.required] {
                    @for (value, shown) in choices { option value=(value) selected[*value == field.value] { (shown) } }
                },
                _ => input type=(kind) name=(field.name) value=(field.value) required[field.required];,
            }
        }
    }
}
