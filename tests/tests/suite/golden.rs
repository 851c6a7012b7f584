//! The corpus of old journals (`events/golden/`): each still folds to what it folded to when it was taken, at every
//! point that was written down. What must be the same is the *projection* below, not the snapshot's own shape.
//!
//! How a released version's corpus is taken: `events/README.md`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use banto::practice::{publish, seed};
use banto_aws::{Changed, Plan};
use banto_domain::rules::migrate::obstacles;
use banto_domain::state::{Fact, commit, verify};
use banto_domain::{Actor, Case, Entry, Id, Playbook, Rejection, StoredCommit, Track};
use jiff::SignedDuration;
use serde_json::{Map, Value, json};

use super::house::House;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../events/golden")
}

/// What any redesign of the snapshot must preserve: whoever changes [`Case`] changes how this is read from it, never
/// what was written down.
fn projection(case: &Case) -> Value {
    json!({
        "seq": case.seq,
        "head": case.head,
        "status": case.status,
        "outcome": case.outcome,
        "flow": case.flow,
        "playbook_version": case.playbook_version,
        "node": case.main().map(|t| &t.node),
        "facts": case.facts.iter().map(|(name, fact)| (name.clone(), mark(fact))).collect::<Map<_, _>>(),
        "due_at": case.due_at(),
        "language": case.language,
        "person": case.person,
        "package": case.package,
        "held": case.counters.held,
        "owner": case.owner,
        "coach": case.coach,
        "stopped": case.emergency().is_some(),
        "tracks": case.tracks.iter().map(|(id, track)| (id.to_string(), of_track(track))).collect::<Map<_, _>>(),
        "pending": case.pending.iter().map(|(cause, p)| (cause.to_string(), json!({
            "action": p.action, "attempts": p.attempts, "watchdog_at": p.watchdog_at,
        }))).collect::<Map<_, _>>(),
        "timers": case.timers.iter().map(|(id, t)| (id.to_string(), json!({
            "at": t.at, "name": t.name, "action": t.action,
        }))).collect::<Map<_, _>>(),
    })
}

fn mark(fact: &Fact) -> Value {
    match fact {
        Fact::Plain(value) => json!(value),
        Fact::Personal(mark) => json!({ "mark": mark }),
    }
}

fn of_track(track: &Track) -> Value {
    match track {
        Track::Ask(a) => json!({
            "kind": "ask", "question": a.question, "answers": a.answers, "deadline": a.deadline, "fields": a.fields,
        }),
        Track::Message(m) => json!({
            "kind": "message", "template": m.template, "state": m.state, "attempts": m.attempts,
        }),
        Track::Booking(b) => json!({
            "kind": "booking", "menu": b.menu, "coach": b.seat.coach, "start": b.seat.start, "zone": b.seat.zone,
            "version": b.version, "until": b.until,
        }),
        Track::Refund(r) => json!({
            "kind": "refund", "payment": r.payment, "amount": r.amount, "state": r.state, "number": r.number,
        }),
        Track::Settlement(s) => json!({ "kind": "settlement", "refund": s.refund }),
        Track::Request(r) => json!({ "kind": "request", "wants": r.kind, "said_at": r.said_at }),
        Track::Invoice(i) => json!({
            "kind": "invoice", "number": i.number, "total": i.total, "currency": i.currency, "due_on": i.due_on,
            "paid": i.paid, "settled": i.settled,
        }),
    }
}

/// Stored commits as they stand in a file, by client and case.
fn read(corpus: &str) -> BTreeMap<(String, String), Vec<StoredCommit>> {
    let mut journals: BTreeMap<_, Vec<StoredCommit>> = BTreeMap::new();
    for body in corpus.lines() {
        let read: Value = serde_json::from_str(body).expect("JSON");
        let text = |name: &str| read[name].as_str().expect("a name").to_owned();
        let seq = read["seq"].as_u64().expect("a number");
        // The claim isn't part of the bytes, and nothing here asks for it.
        let claim = Id::derive(&["of the corpus"]);
        let stored = StoredCommit { claim, seq, hash: commit::hash(body), body: body.to_owned() };
        journals.entry((text("client"), text("case"))).or_default().push(stored);
    }
    journals
}

/// The points of a journal that are written down: where something is open, and the end.
fn points(commits: usize) -> BTreeSet<usize> {
    [commits / 3, commits * 2 / 3, commits].into_iter().filter(|n| *n > 0).collect()
}

fn folded(journal: &[StoredCommit], upto: usize) -> Case {
    verify::journal(&journal[..upto]).expect("the chain holds").expect("a case")
}

#[test]
fn old_journals_fold_to_what_they_folded_to() {
    let mut cases = 0;
    for file in std::fs::read_dir(folder()).expect("a corpus") {
        let path = file.expect("a file").path();
        let Some(name) = path.to_str().and_then(|p| p.strip_suffix(".folded.json")) else { continue };
        let journals = read(&std::fs::read_to_string(format!("{name}.jsonl")).expect("a corpus"));
        let noted = std::fs::read_to_string(&path).expect("text");
        let noted: Vec<Value> = serde_json::from_str(&noted).expect("JSON");
        let mut seen = BTreeSet::new();
        for note in &noted {
            let key =
                (note["client"].as_str().expect("text").to_owned(), note["case"].as_str().expect("text").to_owned());
            let upto = usize::try_from(note["folded"]["seq"].as_u64().expect("a number")).expect("a small number");
            let now = projection(&folded(&journals[&key], upto));
            let told = format!("{name}: {} {} at commit {upto}", key.0, key.1);
            assert!(now == note["folded"], "{told}\nbefore: {:#}\nnow: {now:#}", note["folded"]);
            seen.insert(key);
        }
        assert!(seen.iter().eq(journals.keys()), "{name}: a case that nobody noted down");
        cases += seen.len();
    }
    assert!(cases > 30, "{cases} cases are no corpus");
}

/// Takes the corpus of today's version: `events/README.md` says when.
#[tokio::test]
#[ignore = "writes events/golden; only before a new version"]
async fn takes_the_corpus() {
    let practice = lived().await;
    write("practice", &practice);
    write("worlds", &chosen(worlds(), &practice));
}

fn write(name: &str, journals: &[Vec<StoredCommit>]) {
    let file = |ending: &str| folder().join(format!("v{}-{name}.{ending}", commit::VERSION));
    assert!(!file("jsonl").exists(), "{} is released: a corpus is added to, never changed", file("jsonl").display());
    let lines: String = journals.iter().flatten().map(|c| format!("{}\n", c.body)).collect();
    let notes = journals.iter().flat_map(|journal| {
        points(journal.len()).into_iter().map(|upto| {
            let case = folded(journal, upto);
            json!({ "client": case.key.client, "case": case.key.case, "folded": projection(&case) }).to_string()
        })
    });
    let notes = format!("[\n{}\n]\n", notes.collect::<Vec<_>>().join(",\n"));
    std::fs::write(file("jsonl"), lines).expect("written");
    std::fs::write(file("folded.json"), notes).expect("written");
}

/// The practice that visitors find, then some days under another version of its playbook.
async fn lived() -> Vec<Vec<StoredCommit>> {
    let present = "2026-12-10T03:00:00Z".parse::<jiff::Timestamp>().expect("an instant");
    let house = House::open(&(present - seed::LIVED).to_string()).await;
    seed::live(&house.host, &banto_tests::keys(), present).await.expect("lived");
    let moved = migrate(&house).await;
    assert!(moved > 0, "nobody goes on under another version");
    house.host.advance(present + SignedDuration::from_hours(4 * 24)).await.expect("advanced");
    let ledger = &house.host.world().env.ledger;
    let mut journals = Vec::new();
    for key in ledger.cases().await.expect("cases") {
        journals.push(ledger.journal(&key).await.expect("a journal"));
    }
    journals
}

/// A node gets another name; who can go on under it does. Says how many.
async fn migrate(house: &House) -> usize {
    let mut folder = banto_playbooks::ready_made().expect("no problems").remove(0);
    let renamed =
        serde_json::to_string(&folder.playbook).expect("JSON").replace("\"offer-session\"", "\"choose-session\"");
    folder.playbook = serde_json::from_str(&renamed).expect("a playbook");
    publish(house.host.world(), &[folder], true).await.expect("published");
    let env = &house.host.world().env;
    let (_, live) = env.playbooks.current(&house_client()).await.expect("a store").expect("a playbook");
    let mut moved = 0;
    for key in env.ledger.cases().await.expect("cases").iter().filter(|key| key.client == live.client) {
        let before = env.ledger.load(key).await.expect("a store").expect("a case").case;
        let from = before.playbook_version;
        let old: std::sync::Arc<Playbook> = env.playbooks.get(&key.client, from).await.expect("a playbook");
        let nodes =
            old.node(&before.flow, "offer-session").map(|_| ("offer-session".to_owned(), "choose-session".to_owned()));
        let nodes: BTreeMap<String, String> = nodes.into_iter().collect();
        let plan = Plan { key, function: "playbook-migrate", actor: Actor::Operator };
        let cause = |case: &Case| Some(Id::derive(&["migrate", case.key.case.as_str()]));
        let changed = env.change(&plan, None, cause, |draft| {
            if !obstacles(draft.case()?, draft.playbook, &live, &nodes).is_empty() {
                return Ok::<_, Rejection>(None);
            }
            draft.push(Entry::PlaybookMigrated { from, to: live.version, nodes: nodes.clone() })?;
            Ok(Some(()))
        });
        moved += usize::from(matches!(changed.await.expect("a store"), Changed::Mine(..)));
    }
    moved
}

fn house_client() -> banto_domain::ClientId {
    banto_domain::ClientId::parse("yamada").expect("a name")
}

/// Worlds in which everything goes wrong.
fn worlds() -> Vec<Vec<StoredCommit>> {
    let options =
        banto_simulate::Options { cases: 240, seed: 20_261_125, journals: true, ..banto_simulate::Options::default() };
    banto_simulate::run(&options).expect("worlds open").journals
}

/// As few and as short journals as show together everything that any of these shows and the practice doesn't.
fn chosen(journals: Vec<Vec<StoredCommit>>, practice: &[Vec<StoredCommit>]) -> Vec<Vec<StoredCommit>> {
    let size = |journal: &[StoredCommit]| journal.iter().map(|c| c.body.len()).sum::<usize>();
    let mut shown: BTreeSet<String> = practice.iter().flat_map(|j| traits(j)).collect();
    let mut left: Vec<_> = journals.into_iter().map(|j| (traits(&j), size(&j), j)).collect();
    let mut chosen = Vec::new();
    loop {
        left.iter_mut().for_each(|(new, ..)| new.retain(|t| !shown.contains(t)));
        left.retain(|(new, ..)| !new.is_empty());
        let gain = |(new, size, _): &(BTreeSet<String>, usize, _)| new.len() * 1_000_000 / size;
        let Some(best) = (0..left.len()).max_by_key(|n| gain(&left[*n])) else { return chosen };
        let (new, _, journal) = left.swap_remove(best);
        shown.extend(new);
        chosen.push(journal);
    }
}

/// What a journal has in it: every type of entry, and what of its content leads to another fold or another task.
fn traits(journal: &[StoredCommit]) -> BTreeSet<String> {
    let mut traits = BTreeSet::new();
    for stored in journal {
        let commit: Value = serde_json::from_str(&stored.body).expect("JSON");
        for entry in commit["entries"].as_array().into_iter().flatten() {
            traits.insert(entry["type"].to_string());
            let telling = ["reason", "by", "flow"].into_iter().filter(|_| entry["type"] != "step.skipped");
            traits.extend(telling.filter_map(|name| {
                let what = entry[name].as_str()?.split(':').next()?;
                Some(format!("{} {name} {what}", entry["type"]))
            }));
        }
    }
    traits
}
