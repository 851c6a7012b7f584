//! Playbooks: one file of a ready-made folder is another. What is refused is refused at a place; what passes the check can
//! be drawn, published and read back, and a case takes its first steps under it.

use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use banto_domain::Playbook;
use banto_domain::playbook::{FactKind, Form, Signature};
use banto_playbooks::{Files, Folder, diagram, files_of};
use serde_json::Value;

use super::heard;
use super::house::House;
use super::request::Request;
use super::run::Way;
use super::sign;

pub(crate) struct Playbooks;

/// A playbook is read within this time.
const LONGEST: Duration = Duration::from_secs(10);

/// An input is `PLAYBOOK FILE` in its first line, and then that file. The playbook's name, and its files.
fn files(input: &[u8]) -> Option<(String, Files)> {
    let text = String::from_utf8_lossy(input);
    let (first, rest) = text.split_once('\n')?;
    let (name, file) = first.split_once(' ')?;
    let mut files = files_of(name)?;
    files.insert(file.trim().to_owned(), rest.to_owned());
    Some((name.to_owned(), files))
}

/// A playbook as it was, as JSON: what a change left as it was is not looked at again.
fn before(name: &str) -> Value {
    static ALL: Mutex<BTreeMap<String, Value>> = Mutex::new(BTreeMap::new());
    let mut all = ALL.lock().expect("sound");
    let read = || banto_playbooks::load(&files_of(name).expect("a playbook")).expect("no problems").playbook;
    all.entry(name.to_owned()).or_insert_with(|| serde_json::to_value(read()).expect("JSON")).clone()
}

/// Flows are drawn, and those that changed as pictures.
fn drawn(playbook: &Playbook, now: &Value, before: &Value) -> Result<(), String> {
    for flow in playbook.flows.keys() {
        let changed = now["flows"][flow] != before["flows"][flow];
        let picture = !changed || diagram::svg(playbook, flow, "en").is_some();
        if !picture || diagram::mermaid(playbook, flow, "ja").is_none() {
            return Err(format!("{flow} can't be drawn"));
        }
    }
    Ok(())
}

/// It can be published and read back; its JSON.
fn read_back(playbook: &Playbook) -> Result<Value, String> {
    let written = serde_json::to_string(playbook).map_err(|e| format!("can't be written: {e}"))?;
    let read: Playbook = serde_json::from_str(&written).map_err(|e| format!("can't be read back: {e}"))?;
    let again = serde_json::to_string(&read).map_err(|e| format!("can't be written again: {e}"))?;
    if again != written {
        return Err("isn't what was written".to_owned());
    }
    serde_json::from_str(&written).map_err(|e| format!("is no JSON: {e}"))
}

/// What somebody writes into a form.
fn filled(playbook: &Playbook, form: &Form) -> Vec<(String, String)> {
    let value = |fact: &String| {
        let spec = playbook.facts.get(fact)?;
        Some(match spec.kind {
            FactKind::Email => "nao@customer.example".to_owned(),
            FactKind::Phone => "03-1234-5678".to_owned(),
            FactKind::Choice => spec.choices.first()?.name.clone(),
            FactKind::Date => "2026-12-10".to_owned(),
            FactKind::Number | FactKind::Money => "3".to_owned(),
            FactKind::Consent => "yes".to_owned(),
            FactKind::Person => playbook.people.operators.first()?.id.clone(),
            FactKind::Time => "10:00".to_owned(),
            FactKind::Line | FactKind::Text => "コーチングの無料体験を希望します。 coaching programme".to_owned(),
        })
    };
    form.fields.iter().filter_map(|(fact, field)| Some((field.clone(), value(fact)?))).collect()
}

/// As its provider sends it.
fn body(form: &Form, fields: &[(String, String)]) -> String {
    let mut json = serde_json::json!({});
    for (at, value) in fields {
        let mut place = &mut json;
        for key in at.trim_start_matches('/').split('/') {
            if !place.is_object() {
                *place = serde_json::json!({});
            }
            place = &mut place[key];
        }
        *place = value.clone().into();
    }
    if let Some(id) = form.id.as_deref().filter(|id| id.matches('/').count() == 1) {
        json[id.trim_start_matches('/')] = "e1".into();
    }
    json.to_string()
}

async fn first_steps(folder: &Folder) -> Result<(), String> {
    let house = House::try_open(std::slice::from_ref(folder)).await?;
    let playbook = &folder.playbook;
    let mut begun = BTreeSet::new();
    for (name, form) in &playbook.forms {
        if !begun.insert((&form.flow, &form.start)) {
            continue;
        }
        let path = format!("/hooks/forms/{}/{name}", playbook.client);
        let fields = filled(playbook, form);
        let post = format!("POST {path}\ncontent-type: application/json\n\n{}", body(form, &fields));
        let mut request = Request::parse(post.as_bytes());
        let secret = folder.demo_secrets.get(&format!("form:{name}"));
        match (&form.signature, secret) {
            (Signature::None { .. }, _) => {}
            (scheme, Some(secret)) => sign::form(&mut request, scheme, secret, house.host.now()),
            // Nobody can sign for it.
            (_, None) => continue,
        }
        let answer = house.ask(&request).await.ok_or_else(|| format!("{name}: no address {path}"))?;
        heard::panicked()?;
        heard::expects(answer.status, &[202, 400, 429]).map_err(|why| format!("{name} {why}"))?;
    }
    house.settle().await?;
    house.wait(30).await?;
    house.is_in_order().await
}

impl Way for Playbooks {
    const NAME: &'static str = "playbook";
    const ODD: &'static [&'static str] = &[
        "P1M",
        "P1Y2M3DT4H",
        "PT1S",
        "P99999999999D",
        "-09:00",
        "2026-12-01",
        "9999999999",
        "{ ja: あ, en: a }",
        "&a",
        "*a",
        "<<: *a",
        "!!binary ",
        "|\n  ",
        "- ",
        "? ",
        "---\n",
        "...\n",
        "{{ link }}",
        "{{ customer }}",
        "{{ 1/0 }}",
        "{% for x in range(99999) %}a{% endfor %}",
        "{% include 'x' %}",
        "{# ",
        "size(message) > 0 && ",
        "true",
        "paid",
        "fact:name",
        "policy:by-menu",
        "end:done",
        "main:",
        "group:nobody",
        "customer",
        "operator",
        "Asia/Tokyo",
        "America/New_York",
        "FREQ=SECONDLY",
        "FREQ=YEARLY;BYMONTHDAY=31",
        "(a+)+$",
        "\"(\"",
        "open-ask",
        "wait",
        "run-flow",
        "JPY",
        "KWD",
    ];
    const CHANGES: usize = 3;
    const ROUND: usize = 200;

    /// All files of the ready-made playbooks; those that say more, more often than a single mail.
    fn seeds() -> Vec<Vec<u8>> {
        let of = |name: &'static str| {
            let files = files_of(name).expect("a ready-made playbook").into_iter();
            let files = files.filter(|(file, _)| file != "demo-secrets.yaml" && file != "FLOWS.md");
            files.flat_map(move |(file, text)| {
                let often = if file.ends_with(".yaml") { 8 } else { 1 };
                vec![format!("{name} {file}\n{text}").into_bytes(); often]
            })
        };
        ["yamada", "harbor", "sales", "helpdesk"].into_iter().flat_map(of).collect()
    }

    async fn open() -> Self {
        Self
    }

    async fn play(&mut self, input: &[u8]) -> Result<(), String> {
        let Some((name, files)) = files(input) else { return Ok(()) };
        let began = Instant::now();
        let loaded = catch_unwind(AssertUnwindSafe(|| banto_playbooks::load(&files)));
        heard::panicked()?;
        if began.elapsed() > LONGEST {
            return Err(format!("read in {} s", began.elapsed().as_secs()));
        }
        match loaded {
            Err(_) => Err("panicked".to_owned()),
            Ok(Err(problems)) if problems.is_empty() => Err("refused for no reason".to_owned()),
            Ok(Err(_)) => Ok(()),
            Ok(Ok(folder)) => {
                let (now, before) = (read_back(&folder.playbook)?, before(&name));
                if now == before {
                    return Ok(());
                }
                drawn(&folder.playbook, &now, &before)?;
                heard::panicked()?;
                first_steps(&folder).await
            }
        }
    }

    async fn close(self) -> Result<(), String> {
        Ok(())
    }
}
