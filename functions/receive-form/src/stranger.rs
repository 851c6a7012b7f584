//! What comes without a signature and from an address that never answered, and what comes beyond a form's limit: stored
//! without a mail, and shown to the office as one task.

use banto_aws::ledger::Found;
use banto_aws::{Changed, Env, Error, Plan, Result};
use banto_domain::playbook::{Playbook, Signature};
use banto_domain::rules::inquiry::{self, Heard};
use banto_domain::rules::stranger::{self, More};
use banto_domain::rules::{Draft, emergency};
use banto_domain::steps::RECEIVE_FORM;
use banto_domain::{Actor, Case, CaseId, CaseKey, Rejection, Status};

use crate::reply::Answer;
use crate::{Arrival, Came, PER_SOURCE};

/// How many times its limit a form takes in a minute before it takes nothing.
const BEYOND: u32 = 10;

impl Arrival<'_> {
    /// More from an address than strangers may bring is stored with what is open. `None`: nothing of it is.
    pub(crate) async fn join(&self, env: &Env, found: &Found) -> Result<Option<Came>> {
        let Found { proven, standing, .. } = found;
        let Some(address) = self.taken.get("email").filter(|_| self.is_plain()) else { return Ok(None) };
        let Some(case) = standing.joins(*proven, self.now).filter(|case| **case != self.key.case) else {
            return Ok(None);
        };
        let key = CaseKey { client: self.key.client.clone(), case: case.clone() };
        // A person must see an emergency where nobody looks at one yet.
        let is_seen = |case: &Case| self.urgent.is_empty() || case.emergency().is_some();
        let cause = |case: &Case| (case.status == Status::Open && is_seen(case)).then(|| self.cause.clone());
        let Some(joined) = standing.joined(self.now) else {
            let open = env.ledger.load(&key).await?.is_some_and(|loaded| cause(&loaded.case).is_some());
            return Ok(open.then_some(Came::Answer(Answer::TooMany)));
        };
        let plan = Plan { key: &key, function: RECEIVE_FORM, actor: Actor::Customer };
        let joins = |draft: &mut Draft<'_>| -> std::result::Result<Option<()>, Rejection> {
            stranger::joins(draft, address, joined.clone(), self.more()).map(Some)
        };
        match env.change(&plan, None, cause, joins).await? {
            Changed::Nothing | Changed::NoCase => Ok(None),
            // Its own number: whose else the address is, a stranger doesn't learn.
            changed => self.came(changed, &self.key.case).map(Some),
        }
    }

    fn more(&self) -> More<'_> {
        More { number: &self.key.case, inbound: self.inbound(), body: self.body }
    }

    /// What comes beyond the form's limit is kept as it came, for a person: one task for all of one day.
    pub(crate) async fn flood(&self, env: &Env, playbook: &Playbook) -> Result<Answer> {
        let Signature::None { per_minute } = self.form.signature else { return Ok(Answer::TooMany) };
        let day = self.now.to_zoned(playbook.time_zone()).date().to_string();
        let case = CaseId::derive(&["case", stranger::FLOOD, self.key.client.as_str(), self.name, &day]);
        let key = CaseKey { client: self.key.client.clone(), case };
        let plan = Plan { key: &key, function: RECEIVE_FORM, actor: Actor::Customer };
        let rate = |draft: &mut Draft<'_>| {
            self.count(draft, "#beyond", per_minute.saturating_mul(BEYOND), PER_SOURCE * BEYOND);
        };
        let more = |draft: &mut Draft<'_>| -> std::result::Result<(), Rejection> {
            rate(draft);
            if !self.urgent.is_empty() {
                draft.record(self.taken.clone())?;
                emergency::raise(draft, emergency::STRANGER, self.urgent.clone())?;
            }
            stranger::more(draft, self.more(), stranger::FLOOD)
        };
        let first = |draft: &mut Draft<'_>| -> std::result::Result<(), Rejection> {
            rate(draft);
            let said = if self.urgent.is_empty() { Default::default() } else { self.taken.clone() };
            let heard = Heard { urgent: self.urgent.clone(), said, signed: false };
            let (named, stored) = ((self.name, self.form.language.as_str()), (self.inbound(), self.body));
            let why = format!("{}:{}", stranger::FLOOD, self.key.case);
            inquiry::open_unreadable(draft, &key, named, stored, &why, heard)
        };
        let changed = env.change_or_open(&plan, &self.cause, playbook, more, first).await?;
        match changed {
            Changed::Unmet(_) => Ok(Answer::TooMany),
            Changed::Refused(rejection) => Err(Error::Bug(rejection.to_string())),
            _ => Ok(Answer::Taken(self.key.case.clone())),
        }
    }
}
