//! Lists of what waits for one of the practice's people, in the place of many mails: what stands on one, and who wants one.

use banto_aws::desk::Page;
use banto_aws::ledger::Loaded;
use banto_aws::render::{link, when};
use banto_aws::{Changed, Env, Error, Plan, Result};
use banto_domain::playbook::{COACHES, OPERATORS, To, URGENT};
use banto_domain::rules::{ask, digest};
use banto_domain::state::Party;
use banto_domain::steps::SEND_MESSAGE;
use banto_domain::{Actor, ClientId, Draft, Id, Playbook, Rejection};
use jiff::Timestamp;
use minijinja::Value;

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

/// Sees to it that a person gets a list when this quarter of an hour is over: one, however many want it.
///
/// # Errors
/// When the store can't be reached, or the playbook of today has no lists.
pub(crate) async fn want(env: &Env, client: &ClientId, person: &str) -> Result<()> {
    let now = env.clock.now();
    let (key, cause) = (digest::case(client, now), digest::cause(client, person, now));
    if env.ledger.taken_up(&key, &cause, SEND_MESSAGE).await?.is_some() {
        return Ok(());
    }
    let no_client = || Error::Refused(format!("there is no client {client}"));
    let (_, today) = env.playbooks.current(client).await?.ok_or_else(no_client)?;
    let plan = Plan { key: &key, function: SEND_MESSAGE, actor: Actor::Banto };
    let more = |draft: &mut Draft<'_>| digest::list(draft, person);
    let first = |draft: &mut Draft<'_>| digest::open(draft, &key, person);
    match env.change_or_open(&plan, &cause, &today, more, first).await? {
        Changed::Mine(..) | Changed::Before(_) => Ok(()),
        Changed::Refused(rejection) => Err(Error::Bug(Rejection::to_string(&rejection))),
        Changed::NoCase | Changed::Nothing | Changed::Unmet(_) => Err(Error::Again(format!("{key}: no list was made"))),
    }
}
