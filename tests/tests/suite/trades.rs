//! Other trades than coaching, as data alone: a sales pipeline and a help desk, told by dates. Each leaves a transcript
//! (`tests/golden/`), case by case; `UPDATE=1 cargo test -p banto-tests` writes them anew.

use std::collections::BTreeMap;

use banto_playbooks::Folder;
use jiff::Timestamp;

use super::flows::{is_told, transcript};
use super::house::House;
use super::steps::body;

mod helpdesk;
mod sales;

/// A house of one trade, and what people did there, by case.
struct Tale {
    house: House,
    client: &'static str,
    cases: Vec<(&'static str, String)>,
    deeds: BTreeMap<String, Vec<(Timestamp, String)>>,
}

impl Tale {
    async fn begin(client: &'static str, now: &str) -> Self {
        let house = House::open_with(&format!("{now}:00+09:00"), &[folder(client, |_| {})]).await;
        Self { house, client, cases: Vec::new(), deeds: BTreeMap::new() }
    }

    async fn on(&mut self, at: &str) -> &mut Self {
        self.house.until(&format!("{at}:00+09:00")).await;
        self
    }

    fn did(&mut self, case: &str, what: &str) {
        self.deeds.entry(case.to_owned()).or_default().push((self.house.host.now(), what.to_owned()));
    }

    /// A plain form opens a case, which the transcript tells of under a title.
    async fn inquires(&mut self, title: &'static str, form: &str, fields: &[(&str, &str)]) -> String {
        let case = self.house.inquire([self.client, form], fields).await;
        self.opened(title, form, case)
    }

    fn opened(&mut self, title: &'static str, form: &str, case: String) -> String {
        self.did(&case, &format!("the form {form} is filled in"));
        self.cases.push((title, case.clone()));
        case
    }

    /// A plain form that reaches a case that is open.
    async fn reaches(&mut self, case: &str, form: &str, fields: &[(&str, &str)]) {
        let fields = [&[("case", case)], fields].concat();
        assert_eq!(self.house.inquire([self.client, form], &fields).await, case, "{form} reaches it");
        self.did(case, &format!("the form {form} is filled in"));
    }

    /// Somebody answers the newest question about a case in their mailbox.
    async fn answers(&mut self, case: &str, who: &str, answer: &str, fields: &[(&str, &str)]) -> &mut Self {
        let token = self.house.open_link(who, case).await;
        let reply = self.house.answer(&token, answer, fields).await;
        assert_eq!(reply.status(), 200, "{who} {answer}: {}", body(&reply));
        self.did(case, &format!("{} answers: {answer}", who.split('@').next().unwrap_or(who)));
        self
    }

    async fn stands(&self, case: &str, expected: &str) {
        assert_eq!(self.house.stands(case).await, expected);
    }

    /// How many mails of a template went to somebody about a case.
    async fn mails(&self, case: &str, to: &str, template: &str) -> usize {
        let all = self.house.mails().await;
        let is_one = |m: &&banto::mailbox::Mail| {
            m.case.as_deref() == Some(case) && m.to.contains(to) && m.template.as_deref() == Some(template)
        };
        all.iter().filter(is_one).count()
    }

    async fn ends(self) {
        self.house.is_in_order().await;
        let mut text = String::new();
        for (title, case) in &self.cases {
            text += &format!("######## {title} ########\n\n");
            text += &transcript(&self.house, case, self.deeds.get(case).map_or(&[], Vec::as_slice)).await;
            text += "\n\n";
        }
        is_told(self.client, text.trim_end());
    }
}

/// A ready-made folder, changed.
fn folder(name: &str, change: impl FnOnce(&mut banto_playbooks::Files)) -> Folder {
    let mut files = banto_playbooks::files_of(name).expect("a ready-made playbook");
    change(&mut files);
    banto_playbooks::load(&files).unwrap_or_else(|problems| panic!("{problems:#?}"))
}
