//! Hours that a coach opens: some lines of a day, from and to, for one coach.

use banto_aws::page::words;
use banto_aws::words::problem_text;
use banto_aws::{Env, Result};
use banto_domain::playbook::Problem;
use banto_domain::rules::answer::{self, NotTaken, Submission, With};
use banto_domain::state::Hours;
use jiff::ToSpan;
use jiff::civil::Date;
use maud::{Markup, html};

use crate::page::Problems;
use crate::view::View;

/// How many lines the page has.
const LINES: usize = 3;

/// The page's fields.
pub(crate) fn fields(view: &View<'_>, given: &Submission, problems: &Problems) -> Markup {
    let language = view.language;
    let value = |name: &str| given.fields.get(name).map_or("", String::as_str);
    let field = |n: usize, part: &str, kind: &str, label: &str| {
        let name = format!("{part}{n}");
        html! {
            div { label for=(name) { (label) } input id=(name) name={ "field." (name) } type=(kind) value=(value(&name)); }
        }
    };
    html! {
        @if view.playbook.people.coaches.len() > 1 {
            label for="coach" { (words(language, "コーチ", "Coach")) }
            select id="coach" name="field.coach" {
                @for coach in &view.playbook.people.coaches {
                    option value=(coach.id) selected[coach.id == value("coach") || Some(&coach.id) == view.case.coach.as_ref()] { (coach.name) }
                }
            }
        }
        @for n in 1..=LINES {
            @if let Some(problem) = problems.get(&format!("date{n}")) { div.bad { (problem_text(*problem, language)) } }
            div.row {
                (field(n, "date", "date", words(language, "日付", "Day")))
                (field(n, "from", "time", words(language, "開始", "From")))
                (field(n, "to", "time", words(language, "終了", "To")))
            }
        }
    }
}

/// The hours that were filled in, and the coach's days as they stand.
pub(crate) async fn open(
    env: &Env,
    view: &View<'_>,
    submission: &Submission,
) -> Result<std::result::Result<With, NotTaken>> {
    let today = env.today(&view.case.key).await?;
    let people = &today.people.coaches;
    let named = submission.fields.get("coach");
    let coach = people.iter().find(|c| Some(&c.id) == named).or_else(|| people.first());
    let Some(coach) = coach else { return Ok(Err(NotTaken::NoSuchAnswer)) };
    let date = env.clock.now().to_zoned(today.zone_of(&coach.id)).date();
    let hours = match lines(submission, date) {
        Ok(hours) => hours,
        Err(problems) => return Ok(Err(NotTaken::Fields(problems))),
    };
    let dates: Vec<Date> = hours.iter().map(|(date, _)| *date).collect();
    let days = env.days_at(&view.case.key, &coach.id, &dates).await?;
    Ok(Ok(With::Hours(answer::Opened { coach: coach.id.clone(), hours, days })))
}

/// Reads the lines that were filled in; at least one must be.
fn lines(submission: &Submission, today: Date) -> std::result::Result<Vec<(Date, Hours)>, Problems> {
    let (mut hours, mut problems) = (Vec::new(), Problems::new());
    for n in 1..=LINES {
        let part = |part: &str| submission.fields.get(&format!("{part}{n}")).map_or("", |v| v.trim());
        let [date, from, to] = ["date", "from", "to"].map(part);
        if [date, from, to].iter().all(|v| v.is_empty()) {
            continue;
        }
        let read = || -> Option<(Date, Hours)> {
            let hours = Hours { from: from.parse().ok()?, to: to.parse().ok()? };
            let date: Date = date.parse().ok()?;
            let in_time = today <= date && date <= today.saturating_add(366.days());
            (in_time && hours.from < hours.to).then_some((date, hours))
        };
        match read() {
            Some(line) => hours.push(line),
            None => drop(problems.insert(format!("date{n}"), Problem::Form)),
        }
    }
    if hours.is_empty() && problems.is_empty() {
        problems.insert("date1".to_owned(), Problem::Missing);
    }
    if problems.is_empty() { Ok(hours) } else { Err(problems) }
}
