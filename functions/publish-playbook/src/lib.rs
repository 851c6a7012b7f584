//! 運用ルールの公開: makes a version of the playbook live that was approved, once, however often it is called, and only while
//! what it was compared with is live. Refuses what nobody approved, whatever flow leads here.

use banto_aws::ledger::Loaded;
use banto_aws::{Env, Error, Function, Poke, Prepared, Result, take_up_prepared};
use banto_domain::rules::version::{self, Proposed};
use banto_domain::rules::{Proposal, flow};
use banto_domain::state::Entry;
use banto_domain::steps::PUBLISH_PLAYBOOK;
use banto_domain::{Draft, Pending, Rejection};

/// Takes up `node.entered`.
#[must_use]
pub fn function() -> Function {
    Function::event(PUBLISH_PLAYBOOK, |w, e| async move {
        let done = take_up_prepared(&w.env, &e, PUBLISH_PLAYBOOK, look, decide).await;
        // From here on another version may be live than this process read a moment ago.
        w.env.playbooks.look_again();
        if done.is_ok() {
            w.env.go_live(&Poke::read(&e)?.key.client).await?;
        }
        done
    })
}

/// The version as it is to be live; none when what it was compared with isn't any more.
fn look<'a>(env: &'a Env, loaded: &'a Loaded, _: &'a Pending) -> Prepared<'a, Option<Proposal>> {
    Box::pin(async move { ready(env, loaded).await })
}

async fn ready(env: &Env, loaded: &Loaded) -> Result<Option<Proposal>> {
    let key = &loaded.case.key;
    let wanted = Proposed::of(&loaded.case).ok_or_else(|| Error::Refused(format!("{key} proposes no version")))?;
    let approved_by = agreed(env, loaded, &wanted).await?;
    if approved_by.is_empty() {
        return Err(Error::Refused(format!("{key}: nobody approved version {}", wanted.version)));
    }
    let Some((live, as_read)) = env.playbooks.live_now(&key.client).await? else {
        return Err(Error::Refused(format!("{} has no playbook", key.client)));
    };
    if live.version != wanted.against() {
        return Ok(None);
    }
    let proposed = env.playbooks.proposed(&key.client, &wanted).await?;
    let proposed = proposed.ok_or_else(|| Error::Refused(format!("{key}: what was proposed is gone")))?;
    Ok(Some(proposed.ready(&wanted, as_read, approved_by)))
}

/// Who agreed to exactly this text.
async fn agreed(env: &Env, loaded: &Loaded, wanted: &Proposed) -> Result<Vec<String>> {
    let journal = env.ledger.journal(&loaded.case.key).await?;
    let commits = journal.iter().map(|stored| stored.open().map_err(|e| Error::Bug(e.to_string())));
    let commits = commits.collect::<Result<Vec<_>>>()?;
    let entries: Vec<&Entry> = commits.iter().flat_map(|c| &c.entries).map(|stamped| &stamped.entry).collect();
    Ok(wanted.approved_by(entries.into_iter()))
}

/// Draws the consequences of one step: pure.
///
/// # Errors
/// When the playbook lacks something.
pub fn decide(draft: &mut Draft<'_>, step: &Pending, ready: &Option<Proposal>) -> std::result::Result<(), Rejection> {
    flow::take_up(draft, step, |draft, here| version::publish(draft, here, ready.as_ref()), flow::go_by_answer)
}
