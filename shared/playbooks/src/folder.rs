//! A folder's files become a [`Playbook`].

use std::collections::BTreeMap;

use banto_domain::billing::Billing;
use banto_domain::booking::{Menu, Reminder};
use banto_domain::calendar::Calendar;
use banto_domain::message::Effect;
use banto_domain::playbook::{
    Attach, Class, Classification, Flow, Form, MailHours, People, Playbook, Question, Quiet, Sender, Template, Text,
    sama,
};
use banto_domain::policy::Policy;
use banto_domain::{ClientId, fact::FactSpec};
use schemars::JsonSchema;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::places::Spot;
use crate::sources::{COMMON_QUESTIONS, Sources};
use crate::{Files, Folder, Problem, check, common};

/// `playbook.yaml`: who the client is, and what can be known, asked for, sorted, booked and bought.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Main {
    /// Version of this file's shape: 1.
    pub(crate) v: u32,
    /// The client's short name, in addresses of forms: lower case letters, digits and hyphens.
    #[schemars(with = "String", regex(pattern = "^[a-z0-9-]{1,40}$"))]
    pub(crate) client: ClientId,
    /// The practice's name.
    pub(crate) name: Text,
    /// IANA zone of the practice: `Asia/Tokyo`.
    pub(crate) zone: String,
    /// Language of the practice's own people: `ja` or `en`.
    #[serde(default = "banto_domain::playbook::japanese")]
    pub(crate) language: String,
    /// Whom mails are from.
    pub(crate) sender: Sender,
    /// The people of today.
    pub(crate) people: People,
    /// What can be known of a case.
    pub(crate) facts: BTreeMap<String, FactSpec>,
    /// Forms, by name.
    pub(crate) forms: BTreeMap<String, Form>,
    /// 受付・分類.
    pub(crate) classification: Classification,
    /// What stands after names in Japanese: 様, さん or 先生.
    #[serde(default = "sama")]
    pub(crate) honorific: String,
    /// When people are left alone: mails with `hours: day` wait for the morning.
    #[serde(default)]
    pub(crate) quiet: Option<Quiet>,
    /// What can be booked and bought, by name.
    #[serde(default)]
    pub(crate) menus: BTreeMap<String, Menu>,
    /// The ladder of reminders before a session, by name.
    #[serde(default)]
    pub(crate) reminders: BTreeMap<String, Reminder>,
    /// How the practice is paid.
    #[serde(default)]
    pub(crate) billing: Option<Billing>,
    /// When sessions may be held. Always today's.
    #[serde(default)]
    pub(crate) calendar: Option<Calendar>,
    /// What rules may decide, by name.
    #[serde(default)]
    pub(crate) policies: BTreeMap<String, Policy>,
}

/// A template's front matter.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Front {
    /// `ja` or `en`, as the file's name says.
    pub(crate) language: String,
    /// The mail's subject; may have placeholders.
    pub(crate) subject: String,
    /// Only `routine` passes the gate by itself.
    pub(crate) class: Class,
    /// What decides when its fate is unknown.
    pub(crate) effect: Effect,
    /// When it may leave: `any`, or `day` when it waits for the morning.
    #[serde(default)]
    pub(crate) hours: MailHours,
    /// What it carries.
    #[serde(default)]
    pub(crate) attach: Option<Attach>,
    /// Who approved it; a template that nobody approved doesn't leave.
    #[serde(default)]
    pub(crate) approved_by: Option<String>,
}

/// A template in one language, as it stands in its file.
pub(crate) struct Written {
    pub(crate) front: Front,
    pub(crate) body: String,
}

/// A template in both languages, as far as they can be read.
#[derive(Default)]
pub(crate) struct Pair {
    pub(crate) ja: Option<Written>,
    pub(crate) en: Option<Written>,
}

/// What could be read. What could not is `None`, but has a name, so that nobody says that it isn't there.
pub(crate) struct Parts {
    pub(crate) main: Option<Main>,
    pub(crate) questions: Option<BTreeMap<String, Question>>,
    pub(crate) templates: BTreeMap<String, Pair>,
    pub(crate) flows: BTreeMap<String, Option<Flow>>,
}

/// Makes a playbook of a folder's files, and checks it.
///
/// # Errors
/// All problems that were found, by file and place.
pub fn load(files: &Files) -> Result<Folder, Vec<Problem>> {
    let sources = Sources::new(files, common());
    let mut problems = Vec::new();
    let parts = parts(&sources, &mut problems);
    let demo_secrets = match files.contains_key("demo-secrets.yaml") {
        true => take(&sources, "demo-secrets.yaml", &mut problems).unwrap_or_default(),
        false => BTreeMap::new(),
    };
    problems.extend(check::all(&parts, &sources));
    problems.sort_by(|a, b| (&a.file, a.at).cmp(&(&b.file, b.at)));
    match parts.playbook().filter(|_| problems.is_empty()) {
        Some(playbook) => Ok(Folder { playbook, demo_secrets }),
        None => Err(problems),
    }
}

fn parts(sources: &Sources, problems: &mut Vec<Problem>) -> Parts {
    let mut questions: Option<BTreeMap<String, Question>> = take(sources, COMMON_QUESTIONS, problems);
    if sources.get("questions.yaml").is_some() {
        let own: Option<BTreeMap<String, Question>> = take(sources, "questions.yaml", problems);
        questions = questions.zip(own).map(|(common, own)| common.into_iter().chain(own).collect());
    }
    let main = take(sources, "playbook.yaml", problems);
    let mut flows = BTreeMap::new();
    for name in sources.names("flows/", ".yaml") {
        flows.insert(name.to_owned(), take(sources, &format!("flows/{name}.yaml"), problems));
    }
    let mut templates: BTreeMap<String, Pair> = BTreeMap::new();
    for name in sources.names("templates/", ".ja.md") {
        templates.entry(name.to_owned()).or_default().ja = template(sources, name, "ja", problems);
    }
    for name in sources.names("templates/", ".en.md") {
        templates.entry(name.to_owned()).or_default().en = template(sources, name, "en", problems);
    }
    Parts { main, questions, templates, flows }
}

fn take<T: DeserializeOwned>(sources: &Sources, path: &str, problems: &mut Vec<Problem>) -> Option<T> {
    let Some(source) = sources.get(path) else {
        problems.push(sources.problem(path, None, "is missing; a playbook needs it".to_owned()));
        return None;
    };
    parse(sources, path, &source.text, 0).map_err(|problem| problems.push(problem)).ok()
}

fn parse<T: DeserializeOwned>(sources: &Sources, path: &str, text: &str, lines_before: u64) -> Result<T, Problem> {
    serde_saphyr::from_str(text).map_err(|e| {
        let at = e.location().map(|l| (lines_before + l.line(), l.column()));
        sources.problem(path, at, message(&e))
    })
}

fn template(sources: &Sources, name: &str, language: &str, problems: &mut Vec<Problem>) -> Option<Written> {
    let path = format!("templates/{name}.{language}.md");
    let text = &sources.get(&path)?.text;
    let read = || {
        let bad = |what: &str| sources.problem(&path, None, what.to_owned());
        let rest =
            text.strip_prefix("---\n").ok_or_else(|| bad("must begin with front matter between two lines of ---"))?;
        let (front, body) =
            rest.split_once("\n---\n").ok_or_else(|| bad("the front matter has no end: add a line of ---"))?;
        let front: Front = parse(sources, &path, front, 1)?;
        if front.language != language {
            let at = sources.at(&path, Spot::Value(&["language"]));
            let what = format!("language is {:?}, but the file's name says {language:?}", front.language);
            return Err(sources.problem(&path, at, what));
        }
        Ok(Written { front, body: body.to_owned() })
    };
    read().map_err(|problem| problems.push(problem)).ok()
}

impl Parts {
    /// The playbook, when everything could be read.
    fn playbook(self) -> Option<Playbook> {
        let main = self.main?;
        Some(Playbook {
            v: main.v,
            client: main.client,
            version: 0,
            name: main.name,
            zone: main.zone,
            language: main.language,
            sender: main.sender,
            people: main.people,
            facts: main.facts,
            forms: main.forms,
            classification: main.classification,
            questions: self.questions?,
            templates: self
                .templates
                .into_iter()
                .map(|(name, pair)| Some((name, pair.template()?)))
                .collect::<Option<_>>()?,
            flows: self.flows.into_iter().map(|(name, flow)| Some((name, flow?))).collect::<Option<_>>()?,
            honorific: main.honorific,
            quiet: main.quiet,
            menus: main.menus,
            reminders: main.reminders,
            billing: main.billing,
            calendar: main.calendar,
            policies: main.policies,
        })
    }
}

impl Pair {
    fn template(self) -> Option<Template> {
        let (ja, en) = (self.ja?, self.en?);
        Some(Template {
            class: ja.front.class,
            effect: ja.front.effect,
            hours: ja.front.hours,
            attach: ja.front.attach,
            // Both languages leave, so both must be approved.
            approved_by: ja.front.approved_by.filter(|_| en.front.approved_by.is_some()),
            subject: Text { ja: ja.front.subject, en: en.front.subject },
            body: Text { ja: ja.body, en: en.body },
        })
    }
}

/// What the parser says, without the place: that stands before it.
fn message(error: &serde_saphyr::Error) -> String {
    let said = error.without_snippet().to_string();
    said.rsplit_once(" at line ").map_or(said.as_str(), |(what, _)| what).to_owned()
}
