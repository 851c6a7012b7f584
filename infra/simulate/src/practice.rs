//! A practice of the simulator alone, for what the ready-made ones don't have: side flows, groups, deputies, shifts. Owns
//! its playbook, and who works there when: people come and go while cases run.

use std::collections::BTreeMap;

use banto_domain::Playbook;
use banto_domain::playbook::{COACHES, Deputy, GoingLive, OF_MAIL, Part, People, Stage, Text, To};
use banto_playbooks::{Files, Folder};
use include_dir::{Dir, include_dir};
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp, ToSpan};

use super::Failure;
use super::rng::Rng;

/// The client.
pub(super) const MINATO: &str = "minato";
static FOLDER: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/playbooks/minato");

/// How long a handler may be under way with what it has read.
const UNDER_WAY: SignedDuration = SignedDuration::from_mins(5);

/// What a template is about, and which placeholders its body needs.
const TEMPLATES: [(&str, &str, &str); 17] = [
    ("acknowledge", "service", ""),
    ("need", "service", "{{ link }} {{ deadline }}"),
    ("need-again", "service", "{{ link }} {{ deadline }}"),
    ("survey", "service", "{{ link }} {{ deadline }}"),
    ("gave-up", "service", ""),
    ("unpaid", "service", ""),
    ("sorry", "service", ""),
    ("closing", "service", ""),
    ("to-office", "service", ""),
    ("pester-one", "service", ""),
    ("pester-two", "service", ""),
    ("receipt", "payment", "{{ amount }} {{ receipt_number }}"),
    ("invoice", "payment", "{{ amount }} {{ due_on }} {{ pay_link }} {{ bank }}"),
    ("payment-failed", "payment", "{{ amount }}"),
    ("pay-reminder", "payment", ""),
    ("pay-reminder-again", "payment", ""),
    ("promotion", "promotion", ""),
];
/// Those that somebody looks at before they leave.
const EXCEPTIONS: [&str; 2] = ["unpaid", "sorry"];
/// Those that wait for the morning.
const BY_DAY: [&str; 3] = ["pay-reminder", "promotion", "closing"];

/// The playbook's folder, checked as every other.
pub(super) fn folder() -> Result<Folder, Failure> {
    let mut files = Files::new();
    let mut dirs = vec![&FOLDER];
    while let Some(dir) = dirs.pop() {
        dirs.extend(dir.dirs());
        let text = |f: &include_dir::File<'_>| Some((f.path().display().to_string(), f.contents_utf8()?.to_owned()));
        files.extend(dir.files().filter_map(text));
    }
    for (name, topic, says) in TEMPLATES.iter().chain([&("promotion-again", "promotion", "")]) {
        for language in ["ja", "en"] {
            files.insert(format!("templates/{name}.{language}.md"), template(name, topic, says, language));
        }
    }
    banto_playbooks::load(&files).map_err(|problems| {
        let said: Vec<String> = problems.iter().map(ToString::to_string).collect();
        Failure::SetUp(format!("{MINATO}: {}", said.join("\n")))
    })
}

fn template(name: &str, topic: &str, says: &str, language: &str) -> String {
    let twice = if language == "ja" {
        "同じメールが二度届いている場合があります。"
    } else {
        "You may receive this mail twice."
    };
    let hours = if BY_DAY.contains(&name) { "hours: day\n" } else { "" };
    let class = if EXCEPTIONS.contains(&name) { "exception" } else { "routine" };
    // Mails to the practice's own people say nothing of what customers wrote.
    let greets = if name == "to-office" { "" } else { "{{ customer }}\n\n" };
    format!(
        "---\nlanguage: {language}\nsubject: \"{name} {{{{ number }}}}\"\nclass: {class}\neffect: information\ntopic: {topic}\n\
         {hours}approved_by: tani\n---\n{greets}{name}\n\n{says}\n{{% if again %}}\n{twice}\n{{% endif %}}\n"
    )
}

/// Gives the practice its deputies, by the days of its world.
pub(super) fn furnish(playbook: &mut Playbook, seed: u64, begins: Timestamp) {
    if playbook.client.as_str() == MINATO {
        let mut rng = Rng::of(seed, &["deputies"]);
        let first = begins.to_zoned(playbook.time_zone()).date();
        let day = |n: i64| first.saturating_add(n.days());
        let mut away = |of: &str, by: &str| {
            let from = rng.between(0, 9);
            let (from, to) = (day(from), day(from + rng.between(1, 8)));
            Deputy { of: of.to_owned(), by: by.to_owned(), from, to }
        };
        playbook.people.deputies =
            vec![away("kaji", "ono"), away("ono", "seki"), away("mori", "baba"), away("doi", "tani")];
        // In a third of all worlds.
        playbook.going_live = (seed % 3 == 1).then(|| going_live(seed));
    }
}

/// What begins beside a case goes live in steps, in each world from another one on; the rest has.
fn going_live(seed: u64) -> GoingLive {
    let mut rng = Rng::of(seed, &["going live"]);
    let begins = Stage::EACH[rng.index(Stage::EACH.len())];
    let part = |name: &str, flows: &[&str], begins| Part {
        name: name.to_owned(),
        label: Text { ja: name.to_owned(), en: name.to_owned() },
        flows: flows.iter().map(|flow| (*flow).to_owned()).collect(),
        topics: Vec::new(),
        begins,
    };
    GoingLive {
        to: To::Group(COACHES.to_owned()),
        approval: OF_MAIL.to_owned(),
        parts: vec![
            part("beside", &["promotion", "dunning", "check-invoice", "bad-survey"], begins),
            part("rest", &[], Stage::All),
        ],
    }
}

/// Who works there in the `n`th version after the first: somebody has left, groups are others, and nobody is away any more.
pub(super) fn changed(people: &People, n: usize) -> People {
    let mut people = people.clone();
    people.deputies.clear();
    let left = if n == 0 { "seki" } else { "mori" };
    people.operators.retain(|p| p.id != left);
    people.shifts.iter_mut().for_each(|shift| shift.who.retain(|id| id != left));
    people.shifts.retain(|shift| !shift.who.is_empty());
    for ids in people.groups.values_mut() {
        ids.retain(|id| id != left);
    }
    if n == 0
        && let Some(finance) = people.groups.get_mut("finance")
    {
        finance.retain(|id| id != "kaji");
    }
    people
}

/// Who worked for a client, from when on.
#[derive(Debug, Clone, Default)]
pub(super) struct Rosters(BTreeMap<String, Vec<(Timestamp, People)>>);

impl Rosters {
    /// A version of a playbook is published.
    pub(super) fn note(&mut self, client: &str, at: Timestamp, people: &People) {
        self.0.entry(client.to_owned()).or_default().push((at, people.clone()));
    }

    /// The people of a time; also those of a moment before: a handler that was under way knew only them.
    pub(super) fn around(&self, client: &str, at: Timestamp) -> Vec<&People> {
        let rosters = self.0.get(client).map(Vec::as_slice).unwrap_or_default();
        let before = at.saturating_sub(UNDER_WAY).unwrap_or(at);
        let first = rosters.iter().rposition(|(from, _)| *from <= before).unwrap_or(0);
        rosters.iter().skip(first).take_while(|(from, _)| *from <= at).map(|(_, people)| people).collect()
    }

    /// All clients' people of today.
    pub(super) fn today(&self) -> impl Iterator<Item = (&str, &People)> {
        self.0.iter().filter_map(|(client, rosters)| Some((client.as_str(), &rosters.last()?.1)))
    }
}

/// Whether somebody works there.
pub(super) fn works_there(people: &People, id: &str) -> bool {
    people.all().any(|p| p.id == id)
}

/// Whether somebody may act for one of these on a day: it is their own, or who is away is deputed to them, by one or by
/// some (each for the other is nobody's).
pub(super) fn may_act(people: &People, id: &str, asked: &[String], day: Date) -> bool {
    let by =
        |of: &str| people.deputies.iter().find(|d| d.of == of && d.from <= day && day <= d.to).map(|d| d.by.as_str());
    works_there(people, id)
        && asked.iter().any(|asked| {
            let chain = std::iter::successors(Some(asked.as_str()), |of| by(of)).take(people.deputies.len() + 1);
            chain.into_iter().any(|acting| acting == id)
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_playbook_is_one() {
        let folder = folder().unwrap_or_else(|e| panic!("{e}"));
        for n in 0..2 {
            assert!(
                works_there(&folder.playbook.people, "seki")
                    && !works_there(&changed(&folder.playbook.people, n), ["seki", "mori"][n])
            );
        }
    }
}
