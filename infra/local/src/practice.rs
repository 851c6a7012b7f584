//! What practice mode adds to a host: its playbooks, its inquiry forms, cases to look at, and a life lived before the
//! visitor came (`practice/seed.rs`, `practice/cast.rs`). Owns no rule.

mod cast;
pub mod seed;

use std::sync::Arc;

use banto_aws::{Error, Keys, SystemEntropy, World};
use banto_domain::playbook::FactKind;
use banto_domain::playbook::{Form, Person, Signature};
use banto_domain::{CaseId, Playbook};
use banto_playbooks::Folder;
use serde::Deserialize;
use serde_json::Value;

use crate::host::Undelivered;
use crate::http::{CaseReader, Reading};
use crate::pages::{Both, DemoForm, Desk, Field, FieldKind, Lang, Welcome};

/// Publishes playbooks with their demo secrets. A practice that this house knows keeps what was published for it, unless
/// `anew`.
///
/// # Errors
/// When the store can't be reached.
pub async fn publish(world: &World, folders: &[Folder], anew: bool) -> banto_aws::Result<()> {
    for folder in folders {
        if !anew && world.env.playbooks.live(&folder.playbook.client).await?.is_some() {
            continue;
        }
        world.env.playbooks.publish(&folder.playbook, &folder.demo_secrets, &SystemEntropy).await?;
        world.env.go_live(&folder.playbook.client).await?;
    }
    Ok(())
}

/// Cases, read through the ledger.
#[derive(Debug, Clone)]
pub struct Cases(pub World);

impl CaseReader for Cases {
    fn list(&self) -> Reading<'_, Vec<Value>> {
        Box::pin(async {
            let ledger = &self.0.env.ledger;
            let mut cases = Vec::new();
            for key in ledger.cases().await? {
                cases.extend(ledger.show(&key, true).await?);
            }
            cases.sort_by_key(|case| std::cmp::Reverse(case["recorded_at"].as_str().map(str::to_owned)));
            Ok(cases)
        })
    }

    fn get<'a>(&'a self, id: &'a str) -> Reading<'a, Option<Value>> {
        Box::pin(async move {
            let Ok(id) = CaseId::parse(id) else { return Ok(None) };
            let ledger = &self.0.env.ledger;
            // Practice mode has few cases; a path without the client is what design §7 asks for.
            match ledger.cases().await?.into_iter().find(|key| key.case == id) {
                Some(key) => ledger.show(&key, false).await,
                None => Ok(None),
            }
        })
    }
}

/// What the tour offers: the inquiry forms that nobody signs, and whose mailboxes there are.
#[must_use]
pub fn welcome(folders: &[Folder], keys: &Keys) -> Welcome {
    let forms = folders.iter().flat_map(|folder| {
        let unsigned = |form: &&Form| matches!(form.signature, Signature::None { .. });
        let playbook = &folder.playbook;
        let named = playbook.forms.iter().filter(move |(_, form)| unsigned(form));
        named.map(move |(name, form)| inquiry(playbook, name, form))
    });
    let playbooks = || folders.iter().map(|f| &f.playbook);
    let desk = |playbook: &Playbook, coach: &Person| Desk {
        name: coach.name.clone(),
        address: coach.address.clone(),
        practice: Both::new(&playbook.name.ja, &playbook.name.en),
        calendar: format!("/calendar/{}", keys.calendar(&playbook.client, &coach.id)),
    };
    Welcome {
        forms: forms.collect(),
        operators: playbooks()
            .flat_map(|p| p.people.operators.iter().chain(&p.people.others))
            .map(|o| o.address.clone())
            .collect(),
        coaches: playbooks().flat_map(|p| p.people.coaches.iter().map(move |c| desk(p, c))).collect(),
    }
}

fn inquiry(playbook: &Playbook, name: &str, form: &Form) -> DemoForm {
    let lang = Lang::parse(&form.language).unwrap_or_default();
    let label = playbook.flows.get(&form.flow).map(|f| f.label.clone());
    let (ja, en) = label.map_or_else(|| (name.to_owned(), name.to_owned()), |l| (l.ja, l.en));
    let (written_ja, written_en) =
        if lang == Lang::En { ("英語", "in English") } else { ("日本語", "in Japanese") };
    let title = Both::new(
        &format!("{}: {ja}({written_ja})", playbook.name.ja),
        &format!("{}: {en} ({written_en})", playbook.name.en),
    );
    // In the order in which an office asks: who, what, and then the details.
    let order = |fact: &str| ["name", "email", "message"].iter().position(|f| *f == fact).unwrap_or(3);
    let mut facts: Vec<&String> = form.fields.keys().collect();
    facts.sort_by_key(|fact| order(fact));
    let fields = facts.into_iter().filter_map(|fact| {
        let spec = playbook.facts.get(fact)?;
        let shown = |c: &banto_domain::playbook::Choice| (c.name.clone(), c.label.get(&form.language).to_owned());
        let none = [(String::new(), if lang == Lang::En { "(not decided)" } else { "(未定)" }.to_owned())];
        Some(Field {
            name: form.fields[fact].clone(),
            label: Both::new(&spec.label.ja, &spec.label.en),
            kind: match spec.kind {
                FactKind::Email => FieldKind::Email,
                FactKind::Phone => FieldKind::Tel,
                FactKind::Text => FieldKind::Area,
                FactKind::Choice => FieldKind::Choice(none.into_iter().chain(spec.choices.iter().map(shown)).collect()),
                _ => FieldKind::Text,
            },
            required: form.required.contains(fact),
            samples: samples(fact, lang, &form.flow),
        })
    });
    DemoForm { title, lang, action: format!("/hooks/forms/{}/{name}", playbook.client), fields: fields.collect() }
}

/// People whom a visitor may be, with the parts of their addresses before the @.
const PEOPLE: [([&str; 2], [&str; 2]); 5] = [
    (["佐々木 奈緒", "nao"], ["Alice Morgan", "alice"]),
    (["阿部 涼", "ryo.abe"], ["Ben Carter", "ben"]),
    (["石井 桃子", "momoko"], ["Chloe Martin", "chloe"]),
    (["上田 恭平", "kyohei"], ["Dylan Brooks", "dylan"]),
    (["遠藤 千尋", "chihiro"], ["Eleanor Price", "eleanor"]),
];

/// What stands in a form from the start, so that a visitor needs only to send it.
fn samples(fact: &str, lang: Lang, flow: &str) -> Vec<String> {
    let people = PEOPLE.iter().map(|(ja, en)| if lang == Lang::En { en } else { ja });
    let message = match (flow, lang) {
        ("seminar", Lang::Ja) => "グループセミナーに参加したいです。",
        ("seminar", Lang::En) => "I would like to join the group seminar.",
        ("session", Lang::Ja) => "紹介を受けてご連絡しました。コーチングのセッションを申し込みたいです。",
        (_, Lang::Ja) => "無料体験を希望します。転職について相談させてください。",
        ("session", Lang::En) => "A friend recommended you. I would like to book a coaching session.",
        (_, Lang::En) => "I would like to start coaching and hear about your sessions.",
    };
    match fact {
        "name" => people.map(|[name, _]| (*name).to_owned()).collect(),
        "email" => people.map(|[_, part]| format!("{part}@customer.example")).collect(),
        "message" => vec![message.to_owned()],
        _ => Vec::new(),
    }
}

/// What `publish-journal` sets aside: an entry that the bus refused for good.
#[derive(Deserialize)]
struct SetAside {
    #[serde(flatten)]
    key: banto_domain::CaseKey,
    seq: u64,
}

/// Publishes again from the journal what was set aside.
#[must_use]
pub fn undelivered() -> Undelivered {
    Arc::new(|world, body| Box::pin(async move { again(&world, body).await }))
}

async fn again(world: &World, body: Value) -> banto_aws::Result<()> {
    let aside: SetAside =
        serde_json::from_value(body).map_err(|e| Error::Refused(format!("not what was set aside: {e}")))?;
    let journal = world.env.ledger.journal(&aside.key).await?;
    let stored = journal.iter().find(|c| c.seq == aside.seq);
    let stored = stored.ok_or_else(|| Error::Refused(format!("{} has no commit {}", aside.key, aside.seq)))?;
    world.publisher.publish(stored).await
}
