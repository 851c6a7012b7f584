//! A folder's files become a [`Playbook`].

use std::collections::BTreeMap;

use banto_domain::message::Effect;
use banto_domain::playbook::{Class, Classification, Flow, Form, People, Playbook, Question, Sender, Template, Text};
use banto_domain::{ClientId, fact::FactSpec};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::{Files, Folder, Problem, check, common};

/// `playbook.yaml`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Main {
    v: u32,
    client: ClientId,
    name: Text,
    zone: String,
    sender: Sender,
    people: People,
    facts: BTreeMap<String, FactSpec>,
    forms: BTreeMap<String, Form>,
    classification: Classification,
}

/// A template's front matter.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Front {
    language: String,
    subject: String,
    class: Class,
    effect: Effect,
    #[serde(default)]
    approved_by: Option<String>,
}

/// Makes a playbook of a folder's files, and checks it.
///
/// # Errors
/// All problems that were found.
pub fn load(files: &Files) -> Result<Folder, Vec<Problem>> {
    let mut problems = Vec::new();
    let mut all = common();
    let mut questions: BTreeMap<String, Question> = take(&all, "questions.yaml", &mut problems).unwrap_or_default();
    all.extend(files.iter().map(|(name, text)| (name.clone(), text.clone())));
    if files.contains_key("questions.yaml") {
        questions
            .extend(take::<BTreeMap<String, Question>>(files, "questions.yaml", &mut problems).unwrap_or_default());
    }
    let main: Option<Main> = take(files, "playbook.yaml", &mut problems);
    let flows = named(&all, "flows/", ".yaml", |file| take::<Flow>(&all, file, &mut problems));
    let templates = templates(&all, &mut problems);
    let demo_secrets = match files.contains_key("demo-secrets.yaml") {
        true => take(files, "demo-secrets.yaml", &mut problems).unwrap_or_default(),
        false => BTreeMap::new(),
    };
    let Some(main) = main.filter(|_| problems.is_empty()) else { return Err(problems) };
    let playbook = Playbook {
        v: main.v,
        client: main.client,
        version: 0,
        name: main.name,
        zone: main.zone,
        sender: main.sender,
        people: main.people,
        facts: main.facts,
        forms: main.forms,
        classification: main.classification,
        questions,
        templates,
        flows,
    };
    let problems = check::all(&playbook);
    if problems.is_empty() { Ok(Folder { playbook, demo_secrets }) } else { Err(problems) }
}

fn take<T: DeserializeOwned>(files: &Files, name: &str, problems: &mut Vec<Problem>) -> Option<T> {
    let Some(text) = files.get(name) else {
        problems.push(Problem { file: name.to_owned(), at: None, what: "is missing; a playbook needs it".to_owned() });
        return None;
    };
    parse(text, name, 0).map_err(|p| problems.push(p)).ok()
}

fn parse<T: DeserializeOwned>(text: &str, file: &str, lines_before: u64) -> Result<T, Problem> {
    serde_saphyr::from_str(text).map_err(|e| {
        let at = e.location().map(|l| (lines_before + l.line(), l.column()));
        Problem { file: file.to_owned(), at, what: message(&e) }
    })
}

fn named<T>(files: &Files, dir: &str, end: &str, mut read: impl FnMut(&str) -> Option<T>) -> BTreeMap<String, T> {
    let name = |file: &String| Some(file.strip_prefix(dir)?.strip_suffix(end)?.to_owned());
    files.keys().filter_map(|file| Some((name(file)?, read(file)?))).collect()
}

fn templates(files: &Files, problems: &mut Vec<Problem>) -> BTreeMap<String, Template> {
    let one = |file: &str| template(file, files.get(file)?).map_err(|p| problems.push(p)).ok();
    let ja = named(files, "templates/", ".ja.md", one);
    let one = |file: &str| template(file, files.get(file)?).map_err(|p| problems.push(p)).ok();
    let mut en = named(files, "templates/", ".en.md", one);
    let mut templates = BTreeMap::new();
    for (name, (front, body)) in ja {
        let Some((front_en, body_en)) = en.remove(&name) else {
            let what = "is missing; each template needs Japanese and English".to_owned();
            problems.push(Problem { file: format!("templates/{name}.en.md"), at: None, what });
            continue;
        };
        if front.class != front_en.class || front.effect != front_en.effect {
            let what = format!("class and effect must be those of {name}.ja.md");
            problems.push(Problem { file: format!("templates/{name}.en.md"), at: None, what });
        }
        let template = Template {
            class: front.class,
            effect: front.effect,
            // Both languages leave, so both must be approved.
            approved_by: front.approved_by.filter(|_| front_en.approved_by.is_some()),
            subject: Text { ja: front.subject, en: front_en.subject },
            body: Text { ja: body, en: body_en },
        };
        templates.insert(name, template);
    }
    for name in en.keys() {
        let what = "is missing; each template needs Japanese and English".to_owned();
        problems.push(Problem { file: format!("templates/{name}.ja.md"), at: None, what });
    }
    templates
}

fn template(file: &str, text: &str) -> Result<(Front, String), Problem> {
    let bad = |what: &str| Problem { file: file.to_owned(), at: Some((1, 1)), what: what.to_owned() };
    let rest =
        text.strip_prefix("---\n").ok_or_else(|| bad("must begin with front matter between two lines of ---"))?;
    let (front, body) =
        rest.split_once("\n---\n").ok_or_else(|| bad("the front matter has no end: add a line of ---"))?;
    let front: Front = parse(front, file, 1)?;
    let language = file.trim_end_matches(".md").rsplit('.').next().unwrap_or("");
    if front.language != language {
        return Err(bad(&format!("language is {:?}, but the file's name says {language:?}", front.language)));
    }
    Ok((front, body.to_owned()))
}

/// What the parser says, without the place: that stands before it.
fn message(error: &serde_saphyr::Error) -> String {
    let said = error.without_snippet().to_string();
    said.rsplit_once(" at line ").map_or(said.as_str(), |(what, _)| what).to_owned()
}
