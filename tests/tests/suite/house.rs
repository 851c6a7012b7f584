//! A house that a test lives in: functions, bus, queues, clock and mailbox as a visitor of practice mode has them. Time
//! is moved, never slept.

use banto::clock::ClockMode;
use banto::engine::Place;
use banto::host::{Host, HostConfig, Layer};
use banto::mailbox::Mail;
use banto::pay::{self, Outcome};
use banto::practice;
use banto_aws::reader::{examine_all, verify_all};
use banto_aws::{PathParams, Reply, Request};
use banto_domain::{CaseKey, Commit};
use banto_playbooks::Folder;
use bytes::Bytes;
use http::StatusCode;
use serde_json::Value;

use super::steps::{body, encode, shown};

pub(crate) struct House {
    pub(crate) host: Host,
}

impl House {
    pub(crate) async fn open(now: &str) -> Self {
        Self::open_with(now, &banto_playbooks::ready_made().expect("no problems")).await
    }

    /// With something between the services and their clients.
    pub(crate) async fn open_behind(now: &str, layer: Layer) -> Self {
        Self::open_all(now, &banto_playbooks::ready_made().expect("no problems"), Some(layer)).await
    }

    pub(crate) async fn open_with(now: &str, folders: &[Folder]) -> Self {
        Self::open_all(now, folders, None).await
    }

    async fn open_all(now: &str, folders: &[Folder], layer: Option<Layer>) -> Self {
        let clock = ClockMode::Manual(Some(now.parse().expect("an instant")));
        let url = "http://127.0.0.1:8080".to_owned();
        let mut config = HostConfig::new(Place::Memory, clock, url, banto_tests::keys()).expect("a template");
        config.undelivered = Some(practice::undelivered());
        config.layer = layer;
        let host = Host::open(config).await.expect("a house");
        practice::publish(host.world(), folders, true).await.expect("published");
        Self { host }
    }

    pub(crate) async fn http(
        &self,
        function: &str,
        params: &[(&str, &str)],
        request: http::request::Builder,
        content: impl AsRef<[u8]>,
    ) -> Reply {
        let mut request: Request = request.body(Bytes::copy_from_slice(content.as_ref())).expect("a request");
        let params = params.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
        request.extensions_mut().insert(PathParams(params));
        let reply = self.host.request(function, request).await.expect("an answer");
        self.host.idle().await.expect("idle");
        reply
    }

    pub(crate) async fn submit(&self, form: [&str; 2], fields: &[(&str, &str)]) -> Reply {
        let request = http::Request::post("/").header("content-type", "application/x-www-form-urlencoded");
        let params = [("client", form[0]), ("form", form[1])];
        self.http("receive-form", &params, request, &encode(fields)).await
    }

    pub(crate) async fn inquire(&self, form: [&str; 2], fields: &[(&str, &str)]) -> String {
        let reply = self.submit(form, fields).await;
        assert_eq!(reply.status(), 202, "{}", body(&reply));
        let answer: Value = serde_json::from_slice(reply.body()).expect("JSON");
        answer["case"].as_str().expect("a case").to_owned()
    }

    /// Everything that is due until then happens in order, at its own time.
    pub(crate) async fn until(&self, to: &str) {
        self.host.advance(to.parse().expect("an instant")).await.expect("advanced");
    }

    /// What was sent, oldest first: `12-01 09:00 to template`. Mails to one person leave in the order in which they were
    /// wanted; those to different people at one instant have no order, so they are listed by address.
    pub(crate) async fn post(&self) -> Vec<String> {
        let zone = jiff::tz::TimeZone::get("Asia/Tokyo").expect("a zone");
        let line = |m: &Mail| {
            let at: jiff::Timestamp = m.sent_at.to_string().parse().expect("an instant");
            let at = at.to_zoned(zone.clone()).strftime("%m-%d %H:%M").to_string();
            format!("{at} {} {}", m.to, m.template.clone().unwrap_or_default())
        };
        let mut mails = self.mails().await;
        mails.reverse();
        mails.sort_by_key(|m| (m.sent_at, m.to.clone()));
        mails.iter().map(line).collect()
    }

    /// Newest first.
    pub(crate) async fn mails(&self) -> Vec<Mail> {
        self.host.mails().await.expect("mails")
    }

    /// The link of the newest mail to this address that has one.
    pub(crate) async fn link(&self, to: &str) -> String {
        let mails = self.mails().await;
        let text = mails.iter().filter(|m| m.to.contains(to)).find(|m| m.text.contains("/a/")).expect("a link");
        let token = text.text.split("/a/").nth(1).expect("a token");
        token.split_whitespace().next().expect("a token").to_owned()
    }

    pub(crate) async fn look(&self, token: &str) -> Reply {
        self.http("answer-ask", &[("token", token)], http::Request::get("/"), "").await
    }

    /// What a page's form sends, as it is; the status and what is said.
    pub(crate) async fn press(&self, token: &str, fields: &[(&str, &str)]) -> (StatusCode, String) {
        let reply = self.http("answer-ask", &[("token", token)], http::Request::post("/"), &encode(fields)).await;
        (reply.status(), body(&reply))
    }

    pub(crate) async fn answer(&self, token: &str, answer: &str, fields: &[(&str, &str)]) -> Reply {
        let page = body(&self.look(token).await);
        let shown = shown(&page);
        let named: Vec<(String, &str)> = fields.iter().map(|(n, v)| (format!("field.{n}"), *v)).collect();
        let mut all = vec![("answer", answer), ("shown", shown), ("confirm", "yes")];
        all.extend(named.iter().map(|(n, v)| (n.as_str(), *v)));
        self.http("answer-ask", &[("token", token)], http::Request::post("/"), &encode(&all)).await
    }

    pub(crate) async fn case_numbers(&self) -> Vec<String> {
        let keys = self.host.world().env.ledger.cases().await.expect("cases");
        keys.iter().map(|key| key.case.to_string()).collect()
    }

    pub(crate) async fn case(&self, id: &str) -> Value {
        let ledger = &self.host.world().env.ledger;
        let keys = ledger.cases().await.expect("cases");
        let key: &CaseKey = keys.iter().find(|k| k.case.as_str() == id).expect("a case");
        ledger.show(key, false).await.expect("the store").expect("a case")
    }

    /// The commits of a case, in order.
    pub(crate) async fn journal(&self, id: &str) -> Vec<Commit> {
        let ledger = &self.host.world().env.ledger;
        let keys = ledger.cases().await.expect("cases");
        let key: &CaseKey = keys.iter().find(|k| k.case.as_str() == id).expect("a case");
        let stored = ledger.journal(key).await.expect("the store");
        stored.iter().map(|stored| stored.open().expect("a commit")).collect()
    }

    pub(crate) async fn stands(&self, id: &str) -> String {
        let case = self.case(id).await;
        let text = |name: &str| case[name].as_str().unwrap_or("-").to_owned();
        format!("{} {} {}", text("status"), text("node"), text("outcome"))
    }

    /// The log can be trusted, no case is forgotten, nothing failed for good.
    pub(crate) async fn is_in_order(&self) {
        let env = &self.host.world().env;
        assert_eq!(verify_all(env).await.expect("the store").1, []);
        assert_eq!(examine_all(&env.ledger, self.host.now()).await.expect("the store").1, []);
        assert_eq!(self.host.dead_letters().await.expect("the store").len(), 0);
    }

    /// The newest link in somebody's mailbox whose question is still open.
    pub(crate) async fn open_link(&self, to: &str, case: &str) -> String {
        let shown = self.case(case).await;
        let open = |token: &str| {
            let ask = token.split('.').nth(2).unwrap_or_default();
            shown["tracks"].as_array().is_some_and(|tracks| tracks.iter().any(|t| t["id"] == ask))
        };
        let mails = self.mails().await;
        let links = mails.iter().filter(|m| m.to.contains(to)).filter_map(|m| {
            let token = m.text.split("/a/").nth(1)?.split_whitespace().next()?;
            Some(token.to_owned())
        });
        links.into_iter().find(|token| open(token)).unwrap_or_else(|| panic!("no open question for {to}: {shown:#}"))
    }

    /// The newest link of a task of a case, whoever has it.
    pub(crate) async fn newest_task(&self, case: &str) -> String {
        let shown = self.case(case).await;
        let tasks = shown["tracks"].as_array().into_iter().flatten().filter(|t| t["reason"].is_string());
        let ids: Vec<&str> = tasks.filter_map(|t| t["id"].as_str()).collect();
        let mails = self.mails().await;
        let tokens = mails.iter().filter_map(|m| m.text.split("/a/").nth(1)?.split_whitespace().next());
        let of_task = |token: &&str| token.split('.').nth(2).is_some_and(|ask| ids.contains(&ask));
        tokens.into_iter().find(of_task).expect("a task").to_owned()
    }

    /// An event from outside, as the bus brings it.
    pub(crate) async fn event(&self, function: &str, event: Value) {
        super::steps::event(self.host.world(), function, event).await.expect("taken");
        self.host.idle().await.expect("idle");
    }

    /// The link in the newest mail of a template.
    pub(crate) async fn newest_link_to(&self, template: &str) -> String {
        let mails = self.mails().await;
        let mail = mails.iter().find(|m| m.template.as_deref() == Some(template)).expect("a mail");
        let token = mail.text.split("/a/").nth(1).and_then(|rest| rest.split_whitespace().next());
        token.expect("a link").to_owned()
    }

    /// The slots that are offered in a case.
    pub(crate) async fn slots(&self, case: &str) -> Vec<String> {
        let shown = self.case(case).await;
        let asks = shown["tracks"].as_array().expect("tracks").iter().filter(|t| t["answered_by"] == "slot");
        let answers = asks.flat_map(|t| t["answers"].as_array().expect("answers").clone());
        answers.filter_map(|a| a.as_str().filter(|a| a.contains('/')).map(str::to_owned)).collect()
    }

    /// The payer pays the open invoice of a case with a card, by the sandbox's signed webhook; its status.
    pub(crate) async fn pay(&self, case: &str, outcome: Outcome) -> u16 {
        let shown = self.case(case).await;
        let mut invoices: Vec<&Value> =
            shown["tracks"].as_array().into_iter().flatten().filter(|t| t["kind"] == "invoice").collect();
        invoices.sort_by_key(|invoice| invoice["state"] != "open");
        let invoice = invoices.first().expect("an invoice");
        let id = invoice["id"].as_str().expect("an id");
        let payable = pay::find(self.host.world(), id).await.expect("the store").expect("an invoice");
        let reply = pay::send(&self.host, &payable, outcome).await.expect("the store").expect("an answer");
        self.host.idle().await.expect("idle");
        reply.status().as_u16()
    }
}
