//! Forms: what is rightly signed is stored, whatever it is; the rest is stored or refused with one of the answers that
//! the surface names.

use std::collections::BTreeMap;

use banto_domain::playbook::Signature;
use banto_playbooks::Folder;

use super::heard;
use super::house::House;
use super::request::{Request, Sign};
use super::run::Way;
use super::sign;

pub(crate) struct Forms {
    house: House,
    folders: BTreeMap<String, Folder>,
    played: u32,
}

pub(crate) fn all_folders() -> Vec<Folder> {
    [banto_playbooks::ready_made(), banto_playbooks::trades()].into_iter().flatten().flatten().collect()
}

/// The largest body that is taken.
const MOST: usize = 1024 * 1024;

impl Forms {
    /// What may be answered to it.
    fn may(&self, request: &Request) -> &'static [u16] {
        let Some(signature) = self.signature(request) else { return &[202, 400, 401, 404, 405, 413, 429] };
        match (signature, request.sign) {
            _ if request.method != "POST" => &[405],
            _ if request.body.len() > MOST => &[400, 413],
            (Signature::None { .. }, _) => &[202, 400, 429],
            (_, Sign::Rightly) => &[202],
            (_, Sign::Wrongly | Sign::Not) => &[401],
        }
    }

    fn signature(&self, request: &Request) -> Option<&Signature> {
        let (client, form) = request.path.strip_prefix("/hooks/forms/")?.split_once('/')?;
        Some(&self.folders.get(client)?.playbook.forms.get(form)?.signature)
    }

    /// A case, or what a stranger wrote beside one that is open: its number stands in that one's journal.
    async fn is_there(&self, client: &str, number: &str) -> bool {
        if self.house.case(&House::key(client, number)).await.is_some() {
            return true;
        }
        let ledger = &self.house.host.world().env.ledger;
        for key in ledger.cases().await.expect("cases") {
            let journal = ledger.journal(&key).await.expect("a journal");
            if journal.iter().any(|stored| stored.body.contains(number)) {
                return true;
            }
        }
        false
    }

    fn sign(&self, request: &mut Request) {
        let Some(signature) = self.signature(request).cloned() else { return };
        let path = request.path.clone();
        let (client, form) = path.trim_start_matches("/hooks/forms/").split_once('/').expect("a form");
        let secret = self.folders[client].demo_secrets.get(&format!("form:{form}"));
        sign::form(request, &signature, secret.map_or("", String::as_str), self.house.host.now());
    }
}

impl Way for Forms {
    const NAME: &'static str = "form";
    const ODD: &'static [&'static str] = &[
        "_charset_=utf-16le",
        "; charset=iso-2022-jp",
        "; charset=shift_jis",
        "text/html",
        "multipart/form-data; boundary=x",
        "application/json",
        "application/x-www-form-urlencoded",
        "&#128128;",
        "a@b.example",
        "\"a\"@b.example, c@d.example",
        "case",
        "%ED%A0%80",
        "sign: wrong",
        "sign: no",
        "しにたい",
        "ｓｉ",
        "GET",
    ];
    const CHANGES: usize = 6;
    const ROUND: usize = 120;

    async fn open() -> Self {
        let folders = all_folders();
        let house = House::open(&folders).await;
        let named = folders.into_iter().map(|folder| (folder.playbook.client.to_string(), folder)).collect();
        Self { house, folders: named, played: 0 }
    }

    async fn play(&mut self, input: &[u8]) -> Result<(), String> {
        let mut request = Request::parse(input);
        self.sign(&mut request);
        let Some(answer) = self.house.ask(&request).await else { return Ok(()) };
        heard::panicked()?;
        let may = self.may(&request);
        heard::expects(answer.status, may)?;
        let json = answer.json();
        if let (202, Some(case)) = (answer.status, json["case"].as_str()) {
            let client = request.path.split('/').nth(3).unwrap_or_default();
            let known = self.folders.contains_key(client);
            if known && !self.is_there(client, case).await {
                return Err(format!("{case} was answered 202 and is not there"));
            }
        }
        self.played += 1;
        if self.played.is_multiple_of(10) {
            self.house.settle().await?;
        }
        // So that a form of strangers takes more.
        if self.played.is_multiple_of(40) {
            self.house.wait(2).await?;
        }
        Ok(())
    }

    async fn close(self) -> Result<(), String> {
        self.house.wait(40).await?;
        self.house.is_in_order().await
    }
}
