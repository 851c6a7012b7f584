//! A house with its doors: what comes in goes the whole way that a request goes on one machine.

use banto::clock::ClockMode;
use banto::engine::Place;
use banto::host::{Host, HostConfig};
use banto::{http, practice};
use banto_aws::reader::{examine_all, verify_all};
use banto_domain::{CaseId, CaseKey, ClientId};
use banto_playbooks::Folder;
use jiff::SignedDuration;
use serde_json::Value;
use tower::ServiceExt as _;

use super::heard;
use super::request::Request;

pub(crate) const NOW: &str = "2026-12-01T09:00:00+09:00";

pub(crate) struct House {
    pub(crate) host: Host,
    doors: axum::Router,
}

/// What was answered.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }
}

impl House {
    pub(crate) async fn open(folders: &[Folder]) -> Self {
        let house = Self::try_open(folders).await;
        house.expect("published")
    }

    /// The reason when a playbook can't be published.
    pub(crate) async fn try_open(folders: &[Folder]) -> Result<Self, String> {
        let clock = ClockMode::Manual(Some(NOW.parse().expect("an instant")));
        let url = "http://127.0.0.1:8080".to_owned();
        let mut config = HostConfig::new(Place::Memory, clock, url, banto_tests::keys()).expect("a template");
        config.undelivered = Some(practice::undelivered());
        let host = Host::open(config).await.expect("a house");
        practice::publish(host.world(), folders, true).await.map_err(|e| format!("can't be published: {e}"))?;
        Ok(Self { doors: http::router(host.clone(), None), host })
    }

    /// What is answered; `None` when it is no request.
    pub(crate) async fn ask(&self, request: &Request) -> Option<Answer> {
        let reply = self.doors.clone().oneshot(request.build()?).await.expect("an answer");
        let status = reply.status().as_u16();
        let body = axum::body::to_bytes(reply.into_body(), usize::MAX).await.expect("a body").to_vec();
        Some(Answer { status, body })
    }

    /// Everything that follows from it happens.
    pub(crate) async fn settle(&self) -> Result<(), String> {
        self.host.idle().await.map_err(|e| e.to_string())?;
        heard::panicked()
    }

    pub(crate) async fn wait(&self, minutes: i64) -> Result<(), String> {
        let to = self.host.now() + SignedDuration::from_mins(minutes);
        self.host.advance(to).await.map_err(|e| e.to_string())?;
        heard::panicked()
    }

    pub(crate) fn key(client: &str, case: &str) -> CaseKey {
        CaseKey { client: ClientId::parse(client).expect("a client"), case: CaseId::parse(case).expect("a number") }
    }

    pub(crate) async fn case(&self, key: &CaseKey) -> Option<Value> {
        self.host.world().env.ledger.show(key, true).await.expect("the store")
    }

    /// The log can be trusted, no case is forgotten, nothing failed for good.
    pub(crate) async fn is_in_order(&self) -> Result<(), String> {
        let env = &self.host.world().env;
        let wrong = verify_all(env).await.map_err(|e| format!("verify: {e}"))?.1;
        let forgotten = examine_all(&env.ledger, self.host.now()).await.map_err(|e| format!("doctor: {e}"))?.1;
        let dead = self.host.dead_letters().await.map_err(|e| e.to_string())?;
        let reasons = || {
            let said = heard::take();
            let failed = said.lines().rfind(|line| line.contains("a function failed")).unwrap_or_default();
            failed.split("WARN").last().unwrap_or_default().to_owned()
        };
        match (wrong.is_empty(), forgotten.is_empty(), dead.is_empty()) {
            (true, true, true) => Ok(()),
            (false, ..) => Err(format!("verify: {wrong:?}")),
            (_, false, _) => Err(format!("doctor: {forgotten:?}")),
            _ => Err(format!("a dead letter: {} {dead:?}", reasons())),
        }
    }
}
