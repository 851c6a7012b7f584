//! The tour: three panes (customers, office, coaches), what to do next, and the inquiry forms.

use std::collections::BTreeSet;

use banto_desk::{Session, Side, Story, Todo, Way};
use maud::{Markup, html};

use super::{Both, DemoForm, Lang, Sheet, form, frame, go_to, next_day};
use crate::mailbox::Mail;

/// What the tour offers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Welcome {
    /// The inquiry forms of each practice of the demo.
    pub forms: Vec<DemoForm>,
    /// Addresses of the operators.
    pub operators: BTreeSet<String>,
    /// The coaches.
    pub coaches: Vec<Desk>,
}

/// A coach of the demo.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Desk {
    /// As written in mails.
    pub name: String,
    /// Mail address.
    pub address: String,
    /// Whose coach.
    pub practice: Both,
    /// Where the calendar of the confirmed sessions is.
    pub calendar: String,
}

impl Welcome {
    /// Whose mailbox a mail went to: the envelope's recipients, separated by commas.
    pub(super) fn role(&self, to: &str) -> Side {
        let any = |is: &dyn Fn(&str) -> bool| to.split(',').any(|a| is(a.trim()));
        if any(&|a| self.operators.contains(a)) {
            Side::Office
        } else if any(&|a| self.coaches.iter().any(|c| c.address == a)) {
            Side::Coach
        } else {
            Side::Customer
        }
    }
}

/// What the tour shows of the practice.
pub(crate) struct Scene<'a> {
    /// Newest first.
    pub(crate) mails: &'a [Mail],
    /// Latest first.
    pub(crate) stories: &'a [Story],
    /// How many things failed for good.
    pub(crate) dead: usize,
    /// The case that the visitor looked at last.
    pub(crate) last: Option<&'a str>,
}

/// How many rows a pane shows.
const ROWS: usize = 5;
/// How many cases the office shows.
const CASES: usize = 8;
/// How many things to do are offered at the top, of each role.
const NEXT: usize = 2;

pub(crate) fn page(sheet: &Sheet, welcome: &Welcome, scene: &Scene<'_>) -> Markup {
    let todos: Vec<Todo<'_>> = scene.stories.iter().flat_map(|s| s.todos(&sheet.reader())).collect();
    let of = |role: Side| scene.mails.iter().filter(move |m| welcome.role(&m.to) == role);
    let body = html! {
        h1 { (sheet.of("番頭", "Banto")) " " small { (sheet.of("コーチングの事務を、受付からフォローまで", "the back office of a coaching practice")) } }
        p.lead { (sheet.of(
            "お問い合わせを送り、お客様・コーチ・事務局の役で回答していくと、受付から日程調整・請求・セッション・アンケートまで、その先の事務は番頭が進めます。時計を進めると、期限やお知らせも順に動きます。",
            "Send an inquiry, then answer in the place of the customer, the coach and the office: from dates and invoices to sessions and the survey, Banto does the rest. Move the clock to see reminders and deadlines."
        )) }
        (next(sheet, scene, &todos))
        div.panes {
            section {
                h2 { (sheet.of("お客様", "Customers")) }
                (turns(sheet, &todos, |role| matches!(role, Side::Customer | Side::Payer)))
                h3 { (sheet.of("お客様の受信箱", "Customers' mailbox")) }
                (mails(sheet, of(Side::Customer)))
            }
            section {
                h2 { (sheet.of("事務局", "The office")) }
                (turns(sheet, &todos, |role| role == Side::Office))
                h3 { (sheet.of("これからのセッション", "Sessions ahead")) }
                (agenda(sheet, scene.stories))
                h3 { (sheet.of("案件", "Cases")) }
                (cases(sheet, scene.stories))
                p { a href="/_local/cases" { (sheet.of("すべての案件", "All cases")) } " " @if scene.dead > 0 { a href="/_local/dead-letters" { (sheet.of("処理できなかったもの", "Dead letters")) ": " (scene.dead) } } }
                h3 { (sheet.of("事務局宛のメール", "Mails to the office")) }
                (mails(sheet, of(Side::Office)))
            }
            section {
                h2 { (sheet.of("コーチ", "Coaches")) }
                (turns(sheet, &todos, |role| role == Side::Coach))
                h3 { (sheet.of("コーチの受信箱", "The coaches' mailbox")) }
                (mails(sheet, of(Side::Coach)))
                h3 { (sheet.of("予定表(.ics)", "Calendars (.ics)")) }
                (calendars(sheet, welcome))
            }
        }
        section id="form" {
            h2 { (sheet.of("お問い合わせを送る", "Send an inquiry")) }
            p.quiet { (sheet.of("例が入っていますので、そのまま送信できます。", "There is an example in each form: you may just send it.")) }
            (form::all(&welcome.forms, sheet.lang, scene.stories.len()))
        }
    };
    frame(sheet, sheet.of("入口", "Start"), &body)
}

/// What a visitor may do next.
fn next(sheet: &Sheet, scene: &Scene<'_>, todos: &[Todo<'_>]) -> Markup {
    let last = scene.last.and_then(|id| scene.stories.iter().find(|s| s.id() == id));
    let roles: [fn(Side) -> bool; 3] =
        [|r| matches!(r, Side::Customer | Side::Payer), |r| r == Side::Office, |r| r == Side::Coach];
    let some = roles.iter().flat_map(|is| todos.iter().filter(|t| is(t.side) && !t.beside).take(NEXT));
    let soonest =
        scene.stories.iter().filter_map(|s| Some((s, s.next(&sheet.reader())?))).min_by_key(|(_, (at, _))| *at);
    html! {
        section.next {
            h2 { (sheet.of("次にできること", "What to do next")) }
            div.buttons {
                @if let Some(story) = last {
                    a.button.main href={ "/?case=" (story.id()) } { (match sheet.lang {
                        Lang::Ja => format!("{}の案件を続ける", story.customer(sheet.lang)),
                        Lang::En => format!("Go on with {}", story.customer(sheet.lang)),
                    }) }
                }
                a.button.main[last.is_none()] href="#form" { (sheet.of("お問い合わせを送る", "Send an inquiry")) }
                (next_day(sheet))
                @if let Some((story, (at, what))) = &soonest {
                    (go_to(*at, sheet.of("次の予定へ進める", "To the next event")))
                    span.quiet { (sheet.when(*at)) " " (story.customer(sheet.lang)) " " (what) }
                }
            }
            ul.todo { @for todo in some { (turn(sheet, todo, true)) } }
        }
    }
}

/// Whose turn it is, in one pane.
fn turns(sheet: &Sheet, todos: &[Todo<'_>], is: impl Fn(Side) -> bool) -> Markup {
    let all: Vec<&Todo<'_>> = todos.iter().filter(|t| is(t.side)).collect();
    html! {
        h3 { (sheet.of("回答・判断をお待ちしています", "Waiting for")) " " span.count { (all.len()) } }
        @if all.is_empty() { p.empty { (sheet.of("ありません。", "Nobody.")) } }
        ul.todo { @for todo in all.iter().take(ROWS) { (turn(sheet, todo, false)) } }
        @if all.len() > ROWS {
            details { summary.more { (sheet.of("ほかを表示", "Show the others")) }
                ul.todo { @for todo in all.iter().skip(ROWS) { (turn(sheet, todo, false)) } }
            }
        }
    }
}

/// One thing that somebody may do.
pub(super) fn turn(sheet: &Sheet, todo: &Todo<'_>, named: bool) -> Markup {
    let (class, whose) = match todo.side {
        Side::Customer => ("customer", sheet.of("お客様の番", "customer")),
        Side::Payer => ("customer", sheet.of("お支払い", "payer")),
        Side::Office => ("office", sheet.of("事務局の番", "office")),
        Side::Coach => ("coach", sheet.of("コーチの番", "coach")),
    };
    html! {
        li {
            div {
                @if named { span class={ "whose " (class) } { (whose) } " " }
                a href={ "/?case=" (todo.story.id()) } { (todo.story.customer(sheet.lang)) }
                @if matches!(todo.side, Side::Coach | Side::Office) || todo.who != todo.story.name() { span.quiet { " " (todo.who) } }
                br;
                (todo.what)
                @if let Some(until) = todo.until { br; span.quiet { (sheet.of("回答期限 ", "by ")) (sheet.when(until)) } }
                @if todo.waiting { br; span.quiet { (sheet.of("メールは受付時間になると届きます", "the mail leaves in the morning")) } }
            }
            a.button href=(page_of(&todo.way)) { (todo.label) }
        }
    }
}

/// Where something is done in practice mode.
fn page_of(way: &Way) -> String {
    match way {
        Way::Ask(token) => format!("/a/{token}"),
        Way::Pay(invoice) => format!("/_local/pay/{invoice}"),
    }
}

fn agenda(sheet: &Sheet, stories: &[Story]) -> Markup {
    let mut sessions: Vec<Session<'_>> = stories.iter().flat_map(|s| s.sessions(sheet.lang)).collect();
    sessions.retain(|s| sheet.now <= s.begins);
    sessions.sort_by_key(|s| s.begins);
    html! {
        @if sessions.is_empty() { p.empty { (sheet.of("ありません。", "None.")) } }
        ul.agenda {
            @for s in sessions.iter().take(ROWS) {
                li {
                    strong { (s.at) } @if !s.confirmed { " " mark { (sheet.of("仮押さえ", "held")) } } br;
                    a href={ "/?case=" (s.story.id()) } { (s.story.customer(sheet.lang)) } span.quiet { " " (s.menu) " / " (s.coach) }
                }
            }
        }
    }
}

fn cases(sheet: &Sheet, stories: &[Story]) -> Markup {
    html! {
        @if stories.is_empty() { p.empty { (sheet.of("まだありません。", "None yet.")) } }
        ul.mails {
            @for story in stories.iter().take(CASES) {
                li {
                    a href={ "/?case=" (story.id()) } { (story.customer(sheet.lang)) } " "
                    @if story.is_open() { mark { (story.stands(sheet.lang)) } } @else { span.done { (story.stands(sheet.lang)) } }
                    br; span.quiet { (story.practice(sheet.lang)) }
                }
            }
        }
    }
}

/// The newest mails; what was sent again and again to the same person stands once.
fn mails<'a>(sheet: &Sheet, list: impl Iterator<Item = &'a Mail>) -> Markup {
    let mut seen = BTreeSet::new();
    let list: Vec<&Mail> = list.filter(|m| seen.insert((&m.to, &m.subject))).take(ROWS).collect();
    html! {
        @if list.is_empty() { p.empty { (sheet.of("まだありません。", "None yet.")) } }
        ul.mails {
            @for mail in list {
                li {
                    span.quiet { (sheet.when(mail.sent_at)) " " (mail.to) } br;
                    a href={ "/_local/mail/" (mail.id) } { (mail.subject) }
                }
            }
        }
    }
}

pub(super) fn calendars(sheet: &Sheet, welcome: &Welcome) -> Markup {
    html! {
        ul.mails {
            @for desk in &welcome.coaches {
                li { a href=(desk.calendar) { (desk.name) } " " span.quiet { (desk.practice.get(sheet.lang)) } }
            }
        }
    }
}
