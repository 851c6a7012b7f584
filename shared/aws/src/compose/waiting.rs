//! What waits for one of the practice's people: what stands on a list in the place of many mails.

use banto_domain::playbook::{COACHES, OPERATORS, To, URGENT};
use banto_domain::rules::ask;
use banto_domain::state::Party;
use banto_domain::{ClientId, Id, Playbook};
use jiff::Timestamp;
use minijinja::Value;

use crate::desk::Page;
use crate::ledger::Loaded;
use crate::render::{link, when};
use crate::{Env, Result};

/// How much stands on one list.
const MOST: usize = 30;

/// What waits for somebody.
#[derive(Debug, Default)]
pub(crate) struct Waiting {
    /// The most urgent first.
    pub(crate) lines: Vec<Value>,
    /// There is more than one list holds.
    pub(crate) more: bool,
    /// An emergency is among it.
    pub(crate) urgent: bool,
}

/// What waits for a person of a client now: what they, a group of theirs, or whoever they stand in for was asked.
///
/// # Errors
/// When the store can't be reached.
pub(crate) async fn waiting(env: &Env, client: &ClientId, today: &Playbook, person: &str) -> Result<Waiting> {
    let now = env.clock.now();
    let mut rows = Vec::new();
    let mut more = false;
    for whose in whose(today, person, now) {
        let listed = env.ledger.work_of(client, &whose.to_string(), &Page::default()).await?;
        more |= listed.next.is_some();
        rows.extend(listed.rows);
    }
    rows.sort_by(|a, b| (a.deadline, &a.ask).cmp(&(b.deadline, &b.ask)));
    rows.dedup_by(|a, b| a.ask == b.ask);
    let (mut urgent, mut rest) = (Vec::new(), Vec::new());
    for row in rows {
        let Some(loaded) = env.ledger.load(&row.case).await? else { continue };
        if let Some((is_urgent, line)) = line(env, today, &loaded, &row.ask, person) {
            if is_urgent { urgent.push(line) } else { rest.push(line) }
        }
    }
    let (is_urgent, mut lines) = (!urgent.is_empty(), urgent);
    lines.extend(rest);
    more |= lines.len() > MOST;
    lines.truncate(MOST);
    Ok(Waiting { lines, more, urgent: is_urgent })
}

/// Whose work is also a person's.
fn whose(today: &Playbook, person: &str, now: Timestamp) -> Vec<To> {
    let (people, day) = (&today.people, now.to_zoned(today.time_zone()).date());
    let acts_for = |id: &str| people.acting(id, day) == person;
    let own = people.all().filter(|p| p.id == person || acts_for(&p.id)).map(|p| To::Person(p.id.clone()));
    let named = people.groups.keys().map(String::as_str).filter(|name| ![COACHES, OPERATORS].contains(name));
    own.chain([COACHES, OPERATORS].into_iter().chain(named).map(|group| To::Group(group.to_owned()))).collect()
}

/// One line, and whether it is an emergency; `None` when somebody answered meanwhile, or it is another's.
fn line(env: &Env, today: &Playbook, loaded: &Loaded, id: &Id, person: &str) -> Option<(bool, Value)> {
    let (case, who) = (&loaded.case, Party::Person(person.to_owned()));
    let ask = case.ask(id).filter(|ask| ask::may_answer(today, env.clock.now(), ask, &who))?;
    let language = today.language.as_str();
    let question = today.questions.get(&ask.question).map_or(ask.question.as_str(), |q| q.title.get(language));
    let url = format!("{}/a/{}", env.public_url, env.keys.token(&case.key, id, &who));
    let (number, deadline) = (&case.key.case, when(ask.deadline, &today.zone, language));
    let what = match language {
        "en" => format!("{question} (number {number}, by {deadline})"),
        _ => format!("{question}(受付番号 {number}、{deadline}まで)"),
    };
    Some((ask.question == URGENT, Value::from(vec![Value::from(what), link(&url)])))
}
