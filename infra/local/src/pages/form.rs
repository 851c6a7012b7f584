//! The inquiry forms, as the practices would have them on their own sites: each in its own language, with something to
//! send in it already.

use maud::{Markup, html};

use super::{Both, Lang};

/// An inquiry form as a practice would have it on its own site.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DemoForm {
    /// Whose it is, and what for.
    pub title: Both,
    /// Its own language.
    pub lang: Lang,
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
    /// What stands in it from the start; one of them, in turn.
    pub samples: Vec<String>,
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

/// All forms, folded but the first of the visitor's language. `turn` chooses among the samples.
pub(super) fn all(forms: &[DemoForm], lang: Lang, turn: usize) -> Markup {
    let first = forms.iter().position(|form| form.lang == lang).unwrap_or(0);
    let mut order: Vec<usize> = (0..forms.len()).collect();
    order.sort_by_key(|n| (*n != first, *n));
    html! {
        @for n in order {
            @if let Some(form) = forms.get(n) { (one(form, n == first, lang, turn)) }
        }
    }
}

fn one(form: &DemoForm, open: bool, lang: Lang, turn: usize) -> Markup {
    html! {
        details.form name="form" open[open] {
            summary { (form.title.get(lang)) }
            form.fields method="post" action=(form.action) lang=(form.lang.name()) {
                @for field in &form.fields { (input(field, form.lang, turn)) }
                div { button.main { (form.lang.of("送信する", "Send")) } }
            }
        }
    }
}

fn input(field: &Field, lang: Lang, turn: usize) -> Markup {
    let kind = match field.kind {
        FieldKind::Email => "email",
        FieldKind::Tel => "tel",
        _ => "text",
    };
    let sample = match field.samples.len() {
        0 => String::new(),
        n => field.samples[turn % n].clone(),
    };
    // Somebody new each time.
    let sample = match (&field.kind, sample.split_once('@')) {
        (FieldKind::Email, Some((local, domain))) => format!("{local}{turn}@{domain}"),
        _ => sample,
    };
    html! {
        label {
            span { (field.label.get(lang)) @if field.required { " " span.must { (lang.of("必須", "required")) } } }
            @match &field.kind {
                FieldKind::Area => textarea name=(field.name) required[field.required] { (sample) },
                FieldKind::Choice(choices) => select name=(field.name) required[field.required] {
                    @for (value, shown) in choices { option value=(value) selected[*value == sample] { (shown) } }
                },
                _ => input type=(kind) name=(field.name) value=(sample) required[field.required];,
            }
        }
    }
}
