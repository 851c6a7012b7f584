//! load → decide (pure) → commit, again when somebody else was faster. Every function changes a case through here.

use std::future::Future;
use std::pin::Pin;

use banto_domain::rules::{Books, Step};
use banto_domain::state::Personal;
use banto_domain::{Actor, Case, CaseKey, Commit, Draft, Id, Pending, Playbook, Rejection, StoredCommit, rules};
use serde_json::{Value, json};

use crate::ledger::{Also, Committed, Loaded};
use crate::parts::Parts;
use crate::{Env, Error, Result};

/// How many times a lost race is run again before the host's own retry takes over.
const MAX_RACES: u32 = 8;

/// Who changes which case.
#[derive(Debug, Clone)]
pub struct Plan<'a> {
    /// The case.
    pub key: &'a CaseKey,
    /// The function.
    pub function: &'a str,
    /// On whose behalf.
    pub actor: Actor,
}

/// A change that was made.
#[derive(Debug)]
pub struct Made {
    /// The case after it: good for the next change, without loading it again.
    pub after: Loaded,
    /// What was committed.
    pub commit: Commit,
}

/// What came of it.
#[derive(Debug)]
pub enum Changed<T, E> {
    /// There is no such case.
    NoCase,
    /// There was nothing to do.
    Nothing,
    /// This call made the change; what was decided, and what was made of it.
    Mine(T, Box<Made>),
    /// The cause had been taken up before.
    Before(Box<StoredCommit>),
    /// The decision was not to change anything.
    Refused(E),
    /// This of what must hold beside the case did not.
    Unmet(Box<rules::Also>),
}

impl Env {
    /// Changes a case. `loaded` is the case, if the caller has it already. `cause` says what sets the change off, from
    /// the case as it stands; `decide` is pure and may run several times. `Ok(None)` from it changes nothing.
    ///
    /// # Errors
    /// When the store can't be reached, or the race was lost too often.
    pub async fn change<T, E>(
        &self,
        plan: &Plan<'_>,
        mut loaded: Option<Loaded>,
        cause: impl Fn(&Case) -> Option<Id>,
        decide: impl Fn(&mut Draft<'_>) -> std::result::Result<Option<T>, E>,
    ) -> Result<Changed<T, E>> {
        for race in 0..MAX_RACES {
            let current = match loaded.take() {
                Some(loaded) => Some(loaded),
                None => self.ledger.load(plan.key).await?,
            };
            let Some(Loaded { case, personal, parts }) = current else { return Ok(Changed::NoCase) };
            let pinned = self.playbooks.get(&plan.key.client, case.playbook_version).await?;
            let today = self.today(plan.key).await?;
            let Some(cause) = cause(&case) else { return Ok(Changed::Nothing) };
            let step = Step { cause, function: plan.function, actor: plan.actor.clone(), now: self.clock.now() };
            let books = Books { pinned: &pinned, today: &today };
            let mut draft = Draft::next(case, personal, books, &step);
            let decided = match decide(&mut draft) {
                Ok(Some(decided)) => decided,
                Ok(None) => return Ok(Changed::Nothing),
                Err(refusal) => return Ok(Changed::Refused(refusal)),
            };
            match self.commit(draft, &parts).await? {
                Tried::Mine(made) => return Ok(Changed::Mine(decided, made)),
                Tried::Before(stored) => return Ok(Changed::Before(Box::new(stored))),
                Tried::Unmet(also) => return Ok(Changed::Unmet(also)),
                Tried::Lost => self.pause(race).await?,
            }
        }
        Err(Error::Again(format!("{}: somebody else was faster {MAX_RACES} times", plan.key)))
    }

    /// Opens a case. `Before` when this cause opened it already.
    ///
    /// # Errors
    /// As [`Self::change`].
    pub async fn open<E: From<Rejection>>(
        &self,
        plan: &Plan<'_>,
        cause: &Id,
        playbook: &Playbook,
        decide: impl Fn(&mut Draft<'_>) -> std::result::Result<(), E>,
    ) -> Result<Changed<(), E>> {
        for race in 0..MAX_RACES {
            match self.open_once(plan, cause, playbook, &decide).await? {
                Some(opened) => return Ok(opened),
                None => self.pause(race).await?,
            }
        }
        Err(Error::Again(format!("{}: could not be opened in {MAX_RACES} tries", plan.key)))
    }

    /// Changes a case, or opens it: several may bring its first at once, and each finds what the others opened.
    ///
    /// # Errors
    /// As [`Self::change`].
    pub async fn change_or_open<E: From<Rejection>>(
        &self,
        plan: &Plan<'_>,
        cause: &Id,
        playbook: &Playbook,
        more: impl Fn(&mut Draft<'_>) -> std::result::Result<(), E>,
        first: impl Fn(&mut Draft<'_>) -> std::result::Result<(), E>,
    ) -> Result<Changed<(), E>> {
        for race in 0..MAX_RACES {
            match self.change(plan, None, |_| Some(cause.clone()), |draft| more(draft).map(Some)).await? {
                Changed::NoCase => {}
                changed => return Ok(changed),
            }
            match self.open_once(plan, cause, playbook, &first).await? {
                Some(opened) => return Ok(opened),
                None => self.pause(race).await?,
            }
        }
        Err(Error::Again(format!("{}: was neither there nor could be opened", plan.key)))
    }

    /// One try; `None` when somebody else was faster.
    async fn open_once<E: From<Rejection>>(
        &self,
        plan: &Plan<'_>,
        cause: &Id,
        playbook: &Playbook,
        decide: impl Fn(&mut Draft<'_>) -> std::result::Result<(), E>,
    ) -> Result<Option<Changed<(), E>>> {
        let personal = Personal { key: self.random_hex::<32>()?, ..Default::default() };
        let (cause, now) = (cause.clone(), self.clock.now());
        let step = Step { cause, function: plan.function, actor: plan.actor.clone(), now };
        let mut draft = Draft::first(plan.key.clone(), personal, playbook, &step);
        if let Err(refusal) = decide(&mut draft) {
            return Ok(Some(Changed::Refused(refusal)));
        }
        Ok(match self.commit(draft, &Parts::default()).await? {
            Tried::Mine(made) => Some(Changed::Mine((), made)),
            Tried::Before(stored) => Some(Changed::Before(Box::new(stored))),
            Tried::Unmet(also) => Some(Changed::Unmet(also)),
            Tried::Lost => None,
        })
    }

    async fn commit(&self, draft: Draft<'_>, parts: &Parts) -> Result<Tried> {
        let before = draft.personal().clone();
        let mut ready = draft.finish().map_err(|e| Error::Bug(e.to_string()))?;
        let nonce = self.random_hex::<8>()?;
        let also: Vec<Also> = ready.also.iter().map(|also| self.beside(&ready.case.key, also)).collect();
        let (committed, parts) = self.ledger.commit(&ready, parts, &also, &nonce).await?;
        Ok(match committed {
            Committed::Mine => {
                let after = Loaded { case: ready.case, personal: ready.personal.unwrap_or(before), parts };
                Tried::Mine(Box::new(Made { after, commit: ready.commit }))
            }
            Committed::Before(stored) => Tried::Before(stored),
            Committed::Unmet(n) => Tried::Unmet(Box::new(ready.also.swap_remove(n))),
            Committed::Lost => Tried::Lost,
        })
    }

    /// What is written beside a case, as it stands in the table: addresses by their HMAC alone.
    fn beside(&self, key: &CaseKey, also: &rules::Also) -> Also {
        let hmac = |address: &str| self.keys.look_up(&key.client, address);
        match also.clone() {
            rules::Also::Inbound { id, body } => Also::Inbound { id, body },
            rules::Also::LookUp { fact, value } => Also::LookUp { hmac: self.keys.find(&key.client, &fact, &value) },
            rules::Also::Rate { of, most, minutes, now } => Also::Rate { of, most, minutes, now },
            rules::Also::NotRevoked { template } => Also::NotRevoked { template },
            rules::Also::NotSuppressed { address } => Also::NotSuppressed { hmac: hmac(&address) },
            rules::Also::Suppress { address } => Also::Suppress { hmac: hmac(&address) },
            rules::Also::Unsubscribe { address } => Also::Unsubscribe { hmac: hmac(&address) },
            rules::Also::NotUnsubscribed { address } => Also::NotUnsubscribed { hmac: hmac(&address) },
            rules::Also::NotStopped { address } => Also::NotStopped { hmac: hmac(&address) },
            rules::Also::Stop { address } => Also::Stop { hmac: hmac(&address) },
            rules::Also::Resume { address } => Also::Resume { hmac: hmac(&address) },
            rules::Also::Prove { address } => Also::Prove { hmac: hmac(&address) },
            rules::Also::Standing { address, standing } => Also::Standing { hmac: hmac(&address), standing },
            rules::Also::Stages { stages } => Also::Stages { stages },
            rules::Also::StagesStand { rev } => Also::StagesStand { rev },
            rules::Also::Tally { of, answer } => Also::Tally { of, answer },
            rules::Also::Day { coach, date, day } => Also::Day { coach, date, day },
            rules::Also::Payment { payment, mark } => Also::Payment { payment, mark },
            rules::Also::Publish(proposal) => Also::Publish(proposal),
        }
    }

    /// Waits a little, at random, before the `race`th try again.
    ///
    /// # Errors
    /// When there is no randomness.
    pub async fn pause(&self, race: u32) -> Result<()> {
        let mut random = [0];
        self.entropy.fill(&mut random)?;
        self.ledger.pause(race, random[0]).await;
        Ok(())
    }

    fn random_hex<const N: usize>(&self) -> Result<String> {
        let mut bytes = [0; N];
        self.entropy.fill(&mut bytes)?;
        Ok(data_encoding::HEXLOWER.encode(&bytes))
    }
}

/// What came of one try to commit.
enum Tried {
    Mine(Box<Made>),
    Before(StoredCommit),
    Unmet(Box<rules::Also>),
    Lost,
}

/// What an event on the bus says to a function. It is only a poke: what is to be done stands in the case.
#[derive(Debug, Clone, serde::Deserialize)]
pub struct Poke {
    /// The case.
    #[serde(flatten)]
    pub key: CaseKey,
    /// The entry to take up.
    pub cause: Id,
}

impl Poke {
    /// Reads the `detail` of an EventBridge event.
    ///
    /// # Errors
    /// Refused when it is none of ours.
    pub fn read(event: &Value) -> Result<Self> {
        serde_json::from_value(event["detail"].clone())
            .map_err(|e| Error::Refused(format!("not an event of the journal: {e}")))
    }
}

/// The step of this cause, if this function may take it up now.
fn pending(case: &Case, cause: &Id, function: &str) -> Option<Pending> {
    case.pending.get(cause).filter(|step| step.action == function && case.is_ready(cause, step)).cloned()
}

/// As [`take_up`], for a step that needs to know more than the case. `prepare` reads it; when the case moves on meanwhile,
/// or what the decision rests on falls, it is asked again.
///
/// # Errors
/// As [`take_up`], and those of `prepare`.
pub async fn take_up_prepared<T, F>(
    env: &Env,
    event: &Value,
    function: &'static str,
    prepare: F,
    decide: impl Fn(&mut Draft<'_>, &Pending, &T) -> std::result::Result<(), Rejection>,
) -> Result<Value>
where
    F: for<'a> Fn(&'a Env, &'a Loaded, &'a Pending) -> Prepared<'a, T>,
{
    let Poke { key, cause } = Poke::read(event)?;
    for race in 0..MAX_RACES {
        let no_case = || Error::Refused(format!("there is no case {key}"));
        let loaded = env.ledger.load(&key).await?.ok_or_else(no_case)?;
        let Some(step) = pending(&loaded.case, &cause, function) else {
            return Ok(json!({ "did": "nothing left to do" }));
        };
        let known = prepare(env, &loaded, &step).await?;
        let plan = Plan { key: &key, function, actor: Actor::Banto };
        let seq = loaded.case.seq;
        let changed = env
            .change(
                &plan,
                Some(loaded),
                |case| (case.seq == seq && pending(case, &cause, function).is_some()).then(|| cause.clone()),
                |draft| decide(draft, &step, &known).map(Some),
            )
            .await?;
        match changed {
            Changed::Mine(..) | Changed::Before(_) => {
                tracing::info!(client = %key.client, case = %key.case, function, did = "done");
                return Ok(json!({ "did": "done" }));
            }
            Changed::Nothing | Changed::Unmet(_) => env.pause(race).await?,
            Changed::Refused(rejection) => return Err(Error::Refused(rejection.to_string())),
            Changed::NoCase => return Err(no_case()),
        }
    }
    Err(Error::Again(format!("{key}: somebody else was faster {MAX_RACES} times")))
}

/// What a step needs to know.
pub type Prepared<'a, T> = Pin<Box<dyn Future<Output = Result<T>> + Send + 'a>>;

/// A function that takes up pending steps: what all node functions are made of. `decide` gets the step as it stands in
/// the case; when it is there no more, somebody else took it up.
///
/// # Errors
/// When the case is unknown or can't be changed.
pub async fn take_up(
    env: &Env,
    event: &Value,
    function: &'static str,
    decide: impl Fn(&mut Draft<'_>, &Pending) -> std::result::Result<(), Rejection>,
) -> Result<Value> {
    let poke = Poke::read(event)?;
    let plan = Plan { key: &poke.key, function, actor: Actor::Banto };
    let pending = |case: &Case| pending(case, &poke.cause, function);
    let changed = env
        .change(
            &plan,
            None,
            |case| pending(case).map(|_| poke.cause.clone()),
            |draft| match pending(draft.case()?) {
                Some(step) => decide(draft, &step).map(Some),
                None => Ok(None),
            },
        )
        .await?;
    let did = match changed {
        Changed::Mine(..) => "done",
        Changed::Nothing | Changed::Before(_) => "nothing left to do",
        Changed::NoCase => return Err(Error::Refused(format!("there is no case {}", poke.key))),
        Changed::Refused(rejection) => return Err(Error::Refused(rejection.to_string())),
        Changed::Unmet(_) => return Err(Error::Bug("a condition failed that nobody asked for".to_owned())),
    };
    tracing::info!(client = %poke.key.client, case = %poke.key.case, function, did);
    Ok(json!({ "did": did }))
}
