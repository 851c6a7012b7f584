//! A folder's files become a [`Playbook`].

use std::collections::{BTreeMap, BTreeSet};

use banto_domain::ClientId;
use banto_domain::playbook::{
    Approval, Attach, Billing, Calendar, Class, Classification, Controls, Effect, EmergencyNote, FactSpec, Flow, Form,
    GateRules, GoingLive, Helpline, Import, Ladder, MailHours, Menu, People, Playbook, Policy, Question, Quiet,
    Reminder, Sender, Template, Text, Topic, UNREADABLE, Wanted, sama,
};
use jiff::civil::Date;
use schemars::JsonSchema;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::check::Found;
use crate::places::{At, Spot};
use crate::sources::{COMMON_EMERGENCY, COMMON_QUESTIONS, HELPLINES, Sources};
use crate::{Files, Folder, Problem, check, common, said};

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
    /// 受付・分類; not where no flow sorts inquiries.
    #[serde(default = "unsorted")]
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
    /// What is written about an invoice that isn't paid, by name.
    #[serde(default)]
    pub(crate) ladders: BTreeMap<String, Ladder>,
    /// When sessions may be held. Always today's.
    #[serde(default)]
    pub(crate) calendar: Option<Calendar>,
    /// What rules may decide, by name.
    #[serde(default)]
    pub(crate) policies: BTreeMap<String, Policy>,
    /// What a customer may ask for at any time on their own page, by kind: each starts a side flow `on: request:KIND`.
    #[serde(default)]
    pub(crate) requests: BTreeMap<String, Wanted>,
    /// Who may decide what a rule may not, by name: `mail`, `playbook`, and what nodes of action `approve` name.
    #[serde(default)]
    pub(crate) approvals: BTreeMap<String, Approval>,
    /// What the gate looks at beside what it always does.
    #[serde(default)]
    pub(crate) gate: Option<GateRules>,
    /// Going live in steps: what leaves by itself, part by part.
    #[serde(default)]
    pub(crate) going_live: Option<GoingLive>,
    /// Whether somebody else must agree to what one wants: `two`, or `solo` where a coach works alone.
    #[serde(default)]
    pub(crate) controls: Controls,
    /// How customers come in who were there before: `banto import-customers`.
    #[serde(default)]
    pub(crate) import: Option<Import>,
    /// Whoever writes an emergency word gets the note `emergency-note` at once; without this, only a person answers.
    #[serde(default)]
    pub(crate) emergency: Option<EmergencyNote>,
}

/// Where nothing is sorted.
fn unsorted() -> Classification {
    Classification { at_least: 1, ..Classification::default() }
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
    /// What it is about: `service`, `payment` when it asks for money, `promotion` when it promotes something.
    #[serde(default)]
    pub(crate) topic: Topic,
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

/// Emergency words that every practice has.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Emergency {
    /// The words. New ones are added at the end.
    pub(crate) words: Vec<String>,
    /// Phrases that hold one and are none.
    pub(crate) harmless: Vec<String>,
}

impl Emergency {
    /// A practice's own first, so that theirs keep their numbers.
    fn after(self, mut own: Classification) -> Classification {
        for (all, more) in [(&mut own.emergency, self.words), (&mut own.harmless, self.harmless)] {
            for word in more {
                if !all.contains(&word) {
                    all.push(word);
                }
            }
        }
        own
    }
}

/// What could be read. What could not is `None`, but has a name, so that nobody says that it isn't there.
pub(crate) struct Parts {
    pub(crate) main: Option<Main>,
    pub(crate) emergency: Option<Emergency>,
    pub(crate) helplines: Option<Vec<Helpline>>,
    pub(crate) questions: Option<BTreeMap<String, Question>>,
    pub(crate) templates: BTreeMap<String, Pair>,
    pub(crate) flows: BTreeMap<String, Option<Flow>>,
}

/// The most bytes of a playbook: it is one item of the table, which holds 400 KB.
const MOST: usize = 390_000;

/// Makes a playbook of a folder's files, and checks it.
///
/// # Errors
/// All problems that were found, by file and place.
pub fn load(files: &Files) -> Result<Folder, Vec<Problem>> {
    load_at(files, None)
}

/// As [`load`], and with a day also warns of what is over by then.
///
/// # Errors
/// All problems that were found, by file and place.
pub fn load_at(files: &Files, today: Option<Date>) -> Result<Folder, Vec<Problem>> {
    let sources = Sources::new(files, common());
    let mut problems = Vec::new();
    let parts = parts(&sources, &mut problems);
    let demo_secrets = match files.contains_key("demo-secrets.yaml") {
        true => take(&sources, "demo-secrets.yaml", &mut problems).unwrap_or_default(),
        false => BTreeMap::new(),
    };
    let Found { problems: found, mut warnings } = check::all(&parts, &sources, today);
    problems.extend(found);
    for found in [&mut problems, &mut warnings] {
        found.sort_by(|a, b| (&a.file, a.at).cmp(&(&b.file, b.at)));
        found.dedup();
    }
    let playbook = parts.playbook().filter(|_| problems.is_empty()).ok_or(problems)?;
    match too_large(&playbook) {
        Some(what) => Err(vec![sources.problem("playbook.yaml", None, what)]),
        None => Ok(Folder { playbook, demo_secrets, warnings }),
    }
}

/// What is wrong with a playbook that couldn't be kept.
fn too_large(playbook: &Playbook) -> Option<String> {
    let bytes = serde_json::to_vec(playbook).map_or(usize::MAX, |json| json.len());
    (bytes > MOST).then(|| {
        format!(
            "the playbook has {} KB with all flows, questions and templates, and at most {} KB can be kept; shorten its texts",
            bytes / 1000,
            MOST / 1000
        )
    })
}

fn parts(sources: &Sources, problems: &mut Vec<Problem>) -> Parts {
    let mut questions: Option<BTreeMap<String, Question>> = take(sources, COMMON_QUESTIONS, problems);
    if sources.get("questions.yaml").is_some() {
        let own: Option<BTreeMap<String, Question>> = take(sources, "questions.yaml", problems);
        questions = questions.zip(own).map(|(common, own)| common.into_iter().chain(own).collect());
    }
    let main: Option<Main> = take(sources, "playbook.yaml", problems);
    let emergency = take(sources, COMMON_EMERGENCY, problems);
    let helplines = take(sources, HELPLINES, problems);
    let mut flows = BTreeMap::new();
    for name in sources.names("flows/", ".yaml") {
        flows.insert(name.to_owned(), take(sources, &format!("flows/{name}.yaml"), problems));
    }
    // Without a folder of flows nobody can tell what they would do: that it isn't there is said once.
    if !sources.own().any(|file| file.starts_with("flows/")) {
        let wanted = main.iter().flat_map(|main| main.forms.values()).map(|form| (form.flow.clone(), None));
        flows.extend(wanted.filter(|(name, _)| name != UNREADABLE));
    }
    if sources.get("questions.yaml").is_none() && main.is_some() {
        questions = questions.filter(|questions| are_there(sources, questions, &flows, problems));
    }
    let mut templates: BTreeMap<String, Pair> = BTreeMap::new();
    for name in sources.names("templates/", ".ja.md") {
        templates.entry(name.to_owned()).or_default().ja = template(sources, name, "ja", problems);
    }
    for name in sources.names("templates/", ".en.md") {
        templates.entry(name.to_owned()).or_default().en = template(sources, name, "en", problems);
    }
    Parts { main, emergency, helplines, questions, templates, flows }
}

/// Whether flows ask nothing that a file of questions would have to have. Says so once, rather than of each node.
fn are_there(
    sources: &Sources,
    questions: &BTreeMap<String, Question>,
    flows: &BTreeMap<String, Option<Flow>>,
    problems: &mut Vec<Problem>,
) -> bool {
    let asked =
        flows.values().flatten().flat_map(|flow| flow.nodes.values()).filter_map(|node| node.question.as_deref());
    let lacking: BTreeSet<&str> = asked.filter(|name| !questions.contains_key(*name)).collect();
    if !lacking.is_empty() {
        let names: Vec<&str> = lacking.iter().copied().collect();
        let what = format!("is missing, and the flows ask {}; add it", names.join(", "));
        problems.push(sources.problem("questions.yaml", None, what));
    }
    lacking.is_empty()
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
        let (at, what) = said::said(&e, sources.places(path), lines_before);
        sources.problem(path, at, what)
    })
}

/// The most lines of a template, and the most characters of one. What reads templates counts both in 16 bits.
const LONGEST: usize = 10_000;

/// Where a template is too long to be read.
fn too_long(text: &str) -> Option<(At, String)> {
    let lines = text.split('\n').zip(1_u64..);
    let mut found = lines.filter_map(|(line, n)| match n {
        n if n > LONGEST as u64 => Some(((n, 1), format!("the template has more than {LONGEST} lines; shorten it"))),
        n if line.len() > LONGEST && line.chars().count() > LONGEST => {
            Some(((n, 1), format!("the line has more than {LONGEST} characters; break it")))
        }
        _ => None,
    });
    found.next()
}

fn template(sources: &Sources, name: &str, language: &str, problems: &mut Vec<Problem>) -> Option<Written> {
    let path = format!("templates/{name}.{language}.md");
    let text = &sources.get(&path)?.text;
    let read = || {
        let bad = |what: &str| sources.problem(&path, None, what.to_owned());
        if let Some((at, what)) = too_long(text) {
            return Err(sources.problem(&path, Some(at), what));
        }
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
        if front.subject.chars().count() > LONGEST {
            let at = sources.at(&path, Spot::Value(&["subject"]));
            return Err(sources.problem(
                &path,
                at,
                format!("the subject has more than {LONGEST} characters; shorten it"),
            ));
        }
        Ok(Written { front, body: body.to_owned() })
    };
    read().map_err(|problem| problems.push(problem)).ok()
}

impl Parts {
    /// The flows that could be read.
    pub(crate) fn whole_flows(&self) -> BTreeMap<String, Flow> {
        self.flows.iter().filter_map(|(name, flow)| Some((name.clone(), flow.clone()?))).collect()
    }

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
            classification: self.emergency?.after(main.classification),
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
            ladders: main.ladders,
            calendar: main.calendar,
            policies: main.policies,
            requests: main.requests,
            approvals: main.approvals,
            controls: main.controls,
            gate: main.gate,
            going_live: main.going_live,
            import: main.import,
            emergency: main.emergency,
            helplines: self.helplines?,
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
            topic: ja.front.topic,
            // Both languages leave, so both must be approved.
            approved_by: ja.front.approved_by.filter(|_| en.front.approved_by.is_some()),
            subject: Text { ja: ja.front.subject, en: en.front.subject },
            body: Text { ja: ja.body, en: en.body },
        })
    }
}
