//! Hours that a coach opens: some lines of a day, from and to, for one coach.

use std::collections::BTreeMap;

use banto_aws::page::words;
use banto_aws::{Env, Result};
use banto_domain::playbook::{FactKind, Problem};
use banto_domain::rules::answer::{NotTaken, Opened, Submission, With};
use banto_domain::state::Hours;
use jiff::ToSpan;
use jiff::civil::Date;

use super::{Asked, Brought, choice};
use crate::shown::{Field, Named};
use crate::view::View;

/// How many lines the page has.
const LINES: usize = 3;

type Problems = BTreeMap<String, Problem>;

pub(super) fn show(view: &View<'_>) -> Asked {
    let coaches = &view.books.today.people.coaches;
    let mut fields = Vec::new();
    if let Some(first) = coaches.first().filter(|_| coaches.len() > 1) {
        let usual = view.case.coach.as_ref().filter(|id| coaches.iter().any(|c| c.id == **id));
        fields.push(Field {
            choices: coaches.iter().map(|c| Named { name: c.id.clone(), label: c.name.clone() }).collect(),
            preset: usual.unwrap_or(&first.id).clone(),
            ..Field::own("coach", words(view.books.language, "コーチ", "Coach"), FactKind::Person)
        });
    }
    for n in 1..=LINES {
        let part = |part: &str, ja, en, kind| Field {
            row: Some(n),
            ..Field::own(&format!("{part}{n}"), words(view.books.language, ja, en), kind)
        };
        fields.push(part("date", "日付", "Day", FactKind::Date));
        fields.push(part("from", "開始", "From", FactKind::Time));
        fields.push(part("to", "終了", "To", FactKind::Time));
    }
    (fields, choice::own(view))
}

/// The hours that were filled in, and the coach's days as they stand. Only the first answer opens them.
pub(super) async fn take(env: &Env, view: &View<'_>, submission: &Submission) -> Result<Brought> {
    if view.question.answers.first().is_none_or(|first| first.name != submission.answer) {
        return Ok(Ok(With::Nothing));
    }
    let people = &view.books.today.people.coaches;
    let named = submission.fields.get("coach");
    let coach = people.iter().find(|c| Some(&c.id) == named).or_else(|| people.first());
    let Some(coach) = coach else { return Ok(Err(NotTaken::NoSuchAnswer)) };
    let date = env.clock.now().to_zoned(view.books.today.zone_of(&coach.id)).date();
    let hours = match lines(submission, date) {
        Ok(hours) => hours,
        Err(problems) => return Ok(Err(NotTaken::Fields(problems))),
    };
    let dates: Vec<Date> = hours.iter().map(|(date, _)| *date).collect();
    let days = env.days_at(&view.case.key, &coach.id, &dates).await?;
    Ok(Ok(With::Hours(Opened { coach: coach.id.clone(), hours, days })))
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
