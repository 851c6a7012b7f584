//! The entry page: what this is, the demo's inquiry forms, and where to look afterwards.

use jiff::Timestamp;
use maud::{Markup, html};

use super::{Both, both, frame};

/// What the entry page offers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Welcome {
    /// One inquiry form for each practice of the demo.
    pub forms: Vec<DemoForm>,
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

/// The page; `counts` are cases, mails and dead letters.
pub(crate) fn page(welcome: &Welcome, now: Timestamp, (cases, mails, dead): (usize, usize, usize)) -> Markup {
    let body = html! {
        h1 { "番頭 " span.en lang="en" { "Banto: the back office of a coaching practice" } }
        p {
            "お問い合わせを送ると、受付から先の事務を番頭が進めます。メールはこの画面の中だけに届きます。時計を進めると、期限やお知らせも順に動きます。"
            br;
            span.en lang="en" { "Send an inquiry and watch what the back office does with it. Mails arrive in this window only; move the clock to see reminders and deadlines." }
        }
        div.cards {
            (card("/_local/mail", &Both::new("送信したメール", "Mail sent"), mails))
            (card("/_local/cases", &Both::new("案件", "Cases"), cases))
            (card("/_local/dead-letters", &Both::new("処理できなかったもの", "Dead letters"), dead))
        }
        @for form in &welcome.forms { (inquiry(form)) }
    };
    frame("入口", now, &body)
}

fn card(href: &str, title: &Both, count: usize) -> Markup {
    html! { div.card { a href=(href) { (title) } p { (count) "件" } } }
}

fn inquiry(form: &DemoForm) -> Markup {
    html! {
        h2 { (form.title) }
        form.fields method="post" action=(form.action) {
            @for field in &form.fields { (input(field)) }
            div { button.main { (both("送信する", "Send")) } }
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
